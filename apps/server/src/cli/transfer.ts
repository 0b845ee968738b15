import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  TRANSFER_KIND_NAMES,
  TRANSFER_KINDS,
  TRANSFER_REASONS,
  type TransferKind,
  type TransferReason,
} from '@wanmi/contracts';
import { Argument, Command, Option } from 'commander';
import { audit } from '#modules/audit';
import {
  actorOfPost,
  begin,
  exportCity,
  listTransfers,
  mayImport,
  packFolder,
  readTransfer,
  rejectCsv,
  runTransfer,
  TEMPLATE_FORMATS,
  templateName,
  templateOf,
  toBatch,
  underLock,
  undoImport,
  verifyExport,
  workOff,
  type Progress,
  type TemplateFormat,
  type TransferRow,
} from '#modules/transfer';
import type { Actor } from '../platform/actor.ts';
import type { CommandMeta } from '../platform/http.ts';
import { problems, toProblem, type ProblemCode } from '../platform/errors.ts';
import { problemText } from '../platform/error-text.ts';
import type { Platform } from '../platform/platform.ts';
import { CliError, say, withInstallation } from './open.ts';
import { cityId } from './rules.ts';

const META: CommandMeta = { key: null, requestId: null, ip: null };
const MAX_FILE = 4 * 1024 ** 3;

interface ImportOptions {
  readonly city: string;
  readonly as: string;
  readonly dryRun?: boolean;
  readonly rejects?: string;
}

/** `wanmi import units|people|posts|assets|manual FILE`: subcommands of the one group. */
export function tableImportCommands(): Command[] {
  return TRANSFER_KINDS.map((kind) =>
    new Command(kind)
      .description(
        `${TRANSFER_KIND_NAMES[kind].en.toLowerCase()} from .xlsx, .csv${kind === 'assets' ? ' or .geojson' : ''}; safe to run twice, goes on where it was killed`,
      )
      .argument('<file>')
      .requiredOption('--city <code>', 'code of the city')
      .requiredOption(
        '--as <username>',
        'who does it: a person whose post may import, and in whose name it is recorded',
      )
      .option('--dry-run', 'only try: nothing is written')
      .option('--rejects <file>', 'where rows that are not taken go (default: <file>.rejects.csv)')
      .action((file: string, options: ImportOptions) =>
        withInstallation(({ platform }) => importFile(platform, kind, file, options)).catch(explain),
      ),
  );
}

async function importFile(
  platform: Platform,
  kind: TransferKind,
  file: string,
  options: ImportOptions,
): Promise<void> {
  const actor = await actorOf(platform, options.city, options.as, kind);
  await stat(file).catch(() => {
    throw new CliError(`there is no file ${file}`);
  });
  // A copy in the store: a server that runs may go on with it, and rejects are read from it.
  const { sha256, bytes } = await platform.blobs.put(createReadStream(file), { maxBytes: MAX_FILE });
  const stored = { name: path.basename(file), sha256, bytes };
  const { id, position } = await begin(platform, actor, kind, options.dryRun ? 'dry' : 'real', stored, META);
  if (position > 0) say(`goes on after row ${position}`);
  const target = options.rejects ?? `${file}.rejects.csv`;
  const show = bar();
  const read = async (): Promise<TransferRow> => (await readTransfer(platform.db, actor.cityId, id))!;
  const run = async (): Promise<void> => {
    const batch = await read();
    if (batch.state !== 'running') return;
    await runTransfer(platform, batch, {
      path: platform.blobs.path(sha256),
      progress: show,
    });
  };
  while ((await read()).state === 'running') {
    if (await underLock(platform, id, run)) continue;
    // A server that runs was faster: it is watched.
    const { position: done, total } = await read();
    if (total !== null) show({ done, total });
    await sleep(500);
  }
  const ended = await read();
  // Of the whole file, also where an earlier call had begun it.
  if (ended.rejected > 0) {
    await pipeline(
      Readable.from(rejectCsv(platform, ended, platform.blobs.path(sha256))),
      createWriteStream(target, { mode: 0o600 }),
    );
  }
  report(ended, ended.rejected > 0 ? target : null);
}

