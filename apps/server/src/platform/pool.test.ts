import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectionFromUrl, createPool } from './pool.ts';
import { testDatabase } from './testing.ts';
import type { TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

async function value(sql: string): Promise<unknown> {
  const { rows } = await database.pool.query<{ value: unknown }>(`select ${sql} as value`);
  return rows[0]?.value;
}

test('values come out as the code counts on', async () => {
  expect(await value('5::int8')).toBe(5);
  expect(await value('(2^53 - 1)::int8')).toBe(Number.MAX_SAFE_INTEGER);
  expect(await value('(select count(*) from generate_series(1, 3))')).toBe(3);
  expect(await value('array[1, null, 3]::int8[]')).toEqual([1, null, 3]);
  expect(await value(`'2024-02-29'::date`)).toBe('2024-02-29');
  expect(await value(`array['2024-02-29'::date, null]`)).toEqual(['2024-02-29', null]);
  expect(await value(`'2024-02-29 08:00'::timestamp`)).toBe('2024-02-29 08:00:00');
  expect(await value(`'2024-02-29T08:00:00.123+08:00'::timestamptz`)).toEqual(
    new Date('2024-02-29T00:00:00.123Z'),
  );
  expect(await value('0.1::numeric')).toBe('0.1');
  expect(await value(`'{"井": [1]}'::jsonb`)).toEqual({ 井: [1] });
});

test('an integer that a number cannot hold is an error, not another integer', async () => {
  await expect(value('(2^53)::int8')).rejects.toThrow('2^53');
});

test('a lost idle connection is told of and replaced', async () => {
  const errors: Error[] = [];
  const pool = createPool(database.connection, { max: 1, onError: (error) => errors.push(error) });
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await expect.poll(() => errors.length).toBe(1);
  expect((await pool.query<{ one: number }>('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

test('says who is connected', async () => {
  const pool = createPool(database.connection, { applicationName: 'wanmi-worker' });
  const { rows } = await pool.query<{ name: string }>(`select current_setting('application_name') as name`);
  expect(rows).toEqual([{ name: 'wanmi-worker' }]);
  await pool.end();
});

test('a URL is read as the driver reads it', () => {
  expect(connectionFromUrl('postgresql://me:p%40ss@db.example:6543/city?sslmode=verify-full')).toEqual({
    host: 'db.example',
    port: 6543,
    user: 'me',
    password: 'p@ss',
    database: 'city',
    ssl: {},
  });
  expect(connectionFromUrl('postgres://me@localhost/city?host=/run/postgresql')).toEqual({
    host: '/run/postgresql',
    port: 5432,
    user: 'me',
    database: 'city',
  });
  expect(() => connectionFromUrl('mysql://me@db/city')).toThrow('postgres://');
});
