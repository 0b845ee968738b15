import { expect, test } from 'vitest';
import { Breath } from './breath.ts';

const work = (ms: number): void => {
  for (const until = performance.now() + ms; performance.now() < until;);
};

test('others have their turn between the steps of long work, and short work is not held up', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  const breath = new Breath();
  for (let i = 0; i < 5; i += 1) {
    work(10);
    await breath.take();
  }
  clearInterval(timer);
  expect(turns).toBeGreaterThanOrEqual(3);
  let waited = false;
  setImmediate(() => (waited = true));
  await new Breath().take();
  expect(waited).toBe(false);
});
