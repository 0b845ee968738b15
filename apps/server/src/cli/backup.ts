import { Command, InvalidArgumentError } from 'commander';
import {
  backupRoot,
  backupStatus,
  checkBackups,
  folderAt,
  inWords,
  listBackups,
  makeBackup,
  momentText,
  nextDue,
  parseAt,
  type Plan,
  planText,
  pruneBackups,
  readPlan,
  setPlan,
} from '#modules/backup';
import { systemClock } from '../platform/clock.ts';
import { citiesOf } from '../platform/jobs-cities.ts';
import { parseConfig } from '../platform/config.ts';
import { CliError, say, withInstallation } from './open.ts';

export function backupCommand(): Command {
  return new Command('backup')
    .description('backups of the private database with everything that belongs to it (WANMI_BACKUP_DIR)')
    .addCommand(nowCommand())
    .addCommand(listCommand())
    .addCommand(checkCommand())
    .addCommand(scheduleCommand())
    .addCommand(pruneCommand())
    .addCommand(statusCommand());
}

function nowCommand(): Command {
  return new Command('now')
    .description('make one now; the city works on meanwhile')
    .option('--adopt', 'take over a directory of another installation, which will never run again')
    .action(({ adopt }: { adopt?: boolean }) =>
      withInstallation(async ({ platform }) => {
        const made = await makeBackup(platform, { cause: 'asked', ...(adopt && { adopt }) });
        say(`${made.id}  ${inWords(made.bytes)}  ${made.files} files`);
      }),
    );
}

/** Reads the directory alone: it must answer when the database is gone. */
function listCommand(): Command {
  return new Command('list')
    .description('which backups there are, and back to when the city can be restored')
    .option('--from <directory>', 'another backup directory')
    .option('--json', 'one JSON object a line')
    .action(async ({ from, json }: { from?: string; json?: boolean }) => {
      const root = from ?? backupRoot({ config: parseConfig(process.env, []) });
      const backups = await listBackups(folderAt(root));
      if (backups.length === 0) throw new CliError(`${root} holds no backup`);
      for (const one of backups) {
        const zone = one.cities[0]?.timeZone ?? 'UTC';
        const cells = [
          one.id,
          momentText(Date.parse(one.endedAt), zone),
          inWords(one.bytes).padStart(10),
          `${one.files} files`,
          `PostgreSQL ${one.postgres}`,
          one.cause,
          one.stretch,
        ];
        say(json ? JSON.stringify(one) : cells.join('  '));
      }
    });
}

function checkCommand(): Command {
  return new Command('check')
    .description(
      'read everything that a restore would read: backups by their manifests, WAL without a gap, files by hash',
    )
    .action(() =>
      withInstallation(async ({ platform }) => {
        const result = await checkBackups(platform, progress());
        for (const { what, name, detail } of result.faults) say(`${what}  ${name}  ${detail}`);
        say(`${result.backups} backups, ${result.segments} segments of WAL, ${result.files} files`);
        for (const major of result.absent) {
          say(
            `a restore of some of them takes PostgreSQL ${major} with PostGIS, which is not on this machine`,
          );
        }
        if (result.faults.length > 0) throw new CliError(`${result.faults.length} faults`);
        say('whole');
      }),
    );
}

interface ScheduleOptions {
  readonly at?: Pick<Plan, 'at' | 'days'>;
  readonly keepDays?: number;
  readonly keep?: number;
}

function scheduleCommand(): Command {
  return new Command('schedule')
    .description("show or set when backups are made (the city's time) and how long they are kept")
    .option('--at <time>', '02:30, "Mon,Thu 02:30" or off', parseAt)
    .option('--keep-days <days>', 'so many days back every moment can be restored', whole)
    .option('--keep <number>', 'so many backups are kept whatever their age', whole)
    .action(({ at, ...rest }: ScheduleOptions) =>
      withInstallation(async ({ platform }) => {
        backupRoot(platform);
        const change = { ...at, ...rest };
        const plan =
          Object.keys(change).length > 0 ? await setPlan(platform, change) : await readPlan(platform.db);
        const zone = (await citiesOf(platform.db))[0]?.timeZone ?? 'UTC';
        const next = nextDue(plan, systemClock.now(), zone);
        say(`at ${planText(plan)} (${zone}), kept ${plan.keepDays} days and at least ${plan.keep} backups`);
        say(next === null ? 'no backup is made by itself' : `next ${momentText(next, zone)}`);
      }),
    );
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('a whole number from 1');
}

function pruneCommand(): Command {
  return new Command('prune')
    .description('remove what the plan no longer keeps (the worker does so after each backup)')
    .action(() =>
      withInstallation(async ({ platform }) => {
        const { backups, segments, files } = await pruneBackups(platform);
        say(`${backups.length} backups, ${segments} segments of WAL, ${files} erased files removed`);
      }),
    );
}

function statusCommand(): Command {
  return new Command('status')
    .description('how the backups stand; ends with 1 where something is wrong')
    .action(() =>
      withInstallation(async ({ platform }) => {
        const { state, lag, alarms } = await backupStatus(platform);
        say(`last backup  ${state.last ? `${state.last.id}, ${inWords(state.last.bytes)}` : 'none'}`);
        say(`archive  ${lag?.connected ? `connected, ${inWords(lag.bytes)} behind` : 'not connected'}`);
        for (const [part, { since, code, message }] of Object.entries(state.failures)) {
          say(`${part} fails since ${since}: ${code} ${message}`);
        }
        if (alarms.length > 0) throw new CliError(`alarms: ${alarms.join(', ')}`);
      }),
    );
}

/** On a terminal alone, one line that is written over. */
export function progress(): (what: string) => void {
  const { stderr } = process;
  let last = 0;
  return (what) => {
    if (!stderr.isTTY) {
      if (performance.now() - last < 5000) return;
      last = performance.now();
      stderr.write(`${what}\n`);
      return;
    }
    stderr.write(`\r\u001B[K${what}`);
  };
}
