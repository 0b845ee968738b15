import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventBody } from '@wanmi/contracts';
import { addDays, cityDay, cityDayStart } from '#platform/clock';
import { uuidv7 } from '#platform/ids';
import { lifeOf, type Ground } from '#platform/outbox-testing';
import { foldAll } from './apply.ts';
import { DailyDelta } from './daily.ts';
import type { CaseFact } from './facts.ts';
import { fold, follow, NOTHING, type Known } from './fold.ts';
import { wholeLife } from './life-testing.ts';
import { openDays } from './open-day.ts';

const ZONE = 'Asia/Shanghai';
// 2026-03-01 23:50 in the city: reports of the first minutes fall on the day before.
const START = Date.UTC(2026, 2, 1, 15, 50);
const id = () => uuidv7(START);
const place = () => ({
  unitGridId: id(),
  patrolGridId: id(),
  districtId: id(),
  streetId: id(),
  communityId: id(),
  grade: 'A',
});
const ground: Ground = {
  cityId: id(),
  places: [place(), place()],
  departments: [id(), id()],
  centreId: id(),
  collectorPostId: id(),
  operatorPostId: id(),
  categories: [id(), id(), id()],
};
const lives = fc
  .record({ minute: fc.nat(3000), choices: fc.array(fc.nat(99), { minLength: 4, maxLength: 90 }) })
  .map(({ minute, choices }) => lifeOf(ground, START + minute * 60_000, choices));

const wholeLives = fc
  .record({ minute: fc.nat(3000), choices: fc.array(fc.nat(99), { minLength: 8, maxLength: 200 }) })
  .map(({ minute, choices }) => wholeLife(ground, START + minute * 60_000, choices));

const knownOf = (events: readonly EventBody[]): Known =>
  events.reduce<Known>((known, event) => follow(known, fold(known, event, ZONE)), NOTHING);
const replay = (events: readonly EventBody[]): CaseFact => knownOf(events).case!;

