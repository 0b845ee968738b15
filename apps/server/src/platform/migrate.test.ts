import { expect, test } from 'vitest';
import { testDatabase } from './testing.ts';

test('clone', async () => {
  const t = await testDatabase();
  expect(
    (await t.pool.query("select array['2024-01-02'::date,null] as a, 5::int8 b, array[1,null]::int8[] c"))
      .rows,
  ).toEqual([{ a: ['2024-01-02', null], b: 5, c: [1, null] }]);
  await t.drop();
});
