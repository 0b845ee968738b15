import { addDays, cityDayStart } from '#platform/clock';
import { uuidv7, uuidv7Floor } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { SimulateOptions } from './run.ts';
import { SimulationError, type Scenario } from './scenario.ts';

/** A row of the register of runs. */
export interface Run {
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

export const daysIn = ({ from_day: from, to_day: to }: Pick<Run, 'from_day' | 'to_day'>): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;

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

/** The run that is to be gone on with, or a new one. @throws SimulationError where the city cannot have it */
export async function beginOrFind(
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
