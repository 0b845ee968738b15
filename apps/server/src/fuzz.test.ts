import { connect, type AddressInfo } from 'node:net';
import {
  DEFAULT_GRANTS,
  type Permission,
  type ReportReply,
  type Task,
  type TimelineEntry,
} from '@wanmi/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildServer } from './app.ts';
import { replayLive } from './modules/notify/index.ts';
import { openSession } from './modules/org/sessions.ts';
import { problems, type ProblemCode } from './platform/errors.ts';
import { hashToken } from './platform/http-access.ts';
import type { App } from './platform/http.ts';
import { uuidv7 } from './platform/ids.ts';
import { createLogger } from './platform/log.ts';
import { createHub } from './platform/sse.ts';
import {
  CONTENT_TYPES,
  fieldsOf,
  HEADERS,
  isId,
  KEYS,
  operationsOf,
  PACKED,
  randomOf,
  RAW_BODIES,
  sampleOf,
  TEXTS,
  VALUES,
  withAt,
  type Document,
  type Operation,
  type Schema,
} from './testing/fuzz.ts';
import { pathOfId, plantIds, type IdsByPath } from './testing/fuzz-ids.ts';
import { fileUpload, picture } from './testing/pictures.ts';
import { testPlatform, type TestPlatform } from './testing/platform.ts';
import { routesOf } from './testing/routes.ts';
import { PLOTS, Stage, type Planted } from './testing/scene.ts';
import { listen } from './testing/streams.ts';
import { idsOfCity, watchTables } from './testing/touched.ts';
import { testCity, type TestCity } from './testing/world.ts';

/**
 * What no client should send: never a fault of ours (5xx), always a problem with a known code, soon, and nothing of
 * the inside in it. The same requests on every run: what is drawn is drawn from a seed.
 */
const SEED = Number(process.env['WANMI_FUZZ_SEED'] ?? 20_260_303);
/** `WANMI_FUZZ=long`: every value into every field, at every depth, and the slowest answers on standard error. */
const LONG = process.env['WANMI_FUZZ'] === 'long';
/** Of all odd values, how many go into each field; into one below another; of headers, into each route. */
const PER_FIELD = LONG ? 1000 : 9;
const PER_INNER_FIELD = LONG ? 1000 : 3;
const PER_ROUTE = LONG ? 1000 : 4;
const PATIENCE = LONG ? 7_200_000 : 400_000;
/** Made to be slow (argon2), each time. */
const SLOW = ['POST /api/v1/auth/login', 'POST /api/v1/me/password', 'POST /api/v1/people'];
/** Names the people of all cities: a demo has one. */
const OF_ALL = 'GET /api/v1/demo/accounts';
/** Never answers to its end; tested on a socket of its own. */
const ENDLESS = ['GET /api/v1/stream'];
const SOON_MS = 1000;
/** Reads a city's rules from end to end; a person waits for it with a bar before the eyes. */
const WHOLE_CITY = /\/rules\/drafts\/\{id\}\/(check|publish|try-outs)/;
const WHOLE_CITY_MS = 10_000;
/** What ends the thing that the path names, or makes another of it. */
const ENDS = /\/(publish|rollback|cancel|end|disable|close|rename)$/;
const DROPS = /^DELETE .*\}$/;
/** Where what the interface describes is refused even so: a wrong password, no file, the state of what is named. */
const REFUSED: Readonly<Record<string, number>> = {
  'POST /api/v1/auth/login': 401,
  'POST /api/v1/me/post': 404,
  'POST /api/v1/me/password': 401,
  'POST /api/v1/units': 404,
  'POST /api/v1/people/{id}/posts': 400,
  'POST /api/v1/posts/{id}/end': 404,
  'POST /api/v1/units/{id}/rename': 409,
  'POST /api/v1/units/{id}/close': 404,
  'POST /api/v1/transfer/imports': 415,
  // Its file was erased when its time was over; it is done, and was a try
  'POST /api/v1/transfer/imports/{id}/confirm': 410,
  'POST /api/v1/transfer/imports/{id}/cancel': 409,
  'POST /api/v1/transfer/imports/{id}/undo': 409,
  'POST /api/v1/transfer/uploads': 415,
  // Columns that its file has not; the file was erased when its time was over; it was not tried
  'PUT /api/v1/transfer/uploads/{id}/mapping': 422,
  'POST /api/v1/transfer/uploads/{id}/try': 410,
  'POST /api/v1/transfer/uploads/{id}/import': 409,
  'POST /api/v1/transfer/uploads/{id}/pause': 409,
  'POST /api/v1/transfer/uploads/{id}/resume': 410,
  'POST /api/v1/transfer/cases/{id}/undo': 409,
  'POST /api/v1/transfer/cases/{id}/adopt': 409,
  'POST /api/v1/transfer/cases/{id}/cancel': 409,
  'POST /api/v1/transfer/exports/{id}/cancel': 409,
  'GET /api/v1/transfer/exports/{id}/file': 409,
  'POST /api/v1/controls/{id}/end': 409,
  'POST /api/v1/media': 415,
  'POST /api/v1/duty/roster/copy': 400,
  'POST /api/v1/duty/roster/import': 415,
  'POST /api/v1/duty/absences': 400,
  'POST /api/v1/duty/redistribute': 400,
  'POST /api/v1/rules/publications/{id}/rollback': 409,
  'POST /api/v1/rules/drafts': 404,
  'POST /api/v1/rules/drafts/import': 415,
  'GET /api/v1/rules/drafts/{id}/file': 404,
  'POST /api/v1/rules/drafts/{id}/publish': 409,
  // Published by then
  'DELETE /api/v1/rules/drafts/{id}': 404,
  'GET /api/v1/rules/file': 404,
  'POST /api/v1/rules/drafts/{id}/try-outs': 400,
  'POST /api/v1/rules/process-moves': 404,
  'POST /api/v1/cases/{id}/actions/{action}': 409,
};