describe('fold', () => {
  test('an ordinary life, entry by entry', () => {
    // Steps of 7 minutes, nothing refused: report, accept, file, dispatch, sign, respond, pass, close.
    const events = lifeOf(ground, START, [0, 0, 1, 0, 20, ...Array.from({ length: 16 }, () => 30)]);
    expect(events.map((event) => event.type)).toEqual([
      'case.reported',
      'case.accepted',
      'case.filed',
      'case.dispatched',
      'assignment.signed',
      'assignment.responded',
      'case.passed',
      'case.closed',
    ]);
    const fact = replay(events);
    expect(fact).toMatchObject({
      source: 'collector',
      kind: 'problem',
      categoryId: ground.categories[0],
      conditionId: ground.categories[0],
      districtId: ground.places[0]!.districtId,
      departmentId: ground.departments[0],
      reportedDay: '2026-03-01',
      filedDay: '2026-03-02',
      outcome: 'closed',
      onTime: true,
      dispatches: 1,
      failedChecks: 0,
      lastSeq: 8,
    });
    expect(fact.endedAt).toBe(events.at(-1)!.at);
    const { assignments, tasks, reports } = foldAll(new Map(), events, () => ZONE);
    expect(reports).toHaveLength(1);
    expect([...tasks.values()].map((task) => [task.step, task.action])).toEqual([
      ['accept', 'accept'],
      ['file', 'file'],
      ['dispatch', 'dispatch'],
      ['sign', 'sign'],
      ['dispose', 'respond'],
      ['check', 'pass'],
      ['close', 'close'],
    ]);
    expect([...assignments.values()]).toMatchObject([{ state: 'passed', overdue: false, lastSeq: 7 }]);
    expect([...tasks.values()].every((task) => task.doneAt !== null && task.postId !== null)).toBe(true);
  });

  test('does not begin without a report, and does not change what it was given', () => {
    const events = lifeOf(ground, START, [0, 0, 0, 0, 0, 30, 30]);
    expect(() => fold(NOTHING, events[1]!, ZONE)).toThrow('does not begin with a report');
    const before = knownOf(events.slice(0, 1));
    Object.freeze(before.case);
    expect(fold(before, events[1]!, ZONE).case.lastSeq).toBe(2);
    expect(before.case!.lastSeq).toBe(1);
  });

  test('a department that declines or loses a case answers for it no longer', () => {
    const life = lifeOf(ground, START, [0, 0, 1, 0, 0, 1, 30, 1, 30, 0, 1, 30, 1, 2, 95, 1, 30, 0]);
    const declined = life.findIndex((event) => event.type === 'assignment.declined');
    expect(declined).toBeGreaterThan(0);
    expect(replay(life.slice(0, declined)).departmentId).toBe(ground.departments[1]);
    expect(replay(life.slice(0, declined + 1)).departmentId).toBeNull();
    const again = replay(life.slice(0, declined + 2));
    expect(again).toMatchObject({ departmentId: ground.departments[0], dispatches: 2 });
    // The day of the first dispatch stays.
    expect(again.dispatchedAt).toBe(life.find((event) => event.type === 'case.dispatched')!.at);
  });

  test('a task that was handed over counts for whom it waits for now, and keeps its limit', () => {
    const events = lifeOf(ground, START, [0]);
    const [opened] = events[0]!.payload.opened!;
    const moved = { ...opened!, postId: id(), unitId: id() };
    const entry = { ...events[0]!, seq: 2, type: 'task.moved', payload: { moved: [moved] } };
    const known = knownOf(events.slice(0, 1));
    const { case: fact, tasks } = fold(known, entry, ZONE);
    expect(fact).toEqual({ ...known.case, lastSeq: 2 });
    expect(tasks).toMatchObject([
      { taskId: moved.id, postId: moved.postId, unitId: moved.unitId, dueAt: opened!.dueAt, doneAt: null },
    ]);
  });

  test('what the log says can be counted in the facts, for any life', () => {
    fc.assert(
      fc.property(lives, (events) => {
        const count = (...types: string[]) => events.filter((event) => types.includes(event.type)).length;
        const fact = replay(events);
        const all = foldAll(new Map(), events, () => ZONE);
        const ended = events.find((event) => event.payload.outcome);
        expect(fact.lastSeq).toBe(events.length);
        expect(fact.dispatches).toBe(count('case.dispatched', 'case.redispatched'));
        expect(fact.failedChecks).toBe(count('case.failed'));
        expect(fact.outcome).toBe(ended?.payload.outcome ?? null);
        expect(fact.endedDay).toBe(ended ? cityDay(Date.parse(ended.at), ZONE) : null);
        expect(all.reports).toHaveLength(count('case.reported', 'case.reportJoined'));
        expect(all.reports.filter((report) => report.joined)).toHaveLength(count('case.reportJoined'));
        expect(all.assignments.size).toBe(fact.dispatches);
        const open = [...all.tasks.values()].filter((task) => task.doneAt === null);
        expect(open.map((task) => task.step)).toEqual(ended ? [] : [events.at(-1)!.to]);
        // Marked by the timer or when it was done late.
        for (const { payload } of events.filter((event) => event.type === 'task.overdue')) {
          expect(all.tasks.get(payload.task!.id)!.overdue).toBe(true);
        }
      }),
    );
  });

  test('cut anywhere and carried on, it comes to the same', () => {
    fc.assert(
      fc.property(fc.oneof(lives, wholeLives), fc.nat(100), (events, at) => {
        const cut = at % events.length;
        const whole = foldAll(new Map(), events, () => ZONE);
        const head = foldAll(new Map(), events.slice(0, cut), () => ZONE);
        const known = knownOf(events.slice(0, cut));
        const tail = foldAll(new Map([[events[0]!.caseId, known]]), events.slice(cut), () => ZONE);
        expect(new Map([...head.cases, ...tail.cases])).toEqual(whole.cases);
        expect(new Map([...head.assignments, ...tail.assignments])).toEqual(whole.assignments);
        expect(new Map([...head.applications, ...tail.applications])).toEqual(whole.applications);
        expect([...head.reopenings, ...tail.reopenings]).toEqual(whole.reopenings);
        const tasks = new Map([...head.tasks, ...tail.tasks]);
        for (const task of tail.overdueTaskIds) tasks.get(task)!.overdue = true;
        for (const task of whole.tasks.values()) {
          const early = head.tasks.get(task.taskId)?.overdue ?? false;
          expect({ ...tasks.get(task.taskId), overdue: tasks.get(task.taskId)!.overdue || early }).toEqual(
            task,
          );
        }
      }),
    );
  });
});

