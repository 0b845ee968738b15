import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { plansOf, queriesOf, workerPlatform } from './jobs-testing.ts';
import { canResume, pruneOutbox, readerStates, rebaseOutbox } from './outbox-care.ts';
import {
  OUTBOX_START,
  comparePositions,
  createRelay,
  createTailer,
  endOfOutbox,
  formatPosition,
  parsePosition,
  readOutbox,
  type OutboxRow,
  type Relay,
} from './outbox.ts';
import type { Platform } from './platform.ts';
import { clientConfig } from './pool.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const DAY = 86_400_000;
const city = randomUUID();
let t: TestDatabase;
let platform: ReturnType<typeof workerPlatform>;
const clients: pg.Client[] = [];

beforeAll(async () => {
  t = await testDatabase({ max: 8 });
  platform = workerPlatform(t);
  // What handlers of these tests write: seen once is once.
  await t.pool.query('create table effect (reader text not null, pos bigint not null, seq int)');
});
afterAll(() => t.drop());
beforeEach(async () => {
  await t.pool.query('truncate outbox, outbox_cursor, outbox_parked, effect');
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
});

/** A connection of its own, so that a transaction can stay open beside the pool. */
async function connect(database = t.connection.database): Promise<pg.Client> {
  const client = new pg.Client(clientConfig({ ...t.connection, database }));
  client.on('error', () => {});
  await client.connect();
  clients.push(client);
  return client;
}

const INSERT = `insert into outbox (city_id, at, topic, seq) values ($1, $2, 'case', $3)`;
const insert = (by: pg.Client | pg.Pool, seq: number, at: number) =>
  by.query(INSERT, [city, new Date(at), seq]);

async function write(by: pg.Client | pg.Pool, seq: number, at = platform.clock.now()): Promise<void> {
  await insert(by, seq, at);
  if (by === t.pool) await elsewhereEnded();
}

/**
 * Other test files write into other databases of this server: a transaction of theirs that ends between a reader's
 * snapshot and its look at who is at work holds that one look back. Nobody waits for those who are meant to be open.
 */
async function elsewhereEnded(): Promise<void> {
  const [now] = (
    await t.pool.query<{ mark: string }>('select pg_snapshot_xmax(pg_current_snapshot())::text as mark')
  ).rows;
  for (let i = 0; i < 30; i += 1) {
    const { rows } = await t.pool.query<{ ended: boolean }>(
      'select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as ended',
      [now!.mark],
    );
    if (rows[0]!.ended) return;
    await sleep(10);
  }
}

const seqs = (rows: readonly OutboxRow[]) => rows.map((row) => row.seq);

function recorder(reader: string, over: Platform = platform): Relay {
  return createRelay(over, {
    reader,
    batch: 10,
    handle: async (trx, rows) => {
      for (const row of rows) {
        await sql`insert into effect values (${reader}, ${row.pos}, ${row.seq})`.execute(trx);
      }
    },
  });
}

async function effects(reader: string): Promise<number[]> {
  const { rows } = await t.pool.query<{ seq: number }>(
    'select seq from effect where reader = $1 order by seq, pos',
    [reader],
  );
  return rows.map((row) => row.seq);
}

describe('positions', () => {
  test('order by transaction first, beyond 2^53 too', () => {
    expect(comparePositions({ xid: '9', pos: 5 }, { xid: '10', pos: 1 })).toBeLessThan(0);
    expect(
      comparePositions({ xid: '9007199254740993', pos: 1 }, { xid: '9007199254740992', pos: 9 }),
    ).toBeGreaterThan(0);
    expect(comparePositions({ xid: '10', pos: 3 }, { xid: '10', pos: 3 })).toBe(0);
  });

  test('come back from text; what no stream gave out does not', () => {
    const position = { xid: '123456789012', pos: 77 };
    expect(parsePosition(formatPosition(position))).toEqual(position);
    for (const text of [
      '',
      '1',
      '1-',
      '-1-2',
      '1-2-3',
      'a-b',
      '1-99999999999999999',
      `${'9'.repeat(19)}-1`,
    ]) {
      expect(parsePosition(text)).toBeNull();
    }
  });
});

