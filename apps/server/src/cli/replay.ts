import { createWriteStream } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { bootPlatform } from '../boot.ts';
import { VirtualClock } from '../platform/clock.ts';
import { parseConfig } from '../platform/config.ts';
import { csvLine } from '../platform/csv.ts';
import { createLogger } from '../platform/log.ts';
import type { Platform } from '../platform/platform.ts';
import { CliError } from './open.ts';
import { describeCity, findRegions } from './replay/city.ts';
import { loadMapping, MappingError, type Mapping } from './replay/mapping.ts';
import { readRows } from './replay/rows.ts';
import { runReplay, type Progress, type ReplayResult } from './replay/run.ts';

interface Options {
  mapping: string;
  limit: string;
  home: string;
  report?: string;
  rejects?: string;
  regions?: string;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description("send real requests of a city's register as reports through the live loop to their close")
    .argument('<file>', 'CSV, packed with gzip or not')
    .requiredOption('--mapping <file>', "what the register's columns and words mean (config/replay/*.json)")
    .option('--limit <rows>', 'rows to read', '1000')
    .option('--home <folder>', 'an installation of its own for the city', '.wanmi-replay')
    .option('--regions <file>', "the city's areas (GeoJSON), instead of the mapping's")
    .option('--report <file>', 'where to write the result as JSON')
    .option('--rejects <file>', 'where to write the rejected rows as CSV (default: in the home folder)')
    .action(async (file: string, options: Options) => {
      process.exitCode = await replay(path.resolve(file), options);
    });
}

const wholeRows = (text: string): number => {
  const rows = Number(text);
  if (!Number.isInteger(rows) || rows < 1)
    throw new CliError('--limit must be a whole number of rows from 1');
  return rows;
};

/** Runs a replay from the command line; 0 when every chain is whole and the sums fit. */
async function replay(file: string, options: Options): Promise<number> {
  const limit = wholeRows(options.limit);
  await access(file).catch(() => {
    throw new CliError(`${file} is not there`);
  });
  const mapping = await said(() => loadMapping(options.mapping));
  const regions = options.regions ?? (await said(() => findRegions(mapping, file, options.mapping)));
  const city = await describeCity(mapping, regions);
  const first = await firstMoment(file, mapping, limit);
  const home = path.resolve(options.home);
  await mkdir(home, { recursive: true });
  const rejects = path.resolve(options.rejects ?? path.join(home, 'replay-rejects.csv'));
  const log = createLogger({ level: 'error' });
  // A demo, so that its people may sign in with one password, and hears nobody but this machine.
  const config = {
    ...parseConfig({ ...process.env, WANMI_HOME: home, HOST: '127.0.0.1' }, ['--demo', '--services=worker']),
    sessionDays: 365,
  };
  const booted = await bootPlatform(config, log, 'wanmi-replay');
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new CliError('stopped; the same command goes on from here'));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const clock = new VirtualClock({ start: await startOf(booted.platform, first), rate: 0 });
    const platform: Platform = { ...booted.platform, clock };
    const out = createWriteStream(rejects);
    out.write(csvLine(['line', 'id', 'reason']));
    const result = await runReplay(platform, {
      city,
      rows: readRows(file, mapping, limit),
      outside: mapping.outside ?? 'reject',
      signal: stop.signal,
      onRejection: ({ line, id, reason }) => void out.write(csvLine([line, id, reason])),
      onProgress: (progress) => console.error(progressLine(progress)),
    });
    await new Promise((done) => out.end(done));
    const faults = faultsOf(result);
    const whole = { file, mapping: path.resolve(options.mapping), rejects, ...result, faults };
    if (options.report) await writeFile(options.report, `${JSON.stringify(whole, null, 2)}\n`);
    console.log(summary(result, rejects));
    for (const fault of faults) console.error(fault);
    return faults.length === 0 ? 0 : 1;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await booted.close();
  }
}

/** What the operator can mend is said in a sentence. */
async function said<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof MappingError ? new CliError(error.message) : error;
  }
}

async function firstMoment(file: string, mapping: Mapping, limit: number): Promise<number> {
  for await (const { row } of readRows(file, mapping, limit)) if (row) return row.openedAt;
  throw new CliError(`${file}: no row of the first ${limit} can be taken`);
}

/** The first request's time; in an installation with cases of its own, after what has happened and was closed there. */
async function startOf({ pool }: Platform, first: number): Promise<number> {
  const { rows } = await pool.query<{ at: Date | null }>(
    'select greatest((select max(at) from case_event), (select max(at) from log_root)) as at',
  );
  return Math.max(first - 60_000, (rows[0]?.at?.getTime() ?? 0) + 1);
}

/** What must not be: then the command fails. */
export function faultsOf(result: ReplayResult): string[] {
  const { read, accepted, already, rejected, verified, stuck } = result;
  const faults: string[] = [];
  if (accepted + already + rejected !== read)
    faults.push(`the sums do not fit: ${accepted} + ${already} + ${rejected} is not ${read}`);
  if (verified.broken.length > 0) faults.push(`${verified.broken.length} chains are broken`);
  if (verified.checked !== accepted + already)
    faults.push(`${accepted + already} rows became cases, ${verified.checked} chains were checked`);
  if (verified.inRoot !== verified.checked)
    faults.push(`${verified.checked - verified.inRoot} cases are not in the daily root as they are`);
  if (verified.cases < accepted + already)
    faults.push(`${accepted + already} rows became cases, the city lists ${verified.cases}`);
  for (const { id, caseNo, step, code } of stuck.slice(0, 20))
    faults.push(`${caseNo} (row ${id}) stands at ${step}: ${code}`);
  return faults;
}

function progressLine({ read, accepted, already, rejected, at, seconds, actions }: Progress): string {
  return [
    `${read} read`,
    `${accepted} accepted`,
    ...(already > 0 ? [`${already} known`] : []),
    `${rejected} rejected`,
    `${actions} steps`,
    new Date(at).toISOString().slice(0, 16).replace('T', ' '),
    `${(read / seconds).toFixed(1)} rows/s`,
  ].join(' · ');
}

function summary(result: ReplayResult, rejects: string): string {
  const { read, accepted, already, rejected, reasons, verified, onTime, late } = result;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .sort((a, b) => b[1] - a[1])
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || '-';
  return [
    `${read} rows read: ${accepted} accepted, ${already} known from before, ${rejected} rejected`,
    `  rejected: ${list(reasons)} (${rejects})`,
    `  without a position: ${result.withoutPosition}`,
    `${verified.cases} cases in the city: ${list(verified.byStage)}; ended: ${list(verified.byOutcome)}`,
    `  answered within their limit: ${onTime} of ${onTime + late}`,
    `${verified.checked} chains checked, ${verified.broken.length} broken, ${verified.inRoot} in the daily root`,
    `${result.seconds} s, ${result.rowsPerSecond} rows/s, ${result.actions} steps; the city's clock ran from ${result.from} to ${result.to}`,
  ].join('\n');
}
