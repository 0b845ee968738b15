import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '#platform/testing';
import {
  SQL_JOIN_CASE,
  SQL_LOAD_CASE,
  SQL_LOAD_TASK,
  SQL_OPEN_CASE,
  SQL_REPLAY,
  SQL_WRITE_CASE,
} from './sql.ts';

const HOT = { SQL_LOAD_TASK, SQL_LOAD_CASE, SQL_REPLAY, SQL_WRITE_CASE, SQL_OPEN_CASE, SQL_JOIN_CASE };

describe('the hot statements', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());

  test.each(Object.entries(HOT))('%s is kept for review and fits the tables', async (name, text) => {
    await expect(`${text.trim()}\n`).toMatchFileSnapshot(
      `queries/${name.toLowerCase().replace('sql_', '')}.sql`,
    );
    await database.pool.query(`prepare ${name} as ${text}`);
  });
});
