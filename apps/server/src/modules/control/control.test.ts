import type {
  Control,
  ControlDetail,
  ControlHint,
  ControlMap,
  ProblemDetails,
  ReportDetail,
  ReportReply,
} from '@wanmi/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { desk, type Body, type Desk } from '#testing/desk';
import { uuidv7 } from '#platform/ids';
import { testPerson } from '#testing/people';
import { testCity, type TestCity } from '#testing/world';
import { checkWindow, controlsAt } from './at.ts';
import { spokenSql } from './repo.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;

let d: Desk;
let w: Desk['w'];
let neighbour: TestCity;
let serial = 0;
beforeAll(async () => {
  d = await desk();
  w = d.w;
  neighbour = await testCity(w.platform, 'n');
  await testPerson(w.platform, w.cityId, {
    username: 'eastAdmin',
    role: 'admin',
    roleId: w.roleIds.get('admin')!,
    unitId: w.units.supervisionCentre,
    scope: 'region',
    scopeRegionId: w.districts[1].id,
  }).then((person) => (w.people as Map<string, typeof person>).set('eastAdmin', person));
});
afterAll(() => w.close());
beforeEach(async () => {
  await w.platform.pool.query('delete from control_area');
});

const both = (text: string) => ({ 'zh-CN': text, en: text });
/** Where the shops are, in the west. */
const zone = (extra: Body = {}): Body => ({
  code: `C-${(serial += 1)}`,
  kind: 'noCollect',
  name: both('商业街'),
  regionId: w.districts[0].streetId,
  categoryIds: [w.rules.categories.rubbish],
  ...extra,
});
const square = (lon: number, lat: number, side = 0.0004) => ({
  type: 'Polygon',
  coordinates: [
    [
      [lon - side, lat - side],
      [lon + side, lat - side],
      [lon + side, lat + side],
      [lon - side, lat + side],
      [lon - side, lat - side],
    ],
  ],
});
const create = <T = { id: string }>(body: Body, who = 'admin') => d.call<T>(who, 'POST', '/controls', body);
async function made(extra: Body = {}, who = 'admin'): Promise<string> {
  const { status, body } = await create(zone(extra), who);
  expect(status, JSON.stringify(body)).toBe(201);
  return body.id;
}
const read = async (id: string): Promise<ControlDetail> =>
  (await d.call<ControlDetail>('collector1', 'GET', `/controls/${id}`)).body;
const listed = async (query = ''): Promise<string[]> =>
  (await d.call<{ items: Control[] }>('operator', 'GET', `/controls?limit=200${query}`)).body.items.map(
    (one) => one.id,
  );
const report = <T = ReportReply>(who: string, extra: Body = {}) =>
  d.call<T>(who, 'POST', '/reports', {
    categoryId: w.rules.categories.rubbish,
    description: '垃圾',
    position: w.districts[0].point,
    ...extra,
  });
const iso = (ms: number): string => new Date(ms).toISOString();
const codes = (hints: readonly ControlHint[] | undefined): string[] => (hints ?? []).map((one) => one.code);

