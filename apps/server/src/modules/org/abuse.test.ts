import { LoginReply, Me } from '@wanmi/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as audit from '#modules/audit';
import { buildApp } from '#platform/http';
import type { App } from '#platform/http';
import { PASSWORD, world } from '#testing/world';
import type { World } from '#testing/world';
import { createPost } from './create.ts';
import { LOCK_MS, MAX_FAILURES, MAX_FAILURES_ANYWHERE } from './failures.ts';
import * as org from './index.ts';

/** What somebody does who wants in, or wants others out. */
let w: World;
const limits = { login: 10_000, loginAddress: 10_000, address: 10_000 };
beforeAll(async () => {
  w = await world({ http: { limits } });
});
afterAll(() => w.close());
beforeEach(() => w.platform.clock.advance(LOCK_MS));

const HOME = '198.51.100.7';
const elsewhere = (n: number) => `203.0.113.${n}`;

function logIn(username: string, password = PASSWORD, remoteAddress = HOME, app: App = w.app) {
  const payload = { username, password };
  return app.inject({ method: 'POST', url: '/api/v1/auth/login', payload, remoteAddress });
}

async function guess(username: string, times: number, from: string, app?: App): Promise<number[]> {
  const codes: number[] = [];
  for (let n = 0; n < times; n += 1) codes.push((await logIn(username, `guess ${n}`, from, app)).statusCode);
  return codes;
}

async function call(who: string, method: 'GET' | 'POST', path: string, payload?: object) {
  const url = `/api/v1${path}`;
  const reply = await w.app.inject({ method, url, ...w.as(who), ...(payload ? { payload } : {}) });
  return { status: reply.statusCode, body: reply.json<unknown>() };
}

describe('guessing', () => {
  it('is counted over all processes, for names that nobody has too', async () => {
    const other = await buildApp({ ...w.platform, db: w.platform.db.withoutPlugins() }, [org, audit], {
      limits,
    });
    for (const username of ['crew1', 'no.such.person']) {
      expect(await guess(username, 3, elsewhere(1))).toEqual([401, 401, 401]);
      expect(await guess(username, 2, elsewhere(1), other)).toEqual([401, 423]);
      expect((await logIn(username, PASSWORD, elsewhere(1))).statusCode).toBe(423);
    }
    await other.close();
  });

  it('shuts out who guesses, and not whose name it is', async () => {
    expect(await guess('leader', MAX_FAILURES, elsewhere(2))).toEqual([401, 401, 401, 401, 423]);
    expect((await logIn('leader')).statusCode).toBe(200);
    expect((await logIn('leader', PASSWORD, elsewhere(2))).statusCode).toBe(423);
  });

  it('from many places shuts the name where its owner never was, and only there', async () => {
    expect((await logIn('dispatcher')).statusCode).toBe(200);
    for (const username of ['dispatcher', 'nobody.at.all']) {
      const networks = MAX_FAILURES_ANYWHERE / (MAX_FAILURES - 1);
      for (let n = 0; n < networks; n += 1) {
        expect(await guess(username, MAX_FAILURES - 1, elsewhere(10 + n))).toEqual([401, 401, 401, 401]);
      }
      expect((await logIn(username, PASSWORD, elsewhere(99))).statusCode).toBe(423);
    }
    expect((await logIn('dispatcher')).statusCode).toBe(200);
    expect((await logIn('nobody.at.all')).statusCode).toBe(423);
    // Whoever helps sees it, and a new password opens the name again.
    const { personId } = w.person('dispatcher');
    const seen = await call('admin', 'GET', `/people/${personId}`);
    expect(seen.body).toMatchObject({ lockedUntil: expect.stringMatching(/^2026-/) as string });
    const password = 'four words of an owner';
    const reset = await call('admin', 'POST', `/people/${personId}/password`, { password });
    expect(reset.status).toBeLessThan(300);
    expect((await logIn('dispatcher', password, elsewhere(99))).statusCode).toBe(200);
    expect((await call('admin', 'GET', `/people/${personId}`)).body).toMatchObject({ lockedUntil: null });
  });

  it('by way of a neighbour in the same network of IPv6 is guessing from one place', async () => {
    expect(await guess('crew2', 3, '2001:db8:1:2::1')).toEqual([401, 401, 401]);
    expect(await guess('crew2', 2, '2001:db8:1:2:ffff::9')).toEqual([401, 423]);
    expect((await logIn('crew2', PASSWORD, '2001:db8:1:3::1')).statusCode).toBe(200);
  });

  it('leaves nothing that was typed, and is forgotten in a day', async () => {
    await guess('my-secret-by-mistake', 1, elsewhere(3));
    const rows = () => w.platform.db.selectFrom('sign_in_failure').selectAll().execute();
    const text = JSON.stringify((await rows()).map((row) => [row.name_key.toString('latin1'), row]));
    expect(text).not.toContain('secret');
    w.platform.clock.advance(25 * 3600_000);
    await guess('another', 1, elsewhere(4));
    expect(await rows()).toHaveLength(2);
  });
});

