import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Overview, type EventBody } from '@wanmi/contracts';
import { PASSWORD, testCity, world, type World } from '#testing/world';
import { addDays, cityDay, VirtualClock } from '#platform/clock';
import { createScheduler } from '#platform/jobs';
import type { OutboxRow } from '#platform/outbox';
import { addProcess, appendEvents, lifeOf, type Ground } from '#platform/outbox-testing';
import * as statistics from './index.ts';
import { applyRows, foldAll } from './apply.ts';
import { openDays, writeOpenDays } from './open-day.ts';
import { wholeLife } from './life-testing.ts';
import { rebuildDaily, rebuildFacts } from './rebuild.ts';
import { settleOutbox } from '#platform/outbox-care';

const ZONE = 'Asia/Shanghai';
const DAY = 86_400_000;
let w: World;
let start: number;
let ground: Ground;

beforeAll(async () => {
  w = await world({ modules: [statistics] });
  start = w.platform.clock.now();
  ground = groundOf(0, 1);
  await addProcess(w.platform.db, w.cityId, start);
});
afterAll(() => w.close());

/** The world's districts as places of a test's cases. */
function groundOf(...districts: (0 | 1)[]): Ground {
  return {
    cityId: w.cityId,
    places: districts.map((index) => {
      const { id, streetId, communityId, patrolGridId, unitGridIds } = w.districts[index];
      return {
        unitGridId: unitGridIds[0]!,
        patrolGridId,
        districtId: id,
        streetId,
        communityId,
        grade: null,
      };
    }),
    departments: [w.units.department1, w.units.department2],
    centreId: w.units.supervisionCentre,
    collectorPostId: w.person('collector').postId,
    operatorPostId: w.person('operator').postId,
    categories: Object.values(w.rules.categories),
  };
}

const rowsOf = (events: readonly EventBody[]): OutboxRow[] =>
  events.map((event, pos) => ({
    xid: '1',
    pos,
    cityId: event.cityId,
    at: new Date(event.at),
    topic: 'case',
    caseId: event.caseId,
    seq: event.seq,
    payload: null,
  }));

const apply = (rows: readonly OutboxRow[]): Promise<void> =>
  w.platform.db.transaction().execute((trx) => applyRows(w.platform, trx, rows));

const FACTS = {
  fact_report: 'report_id',
  fact_case: 'case_id',
  fact_assignment: 'assignment_id',
  fact_task: 'task_id',
  fact_application: 'application_id',
  fact_reopening: 'seq',
} as const;

async function factsOf(caseIds: readonly string[]): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [table, key] of Object.entries(FACTS)) {
    const { rows } = await sql`select * from ${sql.table(table)} where case_id = any(${[...caseIds]}::uuid[])
      order by case_id, ${sql.ref(key)}`.execute(w.platform.db);
    found[table] = rows;
  }
  return found;
}

/** The rollups, without cells that came back to nothing. */
async function daily(): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const table of ['source', 'category', 'department'].flatMap((of) => [
    `daily_${of}`,
    `monthly_${of}`,
  ])) {
    const { rows } = await sql<{ row: Record<string, unknown> }>`
      select to_jsonb(d) as row from ${sql.table(table)} d where city_id = ${w.cityId}::uuid`.execute(
      w.platform.db,
    );
    const filled = rows.filter(({ row }) =>
      Object.values(row).some((value) => typeof value === 'number' && value !== 0),
    );
    all.push(...filled.map(({ row }) => JSON.stringify({ table, ...row })).toSorted());
  }
  return all;
}

const lives = fc.array(
  fc
    .record({ minute: fc.nat(3000), choices: fc.array(fc.nat(99), { minLength: 4, maxLength: 160 }) })
    .map(({ minute, choices }) => ({ minute, choices })),
  { minLength: 1, maxLength: 5 },
);

