import { isTransient, startLoop, type Loop } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { applyAbsence, dueAbsences } from './apply.ts';

export interface AbsenceLoop {
  start(): void;
  stop(): Promise<void>;
  /** Looks at once: a virtual clock was moved. */
  wake(): void;
  /** Applies what has begun, up to one batch; how many were done. */
  runOnce(): Promise<number>;
}

const INTERVAL_MS = 5000;
const BATCH = 50;
const MAX_REST_MS = 300_000;

/**
 * Moves the work of who is absent when the absence begins, by the injected clock. Any number of workers may run it;
 * one absence that fails rests and stops no other.
 */
export function absenceLoop(platform: Platform): AbsenceLoop {
  const resting = new Map<string, { failures: number; until: number }>();
  let loop: Loop | null = null;

  async function runOnce(): Promise<number> {
    let done = 0;
    for (const id of await dueAbsences(platform, BATCH + resting.size)) {
      if ((resting.get(id)?.until ?? 0) > performance.now()) continue;
      try {
        let result = await applyAbsence(platform, id, null);
        while (result === 'more') result = await applyAbsence(platform, id, null);
        if (result === 'done') done += 1;
        resting.delete(id);
      } catch (error) {
        if (isTransient(error)) throw error;
        const failures = (resting.get(id)?.failures ?? 0) + 1;
        const restMs = Math.min(1000 * 2 ** failures, MAX_REST_MS);
        resting.set(id, { failures, until: performance.now() + restMs });
        platform.log.error({ err: error, absenceId: id, restMs }, 'absence was not applied');
      }
    }
    return done;
  }

  return {
    runOnce,
    start() {
      loop ??= startLoop(platform.log, 'absences', async () => {
        await runOnce();
        return INTERVAL_MS;
      });
    },
    async stop() {
      await loop?.stop();
      loop = null;
    },
    wake: () => loop?.wake(),
  };
}
