import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DemoAccount, Me, ROLES, Region, Unit } from '@wanmi/contracts';
import type { LoginReply } from '@wanmi/contracts';
import { VirtualClock, systemClock } from '#platform/clock';
import { buildApp } from '#platform/http';
import * as audit from '#modules/audit';
import { PASSWORD, testCity, world } from '#testing/world';
import type { World } from '#testing/world';
import { collectorOfGrid } from './at-work.ts';
import { cityOf, currentUnitId, postNames, postsFor, regionsOf, unitsOf } from './directory.ts';
import { createPost, createRegion } from './create.ts';
import * as org from './index.ts';
import { signOn } from './sessions.ts';
import { hashToken } from '#platform/http-access';

let w: World;
beforeAll(async () => {
  w = await world({ http: { limits: { login: 1000 } }, config: { demo: { size: 'S', password: null } } });
});
afterAll(() => w.close());

const call = async (who: string | null, method: 'GET' | 'POST', url: string, payload?: object) => {
  const headers = who === null ? {} : w.as(who).headers;
  const reply = await w.app.inject({
    method,
    url: `/api/v1${url}`,
    headers,
    ...(payload ? { payload } : {}),
  });
  return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() };
};
const actorOf = async (who: string) => (await signOn(w.platform)(hashToken(w.person(who).token))).actor;

describe('GET /me', () => {
  it('says who acts as what, where', async () => {
    expect((await call(null, 'GET', '/me')).status).toBe(401);
    const me = Me.parse((await call('collector1', 'GET', '/me')).body);
    expect(me).toMatchObject({
      person: { username: 'collector1', locale: 'zh-CN' },
      city: { id: w.cityId, timeZone: 'Asia/Shanghai' },
      post: { role: 'collector', unit: { id: w.units.patrolTeam1 }, scope: { kind: 'own', region: null } },
      now: new Date(w.platform.clock.now()).toISOString(),
      clockRate: 0,
      demo: true,
    });
    expect(me.posts).toEqual([me.post]);
    expect(me.permissions).toContain('report.create');
    expect(me.permissions).not.toContain('org.write');
    const leader = Me.parse((await call('districtLeader', 'GET', '/me')).body);
    expect(leader.post.scope.region?.id).toBe(w.districts[1].id);
  });
});

describe('the actor', () => {
  it('has the scope of the post', async () => {
    expect((await actorOf('operator')).scope).toEqual({ kind: 'city' });
    expect((await actorOf('districtLeader')).scope).toEqual({
      kind: 'region',
      level: 'district',
      regionIds: [w.districts[1].id],
    });
    expect((await actorOf('department1')).scope).toEqual({
      kind: 'unit',
      unitIds: [w.units.department1, w.units.crew1],
    });
    const collector = w.person('collector2');
    expect((await actorOf('collector2')).scope).toEqual({
      kind: 'own',
      postId: collector.postId,
      unitId: w.units.patrolTeam2,
      patrolGridIds: [w.districts[1].patrolGridId],
    });
  });

  it('sees a renamed district under both names', async () => {
    const { platform } = w;
    const at = new Date(platform.clock.now());
    const { id } = w.districts[0];
    await platform.db.updateTable('region').set({ valid_to: at }).where('id', '=', id).execute();
    const next = await createRegion(platform.db, platform, {
      cityId: w.cityId,
      parentId: null,
      kind: 'district',
      code: 'renamed',
      name: { 'zh-CN': '新区', en: 'New' },
    });
    await platform.db
      .insertInto('succession')
      .values({ kind: 'region', from_id: id, to_id: next, city_id: w.cityId, how: 'rename', at })
      .execute();
    const { personId, unitId } = w.person('leader');
    const postId = await createPost(platform.db, platform, {
      cityId: w.cityId,
      personId,
      unitId,
      roleId: w.roleIds.get('leader')!,
      name: { 'zh-CN': '', en: '' },
      scope: 'region',
      scopeRegionId: next,
    });
    await call('leader', 'POST', '/me/post', { postId });
    expect((await actorOf('leader')).scope).toEqual({
      kind: 'region',
      level: 'district',
      regionIds: [next, id],
    });
  });
});

