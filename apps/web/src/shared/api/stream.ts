import type { StreamFrame } from '@wanmi/contracts';
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';

/**
 * The live stream (server-sent events). Frames say what changed, never what it is; a browser resumes by
 * itself with Last-Event-ID, and `reset` says that the gap was too long: everything is read anew.
 */
export interface Live {
  /** Connected now. */
  on: boolean;
  /** When the last connection broke, by the clock of this machine. */
  since: number | null;
}

type Listener = (frame: StreamFrame) => void;
const TOPICS = ['case', 'notice', 'reset'] as const;

let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let failures = 0;
let live: Live = { on: false, since: null };
const frames = new Set<Listener>();
const states = new Set<() => void>();

export function openStream(url = '/api/v1/stream'): () => void {
  if (typeof EventSource === 'undefined') return () => undefined;
  connect(url);
  return () => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
    setLive({ on: false, since: null });
  };
}

function connect(url: string): void {
  source?.close();
  const opened = new EventSource(url);
  source = opened;
  opened.addEventListener('open', () => {
    // The browser resumed, or this is the first time; a connection made anew by us has lost its place.
    const lost = failures > 0;
    failures = 0;
    setLive({ on: true, since: null });
    if (lost) emit({ topic: 'reset' });
  });
  opened.addEventListener('error', () => {
    if (live.on || live.since === null) setLive({ on: false, since: Date.now() });
    // CONNECTING means that the browser tries again by itself.
    if (opened.readyState !== EventSource.CLOSED) return;
    failures += 1;
    clearTimeout(retry);
    retry = setTimeout(() => connect(url), Math.min(30_000, 1000 * 2 ** failures));
  });
  for (const topic of TOPICS) {
    opened.addEventListener(topic, (event: MessageEvent<string>) => {
      const body = parse(event.data);
      if (body) emit({ ...body, topic } as StreamFrame);
    });
  }
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = text === '' ? {} : JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function emit(frame: StreamFrame): void {
  for (const listener of frames) listener(frame);
}

function setLive(next: Live): void {
  live = next;
  for (const listener of states) listener();
}

export function onFrame(listener: Listener): () => void {
  frames.add(listener);
  return () => void frames.delete(listener);
}

export function useFrames(listener: Listener): void {
  const latest = useEffectEvent(listener);
  useEffect(() => onFrame((frame) => latest(frame)), []);
}

export function useLive(): Live {
  return useSyncExternalStore(
    (listener) => {
      states.add(listener);
      return () => void states.delete(listener);
    },
    () => live,
  );
}
