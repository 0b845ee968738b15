import { expect, test } from 'vitest';
import { PastClock } from './past-clock.ts';

test('it stands in the past, moves forward only, and is the real clock in the end', () => {
  let real = 5000;
  const clock = new PastClock(1000, { now: () => real });
  expect([clock.now(), clock.past]).toEqual([1000, true]);
  clock.set(1500.9);
  expect(clock.now()).toBe(1500);
  expect(() => clock.set(1499)).toThrow('clock.backwards');
  expect(() => clock.set(Number.NaN)).toThrow('clock.backwards');
  clock.release();
  real = 6000;
  expect([clock.now(), clock.past]).toEqual([6000, false]);
  expect(() => clock.set(7000)).toThrow('clock.backwards');
});
