import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Notice, NoticeCount, StreamFrame, page, type EventBody } from '@wanmi/contracts';
import { testCity, world, type World } from '#testing/world';
import type { App } from '#platform/http';
import { hashToken } from '#platform/http-access';
import { uuidv7 } from '#platform/ids';
import { endOfOutbox, formatPosition } from '#platform/outbox';
import { pruneOutbox } from '#platform/outbox-care';
import { addProcess, appendEvents, lifeOf, type Ground } from '#platform/outbox-testing';
import type { Platform } from '#platform/platform';
import { createHub } from '#platform/sse';
import { createPerson, createPost, signOn } from '#modules/org';
import * as notify from './index.ts';
import { filterFor, liveTailer, replayLive } from './live.ts';
import { openStream } from './stream.ts';
import { pruneNoticesJob } from './relay.ts';
import { settleOutbox } from '#platform/outbox-care';

const MINUTE = 60_000;
const Page = page(Notice);
let w: World;
let start: number;
let relay: ReturnType<typeof notify.notifyRelay>;

beforeAll(async () => {
  w = await world({ modules: [notify, { routes: impatientStream }] });
  start = w.platform.clock.now();
  await addProcess(w.platform.db, w.cityId, start);
});
afterAll(() => w.close());

/** The stream with a look at its session every 30 ms instead of 15 s. */
function impatientStream(app: App, platform: Platform): void {
  app.get('/impatient-stream', { config: { authenticated: true } }, (request, reply) => {
    openStream(platform, request, reply, { lastEventId: undefined, checkMs: 30 });
  });
}
beforeEach(async () => {
  relay = notify.notifyRelay(w.platform);
  await settleOutbox(w.platform, [relay]);
  await sql`delete from notice`.execute(w.platform.db);
});

function ground(district: 0 | 1 = 0, department: 'department1' | 'department2' = 'department1'): Ground {
  const { id, streetId, communityId, patrolGridId, unitGridIds } = w.districts[district];
  return {
    cityId: w.cityId,
    places: [
      { unitGridId: unitGridIds[0]!, patrolGridId, districtId: id, streetId, communityId, grade: null },
    ],
    departments: [w.units[department]],
    centreId: w.units.supervisionCentre,
    collectorPostId: w.person(district === 0 ? 'collector1' : 'collector2').postId,
    operatorPostId: w.person('operator').postId,
    categories: [w.rules.categories.rubbish],
  };
}

/** Report, accept, file, dispatch, sign, respond, pass, close: 7 minutes each, reported by the collector. */
const life = (of: Ground = ground()): EventBody[] =>
  lifeOf(of, w.platform.clock.now(), [0, 0, 1, 0, 0, ...Array.from({ length: 16 }, () => 30)]);

async function happen(events: readonly EventBody[]): Promise<void> {
  await appendEvents(w.platform.db, events);
  await settleOutbox(w.platform, [relay]);
}

const get = async (who: string, query = '') => {
  const reply = await w.app.inject({ url: `/api/v1/notices${query}`, ...w.as(who) });
  expect(reply.statusCode, reply.body).toBe(200);
  return Page.parse(reply.json());
};
const unread = async (who: string): Promise<number> => {
  const reply = await w.app.inject({ url: '/api/v1/notices/unread', ...w.as(who) });
  return NoticeCount.parse(reply.json()).unread;
};
const post = (who: string, url: string) =>
  w.app.inject({ method: 'POST', url: `/api/v1${url}`, ...w.as(who) });

