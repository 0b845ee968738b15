import { catalogOf } from '#modules/catalog';
import { addDays, cityDayStart } from '#platform/clock';
import { timeZoneOf } from '#platform/jobs-cities';
import type { Platform } from '#platform/platform';
import { Books, finish } from './books.ts';
import { Ground } from './ground.ts';
import { createLocker } from './lock.ts';
import { momentsOf, spokenCategories, StandingClock } from './memory.ts';
import { peopleOf } from './people.ts';
import { Pictures } from './pictures.ts';
import { recall } from './recall.ts';
import { beginOrFind, daysIn } from './register.ts';
import { requireRoom } from './room.ts';
import { SimulationError, type Scenario } from './scenario.ts';
import type { Deed, YearCounts } from './world.ts';
import { Year } from './year.ts';

export interface SimulateOptions {
  readonly cityId: string;
  readonly scenario: Scenario;
  /** How it is called in the register of runs. */
  readonly name: string;
  readonly seed: string;
  /** Days of the city, both whole; the last one at the most until now. */
  readonly from: string;
  readonly to: string;
  /** Expected reports of the whole period, instead of the scenario's volume. */
  readonly reports?: number;
  /** Also into a city that has cases which no run made. */
  readonly besideReal?: boolean;
  readonly progress?: (progress: SimulateProgress) => void;
  /** Aborted: what is whole stays, a second run goes on from there. */
  readonly signal?: AbortSignal;
  readonly onDeed?: (deed: Deed) => void;
  /** Entries of logs that are gathered before a day's end is written. */
  readonly flushAt?: number;
}

export interface SimulateProgress {
  readonly day: string;
  readonly cases: number;
  readonly reports: number;
  readonly events: number;
  /** Of the period's expected reports. */
  readonly share: number;
  /** Cases that are open in memory. */
  readonly open: number;
}

export interface Simulated extends YearCounts {
  readonly runId: string;
  /** False: it was stopped, and can be gone on with. */
  readonly done: boolean;
  readonly resumedAfter: string | null;
}

/** A stretch is written when so many entries wait: a week of a small city, a morning of a large one. */
const FLUSH_AT = 12_000;

/**
 * Generates a period of a city's life by a scenario and writes it in bulk, whole days at a time. A run that was ended
 * goes on where its last whole day is written; the same scenario and seed give the same counts, however often.
 * @throws SimulationError where the city cannot have this past
 */
export async function simulate(platform: Platform, options: SimulateOptions): Promise<Simulated> {
  const { cityId } = options;
  const release = await createLocker(platform.pool, cityId);
  try {
    return await run(platform, options);
  } finally {
    await release();
  }
}

async function run(platform: Platform, options: SimulateOptions): Promise<Simulated> {
  const { pool } = platform;
  const { cityId, signal } = options;
  const timeZone = await timeZoneOf(platform, cityId);
  checkPeriod(options);
  const { run: row, resumed } = await beginOrFind(platform, options, timeZone);
  const scenario = scaled(options);
  const start = cityDayStart(row.from_day, timeZone);
  const until = Math.min(cityDayStart(addDays(row.to_day, 1), timeZone), platform.clock.now());
  if (until <= start) throw new SimulationError('the period lies in the future');
  await pool.query('select ensure_partitions($1, $2)', [new Date(start), new Date(until)]);
  const clock = new StandingClock(start);
  const people = await peopleOf(platform, cityId, start, until);
  // The rules of the city as they are when the period begins.
  const catalog = await catalogOf(
    { ...platform, clock, pool: { query: pool.query.bind(pool) } as never },
    cityId,
  );
  const codes = new Set([...catalog.categoryById.values()].map((one) => `${one.kind}:${one.code}`));
  const year = new Year({
    platform,
    clock,
    cityId,
    timeZone,
    scenario,
    seed: options.seed,
    people,
    ground: await Ground.of(platform, cityId, scenario, options.seed, codes),
    pictures: new Pictures(platform, timeZone),
    moments: await momentsOf(platform, cityId, start, until),
    spoken: await spokenCategories(platform, cityId),
    numbers: await numbersOf(platform, cityId),
    until,
    ...(options.onDeed ? { onDeed: options.onDeed } : {}),
  });
  Object.assign(year.counts, { cases: row.cases, reports: row.reports, events: row.events });
  let day = row.done_day === null ? row.from_day : addDays(row.done_day, 1);
  if (row.done_day !== null) {
    clock.set(cityDayStart(day, timeZone));
    await recall(platform, cityId, year, timeZone, row.done_day);
  }
  const planned = options.reports ?? Math.round((scenario.volume.perYear / 365) * daysIn(row));
  await requireRoom(platform.config, Math.max(0, planned - row.reports));
  const books = new Books(platform, cityId, row, timeZone, year, day);
  try {
    for (; day <= row.to_day && cityDayStart(day, timeZone) < until; day = addDays(day, 1)) {
      if (signal?.aborted) {
        // The days that were played are whole: none of them is played twice.
        if (books.waiting() > 0) await books.close(addDays(day, -1), true, false);
        break;
      }
      await year.planDay(day);
      const end = cityDayStart(addDays(day, 1), timeZone);
      await year.playUntil(Math.min(end, until));
      const last = day === row.to_day || end >= until;
      if (last || books.waiting() >= (options.flushAt ?? FLUSH_AT))
        await books.close(day, end <= until, last);
      options.progress?.({
        day,
        cases: year.counts.cases,
        reports: year.counts.reports,
        events: year.counts.events,
        share: Math.min(1, year.counts.reports / Math.max(1, planned)),
        open: year.live.size,
      });
    }
  } catch (error) {
    // The city is let go when nothing is being written any more.
    await books.settled();
    throw error;
  }
  const done = !signal?.aborted;
  await books.end();
  if (done) await finish(platform, cityId, row.id);
  return { ...year.counts, runId: row.id, done, resumedAfter: resumed ? row.done_day : null };
}

// ------------------------------------------------------------ the period

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

function checkPeriod({ from, to, reports }: SimulateOptions): void {
  for (const day of [from, to]) {
    if (!DATE.test(day) || Number.isNaN(Date.parse(`${day}T00:00:00Z`))) {
      throw new SimulationError(`${day} is no day: write YYYY-MM-DD`);
    }
  }
  if (to < from) throw new SimulationError(`the period ends on ${to}, before it begins on ${from}`);
  if (reports !== undefined && !(reports >= 1)) throw new SimulationError('at least one report is needed');
}

/** The volume that gives so many reports in the period, as far as averages go. */
function scaled({ scenario, reports, from, to }: SimulateOptions): Scenario {
  if (reports === undefined) return scenario;
  const { volume } = scenario;
  let expected = 0;
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const date = new Date(`${day}T00:00:00Z`);
    expected += volume.weekdays[(date.getUTCDay() + 6) % 7]! * volume.months[date.getUTCMonth()]!;
  }
  return {
    ...scenario,
    volume: { ...volume, perYear: expected === 0 ? reports : (reports * 365) / expected },
  };
}

async function numbersOf({ pool }: Platform, cityId: string): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ series: string; period: string; last: number }>(
    'select series, period, last from numbering where city_id = $1',
    [cityId],
  );
  return new Map(rows.map(({ series, period, last }) => [`${series} ${period}`, last]));
}
