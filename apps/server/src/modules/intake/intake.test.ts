import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProblemDetails, Report, ReportReply, SimilarCase } from '@wanmi/contracts';
import { desk, type Body, type Desk } from '#testing/desk';
import { uuidv7 } from '#platform/ids';
import { testPerson } from '#testing/people';
import { testCity, type TestCity } from '#testing/world';

let d: Desk;
let w: Desk['w'];
let neighbour: TestCity;
beforeAll(async () => {
  d = await desk();
  w = d.w;
  neighbour = await testCity(w.platform, 'n');
});
afterAll(() => w.close());

const submit = <T = ReportReply>(who: string, extra: Body = {}) =>
  d.call<T>(who, 'POST', '/reports', {
    categoryId: w.rules.categories.rubbish,
    description: '垃圾',
    position: w.districts[0].point,
    ...extra,
  });

const reportsOf = async (who: string, query = ''): Promise<Report[]> =>
  (await d.call<{ items: Report[] }>(who, 'GET', `/reports?limit=200${query}`)).body.items;

describe('POST /reports', () => {
  test('is for who may report', async () => {
    expect((await w.app.inject({ method: 'POST', url: '/api/v1/reports', payload: {} })).statusCode).toBe(
      401,
    );
    for (const who of ['dispatcher', 'department1', 'crew1', 'leader', 'assessor', 'admin']) {
      expect((await submit(who)).status, who).toBe(403);
    }
  });

  test('takes nothing of another city: category, asset, photo, case', async () => {
    const foreign = neighbour.people.get('operatorn')!;
    const reply = await w.app.inject({
      method: 'POST',
      url: '/api/v1/reports',
      headers: { authorization: `Bearer ${foreign.token}` },
      payload: {
        categoryId: neighbour.rules.categories.rubbish,
        description: '邻市垃圾',
        position: neighbour.districts[0].point,
      },
    });
    expect(reply.statusCode, reply.body).toBe(201);
    const theirs = reply.json<ReportReply>();
    const assetId = uuidv7(w.platform.clock.now());
    await w.platform.pool.query(
      `insert into asset (id, city_id, category_id, code, name, state, geom, valid_from)
       values ($1, $2, $3, '1101010101000001', '{"zh-CN":"井盖","en":"cover"}', 'inPlace',
         st_setsrid(st_makepoint(116.0005, 30.0005), 4326), $4)`,
      [assetId, neighbour.cityId, neighbour.rules.categories.cover, new Date(w.platform.clock.now())],
    );
    const mediaId = uuidv7(w.platform.clock.now());
    await w.platform.pool.query(
      `insert into media (id, city_id, sha256, mime, bytes, post_id, created_at)
       values ($1, $2, '\\x01', 'image/png', 1, $3, $4)`,
      [mediaId, neighbour.cityId, foreign.postId, new Date(w.platform.clock.now())],
    );
    const before = await w.platform.pool.query('select count(*)::int as n from "case" where city_id = $1', [
      w.cityId,
    ]);
    for (const [extra, status] of [
      [{ categoryId: neighbour.rules.categories.rubbish }, 400],
      [{ assetId }, 400],
      [{ mediaIds: [mediaId] }, 400],
      [{ joinCaseId: theirs.case.id }, 404],
      [{ id: theirs.report.id }, 409],
    ] as const) {
      expect((await submit('operator', extra)).status, JSON.stringify(extra)).toBe(status);
    }
    const after = await w.platform.pool.query('select count(*)::int as n from "case" where city_id = $1', [
      w.cityId,
    ]);
    expect(after.rows).toEqual(before.rows);
    const similar = await d.call<{ items: SimilarCase[] }>(
      'operator',
      'GET',
      `/reports/similar?lon=${w.districts[0].point.lon}&lat=${w.districts[0].point.lat}&categoryId=${w.rules.categories.rubbish}`,
    );
    expect(similar.body.items.map((one) => one.id)).not.toContain(theirs.case.id);
    expect((await reportsOf('operator')).map((one) => one.id)).not.toContain(theirs.report.id);
    expect(await reportsOf('operator', `&caseId=${theirs.case.id}`)).toEqual([]);
  });

  test('joins nothing that the reporter may not see: a collector’s own beat and work, and no more', async () => {
    const east = (await d.report(1)).case.id;
    expect((await submit('collector1', { joinCaseId: east })).status).toBe(404);
    const joined = await submit('collector2', { joinCaseId: east, position: w.districts[1].point });
    expect(joined).toMatchObject({ status: 201, body: { joined: true, case: { id: east } } });
    const near = await submit('collector1', { position: w.districts[1].point });
    expect(near.status).toBe(201);
    expect(near.body.similar).toEqual([]);
  });

  test('joins nothing that has ended', async () => {
    const { case: made } = await d.report(0, { decision: 'accept' });
    await d.act('shiftLeader', made.id, 'declineFiling', { reason: 'duplicate' });
    expect(await submit<ProblemDetails>('operator', { joinCaseId: made.id })).toMatchObject({
      status: 409,
      body: { code: 'case.ended' },
    });
  });

  test.each([
    ['its id is not one of ours', { id: '6f2d9a52-5f8f-4f9e-8b6e-3a6ae4a1f0c1' }, '/id'],
    ['its id is of last month', { id: () => uuidv7(w.platform.clock.now() - 31 * 86_400_000) }, '/id'],
    ['its id is of tomorrow', { id: () => uuidv7(w.platform.clock.now() + 86_400_000) }, '/id'],
    ['it was seen last month', { reportedAt: '2026-02-01T00:00:00Z' }, '/reportedAt'],
    ['a big class is no category', { categoryId: undefined, categoryCode: 'event:0100' }, '/categoryCode'],
  ])('is refused by field where %s', async (_what, extra: Record<string, unknown>, path) => {
    const values = Object.entries(extra).map(([key, value]) => [
      key,
      typeof value === 'function' ? value() : value,
    ]);
    const bad = await submit<ProblemDetails>('operator', Object.fromEntries(values) as Body);
    expect(bad).toMatchObject({ status: 400, body: { code: 'validation.failed', errors: [{ path }] } });
  });

  test('of a leader goes straight to filing, of a collector without a look by a colleague', async () => {
    expect((await submit('operator', { source: 'leader' })).body.case.stage).toBe('file');
    expect((await submit('collector1')).body.case.stage).toBe('file');
    expect((await submit('operator')).body.case.stage).toBe('accept');
  });
});

