import type { Background } from '#platform/http';
import { startLoop } from '#platform/jobs-loop';
import type { Loop } from '#platform/jobs-loop';
import { systemClock } from '#platform/clock';
import type { Platform } from '#platform/platform';
import { auditAll } from './base.ts';
import { readRestored, write } from './state.ts';

const LOOK_MS = 2000;

/**
 * Work that speaks to people waits in a restored city until somebody has looked at it: clocks that rang already would ring
 * again, notices would go out twice, and a copy made for a drill would write to citizens.
 */
export function holdUntilConfirmed(platform: Platform, background: Background): Background {
  let loop: Loop | null = null;
  let started = false;
  const look = async (): Promise<boolean> => {
    const restored = await readRestored(platform.db);
    if (restored !== null && restored.confirmedAt === null) return false;
    started = true;
    await background.start();
    return true;
  };
  return {
    async start() {
      if (await look()) return;
      platform.log.warn(
        'this city was restored from a backup: its timers, notices and daily jobs rest until: wanmi restore confirm',
      );
      loop = startLoop(platform.log, 'restored', async () => {
        if (!started) await look();
        return started ? 3600_000 : LOOK_MS;
      });
    },
    async stop() {
      await loop?.stop();
      if (started) await background.stop();
    },
  };
}

/** Says that the restored city is the right one; false where there was nothing to confirm. */
export async function confirmRestore(platform: Platform): Promise<boolean> {
  const restored = await readRestored(platform.db);
  if (restored === null || restored.confirmedAt !== null) return false;
  const confirmedAt = new Date(systemClock.now()).toISOString();
  await write(platform.db, 'restored', { ...restored, confirmedAt });
  await auditAll(platform, 'backup.confirm', 'ok', { base: restored.base });
  return true;
}