describe('who keeps controls', () => {
  const writes = (id: string): [string, Body][] => [
    ['/controls', zone()],
    [`/controls/${id}/change`, zone({ code: undefined })],
    [`/controls/${id}/end`, {}],
  ];

  test('writes with the right to write rules, reads with the right to read them', async () => {
    const id = await made();
    for (const [url, payload] of writes(id)) {
      expect((await w.app.inject({ method: 'POST', url: `/api/v1${url}`, payload })).statusCode).toBe(401);
      expect((await d.call('shiftLeader', 'POST', url, payload)).status, url).toBe(403);
    }
    for (const url of [
      '/controls',
      `/controls/${id}`,
      '/controls/map?bbox=115,29,117,31',
      '/controls/at?lon=116&lat=30',
    ]) {
      expect((await w.app.inject({ url: `/api/v1${url}` })).statusCode, url).toBe(401);
      expect((await d.call('crew1', 'GET', url)).status, url).toBe(200);
    }
    expect((await d.call('crew1', 'GET', '/controls/at?lon=200&lat=30')).status).toBe(400);
    expect((await d.call('crew1', 'GET', '/controls?kind=none')).status).toBe(400);
    expect((await d.call('crew1', 'GET', '/controls?cursor=x')).status).toBe(400);
  });

  test('a neighbour city sees none of them, and changes none', async () => {
    const id = await made();
    const headers = { authorization: `Bearer ${neighbour.people.get('adminn')!.token}` };
    const get = async (url: string) => w.app.inject({ url: `/api/v1${url}`, headers });
    expect((await get(`/controls/${id}`)).statusCode).toBe(404);
    expect((await get('/controls')).json()).toEqual({ items: [], next: null });
    expect((await get('/controls/map?bbox=115,29,117,31')).json<ControlMap>().features).toEqual([]);
    const { lon, lat } = w.districts[0].point;
    const at = `/controls/at?lon=${lon}&lat=${lat}&categoryId=${neighbour.rules.categories.rubbish}`;
    expect((await get(at)).json()).toEqual({ items: [], collected: true });
    for (const [url, payload] of writes(id).slice(1)) {
      const reply = await w.app.inject({ method: 'POST', url: `/api/v1${url}`, headers, payload });
      // Its own body names our street, but first the control is none
      expect(reply.statusCode, url).toBe(404);
    }
    // One code in each of two cities
    const theirs = await w.app.inject({
      method: 'POST',
      url: '/api/v1/controls',
      headers,
      payload: {
        ...zone({ code: (await read(id)).code }),
        regionId: neighbour.districts[0].id,
        categoryIds: [neighbour.rules.categories.rubbish],
      },
    });
    expect(theirs.statusCode, theirs.body).toBe(201);
  });

  test('whoever has a district writes what lies in it, and nothing else', async () => {
    const east = w.districts[1];
    const ofCity = await made({ kind: 'samePeriod', regionId: undefined });
    const ofWest = await made();
    for (const extra of [{ regionId: east.id }, { regionId: east.communityId }, drawn(east.point)]) {
      const id = await made(extra, 'eastAdmin');
      expect((await d.call('eastAdmin', 'POST', `/controls/${id}/end`, {})).status).toBe(200);
    }
    for (const extra of [
      {},
      { kind: 'samePeriod', regionId: undefined },
      drawn(w.districts[0].point),
      // Across the border
      { regionId: undefined, geometry: square(east.point.lon, east.point.lat, 0.01) },
    ]) {
      expect((await create(zone(extra), 'eastAdmin')).status, JSON.stringify(extra)).toBe(403);
    }
    for (const id of [ofCity, ofWest]) {
      expect((await d.call('eastAdmin', 'POST', `/controls/${id}/end`, {})).status).toBe(403);
      const change = zone({ code: undefined, regionId: east.id });
      expect((await d.call('eastAdmin', 'POST', `/controls/${id}/change`, change)).status).toBe(403);
    }
  });

  const drawn = ({ lon, lat }: { lon: number; lat: number }): Body => ({
    regionId: undefined,
    geometry: square(lon, lat),
  });
});

