import { createWriteStream } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import {
  adoptOpen,
  findBatch,
  importCases,
  inspectFile,
  listBatches,
  MappingError,
  openFile,
  parseMapping,
  rejectFile,
  rejectHeading,
  rejectLine,
  reportOf,
  setColumns,
  type Batch,
  type Inspection,
  type ImportProgress,
  type ImportResult,
  type Mapping,
  type SourceFile,
} from '#modules/importing';
import { byCommand, orderAdopt, orderUndo, readOrder, workOnOrder, type OrderRow } from '#modules/registers';
import { isTimeZone } from '../platform/clock.ts';
import { CSV_ENCODINGS } from '../platform/csv.ts';
import { problem, Problem, type ProblemCode } from '../platform/errors.ts';
import { problemText } from '../platform/error-text.ts';
import type { Platform } from '../platform/platform.ts';
import { cityFor, setUpCity } from './import/city.ts';
import { reportText } from './import/report-text.ts';
import { CliError, say, withInstallation } from './open.ts';
import { tableImportCommands } from './transfer.ts';

export function importCommand(): Command {
  const group = new Command('import')
    .description(
      'bring in what a city has already: its register of cases, its units, people, posts, assets, its manual',
    )
    .addCommand(inspectCommand())
    .addCommand(casesCommand())
    .addCommand(reportCommand())
    .addCommand(rejectsCommand())
    .addCommand(listCommand())
    .addCommand(adoptCommand())
    .addCommand(undoCommand());
  for (const command of tableImportCommands()) group.addCommand(command);
  return group;
}

interface InspectOptions {
  readonly mapping?: string;
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly headingRow?: string;
  readonly timeZone?: string;
  readonly near?: string;
  readonly json?: boolean;
}

function inspectCommand(): Command {
  return new Command('inspect')
    .description(
      'look through a register and propose a mapping for it; needs no installation, writes nothing else',
    )
    .argument('<file>', 'CSV, packed with gzip or not, or an Excel workbook (.xlsx)')
    .option('--mapping <file>', 'where to write the proposal (default: standard output, after the report)')
    .option('--encoding <name>', CSV_ENCODINGS.join(', '))
    .option('--delimiter <sign>', 'one character, or tab')
    .option('--heading-row <number>', 'the row that names the columns')
    .option('--time-zone <name>', 'of its dates, as Asia/Shanghai')
    .option('--near <lon,lat>', 'a place in that city: tells which map its metres or feet are of')
    .option('--json', 'all of it as one JSON object')
    .action((file: string, options: InspectOptions) => said(() => inspect(path.resolve(file), options)));
}

async function inspect(file: string, options: InspectOptions): Promise<void> {
  await access(file).catch(() => {
    throw new CliError(`${file} is not there`);
  });
  const encoding = CSV_ENCODINGS.find((one) => one === options.encoding);
  if (options.encoding !== undefined && !encoding)
    throw new CliError(`--encoding must be one of ${CSV_ENCODINGS.join(', ')}`);
  if (options.timeZone !== undefined && !isTimeZone(options.timeZone))
    throw new CliError(`${options.timeZone} is no time zone`);
  const delimiter = options.delimiter === 'tab' ? '\t' : options.delimiter;
  if (delimiter !== undefined && delimiter.length !== 1)
    throw new CliError('--delimiter must be one character, or tab');
  const headingRow = options.headingRow === undefined ? undefined : Number(options.headingRow);
  if (headingRow !== undefined && !(Number.isInteger(headingRow) && headingRow >= 0 && headingRow <= 50))
    throw new CliError('--heading-row must be a whole number from 0 (no headings) to 50');
  const near = options.near === undefined ? undefined : placeOf(options.near);
  const found = await inspectFile(file, {
    encoding,
    delimiter,
    headingRow,
    timeZone: options.timeZone,
    near,
  });
  if (options.mapping) await writeJson(options.mapping, found.mapping);
  if (options.json) {
    say(JSON.stringify(found));
    return;
  }
  for (const line of inspectionLines(found)) say(line);
  if (options.mapping) say(`the proposed mapping: ${options.mapping}`);
  else say(JSON.stringify(found.mapping, null, 2));
}

