import { setTimeout as sleep } from 'node:timers/promises';
import type { ReportReply, Task } from '@wanmi/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { notifyRelay, liveTailer, replayLive } from './modules/notify/index.ts';
import { statisticsRelay } from './modules/statistics/index.ts';
import { openSession } from './modules/org/sessions.ts';
import { buildServer } from './app.ts';
import { VirtualClock } from './platform/clock.ts';
import { hashToken, SESSION_COOKIE } from './platform/http-access.ts';
import type { App } from './platform/http.ts';
import { uuidv7 } from './platform/ids.ts';
import { formatPosition, readOutbox, OUTBOX_START } from './platform/outbox.ts';
import { settleOutbox } from './platform/outbox-care.ts';
import { createHub } from './platform/sse.ts';
import { changedTables, fingerprint } from './testing/fingerprint.ts';
import { POINT, type Ask, type Rule, type Rules, type Scene } from './testing/matrix/ask.ts';
import { CASE_RULES } from './testing/matrix/case-rules.ts';
import { RULE_RULES } from './testing/matrix/rule-rules.ts';
import { CITY_RULES } from './testing/matrix/city-rules.ts';
import { plantDuty } from './testing/matrix/duty-rules.ts';
import { TRANSFER_RULES } from './testing/matrix/transfer-rules.ts';
import { Owners } from './testing/matrix/owners.ts';
import { testPlatform, type TestPlatform } from './testing/platform.ts';
import { routesOf } from './testing/routes.ts';
import { listen, type Listener } from './testing/streams.ts';
import { FEW_PLOTS, PLOTS, Stage } from './testing/scene.ts';
import { morePeople, viewersOf, type Viewer } from './testing/viewers.ts';
import { testCity, type TestCity } from './testing/world.ts';

/**
 * Every route as every person of two cities on one ground: what is within reach, what is a district, a department or
 * a city away, and what nobody has. Who sees what is written down in testing/viewers.ts and testing/scene.ts, apart
 * from the code that decides it.
 */
const RULES: Rules = {
  ...RULE_RULES,
  ...CITY_RULES,
  ...CASE_RULES,
  ...TRANSFER_RULES,
};
const ROUTES = Object.keys(RULES);
const NEIGHBOURS = [
  ...['collector1', 'collector2', 'operator', 'shiftLeader', 'dispatcher', 'department1', 'department2'],
  ...['crew1', 'crew2', 'inspector', 'assessor', 'leader', 'districtLeader', 'admin'],
];
const NAMES = [...NEIGHBOURS, 'eastOperator', 'eastAdmin', 'streetLeader', 'beatlessLeader'];
const UNLIMITED = { session: 1e9, address: 1e9, login: 1e9, loginAddress: 1e9 };

let platform: TestPlatform;
let app: App;
let scene: Scene;
let owners: Owners;

beforeAll(async () => {
  platform = await testPlatform();
  app = await buildServer(platform, { limits: UNLIMITED, migration: 1 });
  const h = await testCity(platform);
  const n = await testCity(platform, 'n');
  await morePeople(platform, h);
  const assets = { h: await plantAsset(h), n: await plantAsset(n) };
  const duty = { h: await plantDuty(platform, h), n: await plantDuty(platform, n) };
  const controls = { h: await plantControl(h), n: await plantControl(n) };
  const stage = new Stage(app, platform);
  const planted = [...(await stage.plant(h, 'h', '', PLOTS)), ...(await stage.plant(n, 'n', 'n', FEW_PLOTS))];
  const viewers = [...viewersOf(h, 'h', ''), ...viewersOf(n, 'n', 'n')];
  const loose = [];
  for (const viewer of viewers.filter((one) => ['collector2', 'operator', 'crew1'].includes(one.name))) {
    const id = await stage.upload(viewer.token, `loose ${viewer.name} ${viewer.city}`);
    loose.push({ id, personId: viewer.personId });
  }
  await settleOutbox(platform, [statisticsRelay(platform), notifyRelay(platform)]);
  const { rows: notices } = await platform.pool.query<{ id: string; postId: string }>(
    'select id, post_id as "postId" from notice',
  );
  scene = { viewers, planted, loose, notices, assets, controls, duty, cities: { h, n } };
  const cities = new Map([
    [h.cityId, 'h' as const],
    [n.cityId, 'n' as const],
  ]);
  owners = await Owners.read(platform.pool, cities, planted, stage.reporters);
}, 400_000);
afterAll(async () => {
  await app?.close();
  await platform?.close();
});