describe('what a control may say', () => {
  const bow = {
    type: 'Polygon',
    coordinates: [
      [
        [116, 30],
        [116.001, 30.001],
        [116.001, 30],
        [116, 30.001],
        [116, 30],
      ],
    ],
  };
  const cases: [string, () => Body, string, string][] = [
    ['a zone of nowhere', () => ({ regionId: undefined }), '/regionId', 'required'],
    ['a region that is none', () => ({ regionId: uuidv7(0) }), '/regionId', 'unknown'],
    ["the neighbour's region", () => ({ regionId: neighbour.districts[0].id }), '/regionId', 'unknown'],
    ['a class that is none', () => ({ categoryIds: [uuidv7(0)] }), '/categoryIds/0', 'unknown'],
    [
      "the neighbour's class",
      () => ({ categoryIds: [neighbour.rules.categories.cover] }),
      '/categoryIds/0',
      'unknown',
    ],
    ['a zone with hours', () => ({ hours: { from: '01:00', to: '02:00' } }), '/hours', 'notForKind'],
    ['hours without hours', () => ({ kind: 'noCollectHours' }), '/hours', 'required'],
    [
      'no hours',
      () => ({ kind: 'samePeriod', hours: { from: '01:00', to: '01:00' } }),
      '/hours/to',
      'wholeDay',
    ],
    [
      'all hours',
      () => ({ kind: 'samePeriod', hours: { from: '00:00', to: '24:00' } }),
      '/hours/to',
      'wholeDay',
    ],
    ['weekdays alone', () => ({ kind: 'samePeriod', weekdays: [1] }), '/weekdays', 'withoutHours'],
    ['the past', () => ({ validFrom: iso(w.platform.clock.now() - 1) }), '/validFrom', 'inPast'],
    [
      'an end before it begins',
      () => ({ validTo: iso(w.platform.clock.now()) }),
      '/validTo',
      'beforeValidFrom',
    ],
    ['a name in one language', () => ({ name: { 'zh-CN': '街', en: ' ' } }), '/name', 'required'],
    ['two areas', () => ({ geometry: square(116.0005, 30.0005) }), '/geometry', 'regionOrGeometry'],
    [
      'an area that crosses itself',
      () => ({ regionId: undefined, geometry: bow }),
      '/geometry',
      'crossesItself',
    ],
    [
      'an area elsewhere',
      () => ({ regionId: undefined, geometry: square(10, 50) }),
      '/geometry',
      'outsideCity',
    ],
    [
      'an area without an end',
      () => ({
        regionId: undefined,
        geometry: { type: 'Polygon', coordinates: [square(116, 30).coordinates[0]!.slice(0, 4)] },
      }),
      '/geometry',
      'ringOpen',
    ],
  ];
  test.each(cases)('%s is refused by field', async (_what, extra, path, code) => {
    const bad = await create<ProblemDetails>(zone(extra()));
    expect(bad).toMatchObject({ status: 400, body: { code: 'validation.failed', errors: [{ path, code }] } });
  });

  test('what was said is read again, with its area', async () => {
    const { lon, lat } = w.districts[0].point;
    const geometry = square(lon, lat);
    const id = await made({
      kind: 'noCollectHours',
      regionId: undefined,
      geometry,
      hours: { from: '22:00', to: '24:00' },
      weekdays: [7, 6, 7],
    });
    const one = await read(id);
    expect(one).toMatchObject({
      kind: 'noCollectHours',
      region: null,
      drawn: true,
      categories: [{ id: w.rules.categories.rubbish, code: '0105' }],
      hours: { from: '22:00', to: '24:00' },
      weekdays: [6, 7],
      validFrom: iso(w.platform.clock.now()),
      validTo: null,
      geometry: { type: 'MultiPolygon' },
    });
    const { rows } = await w.platform.pool.query(
      'select action, entity, entity_id, detail from audit where entity_id = $1',
      [id],
    );
    expect(rows).toEqual([
      {
        action: 'control.create',
        entity: 'control',
        entity_id: id,
        detail: { code: one.code, kind: one.kind },
      },
    ]);
  });
});