function placeOf(text: string): { lon: number; lat: number } {
  const [lon = Number.NaN, lat = Number.NaN] = text.split(',').map(Number);
  if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90))
    throw new CliError('--near must be longitude,latitude in degrees, as -73.98,40.75');
  return { lon, lat };
}

function inspectionLines({ file, sampled, whole, sheets, columns, unsure }: Inspection): string[] {
  const signs: Record<string, string> = { '\t': 'tab', ',': 'comma', ';': 'semicolon', '|': 'bar' };
  return [
    `${file.name}: ${sheets ? `workbook, sheets ${sheets.join(', ')}` : `${file.encoding}, ${signs[file.delimiter] ?? file.delimiter}`}, ${file.headingRow === 0 ? 'no headings' : `headings in row ${file.headingRow}`}, ${sampled} rows ${whole ? '(all)' : 'sampled'}`,
    '',
    ...columns.map((one) => {
      const range = one.from === null ? '' : ` ${one.from} … ${one.to}`;
      const dates =
        one.formats.length > 0 && one.kind === 'date'
          ? ` ${one.formats.map(({ format, rows }) => `${format} × ${rows}`).join(', ')}`
          : '';
      const top =
        one.kind === 'word' || one.kind === 'flag'
          ? ` ${one.top
              .slice(0, 6)
              .map(({ value, rows }) => `${value} × ${rows}`)
              .join(', ')}`
          : '';
      const order = one.dayMonth === null || one.dayMonth === 'certain' ? '' : ` day/month ${one.dayMonth}`;
      return `  ${one.name}${one.role ? ` = ${one.role}` : ''}: ${one.kind}, ${(one.fillRate * 100).toFixed(1)} % filled, ${one.unique ? 'unique' : `${one.distinct} values`}${range}${dates}${order}${top}`;
    }),
    '',
    ...(unsure.length > 0 ? ['to look at:', ...unsure.map((line) => `  - ${line}`), ''] : []),
  ];
}

interface CasesOptions {
  readonly mapping: string;
  readonly city?: string;
  readonly dryRun?: boolean;
  readonly rejects?: string;
  readonly report?: string;
  readonly batch: string;
  readonly json?: boolean;
}

function casesCommand(): Command {
  return new Command('cases')
    .description('bring a register in as history; the same call goes on where it was stopped')
    .argument('<file>', 'CSV, packed with gzip or not, or an Excel workbook (.xlsx)')
    .requiredOption('--mapping <file>', 'what its columns and words mean (wanmi import inspect proposes one)')
    .option('--city <code>', "the city (default: the mapping's, or the only one)")
    .option('--dry-run', 'read, check and count; write nothing')
    .option('--rejects <file>', 'where to write the rejected rows (default: beside the register)')
    .option('--report <file>', 'where to write the report as JSON')
    .option('--batch <rows>', 'rows in one transaction', '1000')
    .option('--json', 'print the result as one JSON object')
    .action((file: string, options: CasesOptions) => said(() => cases(path.resolve(file), options)));
}

async function cases(file: string, options: CasesOptions): Promise<void> {
  const batchSize = Number(options.batch);
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 10_000)
    throw new CliError('--batch must be a whole number from 1 to 10000');
  const mapping = parseMapping(options.mapping, await textOf(options.mapping));
  await access(file).catch(() => {
    throw new CliError(`${file} is not there`);
  });
  const source = await openFile(file, mapping.file);
  const rejects = path.resolve(
    options.rejects ?? `${file.replace(/(\.csv|\.tsv|\.txt|\.xlsx)?(\.gz)?$/i, '')}-rejects.csv`,
  );
  await withInstallation(async ({ platform }) => {
    const dry = options.dryRun === true;
    let city = await cityFor(platform, options.city, mapping);
    if (city === null && dry) {
      throw new CliError(
        `the city ${mapping.city!.code} is not set up yet; a dry run writes nothing, so name another with --city`,
      );
    }
    city ??= await setUpCity(platform, mapping.city!);
    const result = await running(platform, city.id, source, mapping, { dry, batchSize, rejects });
    const report = result.batchId === null ? null : await reportOf(platform, city.id, result.batchId);
    if (options.report && report) await writeJson(options.report, report);
    if (options.json) say(JSON.stringify({ ...result, city: city.code, rejects, report }));
    else {
      for (const line of summaryOf(result, rejects)) say(line);
    }
  });
}