let platform: TestPlatform;
let app: App;
let city: TestCity;
let foreign: TestCity;
let cases: Planted[];
let document: Document;
let known: Record<string, unknown>;
let ids: IdsByPath;
let strangers: IdsByPath;
let port: number;
let foreignIds: ReadonlySet<string>;
/** One of each kind, of the other city: for every place that takes an id. */
let far: string[];
/** One of each kind, of the own city: what names another thing than the path does, and is not what later requests act on. */
let own: string[];
let touched: () => Promise<string[]>;
let log = '';

beforeAll(async () => {
  platform = await testPlatform({ config: { demo: { size: 'S', password: null } } });
  const hub = createHub({ replay: (id, limit) => replayLive(platform.db, id, limit) });
  const destination = { write: (line: string): void => void (log += line) };
  app = await buildServer({ ...platform, hub, log: createLogger({ level: 'debug', destination }) });
  city = await testCity(platform);
  foreign = await testCity(platform, 'n');
  const stage = new Stage(app, platform);
  cases = await stage.plant(city, 'h', '', PLOTS);
  const theirs = await stage.plant(foreign, 'n', 'n', PLOTS.slice(0, 1));
  ids = await plantIds({ app, platform }, city, cases, '');
  strangers = await plantIds({ app, platform }, foreign, theirs, 'n');
  foreignIds = await idsOfCity(platform.pool, foreign.cityId);
  far = [
    foreign.cityId,
    foreign.districts[0].id,
    foreign.units.crew1,
    foreign.people.get('operatorn')!.personId,
    foreign.people.get('operatorn')!.postId,
    foreign.rules.categories.rubbish,
    foreign.rules.conditions.rubbish,
    ...Object.values(strangers),
    theirs[0]!.caseId,
    theirs[0]!.tasks[0]!.id,
    theirs[0]!.reportIds[0]!,
    theirs[0]!.mediaIds[0]!,
  ];
  const spare = cases.at(-1)!;
  own = Object.values({ ...ids, cases: spare.caseId, tasks: spare.tasks[0]!.id });
  touched = await watchTables(platform.pool);
  document = app.swagger() as unknown as Document;
  known = {
    categoryId: city.rules.categories.rubbish,
    conditionId: city.rules.conditions.rubbish,
    regionId: city.districts[0].id,
    unitId: city.units.department1,
    caseId: cases[0]!.caseId,
    mediaIds: [cases[0]!.mediaIds[0]],
    categoryIds: [city.rules.categories.rubbish],
    position: { lon: 116.0005, lat: 30.0013 },
    bbox: '115.9,29.9,116.1,30.1',
    source: 'hotline12319',
    role: 'collector',
    scope: 'own',
    week: '2026-03-02',
    path: 'phrase/dispatch.json',
    weekly: { '1': [['22:00', '06:00']] },
    parentId: uuidv7(0),
    scopeRegionId: uuidv7(0),
    reportedAt: new Date(platform.clock.now()).toISOString(),
    // Known by name, left out: each would be refused, or would make the others' answers alike.
    ...Object.fromEntries(
      [
        ...['id', 'joinCaseId', 'assetId', 'categoryCode', 'externalRef', 'cursor', 'rate', 'successorId'],
        ...['answer', 'transferTo', 'afterMediaIds', 'geometry', 'hours', 'weekdays', 'validTo'],
        ...['unitKind', 'toPostId', 'substitutePostId'],
      ].map((name) => [name, undefined]),
    ),
    password: SECRETS.password,
    lon: 116.0005,
    lat: 30.0013,
    advanceMs: 1,
    phone: SECRETS.phone,
    description: SECRETS.description,
  };
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as AddressInfo).port;
}, 400_000);
afterAll(async () => {
  await app?.close();
  await platform?.close();
});

