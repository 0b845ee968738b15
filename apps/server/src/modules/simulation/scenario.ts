import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { SOURCES } from '@wanmi/contracts';
import { z } from 'zod';

/** What a scenario file, or what was asked of a run, cannot mean; the message is for whoever wrote it. */
export class SimulationError extends Error {}

const share = z.number().min(0).max(1);
const factor = z.number().min(0).max(1000);
const weight = z.number().min(0).max(1_000_000);
const text = z.strictObject({ 'zh-CN': z.string().min(1), en: z.string().min(1) });
const category = z.string().regex(/^(asset|event):\d{4}$/);

/** How people decide, how long they take, what they ask for. */
const Conduct = z.strictObject({
  /** By step: weight of each action; `step:again` for a case that comes back to it. */
  actions: z.record(z.string(), z.record(z.string(), weight)),
  /** By step: share of tasks that are done after their limit. */
  late: z.record(z.string(), share),
  /** What of a limit's length the others take, least and most. */
  share: z.tuple([share, share]),
  /** Share of a department's work that its people on duty do while the others are off: evenings, weekends, holidays. */
  offDuty: share,
  /** Of disposals: share that asks for more time, to be rid of it, to suspend. */
  extend: share,
  return: share,
  suspend: share,
  /** Of disposals that were late: share whose department appeals. */
  appeal: share,
  /** Of disposals that became overdue: share that somebody urges, supervises. */
  urge: share,
  supervise: share,
  /** Of all that was dispatched: share on which a leader instructs. */
  instruct: share,
  /** Of what is dispatched by hand: share that goes to several departments at once. */
  together: share,
  /** Of the rest: share that goes straight to a crew, to a department of another region, to whoever is on duty then. */
  flat: share.optional(),
  crossRegion: share.optional(),
  samePeriod: share.optional(),
  /** Of disposals: share on which others are consulted, that gets one more department, that is asked to be voided. */
  consult: share,
  addDepartment: share,
  void: share,
  /** Of cases that look the same as an open one: share that is merged; of these, share that is taken out again. */
  merge: share,
  unmerge: share,
  /** Of closed cases that somebody reported: share that is rated, and that is said not to be solved. */
  rate: share,
  notSolved: share,
});

const OneOfDay = z.array(factor).length(24);

const Scenario = z.strictObject({
  name: text,
  about: text.optional(),
  volume: z.strictObject({
    /** Reports of a year of 365 ordinary days. */
    perYear: z.number().positive().max(100_000_000),
    /** Monday to Sunday, January to December; 1 is the mean. */
    weekdays: z.array(factor).length(7),
    months: z.array(factor).length(12),
    /** On a day that the departments' calendar has as a holiday. */
    holiday: factor,
    /** By how much days differ by chance (standard deviation). */
    noise: share,
  }),
  /** Where reports come from and at which hours of the city's day. */
  sources: z.partialRecord(z.enum(SOURCES), z.strictObject({ share: weight, hours: OneOfDay })),
  reports: z.strictObject({
    /** Of calls: those that are no problem, and those in which the operator decides at once. */
    consultations: share,
    decidedAtOnce: share,
    /** Of what is not found on patrol: speaks of a case that is known and open. */
    joined: share,
    /** Of these: share of which nobody sees it, so that it becomes a case of its own. */
    duplicates: share,
    /** Of what collectors find: fixed on the spot. */
    selfHandled: share,
  }),
  /** Share of the steps that come with a photo. */
  photos: z.record(z.string(), share),
  places: z.strictObject({
    /** So many places at which anything happens, for each unit grid. */
    perGrid: z.number().positive().max(20),
    /** How much more often in core (A), ordinary (B) and outer (C) areas. */
    grades: z.strictObject({ A: weight, B: weight, C: weight }),
    /** Share of the reports that come from the tenth of the places where it is worst. */
    worst: share,
  }),
  /** By category: how much more or less often than usual. */
  categories: z.record(category, factor),
  /** The same by area grade. */
  areas: z.partialRecord(z.enum(['A', 'B', 'C']), z.record(category, factor)),
  /** By category: January to December. */
  seasons: z.record(category, z.array(factor).length(12)),
  conduct: Conduct,
  /** Departments (codes of units) that behave otherwise. */
  departments: z.record(z.string(), Conduct.partial()),
  /** Days that are not as usual. */
  episodes: z.array(
    z.strictObject({
      name: text,
      /** `2026-07-12`, or `07-12`: in every year. */
      from: z.string().regex(/^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/),
      days: z.number().int().min(1).max(366),
      volume: factor.default(1),
      sources: z.partialRecord(z.enum(SOURCES), factor).default({}),
      categories: z.record(category, factor).default({}),
      conduct: Conduct.partial().default({}),
      departments: z.record(z.string(), Conduct.partial()).default({}),
    }),
  ),
});
export type Scenario = z.output<typeof Scenario>;
export type Conduct = z.output<typeof Conduct>;
export type Episode = Scenario['episodes'][number];

