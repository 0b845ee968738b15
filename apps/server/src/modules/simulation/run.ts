import type { EventBody } from '@wanmi/contracts';
import type { PoolClient } from 'pg';
import { loadCases, type TaskState } from '#modules/cases';
import { catalogOf } from '#modules/catalog';
import { loadEvents, loadKnown } from '#modules/statistics';
import { addDays, cityDayStart } from '#platform/clock';
import { uuidv7, uuidv7Floor } from '#platform/ids';
import { timeZoneOf } from '#platform/jobs-cities';
import type { Platform } from '#platform/platform';
import { Ground } from './ground.ts';
import { LiveCase } from './life.ts';
import { createLocker } from './lock.ts';
import { momentsOf, spokenCategories, StandingClock } from './memory.ts';
import { peopleOf } from './people.ts';
import { Pictures } from './pictures.ts';
import { SimulationError, type Scenario } from './scenario.ts';
import { freeze, writeStretch, type Stretch } from './writer.ts';
import { Year, type Deed, type YearCounts } from './year.ts';

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

interface Run {
  id: string;
  seed: string;
  from_day: string;
  to_day: string;
  done_day: string | null;
  content: unknown;
  cases: number;
  reports: number;
  events: number;
}

/** A stretch is written when so many entries wait: a week of a small city, a morning of a large one. */
const FLUSH_AT = 12_000;
/** Cases that have ended are looked back on for so long: their callers may speak once more. */
const AFTER_END = 4 * 24 * 3_600_000;
const REMEMBERED = 120 * 24 * 3_600_000;

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
  const books = new Books(platform, cityId, row, timeZone, year, day);
  for (; day <= row.to_day && cityDayStart(day, timeZone) < until; day = addDays(day, 1)) {
    if (signal?.aborted) break;
    await year.planDay(day);
    const end = cityDayStart(addDays(day, 1), timeZone);
    await year.playUntil(Math.min(end, until));
    const last = day === row.to_day || end >= until;
    if (last || books.waiting() >= (options.flushAt ?? FLUSH_AT)) await books.close(day, end <= until, last);
    options.progress?.({
      day,
      cases: year.counts.cases,
      reports: year.counts.reports,
      events: year.counts.events,
      share: Math.min(1, year.counts.reports / Math.max(1, planned)),
      open: year.live.size,
    });
  }
  const done = !signal?.aborted;
  await books.end();
  if (done) await finish(platform, cityId, row.id);
  return { ...year.counts, runId: row.id, done, resumedAfter: resumed ? row.done_day : null };
}

/** A run that was begun and not finished, to be gone on with by the same words; null: there is none. */
export async function runningSimulation(
  { pool }: Platform,
  cityId: string,
): Promise<Pick<SimulateOptions, 'name' | 'seed' | 'from' | 'to' | 'scenario' | 'reports'> | null> {
  const { rows } = await pool.query<{
    scenario: string;
    seed: string;
    from_day: string;
    to_day: string;
    content: { scenario: Scenario; reports: number | null };
  }>(
    `select scenario, seed, from_day, to_day, content from simulation where city_id = $1 and state = 'running'`,
    [cityId],
  );
  const [row] = rows;
  if (!row) return null;
  const { scenario, reports } = row.content;
  const { scenario: name, seed, from_day: from, to_day: to } = row;
  return { name, seed, from, to, scenario, ...(reports === null ? {} : { reports }) };
}

/** Writes stretch after stretch, one while the next is being played. */
class Books {
  readonly #platform: Platform;
  readonly #cityId: string;
  readonly #run: Run;
  readonly #timeZone: string;
  readonly #year: Year;
  #firstOpenDay: string;
  #pending: Promise<void> = Promise.resolve();
  #failed: unknown;
  #written: number;