/** What somebody typed that must not be read again in the server's log. */
const SECRETS = {
  password: 'correct horse battery staple',
  phone: '13912345678',
  description: '巷口的张秀英老人看见的',
  address: '槐树胡同7号院3单元',
};

/** Routes that the interface does not describe: tiles, health, the description itself. */
const UNDESCRIBED: readonly Operation[] = [
  ...['base', 'grid', 'asset', 'case'].map((layer) =>
    plain(`/tiles/${layer}/{z}/{x}/{y}.mvt`, `GET /tiles/${layer}/:z/:x/:y(^\\d+).mvt`, ['z', 'x', 'y']),
  ),
  ...['/healthz', '/readyz', '/metrics', '/api/v1/openapi.json'].map((path) => plain(path, `GET ${path}`)),
];

function plain(path: string, route: string, params: string[] = []): Operation {
  return {
    route,
    method: 'GET',
    path,
    permission: undefined,
    isPublic: false,
    params: params.map((name) => ({ name, required: true, schema: { type: 'integer' } })),
    query: [],
    body: undefined,
    multipart: false,
  };
}

interface Request {
  readonly method: string;
  readonly url: string;
  readonly payload?: Buffer | object;
  readonly headers?: Record<string, string | string[]>;
}

let token = '';
let tokenOf = '';
let requests = 0;

/** Sends as somebody who may; whoever was signed out by an earlier request signs in again. */
async function send(who: string, request: Request) {
  if (who !== tokenOf) token = '';
  // What earlier requests changed is theirs.
  const session = await platform.pool.query({
    name: 'alive',
    text: `with forgotten as (delete from watched.touched)
      select 1 from session where token_hash = $1 and revoked_at is null and expires_at > $2`,
    values: [hashToken(token), new Date(platform.clock.now())],
  });
  if (session.rowCount === 0) {
    const person = city.people.get(who)!;
    const opened = await openSession(platform.db, platform, {
      cityId: city.cityId,
      personId: person.personId,
      postId: person.postId,
      kind: 'bearer',
      ip: '127.0.0.1',
      agent: undefined,
    });
    ({ token } = opened);
    tokenOf = who;
  }
  requests += 1;
  const began = performance.now();
  const reply = await app.inject({
    method: request.method as 'GET',
    url: request.url,
    headers: { authorization: `Bearer ${token}`, ...request.headers },
    ...(request.payload === undefined ? {} : { payload: request.payload }),
  });
  const ms = performance.now() - began;
  slowest.push({ what: `${request.method} ${request.url.slice(0, 80)}`, ms });
  if (slowest.length > 2000) keepSlowest();
  const wrong = reply.statusCode >= 400 ? await touched() : [];
  return { reply, ms, changed: wrong, leaked: leakedBy(reply.body, request) };
}

const slowest: { what: string; ms: number }[] = [];
const keepSlowest = (): void => {
  slowest.sort((a, b) => b.ms - a.ms);
  slowest.length = Math.min(slowest.length, 20);
};

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** What of the other city stands in an answer, but for what was sent. */
function leakedBy(body: string, { url, payload }: Request): string[] {
  const found = [
    ...(body.match(UUID) ?? []).filter((id) => foreignIds.has(id)),
    ...(body.match(/zqn\d\d/g) ?? []),
  ];
  if (found.length === 0) return [];
  const sent = `${url} ${Buffer.isBuffer(payload) ? payload.toString('latin1') : JSON.stringify(payload ?? '')}`;
  return [...new Set(found)].filter((one) => !sent.includes(one));
}

/** What of the inside must not be in an answer. */
const INSIDE =
  /node_modules|\.ts:\d|\.js:\d|\n\s+at |syntax error|violates|relation "|column "|duplicate key|pg_|invalid input syntax|select .* from|insert into/i;

