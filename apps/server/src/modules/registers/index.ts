import type { Background } from '#platform/http';
import type { Platform } from '#platform/platform';
import { uploadLoop } from './upload-work.ts';
import { registerLoop } from './work.ts';

export { routes } from './routes.ts';
export { byCommand, orderAdopt, orderUndo } from './orders.ts';
export { readOrder, type OrderRow } from './order-repo.ts';
export { eraseUploads, uploadLoop, workOffUploads, workOnUpload } from './upload-work.ts';
export { registerLoop, workOffOrders, workOnOrder } from './work.ts';

/** A worker carries out what was sent and what was asked for. */
export function workerBackground(platform: Platform): readonly Background[] {
  // A register of a million rows comes in for minutes: nobody's order waits for it.
  return [registerLoop(platform), uploadLoop(platform)].map((loop) => ({
    start: async () => loop.start(),
    stop: () => loop.stop(),
  }));
}