interface Browser {
  readonly cookie: string;
  readonly csrf: string;
}

/** Signs in as a browser does; `planted` is a cookie that somebody had put there before. */
async function browse(username: string, password = PASSWORD, planted?: string): Promise<Browser> {
  const reply = await w.app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    headers: { 'sec-fetch-site': 'same-origin' },
    payload: { username, password },
    ...(planted === undefined ? {} : { cookies: { wanmi_session: planted } }),
  });
  const { token, me } = LoginReply.parse(reply.json());
  return { cookie: token, csrf: me.csrf };
}

const me = (cookie: string) => w.app.inject({ url: '/api/v1/me', cookies: { wanmi_session: cookie } });
const write = ({ cookie, csrf }: Browser, path: string, payload: object = {}) =>
  w.app.inject({
    method: 'POST',
    url: `/api/v1${path}`,
    cookies: { wanmi_session: cookie },
    headers: { 'x-csrf-token': csrf },
    payload,
  });

describe('a planted cookie', () => {
  it('is of no use after sign-in', async () => {
    const thief = await browse('crew1');
    const victim = await browse('assessor', PASSWORD, thief.cookie);
    expect(victim.cookie).not.toBe(thief.cookie);
    expect(Me.parse((await me(thief.cookie)).json()).person.username).toBe('crew1');
    const invented = 'p'.repeat(43);
    expect((await browse('assessor', PASSWORD, invented)).cookie).not.toBe(invented);
    expect((await me(invented)).statusCode).toBe(401);
  });

  it('dies when the person takes another post', async () => {
    const { personId } = w.person('inspector');
    const postId = await createPost(w.platform.db, w.platform, {
      cityId: w.cityId,
      personId,
      unitId: w.units.department2,
      roleId: w.roleIds.get('department')!,
      name: { 'zh-CN': '兼任', en: 'Also' },
      scope: 'unit',
    });
    const before = await browse('inspector');
    const reply = await write(before, '/me/post', { postId });
    const fresh = Me.parse(reply.json());
    const cookie = reply.cookies[0]!;
    expect(cookie).toMatchObject({ name: 'wanmi_session', httpOnly: true, sameSite: 'Strict', path: '/' });
    expect(cookie.value).not.toBe(before.cookie);
    expect((await me(before.cookie)).statusCode).toBe(401);
    expect(Me.parse((await me(cookie.value)).json()).post.id).toBe(postId);
    // The new cookie goes with its own token against forgery, and not with the old one.
    const now = { cookie: cookie.value, csrf: fresh.csrf };
    expect((await write({ ...now, csrf: before.csrf }, '/me/post', { postId })).json()).toMatchObject({
      code: 'csrf',
    });
    expect((await write(now, '/me/post', { postId })).statusCode).toBe(200);
  });

  it('dies with the old password, at sign-out, and when the person leaves', async () => {
    const [one, other] = [await browse('operator'), await browse('operator')];
    const next = '一个好汉三个帮大家来';
    const reply = await write(one, '/me/password', { current: PASSWORD, next });
    const { csrf } = reply.json<{ csrf: string }>();
    const cookie = reply.cookies[0]!.value;
    expect([(await me(one.cookie)).statusCode, (await me(other.cookie)).statusCode]).toEqual([401, 401]);
    expect((await me(cookie)).statusCode).toBe(200);
    expect((await write({ cookie, csrf }, '/auth/logout')).statusCode).toBe(200);
    expect((await me(cookie)).statusCode).toBe(401);
    const last = await browse('operator', next);
    await call('admin', 'POST', `/people/${w.person('operator').personId}/disable`, {});
    expect((await me(last.cookie)).statusCode).toBe(401);
  });

  it('goes over HTTPS alone where there is HTTPS', async () => {
    const config = { ...w.platform.config, trustProxy: 1 };
    const app = await buildApp({ ...w.platform, config }, [org, audit], { limits });
    const reply = await app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      headers: { 'x-forwarded-proto': 'https' },
      payload: { username: 'leader', password: PASSWORD },
    });
    expect(reply.cookies[0]).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Strict' });
    await app.close();
  });
});

