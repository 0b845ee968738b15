import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoginReply, Me } from '@wanmi/contracts';
import * as audit from '#modules/audit';
import { buildApp } from '#platform/http';
import { hashToken } from '#platform/http-access';
import { PASSWORD, world } from '#testing/world';
import type { World } from '#testing/world';
import * as org from './index.ts';
import { LOCK_MS } from './failures.ts';

let w: World;
beforeAll(async () => {
  w = await world({ http: { limits: { login: 1000, loginAddress: 1000 } } });
});
afterAll(() => w.close());

const logIn = (username: string, password: string, headers: Record<string, string> = {}) =>
  w.app.inject({ method: 'POST', url: '/api/v1/auth/login', payload: { username, password }, headers });

const audits = async (action: string) =>
  w.platform.db.selectFrom('audit').selectAll().where('action', '=', action).orderBy('id').execute();

describe('POST /auth/login', () => {
  it('answers a bad body with what is wrong', async () => {
    const reply = await w.app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: { username: 'x' },
    });
    expect(reply.statusCode).toBe(400);
    expect(reply.json()).toMatchObject({ code: 'validation.failed', errors: [{ path: '/password' }] });
  });

  it('gives a token, the same session as a cookie, and who it is', async () => {
    const reply = await logIn('Operator', PASSWORD);
    expect(reply.statusCode).toBe(200);
    const body = LoginReply.parse(reply.json());
    expect(body.me.person.username).toBe('operator');
    expect(body.me.post.role).toBe('operator');
    expect(body.me.permissions).toContain('reporter.reveal');
    expect(body.me.city.bounds?.[0]).toBeCloseTo(116, 3);
    const [cookie] = reply.cookies as {
      name: string;
      value: string;
      httpOnly: boolean;
      sameSite: string;
      secure?: boolean;
    }[];
    expect(cookie).toMatchObject({
      name: 'wanmi_session',
      value: body.token,
      httpOnly: true,
      sameSite: 'Strict',
    });
    expect(cookie?.secure).toBeUndefined();
    const stored = await w.platform.db
      .selectFrom('session')
      .select('token_hash')
      .where('token_hash', '=', hashToken(body.token))
      .execute();
    expect(stored).toHaveLength(1);
    expect(JSON.stringify(await w.platform.db.selectFrom('session').selectAll().execute())).not.toContain(
      body.token,
    );
  });

  it('gives a new token each time', async () => {
    const [one, two] = [await logIn('operator', PASSWORD), await logIn('operator', PASSWORD)];
    expect(one.json<LoginReply>().token).not.toBe(two.json<LoginReply>().token);
  });

  it('takes no other page for its own', async () => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
    ] as Record<string, string>[]) {
      const reply = await logIn('operator', PASSWORD, headers);
      expect(reply.statusCode).toBe(403);
      expect(reply.json()).toMatchObject({ code: 'csrf' });
    }
    expect(
      (await logIn('operator', PASSWORD, { origin: 'http://localhost:80', host: 'localhost' })).statusCode,
    ).toBe(200);
  });

  it('says the same of a wrong password and of nobody, and locks both at the fifth failure', async () => {
    for (const username of ['crew1', 'nobody']) {
      for (const attempt of [1, 2, 3, 4]) {
        const reply = await logIn(username, `wrong ${attempt}`);
        expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([401, 'auth.invalid']);
      }
      const fifth = await logIn(username, 'wrong 5');
      expect([fifth.statusCode, fifth.json<{ code: string }>().code]).toEqual([423, 'auth.locked']);
      expect(Number(fifth.headers['retry-after'])).toBe(900);
      expect((await logIn(username, PASSWORD)).statusCode).toBe(423);
    }
    w.platform.clock.advance(LOCK_MS);
    expect((await logIn('crew1', PASSWORD)).statusCode).toBe(200);
    expect((await logIn('nobody', PASSWORD)).statusCode).toBe(401);
  });

  it('slows down who tries one name, and who tries many', async () => {
    const attempts = async (limits: object, names: readonly string[]) => {
      const app = await buildApp(w.platform, [org, audit], { limits });
      const codes: number[] = [];
      for (const username of names) {
        const payload = { username, password: PASSWORD };
        const reply = await app.inject({ method: 'POST', url: '/api/v1/auth/login', payload });
        codes.push(reply.statusCode);
        if (reply.statusCode === 429) expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
      }
      await app.close();
      return codes;
    };
    expect(await attempts({ login: 2 }, ['leader', 'Leader', 'leader', 'admin'])).toEqual([
      200, 200, 429, 200,
    ]);
    expect(await attempts({ loginAddress: 2 }, ['leader', 'admin', 'assessor'])).toEqual([200, 200, 429]);
  });

  it('counts guesses that are sent at once', async () => {
    const guesses = Array.from({ length: 8 }, (_, n) => logIn('crew2', `guess ${n}`));
    const codes = (await Promise.all(guesses)).map((reply) => reply.statusCode);
    expect(codes.filter((code) => code === 401)).toHaveLength(4);
    expect(codes.filter((code) => code === 423)).toHaveLength(4);
    expect((await logIn('crew2', PASSWORD)).statusCode).toBe(423);
    w.platform.clock.advance(LOCK_MS);
  });

  it('forgets failures at a good sign-in', async () => {
    for (let round = 0; round < 2; round += 1) {
      for (let n = 0; n < 4; n += 1) await logIn('leader', 'wrong');
      expect((await logIn('leader', PASSWORD)).statusCode).toBe(200);
    }
  });

  it('keeps each attempt, without what was typed', async () => {
    const rows = await audits('auth.login');
    expect(new Set(rows.map((row) => row.outcome))).toEqual(new Set(['ok', 'refused']));
    const text = JSON.stringify(rows);
    for (const word of ['nobody', 'wrong', 'guess', PASSWORD, 'operator']) expect(text).not.toContain(word);
    expect(rows.some((row) => row.person_id === null)).toBe(true);
  });
});

