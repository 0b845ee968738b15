import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { Person, PersonDetail, UnitMoved } from '@wanmi/contracts';
import type { LoginReply } from '@wanmi/contracts';
import { PASSWORD, testCity, world } from '#testing/world';
import type { TestCity, World } from '#testing/world';
import { testPerson } from '#testing/people';
import { onOrgChange } from './changes.ts';
import type { OrgChange } from './changes.ts';
import { currentUnitId } from './directory.ts';
import { maskPhone } from './people.ts';

let w: World;
let neighbour: TestCity;
/** Administrator of the second district. */
let district: { headers: { authorization: string } };
const changes: OrgChange[] = [];

beforeAll(async () => {
  w = await world({ http: { limits: { login: 1000 } } });
  neighbour = await testCity(w.platform, '-b');
  const { token } = await testPerson(w.platform, w.cityId, {
    username: 'districtAdmin',
    role: 'admin',
    roleId: w.roleIds.get('admin')!,
    unitId: w.units.patrolTeam2,
    scope: 'region',
    scopeRegionId: w.districts[1].id,
  });
  district = { headers: { authorization: `Bearer ${token}` } };
  forget = onOrgChange(async (_trx, _platform, change) => void changes.push(change));
});
let forget: () => void;
afterAll(() => {
  forget();
  return w.close();
});

type Caller = string | null | { headers: { authorization: string } };
const call = async (who: Caller, method: 'GET' | 'POST', url: string, payload?: object) => {
  const signed = who === null ? {} : typeof who === 'string' ? w.as(who) : who;
  const reply = await w.app.inject({
    method,
    url: `/api/v1${url}`,
    ...signed,
    ...(payload ? { payload } : {}),
  });
  return { status: reply.statusCode, body: reply.json<Record<string, unknown>>() };
};
const logIn = async (username: string, password: string) => {
  const reply = await w.app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { username, password },
  });
  return { status: reply.statusCode, body: reply.json<LoginReply>() };
};
const auditsOf = async (entityId: unknown) => {
  const { body } = await call('admin', 'GET', `/audit?entityId=${String(entityId)}`);
  return (body['items'] as { action: string }[]).map((row) => row.action);
};
const names = (body: Record<string, unknown>) =>
  (body['items'] as Person[]).map((one) => Person.parse(one).username);

let counter = 0;
const newPerson = (extra: object = {}) => ({
  username: `new${(counter += 1)}`,
  name: '新同事',
  phone: '139 0000 5678',
  password: 'a good long password',
  posts: [
    {
      unitId: w.units.patrolTeam2,
      role: 'collector',
      scope: 'own',
      patrolGridIds: [w.districts[1].patrolGridId],
    },
  ],
  ...extra,
});

describe('GET /people', () => {
  it('is for who may read the organisation', async () => {
    expect((await call(null, 'GET', '/people')).status).toBe(401);
    expect((await call('crew1', 'GET', '/people')).status).toBe(403);
    expect((await call('admin', 'GET', '/people?role=king')).status).toBe(400);
  });

  it('shows the people of the units in scope, with masked phones', async () => {
    const all = await call('admin', 'GET', '/people?limit=200');
    expect(names(all.body)).toHaveLength(15);
    expect(JSON.stringify(all.body)).not.toContain('13800001234');
    expect((all.body['items'] as Person[])[0]?.phone).toBe('138****1234');
    expect(names((await call('department1', 'GET', '/people')).body)).toEqual(['department1', 'crew1']);
    expect(names((await call(district, 'GET', '/people')).body)).toEqual(['collector2', 'districtAdmin']);
  });

  it('finds by unit, role and the beginning of a name, page by page', async () => {
    expect(names((await call('admin', 'GET', `/people?unitId=${w.units.crew2}`)).body)).toEqual(['crew2']);
    expect(names((await call('admin', 'GET', '/people?role=department')).body)).toEqual([
      'department1',
      'department2',
    ]);
    expect(names((await call('admin', 'GET', '/people?q=Crew')).body)).toEqual(['crew1', 'crew2']);
    expect(names((await call('admin', 'GET', `/people?q=${encodeURIComponent('处置')}`)).body)).toHaveLength(
      2,
    );
    expect(names((await call('admin', 'GET', '/people?q=%25')).body)).toEqual([]);
    const first = await call('admin', 'GET', '/people?limit=2');
    const second = await call('admin', 'GET', `/people?limit=2&cursor=${String(first.body['next'])}`);
    expect([...names(first.body), ...names(second.body)]).toEqual([
      'collector1',
      'collector2',
      'operator',
      'shiftLeader',
    ]);
  });

  it('shows one person, and nobody who is out of scope', async () => {
    const crew1 = w.person('crew1').personId;
    expect(PersonDetail.parse((await call('department1', 'GET', `/people/${crew1}`)).body).username).toBe(
      'crew1',
    );
    expect((await call('department2', 'GET', `/people/${crew1}`)).status).toBe(404);
    expect((await call(district, 'GET', `/people/${crew1}`)).status).toBe(404);
    const stranger = neighbour.people.get('crew1-b')!.personId;
    expect((await call('admin', 'GET', `/people/${stranger}`)).status).toBe(404);
    expect((await call('admin', 'GET', '/people/x')).status).toBe(400);
  });

  it.each([
    ['13800001234', '138****1234'],
    ['010-1234567', '010****4567'],
    ['12345', '****'],
    [null, null],
  ])('masks %s', (phone, masked) => expect(maskPhone(phone)).toBe(masked));
});

