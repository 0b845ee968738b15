import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidv7 } from './ids.ts';
import { ensurePartitions } from './partitions.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const at = (text: string): number => Date.parse(`${text}T12:00:00Z`);
let t: TestDatabase;

beforeAll(async () => {
  t = await testDatabase();
});
afterAll(() => t.drop());

async function partitionsOf(table: string): Promise<string[]> {
  const { rows } = await t.pool.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = $1::regclass order by 1`,
    [table],
  );
  return rows.map((row) => row.name);
}

async function logged(day: string): Promise<string> {
  const id = uuidv7(at(day));
  await t.pool.query(
    `insert into case_event (case_id, seq, city_id, type, at, body, hash, algorithm)
     values ($1, 1, $1, 'case.reported', $2, '{}', '', 'sha256')`,
    [id, new Date(at(day))],
  );
  return id;
}

const homeOf = async (id: string): Promise<string> =>
  (
    await t.pool.query<{ home: string }>(
      'select tableoid::regclass::text as home from case_event where case_id = $1',
      [id],
    )
  ).rows[0]!.home;

describe('partitions', () => {
  test('makes the months of a stretch for every ranged table, once', async () => {
    expect(await ensurePartitions(t, { from: at('2031-11-30'), to: at('2032-01-01') })).toBe(3 * 9);
    for (const table of [
      'case_event',
      'audit',
      'fact_report',
      'fact_case',
      'fact_assignment',
      'fact_task',
      'fact_application',
      'fact_reopening',
      'fact_open',
    ]) {
      expect(await partitionsOf(table)).toEqual(
        expect.arrayContaining([`${table}_203111`, `${table}_203112`, `${table}_203201`]),
      );
    }
    expect(await ensurePartitions(t, { from: at('2031-11-30'), to: at('2032-01-01') })).toBe(0);
    expect(await homeOf(await logged('2031-12-31'))).toBe('case_event_203112');
  });

  test('two processes at once make each month once', async () => {
    const stretch = { from: at('2033-01-01'), to: at('2033-03-01') };
    const made = await Promise.all([1, 2, 3].map(() => ensurePartitions(t, stretch)));
    expect(made.reduce((a, b) => a + b)).toBe(3 * 9);
  });

  test('meets nobody who holds another table: two who wait for each other would be a deadlock', async () => {
    const reader = await t.pool.connect();
    try {
      await reader.query('begin');
      await reader.query('select 1 from fact_case limit 1');
      const making = ensurePartitions(t, { from: at('2035-01-01'), to: at('2035-01-02') });
      // As soon as somebody waits for the table that is held here.
      const waits = async (): Promise<boolean> =>
        (await t.pool.query(`select 1 from pg_locks where relation = 'fact_case'::regclass and not granted`))
          .rowCount === 1;
      for (let n = 0; n < 100 && !(await waits()); n += 1) await delay(20);
      expect(await waits()).toBe(true);
      await reader.query('select 1 from case_event limit 1');
      await reader.query('commit');
      expect(await making).toBe(9);
    } finally {
      reader.release();
    }
  });

  test('takes rows that came before their month out of the default partition, of append-only tables too', async () => {
    const early = await logged('2034-05-10');
    const later = await logged('2034-09-10');
    expect(await homeOf(early)).toBe('case_event_default');
    await t.pool.query(
      `insert into fact_open (city_id, day, case_id, stage, overdue) values ($1, '2034-05-31', $1, 'file', false)`,
      [early],
    );
    await ensurePartitions(t, { from: at('2034-05-01'), to: at('2034-05-02') });
    expect(await homeOf(early)).toBe('case_event_203405');
    expect(await homeOf(later)).toBe('case_event_default');
    const open = await t.pool.query<{ home: string }>(
      'select tableoid::regclass::text as home from fact_open',
    );
    expect(open.rows).toEqual([{ home: 'fact_open_203405' }]);
    // It is still nobody's to change.
    await expect(t.pool.query('delete from case_event where case_id = $1', [early])).rejects.toThrow(
      'append-only',
    );
    await expect(t.pool.query('update case_event set seq = 2 where case_id = $1', [later])).rejects.toThrow(
      'append-only',
    );
    await expect(logged('2034-10-01').then(homeOf)).resolves.toBe('case_event_default');
  });
});
