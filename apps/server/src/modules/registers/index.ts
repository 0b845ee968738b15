import type { Background } from '#platform/http';
import type { Platform } from '#platform/platform';
import { registerLoop } from './work.ts';

export { routes } from './routes.ts';
export { byCommand, orderAdopt, orderUndo } from './orders.ts';
export { readOrder, type OrderRow } from './order-repo.ts';
export { registerLoop, workOffOrders, workOnOrder } from './work.ts';

/** A worker carries out what was asked for. */
export function workerBackground(platform: Platform): readonly Background[] {
  const loop = registerLoop(platform);
  return [{ start: async () => loop.start(), stop: () => loop.stop() }];
}
