import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  readScenario,
  scenarioNames,
  simulate,
  SimulationError,
  type SimulateOptions,
} from '#modules/simulation';
import { testPlatform, type TestPlatform } from '#testing/platform';
import { tellPublished } from './app.ts';
import { loadCity } from './seeding/load-city.ts';

const NOW = Date.parse('2026-09-01T12:00:00+08:00');
const PERIOD = { from: '2026-07-06', to: '2026-07-26', reports: 240, seed: 'a', name: 'test' };

/** Everything that a run says in figures. */
async function figures({ pool }: TestPlatform): Promise<object> {
  const of = async (text: string): Promise<object[]> => (await pool.query<object>(text)).rows;
  return {
    types: await of(
      'select type, count(*)::int as n, min(at) as first, max(at) as last from case_event group by 1 order by 1',
    ),
    cases: await of(
      `select case_no, source, kind, stage, outcome, seq, report_count, reported_at, filed_at, ended_at, description
         from "case" order by case_no`,
    ),
    tasks: await of(
      'select step, done_action, overdue, count(*)::int as n from task group by 1, 2, 3 order by 1, 2, 3',
    ),
    asked: await of('select kind, state, count(*)::int as n from application group by 1, 2 order by 1, 2'),
    open: await of(
      'select day, stage, overdue, count(*)::int as n from fact_open group by 1, 2, 3 order by 1, 2, 3',
    ),
    timers: await of('select fire, due_at, since from timer order by due_at, fire'),
    days: await of(
      `select day, source, sum(reported)::int as reported, sum(closed)::int as closed, sum(closed_on_time)::int as on_time,
              sum(reopened)::int as reopened
         from daily_source group by 1, 2 having sum(reported) + sum(closed) + sum(reopened) > 0 order by 1, 2`,
    ),
    media: await of('select count(*)::int as n, count(distinct sha256)::int as files from media'),
    run: await of('select state, done_day, cases, reports, events from simulation'),
  };
}

async function city(): Promise<{ platform: TestPlatform; cityId: string }> {
  const platform = await testPlatform({ start: Date.parse('2026-07-05T00:00:00+08:00') });
  const { cityId } = await loadCity(platform, { size: 'S', passwordHash: null });
  platform.clock.set(NOW);
  return { platform, cityId };
}

/** What is seldom in a storm too: a run that is ended has to remember it. */
const SELDOM = {
  together: 0.3,
  flat: 0.2,
  crossRegion: 0.1,
  samePeriod: 0.1,
  consult: 0.1,
  addDepartment: 0.1,
  void: 0.05,
  merge: 1,
  unmerge: 0.3,
};

async function run(of: { platform: TestPlatform; cityId: string }, more: Partial<SimulateOptions> = {}) {
  const scenario = await readScenario('storm');
  Object.assign(scenario.conduct, SELDOM);
  Object.assign(scenario.reports, { joined: 0.5, duplicates: 0.6 });
  return simulate(of.platform, { cityId: of.cityId, scenario, ...PERIOD, ...more });
}

describe('the same scenario and seed', () => {
  let first: { platform: TestPlatform; cityId: string };
  let second: { platform: TestPlatform; cityId: string };
  let whole: object;
  beforeAll(async () => {
    [first, second] = [await city(), await city()];
    await run(first);
    whole = await figures(first.platform);
  }, 300_000);
  afterAll(async () => {
    await first.platform.close();
    await second.platform.close();
  });

  test(
    'give the same figures, also when the run was ended twice in between',
    { timeout: 300_000 },
    async () => {
      for (const after of [6, 9]) {
        const stop = new AbortController();
        let days = 0;
        const ended = await run(second, {
          signal: stop.signal,
          flushAt: 1,
          progress: () => {
            if ((days += 1) === after) stop.abort();
          },
        });
        expect(ended.done).toBe(false);
        // Nothing of it rings meanwhile.
        expect((await second.platform.pool.query('select 1 from timer')).rowCount).toBe(0);
      }
      const done = await run(second);
      expect(done.done).toBe(true);
      expect(done.resumedAfter).toBe('2026-07-20');
      expect(await figures(second.platform)).toEqual(whole);
    },
  );

  test(
    'a run that was not finished is gone on with, and nothing else begins',
    { timeout: 120_000 },
    async () => {
      const third = await city();
      try {
        const stop = new AbortController();
        const ended = await run(third, { signal: stop.signal, progress: () => stop.abort() });
        // What was played is kept, though it was too little to be written by itself.
        const { rows } = await third.platform.pool.query(
          `select done_day, cases, (select count(*)::int from "case") as written from simulation`,
        );
        expect(ended.cases).toBeGreaterThan(0);
        expect(rows).toEqual([{ done_day: '2026-07-06', cases: ended.cases, written: ended.cases }]);
        await expect(run(third, { seed: 'b' })).rejects.toThrow(SimulationError);
        await expect(run(third, { seed: 'b' })).rejects.toThrow(/2026-07-06 to 2026-07-26 with seed a/);
      } finally {
        await third.platform.close();
      }
    },
  );

  test(
    'one run of a city at a time; what a run failed of is told, and the next one may begin',
    { timeout: 120_000 },
    async () => {
      const third = await city();
      try {
        const gone = new Error('the terminal is gone');
        let second: Promise<unknown> | undefined;
        await expect(
          run(third, {
            flushAt: 1,
            progress: ({ day }) => {
              if (day === '2026-07-06') second = run(third).catch((error: unknown) => error);
              if (day === '2026-07-08') throw gone;
            },
          }),
        ).rejects.toThrow(gone);
        expect(await second).toMatchObject({ message: 'another run is generating this city' });
        // What was being written when it failed is written, and gone on with.
        const { rows } = await third.platform.pool.query('select done_day from simulation');
        expect(rows).toEqual([{ done_day: '2026-07-08' }]);
        const stop = new AbortController();
        expect(await run(third, { signal: stop.signal, progress: () => stop.abort() })).toMatchObject({
          resumedAfter: '2026-07-08',
        });
      } finally {
        await third.platform.close();
      }
    },
  );

  test('what is generated already is not generated again', async () => {
    await expect(run(first)).rejects.toThrow(/2026-07-26 is generated already/);
  });

  test('a city in which somebody really works is left alone unless told', async () => {
    const { platform } = first;
    await platform.pool.query('update simulation set cases = cases - 1');
    await expect(run(first, { from: '2026-07-27', to: '2026-07-28' })).rejects.toThrow(
      /1 cases that no simulation made/,
    );
    await platform.pool.query('update simulation set cases = cases + 1');
  });

  test('what was reported twice is merged, and some of it goes its own way again', () => {
    const { types } = whole as { types: { type: string; n: number }[] };
    const of = (type: string): number => types.find((one) => one.type === type)?.n ?? 0;
    expect(of('case.merged')).toBeGreaterThan(of('case.parted'));
    expect(of('case.absorbed')).toBe(of('case.merged'));
    expect(of('case.parted')).toBeGreaterThan(0);
  });

  test('a storm is seen in the figures', () => {
    const { days } = whole as { days: { day: string; reported: number }[] };
    const on = (day: string): number =>
      days.filter((one) => one.day === day).reduce((sum, one) => sum + one.reported, 0);
    expect(on('2026-07-13')).toBeGreaterThan(1.7 * on('2026-07-08'));
  });
});