describe('reading', () => {
  test('a transaction that began early and commits late is neither skipped nor overtaken', async () => {
    const early = await connect();
    await early.query('begin');
    await write(early, 1);
    await write(t.pool, 2);
    // The late one is not committed: its successor must wait, or the reader would pass it.
    expect(await readOutbox(t.db, OUTBOX_START, 10)).toEqual([]);
    await early.query('commit');
    const rows = await readOutbox(t.db, OUTBOX_START, 10);
    expect(seqs(rows)).toEqual([1, 2]);
    expect(seqs(await readOutbox(t.db, rows[0]!, 10))).toEqual([2]);
    expect(seqs(await readOutbox(t.db, OUTBOX_START, 1))).toEqual([1]);
  });

  test('orders transactions as numbers', async () => {
    for (const [seq, xid] of ['99', '100', '9', '10'].entries()) {
      await t.pool.query(
        `insert into outbox (xid, city_id, at, topic, seq) values ($1::xid8, $2, $3, 'case', $4)`,
        [xid, city, new Date(platform.clock.now()), seq],
      );
    }
    expect((await readOutbox(t.db, OUTBOX_START, 10)).map((row) => row.xid)).toEqual([
      '9',
      '10',
      '99',
      '100',
    ]);
  });

  test('a writer in another database of the server holds nobody back', async () => {
    const elsewhere = await connect('postgres');
    await elsewhere.query('begin; select pg_current_xact_id()');
    await write(t.pool, 1);
    expect(seqs(await readOutbox(t.db, OUTBOX_START, 10))).toEqual([1]);
    const here = await connect();
    await here.query('begin; select pg_current_xact_id()');
    await write(t.pool, 2);
    expect(seqs(await readOutbox(t.db, OUTBOX_START, 10))).toEqual([1]);
  });

  test('what was rolled back is not there, and holds nobody back', async () => {
    const gone = await connect();
    await gone.query('begin');
    await write(gone, 1);
    await gone.query('rollback');
    await write(t.pool, 2);
    expect(seqs(await readOutbox(t.db, OUTBOX_START, 10))).toEqual([2]);
  });

  test('the end is before everything that commits from now on', async () => {
    const early = await connect();
    await write(t.pool, 1);
    await early.query('begin');
    await write(early, 2);
    const end = await endOfOutbox(t.db);
    await early.query('commit');
    await write(t.pool, 3);
    expect(seqs(await readOutbox(t.db, end, 10))).toEqual([2, 3]);
  });

  test('many writers committing in any order: a reader that polls meanwhile sees each row once, in order', async () => {
    const writers = await Promise.all(Array.from({ length: 6 }, () => connect()));
    const seen: OutboxRow[] = [];
    let writing = true;
    const reading = (async () => {
      let position = OUTBOX_START;
      for (;;) {
        const last = !writing;
        const rows = await readOutbox(t.db, position, 7);
        seen.push(...rows);
        position = rows.at(-1) ?? position;
        if (last && rows.length === 0) return;
      }
    })();
    await Promise.all(
      writers.map(async (client, w) => {
        for (let i = 0; i < 40; i += 1) {
          await client.query('begin');
          await write(client, w * 1000 + i);
          if (i % 3 === 0) await sleep((w * 7 + i) % 5);
          await client.query(i % 10 === 9 ? 'rollback' : 'commit');
        }
      }),
    );
    writing = false;
    await reading;
    const expected = Array.from({ length: 6 }, (_w, w) =>
      Array.from({ length: 40 }, (_i, i) => (i % 10 === 9 ? [] : [w * 1000 + i])).flat(),
    ).flat();
    expect(seqs(seen).toSorted((a, b) => a! - b!)).toEqual(expected);
    expect(seen.every((row, i) => i === 0 || comparePositions(seen[i - 1]!, row) < 0)).toBe(true);
  });

  test('reads by the primary key, however much lies behind', async () => {
    await t.pool.query(
      `insert into outbox (city_id, at, topic) select $1, $2, 'case' from generate_series(1, 5000)`,
      [city, new Date(platform.clock.now())],
    );
    await t.pool.query('analyze outbox');
    const end = await endOfOutbox(t.db);
    const [plan] = await plansOf(t.pool, (db) => readOutbox(db, { xid: end.xid, pos: 5 }, 500));
    expect(plan).toMatch(/Index Scan using outbox_pkey/);
    const [query] = await queriesOf(t.pool, (db) => readOutbox(db, end, 500));
    await expect(`${query!.sql.trim()}\n`).toMatchFileSnapshot('queries/read_outbox.sql');
  });
});

