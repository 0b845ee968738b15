import { ensurePartitions as ensureMonths } from './platform/partitions.ts';
import type { Platform } from './platform/platform.ts';

const DAY = 86_400_000;

/** The months that a start needs at once; the daily job makes those that come after. */
export async function ensurePartitions(platform: Platform): Promise<void> {
  const now = platform.clock.now();
  await ensureMonths(platform, { from: now - DAY, to: now + 62 * DAY });
}
