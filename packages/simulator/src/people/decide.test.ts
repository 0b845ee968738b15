import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../geo/random.ts';
import { decide, type TaskSeen } from './decide.ts';
import { CITY_HABITS, DEMO_HABITS, limitLength } from './habits.ts';
import { localIso, localTime } from './local-time.ts';
import { chooseSource, moments, pace } from './rhythm.ts';
import { callerOf, STORIES } from './stories.ts';

const ZONE = 'Asia/Shanghai';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A Monday, ten o'clock in Shanghai. */
const MONDAY = Date.parse('2026-03-02T10:00:00+08:00');

const task = (over: Partial<TaskSeen> = {}): TaskSeen => ({
  id: 't1',
  step: 'file',
  role: 'shiftLeader',
  version: 1,
  openedAt: MONDAY,
  dueAt: MONDAY + 15 * MINUTE,
  limit: 15 * MINUTE,
  actions: ['file', 'declineFiling', 'claim'],
  ...over,
});
const many = (over: Partial<TaskSeen>, habits = CITY_HABITS, n = 2000) =>
  Array.from({ length: n }, (_, i) => decide(task({ id: `t${i}`, ...over }), habits, 'seed', ZONE)!);
const share = (decisions: { action: string }[], action: string): number =>
  decisions.filter((one) => one.action === action).length / decisions.length;

describe('decisions', () => {
  test('are the same for the same task and seed, and others for another seed', () => {
    expect(decide(task(), CITY_HABITS, 1, ZONE)).toEqual(decide(task(), CITY_HABITS, 1, ZONE));
    expect(decide(task(), CITY_HABITS, 1, ZONE)).not.toEqual(decide(task(), CITY_HABITS, 2, ZONE));
  });

  test('take one of the actions offered, never before the task was there, never to take or give back', () => {
    fc.assert(
      fc.property(
        fc.record({
          id: fc.string(),
          step: fc.constantFrom('accept', 'verify', 'dispatch', 'dispose', 'close', 'x-own'),
          role: fc.constantFrom('operator', 'collector', 'department', 'crew', 'leader'),
          version: fc.integer({ min: 1, max: 40 }),
          openedAt: fc.integer({ min: MONDAY, max: MONDAY + 1e9 }),
          limit: fc.option(fc.integer({ min: 1, max: 1e8 })),
          actions: fc.subarray(['claim', 'release', 'accept', 'reject', 'rework', 'x-own']),
        }),
        fc.constantFrom(CITY_HABITS, DEMO_HABITS),
        ({ limit, ...seen }, habits) => {
          const dueAt = limit === null ? null : seen.openedAt + limit;
          const made = decide({ ...seen, limit, dueAt }, habits, 3, ZONE);
          const offered = seen.actions.filter((one) => one !== 'claim' && one !== 'release');
          expect(made === null).toBe(offered.length === 0);
          if (made === null) return;
          expect(offered).toContain(made.action);
          expect(made.at).toBeGreaterThanOrEqual(seen.openedAt);
        },
      ),
    );
  });

  test('keep the shares of a real city', () => {
    expect(share(many({}), 'declineFiling')).toBeCloseTo(0.03, 1);
    const verified = many({ step: 'verify', role: 'collector', actions: ['confirm', 'deny'] });
    expect(share(verified, 'deny')).toBeGreaterThan(0.04);
    expect(share(verified, 'deny')).toBeLessThan(0.1);
    const checked = many({ step: 'check', role: 'collector', actions: ['pass', 'fail'] });
    expect(share(checked, 'fail')).toBeGreaterThan(0.06);
    expect(share(checked, 'fail')).toBeLessThan(0.12);
    const dueAt = MONDAY + 4 * HOUR;
    const disposed = many({ step: 'dispose', role: 'crew', limit: 4 * HOUR, dueAt, actions: ['respond'] });
    const late = disposed.filter((one) => one.at > dueAt).length / disposed.length;
    expect(late).toBeGreaterThan(0.24);
    expect(late).toBeLessThan(0.32);
  });

  test('an operator ends what a collector did not find, and sends what is new to be verified', () => {
    const actions = ['sendVerify', 'accept', 'reject'];
    expect(share(many({ step: 'accept', version: 1, actions }), 'sendVerify')).toBeGreaterThan(0.8);
    expect(share(many({ step: 'accept', version: 3, actions }), 'reject')).toBeGreaterThan(0.85);
  });

  test('a failed check is mostly reworked by the same department', () => {
    const made = many({ step: 'dispatch', version: 12, actions: ['rework', 'redispatch'] });
    expect(share(made, 'rework')).toBeGreaterThan(0.8);
    expect(share(made, 'redispatch')).toBeGreaterThan(0.1);
  });

  test('nobody of a real city works off duty', () => {
    const night = Date.parse('2026-03-06T23:40:00+08:00');
    for (const { at } of many({
      role: 'department',
      step: 'sign',
      openedAt: night,
      dueAt: night + 60 * HOUR,
    })) {
      const { hour, weekday } = localTime(at, ZONE);
      expect(hour).toBeGreaterThanOrEqual(8);
      expect(hour).toBeLessThan(18);
      expect(weekday).toBeLessThan(6);
    }
  });

  test('handing on takes minutes, however long the limit', () => {
    const made = many({ step: 'dispose', limit: 40 * HOUR, dueAt: MONDAY + 120 * HOUR, actions: ['assign'] });
    expect(Math.max(...made.map((one) => one.at - MONDAY))).toBeLessThan(HOUR);
  });

  test('who gets work late has only what is left of its limit', () => {
    const dueAt = MONDAY + HOUR;
    const made = many({ step: 'dispose', role: 'crew', limit: 16 * HOUR, dueAt, actions: ['respond'] });
    const late = made.filter((one) => one.at > dueAt).length / made.length;
    expect(late).toBeGreaterThan(0.24);
    expect(late).toBeLessThan(0.32);
  });

  test('a demo leaves some work to its visitors and repairs within the hour', () => {
    const made = many(
      { step: 'dispose', limit: 40 * HOUR, dueAt: MONDAY + 120 * HOUR, actions: ['respond'] },
      DEMO_HABITS,
    );
    const prompt = made.filter((one) => one.at < MONDAY + 120 * HOUR);
    expect(Math.max(...prompt.map((one) => one.at - MONDAY))).toBeLessThan(HOUR);
    const filed = many({}, DEMO_HABITS).filter((one) => one.at - MONDAY >= 4 * MINUTE);
    expect(filed.length / 2000).toBeGreaterThan(0.2);
  });
});