describe('daily counts', () => {
  test('taking back what was counted leaves nothing', () => {
    fc.assert(
      fc.property(wholeLives, (events) => {
        const { cases, assignments, applications, reopenings } = foldAll(new Map(), events, () => ZONE);
        const delta = new DailyDelta();
        for (const sign of [1, -1] as const) {
          for (const fact of cases.values()) delta.addCase(fact, sign);
          for (const fact of assignments.values()) delta.addAssignment(fact, sign);
          for (const fact of applications.values()) delta.addApplication(fact, sign);
          for (const fact of reopenings) delta.addReopening(fact, sign);
        }
        expect([
          ...delta.source.changed(),
          ...delta.category.changed(),
          ...delta.department.changed(),
        ]).toEqual([]);
      }),
    );
  });

  test('a case counts once under its city, its district and its department', () => {
    const events = lifeOf(ground, START, [0, 0, 1, 0, 20, ...Array.from({ length: 16 }, () => 30)]);
    const delta = new DailyDelta();
    const fact = replay(events);
    delta.addCase(fact, 1);
    const rows = delta.source.changed();
    expect(new Set(rows.map((row) => row.scopeId))).toEqual(
      new Set([fact.cityId, fact.districtId, fact.departmentId]),
    );
    const city = rows.filter((row) => row.scopeId === fact.cityId);
    expect(city.map((row) => [row.day, row.counts])).toEqual([
      ['2026-03-01', { reported: 1 }],
      ['2026-03-02', { filed: 1, dispatched: 1, ended: 1, closed: 1, closedOnTime: 1 }],
    ]);
  });
});

describe('open at the end of a day', () => {
  const DAYS = { from: '2026-02-27', to: '2026-03-20' };

  test('for any life: open from the day it came in until the day before it ended, as it stood at midnight', () => {
    fc.assert(
      fc.property(lives, (events) => {
        const rows = openDays(events, ZONE, DAYS.from, DAYS.to);
        const first = cityDay(Date.parse(events[0]!.at), ZONE);
        const ended = replay(events).endedDay;
        const expected: string[] = [];
        for (let day = DAYS.from; day <= DAYS.to; day = addDays(day, 1)) {
          if (day >= first && (ended === null || day < ended)) expected.push(day);
        }
        expect(rows.map((row) => row.day)).toEqual(expected);
        for (const row of rows) {
          const midnight = cityDayStart(addDays(row.day, 1), ZONE);
          const until = events.filter((event) => Date.parse(event.at) < midnight);
          expect(row.stage).toBe(until.at(-1)!.to);
          expect(row.departmentId).toBe(replay(until).departmentId);
          // Asked day by day, the answer is the same.
          expect(openDays(events, ZONE, row.day, row.day)).toEqual([row]);
        }
      }),
    );
  });

  test('late is what stands past its limit at midnight, though nothing was written then', () => {
    const events = lifeOf(ground, START, [0, 0, 1, 0, 0]);
    expect(events).toHaveLength(1); // accepted within 15 minutes, or late: due at 00:05
    const rows = openDays(events, ZONE, '2026-03-01', '2026-03-02');
    expect(rows.map((row) => [row.day, row.stage, row.overdue])).toEqual([
      ['2026-03-01', 'accept', false],
      ['2026-03-02', 'accept', true],
    ]);
  });

  test('an entry of the first millisecond of a day belongs to that day', () => {
    const midnight = cityDayStart('2026-03-02', ZONE);
    const at = lifeOf(ground, midnight, [0, 0, 1, 0, 0]);
    expect(openDays(at, ZONE, '2026-03-01', '2026-03-01')).toEqual([]);
    const before = lifeOf(ground, midnight - 1, [0, 0, 1, 0, 0]);
    expect(openDays(before, ZONE, '2026-03-01', '2026-03-01')).toHaveLength(1);
  });
});
