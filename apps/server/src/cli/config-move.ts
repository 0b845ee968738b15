import { readFile } from 'node:fs/promises';
import { MoveMap, type MoveFinding, type ProcessMoveReport } from '@wanmi/contracts';
import { Command } from 'commander';
import type { z } from 'zod';
import {
  beginMove,
  checkMove,
  listProcesses,
  readMove,
  runMoves,
  tryMove,
  type MoveAsk,
} from '#modules/cases';
import type { Platform } from '../platform/platform.ts';
import { CliError, say, withInstallation } from './open.ts';
import { cityId, explained } from './rules.ts';

interface MoveOptions {
  readonly city: string;
  readonly process: string;
  readonly from: string;
  readonly to: string;
  readonly map?: string;
  readonly dryRun?: boolean;
  readonly reason?: string;
}

/** Running cases to the version of their process that is in force: tried first, then case by case. */
export function moveCommand(): Command {
  return new Command('move')
    .description('move the open cases of one version of a process to the one in force')
    .requiredOption('--city <code>', 'code of the city')
    .requiredOption('--from <version>', 'number of the version that is left')
    .requiredOption('--to <version>', 'number of the version in force')
    .option('--process <code>', 'the process', 'case')
    .option(
      '--map <file>',
      'JSON: node of the one version → node of the other, where they are not called the same',
    )
    .option('--dry-run', 'only say what would happen; fails where a case would stay')
    .option('--reason <text>', 'why; it is kept for ever. Needed where it is carried out')
    .action((options: MoveOptions) =>
      withInstallation(async ({ platform }) => {
        const city = await cityId(platform.db, options.city);
        const ask = await askOf(platform, city, options);
        await move(platform, city, ask, options).catch((error: unknown) => {
          throw explained(error, `${options.process} ${options.from} → ${options.to}`);
        });
      }),
    );
}

async function askOf(platform: Platform, city: string, options: MoveOptions): Promise<MoveAsk> {
  const versions = await listProcesses(platform.db, city, options.process);
  const idOf = (version: string): string => {
    const found = versions.find((row) => row.version === Number(version));
    if (!found) throw new CliError(`${options.process} has no version ${version}`);
    return found.id;
  };
  return {
    fromVersion: idOf(options.from),
    toVersion: idOf(options.to),
    map: options.map === undefined ? {} : await readMap(options.map),
  };
}

async function readMap(file: string): Promise<MoveMap> {
  try {
    return MoveMap.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new CliError(`${file} is no map of nodes: ${error instanceof Error ? error.message : ''}`);
  }
}

async function move(platform: Platform, city: string, ask: MoveAsk, options: MoveOptions): Promise<void> {
  if (options.dryRun) {
    const report = await tryMove(await checkMove(platform, city, ask));
    tell(report);
    if (report.movable < report.tried) process.exitCode = 1;
    return;
  }
  if (!options.reason) throw new CliError('--reason is needed where it is carried out');
  const { id } = await beginMove(platform, null, city, { ...ask, reason: options.reason });
  // A worker that runs takes its share.
  await runMoves(platform);
  const done = (await readMove(platform.db, id, city))!;
  for (const line of findingLines(done.problems)) say(line);
  say(`${done.state}  ${done.moved} moved, ${done.stayed} stayed`);
  if (done.stayed > 0) process.exitCode = 1;
}

function tell({ nodes, problems, changes, cases, tried, movable }: ProcessMoveReport): void {
  for (const { node, to, cases: standing, movable: able } of nodes) {
    if (standing > 0) say(`  ${node} → ${to ?? '-'}  ${able} of ${standing}`);
  }
  for (const line of findingLines(problems)) say(line);
  for (const line of findingLines(changes, '~')) say(line);
  say(`${movable} of ${tried} can be moved${tried < cases ? `; ${cases} are open` : ''}`);
}

type Finding = z.infer<typeof MoveFinding> & { readonly code: string };

function findingLines(findings: readonly Finding[], sign = '!'): string[] {
  return findings.map(
    ({ code, node, to, cases, examples }) =>
      `${sign} ${code}  ${node ?? ''}${to === null ? '' : ` → ${to}`}  ${cases}  ${examples[0]?.caseNo ?? ''}`,
  );
}
