import { sql } from 'kysely';
import type { MoveProblem, MoveState, ProcessMove, ProcessVersion } from '@wanmi/contracts';
import type { Db, Trx } from '#platform/pool';

type At = Db | Trx;

export interface VersionRow {
  readonly id: string;
  readonly city_id: string;
  readonly kind: string;
  readonly code: string;
  readonly version: number;
  readonly state: ProcessVersion['state'];
  readonly valid_from: Date | null;
  readonly cases: number;
}

const VERSION = sql`v.id, v.city_id, v.kind, v.code, v.version, v.state, v.valid_from,
  (select count(*)::int from "case" c where c.process_id = v.id and c.ended_at is null) as cases`;

/** Versions of the city's processes with their open cases, the newest of each first. */
export async function listProcesses(db: At, cityId: string, code: string | null): Promise<VersionRow[]> {
  const { rows } = await sql<VersionRow>`
    select ${VERSION} from rule_version v
     where v.city_id = ${cityId} and v.kind = 'process' and (${code}::text is null or v.code = ${code}::text)
     order by v.code, v.version desc limit 500`.execute(db);
  return rows;
}

export async function readProcesses(db: At, ids: readonly string[]): Promise<Map<string, VersionRow>> {
  const { rows } = await sql<VersionRow>`
    select ${VERSION} from rule_version v where v.id = any(${[...ids]}::uuid[]) and v.kind = 'process'`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** Open cases on a version, after one of them. */
export async function casesOn(
  db: At,
  processId: string,
  after: string | null,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from "case" where process_id = ${processId} and ended_at is null
       and (${after}::uuid is null or id > ${after}::uuid)
     order by id limit ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

export interface MoveRow {
  readonly id: string;
  readonly city_id: string;
  readonly from_id: string;
  readonly to_id: string;
  readonly map: ProcessMove['map'];
  readonly map_hash: string;
  readonly reason: string;
  readonly state: MoveState;
  readonly total: number;
  readonly moved: number;
  readonly stayed: number;
  readonly reached: string | null;
  readonly problems: MoveProblem[];
  readonly started_at: Date;
  readonly started_by: string | null;
  readonly finished_at: Date | null;
}

const MOVE = sql`id, city_id, from_id, to_id, map, encode(map_hash, 'hex') as map_hash, reason, state, total, moved,
  stayed, reached, problems, started_at, started_by, finished_at`;

export interface NewMove {
  readonly id: string;
  readonly cityId: string;
  readonly fromId: string;
  readonly toId: string;
  readonly map: ProcessMove['map'];
  readonly mapHash: string;
  readonly reason: string;
  readonly total: number;
  readonly at: number;
  readonly postId: string | null;
}

export async function insertMove(trx: Trx, made: NewMove): Promise<MoveRow> {
  const { rows } = await sql<MoveRow>`
    insert into process_move (id, city_id, from_id, to_id, map, map_hash, reason, state, total, started_at, started_by)
    values (${made.id}, ${made.cityId}, ${made.fromId}, ${made.toId}, ${JSON.stringify(made.map)}::jsonb,
      decode(${made.mapHash}, 'hex'), ${made.reason}, 'running', ${made.total}, ${new Date(made.at)}, ${made.postId})
    returning ${MOVE}`.execute(trx);
  return rows[0]!;
}

export async function readMove(db: At, id: string, cityId: string): Promise<MoveRow | null> {
  const { rows } = await sql<MoveRow>`
    select ${MOVE} from process_move where id = ${id} and city_id = ${cityId}`.execute(db);
  return rows[0] ?? null;
}

/** The newest first. */
export async function listMoves(
  db: At,
  cityId: string,
  before: string | null,
  limit: number,
): Promise<MoveRow[]> {
  const { rows } = await sql<MoveRow>`
    select ${MOVE} from process_move
     where city_id = ${cityId} and (${before}::uuid is null or id < ${before}::uuid)
     order by id desc limit ${limit}`.execute(db);
  return rows;
}

export async function runningMoves(db: At): Promise<MoveRow[]> {
  const { rows } = await sql<MoveRow>`
    select ${MOVE} from process_move where state = 'running' order by id`.execute(db);
  return rows;
}

/** Ends a move that runs; null where it has ended already. */
export async function endMove(
  db: At,
  id: string,
  state: 'done' | 'cancelled',
  at: number,
): Promise<MoveRow | null> {
  const { rows } = await sql<MoveRow>`
    update process_move set state = ${state}, finished_at = ${new Date(at)}
     where id = ${id} and state = 'running' returning ${MOVE}`.execute(db);
  return rows[0] ?? null;
}