/** Shipped scenarios, beside the program. */
export const SCENARIO_FOLDER = path.resolve(import.meta.dirname, '../../../../../config/scenario');

/**
 * Reads a scenario by its path, or a shipped one by its name, with all that it is based on.
 * @throws SimulationError naming the file and what is wrong in it
 */
export async function readScenario(nameOrPath: string, folder = SCENARIO_FOLDER): Promise<Scenario> {
  const file = await fileOf(nameOrPath, folder);
  const raw = await readRaw(file, folder, []);
  return parseScenario(raw, file);
}

/** @throws SimulationError with one line for each thing that is wrong */
export function parseScenario(raw: unknown, file: string): Scenario {
  const parsed = Scenario.safeParse(raw);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      ({ path: at, message }) => `  ${at.join('.') || '(file)'}: ${message}`,
    );
    throw new SimulationError(`${file} is no scenario:\n${lines.join('\n')}`);
  }
  return parsed.data;
}

/** Names of the shipped scenarios. */
export async function scenarioNames(folder = SCENARIO_FOLDER): Promise<string[]> {
  const files = await readdir(folder);
  return files.flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : [])).toSorted();
}

async function fileOf(nameOrPath: string, folder: string): Promise<string> {
  if (/[/\\]|\.json$/.test(nameOrPath)) return nameOrPath;
  const names = await scenarioNames(folder);
  if (names.includes(nameOrPath)) return path.join(folder, `${nameOrPath}.json`);
  throw new SimulationError(`there is no scenario ${nameOrPath}; shipped are ${names.join(', ')}`);
}

async function readRaw(
  file: string,
  folder: string,
  below: readonly string[],
): Promise<Record<string, unknown>> {
  const at = path.resolve(file);
  if (below.includes(at)) throw new SimulationError(`${file} is based on itself`);
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new SimulationError(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (!isObject(raw)) throw new SimulationError(`${file} is no scenario: not an object`);
  const { base, $schema: _schema, ...own } = raw;
  if (base === undefined) return own;
  if (typeof base !== 'string') throw new SimulationError(`${file}: base names another scenario`);
  const under = /[/\\]|\.json$/.test(base)
    ? path.resolve(path.dirname(file), base)
    : await fileOf(base, folder);
  return merged(await readRaw(under, folder, [...below, at]), own);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects are merged, everything else is replaced. */
function merged(under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const out = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const old = out[key];
    out[key] = isObject(old) && isObject(value) ? merged(old, value) : value;
  }
  return out;
}

/** Whether an episode runs on a day 'YYYY-MM-DD' of the city. */
export function runsOn({ from, days }: Pick<Episode, 'from' | 'days'>, day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  const year = Number(day.slice(0, 4));
  // One that begins in December may run on into January.
  const begins = from.length === 10 ? [from] : [`${year}-${from}`, `${year - 1}-${from}`];
  return begins.some((first) => {
    const start = Date.parse(`${first}T00:00:00Z`);
    return ms >= start && ms < start + days * 86_400_000;
  });
}

/** The conduct of a department on a day: the scenario's, its own, the episodes' in their order. */
export function conductOf(
  scenario: Scenario,
  unitCode: string | null,
  episodes: readonly Episode[],
): Conduct {
  let found: Conduct = scenario.conduct;
  const own = unitCode === null ? undefined : scenario.departments[unitCode];
  if (own) found = over(found, own);
  for (const episode of episodes) {
    found = over(found, episode.conduct);
    const ofUnit = unitCode === null ? undefined : episode.departments[unitCode];
    if (ofUnit) found = over(found, ofUnit);
  }
  return found;
}

const over = (under: Conduct, own: object): Conduct =>
  merged(under as unknown as Record<string, unknown>, own as Record<string, unknown>) as unknown as Conduct;
