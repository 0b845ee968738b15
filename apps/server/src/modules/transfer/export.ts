import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Pool, PoolClient } from 'pg';
import { rulesInForce } from '#modules/publishing';
import { csvLine, type CsvValue } from '#platform/csv';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { createDb, type Db } from '#platform/pool';
import { Out, type FileEntry } from './export-out.ts';
import { EXPORT_README } from './export-readme.ts';
import { FACT_TABLES, PERSONAL_TABLES, TABLES, type TablePlan } from './export-tables.ts';

export interface ExportPlan {
  /** With names, phones and identities, and photos as they came in. */
  readonly personal: boolean;
  readonly media: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (at: { part: string; done: number; total: number }) => void;
}

export interface Manifest {
  readonly format: 'wanmi-city-export';
  readonly version: 1;
  readonly city: {
    readonly id: string;
    readonly code: string;
    readonly name: unknown;
    readonly timeZone: string;
  };
  readonly at: string;
  readonly personal: boolean;
  readonly media: boolean;
  readonly counts: Readonly<Record<string, number>>;
  /** Files that the database names and the store has not. */
  readonly missingMedia: readonly string[];
  readonly files: readonly FileEntry[];
}

const PAGE = 1000;
const CASES_PAGE = 200;

/**
 * Writes everything that a city owns into an empty folder, in open formats and of one moment. Rows go through cursors:
 * the memory it takes does not grow with the city.
 */
export async function exportCity(
  platform: Platform,
  cityId: string,
  folder: string,
  plan: ExportPlan,
): Promise<Manifest> {
  const client = await platform.pool.connect();
  let broken = true;
  try {
    // Read only: it has no transaction number, so that readers of the outbox do not wait for it.
    await client.query(`begin transaction isolation level repeatable read read only`);
    await client.query(`set local timezone = 'UTC'`);
    await client.query(`set local statement_timeout = 0`);
    const manifest = await new Exporter(platform, client, cityId, folder, plan).all();
    await client.query('commit');
    broken = false;
    return manifest;
  } finally {
    client.release(broken);
  }
}

class Exporter {
  readonly #platform: Platform;
  readonly #client: PoolClient;
  readonly #cityId: string;
  readonly #plan: ExportPlan;
  readonly #out: Out;
  readonly #missing: string[] = [];
  #done = 0;
  #total = 0;
  #part = '';

  constructor(platform: Platform, client: PoolClient, cityId: string, folder: string, plan: ExportPlan) {
    this.#platform = platform;
    this.#client = client;
    this.#cityId = cityId;
    this.#plan = plan;
    this.#out = new Out(folder);
  }

