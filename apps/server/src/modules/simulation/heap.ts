/** What happens at a moment; of one moment, by its key, and then what was planned first. */
interface Entry<T> {
  readonly at: number;
  readonly key: string;
  readonly order: number;
  readonly what: T;
}

const before = <T>(a: Entry<T>, b: Entry<T>): boolean =>
  a.at === b.at ? (a.key === b.key ? a.order < b.order : a.key < b.key) : a.at < b.at;

/** A binary heap by time. Ties are broken by key and by the order of planning, so that a run is the same each time. */
export class Agenda<T> {
  readonly #heap: Entry<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The moment of the next entry; Infinity where there is none. */
  get next(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  add(at: number, what: T, key = ''): void {
    const heap = this.#heap;
    const entry = { at, key, order: (this.#order += 1), what };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  take(): { at: number; what: T } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last) return undefined;
    if (heap.length > 0) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
        if (!before(heap[child]!, last)) break;
        heap[i] = heap[child]!;
        i = child;
      }
      heap[i] = last;
    }
    return { at: first.at, what: first.what };
  }
}