describe('POST /people', () => {
  it('is refused to all but administrators, and so is a bad one', async () => {
    expect((await call(null, 'POST', '/people', newPerson())).status).toBe(401);
    expect((await call('leader', 'POST', '/people', newPerson())).status).toBe(403);
    expect((await call('admin', 'POST', '/people', newPerson({ username: 'a b' }))).status).toBe(400);
    expect(
      (await call('admin', 'POST', '/people', newPerson({ password: 'new11111111' }))).body,
    ).toMatchObject({
      code: 'auth.weakPassword',
    });
    expect((await call('admin', 'POST', '/people', newPerson({ username: 'OPERATOR' }))).body).toMatchObject({
      status: 409,
      code: 'conflict.taken',
    });
  });

  it('makes somebody who can sign in and act', async () => {
    const person = newPerson();
    const made = await call('admin', 'POST', '/people', person);
    expect(made.status).toBe(201);
    const { body } = await logIn(person.username, person.password);
    expect(body.me.post).toMatchObject({ role: 'collector', unit: { id: w.units.patrolTeam2 } });
    expect(await auditsOf(made.body['id'])).toEqual(['auth.login', 'person.create']);
    expect(JSON.stringify(await call('admin', 'GET', '/audit?limit=200'))).not.toContain(person.username);
  });

  it('lets a district give no more than it has', async () => {
    const [, east] = w.districts;
    const post = {
      unitId: w.units.patrolTeam2,
      role: 'leader',
      scope: 'region',
      scopeRegionId: east.streetId,
    };
    const give = async (change: object) =>
      (await call(district, 'POST', '/people', newPerson({ posts: [{ ...post, ...change }] }))).status;
    expect(await give({})).toBe(201);
    expect(await give({ scopeRegionId: w.districts[0].id })).toBe(403);
    expect(await give({ scope: 'city', scopeRegionId: undefined })).toBe(403);
    expect(await give({ scope: 'unit', scopeRegionId: undefined })).toBe(403);
    expect(await give({ unitId: w.units.patrolTeam1 })).toBe(403);
    expect(await give({ unitId: w.units.department1 })).toBe(403);
    expect(await give({ patrolGridIds: [w.districts[0].patrolGridId] })).toBe(403);
    expect((await call(district, 'POST', '/people', newPerson({ posts: [] }))).status).toBe(403);
  });

  it('knows what is not there', async () => {
    const give = async (post: object) =>
      (
        await call(
          'admin',
          'POST',
          '/people',
          newPerson({ posts: [{ role: 'leader', scope: 'city', unitId: w.units.commandCentre, ...post }] }),
        )
      ).status;
    expect(await give({ unitId: neighbour.units.commandCentre })).toBe(404);
    expect(await give({ scope: 'region', scopeRegionId: neighbour.districts[0].id })).toBe(404);
    expect(await give({ patrolGridIds: [neighbour.districts[0].patrolGridId] })).toBe(404);
    expect(await give({ patrolGridIds: [w.districts[0].unitGridIds[0]] })).toBe(404);
    expect(await give({ scope: 'region' })).toBe(400);
    expect(await give({ scopeRegionId: w.districts[0].id })).toBe(400);
  });
});

