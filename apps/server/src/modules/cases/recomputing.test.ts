import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CaseDetail, EventBody } from '@wanmi/contracts';
import { invalidateCatalog } from '#modules/catalog';
import { verifyChain } from '#modules/integrity';
import { createTimerLoop } from '#platform/timer-loop';
import { uuidv7 } from '#platform/ids';
import { desk, type Desk } from '#testing/desk';
import { recomputeClocks } from './recomputing.ts';
import { fireTimer } from './timers.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const WEDNESDAY = '2026-03-04';

/** A version of a calendar with days off, published now; nobody is told yet. */
async function publish(d: Desk, code: string, daysOff: readonly string[]): Promise<void> {
  const { pool, clock } = d.w.platform;
  const { rows } = await pool.query<{ content: string; version: number }>(
    `select content, version from rule_version where city_id = $1 and kind = 'calendar' and code = $2
     order by version desc limit 1`,
    [d.w.cityId, code],
  );
  const calendar = JSON.parse(rows[0]!.content) as { holidays: object[] };
  calendar.holidays.push(
    ...daysOff.map((day) => ({ from: day, to: day, name: { 'zh-CN': '临时', en: 'Off' } })),
  );
  const content = JSON.stringify(calendar);
  const at = new Date(clock.now());
  await pool.query(
    `insert into rule_version (id, city_id, kind, code, version, content, content_hash, state, valid_from, created_at)
     values ($1, $2, 'calendar', $3, $4, $5, $6, 'published', $7, $7)`,
    [
      uuidv7(clock.now()),
      d.w.cityId,
      code,
      rows[0]!.version + 1,
      content,
      createHash('sha256').update(content).digest(),
      at,
    ],
  );
  invalidateCatalog(d.w.platform, d.w.cityId);
}

/** Four working hours of department 1, sent to it at 16:00 on Tuesday: until Wednesday 10:00. */
async function cover(d: Desk): Promise<string> {
  const { case: made } = await d.report(0, { decision: 'accept', categoryId: d.w.rules.categories.cover });
  await d.act('shiftLeader', made.id, 'file', { conditionId: d.w.rules.conditions.cover });
  await d.act('dispatcher', made.id, 'dispatch', { unitId: d.w.units.department1 });
  await d.act('department1', made.id, 'sign');
  return made.id;
}

async function rowsOf(d: Desk, caseId: string) {
  const { pool } = d.w.platform;
  const assignments = await pool.query(
    'select due_at as "dueAt", overdue, clock from assignment where case_id = $1 order by id',
    [caseId],
  );
  const tasks = await pool.query(
    `select step, warn_at as "warnAt", due_at as "dueAt", due_key as "dueKey", overdue from task
      where case_id = $1 and done_at is null and step <> 'keyPatrol' order by id`,
    [caseId],
  );
  const timers = await pool.query(
    `select m.fire, m.due_at as "dueAt" from timer m join task t on t.id = m.task_id
      where m.case_id = $1 and t.step <> 'keyPatrol' order by m.due_at, m.fire`,
    [caseId],
  );
  return { assignments: assignments.rows, tasks: tasks.rows, timers: timers.rows };
}

async function logOf(d: Desk, caseId: string): Promise<EventBody[]> {
  const { rows } = await d.w.platform.pool.query<{ body: string }>(
    'select body from case_event where case_id = $1 order by seq',
    [caseId],
  );
  return rows.map(({ body }) => JSON.parse(body) as EventBody);
}

const typesOf = async (d: Desk, caseId: string) => (await logOf(d, caseId)).map(({ type }) => type);
const ring = (d: Desk) =>
  createTimerLoop(d.w.platform, { fire: (trx, timer) => fireTimer(d.w.platform, trx, timer) }).drain();

