import type { AddressInfo } from 'node:net';
import { Client } from '@wanmi/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDemo } from '#modules/demo';
import { testPlatform, type TestPlatform } from '#testing/platform';
import { buildServer } from './app.ts';
import { demoPassword } from './demo.ts';
import { loadCity } from './seeding/load-city.ts';

const PASSWORD = 'a-demo-password';
const HOUR = 3_600_000;
/** A Monday, eight o'clock in Shanghai. */
const MORNING = Date.parse('2026-03-02T08:00:00+08:00');
const NEXT_DAY = MORNING + 30 * HOUR;

let platform: TestPlatform;
let url: string;
let close: () => Promise<void>;

// The whole product in front of a demo city: what a player meets.
beforeAll(async () => {
  platform = await testPlatform({
    start: MORNING,
    config: { demo: { size: 'S', password: PASSWORD }, virtualClock: { rate: 0 } },
  });
  const { passwordHash } = await demoPassword(platform);
  await loadCity(platform, { size: 'S', passwordHash });
  const app = await buildServer(platform, { webRoot: null });
  await app.listen({ host: '127.0.0.1', port: 0, listenTextResolver: () => '' });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  close = async () => {
    await app.close();
    await platform.close();
  };
});
afterAll(() => close());

const rowsOf = async <T extends object>(text: string): Promise<T[]> =>
  (await platform.pool.query<T>(text)).rows;

async function as(username: string): Promise<Client> {
  const client = new Client({ baseUrl: url });
  await client.login(username, PASSWORD);
  return client;
}

describe('a new city', () => {
  test('has lived before it is first seen', { timeout: 400_000 }, async () => {
    const demo = startDemo(platform, {
      url,
      password: PASSWORD,
      pastReports: 20,
      reportsPerMinute: 0.001,
      present: { now: () => NEXT_DAY },
    });
    await demo.lived;
    await demo.stop();
    expect(platform.clock.now()).toBe(NEXT_DAY);

    const [cases] = await rowsOf<{ n: number; ended: number; stages: number; numbers: number }>(
      `select count(*)::int n, count(ended_at)::int ended, count(distinct stage)::int stages,
              count(distinct left(case_no, 8))::int numbers from "case"`,
    );
    expect(cases?.n).toBeGreaterThan(14);
    expect(cases?.ended).toBeGreaterThan(3);
    expect(cases?.stages).toBeGreaterThan(1);
    expect(cases?.numbers).toBe(2);

    const [times] = await rowsOf<{ first: Date; last: Date; back: number }>(
      `select min(at) as first, max(at) as last,
              count(*) filter (where at < before)::int as back
         from (select at, lag(at) over (partition by case_id order by seq) as before from case_event) e`,
    );
    expect(times?.first.getTime()).toBeGreaterThanOrEqual(MORNING);
    expect(times?.last.getTime()).toBeLessThanOrEqual(NEXT_DAY);
    expect(times?.back).toBe(0);
  });

  test('rang every clock at its moment', async () => {
    const late = await rowsOf<{ ms: number }>(
      `-- a crew may get what is overdue already
      select (extract(epoch from e.at - greatest(t.due_at, t.opened_at)) * 1000)::int as ms from case_event e
         join task t on t.id = (e.body::jsonb #>> '{payload,task,id}')::uuid where e.type = 'task.overdue'`,
    );
    expect(late.length).toBeGreaterThan(0);
    for (const { ms } of late) {
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThan(60_000);
    }
  });

  test('closed the books of the day that ended, and every chain is whole', async () => {
    expect((await rowsOf<{ day: string }>('select day::text from log_root order by day')).at(-1)?.day).toBe(
      '2026-03-02',
    );
    const open = await rowsOf('select 1 from fact_open');
    expect(open.length).toBeGreaterThan(0);
    const leader = await as('shift1');
    for (const { id } of (await leader.cases({ limit: 10 })).items)
      expect((await leader.integrity(id)).whole).toBe(true);
  });

  test('collectors report in their own beats, with photos that nobody else has', async () => {
    const [own] = await rowsOf<{ own: number; n: number }>(
      `select count(g.post_id)::int as own, count(*)::int as n from "case" c
         left join post_grid g on g.grid_id = c.patrol_grid_id and g.post_id = c.collector_post_id
        where c.source = 'collector'`,
    );
    expect(own?.n).toBeGreaterThan(5);
    expect(own?.own).toBe(own?.n);
    const [photos] = await rowsOf<{ n: number; placed: number; shared: number }>(
      `select count(*)::int as n, count(geom)::int as placed,
              (select count(*)::int from (select coalesce(m.same_as, m.id) from case_media cm join media m on m.id = cm.media_id
                group by 1 having count(distinct cm.case_id) > 1) s) as shared from media`,
    );
    expect(photos?.n).toBeGreaterThan(10);
    expect(photos?.placed).toBe(photos?.n);
    expect(photos?.shared).toBe(0);
  });
});

describe('the present', () => {
  test('belongs to its visitors where the pace is 0', async () => {
    const before = await count();
    const present = { now: () => NEXT_DAY };
    const demo = startDemo(platform, { url, password: PASSWORD, reportsPerMinute: 0, present });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await demo.stop();
    expect(await count()).toEqual(before);
  });

  test(
    'goes on: people report and work, and what a visitor holds is left alone',
    { timeout: 400_000 },
    async () => {
      const leader = await as('shift2');
      const [file] = (await leader.tasks({ step: 'file', limit: 1 })).items;
      const operator = await as('operator1');
      const reported = file
        ? null
        : await operator.report({ source: 'leader', categoryCode: 'event:0110', description: '垃圾堆放' });
      const held = file ?? (await leader.tasks({ caseId: reported!.case.id })).items[0]!;
      await leader.act(held.id, 'claim');

      const before = await count();
      platform.clock.setRate(600);
      const demo = startDemo(platform, {
        url,
        password: PASSWORD,
        reportsPerMinute: 120,
        speed: 20,
        exceptAccounts: ['shift1'],
      });
      await until(async () => {
        const now = await count();
        return now.reports > before.reports + 2 && now.actions > before.actions + 10;
      });
      const asked = performance.now();
      await demo.stop();
      expect(performance.now() - asked).toBeLessThan(3000);
      platform.clock.setRate(0);

      const task = await leader.task(held.id);
      expect(task.doneAt).toBeNull();
      expect(task.claimedBy?.mine).toBe(true);
      const [left] = await rowsOf<{ n: number }>(
        `select count(*)::int as n from case_event e join post p on p.id = e.post_id
         join person q on q.id = p.person_id
        where q.username = 'shift1' and e.at > to_timestamp(${NEXT_DAY / 1000})`,
      );
      expect(left?.n).toBe(0);

      const after = await count();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await count()).toEqual(after);
    },
  );
});

async function count(): Promise<{ reports: number; actions: number }> {
  const [row] = await rowsOf<{ reports: number; actions: number }>(
    `select count(*) filter (where type = 'case.reported')::int as reports,
            count(*) filter (where post_id is not null and type <> 'case.reported')::int as actions from case_event`,
  );
  return row!;
}

async function until(true_: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await true_())) {
    if (performance.now() > end) throw new Error('nothing happened');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
