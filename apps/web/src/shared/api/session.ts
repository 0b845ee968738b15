import { useSyncExternalStore } from 'react';

/** Whether somebody is signed in, and the token that every write carries. */
export type SessionState = 'unknown' | 'in' | 'expired' | 'out';

let state: SessionState = 'unknown';
let csrf = '';
let waiting: { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } | undefined;
const listeners = new Set<() => void>();

export class SignedOut extends Error {}

export function csrfToken(): string {
  return csrf;
}

export function isOpen(): boolean {
  return state === 'in';
}

export function sessionOpened(token: string): void {
  csrf = token;
  set('in');
  waiting?.resolve();
  waiting = undefined;
}

export function sessionClosed(): void {
  csrf = '';
  set('out');
  waiting?.reject(new SignedOut());
  waiting = undefined;
}

/** All requests that met the end of the session wait for the same dialog. */
export function renewSession(): Promise<void> {
  if (state === 'out') return Promise.reject(new SignedOut());
  if (!waiting) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting = { promise, resolve, reject };
    set('expired');
  }
  return waiting.promise;
}

export function useSession(): SessionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => state,
  );
}

function set(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}