describe('GET /reports', () => {
  test('shows who may read them what lies in scope', async () => {
    const west = await d.report(0);
    const east = await d.report(1);
    for (const who of ['department1', 'crew1', 'assessor', 'admin']) {
      expect((await d.call(who, 'GET', '/reports')).status, who).toBe(403);
    }
    const ids = async (who: string) => (await reportsOf(who)).map((one) => one.id);
    expect(await ids('districtLeader')).toContain(east.report.id);
    expect(await ids('districtLeader')).not.toContain(west.report.id);
    expect(await ids('collector1')).toContain(west.report.id);
    expect(await ids('collector1')).not.toContain(east.report.id);
  });

  test('filters by kind, source, case and time; every page once, in order', async () => {
    const { case: made } = await d.report(0, { source: 'video' });
    for (const one of [1, 2])
      await d.report(0, { joinCaseId: made.id, source: 'sensor', description: `又一处${one}` });
    expect(await reportsOf('leader', `&caseId=${made.id}`)).toHaveLength(3);
    expect((await reportsOf('leader', '&source=sensor')).map((one) => one.caseId)).toEqual([
      made.id,
      made.id,
    ]);
    expect(await reportsOf('leader', '&kind=praise')).toEqual([]);
    const now = new Date(w.platform.clock.now()).toISOString();
    expect(await reportsOf('leader', `&to=${now}`)).toEqual([]);
    expect(await reportsOf('leader', '&to=1960-01-01T00:00:00Z')).toEqual([]);
    expect((await reportsOf('leader', '&from=1960-01-01T00:00:00Z')).length).toBeGreaterThan(3);
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await d.call<{ items: Report[]; next: string | null }>(
        'leader',
        'GET',
        `/reports?limit=2${cursor}`,
      );
      ids.push(...body.items.map((one) => one.id));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
  });
});

describe('cases by time', () => {
  test('from before there were any is all, to before there were any is none', async () => {
    await d.report(0);
    const all = await d.call<{ items: unknown[] }>('leader', 'GET', '/cases?from=1960-01-01T00:00:00Z');
    expect(all.status).toBe(200);
    expect(all.body.items.length).toBeGreaterThan(0);
    const none = await d.call<{ items: unknown[] }>('leader', 'GET', '/cases?to=1960-01-01T00:00:00Z');
    expect(none).toEqual({ status: 200, body: { items: [], next: null } });
  });
});

describe('who reported', () => {
  test('is never shown to a department or crew, whatever a city grants them', async () => {
    const made = await d.dispatched();
    await w.platform.db
      .updateTable('role')
      .set({ permissions: ['case.read', 'report.read', 'reporter.reveal'] })
      .where('id', '=', w.roleIds.get('department')!)
      .execute();
    // Rights of a session that is there are read anew within seconds; a new one has them at once.
    const { token } = await testPerson(w.platform, w.cityId, {
      username: 'curious',
      role: 'department',
      roleId: w.roleIds.get('department')!,
      unitId: w.units.department2,
      scope: 'unit',
    });
    const headers = { authorization: `Bearer ${token}` };
    const list = await w.app.inject({ url: `/api/v1/reports?caseId=${made.id}`, headers });
    expect(list.json<{ items: Report[] }>().items).toMatchObject([{ reporter: null }]);
    const look = await w.app.inject({
      method: 'POST',
      url: `/api/v1/cases/${made.id}/reporter`,
      headers,
      payload: { reason: '想联系' },
    });
    expect(look.statusCode).toBe(403);
    const detail = await w.app.inject({ url: `/api/v1/cases/${made.id}`, headers });
    expect(detail.json<{ can: object }>().can).toMatchObject({ revealReporter: false });
  });

  test('is recorded with a reason in which no number stands', async () => {
    const { case: made } = await d.report();
    const reason = '回访13812345678';
    expect((await d.call('operator', 'POST', `/cases/${made.id}/reporter`, { reason })).status).toBe(200);
    const { rows } = await w.platform.pool.query<{ detail: object }>(
      `select detail from audit where action = 'reporter.reveal' and entity_id = $1`,
      [made.id],
    );
    expect(rows).toEqual([{ detail: { reason: '回访138****5678', reporters: 1 } }]);
  });

  test('is not told to who has the right but not the case', async () => {
    const { case: made } = await d.report(0);
    expect(
      (await d.call('districtLeader', 'POST', `/cases/${made.id}/reporter`, { reason: '回访' })).status,
    ).toBe(403);
    expect(
      (await d.call('operator', 'POST', `/cases/${uuidv7(0)}/reporter`, { reason: '回访' })).status,
    ).toBe(404);
  });
});