  async all(): Promise<Manifest> {
    const { rows } = await this.#client.query<{
      id: string;
      code: string;
      name: unknown;
      timeZone: string;
      json: string;
    }>(
      `select id, code, name, time_zone as "timeZone", row_to_json(c)::text as json from city c where id = $1`,
      [this.#cityId],
    );
    const city = rows[0];
    if (!city) throw problem('notFound', { what: 'city' });
    const counted = await this.#client.query<{ n: number }>(
      'select count(*)::int as n from "case" where city_id = $1',
      [this.#cityId],
    );
    this.#total = counted.rows[0]!.n;
    await this.#out.write('README.md', [EXPORT_README]);
    await this.#out.write('city.json', [`${city.json}\n`]);
    await this.#rules();
    await this.#org();
    await this.#maps();
    for (const [table, how] of this.#tables()) await this.#table(table, how);
    await this.#cases();
    for (const [table, order] of Object.entries(FACT_TABLES)) {
      await this.#csv(`facts/${table}.csv`, `select * from ${table} where city_id = $1 order by ${order}`);
    }
    if (this.#plan.media) await this.#media();
    const { id, code, name, timeZone } = city;
    const manifest: Manifest = {
      format: 'wanmi-city-export',
      version: 1,
      city: { id, code, name, timeZone },
      at: new Date(this.#platform.clock.now()).toISOString(),
      personal: this.#plan.personal,
      media: this.#plan.media,
      counts: Object.fromEntries(
        this.#out.files.flatMap(({ path: file, rows: n }) => (n === null ? [] : [[file, n]])),
      ),
      missingMedia: this.#missing,
      files: [...this.#out.files],
    };
    await this.#out.write('manifest.json', [`${JSON.stringify(manifest, null, 2)}\n`]);
    return manifest;
  }

  #tables(): [string, TablePlan][] {
    return [...Object.entries(TABLES), ...(this.#plan.personal ? Object.entries(PERSONAL_TABLES) : [])];
  }

  #say(part: string): void {
    if (this.#plan.signal?.aborted) throw problem('export.state');
    if (part === this.#part && part !== 'cases') return;
    this.#part = part;
    this.#plan.progress?.({ part, done: this.#done, total: this.#total });
  }

  /** Rows of a query, a page at a time. */
  async *#rows<T extends unknown[]>(text: string, page = PAGE): AsyncGenerator<T> {
    await this.#client.query({
      text: `declare export_rows no scroll cursor for ${text}`,
      values: [this.#cityId],
    });
    try {
      for (;;) {
        const { rows } = await this.#client.query<T>({
          text: `fetch ${page} from export_rows`,
          rowMode: 'array',
        });
        yield* rows as T[];
        if (this.#plan.signal?.aborted) throw problem('export.state');
        if (rows.length < page) return;
      }
    } finally {
      await this.#client.query('close export_rows').catch(() => {}); // the transaction may be over
    }
  }

  async *#lines(text: string, page?: number): AsyncGenerator<string> {
    for await (const [line] of this.#rows<[string]>(text, page)) yield `${line}\n`;
  }

  async #table(table: string, { without = [], personal = [], order = 'id' }: TablePlan): Promise<void> {
    this.#say(table);
    const hidden = [...without, ...(this.#plan.personal ? [] : personal)];
    const row =
      hidden.length === 0
        ? 'row_to_json(t)::text'
        : `(to_jsonb(t) - array[${hidden.map((name) => `'${name}'`).join(', ')}])::text`;
    await this.#out.write(
      `data/${table}.ndjson`,
      this.#lines(`select ${row} from ${table} t where t.city_id = $1 order by ${order}`),
      'pieces',
    );
  }

  /** The rules in force file by file, and every publication as the archive that it is. */
  async #rules(): Promise<void> {
    this.#say('rules');
    const { files } = await rulesInForce(
      { db: dbOf(this.#client), clock: this.#platform.clock },
      this.#cityId,
    );
    for (const [name, text] of files) await this.#out.write(`rules/${name}`, [text]);
    await this.#out.write(
      'publications/publications.ndjson',
      this.#lines(
        `select (to_jsonb(t) - 'archive')::text from publication t where t.city_id = $1 order by version`,
      ),
      'pieces',
    );
    const { rows } = await this.#client.query<{ id: string; version: number }>(
      'select id, version from publication where city_id = $1 order by version',
      [this.#cityId],
    );
    for (const { id, version } of rows) {
      const { rows: found } = await this.#client.query<{ archive: Buffer }>(
        'select archive from publication where id = $1',
        [id],
      );
      await this.#out.write(`publications/${String(version).padStart(4, '0')}.tar.gz`, [found[0]!.archive]);
    }
  }

  async #org(): Promise<void> {
    this.#say('org');
    const names = (of: string): string => `${of}.name ->> 'zh-CN' as name_zh, ${of}.name ->> 'en' as name_en`;
    const profile = this.#plan.personal ? 'f.name, f.phone,' : '';
    await this.#csv(
      'org/units.csv',
      `select u.code, ${names('u')}, u.kind, p.code as parent, r.code as region, u.duty, u.calendar, u.valid_from, u.valid_to, u.id
         from unit u left join unit p on p.id = u.parent_id left join region r on r.id = u.region_id
        where u.city_id = $1 order by u.id`,
    );
    await this.#csv(
      'org/people.csv',
      `select q.username, ${profile} q.locale, q.valid_from, q.valid_to, q.id
         from person q left join person_profile f on f.person_id = q.id where q.city_id = $1 order by q.id`,
    );
    await this.#csv(
      'org/posts.csv',
      `select q.username, u.code as unit, r.code as role, p.scope, g.code as region,
              (select string_agg(b.code, ';' order by b.code) from post_grid x join grid b on b.id = x.grid_id
                where x.post_id = p.id and x.valid_to is null) as beats,
              ${names('p')}, p.valid_from, p.valid_to, p.id
         from post p join person q on q.id = p.person_id join unit u on u.id = p.unit_id join role r on r.id = p.role_id
         left join region g on g.id = p.scope_region_id where p.city_id = $1 order by p.id`,
    );
    await this.#csv(
      'org/roles.csv',
      `select r.code, ${names('r')}, array_to_string(r.permissions, ';') as permissions, r.id from role r where r.city_id = $1 order by r.code`,
    );
  }

  async #maps(): Promise<void> {
    this.#say('maps');
    await this.#geojson(
      'map/regions.geojson',
      'region',
      `'kind', t.kind, 'code', t.code, 'name', t.name, 'parent_id', t.parent_id`,
    );
    await this.#geojson(
      'map/grids.geojson',
      'grid',
      `'kind', t.kind, 'code', t.code, 'name', t.name, 'grade', t.grade, 'district_id', t.district_id, 'street_id', t.street_id,
       'community_id', t.community_id, 'patrol_grid_id', t.patrol_grid_id, 'disposal_grid_id', t.disposal_grid_id`,
    );
    await this.#geojson(
      'map/assets.geojson',
      'asset',
      `'code', t.code, 'name_zh', t.name ->> 'zh-CN', 'name_en', t.name ->> 'en', 'owner', (select u.code from unit u where u.id = t.owner_id),
       'address', t.address, 'state', t.state, 'attributes', t.attributes`,
      'and t.valid_to is null',
    );
    await this.#csv(
      'map/assets.csv',
      `select a.code, a.name ->> 'zh-CN' as name_zh, a.name ->> 'en' as name_en, u.code as owner, a.address, a.state,
              round(st_x(st_pointonsurface(a.geom))::numeric, 8)::float8 as lon, round(st_y(st_pointonsurface(a.geom))::numeric, 8)::float8 as lat
         from asset a left join unit u on u.id = a.owner_id where a.city_id = $1 and a.valid_to is null order by a.id`,
    );
  }

  async #geojson(file: string, table: string, properties: string, where = ''): Promise<void> {
    const rows = this.#rows<[string]>(
      `select json_build_object('type', 'Feature', 'id', t.id, 'geometry', st_asgeojson(t.geom, 9)::json, 'properties',
              json_build_object(${properties}, 'valid_from', t.valid_from, 'valid_to', t.valid_to))::text
         from ${table} t where t.city_id = $1 ${where} order by t.id`,
    );
    let count = 0;
    async function* pieces(): AsyncGenerator<string> {
      yield '{"type":"FeatureCollection","features":[\n';
      for await (const [feature] of rows) {
        yield count === 0 ? feature : `,\n${feature}`;
        count += 1;
      }
      yield '\n]}\n';
    }
    await this.#out.write(file, pieces());
    const entry = this.#out.files.pop()!;
    this.#out.files.push({ ...entry, rows: count });
  }

  /** For spreadsheets: nothing in it is taken for a formula. */
  async #csv(file: string, text: string): Promise<void> {
    this.#say(file.slice(0, file.indexOf('/')));
    const { fields } = await this.#client.query({
      text: `select * from (${text}) t limit 0`,
      values: [this.#cityId],
    });
    const rows = this.#rows<unknown[]>(text);
    async function* pieces(): AsyncGenerator<string> {
      yield `\uFEFF${csvLine(fields.map(({ name }) => name))}`;
      for await (const row of rows) yield csvLine(row.map(cellOf));
    }
    await this.#out.write(file, pieces(), 'piecesWithHead');
  }

  /** A case a line, with everything that hangs on it; the log with the bytes that were hashed. */
  async #cases(): Promise<void> {
    this.#say('cases');
    const of = (table: string, order: string, key = 'case_id'): string =>
      `(select coalesce(json_agg(row_to_json(x) order by ${order}), '[]') from ${table} x where x.${key} = c.id)`;
    const text = `
      select json_build_object('case', row_to_json(c), 'reports', ${of('report', 'x.id')},
        'assignments', ${of('assignment', 'x.id')}, 'tasks', ${of('task', 'x.id')},
        'applications', ${of('application', 'x.id')}, 'marks', ${of('case_mark', 'x.id')},
        'links', ${of('case_link', 'x.to_id, x.kind', 'from_id')}, 'media', ${of('case_media', 'x.purpose, x.seq, x.media_id')},
        'messages', ${of('reporter_message', 'x.report_id, x.seq')},
        'events', (select coalesce(json_agg(json_build_object('seq', x.seq, 'type', x.type, 'at', x.at, 'post_id', x.post_id,
            'person_id', x.person_id, 'body', x.body, 'hash', encode(x.hash, 'hex'), 'algorithm', x.algorithm) order by x.seq), '[]')
          from case_event x where x.case_id = c.id))::text
        from "case" c where c.city_id = $1 order by c.id`;
    const lines = this.#lines(text, CASES_PAGE);
    const tell = (): void => {
      this.#done += 1;
      if (this.#done % CASES_PAGE === 0) this.#say('cases');
    };
    async function* counted(): AsyncGenerator<string> {
      for await (const line of lines) {
        yield line;
        tell();
      }
    }
    await this.#out.write('cases/cases.ndjson', counted(), 'pieces');
  }

  /** Each file once, by its hash. Without personal data that form which has neither position nor device in it. */
  async #media(): Promise<void> {
    this.#say('media');
    const hash = this.#plan.personal ? 'sha256' : 'coalesce(served_sha256, sha256)';
    const mime = this.#plan.personal ? 'mime' : 'coalesce(served_mime, mime)';
    const files: string[] = [];
    const rows = this.#rows<[string, string]>(
      `select distinct encode(${hash}, 'hex') as hash, ${mime} as mime from media where city_id = $1 order by 1, 2`,
    );
    const { blobs } = this.#platform;
    const out = this.#out;
    const missing = this.#missing;
    let last = '';
    for await (const [name, type] of rows) {
      if (name === last) continue;
      last = name;
      const file = `media/${name.slice(0, 2)}/${name}`;
      const opened = await blobs.has(name).then((has) => (has ? blobs.open(name) : null));
      if (opened) await out.write(file, opened.stream as AsyncIterable<Uint8Array>);
      else missing.push(name);
      files.push(`${JSON.stringify({ sha256: name, mime: type, file: opened ? file : null })}\n`);
    }
    await out.write('media/media.ndjson', files, 'pieces');
  }
}

/** What other modules read is of the same moment: their queries go through the export's own connection. */
function dbOf(client: PoolClient): Db {
  const one = { query: client.query.bind(client), release: () => {} };
  const pool = { connect: async () => one, end: async () => {} };
  return createDb(pool as unknown as Pool);
}

function cellOf(value: unknown): CsvValue {
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : (value as CsvValue);
}

/** What an earlier try left. */
export async function clearFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

export async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')) as Manifest;
}
