import { sql, type RawBuilder } from 'kysely';
import type { Platform } from './platform.ts';
import type { Trx } from './pool.ts';

interface Ranged {
  readonly table: string;
  /** A UUIDv7, whose time is the row's; or the day itself. */
  readonly key: string;
  /** Rows that are rewritten with each step of a case leave room on their page. */
  readonly fill: number;
}

/** Every ranged table, as `ensure_partitions` in the database has them. */
const RANGED: readonly Ranged[] = [
  { table: 'case_event', key: 'case_id', fill: 100 },
  { table: 'audit', key: 'id', fill: 100 },
  { table: 'fact_report', key: 'report_id', fill: 100 },
  { table: 'fact_case', key: 'case_id', fill: 70 },
  { table: 'fact_assignment', key: 'assignment_id', fill: 70 },
  { table: 'fact_task', key: 'task_id', fill: 85 },
  { table: 'fact_application', key: 'case_id', fill: 85 },
  { table: 'fact_reopening', key: 'case_id', fill: 100 },
  { table: 'fact_open', key: 'day', fill: 100 },
];

/** Of one table one month that is not there yet. */
interface Missing {
  readonly table: string;
  readonly partition: string;
  readonly month: Date;
  readonly from: string;
  readonly to: string;
}

/**
 * Monthly partitions of every ranged table for the months of [from, to]; returns how many were made. Called each
 * day for the months to come, and by an import for those of its history before it writes.
 *
 * One table at a time: a new partition takes its table from everybody for a moment, and whoever held one and waited for
 * the next would meet a command or a relay that came the other way round.
 */
export async function ensurePartitions(
  platform: Pick<Platform, 'db'>,
  { from, to }: { from: number; to: number },
): Promise<number> {
  const { db } = platform;
  let made = 0;
  const early = new Map<number, Date>();
  for (const one of await missing(platform, new Date(from), new Date(to))) {
    const done = await db.transaction().execute((trx) => make(trx, one));
    if (done === 'early') early.set(one.month.getTime(), one.month);
    else made += done;
  }
  for (const month of early.values()) {
    made += await db.transaction().execute((trx) => makeOfEarlyRows(trx, month));
  }
  return made;
}

async function missing({ db }: Pick<Platform, 'db'>, from: Date, to: Date): Promise<Missing[]> {
  const { rows } = await sql<Missing>`
    select t.name as table, p.name as partition, m at time zone 'UTC' as month,
      case when t.key = 'day' then m::date::text else uuidv7_floor(m at time zone 'UTC')::text end as "from",
      case when t.key = 'day' then n::date::text else uuidv7_floor(n at time zone 'UTC')::text end as "to"
      from generate_series(date_trunc('month', ${from}::timestamptz at time zone 'UTC'),
             ${to}::timestamptz at time zone 'UTC', interval '1 month') m
     cross join lateral (select m + interval '1 month') e(n)
     cross join unnest(${RANGED.map(({ table }) => table)}::text[], ${RANGED.map(({ key }) => key)}::text[])
             with ordinality t(name, key, nth)
     cross join lateral (select t.name || '_' || to_char(m, 'YYYYMM')) p(name)
     where to_regclass(p.name) is null
     order by m, t.nth`.execute(db);
  return rows;
}

/** 0 where another process was first; `early` where the month has rows already. */
async function make(trx: Trx, { table, partition, from, to }: Missing): Promise<number | 'early'> {
  const { key, fill } = RANGED.find((one) => one.table === table)!;
  await takeTurn(trx, sql`'3s'`);
  // Not to_regclass, which takes no lock and may answer from before the turn.
  const { rows: there } = await sql`
    select 1 from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = ${table}::regclass and c.relname = ${partition}`.execute(trx);
  if (there.length > 0) return 0;
  await sql`lock table only ${sql.table(table)} in access exclusive mode`.execute(trx);
  const { rows: early } = await sql`
    select 1 from ${sql.table(`${table}_default`)} where ${sql.ref(key)} >= ${from} and ${sql.ref(key)} < ${to}
     limit 1`.execute(trx);
  if (early.length > 0) return 'early';
  await sql`create table ${sql.table(partition)} partition of ${sql.table(table)}
    for values from (${sql.lit(from)}) to (${sql.lit(to)}) with (fillfactor = ${sql.lit(fill)})`.execute(trx);
  return 1;
}

/**
 * The database's own function takes rows that came before their month out of the default partition, from which an
 * append-only table lets nobody else delete. It holds several tables, and gives up before PostgreSQL looks for a
 * deadlock (after a second) and takes somebody's command for it.
 */
async function makeOfEarlyRows(trx: Trx, month: Date): Promise<number> {
  await takeTurn(trx, sql`'500ms'`);
  const found = await sql<{ made: number }>`select ensure_partitions(${month}, ${month}) as made`.execute(
    trx,
  );
  return found.rows[0]!.made;
}

/** Whoever cannot have a table soon must not queue everybody behind himself. */
async function takeTurn(trx: Trx, patience: RawBuilder<unknown>): Promise<void> {
  await sql`set local lock_timeout = ${patience}`.execute(trx);
  await sql`select pg_advisory_xact_lock(hashtext('wanmi.ensure_partitions'))`.execute(trx);
}
