import { useSyncExternalStore } from 'react';

/**
 * The server's clock, also a demo's virtual one: screens count down against it and never against the clock
 * of the desk, which may be wrong.
 */
interface Sync {
  server: number;
  local: number;
  rate: number;
}

let sync: Sync = { server: Date.now(), local: performance.now(), rate: 1 };
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

export function syncClock(now: string, rate: number): void {
  sync = { server: Date.parse(now), local: performance.now(), rate };
  tick();
}

export function serverNow(): number {
  return sync.server + (performance.now() - sync.local) * sync.rate;
}

export function clockRate(): number {
  return sync.rate;
}

/** One interval for the whole screen; it runs only while something listens. */
export function onTick(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function tick(): void {
  for (const listener of listeners) listener();
}

/** Renders again only when the answer changes, so that a thousand rows may count down. */
export function useClock<T extends string | number | boolean | null>(read: (now: number) => T): T {
  return useSyncExternalStore(onTick, () => read(serverNow()));
}
