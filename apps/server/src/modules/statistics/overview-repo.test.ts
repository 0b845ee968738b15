import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plansOf, queriesOf } from '#platform/jobs-testing';
import type { Db } from '#platform/pool';
import { testDatabase, type TestDatabase } from '#platform/testing';
import * as repo from './overview-repo.ts';
import type { Reach } from './reach.ts';

const ID = '019ab2c4-7f00-7abc-8def-0123456789ab';
// Days, a whole month, days.
const period = { from: '2025-12-20', to: '2026-02-10' };
const city: Reach = { cityId: ID, only: null, scopeIds: [ID], districts: [] };
const street: Reach = { cityId: ID, only: { by: 'region', ids: [ID] }, scopeIds: null, districts: [] };
const department: Reach = {
  cityId: ID,
  only: { by: 'department', ids: [ID] },
  scopeIds: [ID],
  districts: [],
};

const QUERIES: Record<string, (db: Db, reach: Reach) => Promise<unknown>> = {
  by_day: (db, reach) => repo.countByDay(db, reach, period),
  by_source: (db, reach) => repo.countBySource(db, reach, period),
  by_category: (db, reach) => repo.countByCategory(db, reach, period),
  by_department: (db, reach) => repo.countByDepartment(db, reach, period),
  by_district: (db, reach) => repo.countByDistrict(db, reach, period),
  open_by_department: (db, reach) => repo.openByDepartment(db, reach),
  open: (db, reach) => repo.countOpen(db, reach, new Date(0)),
};

let t: TestDatabase;
beforeAll(async () => {
  t = await testDatabase();
});
afterAll(() => t.drop());

describe('statements that are kept for review', () => {
  for (const [name, query] of Object.entries(QUERIES)) {
    for (const [where, reach] of Object.entries({ city, street, department })) {
      test(`${name} of a ${where}`, async () => {
        const [sent] = await queriesOf(t.pool, (db) => query(db, reach));
        await expect(`${sent!.sql.trim()}\n`).toMatchFileSnapshot(`queries/${name}_${where}.sql`);
        expect(sent!.sql).not.toMatch(/"case"/); // no figure looks at the case table
      });
    }
  }
});

describe('with a hundred thousand cases', () => {
  beforeAll(async () => {
    await t.pool.query(
      `insert into city (id, code, name, time_zone, created_at) values ('${ID}', 'x', '{}', 'UTC', '2026-01-01')`,
    );
    await t.pool.query(
      `insert into fact_case (case_id, city_id, source, kind, street_id, community_id, reported_at, reported_day,
         ended_at, ended_day, outcome, last_seq)
       select gen_random_uuid(), $1::uuid, 'video', 'problem', case n % 500 when 0 then $1::uuid end, null, '2026-01-05', '2026-01-05',
         case when n % 200 > 0 then '2026-01-06'::timestamptz end, case when n % 200 > 0 then '2026-01-06'::date end,
         case when n % 200 > 0 then 'rejected' end, 8
       from generate_series(1, 100000) n`,
      [ID],
    );
    await t.pool.query(
      `insert into fact_task (task_id, case_id, city_id, step, role, opened_at, due_at, done_at)
       select case_id, case_id, city_id, 'file', 'operator', reported_at, reported_at, ended_at from fact_case`,
    );
    await t.pool.query('vacuum analyze fact_case, fact_task');
  });

  test('what is open, and a street, are found by their indexes', async () => {
    const [open] = await plansOf(t.pool, (db) => repo.countOpen(db, city, new Date('2026-02-01')));
    expect(open).not.toMatch(/Seq Scan on fact_(case|task)_/);
    const [ofStreet] = await plansOf(t.pool, (db) => repo.countByDay(db, street, period));
    expect(ofStreet).not.toMatch(/Seq Scan on fact_case_/);
    expect(await repo.countBySource(t.db, street, period)).toMatchObject([{ reported: 200, ended: 100 }]);
    expect(await repo.countOpen(t.db, city, new Date('2026-02-01'))).toEqual({
      open: 500,
      openOverdue: 500,
      suspended: 0,
    });
    expect(await repo.countByDay(t.db, street, period)).toMatchObject([
      { day: '2026-01-05', reported: 200 },
      { day: '2026-01-06', reported: 0, closed: 0 },
    ]);
  });
});