describe('POST /me/post', () => {
  it("acts through another of one's posts, and through nobody else's", async () => {
    const { platform } = w;
    const { personId } = w.person('inspector');
    const postId = await createPost(platform.db, platform, {
      cityId: w.cityId,
      personId,
      unitId: w.units.department2,
      roleId: w.roleIds.get('department')!,
      name: { 'zh-CN': '兼任', en: 'Also' },
      scope: 'unit',
    });
    expect((await call(null, 'POST', '/me/post', { postId })).status).toBe(401);
    expect((await call('inspector', 'POST', '/me/post', { postId: 'x' })).status).toBe(400);
    expect((await call('operator', 'POST', '/me/post', { postId })).status).toBe(404);
    const me = Me.parse((await call('inspector', 'POST', '/me/post', { postId })).body);
    expect([me.post.id, me.posts.length]).toEqual([postId, 2]);
    expect((await actorOf('inspector')).unitId).toBe(w.units.department2);
    expect((await call('inspector', 'GET', '/audit')).status).toBe(403);
  });
});

describe('POST /me/password', () => {
  const change = (current: string, next: string) =>
    call('assessor', 'POST', '/me/password', { current, next });

  it('asks for the old one and for a good new one', async () => {
    expect((await call(null, 'POST', '/me/password', {})).status).toBe(401);
    expect((await change('wrong', 'a new long password')).body).toMatchObject({
      status: 401,
      code: 'auth.invalid',
    });
    expect((await change(PASSWORD, 'short')).status).toBe(400);
    for (const weak of ['aaaaaaaaaaaa', '0123456789', 'assessor1!', 'password123456', PASSWORD]) {
      expect((await change(PASSWORD, weak)).body).toMatchObject({ status: 422, code: 'auth.weakPassword' });
    }
  });

  it('ends the other sessions, and this one goes on', async () => {
    const login = (password: string) =>
      w.app.inject({
        method: 'POST',
        url: '/api/v1/auth/login',
        payload: { username: 'assessor', password },
      });
    const { token } = (await login(PASSWORD)).json<LoginReply>();
    const other = () => w.app.inject({ url: '/api/v1/me', headers: { authorization: `Bearer ${token}` } });
    expect((await other()).statusCode).toBe(200);
    expect((await change(PASSWORD, '三个臭皮匠顶个诸葛亮')).status).toBe(200);
    expect((await other()).json()).toMatchObject({ code: 'auth.expired' });
    expect((await call('assessor', 'GET', '/me')).status).toBe(200);
    expect((await login(PASSWORD)).statusCode).toBe(401);
    expect((await login('三个臭皮匠顶个诸葛亮')).statusCode).toBe(200);
  });
});

describe('lists of the city', () => {
  it('name regions by code, of one kind or below one', async () => {
    expect((await call(null, 'GET', '/regions')).status).toBe(401);
    expect((await call('crew1', 'GET', '/regions?kind=galaxy')).status).toBe(400);
    const all = (await call('crew1', 'GET', '/regions')).body['items'] as Region[];
    expect(all.map((region) => Region.parse(region).code)).toEqual(
      all.map((region) => region.code).toSorted(),
    );
    expect(all.map((region) => region.id)).not.toContain(w.districts[0].id); // renamed above
    const streets = (await call('crew1', 'GET', `/regions?parentId=${w.districts[1].id}`)).body[
      'items'
    ] as Region[];
    expect(streets.map((region) => region.id)).toEqual([w.districts[1].streetId]);
  });

  it('page units by cursor', async () => {
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await call('crew1', 'GET', `/units?limit=3${cursor}`);
      seen.push(...(body['items'] as Unit[]).map((unit) => Unit.parse(unit).code));
      if (body['next'] === null) break;
      cursor = `&cursor=${body['next'] as string}`;
    }
    expect(seen).toEqual(['CC', 'D1', 'D1-1', 'D2', 'D2-1', 'P1', 'P2', 'SC']);
    expect((await call('crew1', 'GET', '/units?cursor=x')).body).toMatchObject({ code: 'cursor.invalid' });
  });

  it('hold nothing of a neighbour city', async () => {
    const other = await testCity(w.platform, '-b');
    const units = await call('admin', 'GET', '/units');
    expect(JSON.stringify(units.body)).not.toContain(other.units.department1);
    expect(JSON.stringify((await call('admin', 'GET', '/regions')).body)).not.toContain(
      other.districts[0].id,
    );
  });
});