async function running(
  platform: Platform,
  cityId: string,
  file: SourceFile,
  mapping: Mapping,
  { dry, batchSize, rejects }: { dry: boolean; batchSize: number; rejects: string },
): Promise<ImportResult> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new CliError('stopped; the same command goes on from here'));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const out = dry ? createWriteStream(rejects, { mode: 0o600 }) : null;
  out?.write(`\uFEFF${rejectHeading(file.columns)}`);
  const bar = progressBar();
  try {
    const result = await importCases(platform, {
      cityId,
      file,
      mapping,
      dry,
      batchSize,
      signal: stop.signal,
      onProgress: bar,
      ...(out ? { onReject: (reject) => void out.write(rejectLine(reject)) } : {}),
    });
    // All of them, also those of a run that was killed before this one.
    if (result.batchId !== null) await writeRejects(platform, result.batchId, file.columns, rejects);
    return result;
  } finally {
    bar.end();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    if (out) await new Promise((done) => out.end(done));
  }
}

async function writeRejects(
  platform: Platform,
  batchId: string,
  columns: readonly string[],
  file: string,
): Promise<void> {
  await pipeline(rejectFile(platform.db, batchId, columns), createWriteStream(file, { mode: 0o600 }));
}

const WIDTH = 30;

/** A bar on a terminal, else a line now and then: rows, rows a second, time left. */
function progressBar(): ((progress: ImportProgress) => void) & { end: () => void } {
  const { stderr } = process;
  const started = performance.now();
  let first: { read: number; share: number } | null = null;
  let last = 0;
  const show = (progress: ImportProgress): void => {
    const { read, accepted, already, rejected, share } = progress;
    const now = performance.now();
    const seconds = (now - started) / 1000;
    // What was read before a kill was not read now.
    first ??= { read: Math.max(0, read - 1000), share: 0 };
    const rate = (read - first.read) / seconds;
    const left = share > 0 ? (seconds * (1 - share)) / share : 0;
    const counts = `${read} read · ${accepted} accepted · ${already} known · ${rejected} rejected`;
    const pace = `${Math.round(rate)} rows/s · ${share >= 1 ? 0 : Math.ceil(left)} s left`;
    if (stderr.isTTY) {
      const full = Math.round(share * WIDTH);
      stderr.write(
        `\r${'#'.repeat(full)}${'.'.repeat(WIDTH - full)} ${(share * 100).toFixed(0)} % · ${counts} · ${pace}  `,
      );
    } else if (now - last > 5000) {
      last = now;
      stderr.write(`${(share * 100).toFixed(0)} % · ${counts} · ${pace}\n`);
    }
  };
  return Object.assign(show, { end: () => void (stderr.isTTY && stderr.write('\n')) });
}

function summaryOf(result: ImportResult, rejects: string): string[] {
  const { read, accepted, already, rejected, warned, counts, batchId, resumedAt, made } = result;
  const of = (prefix: string): string =>
    Object.entries(counts)
      .filter(([name]) => name.startsWith(prefix))
      .sort((a, b) => b[1] - a[1])
      .map(([name, n]) => `${name.slice(prefix.length)} ${n}`)
      .join(', ') || '-';
  return [
    ...(resumedAt === null ? [] : [`went on after row ${resumedAt}`]),
    batchId === null ? 'dry run: nothing was written' : `batch ${batchId}`,
    `${read} rows read: ${accepted} accepted, ${already} known from before, ${rejected} rejected`,
    `  rejected: ${of('reject:')}${rejected > 0 ? ` (${rejects})` : ''}`,
    `  accepted with a remark: ${warned}: ${of('warning:')}`,
    `  counted: ${of('mark:')}`,
    `  made: ${made.unit} departments, ${made.category} categories`,
  ];
}

