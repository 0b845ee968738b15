import { startLoop } from './platform/jobs-loop.ts';
import type { Background } from './platform/http.ts';
import type { Platform } from './platform/platform.ts';

const DAY = 86_400_000;
const AHEAD = 70 * DAY;

/** Months of the log, the audit and the facts are made before they begin; a month takes milliseconds. */
export async function ensurePartitions({ pool, clock }: Platform): Promise<number> {
  const now = clock.now();
  await pool.query('select ensure_partitions($1, $2)', [new Date(now - DAY), new Date(now + AHEAD)]);
  return now + AHEAD;
}

/** Does so again in time; a virtual clock may run through a month within minutes. */
export function keepPartitions(platform: Platform): Background {
  let loop: ReturnType<typeof startLoop> | undefined;
  let until = 0;
  return {
    start: () => {
      loop = startLoop(platform.log, 'partitions', async () => {
        if (platform.clock.now() > until - 35 * DAY) until = await ensurePartitions(platform);
        return 10_000;
      });
    },
    stop: async () => loop?.stop(),
  };
}
