import { sql } from 'kysely';
import { startLoop, isTransient, type Loop } from './jobs-loop.ts';
import { toProblem } from './errors.ts';
import type { Platform } from './platform.ts';
import type { Db, Trx } from './pool.ts';

/**
 * A place in the outbox. Order is (xid, pos): transaction first, because a transaction that began early may
 * commit late, and identities are given out before the commit.
 */
export interface OutboxPosition {
  /** xid8 of the writing transaction, as text: it has 64 bits. */
  readonly xid: string;
  readonly pos: number;
}

export interface OutboxRow extends OutboxPosition {
  readonly cityId: string;
  readonly at: Date;
  readonly topic: string;
  readonly caseId: string | null;
  readonly seq: number | null;
  readonly payload: unknown;
}

export const OUTBOX_START: OutboxPosition = { xid: '0', pos: 0 };

export function comparePositions(a: OutboxPosition, b: OutboxPosition): number {
  const byXid = BigInt(a.xid) - BigInt(b.xid);
  return byXid === 0n ? a.pos - b.pos : byXid < 0n ? -1 : 1;
}

/** `1234-56`: what a stream gives as the id of an event. */
export function formatPosition({ xid, pos }: OutboxPosition): string {
  return `${xid}-${pos}`;
}

/** null for anything that no stream gave out. */
export function parsePosition(text: string): OutboxPosition | null {
  const match = /^(\d{1,18})-(\d{1,16})$/.exec(text);
  const pos = Number(match?.[2]);
  return match && Number.isSafeInteger(pos) ? { xid: String(BigInt(match[1]!)), pos } : null;
}

/**
 * Every transaction of this database below it has ended in the statement's own snapshot. It is the snapshot's
 * xmin, but for writers that are known to work in another database of the same server: somebody's nightly batch
 * there must not stop our screens. Whoever is not found there any more still counts, until the next look.
 */
const horizon = sql`(
  select coalesce(min(x), pg_snapshot_xmax(pg_current_snapshot()))
    from pg_snapshot_xip(pg_current_snapshot()) x
   where not exists (
     select 1 from pg_stat_get_activity(null) a
      where a.backend_xid = x::xid
        and a.datid <> (select oid from pg_database where datname = current_database())))`;

/**
 * The rows after a position, in order. Only those below the horizon: none can still appear before a row that was
 * read. The price is that a long writing transaction in this database holds the readers back until it ends.
 *
 * Two rows of one case may come in the wrong order of `seq`: a transaction that got its xid early can take the
 * case's lock late. Whoever needs a case's events in order reads them from the log.
 */
export async function readOutbox(db: Db | Trx, after: OutboxPosition, limit: number): Promise<OutboxRow[]> {
  const found = await sql<OutboxRow>`
    /*= outbox.read */ select o.xid::text as xid, o.pos, o.city_id as "cityId", o.at, o.topic, o.case_id as "caseId", o.seq, o.payload
      from outbox o
     where (o.xid, o.pos) > (${after.xid}::xid8, ${after.pos}::bigint) and o.xid < ${horizon}
     -- Qualified: a bare xid would be the text of the select list, and '1000' sorts before '999'.
     order by o.xid, o.pos
     limit ${limit}`.execute(db);
  return found.rows;
}

/** Where a reader begins that wants only what comes from now on. */
export async function endOfOutbox(db: Db | Trx): Promise<OutboxPosition> {
  const found = await sql<{ xid: string }>`select ${horizon}::text as xid`.execute(db);
  return { xid: String(BigInt(found.rows[0]!.xid) - 1n), pos: Number.MAX_SAFE_INTEGER };
}

/** The longest and the shortest wait between two looks into the outbox. */
export const POLL_MS = { min: 50, max: 250 } as const;
/** On a busy day a reader rests four times as long as it worked: fewer and larger batches, and a fifth of its time. */
const REST = 4;
const restAfter = (workedMs: number, least: number): number =>
  Math.max(least, Math.min(POLL_MS.max, workedMs * REST));
const BATCH = 500;
/** How often one row alone may fail before it is parked. */
const TRIES = 5;

export interface RelayOptions {
  /** Names the cursor; there is one relay of this name, however many workers run. */
  readonly reader: string;
  /** What it writes is committed together with the cursor: each row takes effect exactly once. */
  readonly handle: (trx: Trx, rows: readonly OutboxRow[]) => Promise<void>;
  readonly batch?: number;
  readonly intervalMs?: number;
}

export interface Relay {
  readonly reader: string;
  start(): void;
  stop(): Promise<void>;
  /** Handles one batch and returns its size; 0 also where another worker is at it. */
  runOnce(): Promise<number>;
  /** Handles everything that can be read now. */
  drain(): Promise<number>;
}