function report(row: TransferRow, rejects: string | null): void {
  const { id, state, problem, mode, read, created, changed, unchanged, rejected, reasons, ignored, draftId } =
    toBatch(row);
  if (state !== 'done')
    throw new CliError(`${state}${problem === null ? '' : `: ${explained(problem)}`}  (${id})`);
  say(`${mode === 'dry' ? 'tried ' : ''}${id}`);
  say(
    `read ${read} = created ${created} + changed ${changed} + unchanged ${unchanged} + rejected ${rejected}`,
  );
  for (const [reason, count] of Object.entries(reasons)) {
    const text = Object.hasOwn(TRANSFER_REASONS, reason) ? TRANSFER_REASONS[reason as TransferReason] : null;
    say(`  ${String(count).padStart(7)}  ${reason}  ${text ? `${text['zh-CN']} · ${text.en}` : ''}`);
  }
  if (ignored.length > 0) say(`not read: ${ignored.join(', ')}`);
  if (rejects !== null) say(`rejected rows: ${rejects}`);
  if (draftId !== null) say(`draft of rules: ${draftId}  (wanmi config publish, or the rules' room)`);
}

/** A code, and behind it what was missing. */
function explained(problem: string): string {
  const [code = '', ...detail] = problem.split(' ');
  const title = Object.hasOwn(problems, code) ? problemText(code as ProblemCode, {}, 'en').title : '';
  return [code, title, ...detail].join(' ');
}

/** `wanmi transfer`: empty tables, batches, taking back, checking an export. */
export function transferCommand(): Command {
  return new Command('transfer')
    .description('tables that a city fills in, imports and exports')
    .addCommand(templateCommand())
    .addCommand(listCommand())
    .addCommand(undoCommand())
    .addCommand(verifyCommand());
}

