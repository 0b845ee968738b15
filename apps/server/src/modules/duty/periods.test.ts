import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minutesOf, momentsOf, mondayOf, multirange, weekdayOf } from './periods.ts';

const HOUR = 3_600_000;
const hours = (moments: readonly (readonly [number, number])[]): number =>
  moments.reduce((sum, [from, to]) => sum + to - from, 0) / HOUR;

describe('the hours of a shift', () => {
  test('begin on their day and may end on the next', () => {
    const night = { '2': [['22:00', '06:00'] as [string, string]] };
    expect(momentsOf(night, '2026-03-03', 'Asia/Shanghai')).toEqual([
      [Date.UTC(2026, 2, 3, 14), Date.UTC(2026, 2, 3, 22)],
    ]);
    expect(momentsOf(night, '2026-03-04', 'Asia/Shanghai')).toEqual([]);
  });

  test('may have a break, also after midnight, and fill a day and a night', () => {
    expect(
      minutesOf([
        ['08:00', '12:00'],
        ['14:00', '18:00'],
      ]),
    ).toEqual([
      [480, 720],
      [840, 1080],
    ]);
    expect(
      minutesOf([
        ['22:00', '02:00'],
        ['03:00', '06:00'],
      ]),
    ).toEqual([
      [1320, 1560],
      [1620, 1800],
    ]);
    expect(minutesOf([['08:00', '08:00']])).toEqual([[480, 1920]]);
    expect(minutesOf([['18:00', '24:00']])).toEqual([[1080, 1440]]);
  });

  test('do not overlap', () => {
    expect(
      minutesOf([
        ['08:00', '12:00'],
        ['11:00', '15:00'],
      ]),
    ).toBeNull();
  });

  test('are an hour shorter or longer where the clocks change', () => {
    const weekly = { '6': [['22:00', '06:00'] as [string, string]] };
    expect(hours(momentsOf(weekly, '2026-03-28', 'Europe/Berlin'))).toBe(7);
    expect(hours(momentsOf(weekly, '2026-10-24', 'Europe/Berlin'))).toBe(9);
    expect(hours(momentsOf(weekly, '2026-03-07', 'Europe/Berlin'))).toBe(8);
    // Wholly within the hour that is skipped: nobody can work it.
    const gone = { '7': [['02:10', '02:50'] as [string, string]] };
    expect(hours(momentsOf(gone, '2026-03-29', 'Europe/Berlin'))).toBeLessThanOrEqual(40 / 60);
  });

  test('of any pattern are in order, apart, and within a day, a night and an hour', () => {
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`);
    const day = fc
      .integer({ min: 0, max: 800 })
      .map((n) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(time, time), { minLength: 1, maxLength: 4 }),
        day,
        fc.constantFrom('Asia/Shanghai', 'Europe/Berlin', 'America/Santiago', 'Australia/Lord_Howe'),
        (periods, date, zone) => {
          const moments = momentsOf({ [weekdayOf(date)]: periods }, date, zone);
          if (minutesOf(periods) === null) expect(moments).toEqual([]);
          for (const [index, [from, to]] of moments.entries()) {
            expect(to).toBeGreaterThan(from);
            expect(from).toBeGreaterThanOrEqual(moments[index - 1]?.[1] ?? 0);
            expect(to - moments[0]![0]).toBeLessThanOrEqual(25 * HOUR);
          }
        },
      ),
    );
  });
});

test('a week begins on its Monday', () => {
  expect(mondayOf('2026-03-03')).toBe('2026-03-02');
  expect(mondayOf('2026-03-02')).toBe('2026-03-02');
  expect(mondayOf('2026-03-08')).toBe('2026-03-02');
});

test('moments as PostgreSQL reads them', () => {
  expect(multirange([[0, 1000]])).toBe('{[1970-01-01T00:00:00.000Z,1970-01-01T00:00:01.000Z)}');
});