  constructor(platform: Platform, cityId: string, row: Run, timeZone: string, year: Year, firstDay: string) {
    this.#platform = platform;
    this.#cityId = cityId;
    this.#run = row;
    this.#timeZone = timeZone;
    this.#year = year;
    this.#firstOpenDay = firstDay;
    this.#written = year.counts.events;
  }

  /** Entries of logs that are not written. */
  waiting(): number {
    return this.#year.counts.events - this.#written;
  }

  async close(day: string, whole: boolean, last: boolean): Promise<void> {
    await this.#pending;
    this.#rethrow();
    const year = this.#year;
    // What was open at the end of a day that still goes on is for that day's end to say.
    const lastDay = whole ? day : addDays(day, -1);
    const stretch = freeze(year.live, {
      cityId: this.#cityId,
      timeZone: this.#timeZone,
      firstOpenDay: this.#firstOpenDay,
      lastDay,
      media: year.takeMedia(),
      numbers: year.takeNumbers(),
    });
    const { cases, reports, events } = year.counts;
    this.#written = events;
    this.#pending = this.#write(stretch, {
      day: last ? this.#run.to_day : day,
      cases,
      reports,
      events,
    }).catch((error: unknown) => {
      this.#failed = error;
    });
  }

  async end(): Promise<void> {
    await this.#pending;
    this.#rethrow();
  }

  #rethrow(): void {
    if (this.#failed !== undefined) throw this.#failed;
  }

  async #write(
    stretch: Stretch,
    counts: { day: string; cases: number; reports: number; events: number },
  ): Promise<void> {
    await inTransaction(this.#platform, async (client) => {
      await writeStretch(client, this.#cityId, stretch);
      await client.query(
        'update simulation set done_day = $2, cases = $3, reports = $4, events = $5 where id = $1',
        [this.#run.id, counts.day, counts.cases, counts.reports, counts.events],
      );
    });
  }
}

/** The clocks of what is open are handed to the city, and the planner learns how large its tables are. */
async function finish(platform: Platform, cityId: string, runId: string): Promise<void> {
  await inTransaction(platform, async (client) => {
    await client.query(
      `with gone as (delete from simulation_timer where city_id = $1 returning *)
       insert into timer (task_id, fire, city_id, case_id, due_at, since)
       select task_id, fire, city_id, case_id, due_at, since from gone`,
      [cityId],
    );
    await client.query(`update simulation set state = 'done', ended_at = $2 where id = $1`, [
      runId,
      new Date(platform.clock.now()),
    ]);
  });
  await platform.pool
    .query(`analyze "case", case_text, report, reporter, assignment, task, timer, case_event, case_media, media,
    application, fact_report, fact_case, fact_assignment, fact_task, fact_open, fact_application, fact_reopening,
    daily_source, daily_category, daily_department, monthly_source, monthly_category, monthly_department`);
}

async function inTransaction(platform: Platform, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await platform.pool.connect();
  let lost = true;
  try {
    await client.query('begin');
    await work(client);
    await client.query('commit');
    lost = false;
  } catch (error) {
    await client.query('rollback').then(
      () => (lost = false),
      () => {},
    );
    throw error;
  } finally {
    client.release(lost);
  }
}

// ------------------------------------------------------------ beginning, and going on

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

const daysIn = ({ from_day: from, to_day: to }: Pick<Run, 'from_day' | 'to_day'>): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;

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

