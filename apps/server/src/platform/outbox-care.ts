import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { problem } from './errors.ts';
import { endOfOutbox, type OutboxPosition, type Relay } from './outbox.ts';
import type { Metrics } from './metrics.ts';
import type { Platform } from './platform.ts';
import type { Db, Trx } from './pool.ts';

/** Row of outbox_cursor that is no reader: up to where rows were removed. */
const PRUNED = '(pruned)';
const PRUNE_BATCH = 5000;

/** Removes rows written before `before` that each of the readers has passed; returns how many. */
export async function pruneOutbox(
  platform: Platform,
  { before, readers }: { before: number; readers: readonly string[] },
): Promise<number> {
  let total = 0;
  for (;;) {
    const removed = await platform.db
      .transaction()
      .execute((trx) => pruneBatch(trx, before, readers, platform));
    total += removed;
    if (removed < PRUNE_BATCH) return total;
  }
}

async function pruneBatch(
  trx: Trx,
  before: number,
  readers: readonly string[],
  platform: Platform,
): Promise<number> {
  // A reader without a cursor has read nothing yet: then nothing may go.
  const found = await sql<{ removed: number; xid: string | null; pos: number | null }>`
    with edge as (
      select xid, pos from outbox_cursor where reader = any(${[...readers]}::text[])
       and (select count(*) from outbox_cursor where reader = any(${[...readers]}::text[])) = ${readers.length}
       order by xid, pos limit 1
    ), doomed as (
      select o.xid, o.pos from outbox o, edge
       where (o.xid, o.pos) <= (edge.xid, edge.pos) and o.at < ${new Date(before)}
       order by o.xid, o.pos limit ${PRUNE_BATCH}
    ), removed as (
      delete from outbox o using doomed d where o.xid = d.xid and o.pos = d.pos returning o.xid, o.pos
    ), last as (
      select xid, pos from removed order by xid desc, pos desc limit 1
    )
    select (select count(*)::int from removed) as removed,
      (select xid::text from last) as xid, (select pos from last) as pos`.execute(trx);
  const { removed, xid, pos } = found.rows[0]!;
  if (xid === null || pos === null) return 0;
  await sql`insert into outbox_cursor as c (reader, xid, pos, updated_at)
    values (${PRUNED}, ${xid}::xid8, ${pos}, ${new Date(platform.clock.now())})
    on conflict (reader) do update set xid = excluded.xid, pos = excluded.pos, updated_at = excluded.updated_at
      where (c.xid, c.pos) < (excluded.xid, excluded.pos)`.execute(trx);
  return removed;
}

/**
 * True where everything after the position can still be read. False where rows after it were removed, and for a
 * position that this database has not reached (it was restored from an older copy).
 */
export async function canResume(db: Db | Trx, from: OutboxPosition): Promise<boolean> {
  const found = await sql<{ whole: boolean }>`
    select ${from.xid}::xid8 < pg_snapshot_xmax(pg_current_snapshot()) and not exists (
      select 1 from outbox_cursor c
       where c.reader = ${PRUNED} and (c.xid, c.pos) > (${from.xid}::xid8, ${from.pos}::bigint)) as whole`.execute(
    db,
  );
  return found.rows[0]!.whole;
}

export interface ReaderState {
  readonly reader: string;
  /** Rows before it, counted up to 10,000. */
  readonly behind: number;
  /** Age of the oldest of them, by the city's clock. */
  readonly seconds: number;
  /** Rows that it could not handle. */
  readonly parked: number;
}

/** How far each reader is, for metrics. */
export async function readerStates({ db, clock }: Pick<Platform, 'db' | 'clock'>): Promise<ReaderState[]> {
  const found = await sql<Omit<ReaderState, 'seconds'> & { oldest: Date | null }>`
    select c.reader,
      (select count(*)::int from (
        select 1 from outbox o where (o.xid, o.pos) > (c.xid, c.pos) limit 10000) n) as behind,
      (select o.at from outbox o where (o.xid, o.pos) > (c.xid, c.pos) order by o.xid, o.pos limit 1) as oldest,
      (select count(*)::int from outbox_parked p where p.reader = c.reader) as parked
    from outbox_cursor c where c.reader <> ${PRUNED} order by c.reader`.execute(db);
  return found.rows.map(({ oldest, ...row }) => ({
    ...row,
    seconds: oldest === null ? 0 : Math.max(0, (clock.now() - oldest.getTime()) / 1000),
  }));
}

