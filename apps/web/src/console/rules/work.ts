import { useSyncExternalStore } from 'react';

/** What is being changed in one file of a draft: the text as it was read, and as it is now. */
export interface Work {
  /** As the server has it, with the hash that the server named; null hash: a file that is not there yet. */
  readonly base: { readonly text: string; readonly hash: string | null };
  readonly text: string;
  readonly undo: readonly string[];
  readonly redo: readonly string[];
}

/** Enough steps back for an afternoon, and never more than this many characters of them. */
const STEPS = 200;
const CHARACTERS = 48_000_000;

type Works = ReadonlyMap<string, Work>;

/**
 * Unsaved work by draft and path. It lives beside the screens: who looks something up in another room finds it as
 * it was; only closing the browser loses it, and the browser asks first.
 */
let drafts: ReadonlyMap<string, Works> = new Map();
const none: Works = new Map();
const listeners = new Set<() => void>();

function put(draftId: string, path: string, work: Work | null): void {
  const files = new Map(drafts.get(draftId));
  if (work) files.set(path, work);
  else files.delete(path);
  drafts = new Map(drafts).set(draftId, files);
  for (const listener of listeners) listener();
}

export function workOf(draftId: string, path: string): Work | undefined {
  return drafts.get(draftId)?.get(path);
}

export function useWorks(draftId: string): Works {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => drafts.get(draftId) ?? none,
  );
}

export const isUnsaved = (work: Work | undefined): boolean =>
  work !== undefined && (work.text !== work.base.text || work.base.hash === null);

/** A change of the text; the base is what it was read as, where this is the first one. */
export function change(draftId: string, path: string, text: string, base: Work['base']): void {
  const work = workOf(draftId, path) ?? { base, text: base.text, undo: [], redo: [] };
  if (work.text === text) return;
  let room = CHARACTERS - text.length;
  const undo = [work.text, ...work.undo].slice(0, STEPS).filter((one) => (room -= one.length) > 0);
  put(draftId, path, { ...work, text, undo, redo: [] });
}

export function stepBack(draftId: string, path: string): void {
  const work = workOf(draftId, path);
  const [last, ...undo] = work?.undo ?? [];
  if (work && last !== undefined)
    put(draftId, path, { ...work, text: last, undo, redo: [work.text, ...work.redo] });
}

export function stepForward(draftId: string, path: string): void {
  const work = workOf(draftId, path);
  const [next, ...redo] = work?.redo ?? [];
  if (work && next !== undefined)
    put(draftId, path, { ...work, text: next, redo, undo: [work.text, ...work.undo] });
}

/** The text was saved: what was typed meanwhile stays unsaved on top of it. */
export function saved(draftId: string, path: string, base: { text: string; hash: string }): void {
  const work = workOf(draftId, path);
  if (work) put(draftId, path, { ...work, base });
}

/** Other words on top of another base: what stood there can be had back by undoing. */
export function replaced(draftId: string, path: string, text: string, base: Work['base']): void {
  const work = workOf(draftId, path);
  put(draftId, path, { base, text, undo: work ? [work.text, ...work.undo].slice(0, STEPS) : [], redo: [] });
}

export function forget(draftId: string, path: string): void {
  if (workOf(draftId, path)) put(draftId, path, null);
}

export function forgetDraft(draftId: string): void {
  if (!drafts.has(draftId)) return;
  const rest = new Map(drafts);
  rest.delete(draftId);
  drafts = rest;
  for (const listener of listeners) listener();
}

export function useUnsaved(): ReadonlyMap<string, number> {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => drafts,
  );
  return new Map([...all].map(([id, files]) => [id, [...files.values()].filter(isUnsaved).length] as const));
}
