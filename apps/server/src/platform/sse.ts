import type { ServerResponse } from 'node:http';
import { problem } from './errors.ts';

/** Something that happened. Its data goes to everybody whose keys it has: ids, and nothing about persons. */
export interface LiveEvent {
  /** Opaque; what a client sends back as Last-Event-ID. Published in the order of the source. */
  readonly id: string;
  readonly topic: string;
  /** Who may hear of it, e.g. `unit:…`, `post:…`; without keys only those who hear all. */
  readonly keys: readonly string[];
  readonly data: unknown;
}

export interface Filter {
  /** Left out: all topics. */
  readonly topics?: readonly string[];
  /** An event is heard that has one of these. Fail closed: an empty list hears nothing. */
  readonly keys: readonly string[] | 'all';
  readonly test?: (event: LiveEvent) => boolean;
}

export interface Subscription {
  /** Connections are counted by it, and ended with it. */
  readonly session: string;
  readonly filter: Filter;
  readonly lastEventId?: string | undefined;
  /** Writes to the client; false asks to wait until drained() is called, as a Node stream does. */
  readonly send: (frame: string) => boolean;
  /** Ends the connection; the client comes again and resumes. */
  readonly close: () => void;
}

export interface Subscriber {
  drained(): void;
  unsubscribe(): void;
}

export interface HubOptions {
  /** Events kept in memory, from which a client resumes. */
  readonly keep?: number;
  readonly heartbeatMs?: number;
  readonly maxPerSession?: number;
  /** Frames that wait for a slow client before it is dropped. */
  readonly maxWaiting?: number;
  /**
   * Events after an id that memory no longer has (a restart, another process), at most `limit` + 1, in order;
   * null where the id is not known. Without it such a client is told to load anew.
   */
  readonly replay?: (lastEventId: string, limit: number) => Promise<readonly LiveEvent[] | null>;
}

export interface Hub {
  publish(event: LiveEvent): void;
  subscribe(subscription: Subscription): Subscriber;
  /** Ends the streams of a session that was signed out or whose rights have changed. */
  closeSession(session: string): void;
  /** Ends all streams; later subscriptions are refused, later events ignored. */
  close(): void;
  readonly size: number;
}

const RETRY_MS = 2000;
/** What one resume may catch up; whoever missed more loads anew. */
const MAX_REPLAY = 1000;

interface Client extends Subscription {
  /** Waiting frames; null while the client takes them as they come. */
  waiting: string[] | null;
  /** Events that came while its replay was being read. */
  replaying: LiveEvent[] | null;
  blockedBeats: number;
  gone: boolean;
}

