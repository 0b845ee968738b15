import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addLimit, compileCalendar, elapsed, type LimitUnit, limitMs } from './calendar.ts';
import { deadlineOf, extendClock, lampOf, pauseClock, resumeClock, startClock } from './clock.ts';

const office = [
  ['08:00', '12:00'],
  ['14:00', '18:00'],
] as const;
const weekly = { 1: office, 2: office, 3: office, 4: office, 5: office };
const shanghai = compileCalendar({
  code: 'sh',
  timeZone: 'Asia/Shanghai',
  weekly,
  holidays: [{ from: '2026-10-01', to: '2026-10-07' }],
  workdays: [{ date: '2026-10-10' }],
});
const newYork = compileCalendar({
  code: 'ny',
  timeZone: 'America/New_York',
  hoursPerDay: 6,
  weekly: { ...weekly, 7: [['00:00', '24:00']] },
});
const calendars = [shanghai, newYork];
const units: LimitUnit[] = [
  'urgentMinute',
  'urgentHour',
  'urgentDay',
  'naturalDay',
  'workingHour',
  'workingDay',
];
const utc = (text: string) => Date.parse(`${text}Z`);

describe('limits', () => {
  test.each([
    // Friday 17:00 in Shanghai + 4 working hours = Monday 11:00
    ['2026-11-20T09:00:00', { value: 4, unit: 'workingHour' }, '2026-11-23T03:00:00'],
    // one working day is eight working hours from the start moment
    ['2026-11-19T02:00:00', { value: 1, unit: 'workingDay' }, '2026-11-20T02:00:00'],
    // over the holiday; the make-up Saturday works
    ['2026-09-30T09:00:00', { value: 2, unit: 'workingHour' }, '2026-10-08T01:00:00'],
    ['2026-10-09T09:00:00', { value: 2, unit: 'workingHour' }, '2026-10-10T01:00:00'],
    ['2026-10-01T09:00:00', { value: 2, unit: 'urgentHour' }, '2026-10-01T11:00:00'],
    ['2026-10-01T09:00:00', { value: 3, unit: 'naturalDay' }, '2026-10-04T09:00:00'],
    // begun at night: counts from the morning on
    ['2026-11-18T20:00:00', { value: 0.5, unit: 'workingHour' }, '2026-11-19T00:30:00'],
  ] as const)('%s + %j = %s', (start, limit, end) => {
    expect(addLimit(shanghai, utc(start), limit)).toBe(utc(end));
  });

  test('a day with daylight saving has its own number of hours', () => {
    // Sunday 2026-03-08: 23 hours in New York, clocks go on at 02:00
    const midnight = utc('2026-03-08T05:00:00');
    expect(elapsed(newYork, midnight, utc('2026-03-09T04:00:00'), 'workingHour')).toBe(23 * 3600_000);
    // Sunday 2026-11-01: 25 hours
    expect(elapsed(newYork, utc('2026-11-01T04:00:00'), utc('2026-11-02T05:00:00'), 'workingHour')).toBe(
      25 * 3600_000,
    );
  });

  test('a calendar that never works refuses a working limit instead of looping', () => {
    const never = compileCalendar({ code: 'never', timeZone: 'Asia/Shanghai', weekly: {} });
    expect(() => addLimit(never, 0, { value: 1, unit: 'workingHour' })).toThrow(/calendar\.idle/);
  });

  test.each([
    [{ timeZone: 'Mars/Base' }],
    [{ hoursPerDay: 0 }],
    [{ weekly: { 8: office } }],
    [{ weekly: { 1: [['12:00', '08:00']] } }],
    [
      {
        weekly: {
          1: [
            ['08:00', '12:00'],
            ['11:00', '13:00'],
          ],
        },
      },
    ],
    [{ holidays: [{ from: '2026-02-30', to: '2026-03-01' }] }],
    [{ holidays: [{ from: '2026-03-02', to: '2026-03-01' }] }],
    [{ workdays: [{ date: 'soon' }] }],
  ])('a wrong definition is refused: %j', (part) => {
    const definition = { code: 'x', timeZone: 'Asia/Shanghai', weekly, ...part };
    expect(() => compileCalendar(definition as never)).toThrow(/calendar\.invalid/);
  });
});

const moment = fc.integer({ min: utc('2025-12-01T00:00:00'), max: utc('2027-02-01T00:00:00') });
const amount = fc.integer({ min: 1, max: 400 }).map((n) => n / 4);
const setting = fc.record({
  calendar: fc.constantFrom(...calendars),
  unit: fc.constantFrom(...units),
  start: moment,
  value: amount,
});

describe('laws', () => {
  test('inverse: what has passed at the deadline is the limit', () => {
    fc.assert(
      fc.property(setting, ({ calendar, unit, start, value }) => {
        const limit = { value, unit };
        const end = addLimit(calendar, start, limit);
        expect(elapsed(calendar, start, end, unit)).toBe(limitMs(calendar, limit));
      }),
    );
  });

  test('monotone: a later start never ends earlier, a longer limit never ends earlier', () => {
    fc.assert(
      fc.property(setting, amount, fc.nat(10 ** 9), ({ calendar, unit, start, value }, more, later) => {
        const end = addLimit(calendar, start, { value, unit });
        expect(addLimit(calendar, start + later, { value, unit })).toBeGreaterThanOrEqual(end);
        expect(addLimit(calendar, start, { value: value + more, unit })).toBeGreaterThan(end);
      }),
    );
  });

  test('additive: a limit in two parts ends at the same moment', () => {
    fc.assert(
      fc.property(setting, amount, ({ calendar, unit, start, value }, more) => {
        const first = addLimit(calendar, start, { value, unit });
        expect(addLimit(calendar, first, { value: more, unit })).toBe(
          addLimit(calendar, start, { value: value + more, unit }),
        );
      }),
    );
  });

  test('a pause moves the deadline by what it stood, in the limit’s own unit, and loses no extension', () => {
    fc.assert(
      fc.property(setting, fc.nat(10 ** 9), fc.nat(10 ** 9), amount, (s, wait, stood, more) => {
        const { calendar, unit, start, value } = s;
        const clock = extendClock(startClock(start, { value, unit }), { value: more, unit });
        const resumed = resumeClock(pauseClock(clock, start + wait), start + wait + stood, calendar);
        const gained = elapsed(calendar, deadlineOf(calendar, clock), deadlineOf(calendar, resumed), unit);
        expect(gained).toBe(elapsed(calendar, start + wait, start + wait + stood, unit));
      }),
    );
  });

  test('the lamp is green to 80 %, yellow to 100 %, red beyond, paused while it stands', () => {
    const start = utc('2026-11-20T02:00:00');
    const clock = startClock(start, { value: 10, unit: 'urgentHour' });
    const at = (hours: number) => lampOf(shanghai, clock, start + hours * 3600_000);
    expect([at(8), at(8.01), at(10), at(10.01)]).toEqual(['green', 'yellow', 'yellow', 'red']);
    expect(lampOf(shanghai, pauseClock(clock, start), start + 10 ** 9)).toBe('paused');
  });
});
