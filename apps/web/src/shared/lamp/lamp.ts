import type { Clock, Lamp } from '@wanmi/contracts';

/** What a clock says at a moment: the server computes the lamp when it is asked, the screen carries it on. */
export interface Reading {
  lamp: Lamp | null;
  /** Milliseconds to the deadline, negative beyond it; null where there is none or the clock stands. */
  left: number | null;
}

export function readClock(clock: Clock, now: number): Reading {
  if (clock.lamp === null || clock.lamp === 'paused') return { lamp: clock.lamp, left: null };
  if (clock.dueAt === null) return { lamp: clock.lamp, left: null };
  const due = Date.parse(clock.dueAt);
  const warn = clock.warnAt === null ? due : Date.parse(clock.warnAt);
  const left = due - now;
  // At the very moment of the deadline one is still in time (GB lamps: red beyond 100 %).
  if (left < 0) return { lamp: 'red', left };
  return { lamp: now >= warn ? 'yellow' : 'green', left };
}

const weight: Record<Lamp, number> = { red: 3, yellow: 2, green: 1, paused: 0 };

export function worse(a: Lamp | null, b: Lamp | null): Lamp | null {
  if (a === null) return b;
  if (b === null) return a;
  return weight[a] >= weight[b] ? a : b;
}