/** Null where the answer is right, else what is wrong with it. */
function fault(status: number, type: string, text: string): string | null {
  if (status < 400) return status < 200 || (status >= 300 && status !== 304) ? `status ${status}` : null;
  if (!type.startsWith('application/problem+json')) return `${status} as ${type}: ${text.slice(0, 200)}`;
  const body = JSON.parse(text) as { code: ProblemCode; status: number };
  if (!Object.hasOwn(problems, body.code)) return `unknown code ${body.code}`;
  if (problems[body.code].status !== status || body.status !== status) return `${body.code} with ${status}`;
  if (status >= 500) return `${status} ${body.code}`;
  if (INSIDE.test(text)) return `tells of the inside: ${text.slice(0, 300)}`;
  if (text.length > 20_000) return `an answer of ${text.length} characters`;
  return null;
}

/** Sends them all; answers what was wrong. */
async function tryAll(
  who: string,
  tries: Iterable<readonly [what: string, request: Request]>,
  statuses = new Map<number, number>(),
  soon = SOON_MS,
): Promise<string[]> {
  const faults: string[] = [];
  for (const [what, request] of tries) {
    let { reply, ms, changed, leaked } = await send(who, request);
    // Once may be the machine's other work; twice is ours.
    if (ms > soon) ({ reply, ms, changed, leaked } = await send(who, request));
    if (changed.length > 0)
      faults.push(`${what}: ${reply.statusCode}, and yet it changed ${changed.join(', ')}`);
    if (leaked.length > 0 && !what.startsWith(OF_ALL))
      faults.push(`${what}: tells of another city: ${leaked.join(', ')}`);
    const wrong = fault(reply.statusCode, String(reply.headers['content-type']), reply.body);
    if (wrong !== null) faults.push(`${what}: ${wrong}`);
    if (ms > soon) faults.push(`${what}: ${Math.round(ms)} ms`);
    statuses.set(reply.statusCode, (statuses.get(reply.statusCode) ?? 0) + 1);
  }
  return faults;
}

function whoMay(permission: string | undefined): string {
  const people = ['operator', 'shiftLeader', 'admin', 'leader'] as const;
  const found = people.find(
    (role) => permission === undefined || DEFAULT_GRANTS[role].includes(permission as Permission),
  );
  if (!found) throw new Error(`nobody has ${permission}`);
  return found;
}

const draw = <T>(all: readonly T[], count: number, random: () => number): T[] =>
  all.length <= count
    ? [...all]
    : all
        .map((one) => [random(), one] as const)
        .sort(([a], [b]) => a - b)
        .slice(0, count)
        .map(([, one]) => one);

/** The route with these values in its path and query; what it requires beside them is there too. */
function urlOf(
  { path, query: parameters }: Operation,
  values: Readonly<Record<string, string>> = {},
  given: readonly string[] = [],
): string {
  const left = parameters.filter(
    ({ name, required }) => required && !given.some((one) => one.split(/[=[]/)[0] === name),
  );
  const query = [
    ...left.map(({ name, schema }) => `${name}=${encoded(String(sampleOf(schema, document, known, name)))}`),
    ...given,
  ];
  const url = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    name in values
      ? values[name]!
      : ({
          id: ids[pathOfId(path)] ?? uuidv7(0),
          action: 'claim',
          code: 'centre',
          cityCode: '4201',
          z: '15',
          x: '26938',
          y: '13523',
        }[name] ?? 'x'),
  );
  return query.length > 0 ? `${url}?${query.join('&')}` : url;
}

/** As a path part or query value; what UTF-8 cannot say is said in the bytes that wrong programs send. */
function encoded(text: string): string {
  return [...text]
    .map((part) => {
      const code = part.codePointAt(0)!;
      return code >= 0xd800 && code <= 0xdfff ? '%ED%A0%80' : encodeURIComponent(part);
    })
    .join('');
}

