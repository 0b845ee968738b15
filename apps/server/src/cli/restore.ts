import path from 'node:path';
import { Command } from 'commander';
import { BackupError, confirmRestore, restore, type RestoreReport } from '#modules/backup';
import { parseConfig, type Config } from '../platform/config.ts';
import { progress } from './backup.ts';
import { CliError, say, withInstallation } from './open.ts';

interface Options {
  readonly to?: string;
  readonly latest?: boolean;
  readonly zone?: string;
  readonly from?: string;
  readonly into?: string;
  readonly inPlace?: boolean;
  readonly quick?: boolean;
}

export function restoreCommand(): Command {
  const confirm = new Command('confirm')
    .description('say that the restored city is the right one: its timers, notices and daily jobs go on')
    .action(() =>
      withInstallation(async ({ platform }) => {
        if (!(await confirmRestore(platform))) throw new CliError('there is nothing to confirm');
        say('confirmed');
      }),
    );
  return new Command('restore')
    .description(
      'bring a city back from its backups, to the minute; what is replaced is set aside, never removed',
    )
    .option(
      '--to <moment>',
      '"2026-03-04 14:37" in the city\'s time, or with an offset: 2026-03-04T14:37+08:00',
    )
    .option('--latest', 'everything that was archived')
    .option('--zone <name>', 'the time zone of --to, such as Asia/Shanghai')
    .option('--from <directory>', 'the backup directory; left out: WANMI_BACKUP_DIR')
    .option('--into <directory>', 'a new home: for a drill, or on a new machine')
    .option('--in-place', 'the home of this installation, which must be stopped')
    .option('--quick', 'prove the daily roots alone, and not every chain')
    .addCommand(confirm)
    .action((options: Options) => restoreNow(options));
}

async function restoreNow(options: Options): Promise<void> {
  if ((options.to === undefined) === (options.latest !== true)) {
    throw new CliError('say --to MOMENT or --latest');
  }
  if ((options.into === undefined) === (options.inPlace !== true)) {
    throw new CliError('say --into DIRECTORY or --in-place');
  }
  const config = parseConfig(process.env, []);
  if (config.databaseUrl !== null) {
    throw new BackupError(
      'backup_foreign_database',
      'DATABASE_URL names a server of your own: it is restored by its own means',
    );
  }
  const from = options.from === undefined ? config.backupDir : path.resolve(options.from);
  if (from === null) throw new CliError('name the backup directory with --from');
  const report = await restore({
    from,
    to: options.to ?? null,
    zone: options.zone ?? null,
    config: options.into === undefined ? config : homeOf(config, options.into),
    inPlace: options.inPlace === true,
    chains: options.quick !== true,
    log: { info: () => {}, warn: (message) => process.stderr.write(`${message}\n`) },
    onProgress: progress(),
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  for (const line of linesOf(report)) say(line);
}

/** A new home has everything inside: a drill must never write to the roots of the city it was taken from. */
function homeOf(config: Config, into: string): Config {
  const home = path.resolve(into);
  return { ...config, home, logRoot: path.join(home, 'log-roots'), backupDir: null };
}

function linesOf({ base, asked, reached, short, dataDir, aside, proof }: RestoreReport): string[] {
  return [
    `restored from backup ${base} to ${asked ?? 'the end of the archive'}`,
    `last command of the restored city: ${reached ?? 'none after the backup'}`,
    ...(short ? ['nothing was written after that until the archive ended'] : []),
    `${proof.cases} cases, ${proof.events} log entries, ${proof.files} files`,
    `proven: ${proof.chainsChecked} chains, ${proof.rootsChecked} daily roots`,
    ...(proof.missingFiles.length > 0
      ? [
          `${proof.missingFiles.length} files came after the last copy and are missing: ${proof.missingFiles[0]} …`,
        ]
      : []),
    `database: ${dataDir}`,
    ...(aside ? [`the data of before: ${aside}`] : []),
    'Everybody signs in anew. Timers, notices and daily jobs rest: start, look at it, then: wanmi restore confirm',
  ];
}
