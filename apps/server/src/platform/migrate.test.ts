import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { migrate, readMigrations } from './migrate.ts';
import { clientConfig } from './pool.ts';
import type { Connection } from './pool.ts';
import { clonePrefix, dropDatabase } from './testing.ts';

let counter = 0;
let connection: Connection;
let dir: string;

beforeEach(() => {
  const { connection: server, run } = inject('testServer');
  // Not there yet: making it is part of what is tested.
  connection = { ...server, database: `${clonePrefix(run)}m${process.pid}_${counter++}` };
  dir = mkdtempSync(path.join(os.tmpdir(), 'wm-migrations-'));
  write('0001_street.sql', 'create table street (name text primary key);');
});
afterEach(async () => {
  await dropDatabase(connection, connection.database);
  rmSync(dir, { recursive: true, force: true });
});

const write = (name: string, sql: string): void => writeFileSync(path.join(dir, name), sql);

async function connect(applicationName: string): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(connection, applicationName));
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function query<T extends pg.QueryResultRow>(sql: string): Promise<T[]> {
  const client = await connect('wanmi-test');
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const tables = (): Promise<{ name: string }[]> =>
  query(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename not in
       ('spatial_ref_sys', 'schema_migration') order by 1`,
  );

test('makes the database and its extensions, and applies each file once and in order', async () => {
  write('0002_grid.sql', 'create table grid (street text references street, area geometry(polygon, 4326));');
  expect(await migrate(connection, dir)).toEqual(['0001_street', '0002_grid']);
  expect(
    await query(
      'select extname from pg_extension where extname in ($$postgis$$, $$pg_trgm$$, $$btree_gist$$)',
    ),
  ).toHaveLength(3);
  expect(await query('select number, name from schema_migration order by 1')).toEqual([
    { number: 1, name: '0001_street' },
    { number: 2, name: '0002_grid' },
  ]);
  expect(await migrate(connection, dir)).toEqual([]);
  write('0010_lane.sql', 'create table lane (name text);');
  expect(await migrate(connection, dir)).toEqual(['0010_lane']);
  expect(await tables()).toEqual([{ name: 'grid' }, { name: 'lane' }, { name: 'street' }]);
});

test('several processes may race', async () => {
  for (let n = 2; n <= 6; n++) write(`000${n}_t.sql`, `create table t${n} (x int); select pg_sleep(0.02);`);
  const applied = await Promise.all([
    inProcess(),
    inProcess(),
    migrate(connection, dir),
    migrate(connection, dir),
  ]);
  expect(applied.flat().sort()).toEqual(['0001_street', '0002_t', '0003_t', '0004_t', '0005_t', '0006_t']);
  expect(await tables()).toHaveLength(6);
});

async function inProcess(): Promise<string[]> {
  const script = path.join(import.meta.dirname, 'cluster/testing-process.ts');
  const child = spawn(process.execPath, [script, JSON.stringify({ migrate: { connection, dir } })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return (JSON.parse(output) as { applied: string[] }).applied;
}

test('a failing file leaves nothing of itself, and what came before it stays', async () => {
  write('0002_bad.sql', 'create table half (x int);\n\ncreate table broken (y nonsense);');
  await expect(migrate(connection, dir)).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringMatching(/0002_bad.*nonsense.*line 3/),
  });
  expect(await tables()).toEqual([{ name: 'street' }]);
  write('0002_bad.sql', 'create table whole (x int);');
  expect(await migrate(connection, dir)).toEqual(['0002_bad']);
});

test('a file that was changed after it had been applied is refused; line ends do not count', async () => {
  write('0001_street.sql', 'create table street (\n  name text primary key\n);\n');
  await migrate(connection, dir);
  write('0001_street.sql', 'create table street (\r\n  name text primary key\r\n);\r\n');
  expect(await migrate(connection, dir)).toEqual([]);
  write('0001_street.sql', 'create table street (name text);');
  await expect(migrate(connection, dir)).rejects.toMatchObject({ code: 'migration_changed' });
});

test('a database that is ahead of the program is refused', async () => {
  const newer = mkdtempSync(path.join(os.tmpdir(), 'wm-migrations-'));
  cpSync(dir, newer, { recursive: true });
  writeFileSync(path.join(newer, '0002_next.sql'), 'create table next (x int);');
  await migrate(connection, newer);
  rmSync(newer, { recursive: true });
  await expect(migrate(connection, dir)).rejects.toMatchObject({ code: 'migration_unknown' });
});

test('a number that slips in before an applied one is refused', async () => {
  write('0003_third.sql', 'create table third (x int);');
  await migrate(connection, dir);
  write('0002_second.sql', 'create table second (x int);');
  await expect(migrate(connection, dir)).rejects.toMatchObject({ code: 'migration_order' });
});

test('a breaking file waits until no program works on the database', async () => {
  await migrate(connection, dir);
  write('0002_drop.sql', '-- breaking\ndrop table street;');
  const running = await connect('wanmi-web');
  await expect(migrate(connection, dir)).rejects.toMatchObject({
    code: 'migration_in_use',
    message: expect.stringContaining('wanmi-web'),
  });
  expect(await tables()).toEqual([{ name: 'street' }]);
  await running.end();
  await expect.poll(() => migrate(connection, dir).catch(() => 'in use')).toEqual(['0002_drop']);
});

test(
  'a migration that waits for a lock gives up rather than stop all readers',
  { timeout: 20_000 },
  async () => {
    await migrate(connection, dir);
    write('0002_column.sql', 'alter table street add column length int;');
    const busy = await connect('wanmi-report');
    await busy.query('begin; select * from street');
    await expect(migrate(connection, dir)).rejects.toMatchObject({ code: 'migration_failed' });
    await busy.end();
  },
);

test('files whose names slip are errors', async () => {
  write('0001_again.sql', '');
  await expect(readMigrations(dir)).rejects.toMatchObject({ code: 'migration_number' });
  rmSync(path.join(dir, '0001_again.sql'));
  write('2_short.sql', '');
  await expect(readMigrations(dir)).rejects.toMatchObject({ code: 'migration_name' });
});