function* triesOf(operation: Operation, random: () => number): Iterable<[string, Request]> {
  const { method, params, query, body } = operation;
  const count = SLOW.includes(operation.route) || WHOLE_CITY.test(operation.route) ? 4 : PER_FIELD;
  const sample = body ? (sampleOf(body, document, known) as Record<string, unknown>) : undefined;
  const request = (url: string, more: Partial<Request> = {}): Request => ({
    method,
    url,
    ...(sample && !('payload' in more) ? { payload: sample } : {}),
    ...more,
  });
  yield ['as described', request(urlOf(operation))];
  // One's own too, of every other kind: a try-out where a draft is named, a case where a person is.
  const near = Object.entries(ids).flatMap(([kind, id]) => (kind === pathOfId(operation.path) ? [] : [id]));
  for (const { name } of params) {
    const odd = [...TEXTS, 'UUID', '%', '%E0%A4', '%ff%fe', '%00', '%2e%2e', '..', 'a'.repeat(190)];
    for (const text of [...far, ...near, ...draw(odd, count, random)]) {
      const raw = text.startsWith('%') || text === '' ? text : encoded(text);
      yield [`${name} = ${text.slice(0, 40)}`, request(urlOf(operation, { [name]: raw }))];
    }
  }
  for (const { name, schema } of query) {
    const value = encoded(String(sampleOf(schema, document, known, name)));
    const away = isId(schema, document) ? [...far, ...near] : [];
    for (const text of [...away, ...draw(TEXTS, count, random)]) {
      yield [`?${name}=${text.slice(0, 40)}`, request(urlOf(operation, {}, [`${name}=${encoded(text)}`]))];
    }
    for (const bytes of draw(['%ff%fe', '%c0%80', '%ed%a0%80', '%', '%zz', '%00'], 2, random)) {
      yield [`?${name}=${bytes}`, request(urlOf(operation, {}, [`${name}=${bytes}`]))];
    }
    const twice = [`${name}=${value}`, `${name}=${value}`];
    yield [`?${name} twice`, request(urlOf(operation, {}, twice))];
    yield [`?${name}[]`, request(urlOf(operation, {}, [`${name}[]=1`, `${name}[a][b]=1`]))];
    yield [`?${name} alone`, request(urlOf(operation, {}, [name]))];
  }
  yield ['an unknown parameter', request(urlOf(operation, {}, ['nothing=1', '__proto__=1', '=', '&', '%']))];
  yield [
    'many parameters',
    request(
      urlOf(
        operation,
        {},
        Array.from({ length: 1500 }, (_, i) => `a${i % 7}=1`),
      ),
    ),
  ];
  if (body && sample) yield* bodyTries(operation, body, sample, request, count, random);
  for (const [name, value] of draw(HEADERS, SLOW.includes(operation.route) ? 2 : PER_ROUTE, random)) {
    yield [`${name}: ${value.slice(0, 30)}`, request(urlOf(operation), { headers: { [name]: value } })];
  }
  if (method !== 'GET') {
    for (const key of KEYS) {
      yield [`key ${key.slice(0, 20)}`, request(urlOf(operation), { headers: { 'idempotency-key': key } })];
    }
  }
}

function* bodyTries(
  operation: Operation,
  schema: Schema,
  sample: Record<string, unknown>,
  request: (url: string, more?: Partial<Request>) => Request,
  count: number,
  random: () => number,
): Iterable<[string, Request]> {
  const url = urlOf(operation);
  const json = { 'content-type': 'application/json' };
  for (const [what, bytes] of RAW_BODIES) yield [what, request(url, { payload: bytes, headers: json })];
  for (const type of CONTENT_TYPES) {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    yield [`as ${type}`, request(url, { payload: Buffer.from(JSON.stringify(sample)), headers })];
  }
  for (const name of Object.keys(resolve(schema).properties ?? {})) {
    const { [name]: _left, ...without } = sample;
    yield [`without ${name}`, request(url, { payload: without })];
    for (const value of draw(VALUES, count, random)) {
      const payload = Buffer.from(JSON.stringify({ ...sample, [name]: value }));
      yield [`${name} = ${JSON.stringify(value)?.slice(0, 60)}`, request(url, { payload, headers: json })];
    }
  }
  for (const { path, schema: field } of fieldsOf(schema, document, known)) {
    // A report's own id is made by whoever reports: any will do but one that a report has.
    const away = !isId(field, document) ? [] : path.join('/') === 'id' ? far.slice(-2, -1) : [...far, ...own];
    const odd = path.length > 1 ? draw(VALUES, Math.min(count, PER_INNER_FIELD), random) : [];
    for (const value of [...away, ...odd]) {
      const payload = Buffer.from(JSON.stringify(withAt(sample, path, value)));
      yield [
        `${path.join('/')} = ${JSON.stringify(value)?.slice(0, 60)}`,
        request(url, { payload, headers: json }),
      ];
    }
  }
  for (const [what, encoding, payload] of PACKED) {
    yield [what, request(url, { payload, headers: { ...json, 'content-encoding': encoding } })];
  }
  yield [
    'more than is known',
    request(url, { payload: { ...sample, nothing: 1, __proto__: { admin: true } } }),
  ];
}

function resolve(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  return document.components?.schemas?.[schema.$ref.split('/').at(-1)!] ?? schema;
}

test('every route is tried', () => {
  const tried = [...operationsOf(document), ...UNDESCRIBED].map(({ route }) =>
    route.replace(/\{(\w+)\}/g, ':$1'),
  );
  expect(tried.sort()).toEqual(routesOf(app).sort());
});