async function beginOrFind(
  platform: Platform,
  options: SimulateOptions,
  timeZone: string,
): Promise<{ run: Run; resumed: boolean }> {
  const { pool, clock } = platform;
  const { cityId, scenario, name, seed, from, to, reports } = options;
  const found = await pool.query<Run>(
    `select id, seed, from_day, to_day, done_day, content, cases, reports, events from simulation
      where city_id = $1 and state = 'running'`,
    [cityId],
  );
  const content = JSON.stringify({ scenario, reports: reports ?? null });
  const running = found.rows[0];
  if (running) {
    const same =
      running.seed === seed &&
      running.from_day === from &&
      running.to_day === to &&
      canonical(running.content) === canonical(JSON.parse(content));
    if (!same) {
      throw new SimulationError(
        `a run of ${running.from_day} to ${running.to_day} with seed ${running.seed} was not finished ` +
          `(written up to ${running.done_day ?? 'nothing'}): go on with the same scenario, period and seed first`,
      );
    }
    return { run: running, resumed: true };
  }
  await refuseReal(platform, options, timeZone);
  const id = uuidv7(clock.now());
  const planned =
    reports ?? Math.round((scenario.volume.perYear / 365) * daysIn({ from_day: from, to_day: to }));
  await pool.query(
    `insert into simulation (id, city_id, scenario, content, seed, from_day, to_day, reports_planned, state, started_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 'running', $9)`,
    [id, cityId, name, content, seed, from, to, planned, new Date(clock.now())],
  );
  const run = {
    id,
    seed,
    from_day: from,
    to_day: to,
    done_day: null,
    content: null,
    cases: 0,
    reports: 0,
    events: 0,
  };
  return { run, resumed: false };
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

/** Made-up cases among real ones cannot be told apart by anybody who reads a figure: only when told to. */
async function refuseReal(
  { pool }: Platform,
  { cityId, besideReal, from }: SimulateOptions,
  timeZone: string,
): Promise<void> {
  const { rows } = await pool.query<{ cases: number; made: number; last: string | null }>(
    `select (select count(*)::int from "case" where city_id = $1) as cases,
            coalesce(sum(cases), 0)::int as made, max(to_day)::text as last from simulation where city_id = $1`,
    [cityId],
  );
  const { cases, made, last } = rows[0]!;
  if (cases > made && besideReal !== true) {
    throw new SimulationError(
      `the city has ${cases - made} cases that no simulation made: nothing is generated among them unless told (--beside-real)`,
    );
  }
  if (last !== null && from <= last) {
    throw new SimulationError(`${last} is generated already: begin on ${addDays(last, 1)} or later`);
  }
  if (besideReal === true && cases > made) {
    const since = uuidv7Floor(cityDayStart(from, timeZone));
    const clash = await pool.query('select 1 from "case" where city_id = $1 and id >= $2 limit 1', [
      cityId,
      since,
    ]);
    if (clash.rowCount)
      throw new SimulationError(`there are real cases since ${from}: their numbers would clash`);
  }
}

async function numbersOf({ pool }: Platform, cityId: string): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ series: string; period: string; last: number }>(
    'select series, period, last from numbering where city_id = $1',
    [cityId],
  );
  return new Map(rows.map(({ series, period, last }) => [`${series} ${period}`, last]));
}

interface OpenTaskRow {
  case_id: string;
  task: TaskState;
}

/** Brings what is open, or ended only just now, back into memory, as it stood at the end of the last whole day. */
async function recall(
  platform: Platform,
  cityId: string,
  year: Year,
  timeZone: string,
  doneDay: string,
): Promise<void> {
  const { pool, db } = platform;
  const from = cityDayStart(addDays(doneDay, 1), timeZone);
  const { rows: seen } = await pool.query<{
    caseId: string;
    unitGridId: string;
    categoryId: string | null;
    reportedAt: Date;
    filedAt: Date | null;
  }>(
    `select id as "caseId", unit_grid_id as "unitGridId", category_id as "categoryId", reported_at as "reportedAt",
            filed_at as "filedAt"
       from "case" where city_id = $1 and id >= $2 and unit_grid_id is not null and kind = 'problem' order by id`,
    [cityId, uuidv7Floor(from - REMEMBERED)],
  );
  for (const { reportedAt, filedAt, ...one } of seen) {
    year.remember({ ...one, reportedAt: reportedAt.getTime(), filedAt: filedAt?.getTime() ?? null });
  }
  const { rows: ids } = await pool.query<{ id: string }>(
    `select id from "case" where city_id = $1 and (ended_at is null or ended_at >= $2) order by id`,
    [cityId, new Date(from - AFTER_END)],
  );
  for (let at = 0; at < ids.length; at += 500) {
    const chunk = ids.slice(at, at + 500).map((row) => row.id);
    await recallSome(pool, db, cityId, year, chunk, from, addDays(doneDay, 1));
  }
}

