import type { Background } from '#platform/http';
import { startLoop } from '#platform/jobs-loop';
import type { Loop } from '#platform/jobs-loop';
import { systemClock } from '#platform/clock';
import type { Platform } from '#platform/platform';
import type { Db } from '#platform/pool';
import { auditAll } from './base.ts';
import { readRestored, write } from './state.ts';

const LOOK_MS = 2000;
/** A loop that has nothing to do any more. */
const SELDOM_MS = 3_600_000;

export interface Hold {
  /** Nobody has said yet that this restored city is the right one. */
  readonly held: boolean;
  stop(): Promise<void>;
}

/**
 * Whether a city may only be looked at: what is written into one that turns out to be the wrong one is lost with it. A
 * server that runs is never restored, so that only one that began so asks again, until somebody confirms.
 */
export async function watchRestored({ db, log }: Platform): Promise<Hold> {
  let held = await isHeld(db);
  const loop = held
    ? startLoop(log, 'restored', async () => {
        if (held) held = await isHeld(db);
        return held ? LOOK_MS : SELDOM_MS;
      })
    : null;
  return {
    get held() {
      return held;
    },
    stop: async () => loop?.stop(),
  };
}

async function isHeld(db: Db): Promise<boolean> {
  const restored = await readRestored(db);
  return restored !== null && restored.confirmedAt === null;
}

/**
 * Work that speaks to people waits in a restored city until somebody has looked at it: clocks that rang already would ring
 * again, notices would go out twice, and a copy made for a drill would write to citizens.
 */
export function holdUntilConfirmed(platform: Platform, background: Background): Background {
  let loop: Loop | null = null;
  let started = false;
  const look = async (): Promise<boolean> => {
    if (await isHeld(platform.db)) return false;
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
        return started ? SELDOM_MS : LOOK_MS;
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