describe('relay', () => {
  test('handles every row once and goes on where it stopped', async () => {
    for (let i = 1; i <= 25; i += 1) await write(t.pool, i);
    expect(await recorder('a').runOnce()).toBe(10);
    // Another process, which knows nothing of the first.
    expect(await recorder('a').drain()).toBe(15);
    await write(t.pool, 26);
    const relay = recorder('a');
    expect(await relay.drain()).toBe(1);
    expect(await relay.runOnce()).toBe(0);
    expect(await effects('a')).toEqual(Array.from({ length: 26 }, (_x, i) => i + 1));
  });

  test('a crash between what the handler wrote and the cursor takes back both', async () => {
    for (let i = 1; i <= 5; i += 1) await write(t.pool, i);
    const crashing = createRelay(platform, {
      reader: 'a',
      handle: async (trx, rows) => {
        await sql`insert into effect select 'a', 1, unnest(${seqs(rows)}::int[])`.execute(trx);
        // The server ends the connection under the transaction, as a kill or a restart does.
        const self = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
        await t.pool.query('select pg_terminate_backend($1)', [self.rows[0]!.pid]);
      },
    });
    await expect(crashing.runOnce()).rejects.toThrow();
    expect(await effects('a')).toEqual([]);
    expect(await recorder('a').drain()).toBe(5);
    expect(await effects('a')).toEqual([1, 2, 3, 4, 5]);
  });

  test('two relays of one name beside each other double nothing and lose nothing', async () => {
    const relays = [recorder('a'), recorder('a')];
    for (const relay of relays) relay.start();
    const writers = await Promise.all([connect(), connect(), connect()]);
    await Promise.all(
      writers.map(async (client, w) => {
        for (let i = 0; i < 60; i += 1) await write(client, w * 1000 + i);
      }),
    );
    await expect.poll(() => effects('a').then((all) => all.length), { timeout: 8000 }).toBe(180);
    await sleep(100);
    await Promise.all(relays.map((relay) => relay.stop()));
    const all = await effects('a');
    expect(all).toEqual([...new Set(all)]);
    expect(all).toHaveLength(180);
  });

  test('while one worker is at it the other waits for nothing', async () => {
    await write(t.pool, 1);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let entered = () => {};
    const inside = new Promise<void>((resolve) => (entered = resolve));
    const slow = createRelay(platform, {
      reader: 'a',
      handle: async () => {
        entered();
        await held;
      },
    });
    const first = slow.runOnce();
    await inside;
    expect(await recorder('a').runOnce()).toBe(0);
    release();
    expect(await first).toBe(1);
  });

  test('readers do not see each other', async () => {
    await write(t.pool, 1);
    expect(await recorder('a').drain()).toBe(1);
    expect(await recorder('b').drain()).toBe(1);
    await write(t.pool, 2);
    platform.clock.advance(3000);
    await recorder('a').drain();
    expect(await readerStates(platform)).toEqual([
      { reader: 'a', behind: 0, seconds: 0, parked: 0 },
      { reader: 'b', behind: 1, seconds: 3, parked: 0 },
    ]);
  });

  test('a row that no try can handle is parked, alone; all the others are handled', async () => {
    for (let i = 1; i <= 25; i += 1) await write(t.pool, i);
    let tries = 0;
    const relay = createRelay(platform, {
      reader: 'a',
      batch: 10,
      handle: async (trx, rows) => {
        for (const row of rows) {
          if (row.seq === 7 && rows.length === 1) tries += 1;
          if (row.seq === 7) throw new TypeError('no such thing');
          await sql`insert into effect values ('a', ${row.pos}, ${row.seq})`.execute(trx);
        }
      },
    });
    relay.start();
    await expect.poll(() => effects('a').then((all) => all.length), { timeout: 8000 }).toBe(24);
    await relay.stop();
    expect(tries).toBe(5);
    expect(await effects('a')).not.toContain(7);
    const { rows } = await t.pool.query('select reader, seq, problem from outbox_parked');
    expect(rows).toEqual([{ reader: 'a', seq: 7, problem: 'internal' }]);
    expect(await readerStates(platform)).toEqual([{ reader: 'a', behind: 0, seconds: 0, parked: 1 }]);
  });

  test('a handler whose lock was lost is tried again and parks nothing', async () => {
    await write(t.pool, 1);
    let failures = 7;
    const relay = createRelay(platform, {
      reader: 'a',
      handle: async (trx, rows) => {
        if (failures-- > 0) throw Object.assign(new Error('deadlock'), { code: '40P01' });
        await sql`insert into effect values ('a', ${rows[0]!.pos}, ${rows[0]!.seq})`.execute(trx);
      },
    });
    for (let i = 0; i < 7; i += 1) await expect(relay.runOnce()).rejects.toThrow('deadlock');
    expect(await relay.runOnce()).toBe(1);
    expect(await effects('a')).toEqual([1]);
  });
});