async function recallSome(
  pool: Platform['pool'],
  db: Platform['db'],
  cityId: string,
  year: Year,
  ids: readonly string[],
  from: number,
  nextDay: string,
): Promise<void> {
  const loaded = await loadCases(pool, ids, cityId);
  const { rows: words } = await pool.query<{
    id: string;
    description: string;
    address: string | null;
    lon: number | null;
    lat: number | null;
  }>(
    'select id, description, address, st_x(geom) as lon, st_y(geom) as lat from "case" where id = any($1::uuid[])',
    [ids],
  );
  const { rows: tasks } = await pool.query<OpenTaskRow>(SQL_TASKS_OF, [ids]);
  const { rows: timers } = await pool.query<{
    task_id: string;
    fire: string;
    case_id: string;
    due_at: Date;
    since: Date | null;
  }>('select task_id, fire, case_id, due_at, since from simulation_timer where case_id = any($1::uuid[])', [
    ids,
  ]);
  const known = await loadKnown(db, ids);
  const events = await loadEvents(
    db,
    ids.map((caseId) => ({ caseId, after: 0, upTo: 2 ** 31 - 1 })),
  );
  const eventsOf: Map<string, EventBody[]> = Map.groupBy(events, (event) => event.caseId);
  const wordsOf = new Map(words.map((row) => [row.id, row]));
  for (const { state, assignments, applications } of loaded) {
    const { description, address, lon, lat } = wordsOf.get(state.id)!;
    const c = new LiveCase(state, { description, address, lon, lat }, false);
    for (const row of assignments) c.assignments.set(row.id, { row, isNew: false, changed: false });
    for (const row of applications) c.applications.set(row.id, { row, isNew: false, changed: false });
    for (const { task } of tasks.filter((one) => one.case_id === state.id)) {
      c.ordinals.set(task.id, c.ordinals.size);
      c.tasks.set(task.id, { row: task, isNew: false, changed: false });
    }
    for (const t of timers.filter((one) => one.case_id === state.id)) {
      const armed = {
        taskId: t.task_id,
        fire: t.fire,
        dueAt: t.due_at.getTime(),
        since: t.since?.getTime() ?? null,
      };
      c.timers.set(`${armed.taskId} ${armed.fire}`, armed);
    }
    c.bodies.push(...(eventsOf.get(state.id) ?? []));
    c.known = known.get(state.id) ?? c.known;
    c.openUntil = nextDay;
    await year.resume(c, from);
  }
}

const MS = (column: string): string => `(extract(epoch from t.${column}) * 1000)::bigint`;
const SQL_TASKS_OF = `
select t.case_id, jsonb_build_object('id', t.id, 'caseId', t.case_id, 'assignmentId', t.assignment_id,
  'applicationId', t.application_id, 'node', t.node, 'token', t.token, 'scope', t.scope, 'step', t.step, 'role', t.role,
  'unitId', t.unit_id, 'postId', t.post_id, 'claimedPostId', t.claimed_post_id, 'claimedAt', ${MS('claimed_at')},
  'openedAt', ${MS('opened_at')}, 'notBefore', ${MS('not_before')}, 'warnAt', ${MS('warn_at')}, 'dueAt', ${MS('due_at')},
  'limitValue', t.limit_value, 'limitUnit', t.limit_unit, 'calendar', t.calendar, 'doneAt', ${MS('done_at')},
  'donePostId', t.done_post_id, 'doneAction', t.done_action, 'overdue', t.overdue) as task
from task t where t.case_id = any($1::uuid[]) order by t.id`;
