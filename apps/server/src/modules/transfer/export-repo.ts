import { sql } from 'kysely';
import type { Db, Trx } from '#platform/pool';

export interface ExportRow {
  readonly id: string;
  readonly cityId: string;
  readonly state: string;
  readonly problem: string | null;
  readonly personal: boolean;
  readonly media: boolean;
  readonly part: string | null;
  readonly done: number;
  readonly total: number;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly startedAt: Date;
  readonly startedPost: string;
  readonly startedPerson: string;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

const COLUMNS = sql`id, city_id as "cityId", state, problem, personal, media, part, done, total, bytes,
  encode(sha256, 'hex') as sha256, started_at as "startedAt", started_post as "startedPost", started_person as "startedPerson",
  updated_at as "updatedAt", ended_at as "endedAt"`;

export interface NewExportRow {
  readonly id: string;
  readonly cityId: string;
  readonly personal: boolean;
  readonly media: boolean;
  readonly personId: string;
  readonly postId: string;
  readonly at: number;
}

export async function insertExport(trx: Trx, row: NewExportRow): Promise<void> {
  const at = new Date(row.at);
  await sql`
    insert into city_export (id, city_id, state, personal, media, started_at, started_person, started_post, updated_at)
    values (${row.id}::uuid, ${row.cityId}::uuid, 'running', ${row.personal}, ${row.media}, ${at}, ${row.personId}::uuid,
      ${row.postId}::uuid, ${at})`.execute(trx);
}

export async function readExport(db: Db | Trx, cityId: string, id: string): Promise<ExportRow | null> {
  const { rows } = await sql<ExportRow>`
    select ${COLUMNS} from city_export where city_id = ${cityId}::uuid and id = ${id}::uuid`.execute(db);
  return rows[0] ?? null;
}

/** The newest first. */
export async function listExports(
  db: Db,
  cityId: string,
  before: string | null,
  limit: number,
): Promise<ExportRow[]> {
  const { rows } = await sql<ExportRow>`
    select ${COLUMNS} from city_export where city_id = ${cityId}::uuid and (${before}::uuid is null or id < ${before}::uuid)
     order by id desc limit ${limit}`.execute(db);
  return rows;
}

export async function runningExports(db: Db): Promise<ExportRow[]> {
  const { rows } =
    await sql<ExportRow>`select ${COLUMNS} from city_export where state = 'running' order by id`.execute(db);
  return rows;
}

/** False: it runs no more, somebody stopped it. */
export async function moveExport(
  db: Db,
  id: string,
  { part, done, total, at }: { part: string; done: number; total: number; at: number },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update city_export set part = ${part}, done = ${done}, total = ${total}, updated_at = ${new Date(at)}
     where id = ${id}::uuid and state = 'running'`.execute(db);
  return numAffectedRows === 1n;
}

export async function endExport(
  db: Db | Trx,
  id: string,
  end: {
    state: 'done' | 'failed' | 'cancelled';
    at: number;
    problem?: string;
    bytes?: number;
    sha256?: string;
  },
): Promise<boolean> {
  const at = new Date(end.at);
  const { numAffectedRows } = await sql`
    update city_export set state = ${end.state}, problem = ${end.problem ?? null}, bytes = ${end.bytes ?? null},
      sha256 = decode(${end.sha256 ?? null}, 'hex'), ended_at = ${at}, updated_at = ${at},
      done = case when ${end.state} = 'done' then total else done end
     where id = ${id}::uuid and state = 'running'`.execute(db);
  return numAffectedRows === 1n;
}

export async function expiredExports(db: Db, before: Date): Promise<{ id: string; sha256: string }[]> {
  const { rows } = await sql<{ id: string; sha256: string }>`
    select id, encode(sha256, 'hex') as sha256 from city_export
     where state = 'done' and sha256 is not null and ended_at < ${before}`.execute(db);
  return rows;
}

export async function expireExport(db: Db, id: string): Promise<void> {
  await sql`update city_export set state = 'expired' where id = ${id}::uuid and state = 'done'`.execute(db);
}