describe('tailer', () => {
  test('hands over what is committed after its start, in order, to every process', async () => {
    await write(t.pool, 1);
    const seen: [(number | null)[], (number | null)[]] = [[], []];
    const tailers = seen.map((list) => createTailer(platform, (rows) => void list.push(...seqs(rows))));
    for (const tailer of tailers) await tailer.start();
    const early = await connect();
    await early.query('begin');
    await write(early, 2);
    await write(t.pool, 3);
    await sleep(120);
    expect(seen).toEqual([[], []]);
    await early.query('commit');
    await expect
      .poll(() => seen, { timeout: 4000 })
      .toEqual([
        [2, 3],
        [2, 3],
      ]);
    for (const tailer of tailers) await tailer.stop();
    expect(tailers[0]!.position.xid).not.toBe('0');
  });

  test('a lost connection delays it, no more', async () => {
    const seen: (number | null)[] = [];
    const tailer = createTailer(platform, (rows) => void seen.push(...seqs(rows)));
    await tailer.start();
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(t.db);
    await write(t.pool, 1).catch(() => write(t.pool, 1));
    await expect.poll(() => seen, { timeout: 4000 }).toEqual([1]);
    await tailer.stop();
  });
});

describe('care', () => {
  test('removes what is old and passed by every reader, and remembers how far', async () => {
    const now = platform.clock.now();
    for (let i = 1; i <= 4; i += 1) await write(t.pool, i, now - 8 * DAY);
    await write(t.pool, 5, now);
    const all = await readOutbox(t.db, OUTBOX_START, 10);
    const prune = () => pruneOutbox(platform, { before: now - 7 * DAY, readers: ['a', 'b'] });

    await recorder('a').drain();
    expect(await prune()).toBe(0); // b has not begun
    const b = createRelay(platform, { reader: 'b', batch: 2, handle: async () => {} });
    await b.runOnce();
    expect(await prune()).toBe(2);
    expect(seqs(await readOutbox(t.db, OUTBOX_START, 10))).toEqual([3, 4, 5]);

    // Who has seen row 2 misses nothing; who has seen row 1 alone does.
    expect(await canResume(t.db, all[1]!)).toBe(true);
    expect(await canResume(t.db, all[0]!)).toBe(false);
    await b.drain();
    expect(await prune()).toBe(2);
    expect(seqs(await readOutbox(t.db, OUTBOX_START, 10))).toEqual([5]);
    expect(await canResume(t.db, all[4]!)).toBe(true);
    expect(await canResume(t.db, all[2]!)).toBe(false);
    expect((await readerStates(platform)).map((one) => one.reader)).toEqual(['a', 'b']);
  });

  test('a position of the future cannot be resumed', async () => {
    expect(await canResume(t.db, { xid: '999999999999', pos: 1 })).toBe(false);
    expect(await canResume(t.db, OUTBOX_START)).toBe(true);
  });

  test('an outbox that was loaded into another server is written anew, and is read again', async () => {
    await write(t.pool, 1);
    expect(await rebaseOutbox(platform)).toBe(false);
    await t.pool.query(
      `insert into outbox (xid, city_id, at, topic, seq) values ('888888888888', $1, $2, 'case', 2)`,
      [city, new Date(platform.clock.now())],
    );
    await t.pool.query(`insert into outbox_cursor values ('a', '888888888887', 4, $1)`, [
      new Date(platform.clock.now()),
    ]);
    expect(seqs(await readOutbox(t.db, OUTBOX_START, 10))).toEqual([1]);
    expect(await recorder('a').runOnce()).toBe(0);
    expect(await rebaseOutbox(platform)).toBe(true);
    expect(await recorder('a').drain()).toBe(2);
    expect(await effects('a')).toEqual([1, 2]);
    expect(await rebaseOutbox(platform)).toBe(false);
  });
});
