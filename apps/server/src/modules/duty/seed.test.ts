import { afterAll, beforeAll, expect, test } from 'vitest';
import { office, today, type Office } from './duty.testing.ts';
import { onDuty } from './on-duty.ts';
import { seedDuty } from './seed.ts';

let o: Office;
beforeAll(async () => {
  o = await office();
  for (const name of ['operator2', 'operator3', 'operator4'])
    await o.hire(name, 'operator', 'supervisionCentre');
  const { db, clock } = o.w.platform;
  await db
    .transaction()
    .execute((trx) => seedDuty(trx, { cityId: o.w.cityId, at: clock.now(), timeZone: 'Asia/Shanghai' }));
});
afterAll(() => o.close());

const rolesAt = async (time: string, day?: string): Promise<string[]> =>
  (await onDuty(o.w.platform, o.w.cityId, Date.parse(today(time, day)))).map((one) => one.role).toSorted();

test('a new city has collectors by day, and somebody at each desk', async () => {
  expect(await rolesAt('10:00')).toEqual(['collector', 'collector', 'dispatcher', 'operator', 'shiftLeader']);
  expect(await rolesAt('23:00')).toEqual(['operator']);
  expect(await rolesAt('05:00', '2026-04-20')).toEqual(['operator']);
  expect(await rolesAt('10:00', '2026-06-01')).toEqual([]);
});

test('nobody works two shifts at once, or goes from the night into the morning', async () => {
  const { rows } = await o.w.platform.pool.query(
    `select a.day from roster a join roster b on b.post_id = a.post_id and (b.day, b.shift_id) <> (a.day, a.shift_id)
      where upper(a.periods) between lower(b.periods) - interval '8 hours' and upper(b.periods) limit 3`,
  );
  expect(rows).toEqual([]);
});
