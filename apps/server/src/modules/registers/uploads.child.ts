// A worker made to be killed: brings in an upload of the database of its first argument.
import { setTimeout as sleep } from 'node:timers/promises';
import { openBlobStore } from '#platform/blob-store';
import { VirtualClock } from '#platform/clock';
import { createDb, createPool, type Connection } from '#platform/pool';
import type { Platform } from '#platform/platform';
import { workOnUpload } from './upload-work.ts';

const { connection, root, now, id } = JSON.parse(process.argv[2]!) as {
  connection: Connection;
  root: string;
  now: number;
  id: string;
};
const pool = createPool(connection, { max: 6 });
const platform = {
  pool,
  db: createDb(pool),
  blobs: await openBlobStore(root),
  clock: new VirtualClock({ start: now, rate: 0 }),
  log: { warn() {}, error() {}, info() {} },
} as unknown as Platform;
await workOnUpload(platform, id, { batchSize: 20, onProgress: ({ read }) => process.send?.(read) });
await sleep(50);
await pool.end();
process.disconnect?.();
