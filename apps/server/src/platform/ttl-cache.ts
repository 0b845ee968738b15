interface Entry<V> {
  value: Promise<V>;
  until: number;
}

/**
 * What was read a moment ago. Its time is the machine's, not the city's: it bounds how long another process may
 * not know of a change. Two who ask at once share one reading; a reading that fails is not kept.
 */
export class TtlCache<V> {
  readonly #ttl: number;
  readonly #max: number;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry<V>>();

  constructor(ttlMs: number, max: number, now: () => number = () => performance.now()) {
    this.#ttl = ttlMs;
    this.#max = max;
    this.#now = now;
  }

  get(key: string, read: () => Promise<V>): Promise<V> {
    const now = this.#now();
    const found = this.#entries.get(key);
    if (found && found.until > now) return found.value;
    const entry: Entry<V> = { value: read(), until: now + this.#ttl };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.value.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    if (this.#entries.size > this.#max) this.#dropOldest();
    return entry.value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #dropOldest(): void {
    const oldest = this.#entries.keys().next().value;
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** One of something per platform: tests have several in a process. */
export function perPlatform<T>(make: () => T): (platform: { readonly db: object }) => T {
  const made = new WeakMap<object, T>();
  return ({ db }) => {
    let found = made.get(db);
    if (found === undefined) made.set(db, (found = make()));
    return found;
  };
}