async function plantAsset(city: TestCity): Promise<string> {
  const id = uuidv7(platform.clock.now());
  await platform.pool.query(
    `insert into asset (id, city_id, category_id, code, name, address, state, geom, valid_from)
     values ($1, $2, $3, '1101010101000001', '{"zh-CN":"井盖","en":"cover"}', '人民路', 'inPlace',
       st_setsrid(st_makepoint($4, $5), 4326), $6)`,
    [id, city.cityId, city.rules.categories.cover, POINT.lon, POINT.lat, new Date(platform.clock.now())],
  );
  return id;
}

/** Lids of the west are checked in the hours of the find; no plot is of a lid. */
async function plantControl(city: TestCity): Promise<string> {
  const id = uuidv7(platform.clock.now());
  await platform.pool.query(
    `insert into control_area (id, city_id, code, kind, name, region_id, category_ids, valid_from)
     values ($1, $2, 'SP-1', 'samePeriod', '{"zh-CN":"街","en":"street"}', $3, $4, $5)`,
    [id, city.cityId, city.districts[0].id, [city.rules.categories.cover], new Date(platform.clock.now())],
  );
  return id;
}

const viewerOf = (name: string, city: 'h' | 'n' = 'h'): Viewer =>
  scene.viewers.find((one) => one.name === name && one.city === city)!;

interface Reply {
  status: number;
  text: string;
  bytes: Buffer;
  headers: Readonly<Record<string, unknown>>;
}

