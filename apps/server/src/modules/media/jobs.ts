import type { Background } from '#platform/http';
import { startLoop, type Loop } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { deleteUnused, lockBlobs } from './repo.ts';

const DAY = 24 * 3600_000;
const BATCH = 500;

/** Erases uploads that no case took within a week; returns how many. Safe to run twice and in two processes. */
export async function sweepUnusedMedia(platform: Platform, olderThanMs: number = 7 * DAY): Promise<number> {
  let swept = 0;
  for (;;) {
    const batch = await sweepBatch(platform, platform.clock.now() - olderThanMs);
    swept += batch;
    if (batch < BATCH) return swept;
  }
}

/** Files go before the commit: a crash between leaves a row without its file, which the next sweep removes. */
async function sweepBatch(platform: Platform, olderThan: number): Promise<number> {
  return platform.db.transaction().execute(async (trx) => {
    await lockBlobs(trx, 'alone');
    const { rows, blobs } = await deleteUnused(trx, olderThan, BATCH);
    for (const hash of blobs) await platform.blobs.remove(hash);
    return rows;
  });
}

const HOUR = 3600_000;

/** Sweeps once an hour: what no case took, and what interrupted uploads left. */
export function workerBackground(platform: Platform): readonly Background[] {
  let loop: Loop | undefined;
  return [
    {
      start() {
        loop = startLoop(platform.log, 'media.sweep', async () => {
          const swept = await sweepUnusedMedia(platform);
          const left = await platform.blobs.sweepTemp();
          if (swept + left > 0) platform.log.info({ swept, left }, 'media.swept');
          return HOUR;
        });
      },
      async stop() {
        await loop?.stop();
      },
    },
  ];
}
