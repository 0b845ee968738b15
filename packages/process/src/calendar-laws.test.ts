import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import {
  addLimit,
  addTime,
  type Calendar,
  type CalendarDefinition,
  type ClockState,
  compileCalendar,
  deadlineOf,
  elapsed,
  extendClock,
  lampOf,
  type LimitUnit,
  limitMs,
  pauseClock,
  ProcessError,
  resumeClock,
  startClock,
  warningOf,
} from './index.ts';

const HOUR = 3_600_000;
const office = [
  ['08:00', '12:00'],
  ['14:00', '18:00'],
] as const;
const week = (periods: CalendarDefinition['weekly'][string], days = '12345'): CalendarDefinition['weekly'] =>
  Object.fromEntries([...days].map((day) => [day, periods]));
const shanghai: CalendarDefinition = {
  code: 'shanghai',
  timeZone: 'Asia/Shanghai',
  weekly: week(office),
  holidays: [{ from: '2026-10-01', to: '2026-10-07' }],
  workdays: [{ date: '2026-10-10', periods: office }],
};
const newYork: CalendarDefinition = { code: 'ny', timeZone: 'America/New_York', weekly: week(office) };
const nights: CalendarDefinition = {
  code: 'nights',
  timeZone: 'America/New_York',
  weekly: week(
    [
      ['00:00', '06:00'],
      ['22:00', '24:00'],
    ],
    '1234567',
  ),
};
const islands: CalendarDefinition = {
  code: 'islands',
  timeZone: 'Australia/Lord_Howe', // its daylight saving is half an hour
  hoursPerDay: 6,
  weekly: { '1': [['09:00', '15:00']], '3': [['00:00', '24:00']], '7': [['01:30', '03:30']] },
  holidays: [{ from: '2025-12-24', to: '2026-02-02' }],
};
/** Breaks within the hour that daylight saving skips or repeats. */
const gaps: CalendarDefinition = {
  code: 'gaps',
  timeZone: 'America/New_York',
  weekly: week(
    [
      ['00:00', '02:30'],
      ['02:40', '02:50'],
      ['03:00', '05:00'],
    ],
    '67',
  ),
};
const definitions = [shanghai, newYork, nights, islands, gaps];

describe('a limit ends', () => {
  const from = (definition: CalendarDefinition, start: string, value: number, unit: LimitUnit): string => {
    const zone = definition.timeZone;
    const begin = Temporal.PlainDateTime.from(start).toZonedDateTime(zone).epochMilliseconds;
    return Temporal.Instant.fromEpochMilliseconds(
      addLimit(compileCalendar(definition), begin, { value, unit }),
    )
      .toZonedDateTimeISO(zone)
      .toPlainDateTime()
      .toString({ smallestUnit: 'minute' });
  };

  test.each<[string, number, LimitUnit, string]>([
    // urgent units and natural days run on, through nights, weekends and holidays
    ['2026-09-30T17:00', 30, 'urgentMinute', '2026-09-30T17:30'],
    ['2026-09-30T17:00', 2, 'urgentDay', '2026-10-02T17:00'],
    ['2026-09-30T17:00', 3, 'naturalDay', '2026-10-03T17:00'],
    // a limit that is used up at noon ends at noon, not when work goes on
    ['2026-09-21T10:00', 2, 'workingHour', '2026-09-21T12:00'],
    ['2026-09-21T10:00', 2.5, 'workingHour', '2026-09-21T14:30'],
    ['2026-09-25T17:00', 2, 'workingHour', '2026-09-28T09:00'],
    ['2026-09-21T12:30', 1, 'workingHour', '2026-09-21T15:00'],
    // one working day is eight working hours from the start, over a weekend and the National Day week
    ['2026-09-25T10:00', 1, 'workingDay', '2026-09-28T10:00'],
    ['2026-09-30T16:00', 3, 'workingDay', '2026-10-10T16:00'],
    ['2026-09-21T03:00', 0, 'workingHour', '2026-09-21T03:00'],
  ])('from %s after %d %s at %s', (start, value, unit, expected) => {
    expect(from(shanghai, start, value, unit)).toBe(expected);
  });

  test('after six hours where a working day has six', () => {
    expect(from({ ...shanghai, hoursPerDay: 6 }, '2026-09-21T08:00', 1, 'workingDay')).toBe(
      '2026-09-21T16:00',
    );
  });

  test('by the hours of a day of its own, which win over the holiday', () => {
    const workdays = [{ date: '2026-10-03', periods: [['10:00', '11:00'] as const] }];
    expect(from({ ...shanghai, workdays }, '2026-09-30T17:00', 2.5, 'workingHour')).toBe('2026-10-08T08:30');
  });

  test('through the change of daylight saving', () => {
    // 2026-03-08 02:00 does not exist, 2026-11-01 01:30 comes twice
    expect(from(newYork, '2026-03-07T12:00', 1, 'naturalDay')).toBe('2026-03-08T13:00');
    expect(from(newYork, '2026-10-31T12:00', 1, 'urgentDay')).toBe('2026-11-01T11:00');
    expect(from(newYork, '2026-03-06T17:00', 2, 'workingHour')).toBe('2026-03-09T09:00');
    // that night shift is an hour shorter, this one longer
    expect(from(nights, '2026-03-07T22:00', 8, 'workingHour')).toBe('2026-03-08T23:00');
    expect(from(nights, '2026-10-31T22:00', 8, 'workingHour')).toBe('2026-11-01T05:00');
    // a period until 02:30 ends when the clocks go on from 02:00 to 03:00, and counts nothing twice
    expect(from(gaps, '2026-03-08T00:00', 3, 'workingHour')).toBe('2026-03-08T04:00');
    expect(from(gaps, '2026-03-08T00:00', 4.5, 'workingHour')).toBe('2026-03-14T00:30');
  });

  test('in China without daylight saving today, and with it in 1988', () => {
    expect(from(shanghai, '2026-03-28T12:00', 1, 'naturalDay')).toBe('2026-03-29T12:00');
    // 1988-04-17 02:00 went on to 03:00
    expect(from(shanghai, '1988-04-16T12:00', 1, 'naturalDay')).toBe('1988-04-17T13:00');
    expect(from(shanghai, '1988-04-15T17:00', 2, 'workingHour')).toBe('1988-04-18T09:00');
  });
});

