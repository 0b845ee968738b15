import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ActionReply, Overview, ReportReply, Task } from '@wanmi/contracts';
import { asAdmin } from '#platform/testing';
import { world, type World } from '#testing/world';
import * as asset from '#modules/asset';
import * as cases from '#modules/cases';
import * as catalog from '#modules/catalog';
import * as grid from '#modules/grid';
import * as intake from '#modules/intake';
import * as integrity from '#modules/integrity';
import * as media from '#modules/media';
import * as notify from '#modules/notify';
import * as statistics from '#modules/statistics';
import { addJob } from './platform/jobs-queue.ts';
import { guardPool } from './platform/jobs-loop.ts';
import { startWorker, type Worker } from './worker.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
let w: World;
const workers: Worker[] = [];

beforeAll(async () => {
  media.provideCaseScope(cases.caseScopeSql);
  w = await world({
    modules: [catalog, grid, asset, media, intake, cases, integrity, statistics, notify],
  });
  guardPool(w.platform.pool, () => {});
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
});
afterAll(() => w.close());

async function start(): Promise<Worker> {
  const worker = await startWorker(w.platform);
  workers.push(worker);
  return worker;
}

async function call<T>(
  who: string,
  method: 'GET' | 'POST',
  url: string,
  body?: Record<string, unknown>,
): Promise<T> {
  const reply = await w.app.inject({
    method,
    url: `/api/v1${url}`,
    ...w.as(who),
    ...(body ? { payload: body } : {}),
  });
  expect(reply.statusCode, `${who} ${url}: ${reply.body}`).toBeLessThan(300);
  return reply.json<T>();
}

const report = async (): Promise<string> =>
  (
    await call<ReportReply>('operator', 'POST', '/reports', {
      source: 'hotline12319',
      categoryId: w.rules.categories.rubbish,
      description: '人行道上有暴露垃圾',
      position: w.districts[0].point,
      decision: 'sendVerify',
    })
  ).case.id;

async function act(
  who: string,
  caseId: string,
  action: string,
  data: Record<string, unknown> = {},
): Promise<void> {
  const { items } = await call<{ items: Task[] }>(who, 'GET', `/tasks?caseId=${caseId}`);
  const [task] = items;
  await call<ActionReply>(who, 'POST', `/tasks/${task!.id}/actions/${action}`, {
    version: task!.version,
    data,
  });
}

const types = async (caseId: string): Promise<string[]> =>
  (
    await sql<{ type: string }>`select type from case_event where case_id = ${caseId} order by seq`.execute(
      w.platform.db,
    )
  ).rows.map((row) => row.type);

const lastSeq = async (caseId: string): Promise<number> =>
  (
    await sql<{ seq: number }>`select last_seq as seq from fact_case where case_id = ${caseId}`.execute(
      w.platform.db,
    )
  ).rows[0]?.seq ?? 0;

const notices = async (who: string): Promise<string[]> =>
  (await call<{ items: { kind: string }[] }>(who, 'GET', '/notices')).items.map((one) => one.kind);

describe('a worker', () => {
  test('lets clocks run out, counts, tells, and closes the day', async () => {
    const worker = await start();
    const id = await report();
    await expect.poll(() => lastSeq(id), { timeout: 20_000 }).toBe(2);
    await expect.poll(() => notices('collector1'), { timeout: 20_000 }).toEqual(['task.opened']);

    // Half an hour to verify: yellow after 24 minutes, red after 30.
    w.platform.clock.advance(25 * MINUTE);
    worker.wake();
    await expect
      .poll(() => types(id), { timeout: 20_000 })
      .toEqual(['case.reported', 'case.verifySent', 'task.warned']);
    w.platform.clock.advance(6 * MINUTE);
    worker.wake();
    await expect.poll(() => types(id), { timeout: 20_000 }).toHaveLength(4);
    await expect
      .poll(() => notices('collector1'), { timeout: 20_000 })
      .toEqual(['task.overdue', 'task.warned', 'task.opened']);
    const overview = await call<Overview>('leader', 'GET', '/statistics/overview');
    expect(overview).toMatchObject({ reported: 1, open: 1, openOverdue: 1 });

    await act('collector1', id, 'confirm');
    await act('shiftLeader', id, 'file', { conditionId: w.rules.conditions.rubbish });
    w.platform.clock.advance(DAY);
    worker.wake();
    const root = async () =>
      (await sql`select 1 from log_root where city_id = ${w.cityId}`.execute(w.platform.db)).rows.length;
    await expect.poll(root, { timeout: 40_000 }).toBeGreaterThan(0);
    const open = async () =>
      (
        await sql<{
          stage: string;
          overdue: boolean;
        }>`select stage, overdue from fact_open where case_id = ${id}`.execute(w.platform.db)
      ).rows;
    await expect.poll(open, { timeout: 40_000 }).toEqual([{ stage: 'dispatch', overdue: true }]);
    // The root of a day before may be there already: the one that has this case comes with its day.
    await expect
      .poll(() => call(`leader`, 'GET', `/cases/${id}/integrity`), { timeout: 40_000 })
      .toMatchObject({ whole: true, lastRoot: { included: true } });
  }, 400_000);

  test('two of them do everything once', async () => {
    const before = await notices('collector1');
    const [one] = [await start(), await start()];
    const ids = await Promise.all([report(), report(), report()]);
    w.platform.clock.advance(40 * MINUTE);
    one.wake();
    for (const id of ids) {
      await expect
        .poll(() => types(id), { timeout: 40_000 })
        .toEqual(['case.reported', 'case.verifySent', 'task.warned', 'task.overdue']);
      await expect.poll(() => lastSeq(id), { timeout: 20_000 }).toBe(4);
    }
    await expect
      .poll(() => notices('collector1').then((all) => all.length - before.length), { timeout: 20_000 })
      .toBe(9);
  }, 400_000);

  test('works on after the database was away', async () => {
    await start();
    const id = await report();
    await expect.poll(() => lastSeq(id), { timeout: 20_000 }).toBe(2);
    const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(w.platform.db);
    const database = rows[0]!.name;
    const { host, port, user } = w.platform.pool.options as { host: string; port: number; user: string };
    await asAdmin({ host, port, user, database }, async (admin) => {
      await admin.query(`alter database "${database}" allow_connections false`);
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
        database,
      ]);
      await sleep(1500);
      await admin.query(`alter database "${database}" allow_connections true`);
    });
    await expect.poll(() => report().catch(() => null), { timeout: 40_000 }).toBeTruthy();
    const after = await report();
    await expect.poll(() => lastSeq(after), { timeout: 15_000 }).toBe(2);
    w.platform.clock.advance(40 * MINUTE);
    await expect.poll(() => types(after), { timeout: 15_000 }).toContain('task.overdue');
  }, 400_000);

  test('rebuilds the facts when asked to', async () => {
    const id = await report();
    await start();
    await expect.poll(() => lastSeq(id), { timeout: 20_000 }).toBe(2);
    await sql`update fact_case set source = 'video' where case_id = ${id}`.execute(w.platform.db);
    await addJob(w.platform, 'statistics.rebuild', { cityId: w.cityId });
    const source = async () =>
      (
        await sql<{ source: string }>`select source from fact_case where case_id = ${id}`.execute(
          w.platform.db,
        )
      ).rows[0]?.source;
    await expect.poll(source, { timeout: 40_000 }).toBe('hotline12319');
  }, 400_000);
});
