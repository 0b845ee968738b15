import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { toProblem } from './errors.ts';

/** Something that runs turn after turn until it is stopped. */
export interface Loop {
  /** Ends the wait before the next turn. */
  wake(): void;
  /** Resolves when the turn that was under way has ended. */
  stop(): Promise<void>;
}

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;

/**
 * Calls `turn` again and again; it answers with the milliseconds to wait. A turn that throws is tried again, at
 * ever longer distances: a database that restarts is met by the next turn, without anybody's help.
 */
export function startLoop(log: Logger, name: string, turn: () => Promise<number>): Loop {
  const stopping = new AbortController();
  let wakeUp: (() => void) | null = null;

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function run(): Promise<void> {
    let backoff = FIRST_BACKOFF_MS;
    while (!stopping.signal.aborted) {
      let wait: number;
      try {
        wait = await turn();
        backoff = FIRST_BACKOFF_MS;
      } catch (error) {
        // Stopping closes connections under a turn's feet: that is no news.
        if (stopping.signal.aborted) return;
        const away = isTransient(error);
        log[away ? 'warn' : 'error']({ err: error, loop: name, retryMs: backoff }, 'loop failed');
        wait = backoff;
        backoff = Math.min(backoff * 2, MAX_BACKOFF_MS);
      }
      if (!stopping.signal.aborted) await sleep(wait);
      wakeUp = null;
    }
  }

  const ended = run();
  return {
    wake: () => wakeUp?.(),
    stop: async () => {
      stopping.abort();
      wakeUp?.();
      await ended;
    },
  };
}

const TRANSIENT = new Set(['db.unavailable', 'conflict.race', 'query.timeout', 'storage.full']);

/** True where the same work may succeed on the next try: the database is away, a lock was lost, a disk is full. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(toProblem(error).code);
}

/**
 * A pool listens to its idle connections alone. One that is lost between two statements of a transaction would
 * end the process: nobody hears its error event.
 */
export function guardPool(pool: Pool, onLost: (error: Error) => void): void {
  pool.on('connect', (client) => client.on('error', onLost));
}
