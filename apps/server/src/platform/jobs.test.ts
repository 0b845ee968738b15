import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pruneCommands, pruneSessions, careJobs } from './jobs-care.ts';
import { addJob, startQueue } from './jobs-queue.ts';
import { workerPlatform } from './jobs-testing.ts';
import { createScheduler, type DailyJob } from './jobs.ts';
import { uuidv7 } from './ids.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
// 2026-03-01 09:00 in Shanghai, 20:00 of the day before in New York.
const START = Date.UTC(2026, 2, 1, 1);
let t: TestDatabase;
let platform: ReturnType<typeof workerPlatform>;

beforeAll(async () => {
  t = await testDatabase({ max: 8 });
});
afterAll(() => t.drop());
beforeEach(async () => {
  platform = workerPlatform(t, { start: START });
  await t.pool.query('truncate daily_job, command, session');
  for (const table of ['post', 'person', 'role', 'unit', 'city']) await t.pool.query(`delete from ${table}`);
});

async function addCity(code: string, zone: string): Promise<string> {
  const id = uuidv7(START);
  await t.pool.query('insert into city (id, code, name, time_zone, created_at) values ($1, $2, $3, $4, $5)', [
    id,
    code,
    '{}',
    zone,
    new Date(START),
  ]);
  return id;
}

/** A job that writes down for which days it ran. */
function noting(name: string): { job: DailyJob; runs: string[] } {
  const runs: string[] = [];
  const job: DailyJob = {
    name,
    scope: 'city',
    run: async (_platform, { timeZone, from, to }) => void runs.push(`${timeZone} ${from} ${to}`),
  };
  return { job, runs };
}

