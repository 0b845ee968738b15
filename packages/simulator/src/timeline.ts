/** Something that happens at a moment of a city's time and may bring about more. */
interface Event {
  at: number;
  order: number;
  run: () => Promise<void>;
}

export interface TimelineOptions {
  /** Moves the city's clock to that moment before anything happens at it. */
  advance: (to: number) => Promise<void> | void;
  /** Events that may happen side by side. */
  lanes: number;
  /** Side by side only within so many milliseconds of the city's time: no event is stamped later than that. */
  windowMs: number;
  signal?: AbortSignal;
}

/**
 * Plays events in the order of a city's time, however much faster than life: what is planned goes into a heap, the
 * clock jumps from one to the next, and several happen at once where they lie close together.
 */
export class Timeline {
  readonly #heap: Event[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The next moment at which something happens; Infinity where nothing does. */
  get next(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  add(at: number, run: () => Promise<void>): void {
    const heap = this.#heap;
    heap.push({ at, order: (this.#order += 1), run });
    let i = heap.length - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!earlier(heap[i] as Event, heap[parent] as Event)) break;
      [heap[i], heap[parent]] = [heap[parent] as Event, heap[i] as Event];
      i = parent;
    }
  }

  /** Until nothing is left before `until()`; rejects with the first error of an event. */
  async play(options: TimelineOptions, until: () => number = () => Infinity): Promise<void> {
    const { advance, lanes, windowMs, signal } = options;
    const running = new Map<Promise<void>, number>();
    let now = -Infinity;
    let failed: { error: unknown } | null = null;
    for (;;) {
      if (signal?.aborted) failed ??= { error: signal.reason };
      if (failed) {
        await Promise.allSettled(running.keys());
        throw (failed as { error: unknown }).error;
      }
      const at = this.next;
      const done = this.size === 0 || at > until();
      const oldest = Math.min(...running.values());
      if (done && running.size === 0) return;
      if (done || running.size >= lanes || at > oldest + windowMs) {
        await Promise.race(running.keys());
        continue;
      }
      const event = this.#take();
      if (event.at > now) {
        now = event.at;
        await advance(now);
      }
      const run = event
        .run()
        .catch((error: unknown) => void (failed ??= { error }))
        .finally(() => running.delete(run));
      running.set(run, event.at);
    }
  }

  #take(): Event {
    const heap = this.#heap;
    const first = heap[0] as Event;
    const last = heap.pop() as Event;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && earlier(heap[child] as Event, heap[least] as Event)) least = child;
      if (least === i) return first;
      [heap[i], heap[least]] = [heap[least] as Event, heap[i] as Event];
      i = least;
    }
  }
}

const earlier = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