describe('a control in time', () => {
  test('a change is another row under the same code; the first one is as it was until then', async () => {
    const id = await made({ code: 'NC-1' });
    const { now } = w.platform.clock;
    const later = now.call(w.platform.clock) + DAY;
    const body = zone({ code: undefined, name: both('新街'), validFrom: iso(later) });
    const change = await d.call<{ id: string }>('admin', 'POST', `/controls/${id}/change`, body);
    expect(change.status, JSON.stringify(change.body)).toBe(201);
    expect(await read(id)).toMatchObject({ code: 'NC-1', name: both('商业街'), validTo: iso(later) });
    expect(await read(change.body.id)).toMatchObject({
      code: 'NC-1',
      name: both('新街'),
      validFrom: iso(later),
      validTo: null,
    });
    const at = async (ms: number) => listed(`&at=${iso(ms)}`);
    expect(await at(later - 1)).toEqual([id]);
    expect(await at(later)).toEqual([change.body.id]);
    expect(await listed()).toEqual([change.body.id, id]);
    // The code is taken, now and then; a second change of what has a successor would overlap it
    expect((await create(zone({ code: 'NC-1' }))).status).toBe(409);
    expect((await d.call('admin', 'POST', `/controls/${id}/change`, zone({ code: undefined }))).status).toBe(
      409,
    );
  });

  test('what ended has ended; what has not begun never does; the code is free again', async () => {
    const id = await made({ code: 'NC-2' });
    const soon = await made({ code: 'NC-3', validFrom: iso(w.platform.clock.now() + DAY) });
    for (const one of [id, soon]) {
      expect((await d.call('admin', 'POST', `/controls/${one}/end`, {})).status).toBe(200);
      expect(
        (
          await d.call<ProblemDetails>('admin', 'POST', `/controls/${one}/end`, {
            validTo: iso(w.platform.clock.now() + 3 * DAY),
          })
        ).body,
      ).toMatchObject({
        status: 409,
        code: 'action.notAllowed',
      });
    }
    expect(await listed(`&at=${iso(w.platform.clock.now() + 2 * DAY)}`)).toEqual([]);
    await made({ code: 'NC-2' });
    await made({ code: 'NC-3' });
    expect(
      (await d.call('admin', 'POST', `/controls/${id}/end`, { validTo: '2020-01-01T00:00:00Z' })).status,
    ).toBe(400);
    expect((await d.call('admin', 'POST', `/controls/${uuidv7(0)}/end`, {})).status).toBe(404);
  });

  test('two who write one code at once: one does', async () => {
    const both = await Promise.all([1, 2, 3].map(() => create(zone({ code: 'NC-4' }))));
    expect(both.map((one) => one.status).toSorted()).toEqual([201, 409, 409]);
  });

  test('lists by kind, category and region, every page once', async () => {
    const ids = [];
    for (const _ of [1, 2, 3]) ids.push(await made());
    const cover = await made({ categoryIds: [w.rules.categories.cover], regionId: w.districts[1].id });
    const all = await made({
      kind: 'samePeriod',
      categoryIds: undefined,
      hours: { from: '18:00', to: '02:00' },
    });
    expect(await listed('&kind=samePeriod')).toEqual([all]);
    expect(await listed(`&categoryId=${w.rules.categories.cover}`)).toEqual([all, cover]);
    expect(await listed(`&regionId=${w.districts[1].id}`)).toEqual([cover]);
    expect((await d.call('operator', 'GET', `/controls?categoryId=${uuidv7(0)}`)).status).toBe(404);
    const paged: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await d.call<{ items: Control[]; next: string | null }>(
        'operator',
        'GET',
        `/controls?limit=2${cursor}`,
      );
      paged.push(...body.items.map((one) => one.id));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(paged).toEqual([all, cover, ...ids.toReversed()]);
  });

  test('the map shows what is in force, drawn or a region’s, and nothing of the whole city', async () => {
    const { lon, lat } = w.districts[1].point;
    const ofRegion = await made();
    const drawn = await made({ regionId: undefined, geometry: square(lon, lat, 0.0001) });
    await made({ kind: 'samePeriod', regionId: undefined });
    await made({ validFrom: iso(w.platform.clock.now() + DAY) });
    const map = async (bbox: string) =>
      (await d.call<ControlMap>('leader', 'GET', `/controls/map?bbox=${bbox}`)).body.features.map(
        (one) => one.id,
      );
    expect(await map('115,29,117,31')).toEqual([ofRegion, drawn]);
    expect(await map(`${lon - 0.0002},${lat - 0.0002},${lon + 0.0002},${lat + 0.0002}`)).toEqual([drawn]);
    expect((await d.call('leader', 'GET', '/controls/map?bbox=1,2')).status).toBe(400);
  });
});

