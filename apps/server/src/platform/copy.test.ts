import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CopyLot, copyRows, copyText } from './copy.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let t: TestDatabase;
let client: PoolClient;
beforeAll(async () => {
  t = await testDatabase();
  client = await t.pool.connect();
  await client.query('create table yard (id int primary key, name text, words text[], bytes bytea)');
  await client.query('create table lamp (id int primary key, yard_id int references yard)');
});
afterAll(async () => {
  client.release();
  await t.drop();
});
beforeEach(() => client.query('truncate yard, lamp'));

const COLUMNS = ['id', 'name', 'words', 'bytes'];
const counted = async (): Promise<number[]> => {
  const { rows } = await client.query<{ yards: number; lamps: number }>(
    'select (select count(*)::int from yard) as yards, (select count(*)::int from lamp) as lamps',
  );
  return [rows[0]!.yards, rows[0]!.lamps];
};

/** Two tables, enough of the first to fill every buffer on the way. */
function lotOf(lamps: readonly (readonly [id: number, yard: number])[], table = 'lamp'): CopyLot {
  const lot = new CopyLot();
  const long = '路'.repeat(500);
  lot.add(
    'yard',
    COLUMNS,
    Array.from({ length: 2000 }, (_, id) => [id, long, [], null]),
  );
  lot.add(table, ['id', 'yard_id'], lamps);
  return lot;
}

describe('rows by COPY', () => {
  test('any text comes back as it was', async () => {
    const text = fc.string({ unit: 'binary' }).map((one) => one.replaceAll('\0', '').toWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, fc.array(text), fc.uint8Array())), async (cells) => {
        await client.query('truncate yard, lamp');
        const rows = cells.map(([name, words, bytes], id) => [id, name, words, Buffer.from(bytes)] as const);
        await copyRows(client, 'yard', COLUMNS, rows);
        const { rows: found } = await client.query('select * from yard order by id');
        expect(found).toEqual(rows.map(([id, name, words, bytes]) => ({ id, name, words, bytes })));
      }),
      { numRuns: 60 },
    );
  });

  test('several tables go in one way, in the order in which they were named', async () => {
    const lot = new CopyLot();
    lot.add('yard', ['id'], []);
    lot.add('lamp', ['id', 'yard_id'], [[1, 7]]);
    lot.add('yard', ['id'], [[7]]);
    await lot.send(client);
    expect(await counted()).toEqual([1, 1]);
  });

  test('nothing to write asks nothing of the server', async () => {
    await new CopyLot().send(client);
    await lotOf([]).send(client);
    expect(await counted()).toEqual([2000, 0]);
  });

  test.each([
    ['a row of the last table that must not be', lotOf([[1, 9999]]), '23503'],
    ['a table that is not there', lotOf([[1, 1]], 'bollard'), '42P01'],
    [
      'a row twice',
      lotOf([
        [1, 1],
        [1, 1],
      ]),
      '23505',
    ],
  ])('%s: none of any table is there, and the connection goes on', async (_what, lot, code) => {
    await expect(lot.send(client)).rejects.toMatchObject({ code });
    expect(await counted()).toEqual([0, 0]);
    await lotOf([[1, 1]]).send(client);
    expect(await counted()).toEqual([2000, 1]);
  });

  test('what fails first is told, however much comes after it', async () => {
    const lot = new CopyLot();
    lot.add('yard', ['id'], [['x']]);
    lot.add(
      'yard',
      COLUMNS,
      Array.from({ length: 5000 }, (_, id) => [id, '灯'.repeat(300), [], null]),
    );
    await expect(lot.send(client)).rejects.toMatchObject({ code: '22P02' });
    expect(await counted()).toEqual([0, 0]);
  });

  test('in a transaction that is given up nothing stays', async () => {
    await client.query('begin');
    await lotOf([[1, 1]]).send(client);
    expect(await counted()).toEqual([2000, 1]);
    await client.query('rollback');
    expect(await counted()).toEqual([0, 0]);
    await copyText(client, 'yard', '1\tx\t{}\t\\N\n');
    expect(await counted()).toEqual([1, 0]);
  });

  test('a connection that is lost on the way is an error, and leaves nothing', async () => {
    const own = await t.pool.connect();
    own.on('error', () => {});
    const { rows } = await own.query<{ pid: number }>('select pg_backend_pid() as pid');
    await client.query('begin; lock table lamp');
    const sent = expect(lotOf([[1, 1]]).send(own)).rejects.toThrow();
    await client.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
    await client.query('commit');
    await sent;
    own.release(true);
    expect(await counted()).toEqual([0, 0]);
  });
});