test('each route, each of its fields', { timeout: PATIENCE }, async () => {
  const faults: string[] = [];
  // Last what moves desks and the clock under the others, and what ends the thing that the path names.
  const late = ({ route, path, permission }: Operation): number =>
    (path.endsWith('/clock') ? 4 : permission === 'org.write' ? 2 : 0) +
    (DROPS.test(route) ? 1.5 : ENDS.test(route) ? 1 : 0);
  const operations = [...operationsOf(document), ...UNDESCRIBED].toSorted((a, b) => late(a) - late(b));
  for (const operation of operations) {
    if (ENDLESS.includes(operation.route)) continue;
    const random = randomOf(SEED);
    const who = whoMay(operation.permission);
    const tries = [...triesOf(operation, random)].map(
      ([what, request]) => [`${operation.route}: ${what}`, request] as const,
    );
    const first = await send(who, tries[0]![1]);
    const expected = REFUSED[operation.route];
    if (expected === undefined ? first.reply.statusCode >= 300 : first.reply.statusCode !== expected) {
      faults.push(`${tries[0]![0]}: ${first.reply.statusCode} ${first.reply.body.slice(0, 300)}`);
    }
    const soon = WHOLE_CITY.test(operation.route) ? WHOLE_CITY_MS : SOON_MS;
    faults.push(...(await tryAll(who, tries, new Map(), soon)));
    platform.clock.setRate(0);
  }
  expect(faults).toEqual([]);
});

describe('forms', () => {
  test('each action of each step, each field of its form', { timeout: PATIENCE }, async () => {
    const random = randomOf(SEED);
    for (const planted of cases.filter((one) => one.waits.length > 0)) {
      const who = planted.waits[0]!;
      const { id } = planted.tasks.find((task) => task.open)!;
      const { reply } = await send(who, { method: 'GET', url: `/api/v1/tasks/${id}` });
      const { actions } = reply.json<Task>();
      const url = `/api/v1/tasks/${id}/actions`;
      const tries: [string, Request][] = [];
      // To take a task and to give it back has no form.
      for (const { action, form } of actions.filter(
        ({ action }) => action !== 'claim' && action !== 'release',
      )) {
        const data = sampleOf(form as Schema, document, known) as Record<string, unknown>;
        const add = (what: string, broken: unknown): void => {
          const payload = Buffer.from(JSON.stringify({ data: broken }));
          const headers = { 'content-type': 'application/json' };
          tries.push([`${action}: ${what}`, { method: 'POST', url: `${url}/${action}`, payload, headers }]);
        };
        add('more than is known', { ...data, nothing: 1 });
        for (const name of Object.keys((form as Schema).properties ?? {})) {
          for (const value of draw(VALUES, 8, random)) {
            // Whatever the value, this does not fit the form: nothing walks on.
            add(`${name} = ${JSON.stringify(value)?.slice(0, 60)}`, { ...data, [name]: value, nothing: 1 });
          }
        }
      }
      const statuses = new Map<number, number>();
      expect(await tryAll(who, tries, statuses)).toEqual([]);
      expect([...statuses.keys()].filter((status) => status < 400)).toEqual([]);
    }
  });

  test('texts that fit a form come back as they were sent, or are refused', async () => {
    for (const [index, text] of TEXTS.entries()) {
      const body = {
        categoryId: city.rules.categories.rubbish,
        description: text,
        address: text,
        externalRef: `${index} ${text}`.slice(0, 80),
        position: city.districts[0].point,
        reporter: { name: text },
      };
      const payload = Buffer.from(JSON.stringify(body));
      const headers = { 'content-type': 'application/json' };
      const { reply } = await send('operator', { method: 'POST', url: '/api/v1/reports', payload, headers });
      expect(fault(reply.statusCode, String(reply.headers['content-type']), reply.body), text).toBeNull();
      if (reply.statusCode !== 201) continue;
      const { case: made, opened } = reply.json<ReportReply>();
      const shown = await send('operator', { method: 'GET', url: `/api/v1/cases/${made.id}` });
      expect(shown.reply.json(), JSON.stringify(text)).toMatchObject({ description: text.trim() });
      const noted = await send('operator', {
        method: 'POST',
        url: `/api/v1/tasks/${opened[0]!.id}/actions/accept`,
        payload: Buffer.from(JSON.stringify({ data: { note: text } })),
        headers,
      });
      expect(
        fault(noted.reply.statusCode, String(noted.reply.headers['content-type']), noted.reply.body),
      ).toBeNull();
      if (noted.reply.statusCode !== 200) continue;
      const { reply: timeline } = await send('operator', {
        method: 'GET',
        url: `/api/v1/cases/${made.id}/timeline`,
      });
      expect(timeline.json<{ items: TimelineEntry[] }>().items.at(-1)!.data).toEqual({ note: text });
      const proof = await send('shiftLeader', { method: 'GET', url: `/api/v1/cases/${made.id}/integrity` });
      expect(proof.reply.json()).toMatchObject({ whole: true });
    }
  });
});

