// A worker process of the timer tests, made to be killed: fires timers of the database in its first argument.
import { setTimeout as sleep } from 'node:timers/promises';
import { VirtualClock } from './clock.ts';
import { createDb, createPool, type Connection } from './pool.ts';
import type { Platform } from './platform.ts';
import { createTimerLoop } from './timer-loop.ts';

const { connection, now } = JSON.parse(process.argv[2]!) as { connection: Connection; now: number };
const pool = createPool(connection, { max: 2 });
const platform = {
  pool,
  db: createDb(pool),
  clock: new VirtualClock({ start: now, rate: 0 }),
  log: { warn() {}, error() {} },
} as unknown as Platform;

createTimerLoop(platform, {
  intervalMs: 20,
  fire: async (trx, timer) => {
    await trx.query('insert into fired (task_id, fire) values ($1, $2)', [timer.taskId, timer.fire]);
    await sleep(2);
    await trx.query('delete from timer where task_id = $1 and fire = $2', [timer.taskId, timer.fire]);
  },
}).start();
process.send?.('started');