describe('rhythm', () => {
  test('reports come by day, most from collectors', () => {
    const random = createRandom(1, 'rhythm');
    const from = Date.parse('2026-03-02T00:00:00+08:00');
    const times = moments(from, from + 72 * HOUR, 3000, ZONE, random);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(from);
    expect(times.at(-1)).toBeLessThan(from + 72 * HOUR);
    const hours = times.map((at) => localTime(at, ZONE).hour);
    const between = (a: number, b: number) => hours.filter((h) => h >= a && h < b).length;
    expect(between(8, 18)).toBeGreaterThan(2300);
    expect(between(0, 5)).toBeLessThan(60);
    const sources = times.map((at) => chooseSource(at, ZONE, random, false));
    expect(sources.filter((s) => s === 'collector').length / 3000).toBeGreaterThan(0.7);
    expect(new Set(sources).size).toBeGreaterThan(7);
  });

  test('a day has the mean pace 1', () => {
    const hours = Array.from({ length: 24 }, (_, h) => pace(MONDAY + h * HOUR, ZONE));
    expect(hours.reduce((a, b) => a + b) / 24).toBeGreaterThan(0.9);
    expect(hours.reduce((a, b) => a + b) / 24).toBeLessThan(1.15);
  });

  test('local time knows zones and summer time', () => {
    expect(localTime(MONDAY, ZONE)).toEqual({ day: '2026-03-02', weekday: 1, hour: 10, offset: '+08:00' });
    expect(localIso(MONDAY + 1234, ZONE)).toBe('2026-03-02T10:00:01+08:00');
    expect(localIso(Date.parse('2011-07-01T05:32:33Z'), 'America/New_York')).toBe(
      '2011-07-01T01:32:33-04:00',
    );
    expect(localIso(Date.parse('2011-12-01T05:32:33Z'), 'America/New_York')).toBe(
      '2011-12-01T00:32:33-05:00',
    );
    expect(localIso(Date.parse('2011-12-01T05:32:33Z'), 'Asia/Kolkata')).toBe('2011-12-01T11:02:33+05:30');
  });
});

test('limits have the length that they leave for work', () => {
  expect(limitLength({ value: 0.25, unit: 'workingHour' })).toBe(15 * MINUTE);
  expect(limitLength({ value: 2, unit: 'workingDay' })).toBe(16 * HOUR);
  expect(limitLength({ value: 1, unit: 'urgentDay' })).toBe(24 * HOUR);
  expect(limitLength(null)).toBeNull();
});

test('no caller exists, and no story has a slot that nobody fills', () => {
  const random = createRandom(5, 'callers');
  for (let i = 0; i < 50; i += 1) expect(callerOf(random).phone).toMatch(/^1000\d{7}$/);
  for (const { texts } of STORIES)
    for (const text of texts)
      expect(text.replaceAll(/\{(place|metres|count|shop|thing)\}/g, '')).not.toMatch(/[{}]/);
});
