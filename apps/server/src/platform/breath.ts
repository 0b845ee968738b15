import { setImmediate as breathe } from 'node:timers/promises';

/** Whoever waits for the same thread waits no longer than this for somebody's long work. */
const TURN_MS = 5;

/** For long work in steps: between two of them others have their turn, where it took long since the last one. */
export class Breath {
  #since = performance.now();

  async take(): Promise<void> {
    if (performance.now() - this.#since < TURN_MS) return;
    await breathe();
    this.#since = performance.now();
  }
}