describe('posts and passwords of others', () => {
  it('end and begin with their sessions', async () => {
    const person = newPerson({ posts: [] });
    const { id } = (await call('admin', 'POST', '/people', person)).body;
    expect((await logIn(person.username, person.password)).status).toBe(401); // no post
    const post = { unitId: w.units.crew1, role: 'crew', scope: 'unit' };
    const made = await call('admin', 'POST', `/people/${String(id)}/posts`, post);
    expect(made.status).toBe(201);
    const { body } = await logIn(person.username, person.password);
    const me = () => w.app.inject({ url: '/api/v1/me', headers: { authorization: `Bearer ${body.token}` } });
    expect((await me()).statusCode).toBe(200);
    const postId = String(made.body['id']);
    expect((await call('leader', 'POST', `/posts/${postId}/end`)).status).toBe(403);
    expect((await call(district, 'POST', `/posts/${postId}/end`)).status).toBe(404);
    expect((await call('admin', 'POST', `/posts/${postId}/end`)).status).toBe(200);
    expect((await me()).json()).toMatchObject({ code: 'auth.expired' });
    expect((await call('admin', 'POST', `/posts/${postId}/end`)).status).toBe(404);
    expect(changes.at(-1)?.posts).toEqual([{ from: postId, to: null }]);
    expect(await auditsOf(postId)).toEqual(['post.end', 'post.create']);
    expect((await call('admin', 'POST', `/posts/${w.person('admin').postId}/end`)).status).toBe(403);
  });

  it('are reset by who has all of the person', async () => {
    const reset = async (who: Caller, name: string) =>
      (
        await call(who, 'POST', `/people/${w.person(name).personId}/password`, {
          password: 'another long secret',
        })
      ).status;
    expect(await reset('leader', 'crew1')).toBe(403);
    expect(await reset(district, 'crew1')).toBe(404);
    expect(await reset(district, 'admin')).toBe(404);
    expect(await reset(district, 'collector2')).toBe(200);
    expect((await logIn('collector2', PASSWORD)).status).toBe(401);
    expect((await logIn('collector2', 'another long secret')).status).toBe(200);
    expect((await call('collector2', 'GET', '/me')).body).toMatchObject({ code: 'auth.expired' });
    // A second post in the city makes him the city's to manage.
    const posts = `/people/${w.person('collector2').personId}/posts`;
    await call('admin', 'POST', posts, { unitId: w.units.commandCentre, role: 'dispatcher', scope: 'city' });
    expect(await reset(district, 'collector2')).toBe(403);
  });

  it('are over when the person leaves', async () => {
    const disable = async (who: Caller, name: string) =>
      (await call(who, 'POST', `/people/${w.person(name).personId}/disable`)).status;
    expect(await disable('leader', 'crew2')).toBe(403);
    expect(await disable(district, 'crew2')).toBe(404);
    expect(await disable('admin', 'admin')).toBe(403);
    expect(await disable('admin', 'crew2')).toBe(200);
    expect((await call('crew2', 'GET', '/me')).body).toMatchObject({ code: 'auth.expired' });
    expect((await logIn('crew2', PASSWORD)).body).toMatchObject({ code: 'auth.invalid' });
    expect(await disable('admin', 'crew2')).toBe(404);
    const { body } = await call('admin', 'GET', `/people/${w.person('crew2').personId}`);
    expect(body).toMatchObject({ active: false, posts: [] });
  });
});

