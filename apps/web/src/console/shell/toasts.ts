import { useSyncExternalStore, type ReactNode } from 'react';

export interface Toast {
  id: number;
  kind: 'done' | 'problem';
  content: ReactNode;
}

let toasts: Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

/** A short word at the edge: what was done stays six seconds, a problem until it is closed. */
export function toast(content: ReactNode, kind: Toast['kind'] = 'done'): void {
  const id = next++;
  change([...toasts.slice(-2), { id, kind, content }]);
  if (kind === 'done') setTimeout(() => dismiss(id), 6000);
}

export function dismiss(id: number): void {
  change(toasts.filter((one) => one.id !== id));
}

function change(list: Toast[]): void {
  toasts = list;
  for (const listener of listeners) listener();
}

export function useToasts(): Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => toasts,
  );
}