describe('a session', () => {
  const me = (headers: Record<string, string>) => w.app.inject({ url: '/api/v1/me', headers });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('is asked for, known and alive, or the answer is 401', async () => {
    expect((await me({})).json()).toMatchObject({ status: 401, code: 'auth.required' });
    expect((await me(bearer('x'))).json()).toMatchObject({ status: 401, code: 'auth.invalid' });
    expect((await me(bearer('a'.repeat(43)))).json()).toMatchObject({ status: 401, code: 'auth.invalid' });
    expect((await me({ authorization: 'Basic abc' })).json()).toMatchObject({ code: 'auth.required' });
    const { token } = (await logIn('assessor', PASSWORD)).json<LoginReply>();
    expect(Me.parse((await me(bearer(token))).json()).post.role).toBe('assessor');
  });

  it('writes by cookie only with its own token against forgery', async () => {
    const reply = (await logIn('assessor', PASSWORD)).json<LoginReply>();
    const other = (await logIn('assessor', PASSWORD)).json<LoginReply>();
    const cookies = { wanmi_session: reply.token };
    const post = (headers: Record<string, string>) =>
      w.app.inject({
        method: 'POST',
        url: '/api/v1/me/post',
        cookies,
        headers,
        payload: { postId: reply.me.post.id },
      });
    expect((await w.app.inject({ url: '/api/v1/me', cookies })).statusCode).toBe(200);
    expect((await post({})).json()).toMatchObject({ code: 'csrf' });
    expect((await post({ 'x-csrf-token': other.me.csrf })).json()).toMatchObject({ code: 'csrf' });
    expect((await post({ 'x-csrf-token': reply.me.csrf, origin: 'https://evil.example' })).statusCode).toBe(
      403,
    );
    expect((await post({ 'x-csrf-token': reply.me.csrf })).statusCode).toBe(200);
  });

  it('ends at sign-out at once, and by time', async () => {
    const one = (await logIn('assessor', PASSWORD)).json<LoginReply>().token;
    const two = (await logIn('assessor', PASSWORD)).json<LoginReply>().token;
    expect((await me(bearer(one))).statusCode).toBe(200);
    const out = await w.app.inject({ method: 'POST', url: '/api/v1/auth/logout', headers: bearer(one) });
    expect(out.statusCode).toBe(200);
    expect((await me(bearer(one))).json()).toMatchObject({ code: 'auth.expired' });
    expect((await me(bearer(two))).statusCode).toBe(200);
    w.platform.clock.advance(w.platform.config.sessionDays * 86_400_000);
    expect((await me(bearer(two))).json()).toMatchObject({ code: 'auth.expired' });
  });
});
