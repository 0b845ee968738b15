import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Kysely, PostgresDialect, type CompiledQuery } from 'kysely';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureHistory, prepareHistory } from '../../../bench/history.ts';
import * as loads from './modules/cases/sql-load.ts';
import * as cases from './modules/cases/sql.ts';
import { placeOf } from './modules/grid/index.ts';
import { collectorOfGrid } from './modules/org/index.ts';
import { OLDEST_MAJOR } from './platform/cluster/binaries.ts';
import type { DB } from './platform/db-types.ts';
import { readOutbox } from './platform/outbox.ts';
import { SQL_DUE } from './platform/timer-loop.ts';
import { loadCity } from './seeding/load-city.ts';
import { testPlatform, type TestPlatform } from './testing/platform.ts';

/**
 * How the database answers the statements that run with every command, kept for review: by which index each table is
 * met in a city that has only a past, where statistics say that nothing is open (the trap: an update by its key that
 * walks an index of open work instead). Partitions of months are one table here.
 *
 * The plans are kept as the oldest version words them. A newer one words and joins otherwise; that it reads nothing whole
 * and meets each table by the same indexes is judged there too.
 */
const ALL: readonly cases.Part[] = [
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
const EVERYTHING = { touched: true, withdrawn: true, untimed: true };

let platform: TestPlatform;
const hot = new Map<string, string>([
  ['load_task', loads.SQL_LOAD_TASK],
  ['load_task_to_close', loads.SQL_LOAD_TASK_TO_CLOSE],
  ['load_tasks', loads.SQL_LOAD_TASKS],
  ['load_tasks_to_close', loads.SQL_LOAD_TASKS_TO_CLOSE],
  ['load_case', loads.SQL_LOAD_CASE],
  ['replay', loads.SQL_REPLAY],
  ['write_case', cases.writeStatement(EVERYTHING, ALL).text],
  ['write_cases', cases.writeSeveralStatement(ALL).text],
  ['open_case', cases.openStatement(true, ALL.slice(0, 7)).text],
  ['open_cases', cases.openSeveralStatement(ALL.slice(0, 7)).text],
  ['join_case', cases.joinStatement(true, ALL.slice(0, 7)).text],
  ['timers_due', SQL_DUE],
]);

beforeAll(async () => {
  platform = await testPlatform({ start: Date.now() });
  const { cityId } = await loadCity(platform, { size: 'S', passwordHash: 'x' });
  await prepareHistory(platform.pool, cityId);
  await ensureHistory(platform.pool, cityId, 3000, () => {});
  const seen: CompiledQuery[] = [];
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({ pool: platform.pool }),
    log: (event) => void seen.push(event.query as CompiledQuery),
  });
  const sent = async (name: string, ask: () => Promise<unknown>) => {
    seen.length = 0;
    await ask();
    hot.set(name, seen[0]!.sql);
  };
  await sent('place', () => placeOf(db, cityId, { lon: 0, lat: 0 }));
  await sent('collector_of_grid', () => collectorOfGrid({ db }, cityId, 0));
  await sent('outbox', () => readOutbox(db, { xid: '0', pos: 0 }, 1));
}, 400_000);
afterAll(() => platform?.close());

const NAMES = [...hot.keys(), 'place', 'collector_of_grid', 'outbox'];

test.each(NAMES)('the plan of %s', async (name) => {
  const text = hot.get(name)!;
  const parameters = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map((found) => Number(found[1])));
  const client = await platform.pool.connect();
  try {
    // A real city's tables are too big to be read whole, and its connections keep one plan for all.
    await client.query('set enable_seqscan = off; set plan_cache_mode = force_generic_plan');
    await client.query(`prepare hot as ${text}`);
    const nulls = parameters === 0 ? '' : `(${Array.from({ length: parameters }, () => 'null').join(', ')})`;
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (costs off) execute hot${nulls}`);
    const lines = rows.map((row) => row['QUERY PLAN']);
    expect(lines.filter((line, i) => walksWhole(line, lines[i + 1] ?? ''))).toEqual([]);
    const plan = shortened(lines);
    const file = `queries/plan_${name}.txt`;
    if ((await majorOf(client)) === OLDEST_MAJOR) await expect(plan).toMatchFileSnapshot(file);
    else expect(metBy(plan)).toEqual(metBy(readFileSync(path.join(import.meta.dirname, file), 'utf8')));
  } finally {
    client.release(true);
  }
});

const walksWhole = (line: string, next: string): boolean =>
  /Seq Scan on/.test(line) || (/Index (Only )?Scan using/.test(line) && !/Index Cond/.test(next));

async function majorOf(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int as version`,
  );
  return Math.floor(rows[0]!.version / 10_000);
}

/** Which table is met by which index, as often as it is. */
const metBy = (plan: string): string[] =>
  [...plan.matchAll(/Index (?:Only )?Scan using (\S+) on (\S+)/g)]
    .map(([, index, table]) => `${table}: ${index}`)
    .sort();

/** One line for the partitions of a table, without the conditions: which index, and what is done with what it finds. */
function shortened(lines: readonly string[]): string {
  const kept: string[] = [];
  for (const line of lines) {
    if (!/->|^\S|CTE |SubPlan|InitPlan|Index Cond/.test(line)) continue;
    const one = line
      .replace(
        /_(\d{6}|default)(_\w+?)?(_idx|_pkey|_key)?\b/g,
        (_all, _month, column: string | undefined) => `_MONTH${column ?? ''}`,
      )
      .replace(/ (\w+?)_\d+( |$)/g, ' $1$2')
      .trimEnd();
    if (kept.at(-1) !== one && !(kept.at(-2) === one)) kept.push(one);
  }
  return `${kept.join('\n')}\n`;
}