describe('notices', () => {
  test('401 without a session', async () => {
    for (const url of ['/notices', '/notices/unread', '/stream']) {
      expect((await w.app.inject({ url: `/api/v1${url}` })).statusCode).toBe(401);
    }
    expect((await w.app.inject({ method: 'POST', url: '/api/v1/notices/read' })).statusCode).toBe(401);
  });

  test('400 for a cursor or an id that is none', async () => {
    expect((await w.app.inject({ url: '/api/v1/notices?cursor=x', ...w.as('leader') })).statusCode).toBe(400);
    expect((await post('leader', '/notices/1/read')).statusCode).toBe(400);
  });

  test('a collector hears of the task that waits for him and of the end of the case he reported, once', async () => {
    const events = life();
    await happen(events);
    const { items } = await get('collector1');
    expect(items.map((one) => [one.kind, one.step, one.caseId])).toEqual([
      ['case.closed', null, events[0]!.caseId],
      ['task.opened', 'check', events[0]!.caseId],
    ]);
    expect(items[0]!.caseNo).toBe(events[0]!.caseId); // the builder numbers cases so
    // Nobody else: the other tasks wait for units.
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from notice`.execute(w.platform.db);
    expect(rows[0]!.n).toBe(2);
    // The log is read once more (a reader that begins anew): nothing doubles, nobody's screen stirs.
    await sql`update outbox_cursor set xid = '0', pos = 0 where reader = 'notify'`.execute(w.platform.db);
    await settleOutbox(w.platform, [notify.notifyRelay(w.platform)]);
    expect((await get('collector1')).items).toEqual(items);
    const frames =
      await sql`select 1 from outbox where topic = 'notice' and case_id = ${events[0]!.caseId}`.execute(
        w.platform.db,
      );
    expect(frames.rows).toHaveLength(2);
  });

  /** A case that waits, late, at the step after `steps`. */
  async function late(
    steps: number,
    type: 'task.warned' | 'task.overdue' = 'task.overdue',
  ): Promise<EventBody> {
    const events = life().slice(0, steps);
    const last = events.at(-1)!;
    const task = last.payload.opened![0]!;
    const at = new Date(Date.parse(last.at) + 60 * MINUTE).toISOString();
    const overdue: EventBody = {
      ...last,
      seq: last.seq + 1,
      type,
      at,
      personId: null,
      postId: null,
      unitId: null,
      role: null,
      from: last.to,
      payload: { task: { id: task.id, step: task.step, action: 'overdue' } },
    };
    await happen([...events, overdue]);
    return overdue;
  }

  test('what is late is told to the posts of the unit whose role it waits for', async () => {
    const { caseId } = await late(4); // waits to be signed by department 1
    expect((await get('department1')).items.map((one) => [one.kind, one.step, one.caseId])).toEqual([
      ['task.overdue', 'sign', caseId],
    ]);
    expect((await get('department2')).items).toEqual([]);
    w.platform.clock.advance(MINUTE);
    await late(4, 'task.warned');
    expect((await get('department1')).items[0]!.kind).toBe('task.warned');
  });

  test('or to who has claimed it, alone; to nobody once it is done', async () => {
    const second = await anotherPost('department', w.units.department1);
    const events = life().slice(0, 4);
    await appendEvents(w.platform.db, events);
    const task = events.at(-1)!.payload.opened![0]!;
    await sql`update task set claimed_post_id = ${second} where id = ${task.id}`.execute(w.platform.db);
    const overdue = (seq: number): EventBody => ({
      ...events.at(-1)!,
      seq,
      type: 'task.overdue',
      postId: null,
      personId: null,
      payload: { task: { id: task.id, step: task.step, action: 'overdue' } },
    });
    await happen([overdue(5)]);
    const posts = async () =>
      (await sql<{ post_id: string }>`select post_id from notice`.execute(w.platform.db)).rows.map(
        (row) => row.post_id,
      );
    expect(await posts()).toEqual([second]);
    await sql`update task set done_at = ${task.openedAt} where id = ${task.id}`.execute(w.platform.db);
    await happen([overdue(6)]);
    expect(await posts()).toEqual([second]);
  });

  test('a crowd is told nothing by name, and neither is a post that nobody holds any more', async () => {
    for (let i = 0; i < 21; i += 1) await anotherPost('department', w.units.department2);
    await appendEvents(w.platform.db, life(ground(0, 'department2')).slice(0, 4));
    const events = life(ground(0, 'department2'));
    const warned: EventBody = {
      ...events[3]!,
      seq: 5,
      type: 'task.warned',
      postId: null,
      payload: { task: { ...events[3]!.payload.opened![0]!, action: 'warn' } },
    };
    await happen([...events.slice(0, 4), warned]);
    expect((await get('department2')).items).toEqual([]);

    const gone = await anotherPost('collector', w.units.patrolTeam1);
    await sql`update post set valid_to = ${new Date(start)} where id = ${gone}`.execute(w.platform.db);
    await happen(life({ ...ground(), collectorPostId: gone }));
    const { rows } = await sql`select 1 from notice where post_id = ${gone}`.execute(w.platform.db);
    expect(rows).toEqual([]);
  });

  async function anotherPost(role: 'department' | 'collector', unitId: string): Promise<string> {
    const personId = await createPerson(w.platform.db, w.platform, {
      cityId: w.cityId,
      username: `another${uuidv7(start)}`,
      name: '某某',
    } as Parameters<typeof createPerson>[2]);
    return createPost(w.platform.db, w.platform, {
      cityId: w.cityId,
      personId,
      unitId,
      roleId: w.roleIds.get(role)!,
      name: { 'zh-CN': '岗', en: 'post' },
      scope: 'unit',
    } as Parameters<typeof createPost>[2]);
  }

  test('pages go by the key, the latest first, without a gap', async () => {
    for (let i = 0; i < 3; i += 1) {
      await happen(life());
      w.platform.clock.advance(MINUTE);
    }
    const first = await get('collector1', '?limit=4');
    const second = await get('collector1', `?limit=4&cursor=${first.next}`);
    expect([first.items.length, second.items.length, second.next]).toEqual([4, 2, null]);
    const ids = [...first.items, ...second.items].map((one) => one.id);
    expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
  });

  test('read one, read all: only the own, and the first time stays', async () => {
    await happen(life());
    await happen(life(ground(1)));
    const [latest] = (await get('collector1')).items;
    expect(await unread('collector1')).toBe(2);
    // Another's notice is not there.
    expect((await post('collector2', `/notices/${latest!.id}/read`)).statusCode).toBe(404);
    expect((await post('collector1', `/notices/${uuidv7(start)}/read`)).statusCode).toBe(404);
    expect((await post('collector1', `/notices/${latest!.id}/read`)).statusCode).toBe(204);
    const at = (await get('collector1')).items[0]!.readAt;
    expect(at).toBe(new Date(w.platform.clock.now()).toISOString());
    w.platform.clock.advance(MINUTE);
    await post('collector1', `/notices/${latest!.id}/read`);
    expect((await get('collector1')).items[0]!.readAt).toBe(at);
    expect(await unread('collector1')).toBe(1);
    expect((await post('collector1', '/notices/read')).statusCode).toBe(204);
    expect([await unread('collector1'), await unread('collector2')]).toEqual([0, 2]);
  });
});

describe('beside the line', () => {
  const kinds = async (who: string) => (await get(who)).items.map((one) => [one.kind, one.step]);

  /** The entry that follows a life as far as it went. */
  const after = (events: readonly EventBody[], over: Partial<EventBody>): EventBody => {
    const last = events.at(-1)!;
    return {
      ...last,
      seq: last.seq + 1,
      at: new Date(Date.parse(last.at) + MINUTE).toISOString(),
      from: last.to,
      postId: w.person('leader').postId,
      payload: {},
      ...over,
    };
  };
  const disposing = (): EventBody[] => life().slice(0, 5); // signed by department 1
  const application = (id: string, state: 'approved' | 'refused') => ({
    application: { id, kind: 'extend' as const, state, assignmentId: null, level: 1, levels: 1 },
  });

  test('what was decided is told to the post that asked, and to nobody else', async () => {
    const events = disposing();
    await appendEvents(w.platform.db, events);
    const id = uuidv7(start);
    const { postId, personId } = w.person('department1');
    await sql`insert into application (id, city_id, case_id, kind, state, ask, asked_at, asked_post_id, asked_person_id)
      values (${id}, ${w.cityId}, ${events[0]!.caseId}, 'extend', 'approved', '{}', ${new Date(start)}, ${postId},
        ${personId})`.execute(w.platform.db);
    const granted = after(events, { type: 'application.approved', payload: application(id, 'approved') });
    await happen([granted]);
    expect(await kinds('department1')).toEqual([['application.approved', null]]);
    expect(await kinds('collector1')).toEqual([]);
    // Who asks and decides at once knows it.
    await happen([
      after([granted], { type: 'application.refused', payload: application(id, 'refused'), postId }),
    ]);
    expect(await kinds('department1')).toHaveLength(1);
  });

  test('a mark reaches whoever works on the case, once each, and not who said it', async () => {
    const events = disposing();
    const mark = { id: uuidv7(start), kind: 'urge' as const, dueAt: null };
    await happen([...events, after(events, { type: 'case.urged', payload: { mark } })]);
    expect(await kinds('department1')).toEqual([['case.urged', null]]);
    expect(await kinds('department2')).toEqual([]);
    const own = w.person('department1').postId;
    await happen([
      after([...events, after(events, {})], { type: 'case.urged', payload: { mark }, postId: own }),
    ]);
    expect(await kinds('department1')).toHaveLength(1);
  });

  test('a recomputed clock is told to who holds the task', async () => {
    const events = life().slice(0, 6); // to be checked by the collector
    await happen(events);
    await happen([after(events, { type: 'clock.recomputed', postId: null })]);
    expect(await kinds('collector1')).toEqual([
      ['clock.recomputed', null],
      ['task.opened', 'check'],
    ]);
  });

  test('an escalation goes to those above: the nearest in the tree, else those of the city', async () => {
    const waitsForOperator = life().slice(0, 1);
    await happen(waitsForOperator);
    await happen([after(waitsForOperator, { type: 'task.escalated', postId: null })]);
    expect(await kinds('shiftLeader')).toEqual([['task.escalated', null]]);
    expect(await kinds('leader')).toEqual([]);
    const waitsForShiftLeader = life().slice(0, 2);
    await happen(waitsForShiftLeader);
    await happen([after(waitsForShiftLeader, { type: 'task.escalated', postId: null })]);
    expect(await kinds('leader')).toEqual([['task.escalated', null]]);
    expect(await kinds('districtLeader')).toEqual([]);
  });

  test('a place that came back is told to the department that has to look after it', async () => {
    const events = disposing();
    const last = events.at(-1)!;
    const task = { ...last.payload.opened![0]!, id: uuidv7(start), step: 'keyPatrol', dueAt: null };
    await happen([
      ...events,
      after(events, { type: 'case.recurred', postId: null, payload: { opened: [task] } }),
    ]);
    expect(await kinds('department1')).toEqual([['case.recurred', 'keyPatrol']]);
  });
});

test('how far the readers are shows in the metrics', async () => {
  await appendEvents(w.platform.db, life().slice(0, 1));
  w.platform.clock.advance(MINUTE);
  const { body } = await w.app.inject({ url: '/metrics', remoteAddress: '127.0.0.1' });
  expect(
    Number(/^wanmi_outbox_lag_seconds\{reader="notify"\} (\S+)$/m.exec(body)?.[1]),
  ).toBeGreaterThanOrEqual(60);
  expect(body).toMatch(/^wanmi_outbox_parked_rows\{reader="notify"\} 0$/m);
  expect(body).toMatch(/^wanmi_timers_due 0$/m);
});

describe('live', () => {
  let base: string;
  let tailer: ReturnType<typeof liveTailer>;
  const streams: AbortController[] = [];

  beforeAll(async () => {
    await w.app.listen({ port: 0, host: '127.0.0.1' });
    base = `http://127.0.0.1:${(w.app.server.address() as AddressInfo).port}/api/v1`;
  });
  beforeEach(async () => {
    tailer = liveTailer(w.platform);
    await tailer.start();
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.abort();
    await tailer.stop();
  });

  interface Heard {
    frames: StreamFrame[];
    lastId: string | undefined;
    names: string[];
    ended: boolean;
  }

  /** Follows a person's stream. */
  async function listen(headers: Record<string, string>): Promise<Heard> {
    const stream = new AbortController();
    streams.push(stream);
    const reply = await fetch(`${base}/stream`, { headers, signal: stream.signal });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toContain('text/event-stream');
    const heard: Heard = { frames: [], lastId: undefined, names: [], ended: false };
    void (async () => {
      let rest = '';
      const decoder = new TextDecoder();
      for await (const chunk of reply.body!) {
        rest += decoder.decode(chunk as Uint8Array, { stream: true });
        const parts = rest.split('\n\n');
        rest = parts.pop()!;
        for (const part of parts) note(heard, part);
      }
      heard.ended = true;
    })().catch(() => {
      heard.ended = true;
    });
    await expect.poll(() => heard.names).toContain('ready');
    return heard;
  }

  function note(heard: Heard, part: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
    heard.lastId = field('id') ?? heard.lastId;
    const name = field('event');
    if (name === undefined) return;
    heard.names.push(name);
    if (name === 'case' || name === 'notice')
      heard.frames.push(StreamFrame.parse(JSON.parse(field('data')!)));
  }

  const as = (who: string) => w.as(who).headers;

  test('a case is heard by those who may see it, and by nobody else', async () => {
    const who = [
      'leader',
      'districtLeader',
      'collector1',
      'collector2',
      'department1',
      'department2',
      'operator',
    ] as const;
    const heard = Object.fromEntries(
      await Promise.all(who.map(async (one) => [one, await listen(as(one))] as const)),
    );
    const west = life(ground(0));
    const east = life(ground(1, 'department2')).slice(0, 3);
    await appendEvents(w.platform.db, [...west, ...east]);
    const versions = (one: string, events: readonly EventBody[]) =>
      heard[one]!.frames.flatMap((frame) =>
        frame.topic === 'case' && frame.caseId === events[0]!.caseId ? [frame.version] : [],
      );
    await expect.poll(() => versions('leader', east), { timeout: 5000 }).toEqual([1, 2, 3]);
    await sleep(200);
    const all = west.map((event) => event.seq);
    expect(versions('leader', west)).toEqual(all);
    expect(versions('operator', west)).toEqual(all);
    expect(versions('districtLeader', west)).toEqual([]);
    expect(versions('districtLeader', east)).toEqual([1, 2, 3]);
    expect(versions('collector1', west)).toEqual(all);
    expect(versions('collector1', east)).toEqual([]);
    expect(versions('collector2', east)).toEqual([1, 2, 3]);
    expect(versions('collector2', west)).toEqual([]);
    // A department hears of it once it is theirs; here the whole life was committed at once.
    expect(versions('department1', west)).toEqual(all);
    expect(versions('department1', east)).toEqual([]);
    expect(versions('department2', west)).toEqual([]);
    expect(heard['leader']!.frames[0]).toEqual({
      topic: 'case',
      caseId: west[0]!.caseId,
      type: 'case.reported',
      version: 1,
    });
  });

  test("a neighbour city's leader hears nothing", async () => {
    const { people } = await testCity(w.platform, '-live');
    const heard = await listen({ authorization: `Bearer ${people.get('leader-live')!.token}` });
    const mine = await listen(as('leader'));
    await appendEvents(w.platform.db, life().slice(0, 1));
    await expect.poll(() => mine.frames.length, { timeout: 5000 }).toBe(1);
    await sleep(100);
    expect(heard.frames).toEqual([]);
  });

  test('a notice reaches the screen of its post alone', async () => {
    const [mine, other] = [await listen(as('collector1')), await listen(as('collector2'))];
    const events = life();
    await happen(events);
    const notices = (heard: Heard) => heard.frames.filter((frame) => frame.topic === 'notice');
    await expect
      .poll(() => notices(mine), { timeout: 5000 })
      .toEqual([
        { topic: 'notice', kind: 'task.opened', caseId: events[0]!.caseId },
        { topic: 'notice', kind: 'case.closed', caseId: events[0]!.caseId },
      ]);
    expect(notices(other)).toEqual([]);
  });

  test('who comes again with the last id has missed nothing', async () => {
    const first = await listen(as('leader'));
    await appendEvents(w.platform.db, life().slice(0, 1));
    await expect.poll(() => first.frames.length, { timeout: 5000 }).toBe(1);
    streams.pop()!.abort();
    await appendEvents(w.platform.db, life().slice(0, 3));
    const again = await listen({ ...as('leader'), 'last-event-id': first.lastId! });
    await expect
      .poll(() => again.frames.map((frame) => ('version' in frame ? frame.version : 0)), { timeout: 5000 })
      .toEqual([1, 2, 3]);
    expect(again.names).not.toContain('reset');
  });

  test('after a restart it resumes from the outbox; where that is pruned, it is told to load anew', async () => {
    const { db } = w.platform;
    const place = formatPosition(await endOfOutbox(db));
    const west = life().slice(0, 2);
    await appendEvents(db, [...west, ...life(ground(1)).slice(0, 1)]);
    const actor = { ...(await actorOf('collector1')) };
    const frames: string[] = [];
    // A new process: its hub remembers nothing.
    const hub = createHub({ replay: (id, limit) => replayLive(db, id, limit) });
    const join = (lastEventId: string) =>
      hub.subscribe({
        session: 's',
        filter: filterFor(actor),
        lastEventId,
        send: (frame) => frames.push(frame) > 0,
        close: () => {},
      });
    join(place);
    await expect.poll(() => frames.join(''), { timeout: 4000 }).toContain('event: ready');
    expect(frames.join('').match(/^data: .*caseId.*$/gm)).toEqual(
      west.map(
        (event) =>
          `data: ${JSON.stringify({ topic: 'case', caseId: event.caseId, type: event.type, version: event.seq })}`,
      ),
    );
    frames.length = 0;
    await pruneOutbox(w.platform, {
      before: w.platform.clock.now() + 365 * 24 * 60 * MINUTE,
      readers: [],
    }).catch(() => 0);
    await settleOutbox(w.platform, [relay]);
    await pruneOutbox(w.platform, {
      before: w.platform.clock.now() + 365 * 24 * 60 * MINUTE,
      readers: ['notify'],
    });
    for (const id of [place, 'nonsense', '99999999999-1']) {
      join(id);
      await expect.poll(() => frames.join(''), { timeout: 4000 }).toContain('event: reset');
      expect(frames.join('')).not.toContain('caseId');
      frames.length = 0;
    }
    hub.close();
  });

  async function actorOf(who: string) {
    return (await signOn(w.platform)(hashToken(w.person(who).token))).actor;
  }

  test('eight streams of a session and no more; signing out ends them', async () => {
    const login = await w.app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: w.person('inspector').username, password: 'correct horse battery' },
    });
    const headers = { authorization: `Bearer ${login.json<{ token: string }>().token}` };
    const open = await Promise.all(Array.from({ length: 8 }, () => listen(headers)));
    const ninth = await fetch(`${base}/stream`, { headers });
    expect([ninth.status, ((await ninth.json()) as { code: string }).code]).toEqual([429, 'live.tooMany']);
    await fetch(`${base}/auth/logout`, { method: 'POST', headers });
    await expect.poll(() => open.every((one) => one.ended), { timeout: 4000 }).toBe(true);
  });
});

// The last in the file: half a year on, everybody's session has ended.
describe('care', () => {
  test('a stream ends with its session, though nobody signed out here', async () => {
    const { port } = w.app.server.address() as AddressInfo;
    const reply = await fetch(`http://127.0.0.1:${port}/api/v1/impatient-stream`, w.as('assessor'));
    let ended = false;
    const reading = (async () => {
      for await (const _ of reply.body!);
      ended = true;
    })();
    await sleep(150);
    expect(ended).toBe(false);
    w.platform.clock.advance(w.platform.config.sessionDays * 24 * 60 * MINUTE);
    await reading;
    expect(ended).toBe(true);
  });

  test('half a year on they are gone', async () => {
    const left = async () => (await sql`select 1 from notice`.execute(w.platform.db)).rows.length;
    await happen(life());
    w.platform.clock.advance(179 * 24 * 60 * MINUTE);
    await pruneNoticesJob.run(w.platform, {} as never);
    expect(await left()).toBe(2);
    w.platform.clock.advance(2 * 24 * 60 * MINUTE);
    await pruneNoticesJob.run(w.platform, {} as never);
    expect(await left()).toBe(0);
  });
});
