import type { Crs, Text } from '@wanmi/contracts';
import { sql } from 'kysely';
import { assetWords } from '#modules/asset';
import { catalogOf } from '#modules/catalog';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { Cells, Rejected } from './cells.ts';
import { positionOf, readGeometry } from './geometry.ts';
import { plain, rejected, type Ask, type Importer, type Verdict } from './importer.ts';
import type { Row } from './table.ts';

interface Wanted {
  readonly row: number;
  readonly code: string;
  readonly categoryId: string;
  readonly zh: string | null;
  readonly en: string | null;
  /** Left out where the file has no such column: then it stays. */
  readonly ownerId?: string | null;
  readonly address?: string | null;
  readonly state: string | null;
  readonly attributes: Readonly<Record<string, string>>;
  readonly geometry: object;
}

interface Plan {
  readonly id: string | null;
  readonly values: Values;
}

interface Values {
  readonly code: string;
  readonly category_id: string;
  readonly name: Text;
  readonly owner_id: string | null;
  readonly unit_grid_id: string | null;
  readonly address: string | null;
  readonly state: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly geometry: object;
}

const CODE = /^\d{16}$/;
const MAX_ATTRIBUTES = 60;

/** 部件: known by their 16-digit code (GB/T 30428.2: 6 county + 2 + 2 + 6 serial); what differs becomes a successor. */
export async function assetImporter(platform: Platform, { actor }: Ask): Promise<Importer<Plan>> {
  const { cityId } = actor;
  const catalog = await catalogOf(platform, cityId);
  const ground = await readGround(platform.db, cityId);

  function read(row: Row): Wanted {
    const cells = new Cells('assets', row);
    const code = cells.code('code', /^.{1,60}$/u);
    if (code === null) throw new Rejected('cell.required', 'code');
    if (!CODE.test(code)) throw new Rejected('asset.code', 'code');
    if (ground.counties.size > 0 && !ground.counties.has(code.slice(0, 6))) {
      throw new Rejected('asset.county', 'code');
    }
    const category = catalog.categoryByCode.get(`asset:${code.slice(6, 10)}`);
    if (!category) throw new Rejected('asset.category', 'code');
    const owner = cells.code('owner');
    const ownerId = owner === null ? null : ground.units.get(owner);
    if (ownerId === undefined) throw new Rejected('ref.unit', 'owner');
    return {
      row: row.row,
      code,
      categoryId: category.id,
      zh: cells.text('name_zh', 120),
      en: cells.text('name_en', 120),
      ...(cells.has('owner') && { ownerId }),
      ...(cells.has('address') && { address: cells.text('address', 300) }),
      state: cells.code('state', /^\S{1,30}$/u),
      attributes: attributesOf(row),
      geometry: geometryOf(row, cells),
    };
  }

  return {
    chunk: 2000,
    key: (row) => keyOf(row),
    async judge(db, rows) {
      const verdicts = new Map<number, Verdict<Plan>>();
      const wanted: Wanted[] = [];
      const byRow = new Map(rows.map((row) => [row.row, row]));
      for (const row of rows) {
        try {
          wanted.push(read(row));
        } catch (error) {
          if (!(error instanceof Rejected)) throw error;
          verdicts.set(row.row, rejected(row, keyOf(row), error.reason, error.field));
        }
      }
      const found = await look(db, cityId, wanted);
      for (const one of wanted) {
        const row = byRow.get(one.row)!;
        const now = found.get(one.row)!;
        if (!now.valid || !now.inside) {
          verdicts.set(one.row, rejected(row, one.code, now.valid ? 'asset.outside' : 'asset.geometry'));
          continue;
        }
        const values = valuesOf(one, now, catalog.category(one.categoryId)!.name);
        const what = now.id === null ? 'created' : sameAs(values, now) ? 'unchanged' : 'changed';
        verdicts.set(one.row, { row, what, key: one.code, plan: { id: now.id, values } });
      }
      return rows.map((row) => verdicts.get(row.row)!);
    },
    async write(trx, rows) {
      const at = platform.clock.now();
      const made = rows
        .filter(({ what }) => what !== 'unchanged')
        .map(({ row, what, plan }) => ({
          row: row.row,
          what: what as 'created' | 'changed',
          plan,
          id: uuidv7(at),
        }));
      await end(
        trx,
        cityId,
        made.flatMap(({ plan }) => plan.id ?? []),
        at,
      );
      await insert(
        trx,
        cityId,
        made.map(({ id, plan }) => ({ id, ...plan.values })),
        at,
      );
      await succeed(
        trx,
        cityId,
        made.flatMap(({ plan, id }) => (plan.id === null ? [] : [{ from: plan.id, to: id }])),
        at,
      );
      return {
        changes: made.map(({ row, what, plan, id }) => ({
          row,
          entity: 'asset',
          entityId: id,
          beforeId: plan.id,
          what,
        })),
        refused: new Map(),
      };
    },
    undoCreated: (trx, entityIds) => end(trx, cityId, entityIds, platform.clock.now()),
    async undo(trx, { entityId, beforeId }) {
      const at = platform.clock.now();
      const ended = await end(trx, cityId, [entityId], at);
      if (ended.size === 0) return false;
      if (beforeId !== null) {
        const id = uuidv7(at);
        await sql`
          insert into asset select (jsonb_populate_record(a, ${JSON.stringify({ id, valid_from: new Date(at), valid_to: null })}::jsonb)).*
            from asset a where a.id = ${beforeId}::uuid`.execute(trx);
        await sql`
          insert into asset_text (asset_id, city_id, text, bigrams)
          select ${id}::uuid, city_id, text, bigrams from asset_text where asset_id = ${beforeId}::uuid`.execute(
          trx,
        );
        await succeed(trx, cityId, [{ from: entityId, to: id }], at);
      }
      return true;
    },
  };
}

