import { z } from 'zod';

const Moment = z.iso.datetime();

/** What is wrong with the backups; the console has words for each. */
export const BACKUP_ALARMS = [
  'backup.foreign',
  'backup.off',
  'backup.none',
  'backup.old',
  'backup.failed',
  'archive.down',
  'archive.behind',
  'check.failed',
  'files.failed',
  'sameDisk',
  'restored',
] as const;
export type BackupAlarm = (typeof BACKUP_ALARMS)[number];

export const BACKUP_CAUSES = ['asked', 'schedule', 'gap'] as const;

/** What the last check said of a backup; one that was made after it has not been looked at yet. */
export const BACKUP_CHECKS = ['whole', 'damaged', 'unchecked'] as const;

/** One backup, as its directory describes it. */
export const BackupItem = z
  .object({
    id: z.string(),
    startedAt: Moment,
    endedAt: Moment.meta({ description: 'from this moment on the city can be brought back' }),
    bytes: z.number().meta({ description: 'of the database; files that have not changed share their place' }),
    files: z.int().meta({ description: 'photos and other files beside the database' }),
    postgres: z.int(),
    cause: z.enum(BACKUP_CAUSES),
    check: z.enum(BACKUP_CHECKS),
  })
  .meta({ id: 'BackupItem' });
export type BackupItem = z.infer<typeof BackupItem>;

/** How the backups of the installation stand. Messages of failures stay in the server's log: they name directories. */
export const BackupReport = z
  .object({
    now: Moment.meta({ description: 'by the machine’s clock, as all times here' }),
    on: z.boolean(),
    alarms: z.array(z.enum(BACKUP_ALARMS)),
    plan: z.object({
      at: z.string().nullable().meta({ description: 'HH:MM in the city’s time; null: never by itself' }),
      days: z.array(z.string()),
      keepDays: z.int(),
      keep: z.int(),
    }),
    last: z.object({ id: z.string(), endedAt: Moment, bytes: z.number() }).nullable(),
    next: Moment.nullable(),
    archive: z
      .object({
        connected: z.boolean(),
        bytes: z.number().meta({ description: 'written and not yet safe in the archive' }),
        seconds: z.number().nullable(),
      })
      .nullable(),
    check: z.object({ at: Moment, faults: z.int() }).nullable(),
    failures: z.array(z.object({ part: z.string(), since: Moment, code: z.string() })),
    restored: z
      .object({
        at: Moment,
        asked: z.string(),
        reached: Moment.nullable(),
        base: z.string(),
        confirmedAt: Moment.nullable(),
      })
      .nullable()
      .meta({ description: 'this database came out of a backup; its timers rest until that is confirmed' }),
  })
  .meta({ id: 'BackupReport' });
export type BackupReport = z.infer<typeof BackupReport>;
