import { fireTimer } from '#modules/cases';
import type { Platform } from '#platform/platform';
import { createTimerLoop, type TimerLoop } from '#platform/timer-loop';

/** Rings what is due by the clock, once, whoever else does. */
export function timersOf(platform: Platform): TimerLoop {
  return createTimerLoop(platform, { fire: (trx, timer) => fireTimer(platform, trx, timer) });
}

const SQL_NEXT = 'select min(due_at) as at from timer where due_at > $1 and due_at <= $2';

/**
 * Moves a clock to `to` by way of every timer that is due before, so that a warning of the night is logged in the
 * night and not with the first step of the morning.
 */
export async function ringUpTo(
  { pool, clock }: Platform,
  timers: TimerLoop,
  set: (ms: number) => void,
  to: number,
): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ at: Date | null }>({
      name: 'demo.nextTimer',
      text: SQL_NEXT,
      values: [new Date(clock.now()), new Date(to)],
    });
    const next = rows[0]?.at?.getTime();
    // A timer has microseconds, the clock milliseconds: it must be past it.
    set(Math.max(clock.now(), next === undefined ? to : Math.min(to, next + 1)));
    if (next === undefined) return;
    await timers.drain();
  }
}
