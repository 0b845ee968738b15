import pg from 'pg';
import { clientConfig, createDb, createPool } from './pool.ts';
import type { Connection, Db } from './pool.ts';

/** What the global set-up hands to the workers. */
export interface TestServer {
  connection: Connection;
  template: string;
  /** Names the clones of this run, so that another run on the same server leaves them alone. */
  run: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    testServer: TestServer;
  }
}

export interface TestDatabase {
  connection: Connection;
  pool: pg.Pool;
  db: Db;
  /** Closes the pool and removes the database; connections that were left open are cut. */
  drop(): Promise<void>;
}

let counter = 0;

/**
 * A database of one's own with all migrations applied. One per test file, in `beforeAll`; `drop` in `afterAll`.
 * A script may ask for one too: outside of vitest it starts the test server itself, and `drop` gives it back.
 */
export async function testDatabase(options: { max?: number } = {}): Promise<TestDatabase> {
  const { testServer, close } = await testServerHere();
  const { connection: server, template, run } = testServer;
  const database = `${clonePrefix(run)}${process.pid}_${counter++}`;
  await asAdmin(server, (admin) =>
    admin.query(`create database ${pg.escapeIdentifier(database)} template ${pg.escapeIdentifier(template)}`),
  );
  const connection = { ...server, database };
  const pool = createPool(connection, { max: options.max ?? 5, applicationName: 'wanmi-test' });
  const db = createDb(pool);
  return {
    connection,
    pool,
    db,
    drop: async () => {
      if (!pool.ended && !pool.ending) await pool.end();
      await dropDatabase(server, database);
      await close();
    },
  };
}

async function testServerHere(): Promise<{ testServer: TestServer; close: () => Promise<void> }> {
  if (process.env['VITEST']) {
    const { inject } = await import('vitest');
    return { testServer: inject('testServer'), close: async () => {} };
  }
  const { openTestServer } = await import('./testing-server.ts');
  return openTestServer();
}

export const TEMPLATE_PREFIX = 'wanmi_template_';
export const CLONE_PREFIX = 'wanmi_test_';
export const clonePrefix = (run: string): string => `${CLONE_PREFIX}${run}_`;

export async function asAdmin<T>(server: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientConfig({ ...server, database: 'postgres' }, 'wanmi-test-admin'));
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function dropDatabase(server: Connection, database: string): Promise<void> {
  await asAdmin(server, async (admin) => {
    await admin.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`);
  });
}