describe('time passes by law', () => {
  const calendars = definitions.map(compileCalendar);
  const calendar = fc.constantFrom(...calendars);
  // covers changes of daylight saving, holidays and turns of the year
  const moment = fc.integer({ min: Date.UTC(2025, 9, 1), max: Date.UTC(2027, 3, 1) });
  const unit = fc.constantFrom<LimitUnit>('urgentMinute', 'naturalDay', 'workingHour', 'workingDay');
  const amount = fc.oneof(
    fc.integer({ min: 0, max: 200 * HOUR }),
    fc.integer({ min: 0, max: 90 }).map((hours) => hours * HOUR),
  );

  test('what was added has elapsed, and not a moment before', () => {
    fc.assert(
      fc.property(calendar, moment, amount, unit, (c, start, x, u) => {
        const end = addTime(c, start, x, u);
        expect(elapsed(c, start, end, u)).toBe(x);
        if (x > 0) expect(elapsed(c, start, end - 1, u)).toBe(x - 1);
      }),
      { numRuns: 1000 },
    );
  });

  test('parts add up', () => {
    fc.assert(
      fc.property(calendar, moment, amount, amount, unit, (c, a, x, y, u) => {
        const middle = addTime(c, a, x, u);
        const end = addTime(c, middle, y, u);
        expect(end).toBe(addTime(c, a, x + y, u));
        expect(elapsed(c, a, middle, u) + elapsed(c, middle, end, u)).toBe(elapsed(c, a, end, u));
      }),
      { numRuns: 500 },
    );
  });

  test('minute by minute it is what the clock on the wall and the definition say', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: definitions.length - 1 }),
        moment,
        fc.integer({ min: 1, max: 3 * 1440 }),
        (which, start, minutes) => {
          const from = start - (start % 60_000);
          let counted = 0;
          for (let i = 0; i < minutes; i++) {
            if (isWorking(definitions[which]!, from + i * 60_000)) counted += 60_000;
          }
          expect(elapsed(calendars[which]!, from, from + minutes * 60_000, 'workingHour')).toBe(counted);
        },
      ),
      { numRuns: 30 },
    );
  }, 400_000);

  /** The same question asked the slow way: what does the wall clock show, and is that in a period? */
  function isWorking(definition: CalendarDefinition, at: number): boolean {
    const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(definition.timeZone);
    const shown = zoned.toPlainTime().toString({ smallestUnit: 'minute' });
    const date = zoned.toPlainDate().toString();
    const own = definition.workdays?.find((workday) => workday.date === date)?.periods;
    const off = definition.holidays?.some(({ from, to }) => from <= date && date <= to);
    const periods = own ?? (off ? [] : (definition.weekly[String(zoned.dayOfWeek)] ?? []));
    return periods.some(([from, to]) => from <= shown && shown < to);
  }

  test('a clock keeps its accounts whatever happens to it', () => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom('pause', 'resume', 'extend'),
        after: fc.nat({ max: 4 * 24 * HOUR }),
      }),
      { maxLength: 12 },
    );
    const value = fc.integer({ min: 1, max: 160 }).map((quarters) => quarters / 4);
    fc.assert(
      fc.property(calendar, moment, value, unit, steps, (c, start, v, u, todo) => {
        let clock: ClockState = startClock(start, { value: v, unit: u });
        let allowed = limitMs(c, clock.limit);
        let now = start;
        let ran = 0;
        for (const { kind, after } of todo) {
          if (clock.pausedAt === null) ran += elapsed(c, now, now + after, u);
          now += after;
          const before = deadlineOf(c, clock);
          if (kind === 'pause') clock = pauseClock(clock, now);
          else if (kind === 'resume') clock = resumeClock(clock, now, c);
          else {
            const by = { value: 2, unit: u };
            clock = extendClock(clock, by);
            allowed += limitMs(c, by);
          }
          expect(deadlineOf(c, clock)).toBeGreaterThanOrEqual(before);
          if (clock.pausedAt !== null) {
            expect(lampOf(c, clock, now)).toBe('paused');
            continue;
          }
          // what is left is what was allowed less what ran: no pause gives or takes, no extension is lost
          if (ran < allowed) expect(elapsed(c, now, deadlineOf(c, clock), u)).toBe(allowed - ran);
          else expect(deadlineOf(c, clock)).toBeLessThanOrEqual(now);
          expect(warningOf(c, clock)).toBeLessThanOrEqual(deadlineOf(c, clock));
        }
        expect(JSON.parse(JSON.stringify(clock))).toEqual(clock);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('holidays published late', () => {
  const dates = Array.from({ length: 60 }, (_none, i) =>
    Temporal.PlainDate.from('2026-02-20').add({ days: i }).toString(),
  );
  const event = fc.record({
    kind: fc.constantFrom('pause', 'resume', 'extend'),
    after: fc.nat({ max: 6 * 24 * HOUR }),
  });
  const unit = fc.constantFrom<LimitUnit>('urgentHour', 'naturalDay', 'workingHour', 'workingDay');

  /** Everything that happened, by the calendar that was known at each time: the late one from `known` on. */
  function live(
    early: Calendar,
    late: Calendar,
    known: number,
    start: number,
    limit: ClockState['limit'],
    events: readonly { kind: string; after: number }[],
  ): ClockState {
    let clock = startClock(start, limit);
    let now = start;
    for (const [i, { kind, after }] of events.entries()) {
      now += after;
      if (kind === 'pause') clock = pauseClock(clock, now);
      else if (kind === 'resume') clock = resumeClock(clock, now, i < known ? early : late);
      else clock = extendClock(clock, { value: 1, unit: 'workingDay' });
    }
    return clock;
  }

  test('an open deadline is then what a fresh computation says, pauses and extensions included', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(shanghai, newYork, nights, gaps),
        fc.subarray(dates, { maxLength: 12 }),
        fc.subarray(dates, { maxLength: 4 }),
        fc.integer({ min: Date.UTC(2026, 1, 18), max: Date.UTC(2026, 2, 25) }),
        fc.integer({ min: 1, max: 60 }),
        unit,
        fc.array(event, { maxLength: 8 }),
        fc.nat({ max: 8 }),
        (definition, off, on, start, value, u, events, known) => {
          const early = compileCalendar(definition);
          const late = compileCalendar({
            ...definition,
            holidays: off.map((date) => ({ from: date, to: date })),
            workdays: on.map((date) => ({ date, periods: office })),
          });
          const limit = { value, unit: u };
          const lived = live(early, late, known, start, limit, events);
          const fresh = live(late, late, 0, start, limit, events);
          expect(deadlineOf(late, lived)).toBe(deadlineOf(late, fresh));
          expect(warningOf(late, lived)).toBe(warningOf(late, fresh));
          // and nothing moves where nothing was published
          const same = live(early, early, 0, start, limit, events);
          expect(deadlineOf(early, live(early, late, 8, start, limit, events))).toBe(deadlineOf(early, same));
          expect(JSON.parse(JSON.stringify(lived))).toEqual(lived);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a day off within a pause gives nothing back twice', () => {
    const calendar = compileCalendar(shanghai);
    const at = (text: string): number => Date.parse(`${text}+08:00`);
    const paused = pauseClock(
      startClock(at('2026-03-02T08:00'), { value: 2, unit: 'workingDay' }),
      at('2026-03-03T08:00'),
    );
    const clock = resumeClock(paused, at('2026-03-05T08:00'), calendar);
    expect(deadlineOf(calendar, clock)).toBe(at('2026-03-05T18:00'));
    const late = compileCalendar({ ...shanghai, holidays: [{ from: '2026-03-04', to: '2026-03-04' }] });
    expect(deadlineOf(late, clock)).toBe(at('2026-03-05T18:00'));
  });

  test('a clock of before, which kept only the sum, keeps it', () => {
    const calendar = compileCalendar(shanghai);
    const clock: ClockState = {
      ...startClock(Date.parse('2026-03-02T08:00+08:00'), {
        value: 1,
        unit: 'workingDay',
      }),
      paused: 8 * HOUR,
    };
    expect(deadlineOf(calendar, clock)).toBe(Date.parse('2026-03-03T18:00+08:00'));
  });
});

describe('a calendar is refused', () => {
  const problemsOf = (definition: unknown): string[] => {
    try {
      compileCalendar(definition as CalendarDefinition);
      return [];
    } catch (error) {
      if (!(error instanceof ProcessError)) throw error;
      expect(error.code).toBe('calendar.invalid');
      return error.problems.map(({ code, element }) => `${code} ${element ?? ''}`.trim());
    }
  };

  test.each<[string, object, string]>([
    ['an offset for a zone', { timeZone: '+08:00' }, 'calendar.timeZone timeZone'],
    ['a day of 25 hours', { hoursPerDay: 25 }, 'calendar.hoursPerDay hoursPerDay'],
    ['no table', { weekly: undefined }, 'calendar.weekly weekly'],
    ['half past noon', { weekly: { '1': [['12:60', '13:00']] } }, 'calendar.period weekly/1/0'],
    ['words for a period', { weekly: { '1': ['morning'] } }, 'calendar.period weekly/1/0'],
    ['a night in one piece', { weekly: { '1': [['22:00', '06:00']] } }, 'calendar.period weekly/1/0'],
    [
      'periods that overlap',
      {
        weekly: {
          '1': [
            ['08:00', '12:00'],
            ['11:00', '13:00'],
          ],
        },
      },
      'calendar.overlap weekly/1/1',
    ],
    ['30 February', { holidays: [{ from: '2026-02-30', to: '2026-03-01' }] }, 'calendar.holiday holidays/0'],
    ['a holiday of nothing', { holidays: [null] }, 'calendar.holiday holidays/0'],
    [
      'the same day twice',
      { workdays: [{ date: '2026-03-01' }, { date: '2026-03-01' }] },
      'calendar.duplicateDay workdays/1',
    ],
  ])('with %s', (_name, wrong, expected) => {
    expect(problemsOf({ ...shanghai, ...wrong })).toEqual([expected]);
  });

  test('with all its mistakes at once', () => {
    expect(problemsOf({ timeZone: 'x', weekly: [] })).toEqual([
      'calendar.code code',
      'calendar.timeZone timeZone',
      'calendar.weekly weekly',
    ]);
    expect(problemsOf(null)).toEqual(['calendar.shape']);
  });

  test('moments and limits that make no sense are refused, not walked to for ever', () => {
    const calendar: Calendar = compileCalendar(shanghai);
    const add = (start: number, value: number, unit: string) => () =>
      addLimit(calendar, start, { value, unit: unit as LimitUnit });
    expect(add(Number.NaN, 1, 'workingHour')).toThrow('calendar.moment');
    expect(add(9e15, 1, 'urgentHour')).toThrow('calendar.moment');
    expect(add(0, Number.NaN, 'workingHour')).toThrow('limit.value');
    expect(add(0, Number.POSITIVE_INFINITY, 'workingDay')).toThrow('limit.value');
    expect(add(0, -1, 'workingHour')).toThrow('limit.value');
    expect(add(0, 1, 'fortnight')).toThrow('limit.unit');
    expect(() => elapsed(calendar, 0, Number.NaN, 'workingHour')).toThrow('calendar.moment');
  });
});

test('the shipped calendars compile', () => {
  const folder = new URL('../../../config/calendar/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    compileCalendar(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as CalendarDefinition);
  }
});