async function send(
  method: string,
  { url, body }: Pick<Ask, 'url' | 'body'>,
  headers: Record<string, string>,
  server = app,
): Promise<Reply> {
  const reply = await server.inject({
    method: method as 'GET',
    url,
    headers,
    ...(body ? { payload: body } : {}),
  });
  return {
    status: reply.statusCode,
    text: reply.rawPayload.toString('utf8'),
    bytes: reply.rawPayload,
    headers: reply.headers,
  };
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const methodOf = (route: string): string => route.split(' ')[0]!;

/** An answer without what is of each request alone. */
function plain({ status, text, headers }: Reply): unknown {
  const { 'x-request-id': id, date: _date, ...rest } = headers;
  return { status, text: text.replaceAll(String(id), '(request)'), rest };
}

const mayCall = (viewer: Viewer, { access, refuses }: Rule): boolean =>
  access === 'public' || access === 'signedIn' || (viewer.may(access) && !refuses?.(viewer));

test('every route of the server has its rule, and every rule its route', () => {
  expect(ROUTES.toSorted()).toEqual(routesOf(app).sort());
  expect(scene.viewers.map((one) => one.name + one.city).sort()).toEqual(
    [...NAMES.map((name) => `${name}h`), ...NEIGHBOURS.map((name) => `${name}n`)].sort(),
  );
});

describe('without a session', () => {
  test.each(ROUTES)('%s', async (route) => {
    const rule = RULES[route]!;
    const someone = scene.viewers.find((one) => mayCall(one, rule))!;
    const revoked = await deadSession(someone, 'revoked_at');
    const expired = await deadSession(someone, 'expires_at');
    const before = await fingerprint(platform.pool);
    for (const [who, headers] of [
      ['nobody', {}],
      ['a token that is none', bearer('x'.repeat(43))],
      ['half a token', bearer(someone.token.slice(0, 20))],
      ['a session that was ended', bearer(revoked)],
      ['a session of long ago', bearer(expired)],
      ['another scheme', { authorization: `Basic ${someone.token}` }],
    ] as const) {
      for (const ask of rule.asks(someone, scene).slice(0, 3)) {
        const reply = await send(methodOf(route), ask, headers);
        expect(reply.status, `${who}: ${ask.what}`).toBe(rule.access === 'public' ? ask.status : 401);
        expect(owners.leaks(reply.text, null), `${who}: ${ask.what}`).toEqual([]);
      }
    }
    expect(changedTables(before, await fingerprint(platform.pool))).toEqual([]);
  });
});

async function deadSession(viewer: Viewer, column: 'revoked_at' | 'expires_at'): Promise<string> {
  const token = await newSession(viewer);
  await platform.pool.query(`update session set ${column} = $2 where token_hash = $1`, [
    hashToken(token),
    new Date(platform.clock.now() - 1),
  ]);
  return token;
}

async function newSession(viewer: Viewer): Promise<string> {
  const { token } = await openSession(platform.db, platform, {
    cityId: viewer.home.cityId,
    personId: viewer.personId,
    postId: viewer.postId,
    kind: 'bearer',
    ip: '127.0.0.1',
    agent: undefined,
  });
  return token;
}

test.each(ROUTES.filter((route) => methodOf(route) !== 'GET' && RULES[route]!.access !== 'public'))(
  'a page of somebody else cannot send %s with the cookie of who visits it',
  async (route) => {
    const someone = scene.viewers.find((one) => mayCall(one, RULES[route]!))!;
    const [ask] = RULES[route]!.asks(someone, scene);
    for (const more of [{}, { 'x-csrf-token': 'x'.repeat(43) }, { origin: 'https://example.org' }]) {
      const headers = { cookie: `${SESSION_COOKIE}=${someone.token}`, ...more };
      const reply = await send(methodOf(route), ask!, headers);
      expect([reply.status, JSON.parse(reply.text)], ask!.what).toMatchObject([403, { code: 'csrf' }]);
    }
  },
);

describe.each([
  ['h', NAMES],
  ['n', NEIGHBOURS],
] as const)('in city %s', (city, names) => {
  test.each(names)(
    '%s',
    async (name) => {
      const viewer = viewerOf(name, city);
      const refusedBefore = await refusals(viewer);
      const before = await fingerprint(platform.pool);
      const faults: string[] = [];
      const refused = new Set(refusedBefore);
      for (const route of ROUTES) await asked(viewer, route, RULES[route]!, faults, refused);
      expect(faults).toEqual([]);
      expect(changedTables(before, await fingerprint(platform.pool))).toEqual([]);
      // Each refusal for want of a right is in the record.
      expect(await refusals(viewer)).toEqual(refused);
    },
    60_000,
  );
});

/** All that a rule asks of a viewer; what is wrong goes to `faults`, what was refused to `refused`. */
async function asked(
  viewer: Viewer,
  route: string,
  rule: Rule,
  faults: string[],
  refused: Set<string>,
): Promise<void> {
  const allowed = mayCall(viewer, rule);
  const method = methodOf(route);
  const auth = bearer(viewer.token);
  const unknown = allowed && rule.unknown ? plain(await send(method, rule.unknown(viewer), auth)) : undefined;
  // Of a neighbour city's cases some are enough.
  const asks = rule.asks(viewer, viewer.city === 'n' ? { ...scene, planted: near(viewer) } : scene);
  for (const [index, ask] of asks.entries()) {
    if (allowed && ask.does) continue;
    const status = allowed ? ask.status : 403;
    const reply = await send(method, ask, auth);
    const fault = (text: string): void => void faults.push(`${route} (${ask.what}): ${text}`);
    const tryTo = (check: () => void): void => {
      try {
        check();
      } catch (error) {
        fault((error as Error).message);
      }
    };
    const { length } = reply.bytes;
    if (reply.status !== status && !(status === 200 && reply.status === 204)) {
      fault(
        `${reply.status} instead of ${status}: ${/\p{Cc}/u.test(reply.text) ? `${length} bytes` : reply.text}`,
      );
    }
    if (reply.status === 403) refused.add(String(reply.headers['x-request-id']));
    const revealed = route.endsWith('/reporter') && status === 200;
    for (const leak of owners.leaks(reply.text, viewer, revealed)) fault(`shows ${leak}`);
    if (unknown && reply.status === 404 && ask.status === 404) {
      tryTo(() => expect(plain(reply), 'differs from what nobody has').toEqual(unknown));
    }
    if (reply.status < 300 && ask.check) {
      const json = String(reply.headers['content-type']).includes('json');
      tryTo(() => ask.check?.(json ? JSON.parse(reply.text) : reply.bytes));
    }
    if (method === 'GET' && index === 0) {
      const head = await send('HEAD', ask, auth);
      if (head.status !== reply.status || head.text !== '') fault(`HEAD ${head.status} ${head.text}`);
      if (head.status === 403) refused.add(String(head.headers['x-request-id']));
    }
  }
}

const near = ({ city }: Viewer) => scene.planted.filter((one, index) => one.city === city || index % 3 === 0);

/** Requests of this person that the record calls refused. */
async function refusals(viewer: Viewer): Promise<Set<string>> {
  const { rows } = await platform.pool.query<{ request_id: string }>(
    `select request_id from audit where outcome = 'refused' and person_id = $1 and post_id = $2`,
    [viewer.personId, viewer.postId],
  );
  return new Set(rows.map((row) => row.request_id));
}

test('each look at reporters is in the record, with who looked', async () => {
  const { rows } = await platform.pool.query<{ post_id: string; entity_id: string }>(
    `select distinct post_id, entity_id from audit where action = 'reporter.reveal' and outcome = 'ok'`,
  );
  const looked = rows.map((row) => `${row.post_id} ${row.entity_id}`).sort();
  const expected = scene.viewers
    .filter((viewer) => viewer.may('reporter.reveal'))
    .flatMap((viewer) =>
      scene.planted.filter((one) => viewer.sees(one)).map((one) => `${viewer.postId} ${one.caseId}`),
    );
  expect(looked).toEqual(expected.sort());
});

test('metrics are for this machine, or for who reads the record', async () => {
  const from = (remoteAddress: string, token?: string) =>
    app.inject({ url: '/metrics', remoteAddress, headers: token ? bearer(token) : {} });
  expect((await from('127.0.0.1')).statusCode).toBe(200);
  expect((await from('10.0.0.9')).statusCode).toBe(401);
  for (const viewer of scene.viewers) {
    const reply = await from('10.0.0.9', viewer.token);
    expect(reply.statusCode, viewer.name).toBe(viewer.may('audit.read') ? 200 : 403);
    expect(owners.leaks(reply.body, null), viewer.name).toEqual([]);
  }
});

test('what belongs to a demo is not there in a city; in a demo it is', async () => {
  const demoRoutes = ['GET /api/v1/demo/accounts', 'POST /api/v1/demo/clock'];
  for (const route of demoRoutes) {
    const reply = await send(methodOf(route), { url: route.split(' ')[1]! }, bearer(viewerOf('admin').token));
    expect(reply.status).toBe(404);
  }
  const config = { ...platform.config, demo: { size: 'S', password: null } as const };
  const clock = new VirtualClock({ start: platform.clock.now(), rate: 0 });
  const demo = await buildServer({ ...platform, config, clock }, { limits: UNLIMITED });
  try {
    expect(routesOf(demo).filter((route) => !ROUTES.includes(route))).toEqual(demoRoutes);
    const accounts = await send('GET', { url: '/api/v1/demo/accounts' }, {}, demo);
    expect(accounts.status).toBe(200);
    expect(accounts.text).not.toMatch(/phone|password|hash|13800001234/);
    const body = { advanceMs: 1 };
    const clockOf = (headers: Record<string, string>) =>
      send('POST', { url: '/api/v1/demo/clock', body }, headers, demo);
    expect((await clockOf({})).status).toBe(401);
    for (const viewer of scene.viewers) expect((await clockOf(bearer(viewer.token))).status).toBe(200);
  } finally {
    await demo.close();
  }
});

/** Last, for it changes what the others count. */
describe('what one may do is done', () => {
  const does = (name: string, url: string, body: object, method = 'POST') =>
    send(method, { url: `/api/v1${url}`, body }, bearer(viewerOf(name).token));

  test('whoever a case waits for takes its task and gives it back; who sees the case hears of it', async () => {
    const hub = createHub({ replay: (id, limit) => replayLive(platform.db, id, limit) });
    const live = { ...platform, hub };
    const server = await buildServer(live, { limits: UNLIMITED });
    const tailer = liveTailer(live);
    const heard = new Map<Viewer, Listener[]>();
    try {
      await server.listen({ host: '127.0.0.1', port: 0 });
      await tailer.start();
      // What was done until now lies in the past of who comes new.
      platform.clock.advance(1000);
      const [first] = await readOutbox(platform.db, OUTBOX_START, 1);
      for (const viewer of scene.viewers) {
        // One who comes new, and one who was here when the first case was reported.
        heard.set(viewer, [
          await listen(server, viewer.token),
          await listen(server, viewer.token, formatPosition(first!)),
        ]);
      }
      for (const viewer of scene.viewers) {
        for (const one of scene.planted.filter(
          (p) => p.city === viewer.city && p.waits.includes(viewer.name),
        )) {
          const { id } = one.tasks.find((task) => task.open)!;
          for (const action of ['claim', 'release']) {
            const url = `/api/v1/tasks/${id}/actions/${action}`;
            const reply = await send('POST', { url, body: { data: {} } }, bearer(viewer.token));
            expect(reply.status, `${viewer.name} ${action} ${one.name}: ${reply.text}`).toBe(200);
            expect(owners.leaks(reply.text, viewer)).toEqual([]);
          }
        }
      }
      const city = await listen(server, viewerOf('leader').token);
      await sleep(600);
      for (const [viewer, [fresh, returned]] of heard) {
        const all = scene.planted.filter((one) => viewer.sees(one));
        const moved = all.filter((one) => one.waits.length > 0);
        const left = scene.planted.filter(
          (one) => one.city === viewer.city && one.left?.includes(viewer.name),
        );
        expect(owners.leaks(fresh!.text, viewer), viewer.name).toEqual([]);
        expect(fresh!.cases(), viewer.name).toEqual(new Set(moved.map((one) => one.caseId)));
        expect(returned!.text, viewer.name).not.toMatch(/zq|caseNo|1395550/);
        expect(returned!.cases(), viewer.name).toEqual(new Set([...all, ...left].map((one) => one.caseId)));
      }
      city.close();
    } finally {
      await tailer.stop();
      await server.close();
      hub.close();
    }
  });

  test('a unit or condition of the neighbour city is none', async () => {
    const { n, h } = scene.cities;
    const open = (name: string) =>
      scene.planted.find((one) => one.name === name)!.tasks.find((t) => t.open)!.id;
    for (const [who, plot, action, data] of [
      ['dispatcher', 'dispatch east', 'dispatch', { unitId: n.units.department1 }],
      ['dispatcher', 'dispatch east', 'dispatch', { unitId: uuidv7(0) }],
      ['dispatcher', 'dispatch east', 'dispatch', { unitId: h.units.patrolTeam1 }],
      ['shiftLeader', 'file west', 'file', { conditionId: n.rules.conditions.rubbish }],
      ['shiftLeader', 'file west', 'file', { conditionId: uuidv7(0) }],
      ['department2', 'dispose east 2', 'assign', { unitId: n.units.crew2 }],
      ['department2', 'dispose east 2', 'assign', { unitId: h.units.crew1 }],
      ['department2', 'dispose east 2', 'respond', { result: '好', mediaIds: [scene.loose[1]!.id] }],
    ] as const) {
      const reply = await does(who, `/tasks/${open(plot)}/actions/${action}`, { data });
      expect([400, 422], `${who} ${action}: ${reply.text}`).toContain(reply.status);
      expect(owners.leaks(reply.text, viewerOf(who))).toEqual([]);
    }
  });

  test('reports and photos', async () => {
    for (const viewer of scene.viewers) {
      const body = {
        categoryId: viewer.home.rules.categories.rubbish,
        description: '暴露垃圾',
        position: POINT,
      };
      const reply = await send('POST', { url: '/api/v1/reports', body }, bearer(viewer.token));
      expect(reply.status, viewer.name).toBe(viewer.may('report.create') ? 201 : 403);
      // Cases like it are named to those who see them.
      expect(owners.leaks(reply.text, viewer), viewer.name).toEqual([]);
      if (reply.status === 201) {
        const seesWest = scene.planted.some((one) => one.name === 'accept west' && viewer.sees(one));
        expect((JSON.parse(reply.text) as ReportReply).similar.length > 0, viewer.name).toBe(seesWest);
      }
    }
  });

  test('a photo that is in two cases names the other one to those who see it', async () => {
    const east = scene.planted.find((one) => one.photoOf !== undefined)!;
    const west = scene.planted.find((one) => one.name === east.photoOf)!;
    for (const viewer of scene.viewers.filter((one) => one.sees(east))) {
      const reply = await send('GET', { url: `/api/v1/cases/${east.caseId}` }, bearer(viewer.token));
      const [photo] = (JSON.parse(reply.text) as { media: { reused: boolean; reusedIn: string[] }[] }).media;
      const reusedIn = viewer.sees(west) ? [west.caseNo] : [];
      expect(photo, viewer.name).toMatchObject({ reused: true, reusedIn });
    }
    const neighbours = scene.planted.find((one) => one.city === 'n' && one.name === west.name)!;
    const own = await send(
      'GET',
      { url: `/api/v1/cases/${neighbours.caseId}` },
      bearer(viewerOf('leader', 'n').token),
    );
    expect(JSON.parse(own.text)).toMatchObject({ media: [{ reused: false }] });
  });

  test('an administrator of a district runs its people, and gives nobody more than that', async () => {
    const { units, districts } = scene.cities.h;
    const person = (username: string, post: object) => ({
      username,
      name: '新人',
      password: 'correct horse battery staple',
      posts: [{ role: 'collector', unitId: units.patrolTeam2, scope: 'own', ...post }],
    });
    const beat = (index: 0 | 1) => ({ patrolGridIds: [districts[index].patrolGridId] });
    expect((await does('eastAdmin', '/people', person('new.east', beat(1)))).status).toBe(201);
    expect((await does('eastAdmin', '/people', person('new.west', beat(0)))).status).toBe(403);
    expect((await does('admin', '/people', person('new.wide', { scope: 'city' }))).status).toBe(201);
    const victim = viewerOf('collector2');
    const url = `/people/${victim.personId}/posts`;
    const wide = { unitId: units.patrolTeam2, role: 'leader', scope: 'city' };
    expect((await does('eastAdmin', url, wide)).status).toBe(403);
    expect((await does('admin', url, wide)).status).toBe(201);
    // Who now sees the city is not the district's to sign in as.
    const reset = { password: 'another horse battery staple' };
    expect((await does('eastAdmin', `/people/${victim.personId}/password`, reset)).status).toBe(403);
  });

  test('who has two posts acts through one of them', async () => {
    const { personId, postId, home } = viewerOf('collector2');
    const token = await newSession(viewerOf('collector2'));
    const { rows } = await platform.pool.query<{ id: string }>(
      'select id from post where person_id = $1 and id <> $2',
      [personId, postId],
    );
    const cases = async () =>
      (
        JSON.parse((await send('GET', { url: '/api/v1/cases?limit=200' }, bearer(token))).text) as {
          items: Task[];
        }
      ).items.length;
    const asCollector = await cases();
    const body = { postId: rows[0]!.id };
    expect((await send('POST', { url: '/api/v1/me/post', body }, bearer(token))).status).toBe(200);
    const { rows: all } = await platform.pool.query('select 1 from "case" where city_id = $1', [home.cityId]);
    expect([asCollector < all.length, await cases()]).toEqual([true, all.length]);
    await platform.pool.query('update post set valid_to = $2 where id = $1', [
      body.postId,
      new Date(platform.clock.now()),
    ]);
  });

  test('who signs out is out', async () => {
    for (const viewer of scene.viewers) {
      const token = await newSession(viewer);
      const me = () => send('GET', { url: '/api/v1/me' }, bearer(token));
      expect((await me()).status).toBe(200);
      expect((await send('POST', { url: '/api/v1/auth/logout', body: {} }, bearer(token))).status).toBe(200);
      expect((await me()).status, viewer.name).toBe(401);
    }
  });
});