describe('following the log', () => {
  test('in whatever order rows come, however they are cut and repeated: the same as replaying the log', async () => {
    await fc.assert(
      fc.asyncProperty(lives, fc.infiniteStream(fc.nat(1000)), async (plans, random) => {
        const next = () => random.next().value as number;
        const cases = plans.map(({ minute, choices }, n) =>
          (n % 3 === 0 ? lifeOf : wholeLife)(ground, start + minute * 60_000, choices),
        );
        const events = cases.flat();
        const ids = cases.map((life) => life[0]!.caseId);
        await appendEvents(w.platform.db, events);

        const shuffled = rowsOf([...events, ...events.filter(() => next() % 4 === 0)])
          .map((row) => ({ row, at: next() }))
          .sort((a, b) => a.at - b.at)
          .map(({ row }) => row);
        while (shuffled.length > 0) await apply(shuffled.splice(0, 1 + (next() % 9)));

        const followed = await factsOf(ids);
        const counted = await daily();
        const folded = foldAll(new Map(), events, () => ZONE);
        expect(followed['fact_case']).toHaveLength(cases.length);
        expect(followed['fact_task']).toHaveLength(folded.tasks.size);
        expect(followed['fact_assignment']).toHaveLength(folded.assignments.size);
        expect(followed['fact_report']).toHaveLength(folded.reports.length);
        expect(followed['fact_application']).toHaveLength(folded.applications.size);
        expect(followed['fact_reopening']).toHaveLength(folded.reopenings.length);

        // The counts moved by steps are those of the facts, counted in SQL.
        await w.platform.db.transaction().execute((trx) => rebuildDaily(trx, w.cityId));
        expect(await daily()).toEqual(counted);
        await rebuildFacts(w.platform, w.cityId);
        expect(await factsOf(ids)).toEqual(followed);
        expect(await daily()).toEqual(counted);
      }),
      { numRuns: 12 },
    );
  }, 400_000);

  test('rows of other topics, and of cases that the facts have passed, change nothing', async () => {
    const events = lifeOf(ground, start, [0, 0, 1, 0, 0, 1, 30, 1, 30]);
    await appendEvents(w.platform.db, events);
    const rows = rowsOf(events);
    await apply(rows);
    const before = [await factsOf([events[0]!.caseId]), await daily()];
    await apply(rows.slice(0, 1));
    await apply(rows.map((row) => ({ ...row, topic: 'notice' })));
    expect([await factsOf([events[0]!.caseId]), await daily()]).toEqual(before);
  });

  test('the relay follows what commands write', async () => {
    const relay = statistics.statisticsRelay(w.platform);
    await relay.drain();
    const events = lifeOf(ground, start, [0, 0, 1, 0, 0, 1, 30]);
    await appendEvents(w.platform.db, events);
    await settleOutbox(w.platform, []);
    expect(await relay.drain()).toBe(events.length);
    expect(await relay.drain()).toBe(0);
    const { fact_case: facts } = await factsOf([events[0]!.caseId]);
    expect(facts).toMatchObject([{ last_seq: events.length, district_id: w.districts[0].id }]);
  });

  test('a rebuild replaces what is wrong and removes what belongs to no case', async () => {
    const events = lifeOf(ground, start, [0, 0, 1, 0, 0, 1, 30, 1, 30, 0, 1, 30, 0]);
    await appendEvents(w.platform.db, events);
    await apply(rowsOf(events));
    const ids = [events[0]!.caseId];
    const right = [await factsOf(ids), await daily()];
    await sql`update fact_case set source = 'video', reported_day = '2020-01-01', dispatches = 9
      where case_id = ${ids[0]}`.execute(w.platform.db);
    await sql`insert into fact_task (task_id, case_id, city_id, step, role, opened_at)
      values (gen_random_uuid(), ${ids[0]}, ${w.cityId}, 'file', 'operator', ${events[0]!.at}),
        (gen_random_uuid(), gen_random_uuid(), ${w.cityId}, 'file', 'operator', ${events[0]!.at})`.execute(
      w.platform.db,
    );
    await sql`update daily_source set reported = reported + 5 where city_id = ${w.cityId}`.execute(
      w.platform.db,
    );
    let told = 0;
    const { cases } = await rebuildFacts(w.platform, w.cityId, (n) => (told = n));
    expect(told).toBe(cases);
    expect([await factsOf(ids), await daily()]).toEqual(right);
    const orphans = await sql`select 1 from fact_task t
      where not exists (select 1 from "case" c where c.id = t.case_id)`.execute(w.platform.db);
    expect(orphans.rows).toEqual([]);
  });
});

