import { Command, InvalidArgumentError } from 'commander';
import type { CitySize } from '@wanmi/simulator';
import { progressLine, readScenario, simulate, SimulationError, type Simulated } from '#modules/simulation';
import { demoPassword } from '../demo.ts';
import { cityDayStart } from '../platform/clock.ts';
import { citiesOf } from '../platform/jobs-cities.ts';
import type { Platform } from '../platform/platform.ts';
import { loadCity } from '../seeding/load-city.ts';
import { CliError, say, withInstallation } from './open.ts';

const SIZES: readonly CitySize[] = ['S', 'M', 'L', 'XL'];

interface Options {
  scenario: string;
  from: string;
  to: string;
  seed: string;
  reports?: number;
  city?: string;
  newCity?: CitySize;
  besideReal?: boolean;
  json?: boolean;
}

const wholeNumber = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('a whole number from 1');
  return number;
};

const sizeOf = (text: string): CitySize => {
  const size = SIZES.find((one) => one === text.toUpperCase());
  if (!size) throw new InvalidArgumentError(`one of ${SIZES.join(', ')}`);
  return size;
};

export function simulateCommand(): Command {
  return new Command('simulate')
    .description("generate a period of a city's life by a scenario, as the live loop would have written it")
    .requiredOption('--scenario <name>', 'a shipped scenario (ordinary, storm, holiday, …) or a file')
    .requiredOption('--from <day>', 'first day of the city, YYYY-MM-DD')
    .requiredOption('--to <day>', 'last day, both whole')
    .option('--seed <text>', 'the same scenario and seed give the same counts', '1')
    .option(
      '--reports <number>',
      "expected reports of the period, instead of the scenario's volume",
      wholeNumber,
    )
    .option('--city <code>', 'code of the city, where there are several')
    .option(
      '--new-city <size>',
      'make a demo city as of the first day, where there is none (S, M, L, XL)',
      sizeOf,
    )
    .option('--beside-real', 'also into a city that has cases which no simulation made')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nEnded in between (Ctrl-C, kill), the same command goes on after the last whole day.',
    )
    .action(async (options: Options) => {
      process.exitCode = await run(options);
    });
}

async function run(options: Options): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await withInstallation(async ({ platform }) => {
      const scenario = await said(() => readScenario(options.scenario));
      const cityId = await said(() => cityOf(platform, options));
      const began = performance.now();
      const cpu = process.cpuUsage();
      const show = progressLine(began);
      const done = await said(() =>
        simulate(platform, {
          cityId,
          scenario,
          name: options.scenario,
          seed: options.seed,
          from: options.from,
          to: options.to,
          signal: stop.signal,
          progress: show.step,
          ...(options.reports === undefined ? {} : { reports: options.reports }),
          ...(options.besideReal ? { besideReal: true } : {}),
        }),
      );
      show.end();
      const seconds = (performance.now() - began) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      summary(done, { seconds, cpuMs: (user + system) / 1000 }, options);
      return done.done ? 0 : 130;
    });
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function cityOf(platform: Platform, { city, newCity, from }: Options): Promise<string> {
  const cities = await citiesOf(platform.db);
  if (city !== undefined) {
    const found = cities.find((one) => one.code === city);
    if (!found) throw new CliError(`there is no city ${city}`);
    return found.id;
  }
  if (cities.length > 1) throw new CliError(`name the city: ${cities.map((one) => one.code).join(', ')}`);
  if (cities[0]) return cities[0].id;
  if (newCity === undefined) throw new CliError('there is no city yet: add --new-city S, M, L or XL');
  const since = cityDayStart(from, 'Asia/Shanghai');
  if (Number.isNaN(since)) throw new CliError(`${from} is no day: write YYYY-MM-DD`);
  const { passwordHash } = await demoPassword(platform);
  const made = await loadCity({ ...platform, clock: { now: () => since } }, { size: newCity, passwordHash });
  return made.cityId;
}

/** What somebody asked for wrongly is a sentence, not a stack. */
async function said<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    throw new CliError(error.message, { cause: error });
  }
}

function summary(
  done: Simulated,
  { seconds, cpuMs }: { seconds: number; cpuMs: number },
  options: Options,
): void {
  if (options.json) {
    say(JSON.stringify({ ...done, seconds, cpuMs }));
    return;
  }
  const refused = Object.entries(done.refused).map(([code, n]) => `${code} ${n}`);
  say(
    `${done.cases} cases of ${done.reports} reports, ${done.events} entries of logs, ${done.actions} actions` +
      (done.resumedAfter === null ? '' : ` (gone on after ${done.resumedAfter})`),
  );
  if (refused.length > 0) say(`refused by the city's own rules: ${refused.join(', ')}`);
  say(`${seconds.toFixed(1)} s, ${(cpuMs / Math.max(1, done.actions)).toFixed(3)} ms of CPU an action`);
  if (!done.done) say('stopped; the same command goes on after the last whole day');
}
