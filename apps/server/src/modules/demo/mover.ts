import { setTimeout as delay } from 'node:timers/promises';
import { fireTimer } from '#modules/cases';
import { rootJob } from '#modules/integrity';
import { openDayJob } from '#modules/statistics';
import { addDays, cityDay, cityDayStart } from '#platform/clock';
import { createScheduler } from '#platform/jobs';
import type { Platform } from '#platform/platform';
import { createTimerLoop, type TimerLoop } from '#platform/timer-loop';

/** Moves a city's clock forward as life would: what rings on the way rings, and each day's books are closed. */
export interface Mover {
  /** Every timer at its moment, every day at its end. */
  moveTo(ms: number): Promise<void>;
  /** To the end of the day that it is, so that nothing of it is missing in the books; they are closed then. */
  endDay(): Promise<void>;
  stop(): Promise<void>;
}

export interface MoverOptions {
  readonly timeZone: string;
  readonly set: (ms: number) => void;
  /** False: days pass without being closed one by one (years of a register). Default true. */
  readonly daily?: boolean;
}

/** The scheduler waits a minute for a day's last commands. */
const BOOKS_MS = 61_000;

export function moverOf(platform: Platform, { timeZone, set, daily = true }: MoverOptions): Mover {
  const { clock } = platform;
  const timers = createTimerLoop(platform, { fire: (trx, timer) => fireTimer(platform, trx, timer) });
  const books = createScheduler(platform, [openDayJob, rootJob]);
  const closing = (): number =>
    cityDayStart(addDays(cityDay(clock.now() - BOOKS_MS, timeZone), 1), timeZone) + BOOKS_MS;
  let begun = false;

  return {
    async moveTo(ms) {
      // The first look makes the beginning known: from then on no day is left out.
      if (daily && !begun) await books.runOnce();
      begun = true;
      for (let next = closing(); daily && next <= ms; next = closing()) {
        await ringUpTo(platform, timers, set, next);
        await books.runOnce();
      }
      await ringUpTo(platform, timers, set, ms);
    },
    async endDay() {
      await ringUpTo(platform, timers, set, closing());
      await books.runOnce();
    },
    async stop() {
      await timers.stop();
      await books.stop();
    },
  };
}

const SQL_NEXT = 'select min(due_at) as at from timer where due_at > $1 and due_at <= $2';
const EPOCH = new Date(0);
/** A case in work holds its timers back, for milliseconds, or for seconds of a busy machine: so often they are looked at once more. */
const PATIENCE = 2000;
const LOOK_AGAIN_MS = 5;

/** A warning of the night is logged in the night, and not with the first step of the morning. */
async function ringUpTo(
  { pool, clock }: Platform,
  timers: TimerLoop,
  set: (ms: number) => void,
  to: number,
): Promise<void> {
  let patience = PATIENCE;
  for (;;) {
    const { rows } = await pool.query<{ at: Date | null }>({
      name: 'demo.nextTimer',
      text: SQL_NEXT,
      // One that does not ring however often it is asked stays behind, and the city's time goes on.
      values: [patience > 0 ? EPOCH : new Date(clock.now()), new Date(to)],
    });
    const next = rows[0]?.at?.getTime();
    if (next !== undefined && next < clock.now()) {
      patience -= 1;
      await delay(LOOK_AGAIN_MS);
    } else {
      // A timer has microseconds, the clock milliseconds: it must be past it.
      set(Math.max(clock.now(), next === undefined ? to : Math.min(to, next + 1)));
      if (next === undefined || next >= to) return;
    }
    await timers.drain();
  }
}