describe('scheduler', () => {
  test("runs a job for each city when that city's day has ended, a minute after its midnight", async () => {
    await addCity('a', 'Asia/Shanghai');
    await addCity('b', 'America/New_York');
    const { job, runs } = noting('j');
    const scheduler = createScheduler(platform, [job]);
    await scheduler.runOnce();
    expect(runs.splice(0)).toEqual([
      'Asia/Shanghai 2026-02-28 2026-02-28',
      'America/New_York 2026-02-27 2026-02-27',
    ]);
    await scheduler.runOnce();
    expect(runs).toEqual([]);
    platform.clock.set(Date.UTC(2026, 2, 1, 5, 0, 59));
    await scheduler.runOnce();
    expect(runs).toEqual([]);
    platform.clock.set(Date.UTC(2026, 2, 1, 5, 1));
    expect(await scheduler.runOnce()).toEqual(['j']);
    expect(runs.splice(0)).toEqual(['America/New_York 2026-02-28 2026-02-28']);
    platform.clock.set(Date.UTC(2026, 2, 1, 16, 1));
    await scheduler.runOnce();
    expect(runs).toEqual(['Asia/Shanghai 2026-03-01 2026-03-01']);
  });

  test('makes up for the days that it missed, in one run, whichever process did the last', async () => {
    await addCity('a', 'Asia/Shanghai');
    const { job, runs } = noting('j');
    await createScheduler(platform, [job]).runOnce();
    platform.clock.advance(5 * DAY);
    await createScheduler(platform, [job]).runOnce();
    expect(runs).toEqual(['Asia/Shanghai 2026-02-28 2026-02-28', 'Asia/Shanghai 2026-03-01 2026-03-05']);
  });

  test('a started scheduler follows a clock that is moved', async () => {
    await addCity('a', 'Asia/Shanghai');
    const { job, runs } = noting('j');
    const scheduler = createScheduler(platform, [job]);
    scheduler.start();
    await expect.poll(() => runs.length, { timeout: 3000 }).toBe(1);
    platform.clock.advance(DAY);
    scheduler.wake();
    await expect.poll(() => runs, { timeout: 900 }).toContain('Asia/Shanghai 2026-03-01 2026-03-01');
    await scheduler.stop();
  });

  test('two schedulers run a job once; the other goes on with other jobs', async () => {
    await addCity('a', 'Asia/Shanghai');
    let running = 0;
    let most = 0;
    let runs = 0;
    const slow: DailyJob = {
      name: 'slow',
      scope: 'city',
      async run() {
        runs += 1;
        most = Math.max(most, (running += 1));
        await sleep(200);
        running -= 1;
      },
    };
    const { job, runs: others } = noting('other');
    const schedulers = [1, 2].map(() => createScheduler(platform, [slow, job]));
    await Promise.all(schedulers.map((one) => one.runOnce()));
    await Promise.all(schedulers.map((one) => one.runOnce()));
    expect({ runs, most, others: others.length }).toEqual({ runs: 1, most: 1, others: 1 });
  });

  test('a job that fails is not done, is tried again, and stops no other', async () => {
    await addCity('a', 'Asia/Shanghai');
    let tries = 0;
    const failing: DailyJob = {
      name: 'failing',
      scope: 'instance',
      async run() {
        tries += 1;
        if (tries === 1) throw new Error('not today');
      },
    };
    const { job, runs } = noting('other');
    const scheduler = createScheduler(platform, [failing, job]);
    expect(await scheduler.runOnce()).toEqual(['other']);
    await scheduler.runOnce();
    expect([tries, runs.length]).toEqual([1, 1]);
    await sleep(2100);
    expect(await scheduler.runOnce()).toEqual(['failing']);
    const { rows } = await t.pool.query(`select day from daily_job where job = 'failing'`);
    expect(rows).toEqual([{ day: '2026-02-28' }]);
  });

  test('holds no transaction open while a job runs', async () => {
    await addCity('a', 'Asia/Shanghai');
    let open = -1;
    const job: DailyJob = {
      name: 'j',
      scope: 'instance',
      async run() {
        const { rows } = await t.pool.query<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
              and backend_type = 'client backend'`,
        );
        open = rows[0]!.n;
      },
    };
    await createScheduler(platform, [job]).runOnce();
    expect(open).toBe(0);
  });
});

describe('care', () => {
  test('makes the partitions of the coming months', async () => {
    const jobs = careJobs([]).filter((job) => job.name === 'platform.partitions');
    await createScheduler(platform, jobs).runOnce();
    const { rows } = await t.pool.query(`select to_regclass('case_event_202606')::text as last`);
    expect(rows).toEqual([{ last: 'case_event_202606' }]);
  });

  test('every care job runs', async () => {
    const jobs = careJobs(['statistics']);
    expect(await createScheduler(platform, jobs).runOnce()).toEqual(jobs.map((job) => job.name));
  });

  test('forgets answers of commands after 180 days, and no earlier', async () => {
    const city = await addCity('a', 'UTC');
    const add = (key: string, age: number) =>
      t.pool.query(
        `insert into command (person_id, key, city_id, hash, status, answer, at) values ($1, $2, $1, '', 200, '{}', $3)`,
        [city, key, new Date(START - age)],
      );
    await add('old', 180 * DAY + 1);
    await add('young', 180 * DAY - 1);
    await pruneCommands(platform);
    expect((await t.pool.query('select key from command')).rows).toEqual([{ key: 'young' }]);
  });

  test('forgets sessions a month after they ended', async () => {
    const city = await addCity('a', 'UTC');
    await t.pool.query(
      `insert into unit (id, city_id, kind, code, name, valid_from) values ($1, $1, 'office', 'u', '{}', $2)`,
      [city, new Date(START)],
    );
    await t.pool.query(
      `insert into role (id, city_id, code, name, permissions) values ($1, $1, 'admin', '{}', '{}')`,
      [city],
    );
    await t.pool.query(`insert into person (id, city_id, username, valid_from) values ($1, $1, 'p', $2)`, [
      city,
      new Date(START),
    ]);
    await t.pool.query(
      `insert into post (id, city_id, person_id, unit_id, role_id, name, scope, valid_from)
       values ($1, $1, $1, $1, $1, '{}', 'city', $2)`,
      [city, new Date(START)],
    );
    const add = (hash: string, expires: number, revoked: number | null) =>
      t.pool.query(
        `insert into session (token_hash, city_id, person_id, post_id, kind, created_at, expires_at, revoked_at)
         values ($1, $2, $2, $2, 'bearer', $3, $4, $5)`,
        [
          Buffer.from(hash),
          city,
          new Date(START),
          new Date(expires),
          revoked === null ? null : new Date(revoked),
        ],
      );
    await add('expired long ago', START - 31 * DAY, null);
    await add('revoked long ago', START + DAY, START - 31 * DAY);
    await add('expired', START - DAY, null);
    await add('alive', START + DAY, null);
    await pruneSessions(platform);
    const { rows } = await t.pool.query<{ token_hash: Buffer }>('select token_hash from session');
    expect(rows.map((row) => row.token_hash.toString()).toSorted()).toEqual(['alive', 'expired']);
  });
});

describe('queue', () => {
  test('runs what was added, tries again what failed, and outlives its connections', async () => {
    const seen: unknown[] = [];
    const queue = startQueue(platform, {
      echo: async (over, payload) => {
        expect(over).toBe(platform);
        seen.push(payload);
      },
    });
    await addJob(platform, 'echo', { n: 1 });
    await expect.poll(() => seen, { timeout: 8000 }).toEqual([{ n: 1 }]);
    await t.pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`);
    await addJob(platform, 'echo', { n: 2 }).catch(() => addJob(platform, 'echo', { n: 2 }));
    await expect.poll(() => seen, { timeout: 12_000 }).toContainEqual({ n: 2 });
    await queue.stop();
  });
});
