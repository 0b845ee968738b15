import { BACKUP_ALARMS, type BackupAlarm } from '@wanmi/contracts';
import { systemClock } from '#platform/clock';
import type { Metrics } from '#platform/metrics';
import type { Platform } from '#platform/platform';
import { lagOf } from './archive.ts';
import type { Lag } from './archive.ts';
import { longestWait } from './plan.ts';
import type { Plan } from './plan.ts';
import { readPlan, readRestored, readState } from './state.ts';
import type { Restored, State } from './state.ts';

export interface Status {
  readonly on: boolean;
  readonly plan: Plan;
  readonly state: State;
  readonly lag: Lag | null;
  readonly restored: Restored | null;
  readonly alarms: BackupAlarm[];
}

const BEHIND_SECONDS = 60;
const BEHIND_BYTES = 64 * 2 ** 20;

/** How the backups stand, from the database alone: the directory may be what is in trouble. */
export async function backupStatus({ db, pool, config }: Platform): Promise<Status> {
  const [plan, state, restored] = await Promise.all([readPlan(db), readState(db), readRestored(db)]);
  const on = config.backupDir !== null && config.databaseUrl === null;
  const lag = on ? await lagOf(pool) : null;
  const facts = { foreign: config.databaseUrl !== null, on, plan, state, lag, restored };
  return { on, plan, state, lag, restored, alarms: alarmsOf(facts, systemClock.now()) };
}

export function alarmsOf(
  facts: Omit<Status, 'alarms'> & { readonly foreign: boolean },
  now: number,
): BackupAlarm[] {
  const { foreign, on, plan, state, lag, restored } = facts;
  const held = restored !== null && restored.confirmedAt === null;
  const alarms: (BackupAlarm | false)[] = [held && 'restored'];
  if (foreign) return [...alarms, 'backup.foreign' as const].filter((one) => one !== false);
  if (!on) return [...alarms, 'backup.off' as const].filter((one) => one !== false);
  const wait = longestWait(plan);
  const age = state.last === null ? null : now - Date.parse(state.last.endedAt);
  alarms.push(
    state.last === null && 'backup.none',
    age !== null && wait !== null && age > wait + 3 * 3600_000 && 'backup.old',
    (state.failures['backup'] ?? state.failures['schedule']) !== undefined && 'backup.failed',
    (lag === null || !lag.connected) && 'archive.down',
    lag !== null && (lag.bytes > BEHIND_BYTES || (lag.seconds ?? 0) > BEHIND_SECONDS) && 'archive.behind',
    (state.check?.faults ?? 0) > 0 && 'check.failed',
    state.failures['files'] !== undefined && 'files.failed',
    state.sameDisk && 'sameDisk',
  );
  return alarms.filter((one) => one !== false);
}

/** Numbers for whoever watches: an alarm is 1, so that a rule over `wanmi_backup_alarm` finds every kind. */
export function watchBackups(metrics: Metrics, platform: Platform): void {
  const { pool, db, config } = platform;
  if (config.databaseUrl !== null || config.backupDir === null) return;
  metrics.gauge({
    name: 'wanmi_backup_age_seconds',
    help: 'Since the last backup ended; left out while there is none',
    read: async () => {
      const { last } = await readState(db);
      if (last === null) throw new Error('no backup');
      return (systemClock.now() - Date.parse(last.endedAt)) / 1000;
    },
  });
  metrics.gauge({
    name: 'wanmi_backup_archive_connected',
    help: '1 while the WAL is being received',
    read: async () => ((await lagOf(pool))?.connected ? 1 : 0),
  });
  metrics.gauge({
    name: 'wanmi_backup_archive_lag_bytes',
    help: 'WAL that is written and not yet safe in the archive',
    read: async () => (await lagOf(pool))?.bytes ?? 0,
  });
  metrics.gauge({
    name: 'wanmi_backup_alarm',
    help: 'What is wrong with the backups, 1 where it is',
    label: 'alarm',
    read: async () => {
      const { alarms } = await backupStatus(platform);
      return Object.fromEntries(
        BACKUP_ALARMS.map((alarm) => [alarm, alarms.includes(alarm) ? 1 : 0] as const),
      );
    },
  });
}
