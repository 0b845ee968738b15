import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Task } from '@wanmi/contracts';
import { createTimerLoop } from '#platform/timer-loop';
import { desk, type Desk } from '#testing/desk';
import { fireTimer } from './timers.ts';

const HOUR = 3_600_000;
let d: Desk;
beforeAll(async () => {
  d = await desk();
});
afterAll(() => d.w.close());

test('one command sent twice at once, just after a clock rang, has one answer', async () => {
  const { platform, app } = d.w;
  const { case: made } = await d.report(0, { decision: 'accept' });
  const { rows } = await platform.pool.query<Pick<Task, 'id'>>(
    'select id from task where case_id = $1 and done_at is null',
    [made.id],
  );
  // What the user saw is older than the clock's entry.
  platform.clock.advance(2 * HOUR);
  await createTimerLoop(platform, { fire: (trx, timer) => fireTimer(platform, trx, timer) }).drain();
  const key = randomUUID();
  const send = () =>
    app.inject({
      method: 'POST',
      url: `/api/v1/tasks/${rows[0]!.id}/actions/file`,
      headers: { ...d.w.as('shiftLeader').headers, 'idempotency-key': key },
      payload: { version: made.version, data: { conditionId: d.w.rules.conditions.rubbish } },
    });
  // Between the moment the second has read the case and the moment it looks who was first, the first is done.
  const { pool } = platform;
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  let first: Awaited<ReturnType<typeof send>> | undefined;
  let looked = false;
  Object.assign(pool, {
    query: async (...args: unknown[]) => {
      if (!looked && typeof args[0] === 'string' && args[0].includes('person_id is not null order by seq')) {
        looked = true;
        first = await send();
      }
      return query(...args);
    },
  });
  const second = await send();
  Object.assign(pool, { query });
  expect(looked).toBe(true);
  expect([first!.statusCode, second.statusCode], second.body).toEqual([200, 200]);
  expect(second.json()).toEqual(first!.json());
});