test(
  'work of somebody who is away goes to whoever of the team has the least in hand at that moment',
  { timeout: 120_000 },
  async () => {
    // As every process does when it boots.
    tellPublished();
    const of = await city();
    const { pool } = of.platform;
    try {
      // Nobody was named to act for them.
      await pool.query(
        `insert into absence (id, city_id, post_id, from_at, to_at, planned_to, reason, created_at, created_post_id, applied_at)
         select gen_random_uuid(), p.city_id, p.id, $1, $2, $2, 'leave', $1, p.id, $1
           from post p join person q on q.id = p.person_id where q.username ~ '^collector\\d*[147]$'`,
        [new Date('2026-07-05T00:00:00+08:00'), new Date(NOW)],
      );
      await run(of, { to: '2026-07-12', reports: 160 });
      const { rows } = await pool.query<{ moved: number; to_the_absent: number; to_others: number }>(
        `with holder as (
           select g.grid_id, g.post_id from post_grid g join absence a on a.post_id = g.post_id
         ), moved as (
           select t.id, t.post_id, t.unit_id, t.opened_at from task t join "case" c on c.id = t.case_id
             join holder h on h.grid_id = c.patrol_grid_id where t.role = 'collector' and t.post_id is not null
         ), present as (
           select p.id, p.unit_id from post p join role r on r.id = p.role_id
            where r.code = 'collector' and not exists (select 1 from absence a where a.post_id = p.id)
         ), load as (
           select m.id, p.id as post_id,
                  count(x.id) filter (where x.done_at is null or x.done_at > m.opened_at) as least,
                  count(x.id) as most
             from moved m join present p on p.unit_id = m.unit_id
             left join task x on x.post_id = p.id and x.role = 'collector' and x.unit_id = m.unit_id
              and x.opened_at < m.opened_at and (x.done_at is null or x.done_at >= m.opened_at)
            group by 1, 2
         )
         select count(*)::int as moved,
                count(*) filter (where exists (select 1 from absence a where a.post_id = m.post_id))::int as to_the_absent,
                count(*) filter (where (select l.least from load l where l.id = m.id and l.post_id = m.post_id)
                  > (select min(l.most) from load l where l.id = m.id))::int as to_others
           from moved m`,
      );
      expect(rows[0]!.moved).toBeGreaterThan(20);
      expect(rows[0]).toMatchObject({ to_the_absent: 0, to_others: 0 });
    } finally {
      await of.platform.close();
    }
  },
);

test.each([
  [{ from: '2026-7-6' }, /2026-7-6 is no day/],
  [{ from: '2026-08-01' }, /before it begins/],
  [{ from: '2026-07-01' }, /nobody was posted before/],
  [{ from: '2026-10-01', to: '2026-10-02' }, /in the future/],
])('%j is refused with a sentence', { timeout: 60_000 }, async (wrong, message) => {
  const of = await city();
  try {
    await expect(run(of, wrong)).rejects.toThrow(message);
  } finally {
    await of.platform.close();
  }
});

describe('scenario files', () => {
  test('those that are shipped are read, each with what it is based on', async () => {
    const names = await scenarioNames();
    expect(names).toEqual(['contractor', 'holiday', 'ordinary', 'sanitation', 'storm']);
    for (const name of names) {
      const { sources, conduct } = await readScenario(name);
      expect(sources.collector?.share).toBeGreaterThan(0);
      expect(conduct.actions['check']).toBeDefined();
    }
  });

  test('what is wrong is named by file and element', async () => {
    await expect(readScenario('calm')).rejects.toThrow(/no scenario calm; shipped are contractor/);
    const here = path.join(import.meta.dirname, 'testing/no-such.json');
    await expect(readScenario(here)).rejects.toThrow(/cannot be read/);
  });
});
