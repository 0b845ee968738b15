import type { PoolClient } from 'pg';
import { isTransient, startLoop, type Loop } from './jobs-loop.ts';
import type { Platform } from './platform.ts';

/** A clock that ran out. `fire` names what is to happen. */
export interface DueTimer {
  readonly taskId: string;
  readonly fire: string;
  readonly cityId: string;
  readonly caseId: string;
  readonly dueAt: Date;
}

export interface TimerLoopOptions {
  /** Runs in the transaction that holds the case and the timer; removes the timer or gives it a later time. */
  readonly fire: (trx: PoolClient, timer: DueTimer) => Promise<void>;
  readonly intervalMs?: number;
  readonly batch?: number;
}

export interface TimerLoop {
  start(): void;
  stop(): Promise<void>;
  /** Looks at once: a virtual clock was moved. */
  wake(): void;
  /** Fires what is due, up to one batch, and returns how many did. */
  runOnce(): Promise<number>;
  /** Fires until nothing is due that can be fired now. */
  drain(): Promise<number>;
}

const COLUMNS = 'task_id as "taskId", fire, city_id as "cityId", case_id as "caseId", due_at as "dueAt"';

/**
 * By index on due_at; timers that rest after a failure are passed over, so that they never fill the batch. `offset 0`:
 * as a join PostgreSQL 16 and newer would read and sort all that is due for each batch.
 */
export const SQL_DUE = `
select ${COLUMNS} from timer t
 where due_at <= $1 and not exists (
   select 1 from unnest($2::uuid[], $3::text[]) as r(task_id, fire) where r.task_id = t.task_id and r.fire = t.fire offset 0)
 order by due_at limit $4`;

// The case first, then the timer: a command does it in this order too, so the two cannot lock each other out.
// A case in work is left alone until the next look: its command may be about to remove this very timer.
const SQL_HOLD_CASE = 'select 1 from "case" where id = $1 for no key update skip locked';
const SQL_HOLD_TIMER = `
select ${COLUMNS} from timer where task_id = $1 and fire = $2 and due_at <= $3 for update skip locked`;
const SQL_STILL_DUE = 'select 1 from timer where task_id = $1 and fire = $2 and due_at <= $3';

/**
 * Of one moment the task that was opened first rings first: what a log says does not hang on where the rows lie. Sorted
 * here, not by the statement, which would sort all that waits after an outage for each batch.
 */
const inTurn = (a: DueTimer, b: DueTimer): number =>
  a.dueAt.getTime() - b.dueAt.getTime() || (`${a.taskId} ${a.fire}` < `${b.taskId} ${b.fire}` ? -1 : 1);

const INTERVAL_MS = 1000;
const BATCH = 100;
const MAX_REST_MS = 300_000;

interface Rest {
  readonly timer: DueTimer;
  readonly failures: number;
  readonly until: number;
}

/**
 * Wakes due timers by the injected clock. One transaction per timer, so that a timer that cannot be fired stops
 * no other one; exactly once, however many loops run and wherever one is killed.
 */
export function createTimerLoop(platform: Platform, options: TimerLoopOptions): TimerLoop {
  const { pool, clock, log } = platform;
  const { fire, intervalMs = INTERVAL_MS, batch = BATCH } = options;
  const resting = new Map<string, Rest>();
  let loop: Loop | null = null;

  async function due(): Promise<DueTimer[]> {
    const rest = [...resting.values()].filter((one) => one.until > performance.now());
    const found = await pool.query<DueTimer>({
      name: 'timer.due',
      text: SQL_DUE,
      values: [
        new Date(clock.now()),
        rest.map((one) => one.timer.taskId),
        rest.map((one) => one.timer.fire),
        batch,
      ],
    });
    return found.rows.sort(inTurn);
  }

  async function fireHeld(trx: PoolClient, { taskId, fire: what, caseId }: DueTimer): Promise<boolean> {
    const key = [taskId, what, new Date(clock.now())];
    if ((await trx.query(SQL_HOLD_CASE, [caseId])).rowCount === 0) return false;
    const timer = (await trx.query<DueTimer>(SQL_HOLD_TIMER, key)).rows[0];
    if (!timer) return false;
    await fire(trx, timer);
    const still = await trx.query(SQL_STILL_DUE, key);
    if (still.rowCount) throw new Error(`timer ${what} fired and is still due`);
    return true;
  }

  async function fireOne(timer: DueTimer): Promise<boolean> {
    const key = `${timer.taskId} ${timer.fire}`;
    try {
      const fired = await inTransaction(pool, (trx) => fireHeld(trx, timer));
      resting.delete(key);
      return fired;
    } catch (error) {
      if (isTransient(error)) throw error;
      const failures = (resting.get(key)?.failures ?? 0) + 1;
      const restMs = Math.min(1000 * 2 ** failures, MAX_REST_MS);
      resting.set(key, { timer, failures, until: performance.now() + restMs });
      log.error(
        { err: error, caseId: timer.caseId, taskId: timer.taskId, fire: timer.fire, restMs },
        'timer failed',
      );
      return false;
    }
  }

  async function runOnce(): Promise<number> {
    let fired = 0;
    for (const timer of await due()) {
      if (await fireOne(timer)) fired += 1;
    }
    return fired;
  }

  return {
    runOnce,
    start() {
      loop ??= startLoop(log, 'timers', async () => ((await runOnce()) > 0 ? 0 : intervalMs));
    },
    async stop() {
      await loop?.stop();
      loop = null;
    },
    wake: () => loop?.wake(),
    async drain() {
      let total = 0;
      for (;;) {
        const fired = await runOnce();
        if (fired === 0) return total;
        total += fired;
      }
    },
  };
}

/** Timers that are due and have not fired, counted up to 10,000: for metrics. */
export async function countDue({ pool, clock }: Pick<Platform, 'pool' | 'clock'>): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    'select count(*)::int as n from (select 1 from timer where due_at <= $1 limit 10000) d',
    [new Date(clock.now())],
  );
  return rows[0]!.n;
}

/** Commits where `work` says that it did something. */
async function inTransaction(
  pool: Platform['pool'],
  work: (trx: PoolClient) => Promise<boolean>,
): Promise<boolean> {
  const trx = await pool.connect();
  let broken: Error | undefined;
  try {
    await trx.query('begin');
    const did = await work(trx);
    await trx.query(did ? 'commit' : 'rollback');
    return did;
  } catch (error) {
    await trx.query('rollback').catch((lost: Error) => {
      broken = lost;
    });
    throw error;
  } finally {
    trx.release(broken);
  }
}