describe('a holiday published late', () => {
  let d: Desk;
  beforeAll(async () => {
    d = await desk({ start: Date.UTC(2026, 2, 3, 8) });
  });
  afterAll(() => d.w.close());
  const day = (n: number, hour: number, minute = 0) => new Date(Date.UTC(2026, 2, n, hour - 8, minute));

  test('moves what is open by it, once, as an entry of the log; the rest stays', async () => {
    const id = await cover(d);
    // two urgent hours: no calendar counts for it
    const other = (await d.dispatched()).id;
    const before = await rowsOf(d, id);
    expect(before).toMatchObject({
      assignments: [{ dueAt: day(4, 10) }],
      tasks: [{ step: 'dispose', warnAt: day(4, 9, 12), dueAt: day(4, 10) }],
      timers: [{ fire: 'warn', dueAt: day(4, 9, 12) }],
    });
    const sign = (await rowsOf(d, other)).tasks;
    expect(sign).toMatchObject([{ step: 'sign', dueAt: day(3, 16, 15) }]);

    await publish(d, 'department', [WEDNESDAY]);
    await recomputeClocks(d.w.platform, d.w.cityId, ['department']);
    const after = await rowsOf(d, id);
    expect(after).toMatchObject({
      assignments: [{ dueAt: day(5, 10), overdue: false }],
      tasks: [{ warnAt: day(5, 9, 12), dueAt: day(5, 10), dueKey: day(5, 10), overdue: false }],
      timers: [{ fire: 'warn', dueAt: day(5, 9, 12) }],
    });
    const entry = (await logOf(d, id)).at(-1)!;
    expect(entry).toMatchObject({ type: 'clock.recomputed', personId: null, from: 'dispose', to: 'dispose' });
    const clock = { from: day(4, 10).toISOString(), to: day(5, 10).toISOString() };
    expect(entry.payload).toMatchObject({
      recomputed: {
        calendars: [{ code: 'department', version: 2 }],
        clocks: [
          { taskId: null, ...clock },
          { taskId: expect.any(String), ...clock },
        ],
      },
      assignments: [{ dueAt: clock.to }],
      rescheduled: [{ step: 'dispose', dueAt: clock.to }],
    });
    const told = await d.w.platform.pool.query('select 1 from outbox where case_id = $1 and seq = $2', [
      id,
      entry.seq,
    ]);
    expect(told.rowCount).toBe(1);
    expect(await verifyChain(d.w.platform.db, d.w.cityId, id)).toMatchObject({
      whole: true,
      events: entry.seq,
    });
    expect(await typesOf(d, other)).not.toContain('clock.recomputed');

    await recomputeClocks(d.w.platform, d.w.cityId, ['department', 'centre']);
    expect(await rowsOf(d, id)).toEqual(after);
    expect((await logOf(d, id)).at(-1)!.seq).toBe(entry.seq);
    const detail = await d.call<CaseDetail>('leader', 'GET', `/cases/${id}`);
    expect(detail.body.assignments[0]!.clock).toMatchObject({ lamp: 'green', dueAt: clock.to });
  });

  test('a stage counts by its own calendar, from when it was opened', async () => {
    d.w.platform.clock.advance(6 * HOUR - 5 * MINUTE); // 21:55, and the centre works until 22:00
    const { case: made } = await d.report();
    expect((await rowsOf(d, made.id)).tasks).toMatchObject([{ step: 'accept', dueAt: day(4, 7, 10) }]);
    await publish(d, 'centre', [WEDNESDAY]);
    await recomputeClocks(d.w.platform, d.w.cityId, ['patrol']);
    expect((await rowsOf(d, made.id)).tasks).toMatchObject([{ dueAt: day(4, 7, 10) }]);
    await recomputeClocks(d.w.platform, d.w.cityId, ['centre']);
    expect(await rowsOf(d, made.id)).toMatchObject({
      tasks: [{ warnAt: day(5, 7, 7), dueAt: day(5, 7, 10) }],
      timers: [{ fire: 'warn', dueAt: day(5, 7, 7) }],
    });
  });
});