function templateCommand(): Command {
  return new Command('template')
    .description('an empty table of a kind, to be filled in')
    .addArgument(new Argument('<kind>').choices(TRANSFER_KINDS))
    .addOption(new Option('--format <format>').choices(TEMPLATE_FORMATS).default('xlsx'))
    .option('--out <file>', 'where it goes (default: wanmi-<kind>.<format> here)')
    .action(async (kind: TransferKind, { format, out }: { format: TemplateFormat; out?: string }) => {
      const target = out ?? templateName(kind, format);
      await writeFile(target, await templateOf(kind, format));
      say(target);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('tries and imports of a city, the newest first')
    .requiredOption('--city <code>', 'code of the city')
    .action(({ city }: { city: string }) =>
      withInstallation(async ({ platform }) => {
        const id = await cityId(platform.db, city);
        for (const row of await listTransfers(platform.db, id, { kind: null, before: null, limit: 100 })) {
          const one = toBatch(row);
          say(
            [
              one.id,
              one.startedAt,
              one.kind.padEnd(6),
              one.mode.padEnd(4),
              one.state.padEnd(9),
              `+${one.created} ~${one.changed} =${one.unchanged} -${one.rejected}`,
              one.fileName,
            ].join('  '),
          );
        }
      }),
    );
}

function undoCommand(): Command {
  return new Command('undo')
    .description('take an import back: what nobody has built on since')
    .argument('<id>', 'of the import')
    .requiredOption('--city <code>', 'code of the city')
    .requiredOption('--as <username>', 'who does it')
    .action((id: string, { city, as }: { city: string; as: string }) =>
      withInstallation(async ({ platform }) => {
        const row = await readTransfer(platform.db, await cityId(platform.db, city), id);
        if (!row) throw new CliError(`there is no import ${id}`);
        const actor = await actorOf(platform, city, as, toBatch(row).kind);
        await undoImport(platform, actor, id, META);
        const read = async (): Promise<TransferRow> => (await readTransfer(platform.db, row.cityId, id))!;
        while ((await read()).state === 'undoing') {
          if (!(await workOff(platform))) await sleep(500);
        }
        const { state, problem, undone, kept } = toBatch(await read());
        if (state !== 'undone')
          throw new CliError(`${state}${problem === null ? '' : `: ${explained(problem)}`}  (${id})`);
        say(`taken back ${undone}, kept ${kept}`);
      }).catch(explain),
    );
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('check an unpacked export by its own files: hashes, counts, every log, every daily root')
    .argument('<folder>')
    .action(async (folder: string) => {
      const { files, cases, events, roots, faults } = await verifyExport(folder).catch(
        (error: NodeJS.ErrnoException) => {
          throw error.code === 'ENOENT' ? new CliError(`${folder} holds no export`) : error;
        },
      );
      for (const { file, what, detail } of faults) say(`${file}  ${what}  ${detail}`);
      say(
        `${files} files, ${cases} cases, ${events} entries, ${roots} daily roots: ${faults.length === 0 ? 'whole' : `${faults.length} faults`}`,
      );
      if (faults.length > 0) process.exitCode = 1;
    });
}

interface ExportOptions {
  readonly city: string;
  readonly personal?: boolean;
  readonly media: boolean;
}

/** `wanmi export DIR|FILE.zip|FILE.tar.gz`: everything that a city owns. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write everything that a city owns, in open formats')
    .argument('<target>', 'a folder that is not there yet or empty, or a file .zip or .tar.gz')
    .requiredOption('--city <code>', 'code of the city')
    .option('--personal', 'with names, phones and identities, and photos as they came in')
    .option('--no-media', 'without photos and films')
    .action((target: string, options: ExportOptions) =>
      withInstallation(({ platform }) => exportTo(platform, target, options)).catch(explain),
    );
}

async function exportTo(
  platform: Platform,
  target: string,
  { city, personal = false, media }: ExportOptions,
): Promise<void> {
  const id = await cityId(platform.db, city);
  const packed = /\.(zip|tar\.gz|tgz)$/.test(target);
  const there = packed
    ? await stat(target).catch(() => null)
    : await readdir(target).then(
        (names) => (names.length > 0 ? names : null),
        () => null,
      );
  if (there) throw new CliError(`${target} is there already`);
  const folder = packed ? `${target}.part` : target;
  if (packed) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const show = bar();
  await audit(platform.db, platform, {
    cityId: id,
    action: 'export.start',
    entity: 'city',
    entityId: id,
    outcome: 'ok',
    detail: { personal, media, by: 'commandLine' },
  });
  const manifest = await exportCity(platform, id, folder, {
    personal,
    media,
    progress: ({ part, done, total }) => (part === 'cases' ? show({ done, total }) : undefined),
  });
  if (packed) {
    // Seen under its name only when it is whole.
    const name = `${folder}.${target.endsWith('.zip') ? 'zip' : 'tar.gz'}`;
    await rm(name, { force: true });
    await packFolder(
      folder,
      [...manifest.files.map((file) => file.path), 'manifest.json'],
      name,
      platform.clock.now(),
    );
    await rename(name, target);
    await rm(folder, { recursive: true, force: true });
  }
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  say(
    `${target}  ${manifest.files.length} files, ${bytes} bytes, ${manifest.counts['cases/cases.ndjson'] ?? 0} cases`,
  );
  if (manifest.missingMedia.length > 0)
    say(`${manifest.missingMedia.length} files of media are not in the store; manifest.json names them`);
}

/** @throws CliError where nobody is called so, or may not */
async function actorOf(
  platform: Platform,
  city: string,
  username: string,
  kind: TransferKind,
): Promise<Actor> {
  const id = await cityId(platform.db, city);
  const { rows } = await platform.pool.query<{ id: string }>(
    `select p.id from post p join person q on q.id = p.person_id
      where q.city_id = $1 and lower(q.username) = lower($2) and (p.valid_to is null or p.valid_to > $3) order by p.id`,
    [id, username, new Date(platform.clock.now())],
  );
  for (const post of rows) {
    const actor = await actorOfPost(platform, id, post.id);
    if (actor && mayImport(actor, kind)) return actor;
  }
  throw new CliError(`${username} has no post of ${city} that may import ${kind}`);
}

const WIDTH = 30;

/** On a terminal alone, beside the report. */
function bar(): (progress: Progress) => void {
  const { stderr } = process;
  const started = performance.now();
  return ({ total, done }) => {
    if (!stderr.isTTY || total === 0) return;
    const full = Math.round((done / total) * WIDTH);
    const rate = done / ((performance.now() - started) / 1000);
    const left = done === 0 ? '' : `  ${Math.round(rate)}/s  ${Math.ceil((total - done) / rate)} s`;
    stderr.write(`\r${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}  ${done}/${total}${left}  `);
    if (done === total) stderr.write('\n');
  };
}

/** What somebody did wrong is said in a sentence. */
function explain(error: unknown): never {
  const found = toProblem(error);
  if (error instanceof CliError || found.code === 'internal') throw error;
  const { title, detail } = problemText(found.code, found.params, 'en');
  throw new CliError(`${found.code}: ${title}${detail === undefined ? '' : `. ${detail}`}`);
}