describe("another site's page", () => {
  const PAGES: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    // Says nothing of itself, as old browsers do: it does not know the token.
    {},
  ];
  const FORMS: [type: string, body: string][] = [
    ['text/plain', '{"postId":"x","=":""}'],
    ['application/x-www-form-urlencoded', 'postId=x'],
    [
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n',
    ],
    ['application/json', '{"postId":"x"}'],
  ];

  it('cannot write as who visits it, whatever the form', async () => {
    const { cookie, csrf } = await browse('assessor');
    for (const path of ['/me/post', '/me/password', '/auth/logout', '/media', '/reports']) {
      for (const [type, body] of FORMS) {
        for (const page of PAGES) {
          const headers = { ...page, 'content-type': type, cookie: `wanmi_session=${cookie}` };
          // The token in body or address counts for nothing.
          const url = `/api/v1${path}?csrf=${csrf}&x-csrf-token=${csrf}`;
          const reply = await w.app.inject({ method: 'POST', url, headers, payload: body });
          expect(reply.statusCode, `${path} ${type} ${JSON.stringify(page)}`).toBe(
            path === '/media' || path === '/reports' ? expectedOf(reply.statusCode) : 403,
          );
        }
      }
    }
    expect((await me(cookie)).statusCode).toBe(200);
  });

  /** Rooms that this small server does not have are not found, and nothing else. */
  const expectedOf = (status: number): number => (status === 404 ? 404 : 403);

  it('cannot sign anybody in', async () => {
    const payload = JSON.stringify({ username: 'assessor', password: PASSWORD });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/plain;application/json']) {
      const headers = { 'content-type': type };
      const reply = await w.app.inject({ method: 'POST', url: '/api/v1/auth/login', headers, payload });
      expect([415, 400]).toContain(reply.statusCode);
      expect(reply.cookies).toEqual([]);
    }
  });

  it('reads nothing: no answer is shared with it', async () => {
    const { cookie } = await browse('assessor');
    for (const method of ['GET', 'OPTIONS'] as const) {
      const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
      const reply = await w.app.inject({
        method,
        url: '/api/v1/me',
        headers,
        cookies: { wanmi_session: cookie },
      });
      const shared = Object.keys(reply.headers).filter((name) => name.startsWith('access-control'));
      expect(shared).toEqual([]);
      expect(reply.headers['cross-origin-resource-policy']).toBe('same-origin');
    }
  });
});

describe('a token', () => {
  it('in an address or a body is none', async () => {
    const { cookie: token } = await browse('assessor');
    for (const name of ['token', 'access_token', 'session', 'wanmi_session', 'authorization']) {
      const reply = await w.app.inject({ url: `/api/v1/me?${name}=${token}` });
      expect([400, 401]).toContain(reply.statusCode);
    }
    for (const headers of [
      { 'x-access-token': token },
      { authorization: token },
      { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` },
      { cookie: `other=${token}` },
      { 'x-forwarded-user': 'admin', 'x-remote-user': 'admin', 'x-original-url': '/api/v1/me' },
    ] as Record<string, string>[]) {
      expect((await w.app.inject({ url: '/api/v1/me', headers })).statusCode).toBe(401);
    }
  });
});
