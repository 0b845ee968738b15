import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

it('as many at a time as may, in order, and a failure makes room too', async () => {
  const turn = createTurns(2);
  let running = 0;
  let most = 0;
  const begun: number[] = [];
  const all = Array.from({ length: 20 }, (_, n) =>
    turn(async () => {
      begun.push(n);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, n % 3));
      running -= 1;
      if (n % 4 === 0) throw new Error(String(n));
      return n;
    }).catch((error: Error) => -Number(error.message)),
  );
  expect(await Promise.all(all)).toEqual(Array.from({ length: 20 }, (_, n) => (n % 4 === 0 ? -n : n)));
  expect(most).toBe(2);
  expect(begun).toEqual(begun.toSorted((a, b) => a - b));
});
