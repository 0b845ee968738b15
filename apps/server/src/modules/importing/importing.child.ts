// An import made to be killed: brings the file of its first argument into the database named there.
import { setTimeout as sleep } from 'node:timers/promises';
import { VirtualClock } from '#platform/clock';
import { createDb, createPool, type Connection } from '#platform/pool';
import type { Platform } from '#platform/platform';
import { importCases, openFile, parseMapping } from './index.ts';

const { connection, cityId, file, mapping, now, batchSize } = JSON.parse(process.argv[2]!) as {
  connection: Connection;
  cityId: string;
  file: string;
  mapping: string;
  now: number;
  batchSize: number;
};
const pool = createPool(connection, { max: 4 });
const platform = {
  pool,
  db: createDb(pool),
  clock: new VirtualClock({ start: now, rate: 0 }),
  log: { warn() {}, error() {}, info() {} },
} as unknown as Platform;
await importCases(platform, {
  cityId,
  file: await openFile(file),
  mapping: parseMapping('child', mapping),
  batchSize,
  onProgress: ({ read }) => process.send?.(read),
});
process.send?.('done');
await sleep(50);
await pool.end();
process.disconnect?.();