describe('the directory', () => {
  it('knows units, regions and the city', async () => {
    const units = await unitsOf(w.platform, w.cityId);
    expect(units.get(w.units.crew1)).toMatchObject({
      kind: 'crew',
      parentId: w.units.department1,
      closed: false,
    });
    expect((await regionsOf(w.platform, w.cityId)).get(w.districts[0].id)).toMatchObject({ closed: true });
    expect(await cityOf(w.platform, w.cityId)).toMatchObject({ timeZone: 'Asia/Shanghai' });
    expect(await currentUnitId(w.platform, w.cityId, w.units.crew1)).toBe(w.units.crew1);
  });

  it('names who is behind a post, and who holds posts of a unit', async () => {
    const { db, clock } = w.platform;
    const crew = w.person('crew1');
    const names = await postNames(db, [crew.postId, w.cityId]);
    expect(names.get(crew.postId)).toMatchObject({
      name: '处置人员crew1',
      role: 'crew',
      unit: { code: 'D1-1' },
    });
    expect(names.size).toBe(1);
    expect((await postNames(db, [])).size).toBe(0);
    const ask = { unitId: w.units.crew1, role: 'crew', at: clock.now() };
    expect(await postsFor(db, ask)).toEqual([
      { postId: crew.postId, unitId: w.units.crew1, personId: crew.personId },
    ]);
    expect(await postsFor(db, { ...ask, role: 'operator' })).toEqual([]);
    expect(await postsFor(db, { ...ask, at: clock.now() - 86_400_000 })).toEqual([]);
  });

  it('finds the collector of a grid at a time', async () => {
    const { clock } = w.platform;
    const grid = w.districts[0].patrolGridId;
    expect(await collectorOfGrid(w.platform, grid, clock.now())).toMatchObject({
      postId: w.person('collector1').postId,
      unitId: w.units.patrolTeam1,
    });
    expect(await collectorOfGrid(w.platform, grid, clock.now() - 86_400_000)).toBeNull();
    expect(await collectorOfGrid(w.platform, w.districts[0].unitGridIds[0]!, clock.now())).toBeNull();
  });
});

describe('a demo', () => {
  it('lists its people with posts, unit and scope', async () => {
    const { body } = await call(null, 'GET', '/demo/accounts');
    const accounts = (body['items'] as DemoAccount[]).map((one) => DemoAccount.parse(one));
    expect(accounts.map((one) => one.username)).toContain('collector1');
    expect(new Set(accounts.flatMap((one) => one.posts.map((post) => post.role)))).toEqual(new Set(ROLES));
    const first = await call(null, 'GET', '/demo/accounts?limit=1');
    const second = await call(null, 'GET', `/demo/accounts?limit=1&cursor=${String(first.body['next'])}`);
    expect(second.body['items']).toEqual([accounts[1]]);
  });

  it('moves its clock forward only', async () => {
    const before = w.platform.clock.now();
    expect((await call(null, 'POST', '/demo/clock', { advanceMs: 1000 })).status).toBe(401);
    expect((await call('admin', 'POST', '/demo/clock', {})).status).toBe(400);
    expect((await call('admin', 'POST', '/demo/clock', { advanceMs: -1 })).status).toBe(400);
    expect((await call('admin', 'POST', '/demo/clock', { advanceMs: 60_000 })).body).toEqual({
      now: new Date(before + 60_000).toISOString(),
      rate: 0,
    });
  });

  it('signs nobody in by its clock and nobody out', async () => {
    const payload = { username: 'shiftLeader', password: PASSWORD };
    const { token } = (
      await w.app.inject({ method: 'POST', url: '/api/v1/auth/login', payload })
    ).json<LoginReply>();
    await call('admin', 'POST', '/demo/clock', { advanceMs: 60 * 86_400_000 });
    const me = await w.app.inject({ url: '/api/v1/me', headers: { authorization: `Bearer ${token}` } });
    expect(me.statusCode).toBe(200);
  });

  it('is no part of a real city, and has no clock to move where time is real', async () => {
    const { platform } = w;
    const ask = async (config: object, clock: object) => {
      const app = await buildApp({ ...platform, config: { ...platform.config, ...config }, ...clock }, [
        org,
        audit,
      ]);
      const accounts = await app.inject('/api/v1/demo/accounts');
      const moved = await app.inject({
        method: 'POST',
        url: '/api/v1/demo/clock',
        ...w.as('admin'),
        payload: { rate: 1 },
      });
      await app.close();
      return [accounts.statusCode, moved.statusCode];
    };
    const virtual = { clock: new VirtualClock({ start: platform.clock.now(), rate: 0 }) };
    expect(await ask({ demo: null }, virtual)).toEqual([404, 404]);
    expect(await ask({}, { clock: systemClock })).toEqual([200, 404]);
  });
});