describe('what was recorded stays', () => {
  let d: Desk;
  afterEach(() => d.w.close());
  const day = (n: number, hour: number, minute = 0) => new Date(Date.UTC(2026, 2, n, hour - 8, minute));
  const until = (at: Date) => d.w.platform.clock.advance(at.getTime() - d.w.platform.clock.now());

  test('who was overdue is, and does not become so twice', async () => {
    d = await desk({ start: Date.UTC(2026, 2, 3, 8) });
    const id = await cover(d);
    until(day(4, 11));
    await ring(d);
    expect((await typesOf(d, id)).slice(-2)).toEqual(['task.warned', 'task.overdue']);
    await publish(d, 'department', [WEDNESDAY]);
    await recomputeClocks(d.w.platform, d.w.cityId, ['department']);
    expect(await rowsOf(d, id)).toMatchObject({
      assignments: [{ dueAt: day(5, 10), overdue: true }],
      tasks: [{ dueAt: day(5, 10), overdue: true }],
      timers: [],
    });
    until(day(5, 12));
    await ring(d);
    expect((await typesOf(d, id)).filter((type) => type.startsWith('task.'))).toEqual([
      'task.warned',
      'task.overdue',
    ]);
  });

  test('what was warned of is not warned of again; a clock that rings too early by the old calendar waits', async () => {
    d = await desk({ start: Date.UTC(2026, 2, 3, 8) });
    const id = await cover(d);
    until(day(4, 9, 30));
    await ring(d);
    await publish(d, 'department', [WEDNESDAY]);
    // nobody was told yet when the old deadline passes
    until(day(4, 10, 1));
    await ring(d);
    expect(await rowsOf(d, id)).toMatchObject({
      assignments: [{ dueAt: day(5, 10), overdue: false }],
      timers: [{ fire: 'overdue', dueAt: day(5, 10) }],
    });
    await recomputeClocks(d.w.platform, d.w.cityId, ['department']);
    until(day(5, 9, 30));
    await ring(d);
    until(day(5, 10, 1));
    await ring(d);
    expect((await typesOf(d, id)).slice(-3)).toEqual(['task.warned', 'clock.recomputed', 'task.overdue']);
  });

  test('killed in the middle and run again, each case has one entry', async () => {
    d = await desk({ start: Date.UTC(2026, 2, 3, 8) });
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.push(await cover(d));
    await publish(d, 'department', [WEDNESDAY]);
    const { platform, cityId } = d.w;
    let batches = 0;
    const pool = new Proxy(platform.pool, {
      get: (target, name) =>
        name === 'connect'
          ? async (): Promise<PoolClient> => {
              batches += 1;
              if (batches > 2) throw new Error('the database was away');
              return target.connect();
            }
          : Reflect.get(target, name).bind?.(target),
    });
    await expect(recomputeClocks({ ...platform, pool }, cityId, ['department'], 1)).rejects.toThrow('away');
    await recomputeClocks(platform, cityId, ['department'], 1);
    for (const id of ids) {
      expect((await typesOf(d, id)).filter((type) => type === 'clock.recomputed')).toHaveLength(1);
      expect((await rowsOf(d, id)).assignments).toMatchObject([{ dueAt: day(5, 10) }]);
    }
  });
});

describe('counted anew is as if it had always been so', () => {
  let late: Desk;
  let early: Desk;
  beforeAll(async () => {
    late = await desk({ start: Date.UTC(2026, 2, 3, 1) });
    early = await desk({ start: Date.UTC(2026, 2, 3, 1) });
    // weeks go by
    for (const d of [late, early])
      await d.w.platform.pool.query(`update session set expires_at = '2099-01-01'`);
  });
  afterAll(async () => {
    await late.w.close();
    await early.w.close();
  });

  /** Days off from a week after now on: what is behind stays as it was for the next run. */
  const daysOff = (d: Desk, picks: readonly number[]) =>
    picks.map((pick) =>
      new Date(d.w.platform.clock.now() + 8 * HOUR + (pick % 6) * 24 * HOUR).toISOString().slice(0, 10),
    );

  const moments = async (d: Desk, id: string) => {
    const { assignments, tasks, timers } = await rowsOf(d, id);
    return { due: assignments.map(({ dueAt }) => dueAt), tasks, timers };
  };

  test('whenever its work stood, it is due as one that began under the new calendar', async () => {
    const steps = fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), steps, async (picks, hours) => {
        const off = daysOff(late, picks);
        await publish(early, 'department', off);
        const ids: string[] = [];
        for (const d of [late, early]) {
          const id = await cover(d);
          const wait = (at: number) => d.w.platform.clock.advance(hours[at]! * HOUR + at * MINUTE);
          wait(0);
          await d.act('department1', id, 'respond', { result: '已补盖' });
          await d.act('operator', id, 'sendCheck');
          wait(1);
          await d.act('collector1', id, 'fail', { reason: 'notDone' });
          await d.act('dispatcher', id, 'rework');
          await d.act('department1', id, 'sign');
          wait(2);
          ids.push(id);
        }
        await publish(late, 'department', off);
        for (let time = 0; time < 2; time += 1) {
          await recomputeClocks(late.w.platform, late.w.cityId, ['department']);
          expect((await moments(late, ids[0]!)).due).toEqual((await moments(early, ids[1]!)).due);
        }
        const [one, two] = [await moments(late, ids[0]!), await moments(early, ids[1]!)];
        expect(one.tasks.map(({ dueAt, warnAt }) => [dueAt, warnAt])).toEqual(
          two.tasks.map(({ dueAt, warnAt }) => [dueAt, warnAt]),
        );
        // where yellow had passed by the old calendar, only red is still to come
        const rings = one.timers[0]!.fire;
        const moment = rings === 'warn' ? two.tasks[0]!.warnAt : two.tasks[0]!.dueAt;
        expect(one.timers).toEqual([{ fire: rings, dueAt: moment }]);
        if (rings === 'warn') expect(one.timers).toEqual(two.timers);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });
});
