import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '#platform/testing';
import {
  SQL_LOAD_CASE,
  SQL_LOAD_TASK,
  SQL_LOAD_TASK_TO_CLOSE,
  SQL_LOAD_TASKS,
  SQL_LOAD_TASKS_TO_CLOSE,
  SQL_REPLAY,
} from './sql-load.ts';
import {
  joinStatement,
  openSeveralStatement,
  openStatement,
  writeSeveralStatement,
  writeStatement,
  type Part,
} from './sql.ts';

const ALL: readonly Part[] = [
  'assigned',
  'opened',
  'timed',
  'logged',
  'pictured',
  'audited',
  'answered',
  'rescheduled',
  'disarmed',
  'applied',
  'marked',
  'linked',
];
const NOTHING = { touched: false, withdrawn: false, untimed: false };
const EVERYTHING = { touched: true, withdrawn: true, untimed: true };

/** The whole of each; a command's own leaves out what it does not need. */
const HOT = {
  load_task: SQL_LOAD_TASK,
  load_task_to_close: SQL_LOAD_TASK_TO_CLOSE,
  load_tasks: SQL_LOAD_TASKS,
  load_tasks_to_close: SQL_LOAD_TASKS_TO_CLOSE,
  load_case: SQL_LOAD_CASE,
  replay: SQL_REPLAY,
  write_case: writeStatement(EVERYTHING, ALL).text,
  write_cases: writeSeveralStatement(ALL).text,
  open_case: openStatement(true, ALL.slice(0, 7)).text,
  open_cases: openSeveralStatement(ALL.slice(0, 7)).text,
  join_case: joinStatement(true, ALL.slice(0, 7)).text,
};

describe('the hot statements', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(() => database.drop());
  const fits = (text: string) =>
    database.pool.connect().then(async (client) => {
      try {
        await client.query(`prepare one as ${text}`);
        await client.query('deallocate one');
      } finally {
        client.release(true);
      }
    });

  test.each(Object.entries(HOT))('%s is kept for review and fits the tables', async (name, text) => {
    await expect(`${text.trim()}\n`).toMatchFileSnapshot(`queries/${name}.sql`);
    await fits(text);
  });

  test('each part of a write stands alone as well', async () => {
    for (const part of ALL) await fits(writeStatement(NOTHING, [part]).text);
    for (const key of ['touched', 'withdrawn', 'untimed'] as const) {
      await fits(writeStatement({ ...NOTHING, [key]: true }, ['logged']).text);
    }
    await fits(writeStatement(NOTHING, []).text);
    for (const part of ALL) await fits(writeSeveralStatement([part]).text);
    await fits(openStatement(false, ['logged']).text);
    await fits(joinStatement(false, []).text);
  });

  test('one statement has one name, however often it is asked for', () => {
    const first = writeStatement(NOTHING, ['logged', 'audited']);
    expect(writeStatement(NOTHING, ['logged', 'audited'])).toBe(first);
    expect(writeStatement(EVERYTHING, ['logged', 'audited']).name).not.toBe(first.name);
    expect(openStatement(false, ['logged', 'audited']).name).not.toBe(first.name);
  });
});
