import type { Publication, PublicationState } from '@wanmi/contracts';
import { sql } from 'kysely';
import type { Db, Trx } from '#platform/pool';
import { packArchive } from './archive.ts';
import { hashOfSet, type RuleSet } from './rule-set.ts';

type At = Db | Trx;

export interface PublicationRow {
  readonly id: string;
  readonly city_id: string;
  readonly version: number;
  readonly state: PublicationState;
  readonly reason: string;
  readonly effective_at: Date;
  readonly published_at: Date;
  readonly published_by: string | null;
  readonly hash: string;
  readonly files: number;
  readonly bytes: number;
  readonly supersedes: string | null;
  readonly restores: string | null;
}

const COLUMNS = sql`id, city_id, version, state, reason, effective_at, published_at, published_by,
  encode(hash, 'hex') as hash, files, octet_length(archive) as bytes, supersedes, restores`;

export function toPublication(row: PublicationRow): Publication {
  return {
    id: row.id,
    version: row.version,
    state: row.state,
    reason: row.reason,
    effectiveAt: row.effective_at.toISOString(),
    publishedAt: row.published_at.toISOString(),
    publishedBy: row.published_by,
    supersedes: row.supersedes,
    restores: row.restores,
    hash: row.hash,
    files: row.files,
    bytes: row.bytes,
  };
}

/** One publisher of a city at a time: held until the transaction ends. */
export async function lockCity(trx: Trx, cityId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('wanmi.publishing'), hashtext(${cityId}))`.execute(trx);
}

export async function publicationIn(
  db: At,
  cityId: string,
  state: 'inForce' | 'scheduled',
): Promise<PublicationRow | null> {
  const { rows } = await sql<PublicationRow>`
    select ${COLUMNS} from publication where city_id = ${cityId} and state = ${state}`.execute(db);
  return rows[0] ?? null;
}

export async function readPublication(db: At, cityId: string, id: string): Promise<PublicationRow | null> {
  const { rows } = await sql<PublicationRow>`
    select ${COLUMNS} from publication where city_id = ${cityId} and id = ${id}`.execute(db);
  return rows[0] ?? null;
}

export async function readArchive(db: At, id: string): Promise<Buffer> {
  const { rows } = await sql<{ archive: Buffer }>`select archive from publication where id = ${id}`.execute(
    db,
  );
  return rows[0]!.archive;
}

/** The newest first. */
export async function listPublications(
  db: At,
  cityId: string,
  before: number | null,
  limit: number,
): Promise<PublicationRow[]> {
  const { rows } = await sql<PublicationRow>`
    select ${COLUMNS} from publication
     where city_id = ${cityId} and (${before}::int is null or version < ${before}::int)
     order by version desc limit ${limit}`.execute(db);
  return rows;
}

export interface NewPublication {
  readonly id: string;
  readonly cityId: string;
  readonly state: PublicationState;
  readonly reason: string;
  readonly effectiveAt: number;
  readonly publishedAt: number;
  readonly publishedBy: string | null;
  readonly supersedes: string | null;
  readonly restores: string | null;
}

export async function insertPublication(
  trx: Trx,
  made: NewPublication,
  files: RuleSet,
): Promise<PublicationRow> {
  const { rows } = await sql<PublicationRow>`
    insert into publication (id, city_id, version, state, reason, effective_at, published_at, published_by, archive,
      hash, files, supersedes, restores)
    select ${made.id}::uuid, ${made.cityId}::uuid, coalesce(max(version), 0) + 1, ${made.state}, ${made.reason},
      ${new Date(made.effectiveAt)}::timestamptz, ${new Date(made.publishedAt)}::timestamptz,
      ${made.publishedBy}::uuid, ${packArchive(files)}::bytea, decode(${hashOfSet(files)}, 'hex'), ${files.size}::int,
      ${made.supersedes}::uuid, ${made.restores}::uuid
      from publication where city_id = ${made.cityId}::uuid
    returning ${COLUMNS}`.execute(trx);
  return rows[0]!;
}

export async function setState(trx: Trx, id: string, state: PublicationState): Promise<void> {
  await sql`update publication set state = ${state} where id = ${id}`.execute(trx);
}

/** Calendars by which open deadlines are to be computed anew; null: done. */
export async function setRecompute(db: At, id: string, codes: readonly string[] | null): Promise<void> {
  await sql`update publication set recompute = ${codes === null ? null : [...codes]}::text[] where id = ${id}`.execute(
    db,
  );
}

export interface Waiting {
  readonly id: string;
  readonly city_id: string;
}

/** Publications whose moment has come. */
export async function duePublications(db: At, at: number): Promise<Waiting[]> {
  const { rows } = await sql<Waiting>`
    select id, city_id from publication where state = 'scheduled' and effective_at <= ${new Date(at)}
     order by effective_at, id`.execute(db);
  return rows;
}

export async function recomputing(db: At): Promise<(Waiting & { readonly codes: string[] })[]> {
  const { rows } = await sql<Waiting & { codes: string[] }>`
    select id, city_id, recompute as codes from publication where recompute is not null order by id`.execute(
    db,
  );
  return rows;
}

/** The shipped texts that the city took last, by path. */
export async function readShipped(db: At, cityId: string): Promise<RuleSet> {
  const { rows } = await sql<{ path: string; content: string }>`
    select path, content from shipped_file where city_id = ${cityId} order by path`.execute(db);
  return new Map(rows.map((row) => [row.path, row.content]));
}

export async function writeShipped(trx: Trx, cityId: string, files: RuleSet, at: number): Promise<void> {
  const rows = [...files].map(([path, content]) => ({ path, content }));
  await sql`
    insert into shipped_file (city_id, path, content, at)
    select ${cityId}::uuid, path, content, ${new Date(at)}::timestamptz
      from json_to_recordset(${JSON.stringify(rows)}::json) as r(path text, content text)
    on conflict (city_id, path) do update set content = excluded.content, at = excluded.at`.execute(trx);
}

export interface CityGround {
  readonly units: ReadonlySet<string>;
  readonly regions: ReadonlySet<string>;
  /** That somebody holds. */
  readonly roles: ReadonlySet<string>;
  /** What units answered for that have ended. */
  readonly formerDuties: ReadonlySet<string>;
}

/** What of a city its rules may name besides themselves. */
export async function groundOf(db: At, cityId: string): Promise<CityGround> {
  const { rows } = await sql<{ kind: string; code: string }>`
    select 'unit' as kind, code from unit where city_id = ${cityId} and valid_to is null
    union all
    select 'region', code from region where city_id = ${cityId} and valid_to is null
    union all
    select distinct 'duty', duty from unit
     where city_id = ${cityId} and valid_to is not null and duty is not null
    union all
    select distinct 'role', r.code from post p join role r on r.id = p.role_id
     where p.city_id = ${cityId} and p.valid_to is null`.execute(db);
  const of = (kind: string): Set<string> =>
    new Set(rows.filter((row) => row.kind === kind).map((row) => row.code));
  return { units: of('unit'), regions: of('region'), roles: of('role'), formerDuties: of('duty') };
}
