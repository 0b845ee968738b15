import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createHub,
  streamTo,
  type Filter,
  type Hub,
  type HubOptions,
  type LiveEvent,
  type Subscriber,
} from './sse.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

function hub(options?: HubOptions): Hub {
  const made = createHub(options);
  open.push(made);
  return made;
}

const event = (n: number, keys: string[] = ['k'], topic = 'case.filed'): LiveEvent => ({
  id: `7-${n}`,
  topic,
  keys,
  data: { n },
});

interface Listener {
  frames: string[];
  /** The numbers of the events that arrived. */
  heard: () => number[];
  marks: () => string[];
  closed: number;
  blocked: boolean;
  handle: Subscriber;
}

function listen(
  target: Hub,
  filter: Partial<Filter> = {},
  more: { session?: string; lastEventId?: string } = {},
): Listener {
  const listener: Omit<Listener, 'handle'> = {
    frames: [],
    heard: () =>
      [...listener.frames.join('').matchAll(/data: \{"n":(\d+)\}/g)].map((match) => Number(match[1])),
    marks: () => [...listener.frames.join('').matchAll(/event: (ready|reset)/g)].map((match) => match[1]!),
    closed: 0,
    blocked: false,
  };
  const handle = target.subscribe({
    session: 's',
    filter: { keys: ['k'], ...filter },
    ...more,
    send: (frame) => {
      listener.frames.push(frame);
      return !listener.blocked;
    },
    close: () => void (listener.closed += 1),
  });
  return Object.assign(listener, { handle });
}

describe('a stream', () => {
  it('is framed as the standard says', () => {
    const target = hub();
    const { frames } = listen(target);
    target.publish({ id: '7-1', topic: 'case.filed', keys: ['k'], data: { text: 'a\nb' } });
    expect(frames.join('')).toBe(
      'retry: 2000\n\nevent: ready\ndata: {}\n\nid: 7-1\nevent: case.filed\ndata: {"text":"a\\nb"}\n\n',
    );
  });

  it.each(['', 'a b', 'a\nb', 'é'])('cannot be broken by an id or topic %j', (word) => {
    const target = hub();
    expect(() => target.publish({ id: word, topic: 't', keys: [], data: 1 })).toThrow(RangeError);
    expect(() => target.publish({ id: '1', topic: word, keys: [], data: 1 })).toThrow(RangeError);
  });

  it('carries what has one of its keys, once, and nothing else', () => {
    const target = hub();
    const mine = listen(target, { keys: ['a', 'b'] });
    const all = listen(target, { keys: 'all' });
    const none = listen(target, { keys: [] });
    const some = listen(target, { keys: 'all', topics: ['case.closed'], test: ({ id }) => id !== '7-5' });
    target.publish(event(1, ['a', 'b']));
    target.publish(event(2, ['c']));
    target.publish(event(3, []));
    target.publish(event(4, ['c'], 'case.closed'));
    target.publish(event(5, ['c'], 'case.closed'));
    expect([mine.heard(), all.heard(), none.heard(), some.heard()]).toEqual([[1], [1, 2, 3, 4, 5], [], [4]]);
  });

  it('ends when its client leaves', () => {
    const target = hub();
    const one = listen(target);
    expect(target.size).toBe(1);
    one.handle.unsubscribe();
    one.handle.unsubscribe();
    target.publish(event(1));
    expect([target.size, one.heard(), one.closed]).toEqual([0, [], 0]);
  });

  it('beats while nothing happens', async () => {
    const { frames } = listen(hub({ heartbeatMs: 10 }));
    await sleep(60);
    expect(frames.filter((frame) => frame === ':\n\n').length).toBeGreaterThan(1);
  });

  it('moves the place of a client past what is not for it', async () => {
    const target = hub({ heartbeatMs: 10 });
    const one = listen(target);
    target.publish(event(1, ['other']));
    await expect.poll(() => one.frames.at(-1)).toBe('id: 7-1\n\n');
    const replaying = hub({ heartbeatMs: 10, replay: () => new Promise(() => {}) });
    replaying.publish(event(2));
    const two = listen(replaying, {}, { lastEventId: '6-1' });
    await expect.poll(() => two.frames.length).toBeGreaterThan(2);
    expect(two.frames.join('')).not.toContain('id:');
  });
});

