import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import {
  adoptOpen,
  findBatch,
  listBatches,
  openFile,
  rejectFile,
  reportOf,
  setColumns,
  type Batch,
  type Mapping,
} from '#modules/importing';
import { byCommand, orderAdopt, orderUndo, readOrder, workOnOrder, type OrderRow } from '#modules/registers';
import { problem, type ProblemCode } from '../../platform/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import { CliError, say, withInstallation } from '../open.ts';
import { cityFor } from './city.ts';
import { reportText } from './report-text.ts';
import { said } from './said.ts';

export async function writeRejects(
  platform: Platform,
  batchId: string,
  columns: readonly string[],
  file: string,
): Promise<void> {
  await pipeline(rejectFile(platform.db, batchId, columns), createWriteStream(file, { mode: 0o600 }));
}

interface BatchOptions {
  readonly city?: string;
  readonly json?: boolean;
}

export function reportCommand(): Command {
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

export function rejectsCommand(): Command {
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

export function listCommand(): Command {
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

export function adoptCommand(): Command {
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

export function undoCommand(): Command {
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
