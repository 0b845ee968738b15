import { startLoop, type Loop } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { takeEffect } from './publish.ts';
import { tellCalendars } from './recompute.ts';

const INTERVAL_MS = 1000;

/** Brings into force what waited for its moment, and tells again of calendars that were not heard of. */
export function publishingLoop(platform: Platform): {
  start(): void;
  wake(): void;
  stop(): Promise<void>;
} {
  let loop: Loop | null = null;
  return {
    start() {
      loop ??= startLoop(platform.log, 'publishing', async () => {
        await tellCalendars(platform);
        await takeEffect(platform);
        return INTERVAL_MS;
      });
    },
    wake: () => loop?.wake(),
    async stop() {
      await loop?.stop();
      loop = null;
    },
  };
}