describe('sessions', () => {
  it('have so many streams, and no more', () => {
    const target = hub({ maxPerSession: 2 });
    const first = listen(target);
    listen(target);
    expect(() => listen(target)).toThrow('live.tooMany');
    listen(target, {}, { session: 'other' });
    first.handle.unsubscribe();
    listen(target);
    expect(target.size).toBe(3);
  });

  it('end all their streams', () => {
    const target = hub();
    const [a, b, other] = [listen(target), listen(target), listen(target, {}, { session: 'other' })];
    target.closeSession('s');
    target.publish(event(1));
    expect([a.closed, b.closed, other.closed, other.heard(), target.size]).toEqual([1, 1, 0, [1], 1]);
  });

  it('all end when the service stops, and none begins', () => {
    const target = hub();
    const one = listen(target);
    target.close();
    target.publish(event(1));
    expect([one.closed, one.heard(), target.size]).toEqual([1, [], 0]);
    expect(() => listen(target)).toThrow('service.stopping');
  });
});

describe('a client that comes again', () => {
  it('gets what it missed, filtered, in order, once', () => {
    const target = hub();
    for (const n of [1, 2, 3]) target.publish(event(n, [n === 2 ? 'other' : 'k']));
    const again = listen(target, {}, { lastEventId: '7-1' });
    target.publish(event(4));
    expect([again.heard(), again.marks()]).toEqual([[3, 4], ['ready']]);
  });

  it('is told to load anew when its place is forgotten, and given the new place', () => {
    const target = hub({ keep: 3 });
    for (let n = 1; n <= 10; n++) target.publish(event(n));
    const again = listen(target, {}, { lastEventId: '7-1' });
    expect([again.heard(), again.marks()]).toEqual([[], ['reset']]);
    expect(again.frames.join('')).toContain('id: 7-10\nevent: reset');
    expect(listen(target, {}, { lastEventId: '7-8' }).heard()).toEqual([9, 10]);
  });

  it('gets from the source what memory has lost, before what happens meanwhile', async () => {
    let answer: (events: LiveEvent[] | null) => void = () => {};
    const target = hub({ replay: () => new Promise((resolve) => (answer = resolve)) });
    const again = listen(target, {}, { lastEventId: '6-9' });
    target.publish(event(3));
    target.publish(event(4));
    expect(again.heard()).toEqual([]);
    answer([event(1), event(2, ['other']), event(3)]);
    await sleep(0);
    target.publish(event(5));
    expect([again.heard(), again.marks()]).toEqual([[1, 3, 4, 5], ['ready']]);
  });

  it.each([
    ['does not know its place', () => Promise.resolve(null)],
    ['fails', () => Promise.reject(new Error('no database'))],
    ['has too much', () => Promise.resolve(Array.from({ length: 1001 }, (_, n) => event(n)))],
  ])('loads anew where the source %s', async (_, replay) => {
    const target = hub({ replay });
    const again = listen(target, {}, { lastEventId: '6-9' });
    await sleep(0);
    target.publish(event(2000));
    expect([again.heard(), again.marks()]).toEqual([[2000], ['reset']]);
  });

  it('may leave while the source is read', async () => {
    let answer: (events: LiveEvent[]) => void = () => {};
    const target = hub({ replay: () => new Promise((resolve) => (answer = resolve)) });
    const again = listen(target, {}, { lastEventId: '6-9' });
    again.handle.unsubscribe();
    answer([event(1)]);
    await sleep(0);
    expect(again.heard()).toEqual([]);
  });

  it('has heard every event of its keys once and in order, or was told to load anew', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ publish: fc.subarray(['k', 'x', 'y']) }) },
      { weight: 1, arbitrary: fc.constant('reconnect' as const) },
      { weight: 1, arbitrary: fc.constant('block' as const) },
      { weight: 1, arbitrary: fc.constant('drain' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const target = hub({ keep: 8, maxWaiting: 5 });
        let n = 0;
        const due: number[] = [];
        let heard: number[] = [];
        let lastId: string | undefined;
        let client = listen(target);
        const take = () => {
          const text = client.frames.splice(0).join('');
          if (text.includes('event: reset')) {
            heard = [];
            due.length = 0; // loaded anew: nothing from before is owed
          }
          heard.push(...[...text.matchAll(/data: \{"n":(\d+)\}/g)].map((match) => Number(match[1])));
          lastId = [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? lastId;
        };
        const reconnect = () => {
          take();
          client.handle.unsubscribe();
          client = listen(target, {}, lastId === undefined ? {} : { lastEventId: lastId });
          if (lastId === undefined) due.length = 0;
        };
        target.publish(event(++n)); // so that even the first greeting names a place
        reconnect();
        take();
        due.length = 0;
        heard = [];
        for (const one of steps) {
          if (one === 'reconnect') reconnect();
          else if (one === 'block') client.blocked = true;
          else if (one === 'drain') {
            client.blocked = false;
            client.handle.drained();
          } else {
            target.publish(event(++n, one.publish));
            if (one.publish.includes('k')) due.push(n);
          }
          take();
        }
        reconnect();
        take();
        expect(heard).toEqual(due);
        target.close();
      }),
      { numRuns: 500 },
    );
  });
});

