import { BackupReport } from '@wanmi/contracts';
import type { App } from '#platform/http';
import type { Platform } from '#platform/platform';
import { systemClock } from '#platform/clock';
import { citiesOf } from '#platform/jobs-cities';
import { nextDue } from './plan.ts';
import { backupStatus, watchBackups } from './status.ts';

/** How the backups stand, for the administrator and for whoever watches the machine. */
export function routes(app: App, platform: Platform): void {
  watchBackups(app.metrics, platform);
  app.get(
    '/backups',
    {
      config: { permission: 'audit.read' },
      schema: {
        tags: ['backup'],
        summary: 'When the last backup was made, how far the archive is, and what is wrong',
        response: { 200: BackupReport },
      },
    },
    async (): Promise<BackupReport> => {
      const { on, plan, state, lag, restored, alarms } = await backupStatus(platform);
      const zone = (await citiesOf(platform.db))[0]?.timeZone ?? 'UTC';
      const next = on ? nextDue(plan, systemClock.now(), zone) : null;
      return {
        on,
        alarms,
        plan,
        last: state.last,
        next: next === null ? null : new Date(next).toISOString(),
        archive: lag,
        check: state.check,
        failures: Object.entries(state.failures).map(([part, { since, code }]) => ({ part, since, code })),
        restored,
      };
    },
  );
}