describe('what speaks of a place, category and moment', () => {
  const at = async (query: string) =>
    (await d.call<{ items: ControlHint[]; collected: boolean }>('collector1', 'GET', `/controls/at?${query}`))
      .body;
  const here = (district: 0 | 1 = 0): string => {
    const { lon, lat } = w.districts[district].point;
    return `lon=${lon}&lat=${lat}`;
  };

  test('a region and all in it; a drawn area; the city', async () => {
    const { lon, lat } = w.districts[0].point;
    await made({ code: 'a', regionId: w.districts[0].id });
    await made({ code: 'b', regionId: w.districts[0].communityId });
    await made({ code: 'c', regionId: undefined, geometry: square(lon, lat) });
    await made({ code: 'd', regionId: undefined, geometry: square(lon + 0.001, lat) });
    await made({ code: 'e', kind: 'samePeriod', regionId: undefined });
    await made({ code: 'f', regionId: w.districts[1].id });
    const rubbish = `&categoryId=${w.rules.categories.rubbish}`;
    expect(codes((await at(here() + rubbish)).items)).toEqual(['a', 'b', 'c', 'e']);
    expect(codes((await at(here(1) + rubbish)).items)).toEqual(['e', 'f']);
    expect(codes((await at(`${here()}&categoryId=${w.rules.categories.cover}`)).items)).toEqual([]);
    expect(codes((await at(here())).items)).toEqual([]);
    // By keys alone, as a case knows its place
    const [west] = w.districts;
    const now = w.platform.clock.now();
    const keys = { regionIds: [west.communityId, west.streetId, west.id], unitGridId: west.unitGridIds[0]! };
    const byKeys = await controlsAt(w.platform, w.cityId, keys, w.rules.categories.rubbish, now);
    expect(codes(byKeys)).toEqual(['a', 'b', 'c', 'e']);
    const byRegion = await controlsAt(
      w.platform,
      w.cityId,
      { regionIds: [west.communityId] },
      w.rules.categories.rubbish,
      now,
    );
    expect(codes(byRegion)).toEqual(['a', 'b', 'e']);
  });

  test('a big class speaks of all below it, no class of every class', async () => {
    const { rows } = await w.platform.pool.query<{ parent_id: string }>(
      'select parent_id from category where id = $1',
      [w.rules.categories.rubbish],
    );
    await made({ code: 'big', categoryIds: [rows[0]!.parent_id] });
    await made({ code: 'every', categoryIds: undefined });
    expect(codes((await at(`${here()}&categoryId=${w.rules.categories.rubbish}`)).items)).toEqual([
      'big',
      'every',
    ]);
    expect(codes((await at(`${here()}&categoryId=${w.rules.categories.cover}`)).items)).toEqual(['every']);
    expect(codes((await at(here())).items)).toEqual(['every']);
  });

  test('a region that got a successor still has its place', async () => {
    await made({ code: 'old' });
    const [{ streetId }] = w.districts;
    const restore = w.platform.clock.now();
    await w.platform.pool.query('update region set valid_to = $2 where id = $1', [
      streetId,
      new Date(restore),
    ]);
    try {
      const { point } = w.districts[0];
      const found = await controlsAt(
        w.platform,
        w.cityId,
        { point, regionIds: [] },
        w.rules.categories.rubbish,
        restore,
      );
      expect(codes(found)).toEqual(['old']);
    } finally {
      await w.platform.pool.query('update region set valid_to = null where id = $1', [streetId]);
    }
  });

  test('hours are the city’s, and a moment may be named', async () => {
    await made({ code: 'night', kind: 'noCollectHours', hours: { from: '22:00', to: '06:00' } });
    const ask = `${here()}&categoryId=${w.rules.categories.rubbish}`;
    expect(await at(ask)).toEqual({ items: [], collected: true });
    const then = await at(`${ask}&at=2026-03-03T15:00:00Z`);
    expect(codes(then.items)).toEqual(['night']);
    expect(then.collected).toBe(false);
    expect((await at(`${ask}&at=2026-03-03T22:00:00Z`)).collected).toBe(true);
  });

  test('what has ended or not begun says nothing, but of its own time', async () => {
    const now = w.platform.clock.now();
    const id = await made({ code: 'was' });
    await made({ code: 'comes', validFrom: iso(now + DAY) });
    w.platform.clock.advance(1000);
    expect((await d.call('admin', 'POST', `/controls/${id}/end`, {})).status).toBe(200);
    const ask = `${here()}&categoryId=${w.rules.categories.rubbish}`;
    expect(codes((await at(ask)).items)).toEqual([]);
    expect(codes((await at(`${ask}&at=${iso(now)}`)).items)).toEqual(['was']);
    expect(codes((await at(`${ask}&at=${iso(now + DAY)}`)).items)).toEqual(['comes']);
  });

  test('finds them by index among very many', async () => {
    await w.platform.pool.query(
      `insert into control_area (id, city_id, code, kind, name, geom, valid_from)
       select gen_random_uuid(), $1, 'x' || n, 'noCollect', '{}', st_multi(st_makeenvelope(100 + n * 0.001, 20,
         100.0005 + n * 0.001, 20.0005, 4326)), $2 from generate_series(1, 20000) n`,
      [w.cityId, new Date(w.platform.clock.now())],
    );
    await w.platform.pool.query('analyze control_area');
    const { point } = w.districts[0];
    const question = {
      cityId: w.cityId,
      place: { point, regionIds: [w.districts[0].id] },
      categoryIds: [w.rules.categories.rubbish],
      at: new Date(w.platform.clock.now()),
    };
    const { rows } = await sql<{
      'QUERY PLAN': string;
    }>`explain (analyze, timing off) ${spokenSql(question)}`.execute(w.platform.db);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).not.toContain('Seq Scan on control_area');
    expect(plan).toContain('control_area_geom');
  });
});