describe('files', () => {
  const url = '/api/v1/media';
  const part = (head: string, body: Buffer | string): Buffer =>
    Buffer.concat([
      Buffer.from(`--b\r\n${head}\r\n\r\n`),
      Buffer.from(body as Buffer),
      Buffer.from('\r\n--b--\r\n'),
    ]);
  const named = 'content-disposition: form-data; name="file"; filename="a.png"';

  test('what is no file, no picture, or no multipart', async () => {
    const image = await picture('fuzz');
    const random = randomOf(SEED);
    const noise = Buffer.from(Array.from({ length: 4000 }, () => Math.floor(random() * 256)));
    const bodies: [string, Buffer][] = [
      ['nothing', Buffer.alloc(0)],
      ['no part', Buffer.from('--b--\r\n')],
      ['no end', Buffer.concat([Buffer.from(`--b\r\n${named}\r\n\r\n`), image])],
      ['no head', Buffer.from('--b\r\n\r\nx\r\n--b--\r\n')],
      ['another field', part('content-disposition: form-data; name="other"; filename="a.png"', image)],
      ['a field, no file', part('content-disposition: form-data; name="file"', 'text')],
      ['an empty file', part(named, '')],
      ['noise', part(named, noise)],
      ['half a picture', part(named, image.subarray(0, image.length / 2))],
      ['a picture with a broken middle', part(named, broken(image))],
      ['a drawing', part(named, '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')],
      ['a page', part(named, '<!doctype html><script>alert(1)</script>')],
      [
        'a name out of the house',
        part('content-disposition: form-data; name="file"; filename="../../a\u0000.png"', image),
      ],
      ['a poisoned name', part('content-disposition: form-data; name="__proto__"; filename="a.png"', image)],
      [
        'a long name',
        part(`content-disposition: form-data; name="file"; filename="${'a'.repeat(20_000)}"`, image),
      ],
      ['many heads', part(`${named}\r\n${'x-a: b\r\n'.repeat(200)}x: y`, image)],
      [
        'many parts',
        Buffer.from(`--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n`.repeat(200) + '--b--\r\n'),
      ],
      ['a bomb', part(named, bomb(image))],
    ];
    const tries = bodies.map(([what, payload]): [string, Request] => [
      what,
      { method: 'POST', url, payload, headers: { 'content-type': 'multipart/form-data; boundary=b' } },
    ]);
    expect(await tryAll('operator', tries)).toEqual([]);
    const good = fileUpload(image);
    const whole: Request = {
      method: 'POST',
      url,
      payload: good.payload,
      headers: { 'content-type': good.contentType },
    };
    expect([200, 201]).toContain((await send('operator', whole)).reply.statusCode);
  });

  test('ranges and marks of what one has', async () => {
    const of = `/api/v1/media/${cases[0]!.mediaIds[0]}`;
    const ranges = [
      'bytes=',
      'bytes=-',
      'bytes=0-0,1-1',
      'bytes=9-1',
      'bytes=-0',
      'bytes=99999999999999999999-',
      'x',
      'bytes=0-'.repeat(300),
    ];
    const tries = [...ranges, ...TEXTS.filter((text) => /^[\x20-\x7e]*$/.test(text))].flatMap(
      (text): [string, Request][] => [
        [`range ${text.slice(0, 30)}`, { method: 'GET', url: of, headers: { range: text } }],
        [
          `if-none-match ${text.slice(0, 30)}`,
          { method: 'GET', url: of, headers: { 'if-none-match': text } },
        ],
      ],
    );
    const faults: string[] = [];
    for (const [what, request] of tries) {
      const { reply } = await send('operator', request);
      if (![200, 206, 304, 416].includes(reply.statusCode)) faults.push(`${what}: ${reply.statusCode}`);
    }
    expect(faults).toEqual([]);
  });
});

/** Bytes of the middle turned over. */
function broken(image: Buffer): Buffer {
  const copy = Buffer.from(image);
  for (let i = Math.floor(copy.length / 3); i < copy.length / 2; i += 1) copy[i]! ^= 0xff;
  return copy;
}

/** A picture whose head says that it has 2^31 × 2^31 pixels. */
function bomb(png: Buffer): Buffer {
  const copy = Buffer.from(png);
  copy.writeUInt32BE(0x7fffffff, 16);
  copy.writeUInt32BE(0x7fffffff, 20);
  return copy;
}

