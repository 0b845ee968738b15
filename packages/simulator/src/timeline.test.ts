import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Timeline } from './timeline.ts';

const turn = (n = 1) => new Promise<void>((resolve) => setTimeout(resolve, n % 3));

test('everything happens once, on a clock that never goes back, at its time or at most a window later', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(1000), fc.array(fc.nat(200), { maxLength: 3 })), { maxLength: 20 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(100),
      async (plan, lanes, windowMs) => {
        const line = new Timeline();
        let clock = -1;
        let most = 0;
        let running = 0;
        const seen: [planned: number, clock: number][] = [];
        const put = (at: number, after: readonly number[]): void =>
          line.add(at, async () => {
            running += 1;
            most = Math.max(most, running);
            seen.push([at, clock]);
            await turn(at);
            after.forEach((ms, i) => put(at + ms, i === 0 ? [] : [ms]));
            running -= 1;
          });
        plan.forEach(([at, after]) => put(at, after));
        await line.play({
          lanes,
          windowMs,
          advance: async (to) => {
            expect(to).toBeGreaterThan(clock);
            await turn();
            clock = to;
          },
        });
        const total = plan.reduce((n, [, after]) => n + 1 + after.length + Math.max(0, after.length - 1), 0);
        expect(seen).toHaveLength(total);
        expect(most).toBeLessThanOrEqual(lanes);
        for (const [at, when] of seen) {
          expect(when).toBeGreaterThanOrEqual(at);
          expect(when).toBeLessThanOrEqual(at + windowMs);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('it stops at the moment it is told, and what lies behind it stays', async () => {
  const line = new Timeline();
  const seen: number[] = [];
  for (const at of [5, 1, 9]) line.add(at, async () => void seen.push(at));
  await line.play({ lanes: 2, windowMs: 0, advance: () => undefined }, () => 6);
  expect(seen).toEqual([1, 5]);
  expect(line.next).toBe(9);
});

test('the first error ends it, after what had begun is over', async () => {
  const line = new Timeline();
  let finished = false;
  line.add(1, () => turn(2).then(() => void (finished = true)));
  line.add(1, () => Promise.reject(new Error('broken')));
  line.add(2, () => Promise.reject(new Error('never')));
  await expect(line.play({ lanes: 3, windowMs: 0, advance: () => undefined })).rejects.toThrow('broken');
  expect(finished).toBe(true);
});

test('an abort ends it', async () => {
  const stop = new AbortController();
  const line = new Timeline();
  const again = (at: number): void =>
    line.add(at, async () => {
      await turn();
      if (at === 50) stop.abort(new Error('enough'));
      again(at + 1);
    });
  again(0);
  await expect(
    line.play({ lanes: 1, windowMs: 0, advance: () => undefined, signal: stop.signal }),
  ).rejects.toThrow('enough');
});
