import { systemClock, type Clock } from './clock.ts';
import { problem } from './errors.ts';

/**
 * The clock of a city that is to have a past when it is first seen: it begins some days ago, stands still, is moved
 * from one event to the next, and from one moment on is the machine's.
 */
export class PastClock implements Clock {
  #at: number | null;
  readonly #real: Clock;

  constructor(start: number, real: Clock = systemClock) {
    this.#at = Math.trunc(start);
    this.#real = real;
  }

  /** True while it still shows the past. */
  get past(): boolean {
    return this.#at !== null;
  }

  now(): number {
    return this.#at ?? this.#real.now();
  }

  /** Moves it to that moment, which may not lie behind it. */
  set(ms: number): void {
    if (this.#at === null || !Number.isFinite(ms) || ms < this.#at) throw problem('clock.backwards');
    this.#at = Math.trunc(ms);
  }

  /** From now on it is the machine's clock. */
  release(): void {
    this.#at = null;
  }
}