/** A durable reader of the outbox. */
export function createRelay(platform: Platform, options: RelayOptions): Relay {
  const { db, log } = platform;
  const { reader, handle, batch = BATCH, intervalMs = POLL_MS.min } = options;
  let known: OutboxPosition | null = null;
  let size = batch;
  let failures = 0;
  let wait = intervalMs;
  let busy = false;
  let loop: Loop | null = null;

  /** Without a lock and without an xid, which each empty look would otherwise burn. */
  async function hasNews(): Promise<boolean> {
    known ??= await ensureCursor(platform, reader);
    return (await readOutbox(db, known, 1)).length > 0;
  }

  async function handleBatch(): Promise<number> {
    return db.transaction().execute(async (trx) => {
      const cursor = await claimCursor(trx, reader);
      if (!cursor) return 0;
      known = cursor;
      const rows = await readOutbox(trx, cursor, size);
      const last = rows.at(-1);
      if (!last) return 0;
      await handle(trx, rows);
      await moveCursor(trx, reader, last, platform.clock.now());
      return rows.length;
    });
  }

  async function runOnce(): Promise<number> {
    // Where there was something there is more, as a rule.
    if (!busy && !(await hasNews())) return 0;
    for (;;) {
      try {
        const handled = await handleBatch();
        busy = handled > 0;
        if (handled > 0) {
          failures = 0;
          size = Math.min(size * 2, batch);
        }
        return handled;
      } catch (error) {
        if (isTransient(error)) throw error;
        // The handler does not bear one of these rows: halve the batch until that row is alone.
        if (size > 1) {
          size >>= 1;
          continue;
        }
        failures += 1;
        if (failures < TRIES) throw error;
        failures = 0;
        return parkNext(error);
      }
    }
  }

  async function parkNext(error: unknown): Promise<number> {
    const parked = await db.transaction().execute(async (trx) => {
      const cursor = await claimCursor(trx, reader);
      const row = cursor && (await readOutbox(trx, cursor, 1))[0];
      if (!row) return null;
      await park(trx, reader, row, toProblem(error).code, platform.clock.now());
      await moveCursor(trx, reader, row, platform.clock.now());
      return row;
    });
    if (!parked) return 0;
    log.error({ err: error, reader, caseId: parked.caseId, seq: parked.seq }, 'outbox row parked');
    return 1;
  }

  return {
    reader,
    runOnce,
    start() {
      loop ??= startLoop(log, `relay ${reader}`, async () => {
        const began = performance.now();
        const handled = await runOnce();
        if (handled >= batch) return 0;
        wait =
          handled > 0
            ? restAfter(performance.now() - began, intervalMs)
            : Math.min(wait * 1.5, Math.max(intervalMs, POLL_MS.max));
        return wait;
      });
    },
    async stop() {
      await loop?.stop();
      loop = null;
    },
    async drain() {
      let total = 0;
      for (;;) {
        const handled = await runOnce();
        if (handled === 0) return total;
        total += handled;
      }
    },
  };
}

async function ensureCursor(platform: Platform, reader: string): Promise<OutboxPosition> {
  await sql`insert into outbox_cursor (reader, xid, pos, updated_at)
    values (${reader}, ${OUTBOX_START.xid}::xid8, ${OUTBOX_START.pos}, ${new Date(platform.clock.now())})
    on conflict do nothing`.execute(platform.db);
  const found = await sql<OutboxPosition>`
    select xid::text as xid, pos from outbox_cursor where reader = ${reader}`.execute(platform.db);
  return found.rows[0]!;
}

/** null while another worker holds it. */
async function claimCursor(trx: Trx, reader: string): Promise<OutboxPosition | null> {
  const found = await sql<OutboxPosition>`
    select xid::text as xid, pos from outbox_cursor where reader = ${reader} for update skip locked`.execute(
    trx,
  );
  return found.rows[0] ?? null;
}

async function moveCursor(trx: Trx, reader: string, to: OutboxPosition, at: number): Promise<void> {
  await sql`update outbox_cursor set xid = ${to.xid}::xid8, pos = ${to.pos}, updated_at = ${new Date(at)}
    where reader = ${reader}`.execute(trx);
}

async function park(trx: Trx, reader: string, row: OutboxRow, code: string, at: number): Promise<void> {
  await sql`insert into outbox_parked
      (reader, xid, pos, city_id, at, topic, case_id, seq, payload, problem, parked_at)
    select ${reader}, o.xid, o.pos, o.city_id, o.at, o.topic, o.case_id, o.seq, o.payload, ${code}, ${new Date(at)}
      from outbox o where o.xid = ${row.xid}::xid8 and o.pos = ${row.pos}`.execute(trx);
}

/**
 * Waits for a reader's current batch and keeps it from the next one until `trx` ends: whoever rewrites what the
 * reader writes does it under this lock.
 */
export async function lockReader(trx: Trx, reader: string): Promise<void> {
  await sql`select 1 from outbox_cursor where reader = ${reader} for update`.execute(trx);
}

/** Follows the outbox for this process alone, from the moment of its start; nothing is kept. */
export interface Tailer {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The last row that was handed over. */
  readonly position: OutboxPosition;
}

/** Live fan-out: every process sees every row, and a lost connection only delays it. */
export function createTailer(
  platform: Platform,
  onRows: (rows: readonly OutboxRow[]) => Promise<void> | void,
): Tailer {
  let position = OUTBOX_START;
  let wait: number = POLL_MS.min;
  let loop: Loop | null = null;

  async function turn(): Promise<number> {
    const began = performance.now();
    const rows = await readOutbox(platform.db, position, BATCH);
    const last = rows.at(-1);
    if (!last) {
      wait = Math.min(wait * 1.5, POLL_MS.max);
      return wait;
    }
    await onRows(rows);
    position = { xid: last.xid, pos: last.pos };
    wait = restAfter(performance.now() - began, POLL_MS.min);
    return rows.length === BATCH ? 0 : wait;
  }

  return {
    get position() {
      return position;
    },
    async start() {
      if (loop) return;
      position = await endOfOutbox(platform.db);
      loop = startLoop(platform.log, 'tailer', turn);
    },
    async stop() {
      await loop?.stop();
      loop = null;
    },
  };
}
