import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cell, daysOf, entriesOf, mondayOf, planOf, samePlan, toggled, type Plan } from './week.ts';

test('a week is named by its Monday', () => {
  expect(mondayOf('2026-11-21')).toBe('2026-11-16');
  expect(mondayOf('2026-11-16')).toBe('2026-11-16');
  expect(mondayOf('2026-11-15')).toBe('2026-11-09');
  expect(daysOf('2026-12-28').at(-1)).toBe('2027-01-03');
});

test('every day lies in the week of its Monday', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40_000 }), (n) => {
      const day = new Date(n * 86_400_000).toISOString().slice(0, 10);
      expect(daysOf(mondayOf(day))).toContain(day);
    }),
  );
});

test('a shift that is put in twice is out again, whatever else stands there', () => {
  const shift = fc.constantFrom('early', 'late', 'night');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b'), shift)), shift, (steps, last) => {
      const start: Plan = new Map();
      const plan = steps.reduce((now, [post, one]) => toggled(now, cell(post, '2026-11-16'), one), start);
      const key = cell('a', '2026-11-16');
      expect(samePlan(toggled(toggled(plan, key, last), key, last), plan)).toBe(true);
    }),
  );
});

test('what is sent is what was planned', () => {
  const entries = [
    { post: { id: 'p1' }, day: '2026-11-16', shift: { id: 's2' } },
    { post: { id: 'p1' }, day: '2026-11-16', shift: { id: 's1' } },
    { post: { id: 'p2' }, day: '2026-11-17', shift: { id: 's1' } },
  ];
  expect(entriesOf(planOf(entries))).toEqual([
    { postId: 'p1', day: '2026-11-16', shiftId: 's1' },
    { postId: 'p1', day: '2026-11-16', shiftId: 's2' },
    { postId: 'p2', day: '2026-11-17', shiftId: 's1' },
  ]);
});