/** Fans events out to the live streams of this process. Knows no capability: the source decides keys and topics. */
export function createHub(options: HubOptions = {}): Hub {
  const { keep = 2000, heartbeatMs = 15_000, maxPerSession = 8, maxWaiting = 500, replay } = options;
  const clients = new Set<Client>();
  const hearAll = new Set<Client>();
  const byKey = new Map<string, Set<Client>>();
  let recent: LiveEvent[] = [];
  let closed = false;

  const timer = setInterval(beat, heartbeatMs);
  timer.unref();

  function publish(event: LiveEvent): void {
    if (closed) return;
    checkLine(event.id);
    checkLine(event.topic);
    recent.push(event);
    // Cut in lots, so that publishing stays cheap.
    if (recent.length >= 2 * keep) recent = recent.slice(-keep);
    let frame: string | undefined;
    for (const client of audience(event)) {
      if (client.replaying) client.replaying.push(event);
      else deliver(client, (frame ??= eventFrame(event)));
    }
  }

  /** Each once, though several of its keys may fit. */
  function audience(event: LiveEvent): Set<Client> {
    const found = new Set<Client>();
    for (const client of hearAll) if (wants(client, event)) found.add(client);
    for (const key of event.keys) {
      for (const client of byKey.get(key) ?? []) if (wants(client, event)) found.add(client);
    }
    return found;
  }

  function subscribe(subscription: Subscription): Subscriber {
    if (closed) throw problem('service.stopping');
    const open = [...clients].filter((client) => client.session === subscription.session).length;
    if (open >= maxPerSession) throw problem('live.tooMany', { max: maxPerSession });
    const client: Client = { ...subscription, waiting: null, replaying: null, blockedBeats: 0, gone: false };
    clients.add(client);
    index(client, (set) => set.add(client));
    greet(client);
    return {
      drained: () => drain(client),
      unsubscribe: () => forget(client),
    };
  }

  function greet(client: Client): void {
    const { lastEventId } = client;
    deliver(client, `retry: ${RETRY_MS}\n\n`);
    if (!lastEventId) return deliver(client, markFrame('ready'));
    const place = recent.findLastIndex((event) => event.id === lastEventId);
    if (place >= 0) return catchUp(client, recent.slice(place + 1));
    if (!replay) return deliver(client, markFrame('reset'));
    client.replaying = [];
    void readReplay(client, lastEventId, replay);
  }

  async function readReplay(
    client: Client,
    id: string,
    read: NonNullable<HubOptions['replay']>,
  ): Promise<void> {
    // A source that fails is told apart from an unknown id by nobody: loading anew is right for both.
    const missed = await read(id, MAX_REPLAY).catch(() => null);
    const meanwhile = client.replaying ?? [];
    client.replaying = null;
    if (client.gone) return;
    if (missed === null || missed.length > MAX_REPLAY) return deliver(client, markFrame('reset'));
    const known = new Set(missed.map((event) => event.id));
    catchUp(client, [...missed, ...meanwhile.filter((event) => !known.has(event.id))]);
  }

  function catchUp(client: Client, events: readonly LiveEvent[]): void {
    const heard = events.filter((event) => hears(client.filter, event));
    if (heard.length > MAX_REPLAY) return deliver(client, markFrame('reset'));
    // One write: what a client has missed is no sign that it is slow.
    if (heard.length > 0) deliver(client, heard.map(eventFrame).join(''));
    deliver(client, markFrame('ready'));
  }

  /** `ready`: from here on live. `reset`: events are lost to this client, it must load anew. Both name the place. */
  function markFrame(kind: 'ready' | 'reset'): string {
    const last = recent.at(-1);
    return `${last ? `id: ${last.id}\n` : ''}event: ${kind}\ndata: {}\n\n`;
  }

  function deliver(client: Client, frame: string): void {
    if (client.gone) return;
    if (client.waiting) {
      client.waiting.push(frame);
      if (client.waiting.length > maxWaiting) drop(client);
    } else if (!client.send(frame)) {
      client.waiting = [];
    }
  }

  function drain(client: Client): void {
    const frames = client.waiting;
    client.waiting = null;
    client.blockedBeats = 0;
    if (frames?.length) deliver(client, frames.join(''));
  }

  function beat(): void {
    const last = recent.at(-1);
    // An id without data moves a client's place past what was not for it, and shows nothing.
    const frame = last ? `id: ${last.id}\n\n` : ':\n\n';
    for (const client of clients) {
      if (client.waiting) client.blockedBeats += 1;
      // A peer that vanished without a word takes nothing for two beats.
      if (client.blockedBeats > 2) drop(client);
      else if (!client.waiting) deliver(client, client.replaying ? ':\n\n' : frame);
    }
  }

  function drop(client: Client): void {
    forget(client);
    client.close();
  }

  function forget(client: Client): void {
    client.gone = true;
    client.waiting = null;
    clients.delete(client);
    index(client, (set) => set.delete(client));
  }

  function index(client: Client, change: (set: Set<Client>) => void): void {
    const { keys } = client.filter;
    if (keys === 'all') return change(hearAll);
    for (const key of keys) {
      const set = byKey.get(key) ?? new Set();
      change(set);
      if (set.size > 0) byKey.set(key, set);
      else byKey.delete(key);
    }
  }

  return {
    publish,
    subscribe,
    closeSession(session) {
      for (const client of clients) if (client.session === session) drop(client);
    },
    close() {
      closed = true;
      clearInterval(timer);
      for (const client of clients) drop(client);
    },
    get size() {
      return clients.size;
    },
  };
}

function wants({ filter }: Client, event: LiveEvent): boolean {
  return (filter.topics?.includes(event.topic) ?? true) && (filter.test?.(event) ?? true);
}

function hears(filter: Filter, event: LiveEvent): boolean {
  const keyed = filter.keys === 'all' || event.keys.some((key) => filter.keys.includes(key));
  return keyed && wants({ filter } as Client, event);
}

/** `id:`, `event:` and one line of `data:` (JSON has no line breaks of its own). */
function eventFrame({ id, topic, data }: LiveEvent): string {
  return `id: ${id}\nevent: ${topic}\ndata: ${JSON.stringify(data)}\n\n`;
}

function checkLine(text: string): void {
  if (!/^[\x21-\x7e]{1,200}$/.test(text)) throw new RangeError('an event id or topic is one word of ASCII');
}

export interface StreamOptions {
  readonly session: string;
  readonly filter: Filter;
  readonly lastEventId?: string | undefined;
  /** Headers that hooks have already decided on. */
  readonly headers?: Readonly<Record<string, string | number | string[] | undefined>>;
}

/**
 * Makes an HTTP answer a live stream. Refusals throw before anything is written; after that the stream ends when
 * the client goes, is too slow, or is told to.
 */
export function streamTo(
  hub: Hub,
  response: ServerResponse,
  { headers = {}, ...options }: StreamOptions,
): Subscriber {
  // The hub greets at once: what it says is held back until the head is out.
  const early: string[] = [];
  let started = false;
  const subscriber = hub.subscribe({
    ...options,
    send: (frame) => {
      if (started) return response.write(frame);
      early.push(frame);
      return true;
    },
    // A slow client's socket still holds unsent frames: ending would wait for them.
    close: () => (response.writableNeedDrain ? response.destroy() : response.end()),
  });
  response.writeHead(200, {
    ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no', // nginx would hold events back
  });
  started = true;
  response.on('drain', () => subscriber.drained());
  response.on('close', () => subscriber.unsubscribe());
  response.on('error', () => subscriber.unsubscribe());
  response.write(early.join(''));
  return subscriber;
}
