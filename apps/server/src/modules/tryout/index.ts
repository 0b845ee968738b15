import type { Background } from '#platform/http';
import type { Platform } from '#platform/platform';
import { tryOutLoop } from './jobs.ts';

export { routes } from './routes.ts';
export { tryOutLoop, type TryOutLoop } from './jobs.ts';
export { sidesOf, tryOnHistory, type Progress, type Sides } from './run.ts';
export { doneTry } from './store.ts';

/** A worker tries what was asked for. */
export function workerBackground(platform: Platform): readonly Background[] {
  const loop = tryOutLoop(platform);
  return [{ start: async () => loop.start(), stop: () => loop.stop() }];
}