interface BatchOptions {
  readonly city?: string;
  readonly json?: boolean;
}

function reportCommand(): Command {
  return new Command('report')
    .description('what an import brought: by type, month, agency, source and on time')
    .argument('<batch>')
    .option('--city <code>')
    .option('--json', 'as one JSON object')
    .action((batch: string, options: BatchOptions) =>
      said(() =>
        withInstallation(async ({ platform }) => {
          const cityId = await cityOfBatch(platform, batch, options.city);
          const report = await reportOf(platform, cityId, batch);
          say(options.json ? JSON.stringify(report) : reportText(report));
        }),
      ),
    );
}

function rejectsCommand(): Command {
  return new Command('rejects')
    .description('the rejected rows of an import, with their reasons, as CSV')
    .argument('<batch>')
    .option('--file <register>', 'the register: its headings, of an import that did not keep them')
    .requiredOption('--out <file>')
    .option('--city <code>')
    .action((batch: string, options: BatchOptions & { file?: string; out: string }) =>
      said(() =>
        withInstallation(async ({ platform }) => {
          const cityId = await cityOfBatch(platform, batch, options.city);
          const found = (await findBatch(platform.db, cityId, batch))!;
          const columns = await headingsOf(platform, found, options.file);
          await writeRejects(platform, batch, columns, options.out);
        }),
      ),
    );
}

/** The headings that the import kept, else those of its file, which are kept from then on. */
async function headingsOf(
  platform: Platform,
  { id, mapping, fileSha256, columns }: Batch,
  file: string | undefined,
): Promise<readonly string[]> {
  if (file === undefined) {
    if (columns !== null) return columns;
    throw new CliError('this import did not keep its headings: name the register with --file');
  }
  const source = await openFile(file, (mapping as Mapping).file);
  if (source.sha256 !== fileSha256) throw new CliError(`${file} is not the file of this import`);
  await setColumns(platform.db, id, source.columns);
  return source.columns;
}

function listCommand(): Command {
  return new Command('list')
    .description('the imports of a city, the latest first')
    .option('--city <code>')
    .option('--limit <number>', 'how many', '50')
    .action((options: BatchOptions & { limit: string }) =>
      said(() =>
        withInstallation(async ({ platform }) => {
          const city = await cityFor(platform, options.city, null);
          for (const one of await listBatches(platform.db, city!.id, {
            limit: Math.min(1000, Number(options.limit) || 50),
          })) {
            const { id, kind, state, fileName, read, accepted, already, rejected, startedAt } = one;
            say(
              [
                id,
                kind,
                state,
                startedAt.toISOString(),
                `${read} = ${accepted} + ${already} + ${rejected}`,
                fileName,
              ].join('\t'),
            );
          }
        }),
      ),
    );
}

interface AdoptOptions extends BatchOptions {
  readonly id?: string[];
  readonly type?: string[];
  readonly since?: string;
  readonly limit?: string;
  readonly dryRun?: boolean;
}

