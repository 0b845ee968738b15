import { useSyncExternalStore } from 'react';
import { applyTokens, type Mode } from './tokens.ts';

/** Light, dark, or as the machine has it. */
export const MODES = ['auto', 'light', 'dark'] as const;
export type ModeChoice = (typeof MODES)[number];

const KEY = 'wanmi.mode';
const listeners = new Set<() => void>();
const system = typeof matchMedia === 'undefined' ? null : matchMedia('(prefers-color-scheme: dark)');
let choice: ModeChoice = stored();

function stored(): ModeChoice {
  try {
    const found = localStorage.getItem(KEY);
    return MODES.find((mode) => mode === found) ?? 'auto';
  } catch {
    return 'auto';
  }
}

function mode(): Mode {
  if (choice !== 'auto') return choice;
  return system?.matches ? 'dark' : 'light';
}

export function startMode(): void {
  applyTokens(mode());
  system?.addEventListener('change', () => change());
}

export function setMode(next: ModeChoice): void {
  choice = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Lasts as long as the page where storage is forbidden.
  }
  change();
}

function change(): void {
  applyTokens(mode());
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function useMode(): Mode {
  return useSyncExternalStore(subscribe, mode);
}

export function useModeChoice(): ModeChoice {
  return useSyncExternalStore(subscribe, () => choice);
}
