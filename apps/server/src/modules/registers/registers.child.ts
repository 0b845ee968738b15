// A worker made to be killed: carries out what was asked of registers in the database of its first argument.
import { setTimeout as sleep } from 'node:timers/promises';
import { VirtualClock } from '#platform/clock';
import { createDb, createPool, type Connection } from '#platform/pool';
import type { Platform } from '#platform/platform';
import { waitingOrders } from './order-repo.ts';
import { workOnOrder } from './work.ts';

const { connection, now } = JSON.parse(process.argv[2]!) as { connection: Connection; now: number };
const pool = createPool(connection, { max: 4 });
const platform = {
  pool,
  db: createDb(pool),
  clock: new VirtualClock({ start: now, rate: 0 }),
  log: { warn() {}, error() {}, info() {} },
} as unknown as Platform;
for (const { id } of await waitingOrders(platform.db))
  await workOnOrder(platform, id, { onProgress: ({ done }) => process.send?.(done) });
process.send?.('done');
await sleep(50);
await pool.end();
process.disconnect?.();
