import { sql } from 'kysely';
import type { PoolClient } from 'pg';
import { addDays, cityDay } from './clock.ts';
import { citiesOf } from './jobs-cities.ts';
import { startLoop, type Loop } from './jobs-loop.ts';
import type { Platform } from './platform.ts';

/** The days that a job has before it, both inclusive: after a pause of the worker there are several. */
export interface JobDays {
  readonly from: string;
  readonly to: string;
}

export type DailyJob =
  | {
      readonly name: string;
      /** Days are the city's; runs for each city after its midnight. */
      readonly scope: 'city';
      run(
        platform: Platform,
        days: JobDays & { readonly cityId: string; readonly timeZone: string },
      ): Promise<void>;
    }
  | {
      readonly name: string;
      /** Days are UTC; runs once for the whole installation. */
      readonly scope: 'instance';
      run(platform: Platform, days: JobDays): Promise<void>;
    };

export interface Scheduler {
  start(): void;
  stop(): Promise<void>;
  /** Looks at once: a virtual clock was moved. */
  wake(): void;
  /** Runs what is due and returns its names. */
  runOnce(): Promise<string[]>;
}

const INTERVAL_MS = 1000;
/** A day's books are opened when its last commands have surely been written. */
const GRACE_MS = 60_000;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 300_000;
/** Stands for the installation among the cities. */
const INSTANCE = '00000000-0000-0000-0000-000000000000';

interface Target {
  readonly cityId: string;
  readonly timeZone: string;
}

/**
 * Runs daily jobs by the injected clock when a day has ended. What was done is in `daily_job`, so that a missed
 * day is made up for and none is done twice; a job that fails is tried again, and stops no other.
 */
export function createScheduler(platform: Platform, jobs: readonly DailyJob[]): Scheduler {
  const { db, clock, log } = platform;
  const done = new Map<string, string>();
  const retries = new Map<string, { failures: number; at: number }>();
  let loop: Loop | null = null;

  async function runOnce(): Promise<string[]> {
    const ran: string[] = [];
    const cities = jobs.some((job) => job.scope === 'city') ? await citiesOf(db) : [];
    for (const job of jobs) {
      const targets: Target[] =
        job.scope === 'city'
          ? cities.map(({ id, timeZone }) => ({ cityId: id, timeZone }))
          : [{ cityId: INSTANCE, timeZone: 'UTC' }];
      for (const target of targets) if (await runDue(job, target)) ran.push(job.name);
    }
    return ran;
  }

  async function runDue(job: DailyJob, target: Target): Promise<boolean> {
    const to = addDays(cityDay(clock.now() - GRACE_MS, target.timeZone), -1);
    const key = `${job.name} ${target.cityId}`;
    const retry = retries.get(key);
    if ((done.get(key) ?? '') >= to || (retry && retry.at > performance.now())) return false;
    try {
      const ran = await alone(platform, key, () => runMissed(job, target, to));
      retries.delete(key);
      if (ran !== null) done.set(key, to);
      return ran ?? false;
    } catch (error) {
      const failures = (retry?.failures ?? 0) + 1;
      const retryMs = Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
      retries.set(key, { failures, at: performance.now() + retryMs });
      log.error({ err: error, job: job.name, cityId: target.cityId, retryMs }, 'daily job failed');
      return false;
    }
  }

  async function runMissed(job: DailyJob, { cityId, timeZone }: Target, to: string): Promise<boolean> {
    const found = await sql<{ day: string }>`
      select day from daily_job where city_id = ${cityId}::uuid and job = ${job.name}`.execute(db);
    const last = found.rows[0]?.day;
    // The first time there is no past to make up for but the day that has just ended.
    const from = last === undefined ? to : addDays(last, 1);
    if (from > to) return false;
    const began = performance.now();
    if (job.scope === 'city') await job.run(platform, { cityId, timeZone, from, to });
    else await job.run(platform, { from, to });
    await sql`insert into daily_job (city_id, job, day, at)
      values (${cityId}::uuid, ${job.name}, ${to}::date, ${new Date(clock.now())})
      on conflict (city_id, job) do update set day = excluded.day, at = excluded.at`.execute(db);
    log.info(
      { job: job.name, cityId, from, to, ms: Math.round(performance.now() - began) },
      'daily job done',
    );
    return true;
  }

  return {
    runOnce,
    start() {
      loop ??= startLoop(log, 'scheduler', async () => {
        await runOnce();
        return INTERVAL_MS;
      });
    },
    async stop() {
      await loop?.stop();
      loop = null;
    },
    wake: () => loop?.wake(),
  };
}

/**
 * Runs `work` unless another process is at it: then null. The lock is the connection's, not a transaction's: a
 * long transaction would hold back every reader of the outbox.
 */
async function alone<T>({ pool }: Platform, key: string, work: () => Promise<T>): Promise<T | null> {
  const holder = await pool.connect();
  let broken = false;
  try {
    const got = await lockCall(holder, 'pg_try_advisory_lock', key);
    if (!got) return null;
    try {
      return await work();
    } finally {
      // A connection that is lost has given its lock back.
      broken = await lockCall(holder, 'pg_advisory_unlock', key).then(
        () => false,
        () => true,
      );
    }
  } finally {
    holder.release(broken);
  }
}

async function lockCall(
  holder: PoolClient,
  call: 'pg_try_advisory_lock' | 'pg_advisory_unlock',
  key: string,
): Promise<boolean> {
  const { rows } = await holder.query<{ got: boolean }>(
    `select ${call}(hashtext('wanmi.job'), hashtext($1)) as got`,
    [key],
  );
  return rows[0]!.got;
}