describe('on the wire', () => {
  /** The answers to some bytes, until the server ends the connection or says nothing for a while. */
  const wire = (bytes: string | Buffer): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.setTimeout(500, () => socket.destroy());
      socket.on('data', (chunk) => (text += chunk.toString('utf8')));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
      });
      socket.on('close', () => resolve(text));
      socket.write(bytes);
    });
  const get = (target: string, more = ''): string =>
    `GET ${target} HTTP/1.1\r\nhost: x\r\n${more}connection: close\r\n\r\n`;

  test.each([
    ['not HTTP', 'hello\r\n\r\n', 400],
    ['an unknown method', 'BREW /api/v1/cases HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a NUL in the target', get('/api/v1/cases/\u0000'), 400],
    ['a broken escape', get('/api/v1/cases/%zz'), 404],
    ['half a character', get('/api/v1/cases/%E0%A4%A'), 404],
    ['out of the house', get('/api/v1/../../../etc/passwd'), 404],
    ['out of the house, hidden', get('/%2e%2e/%2e%2e/etc/passwd'), 404],
    ['two slashes', get('//api//v1//cases'), 404],
    ['a whole address', get('http://example.org/api/v1/nothing'), 404],
    ['a long path', get(`/api/v1/cases/${'a'.repeat(10_000)}`), 404],
    ['a head that is too large', get('/healthz', `x: ${'a'.repeat(20_000)}\r\n`), 431],
    [
      'two lengths',
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}',
      400,
    ],
    [
      'length and chunks',
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}',
      400,
    ],
    [
      'a chunk that is none',
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
    [
      'a length that is none',
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
      400,
    ],
    ['two hosts', 'GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n', 400],
    ['a line within a header', get('/healthz', 'x: a\rset-cookie: b\r\n'), 400],
    ['a NUL in a header', get('/healthz', 'x: a\0b\r\n'), 400],
    [
      'chunks packed first',
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n{}',
      400,
    ],
    [
      'a chunk longer than any',
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n',
      400,
    ],
    ['HTTP/2 without being asked', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['HTTP/9', 'GET / HTTP/9.9\r\nhost: x\r\n\r\n', 400],
    ['TLS on a plain door', Buffer.from('16030100ee010000ea0303', 'hex'), 400],
    ['a folder by its bytes', get('/api/v1/cases/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd'), 404],
    [
      'bytes that are no text',
      Buffer.from('GET /api/v1/\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 'latin1'),
      400,
    ],
  ])('%s', async (_what, bytes, status) => {
    const text = await wire(bytes);
    const [head = '', body = ''] = text.split('\r\n\r\n');
    const type = /content-type: (.*)/i.exec(head)?.[1] ?? '';
    expect(Number(head.slice(9, 12)), text).toBe(status);
    expect(type, text).toContain('application/problem+json');
    expect(Object.keys(problems)).toContain((JSON.parse(body) as { code: string }).code);
    expect(text).not.toMatch(INSIDE);
  });

  test('a live stream begins anew at a place that is none', async () => {
    const places = [
      '0-0',
      '1-1',
      '-1--1',
      '99999999999999999999-1',
      '1-99999999999999999999',
      '18446744073709551615-0',
    ];
    for (const place of [...places, ...TEXTS.filter((text) => /^[\x20-\x7e]{0,60}$/.test(text))]) {
      await send('operator', { method: 'GET', url: '/api/v1/me' });
      const listener = await listen(app, token, place);
      expect(listener.text, place).toMatch(/event: (ready|reset)/);
      listener.close();
    }
  });

  test('it still answers', async () => {
    expect(await wire(get('/healthz'))).toContain('200 OK');
    expect(requests).toBeGreaterThan(2000);
  });

  test('the log tells of none of what was typed', () => {
    expect(log.length).toBeGreaterThan(100_000);
    for (const [what, text] of Object.entries(SECRETS)) expect(log.includes(text), what).toBe(false);
    expect(log.match(/zq[hn]\d\dname|1395550\d{4}/g)).toBeNull();
    expect(log.match(/"level":"(error|fatal)".{0,300}/g)).toBeNull();
    // Tokens are 43 characters of this alphabet, and of those of the log's own words none is as long.
    expect(log.includes(token)).toBe(false);
    if (!LONG) return;
    keepSlowest();
    const lines = slowest.map(({ what, ms }) => `${Math.round(ms)} ms ${what}`);
    process.stderr.write(
      `${requests} requests from seed ${SEED}; the slowest answers:\n${lines.join('\n')}\n`,
    );
  });
});
