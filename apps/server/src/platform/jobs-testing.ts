import { Kysely, PostgresDialect } from 'kysely';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { VirtualClock } from './clock.ts';
import { parseConfig } from './config.ts';
import { guardPool } from './jobs-loop.ts';
import type { Platform } from './platform.ts';
import type { DB } from './db-types.ts';
import type { Db } from './pool.ts';
import type { TestDatabase } from './testing.ts';

const guarded = new WeakSet<object>();

/** A platform on a cloned database, its clock standing still at `start` until a test moves it. */
export function workerPlatform(
  t: TestDatabase,
  { start = Date.UTC(2026, 2, 1, 1), logRoot }: { start?: number; logRoot?: string } = {},
): Platform & { clock: VirtualClock } {
  if (!guarded.has(t.pool)) guardPool(t.pool, () => {});
  guarded.add(t.pool);
  return {
    pool: t.pool,
    db: t.db,
    clock: new VirtualClock({ start, rate: 0 }),
    config: parseConfig(logRoot === undefined ? {} : { WANMI_LOG_ROOT: logRoot }),
    log: pino({ level: process.env['LOG_LEVEL'] ?? 'silent' }),
    // Nothing that runs in a worker's loops touches files or live connections.
    blobs: undefined as never,
    hub: undefined as never,
  };
}

/** The queries that `work` sends, in their order. */
export async function queriesOf(
  pool: Pool,
  work: (db: Db) => Promise<unknown>,
): Promise<{ sql: string; parameters: readonly unknown[] }[]> {
  const sent: { sql: string; parameters: readonly unknown[] }[] = [];
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      sent.push(query);
    },
  });
  await work(db);
  return sent;
}

/** The plans of the queries that `work` sends. */
export async function plansOf(pool: Pool, work: (db: Db) => Promise<unknown>): Promise<string[]> {
  const plans: string[] = [];
  for (const { sql, parameters } of await queriesOf(pool, work)) {
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain analyze ${sql}`, [...parameters]);
    plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
  }
  return plans;
}