function geometryOf(row: Row, cells: Cells): object {
  const crs = cells.choice<Crs>('crs') ?? 'wgs84';
  if (row.geometry !== undefined && row.geometry !== null) return readGeometry(row.geometry, crs);
  const lon = cells.number('lon');
  const lat = cells.number('lat');
  if (lon === null) throw new Rejected('cell.required', 'lon');
  if (lat === null) throw new Rejected('cell.required', 'lat');
  return { type: 'Point', coordinates: positionOf(lon, lat, crs) };
}

/** Columns beyond ours are the asset's own: material, diameter, year. */
function attributesOf(row: Row): Record<string, string> {
  const own = Object.entries(row.others).filter(([name]) => !/^[#_]/.test(name)); // `_reason` and its like are of a reject file
  if (own.length > MAX_ATTRIBUTES) throw new Rejected('row.width');
  return Object.fromEntries(
    own.map(([name, text]) => {
      if (name.length > 60 || text.length > 1000) throw new Rejected('cell.long', name.slice(0, 60));
      // eslint-disable-next-line no-control-regex
      if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(name + text) || !(name + text).isWellFormed()) {
        throw new Rejected('cell.characters', name.slice(0, 60));
      }
      return [name, text.trim()];
    }),
  );
}

const keyOf = ({ values }: Row): string | null => plain(values['code']) || null;

interface Found {
  row: number;
  valid: boolean;
  inside: boolean;
  gridId: string | null;
  id: string | null;
  name: Text | null;
  ownerId: string | null;
  address: string | null;
  state: string | null;
  attributes: Record<string, unknown> | null;
  oldGridId: string | null;
  moved: boolean;
}

function valuesOf(one: Wanted, now: Found, category: Text): Values {
  const before = now.name ?? category;
  const zh = one.zh ?? before['zh-CN'];
  return {
    code: one.code,
    category_id: one.categoryId,
    name: { 'zh-CN': zh, en: one.en ?? (zh === before['zh-CN'] ? before.en : zh) },
    owner_id: one.ownerId === undefined ? now.ownerId : one.ownerId,
    unit_grid_id: now.gridId,
    address: one.address === undefined ? now.address : one.address,
    state: one.state ?? now.state ?? 'normal',
    attributes: { ...now.attributes, ...one.attributes },
    geometry: one.geometry,
  };
}

const sameAs = (a: Values, b: Found): boolean =>
  !b.moved &&
  a.name['zh-CN'] === b.name?.['zh-CN'] &&
  a.name.en === b.name.en &&
  a.owner_id === b.ownerId &&
  a.address === b.address &&
  a.state === b.state &&
  Object.entries(a.attributes).every(([key, value]) => String(b.attributes?.[key]) === String(value));

/** What is known of the rows: in one query, since 3,000 rows a second leave 0.3 ms for each. */
async function look(db: Db | Trx, cityId: string, wanted: readonly Wanted[]): Promise<Map<number, Found>> {
  if (wanted.length === 0) return new Map();
  const rows = wanted.map(({ row, code, geometry }) => ({ row, code, geometry: JSON.stringify(geometry) }));
  const { rows: found } = await sql<Found>`
    with x as materialized (
      select r.row, r.code, st_setsrid(st_geomfromgeojson(r.geometry), 4326) as geom
        from json_to_recordset(${JSON.stringify(rows)}::json) as r(row int, code text, geometry text)),
    y as materialized (
      select x.*, st_isvalid(x.geom) as valid,
             case when st_geometrytype(x.geom) = 'ST_Point' or not st_isvalid(x.geom) then st_centroid(x.geom)
                  else st_pointonsurface(x.geom) end as at
        from x)
    select y.row, y.valid, coalesce(st_intersects(c.geom, y.at), true) as inside, g.id as "gridId",
           a.id, a.name, a.owner_id as "ownerId", a.address, a.state, a.attributes, a.unit_grid_id as "oldGridId",
           a.id is not null and case when st_dimension(y.geom) = 0 and st_dimension(a.geom) = 0
             then st_distance(a.geom, y.geom) > 1.5e-7
             else not st_orderingequals(st_snaptogrid(a.geom, 1e-7), st_snaptogrid(y.geom, 1e-7)) end as moved
      from y
      join city c on c.id = ${cityId}::uuid
      left join asset a on a.city_id = ${cityId}::uuid and a.code = y.code and a.valid_to is null
      left join lateral (
        select min(t.id::text)::uuid as id from (
          select id from grid where kind = 'unit' and city_id = ${cityId}::uuid and valid_to is null
             and st_intersects(geom, y.at) offset 0) t) g on true`.execute(db);
  return new Map(found.map((one) => [one.row, one]));
}

async function readGround(db: Db, cityId: string) {
  const units = await sql<{ code: string; id: string }>`
    select code, id from unit where city_id = ${cityId}::uuid and valid_to is null`.execute(db);
  const counties = await sql<{ code: string }>`
    select distinct left(code, 6) as code from region
     where city_id = ${cityId}::uuid and valid_to is null and kind in ('district', 'zone') and code ~ '^\\d{6}'`.execute(
    db,
  );
  return {
    units: new Map(units.rows.map(({ code, id }) => [code, id])),
    counties: new Set(counties.rows.map(({ code }) => code)),
  };
}

async function end(
  trx: Trx,
  cityId: string,
  ids: readonly string[],
  at: number,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    update asset set valid_to = ${new Date(at)}
     where id = any(${[...ids]}::uuid[]) and city_id = ${cityId}::uuid and valid_to is null returning id`.execute(
    trx,
  );
  return new Set(rows.map(({ id }) => id));
}

async function insert(
  trx: Trx,
  cityId: string,
  rows: readonly ({ id: string } & Values)[],
  at: number,
): Promise<void> {
  if (rows.length === 0) return;
  const json = JSON.stringify(
    rows.map(({ geometry, ...row }) => ({ ...row, geom: JSON.stringify(geometry) })),
  );
  await sql`
    insert into asset (id, city_id, category_id, code, name, owner_id, unit_grid_id, address, state, attributes, geom, valid_from)
    select x.id, ${cityId}::uuid, x.category_id, x.code, x.name, x.owner_id, x.unit_grid_id, x.address, x.state,
           x.attributes, st_setsrid(st_geomfromgeojson(x.geom), 4326), ${new Date(at)}
      from json_to_recordset(${json}::json) as x(id uuid, category_id uuid, code text, name jsonb, owner_id uuid,
             unit_grid_id uuid, address text, state text, attributes jsonb, geom text)`.execute(trx);
  const words = JSON.stringify(rows.map((row) => ({ id: row.id, ...assetWords(row) })));
  await sql`
    insert into asset_text (asset_id, city_id, text, bigrams)
    select x.id, ${cityId}::uuid, x.text, x.bigrams
      from json_to_recordset(${words}::json) as x(id uuid, text text, bigrams text[])`.execute(trx);
}

async function succeed(
  trx: Trx,
  cityId: string,
  pairs: readonly { from: string; to: string }[],
  at: number,
): Promise<void> {
  if (pairs.length === 0) return;
  await sql`
    insert into succession (kind, from_id, to_id, city_id, how, at)
    select 'asset', x.from, x.to, ${cityId}::uuid, 'rename', ${new Date(at)}
      from json_to_recordset(${JSON.stringify(pairs)}::json) as x("from" uuid, "to" uuid)`.execute(trx);
}
