import { http, HttpResponse } from 'msw';
import { describe, expect, test } from 'vitest';
import { closedNetwork, server } from '../../../test/server.ts';
import { get, post, queryString } from './client.ts';
import { ApiError } from './problem.ts';
import { sessionClosed, sessionOpened, SignedOut } from './session.ts';

closedNetwork();

const problem = (status: number, code: string) =>
  HttpResponse.json({ type: 'about:blank', title: 'x', status, code }, { status });

test('what is not described in a test has no network', async () => {
  await expect(get('/nowhere')).rejects.toMatchObject({ code: 'network' });
});

test('a refusal keeps its code, its parameters and its fields', async () => {
  server.use(
    http.get('*/api/v1/x', () =>
      HttpResponse.json(
        { status: 409, code: 'conflict.version', params: { seen: 3, current: 5 }, errors: [] },
        { status: 409 },
      ),
    ),
  );
  const error = await get('/x').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: 'conflict.version', status: 409, params: { seen: 3, current: 5 } });
});

test('an answer that is no problem of ours keeps its status', async () => {
  server.use(http.get('*/api/v1/x', () => new HttpResponse('<html>Bad Gateway</html>', { status: 502 })));
  await expect(get('/x')).rejects.toMatchObject({ code: 'http.502', transient: true });
});

test('writes carry the token, reads do not need it', async () => {
  sessionOpened('token-7');
  const seen: (string | null)[] = [];
  server.use(
    http.all('*/api/v1/x', ({ request }) => {
      seen.push(request.headers.get('x-csrf-token'));
      return HttpResponse.json({});
    }),
  );
  await get('/x');
  await post('/x', { a: 1 });
  expect(seen).toEqual([null, 'token-7']);
});

describe('when the session has ended', () => {
  test('all requests wait for the same sign-in and are sent once more with the new token', async () => {
    sessionOpened('old');
    let in_ = false;
    const sent: string[] = [];
    server.use(
      http.post('*/api/v1/act', async ({ request }) => {
        sent.push(`${request.headers.get('x-csrf-token')} ${await request.text()}`);
        return in_ ? HttpResponse.json({ ok: true }) : problem(401, 'auth.expired');
      }),
    );
    const both = Promise.all([post('/act', { note: 'typed' }), post('/act', { note: 'other' })]);
    await expect.poll(() => sent.length).toBe(2);
    in_ = true;
    sessionOpened('new');
    await expect(both).resolves.toEqual([{ ok: true }, { ok: true }]);
    expect(sent.slice(2).sort()).toEqual(['new {"note":"other"}', 'new {"note":"typed"}']);
  });

  test('who leaves instead gets no answer', async () => {
    sessionOpened('old');
    server.use(http.get('*/api/v1/x', () => problem(401, 'auth.expired')));
    const waiting = get('/x');
    const refused = expect(waiting).rejects.toBeInstanceOf(SignedOut);
    setTimeout(() => sessionClosed(), 20);
    await refused;
  });

  test('a wrong password is an answer, not the end of a session', async () => {
    sessionOpened('old');
    server.use(http.post('*/api/v1/auth/login', () => problem(401, 'auth.invalid')));
    await expect(post('/auth/login', {}, { renew: false })).rejects.toMatchObject({ code: 'auth.invalid' });
  });
});

test('empty filters are not asked for', () => {
  expect(queryString({ a: '', b: undefined, c: null, d: 0, e: 'x y' })).toBe('?d=0&e=x+y');
  expect(queryString({})).toBe('');
});