/** Shows how far the readers are and what they had to leave aside. */
export function watchReaders(metrics: Metrics, platform: Pick<Platform, 'db' | 'clock'>): void {
  const byReader = (of: (state: ReaderState) => number) => async () =>
    Object.fromEntries((await readerStates(platform)).map((state) => [state.reader, of(state)]));
  metrics.watchOutbox(byReader((state) => state.seconds));
  metrics.gauge({
    name: 'wanmi_outbox_parked_rows',
    help: 'Outbox rows that a reader could not handle',
    label: 'reader',
    read: byReader((state) => state.parked),
  });
}

/**
 * A database that was dumped and loaded into another server keeps xids of the old one: rows from the future that
 * nobody could read, and cursors that stand before everything new. Then the rows are written again, in their
 * order, and every reader begins with the oldest: handlers bear seeing a row twice. Says whether it was needed.
 */
export async function rebaseOutbox(
  platform: Pick<Platform, 'db' | 'clock'> & { log: { warn(message: string): void } },
): Promise<boolean> {
  if (!(await isFromTheFuture(platform.db))) return false;
  return platform.db.transaction().execute(async (trx) => {
    await sql`lock table outbox_cursor, outbox in share row exclusive mode`.execute(trx);
    if (!(await isFromTheFuture(trx))) return false; // another process was first
    await sql`with old as (delete from outbox returning *)
      insert into outbox (city_id, at, topic, case_id, seq, payload)
      select city_id, at, topic, case_id, seq, payload from old order by pos`.execute(trx);
    await sql`delete from outbox_cursor where reader = ${PRUNED}`.execute(trx);
    await sql`update outbox_cursor set xid = '0'::xid8, pos = 0, updated_at = ${new Date(platform.clock.now())}`.execute(
      trx,
    );
    platform.log.warn('outbox came from another server: every reader begins anew');
    return true;
  });
}

async function isFromTheFuture(db: Db | Trx): Promise<boolean> {
  const found = await sql<{ future: boolean }>`
    select exists (select 1 from outbox where xid >= pg_snapshot_xmax(pg_current_snapshot()))
      or exists (select 1 from outbox_cursor where xid >= pg_snapshot_xmax(pg_current_snapshot())) as future`.execute(
    db,
  );
  return found.rows[0]!.future;
}

const SETTLE_MS = 60_000;

/**
 * Waits until everything that was being written has ended and the readers have passed it: whoever closes a day's
 * books does so after the day's last command.
 * @throws db.unavailable when that takes more than a minute, so that the caller tries again later
 */
export async function settleOutbox(platform: Platform, relays: readonly Relay[]): Promise<void> {
  const { db } = platform;
  const { rows } = await sql<{ xid: string }>`
    select pg_snapshot_xmax(pg_current_snapshot())::text as xid`.execute(db);
  const mark = BigInt(rows[0]!.xid);
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const { xid } = await endOfOutbox(db);
    for (const relay of relays) await relay.drain();
    if (BigInt(xid) + 1n >= mark && (await havePassed(db, relays, String(mark)))) return;
    if (performance.now() > deadline) throw problem('db.unavailable');
    await sleep(50);
  }
}

async function havePassed(db: Db, relays: readonly Relay[], before: string): Promise<boolean> {
  const names = relays.map((relay) => relay.reader);
  const { rows } = await sql<{ passed: boolean }>`
    select not exists (
      select 1 from unnest(${names}::text[]) as r(reader) left join outbox_cursor c on c.reader = r.reader
       where exists (select 1 from outbox o where o.xid < ${before}::xid8
         and (c.reader is null or (o.xid, o.pos) > (c.xid, c.pos)))) as passed`.execute(db);
  return rows[0]!.passed;
}
