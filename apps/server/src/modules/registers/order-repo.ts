import { sql } from 'kysely';
import type { PoolClient } from 'pg';
import type { Db, Trx } from '#platform/pool';
import type { Undone } from '#modules/importing';

export type OrderKind = 'undo' | 'adopt';
export type OrderState = 'running' | 'done' | 'failed' | 'cancelled';

/** As it is kept: which open cases are adopted. `sourceIds` come from the command line alone. */
export interface Which {
  readonly sourceIds?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
  readonly agencies?: readonly string[] | undefined;
  readonly since?: string | undefined;
  readonly limit?: number | undefined;
}

/** Something that was asked for of a register of old cases. */
export interface OrderRow {
  readonly id: string;
  readonly cityId: string;
  readonly batchId: string;
  readonly kind: OrderKind;
  readonly state: OrderState;
  readonly problem: string | null;
  readonly reason: string | null;
  readonly which: Which;
  readonly total: number;
  readonly done: number;
  readonly kept: number;
  readonly units: number;
  readonly categories: number;
  readonly personId: string | null;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

const COLUMNS = sql`id, city_id as "cityId", batch_id as "batchId", kind, state, problem, reason, which, total, done,
  kept, units, categories, person_id as "personId", started_at as "startedAt", updated_at as "updatedAt",
  ended_at as "endedAt"`;

export interface NewOrder extends Pick<
  OrderRow,
  'id' | 'cityId' | 'batchId' | 'kind' | 'reason' | 'which' | 'total' | 'personId'
> {
  readonly postId: string | null;
  readonly key: string | null;
  readonly at: number;
}

/** False: something else is being done with that register, or the key was used. The transaction goes on. */
export async function insertOrder(trx: Trx, one: NewOrder): Promise<boolean> {
  const at = new Date(one.at);
  const { numAffectedRows } = await sql`
    insert into register_order (id, city_id, batch_id, kind, state, reason, which, total, person_id, post_id, key,
      started_at, updated_at)
    values (${one.id}::uuid, ${one.cityId}::uuid, ${one.batchId}::uuid, ${one.kind}, 'running', ${one.reason},
      ${JSON.stringify(one.which)}::jsonb, ${one.total}, ${one.personId}::uuid, ${one.postId}::uuid, ${one.key}, ${at}, ${at})
    on conflict do nothing`.execute(trx);
  return numAffectedRows === 1n;
}

export async function readOrder(db: Db | Trx, id: string): Promise<OrderRow | null> {
  const { rows } = await sql<OrderRow>`
    select ${COLUMNS} from register_order where id = ${id}::uuid`.execute(db);
  return rows[0] ?? null;
}

/** What a person's request with that key asked for. */
export async function orderOfKey(db: Db | Trx, personId: string, key: string): Promise<OrderRow | null> {
  const { rows } = await sql<OrderRow>`
    select ${COLUMNS} from register_order where person_id = ${personId}::uuid and key = ${key}`.execute(db);
  return rows[0] ?? null;
}

export async function runningOrder(db: Db | Trx, batchId: string): Promise<OrderRow | null> {
  const { rows } = await sql<OrderRow>`
    select ${COLUMNS} from register_order where batch_id = ${batchId}::uuid and state = 'running'`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** What was asked for last of each register. */
export async function lastOrders(db: Db | Trx, batchIds: readonly string[]): Promise<Map<string, OrderRow>> {
  if (batchIds.length === 0) return new Map();
  const { rows } = await sql<OrderRow>`
    select o.* from unnest(${[...batchIds]}::uuid[]) b(id) cross join lateral (
      select ${COLUMNS} from register_order where batch_id = b.id order by id desc limit 1) o`.execute(db);
  return new Map(rows.map((row) => [row.batchId, row]));
}

/** Of a register, the newest first. */
export async function listOrders(
  db: Db | Trx,
  batchId: string,
  { before, limit }: { before: string | null; limit: number },
): Promise<OrderRow[]> {
  const { rows } = await sql<OrderRow>`
    select ${COLUMNS} from register_order
     where batch_id = ${batchId}::uuid and (${before}::uuid is null or id < ${before}::uuid)
     order by id desc limit ${limit}`.execute(db);
  return rows;
}

/** What a worker has to do, in every city. */
export async function waitingOrders(db: Db): Promise<OrderRow[]> {
  const { rows } = await sql<OrderRow>`
    select ${COLUMNS} from register_order where state = 'running' order by id`.execute(db);
  return rows;
}

/** So many more cases; false: it was stopped. */
export async function moveOrder(db: Db | Trx, id: string, cases: number, at: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update register_order set done = done + ${cases}, updated_at = ${new Date(at)}
     where id = ${id}::uuid and state = 'running'`.execute(db);
  return numAffectedRows === 1n;
}

/** The same on the connection of a command's own transaction. */
export async function moveOrderBy(trx: PoolClient, id: string, cases: number, at: number): Promise<boolean> {
  const { rowCount } = await trx.query(
    `update register_order set done = done + $2, updated_at = $3 where id = $1 and state = 'running'`,
    [id, cases, new Date(at)],
  );
  return rowCount === 1;
}

/** False: it has ended already. */
export async function endOrder(
  db: Db | Trx,
  id: string,
  {
    state,
    at,
    problem = null,
  }: { state: Exclude<OrderState, 'running'>; at: number; problem?: string | null },
  { kept = 0, units = 0, categories = 0 }: Partial<Undone> = {},
): Promise<boolean> {
  const time = new Date(at);
  const { numAffectedRows } = await sql`
    update register_order set state = ${state}, problem = ${problem}, updated_at = ${time}, ended_at = ${time},
      kept = ${kept}, units = ${units}, categories = ${categories}
     where id = ${id}::uuid and state = 'running'`.execute(db);
  return numAffectedRows === 1n;
}
