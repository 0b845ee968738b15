import { createWriteStream } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import {
  importCases,
  openFile,
  parseMapping,
  rejectHeading,
  rejectLine,
  reportOf,
  type ImportResult,
  type Mapping,
  type SourceFile,
} from '#modules/importing';
import type { Platform } from '../platform/platform.ts';
import {
  adoptCommand,
  listCommand,
  rejectsCommand,
  reportCommand,
  undoCommand,
  writeRejects,
} from './import/batches.ts';
import { cityFor, setUpCity } from './import/city.ts';
import { inspectCommand } from './import/inspect.ts';
import { progressBar } from './import/progress-bar.ts';
import { said, textOf, writeJson } from './import/said.ts';
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
