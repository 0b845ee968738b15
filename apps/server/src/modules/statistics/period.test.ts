import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays } from '#platform/clock';
import { splitByMonth, type Period } from './period.ts';

const daysOf = ({ from, to }: Period): string[] => {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
};

describe('a period by its months', () => {
  test('whole months and the days at both ends', () => {
    expect(splitByMonth({ from: '2024-01-31', to: '2026-03-01' })).toEqual({
      months: { from: '2024-02-01', to: '2026-02-01' },
      days: [
        { from: '2024-01-31', to: '2024-01-31' },
        { from: '2026-03-01', to: '2026-03-01' },
      ],
    });
    expect(splitByMonth({ from: '2026-02-01', to: '2026-02-28' })).toEqual({
      months: { from: '2026-02-01', to: '2026-02-01' },
      days: [],
    });
    expect(splitByMonth({ from: '2026-02-02', to: '2026-03-30' })).toEqual({
      months: null,
      days: [{ from: '2026-02-02', to: '2026-03-30' }],
    });
  });

  test('each day is in exactly one part, for any period', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(1100), (start, length) => {
        const from = addDays('2023-11-15', start);
        const period = { from, to: addDays(from, length) };
        const { months, days } = splitByMonth(period);
        // The rollup of a month has all of its days: from its first to the day before the next month's first.
        const ofMonths = months ? daysOf({ from: months.from, to: addDays(months.to, 31) }) : [];
        const last = months ? addDays(`${addDays(months.to, 31).slice(0, 8)}01`, -1) : '';
        const all = [...days.flatMap(daysOf), ...ofMonths.filter((day) => day <= last)];
        expect(all.toSorted()).toEqual(daysOf(period));
        expect(months?.from.endsWith('-01') ?? true).toBe(true);
        expect(months?.to.endsWith('-01') ?? true).toBe(true);
      }),
    );
  });
});