describe('at the door', () => {
  test('a collector’s report is refused where and when it is not collected; the public’s is taken and marked', async () => {
    await made({ code: 'NC', name: { 'zh-CN': '夜市试点区', en: 'Night market' } });
    expect(await report<ProblemDetails>('collector1')).toMatchObject({
      status: 422,
      body: {
        code: 'report.notCollected',
        detail: '夜市试点区',
        params: { control: 'NC', kind: 'noCollect', nameZh: '夜市试点区', nameEn: 'Night market' },
      },
    });
    const taken = await report('operator', { source: 'publicApp' });
    expect([taken.status, codes(taken.body.controls)]).toEqual([201, ['NC']]);
    const { body } = await d.call<ReportDetail>('operator', 'GET', `/reports/${taken.body.report.id}`);
    expect(codes(body.controls)).toEqual(['NC']);
    // Elsewhere, another class, or what is no problem
    expect((await report('collector1', { position: w.districts[1].point })).status).toBe(201);
    expect((await report('collector1', { categoryId: w.rules.categories.cover })).body.controls).toEqual([]);
    expect((await report('collector1', { kind: 'praise' })).status).toBe(201);
  });

  test('the hour is that in which it was seen, not that in which the net was there again', async () => {
    await made({ code: 'NH', kind: 'noCollectHours', hours: { from: '09:30', to: '10:30' } });
    const seen = iso(w.platform.clock.now() + 60_000);
    w.platform.clock.advance(HOUR);
    expect((await report<ProblemDetails>('collector1', { reportedAt: seen })).body.code).toBe(
      'report.notCollected',
    );
    expect((await report('collector1')).status).toBe(201);
  });

  test('a report that is sent again is answered alike', async () => {
    await made({ code: 'SP', kind: 'samePeriod', hours: { from: '09:00', to: '13:00' } });
    const id = uuidv7(w.platform.clock.now());
    const first = await report('collector1', { id });
    const again = await report('collector1', { id });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(codes(first.body.controls)).toEqual(['SP']);
    expect(again.body).toEqual(first.body);
  });
});

describe('when a case is checked', () => {
  const window = (foundAt: number, after: number) =>
    checkWindow(
      w.platform,
      w.cityId,
      { place: { regionIds: [w.districts[0].id] }, categoryId: w.rules.categories.rubbish, foundAt },
      after,
    );
  const local = (text: string): number => Date.parse(`${text}:00+08:00`);
  const spanOf = async (foundAt: string, after: string): Promise<string[] | null> => {
    const found = await window(local(foundAt), local(after));
    return (
      found && [
        found.control.code,
        iso(found.from + 8 * HOUR).slice(0, 16),
        iso(found.to + 8 * HOUR).slice(0, 16),
      ]
    );
  };

  test('in the hours of the find: those that run, or the next', async () => {
    await made({
      code: 'stall',
      kind: 'samePeriod',
      regionId: w.districts[0].id,
      hours: { from: '18:00', to: '02:00' },
    });
    expect(await spanOf('2026-03-04T23:00', '2026-03-05T10:00')).toEqual([
      'stall',
      '2026-03-05T18:00',
      '2026-03-06T02:00',
    ]);
    expect(await spanOf('2026-03-04T23:00', '2026-03-06T01:00')).toEqual([
      'stall',
      '2026-03-05T18:00',
      '2026-03-06T02:00',
    ]);
    // Found by day: at any time
    expect(await spanOf('2026-03-04T12:00', '2026-03-05T10:00')).toBeNull();
    // A zone in which it is not collected says nothing of checks
    await made({ regionId: w.districts[0].id });
    expect(await spanOf('2026-03-04T12:00', '2026-03-05T10:00')).toBeNull();
  });

  test('by the shortest hours of several; without hours, around the time of day', async () => {
    const area = { kind: 'samePeriod', regionId: w.districts[0].id };
    await made({ ...area, code: 'loose', categoryIds: undefined });
    expect(await spanOf('2026-03-04T12:00', '2026-03-06T10:30')).toEqual([
      'loose',
      '2026-03-06T11:00',
      '2026-03-06T13:00',
    ]);
    expect(await spanOf('2026-03-04T12:00', '2026-03-06T12:59')).toEqual([
      'loose',
      '2026-03-06T11:00',
      '2026-03-06T13:00',
    ]);
    expect(await spanOf('2026-03-04T12:00', '2026-03-06T13:00')).toEqual([
      'loose',
      '2026-03-07T11:00',
      '2026-03-07T13:00',
    ]);
    expect(await spanOf('2026-03-04T12:00', '2026-03-04T12:10')).toEqual([
      'loose',
      '2026-03-04T11:00',
      '2026-03-04T13:00',
    ]);
    await made({ ...area, code: 'lunch', hours: { from: '11:45', to: '12:15' } });
    expect(await spanOf('2026-03-04T12:00', '2026-03-06T10:30')).toEqual([
      'lunch',
      '2026-03-06T11:45',
      '2026-03-06T12:15',
    ]);
  });
});