describe('units', () => {
  it('are added where one may', async () => {
    const unit = {
      kind: 'crew',
      code: 'D1-9',
      name: { 'zh-CN': '九班', en: 'Nine' },
      parentId: w.units.department1,
    };
    expect((await call(null, 'POST', '/units', unit)).status).toBe(401);
    expect((await call('leader', 'POST', '/units', unit)).status).toBe(403);
    expect((await call('admin', 'POST', '/units', { ...unit, kind: 'army' })).status).toBe(400);
    expect((await call(district, 'POST', '/units', unit)).status).toBe(404);
    expect((await call(district, 'POST', '/units', { ...unit, parentId: undefined })).status).toBe(403);
    expect(
      (await call('admin', 'POST', '/units', { ...unit, parentId: neighbour.units.department1 })).status,
    ).toBe(404);
    const made = await call('admin', 'POST', '/units', unit);
    expect(made.status).toBe(201);
    expect((await call('admin', 'POST', '/units', unit)).body).toMatchObject({
      status: 409,
      code: 'conflict.taken',
    });
    const { body } = await call('admin', 'GET', `/units?parentId=${w.units.department1}`);
    expect((body['items'] as { id: string }[]).map((one) => one.id)).toContain(made.body['id']);
  });

  it('go on under another name with people, crews and scope', async () => {
    const old = w.units.department1;
    const rename = (who: Caller) =>
      call(who, 'POST', `/units/${old}/rename`, { name: { 'zh-CN': '市政中心', en: 'Works' } });
    expect((await rename('leader')).status).toBe(403);
    expect((await rename(district)).status).toBe(404);
    const before = w.person('department1').postId;
    const moved = UnitMoved.parse((await rename('admin')).body);
    expect(moved).toMatchObject({ from: old, to: { code: 'D1', name: { en: 'Works' } }, units: 3, posts: 2 });

    // Still signed in, through the successor of the post, with the same reach and more.
    const me = (await call('department1', 'GET', '/me')).body as {
      post: { id: string; unit: { id: string } };
    };
    expect(me.post.unit.id).toBe(moved.to?.id);
    expect(me.post.id).not.toBe(before);
    expect(names((await call('department1', 'GET', '/people')).body)).toEqual(['department1', 'crew1']);
    const { rows } = await sql<{ calendar: string; how: string }>`
      select u.calendar, s.how from unit u join succession s on s.to_id = u.id where s.from_id = ${old}`.execute(
      w.platform.db,
    );
    expect(rows).toEqual([{ calendar: 'department', how: 'rename' }]);
    expect(await currentUnitId(w.platform, w.cityId, old)).toBe(moved.to?.id);
    expect(changes.at(-1)?.units).toContainEqual({ from: old, to: moved.to?.id });
    expect(changes.at(-1)?.posts.map((post) => post.from)).toContain(before);
    expect(await auditsOf(old)).toEqual(['unit.rename']);
    expect((await rename('admin')).status).toBe(404);
  });

  it('close into another one, or empty', async () => {
    const close = async (id: string, successorId?: string) =>
      await call('admin', 'POST', `/units/${id}/close`, successorId ? { successorId } : {});
    expect((await close(w.units.department2)).body).toMatchObject({ status: 409, params: { what: 'post' } });
    expect((await close(w.units.department2, w.units.crew2)).body).toMatchObject({
      code: 'conflict.reference',
    });
    const heir = (await currentUnitId(w.platform, w.cityId, w.units.department1))!;
    expect((await close(w.units.department2, neighbour.units.department1)).status).toBe(404);
    expect(UnitMoved.parse((await close(w.units.department2, heir)).body).to?.id).toBe(heir);
    // The heir's clerk sees what the closed department did; who came over sees the whole of the heir.
    expect(names((await call('department1', 'GET', '/people')).body)).toContain('department2');
    const empty = await call('admin', 'POST', '/units', {
      kind: 'office',
      code: 'E',
      name: { 'zh-CN': '空', en: 'E' },
    });
    expect((await close(String(empty.body['id']))).body).toMatchObject({ to: null, posts: 0 });
  });

  it('stay where they are when somebody cannot move their open work', async () => {
    const allow = onOrgChange(async () => {
      throw Object.assign(new Error('open work'), { code: '23503' });
    });
    const url = `/units/${w.units.commandCentre}/rename`;
    const body = { name: { 'zh-CN': '指挥', en: 'Command' } };
    expect((await call('admin', 'POST', url, body)).status).toBe(409);
    allow();
    expect((await call('admin', 'POST', url, body)).status).toBe(200);
  });
});
