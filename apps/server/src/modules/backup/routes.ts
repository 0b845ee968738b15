import { z } from 'zod';
import { BackupItem, BackupReport, page, PageQuery } from '@wanmi/contracts';
import type { App } from '#platform/http';
import type { Platform } from '#platform/platform';
import { systemClock } from '#platform/clock';
import { problem } from '#platform/errors';
import { citiesOf } from '#platform/jobs-cities';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Page } from '#platform/paging';
import { folderAt, newestBackups } from './folder.ts';
import type { Manifest } from './folder.ts';
import { nextDue } from './plan.ts';
import { readState } from './state.ts';
import type { State } from './state.ts';
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
        now: new Date(systemClock.now()).toISOString(),
        on,
        alarms,
        plan,
        last: state.last,
        next: next === null ? null : new Date(next).toISOString(),
        archive: lag,
        check: state.check && { at: state.check.at, faults: state.check.faults },
        failures: Object.entries(state.failures).map(([part, { since, code }]) => ({ part, since, code })),
        restored,
      };
    },
  );
  app.get(
    '/backups/items',
    {
      config: { permission: 'audit.read' },
      schema: {
        tags: ['backup'],
        summary: 'The backups that there are, the newest first, as their directory describes them',
        querystring: PageQuery,
        response: { 200: page(BackupItem) },
      },
    },
    async ({ query }) => itemsOf(platform, query),
  );
}

const Before = z.string().max(40);

async function itemsOf(
  { db, config }: Platform,
  { cursor, limit }: z.infer<typeof PageQuery>,
): Promise<Page<BackupItem>> {
  const before = decodeCursor(cursor, Before) ?? null;
  if (config.backupDir === null || config.databaseUrl !== null) return { items: [], next: null };
  const { check, last } = await readState(db);
  const found = await newestBackups(folderAt(config.backupDir), before, limit + 1).catch((error: unknown) => {
    // Before the first one there is nothing to read.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && last === null) return [];
    throw problem('backup.unreachable', {}, { cause: error });
  });
  const { items, next } = pageOf(found, limit, ({ id }) => id);
  return { items: items.map((one) => toItem(one, check)), next };
}

function toItem(manifest: Manifest, check: State['check']): BackupItem {
  const { id, startedAt, endedAt, bytes, files, postgres, cause } = manifest;
  const damaged = check?.damaged.includes(id) ?? false;
  const looked = check !== null && endedAt <= check.at;
  return {
    id,
    startedAt,
    endedAt,
    bytes,
    files,
    postgres,
    cause,
    check: damaged ? 'damaged' : looked ? 'whole' : 'unchecked',
  };
}