function adoptCommand(): Command {
  const several = (value: string, before: string[] = []): string[] => [...before, value];
  return new Command('adopt')
    .description(
      'open cases of an import go on as cases of the city: their process begins, tasks wait, clocks run',
    )
    .argument('<batch>')
    .option(
      '--id <number>',
      "the register's number; may be given several times (default: all that are open)",
      several,
    )
    .option('--type <name>', "of this type, in the register's words; may be given several times", several)
    .option('--since <day>', 'reported since, YYYY-MM-DD')
    .option('--limit <number>', 'at most so many, the oldest first')
    .option('--dry-run', 'only say how many')
    .option('--city <code>')
    .action((batch: string, { id, type, since, limit, dryRun, city }: AdoptOptions) =>
      said(() =>
        withInstallation(async ({ platform }) => {
          if (since !== undefined && Number.isNaN(Date.parse(since)))
            throw new CliError(`${since} is no day`);
          if (limit !== undefined && !(Number(limit) >= 1))
            throw new CliError('--limit must be a number from 1');
          const cityId = await cityOfBatch(platform, batch, city);
          const which = {
            ...(id ? { sourceIds: id } : {}),
            ...(type ? { types: type } : {}),
            ...(limit === undefined ? {} : { limit: Math.floor(Number(limit)) }),
          };
          const { open } = await adoptOpen(platform, cityId, batch, {
            ...which,
            since: since === undefined ? null : Date.parse(since),
            dry: true,
          });
          if (dryRun || open === 0) return say(`${open} open cases would be adopted`);
          const order = await orderAdopt(platform, byCommand(cityId), batch, {
            reason: null,
            cases: null,
            which: { ...which, ...(since === undefined ? {} : { since: new Date(since).toISOString() }) },
          });
          const { total, done } = await carriedOut(platform, order);
          say(`${done} of ${total} open cases adopted`);
        }),
      ),
    );
}

function undoCommand(): Command {
  return new Command('undo')
    .description(
      'take an import back: cases, logs, facts; refused where somebody has worked on one of them since',
    )
    .argument('<batch>')
    .option('--city <code>')
    .action((batch: string, options: BatchOptions) =>
      said(() =>
        withInstallation(async ({ platform }) => {
          const cityId = await cityOfBatch(platform, batch, options.city);
          const order = await orderUndo(platform, byCommand(cityId), batch, { reason: null, cases: null });
          const { done, kept, units, categories } = await carriedOut(platform, order);
          say(`${done} cases taken back, ${units} departments and ${categories} categories removed`);
          if (kept > 0) say(`${kept} cases stay: somebody worked on them meanwhile`);
        }),
      ),
    );
}

const ASK_MS = 500;

/** Here, or by the worker that was quicker; whoever stops this lets the next worker go on. */
async function carriedOut(platform: Platform, { id }: OrderRow): Promise<OrderRow> {
  let told = -1;
  const tell = ({ done, total }: { done: number; total: number }): void => {
    if (done === told || (done % 500 !== 0 && done !== total)) return;
    told = done;
    process.stderr.write(`${done} of ${total}\n`);
  };
  for (;;) {
    await workOnOrder(platform, id, { onProgress: tell });
    const order = (await readOrder(platform.db, id))!;
    if (order.state === 'failed') throw problem(order.problem as ProblemCode);
    if (order.state !== 'running') return order;
    tell(order);
    await delay(ASK_MS);
  }
}

async function cityOfBatch(platform: Platform, batch: string, asked: string | undefined): Promise<string> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(batch))
    throw new CliError(`${batch} is no import`);
  const city = asked === undefined ? null : await cityFor(platform, asked, null);
  const { rows } = await platform.pool.query<{ id: string }>(
    'select city_id as id from import_batch where id = $1',
    [batch],
  );
  if (!rows[0] || (city && city.id !== rows[0].id)) throw new CliError(`there is no import ${batch}`);
  return rows[0].id;
}

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(error.code === 'ENOENT' ? `${file} is not there` : error.message);
  });

async function writeJson(file: string, value: unknown): Promise<void> {
  const out = createWriteStream(file);
  await new Promise((done) => out.end(`${JSON.stringify(value, null, 2)}\n`, () => done(null)));
}

/** What the operator can mend is said in a sentence. */
async function said(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof MappingError) throw new CliError(error.message);
    if (error instanceof Problem) {
      const { title, detail } = problemText(error.code, error.params, 'en');
      throw new CliError(`${title}${detail ? `: ${detail}` : ''} (${error.code})`);
    }
    throw error;
  }
}