describe('a slow client', () => {
  it('gets all when it can take it', () => {
    const target = hub();
    const slow = listen(target);
    slow.blocked = true;
    for (const n of [1, 2, 3]) target.publish(event(n));
    expect(slow.heard()).toEqual([1]); // this write was accepted, and answered with "wait"
    slow.blocked = false;
    slow.handle.drained();
    target.publish(event(4));
    expect(slow.heard()).toEqual([1, 2, 3, 4]);
  });

  it('is dropped when too much waits, and holds up nobody', () => {
    const target = hub({ maxWaiting: 3 });
    const [slow, quick] = [listen(target), listen(target)];
    slow.blocked = true;
    for (let n = 1; n <= 10; n++) target.publish(event(n));
    expect([slow.closed, quick.closed, quick.heard().length, target.size]).toEqual([1, 0, 10, 1]);
  });

  it('is dropped when it takes nothing for some beats', async () => {
    const target = hub({ heartbeatMs: 10 });
    const slow = listen(target);
    slow.blocked = true;
    target.publish(event(1));
    await expect.poll(() => slow.closed).toBe(1);
    expect(target.size).toBe(0);
  });
});

describe('over HTTP', () => {
  async function serve(target: Hub): Promise<string> {
    const server: Server = createServer((request, response) => {
      const last = request.headers['last-event-id'];
      const filter = { keys: ['k'] };
      streamTo(target, response, {
        session: 's',
        filter,
        lastEventId: last as string | undefined,
        headers: { 'x-a': 'b' },
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    open.push({ close: () => void (server.closeAllConnections(), server.close()) });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  const connect = (url: string, headers = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { headers, agent: false }, resolve).on('error', reject);
    });

  it('arrives at once, resumes, and ends with the service', async () => {
    const target = hub();
    const url = await serve(target);
    const first = await connect(url);
    expect(first.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-a': 'b',
      'cache-control': 'no-store, no-transform',
    });
    let text = '';
    first.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await expect.poll(() => text).toContain('event: ready');
    target.publish(event(1));
    await expect.poll(() => text).toContain('{"n":1}');
    first.destroy();
    await expect.poll(() => target.size).toBe(0);
    target.publish(event(2));

    let later = '';
    let ended = false;
    const second = await connect(url, { 'last-event-id': '7-1' });
    second
      .setEncoding('utf8')
      .on('data', (chunk: string) => (later += chunk))
      .on('end', () => (ended = true));
    await expect.poll(() => later).toContain('{"n":2}');
    expect(later).not.toContain('{"n":1}');
    target.close();
    await expect.poll(() => ended).toBe(true);
  });

  it('drops a client that reads nothing, and keeps serving another', async () => {
    const target = hub({ maxWaiting: 50 });
    const url = await serve(target);
    const stuck = await connect(url);
    stuck.pause();
    const quick = await connect(url);
    let got = 0;
    quick.on('data', (chunk: Buffer) => (got += chunk.length));
    await expect.poll(() => target.size).toBe(2);
    const payload = 'x'.repeat(50_000);
    for (let n = 0; n < 1000 && target.size === 2; n++) {
      target.publish({ id: `8-${n}`, topic: 't', keys: ['k'], data: payload });
      await sleep(1);
    }
    expect(target.size).toBe(1);
    const before = got;
    target.publish({ id: '9-1', topic: 't', keys: ['k'], data: payload });
    await expect.poll(() => got).toBeGreaterThan(before);
    stuck.destroy();
  });
});