describe('open at the end of a day', () => {
  const read = async (day: string, ids: readonly string[]) =>
    (
      await sql<{ case_id: string; stage: string; overdue: boolean }>`
        select case_id, stage, overdue from fact_open where day = ${day}::date and case_id = any(${[...ids]}::uuid[])
        order by case_id`.execute(w.platform.db)
    ).rows;

  test('days are written as the log says they were, also long after', async () => {
    const cases = Array.from({ length: 12 }, (_x, n) =>
      lifeOf(ground, start + n * 3_600_000, [
        n,
        n,
        n,
        0,
        n,
        ...Array.from({ length: n * 5 }, (_y, i) => (i * 37 + n * 11) % 100),
      ]),
    );
    await appendEvents(w.platform.db, cases.flat());
    await apply(rowsOf(cases.flat()));
    const from = cityDay(start, ZONE);
    const to = addDays(from, 6);
    await writeOpenDays(w.platform, w.cityId, { from, to });
    const ids = cases.map((life) => life[0]!.caseId).toSorted();
    for (let day = from; day <= to; day = addDays(day, 1)) {
      const expected = cases
        .flatMap((life) => openDays(life, ZONE, day, day))
        .map((row) => ({ case_id: row.caseId, stage: row.stage, overdue: row.overdue }))
        .toSorted((a, b) => (a.case_id < b.case_id ? -1 : 1));
      expect(await read(day, ids)).toEqual(expected);
    }
    // Again, over rows that do not belong there: nothing doubles, and they go.
    await sql`update fact_open set stage = 'nowhere' where day = ${from}::date`.execute(w.platform.db);
    await sql`insert into fact_open (city_id, day, case_id, stage, overdue)
      values (${w.cityId}, ${from}::date, gen_random_uuid(), 'file', false)`.execute(w.platform.db);
    await writeOpenDays(w.platform, w.cityId, { from, to: from });
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from fact_open
      where day = ${from}::date and (stage = 'nowhere'
        or not exists (select 1 from "case" c where c.id = case_id))`.execute(w.platform.db);
    expect(rows[0]!.n).toBe(0);
    // So does whoever builds all facts anew.
    const kept = await read(from, ids);
    expect(kept.length).toBeGreaterThan(0);
    await sql`update fact_open set stage = 'nowhere' where day = ${from}::date`.execute(w.platform.db);
    await rebuildFacts(w.platform, w.cityId);
    expect(await read(from, ids)).toEqual(kept);
  });

  test('the daily job closes the books of a day after its last command, and of days that were missed', async () => {
    const today = cityDay(w.platform.clock.now(), ZONE);
    const scheduler = createScheduler(w.platform, [statistics.openDayJob]);
    await scheduler.runOnce();
    const events = lifeOf(ground, w.platform.clock.now(), [0, 0, 1, 0, 0]);
    await appendEvents(w.platform.db, events);
    w.platform.clock.advance(3 * DAY);
    expect(await scheduler.runOnce()).toEqual(['statistics.openDay']);
    // No relay ran: the job has the facts follow first.
    for (const day of [today, addDays(today, 1), addDays(today, 2)]) {
      expect(await read(day, [events[0]!.caseId])).toHaveLength(1);
    }
    expect(await read(addDays(today, 3), [events[0]!.caseId])).toEqual([]);
  });
});

describe('GET /statistics/overview', () => {
  const url = '/api/v1/statistics/overview';
  const get = async (who: string, query = '') => {
    const reply = await w.app.inject({ url: `${url}${query}`, ...w.as(who) });
    expect(reply.statusCode, reply.body).toBe(200);
    return Overview.parse(reply.json());
  };
  const status = async (who: string, query = '') =>
    (await w.app.inject({ url: `${url}${query}`, ...w.as(who) })).statusCode;

  // Each day of this stretch has what the test puts there, and nothing else.
  const FROM = Date.UTC(2026, 6, 1, 2);
  const period = '?from=2026-07-01&to=2026-07-02';

  beforeAll(async () => {
    // West: closed in time; East: one rejected, one closed, one that stays open with the second department.
    const whole = Array.from({ length: 16 }, () => 30);
    const lifes = [
      lifeOf(groundOf(0), FROM, [0, 0, 1, 0, 0, ...whole]),
      lifeOf(groundOf(1), FROM + DAY, [0, 1, 1, 1, 0, ...whole]),
      lifeOf(groundOf(1), FROM, [0, 1, 1, 0, 0, 1, 95]),
      lifeOf(groundOf(1), FROM + DAY, [0, 2, 0, 0, 1, 30, 1, 30, 1, 1, 30, 1]),
    ];
    expect(lifes.map((life) => life.at(-1)!.to)).toEqual(['ended', 'ended', 'ended', 'sign']);
    await appendEvents(w.platform.db, lifes.flat());
    await settleOutbox(w.platform, [statistics.statisticsRelay(w.platform)]);
  });

  test('401 without a session, 403 without the permission, 400 for what is no period', async () => {
    expect((await w.app.inject({ url })).statusCode).toBe(401);
    expect(await status('collector')).toBe(403);
    expect(await status('department1')).toBe(403);
    for (const query of [
      '?from=yesterday',
      '?from=2026-02-30',
      '?from=2026-02-02&to=2026-02-01',
      '?from=2020-01-01&to=2026-01-01',
      '?regionId=1',
    ]) {
      expect(await status('leader', query)).toBe(400);
    }
  });

  test('counts the city by its own days', async () => {
    const found = await get('leader', period);
    expect(found).toMatchObject({
      from: '2026-07-01',
      to: '2026-07-02',
      reported: 4,
      filed: 3,
      dispatched: 3,
      closed: 2,
      closedOnTime: 2,
      ended: 3,
    });
    expect(found.byDay).toEqual([
      { day: '2026-07-01', reported: 2, filed: 1, closed: 1 },
      { day: '2026-07-02', reported: 2, filed: 2, closed: 1 },
    ]);
    expect(found.bySource).toEqual([
      { source: 'hotline12345', reported: 2 },
      { source: 'collector', reported: 1 },
      { source: 'video', reported: 1 },
    ]);
    // Filed as what it is, and not as what it was reported as.
    expect(found.byCategory.map((row) => [row.category.id, row.reported])).toEqual([
      [w.rules.categories.cover, 3],
      [w.rules.categories.rubbish, 1],
    ]);
    expect(found.byDistrict.map((row) => [row.region.id, row.reported, row.filed, row.closed])).toEqual([
      [w.districts[0].id, 1, 1, 1],
      [w.districts[1].id, 3, 2, 1],
    ]);
    const departments = new Map(found.byDepartment.map((row) => [row.unit.id, row]));
    expect(departments.get(w.units.department1)).toMatchObject({
      dispatched: 2,
      responded: 2,
      onTime: 2,
      overdue: 0,
    });
    expect(departments.get(w.units.department2)).toMatchObject({ dispatched: 1, responded: 0, onTime: 0 });
  });

  test('shows a district leader that district alone, whatever is asked for', async () => {
    const [west, east] = w.districts;
    const own = await get('districtLeader', period);
    expect(own).toMatchObject({ reported: 3, filed: 2, closed: 1, ended: 2 });
    expect(own.byDistrict.map((row) => row.region.id)).toEqual([east.id]);
    expect(own.byDepartment.reduce((sum, row) => sum + row.dispatched, 0)).toBe(2);
    expect(await get('districtLeader', `${period}&regionId=${east.streetId}`)).toMatchObject({
      reported: 3,
      byDistrict: [],
    });
    expect(await status('districtLeader', `${period}&regionId=${west.id}`)).toBe(404);
    expect(await status('districtLeader', `${period}&regionId=${west.communityId}`)).toBe(404);
    expect(await status('leader', `${period}&regionId=${w.cityId}`)).toBe(404); // no region of that id
    expect((await get('leader', `${period}&regionId=${west.communityId}`)).reported).toBe(1);
  });

  test('streets and communities are counted from the facts, to the same figures as their district', async () => {
    const [, { id, streetId, communityId }] = w.districts;
    const { byDistrict, ...whole } = await get('leader', `${period}&regionId=${id}`);
    expect(byDistrict).toHaveLength(1);
    expect(whole.reported).toBe(3);
    for (const regionId of [streetId, communityId]) {
      expect(await get('leader', `${period}&regionId=${regionId}`)).toEqual({ ...whole, byDistrict: [] });
    }
  });

  test("a neighbour city's leader sees nothing of it", async () => {
    const { people } = await testCity(w.platform, '-neighbour');
    const headers = { authorization: `Bearer ${people.get('leader-neighbour')!.token}` };
    const found = Overview.parse((await w.app.inject({ url: `${url}${period}`, headers })).json());
    expect(found).toMatchObject({ reported: 0, open: 0, openOverdue: 0, bySource: [], byDepartment: [] });
    expect(found.byDistrict.map((row) => row.reported)).toEqual([0, 0]);
    const asked = await w.app.inject({ url: `${url}?regionId=${w.districts[0].id}`, headers });
    expect(asked.statusCode).toBe(404);
  });

  test('a unit scope counts what its departments answer for, and knows no regions', async () => {
    await sql`update role set permissions = permissions || '{statistics.read}'
      where code = 'department' and city_id = ${w.cityId}`.execute(w.platform.db);
    const fresh = await signInAgain('department2');
    const reply = await w.app.inject({ url: `${url}${period}`, headers: fresh });
    const found = Overview.parse(reply.json());
    expect(found).toMatchObject({ reported: 1, filed: 1, dispatched: 1, closed: 0, byDistrict: [] });
    expect(found.byDepartment.map((row) => [row.unit.id, row.dispatched])).toEqual([
      [w.units.department2, 1],
    ]);
    const asked = await w.app.inject({ url: `${url}?regionId=${w.districts[0].id}`, headers: fresh });
    expect(asked.statusCode).toBe(404);
  });

  test('a post that sees only its own items has no figures', async () => {
    await sql`update role set permissions = permissions || '{statistics.read}'
      where code = 'collector' and city_id = ${w.cityId}`.execute(w.platform.db);
    const reply = await w.app.inject({ url, headers: await signInAgain('collector2') });
    expect(reply.statusCode).toBe(403);
  });

  test('open work is counted now, its overdue part by the clock', async () => {
    const before = await get('leader', period);
    // The clock stands still: what other tests left open may fall due in any minute.
    const open = async (ago: number) => {
      await appendEvents(w.platform.db, lifeOf(groundOf(1), w.platform.clock.now() - ago, [0, 0, 1, 0, 0]));
      await settleOutbox(w.platform, [statistics.statisticsRelay(w.platform)]);
      return get('leader', period);
    };
    const after = await open(0);
    expect([after.open, after.openOverdue]).toEqual([before.open + 1, before.openOverdue]);
    const late = await open(16 * 60_000);
    expect([late.open, late.openOverdue]).toEqual([after.open + 1, after.openOverdue + 1]);
    const west = await get('leader', `?regionId=${w.districts[0].id}`);
    const east = await get('leader', `?regionId=${w.districts[1].id}`);
    expect([west.open + east.open, west.openOverdue + east.openOverdue]).toEqual([
      late.open,
      late.openOverdue,
    ]);
    expect(late.byDepartment.reduce((sum, row) => sum + row.open, 0)).toBeGreaterThan(0);
  });

  test('without a period, the last thirty days', async () => {
    const found = await get('leader');
    expect(found.byDay).toHaveLength(30);
    expect(found.to).toBe(cityDay(w.platform.clock.now(), ZONE));
  });

  /** A role's new permissions show in a new session at once. */
  async function signInAgain(who: string): Promise<Record<string, string>> {
    const { rows } = await sql<{
      username: string;
    }>`select username from person where id = ${w.person(who).personId}`.execute(w.platform.db);
    const reply = await w.app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: rows[0]!.username, password: PASSWORD },
    });
    return { authorization: `Bearer ${reply.json<{ token: string }>().token}` };
  }
});

describe('a clock that is set back', () => {
  test('what is done on a day whose books are closed is in them, as a rebuild has it', async () => {
    const { platform, cityId } = w;
    const now = platform.clock.now();
    const ahead = { ...platform, clock: new VirtualClock({ start: now + DAY, rate: 0 }) };
    const scheduler = createScheduler(ahead, [statistics.openDayJob]);
    const relay = statistics.statisticsRelay(platform);
    const day = cityDay(now, ZONE);
    const life = lifeOf(ground, now, [0, 0, 0, 0, 2, 50, 2, 50, 0]);
    const other = lifeOf(ground, now + 60_000, [0, 0, 0, 0, 2, 50]);
    const [first, ...more] = life;
    const books = async (): Promise<unknown[]> =>
      (
        await sql`select case_id, stage from fact_open
          where day = ${day}::date and case_id in (${first!.caseId}, ${other[0]!.caseId}) order by case_id`.execute(
          platform.db,
        )
      ).rows;
    await appendEvents(platform.db, [first!]);
    await relay.drain();
    expect(await scheduler.runOnce()).toContain('statistics.openDay');
    expect(await books()).toEqual([{ case_id: first!.caseId, stage: 'accept' }]);
    // Back again: the case goes on, and another one is reported on the day whose books were closed.
    await appendEvents(platform.db, [...more, ...other]);
    await relay.drain();
    const followed = await books();
    expect(followed).toEqual([
      { case_id: first!.caseId, stage: 'dispatch' },
      { case_id: other[0]!.caseId, stage: 'file' },
    ]);
    await rebuildFacts(platform, cityId);
    expect(await books()).toEqual(followed);
  });
});
