import type { Background } from '#platform/http';
import type { Platform } from '#platform/platform';
import { liveTailer } from './live.ts';

export { routes } from './routes.ts';
export { READER, notifyRelay, pruneNoticesJob } from './relay.ts';
export { liveTailer, replayLive } from './live.ts';

/** Every process that answers requests hears what all of them commit. */
export function webBackground(platform: Platform): readonly Background[] {
  return [liveTailer(platform)];
}
