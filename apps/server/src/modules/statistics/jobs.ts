import { createRelay, type Relay } from '#platform/outbox';
import { settleOutbox } from '#platform/outbox-care';
import type { DailyJob } from '#platform/jobs';
import type { Platform } from '#platform/platform';
import { applyRows } from './apply.ts';
import { beginClosing, writeOpenDays } from './open-day.ts';
import { READER } from './repo.ts';

/** Facts may come a moment later than frames: then several steps of a case cost one write. */
const INTERVAL_MS = 250;

/** Follows the log with the facts. */
export function statisticsRelay(platform: Platform): Relay {
  return createRelay(platform, {
    reader: READER,
    intervalMs: INTERVAL_MS,
    handle: (trx, rows) => applyRows(platform, trx, rows),
  });
}

/** What was open when a day ended, once the facts have seen that whole day. */
export const openDayJob: DailyJob = {
  name: 'statistics.openDay',
  scope: 'city',
  async run(platform, { cityId, from, to }) {
    await settleOutbox(platform, [statisticsRelay(platform)]);
    await beginClosing(platform, cityId, to);
    await writeOpenDays(platform, cityId, { from, to });
  },
};
