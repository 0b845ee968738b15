import { validatorCompiler } from '@fastify/type-provider-zod';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pickLanguage, problemText } from './error-text.ts';
import {
  asJson,
  invalid,
  isSqlState,
  Problem,
  problem,
  problemHeaders,
  problems,
  toProblem,
  type ProblemCode,
} from './errors.ts';

const codes = Object.keys(problems) as ProblemCode[];

describe('the catalogue', () => {
  it.each(codes)('%s has a status, and a title in both languages', (code) => {
    const thrown = problem(code);
    expect(thrown.status).toBeGreaterThanOrEqual(400);
    expect(thrown.message).toBe(code);
    expect(problemText(code, {}, 'en').title).toMatch(/^[ -~]+$/);
    expect(problemText(code, {}, 'zh-CN').title).toMatch(/\p{Script=Han}/u);
  });

  it('reports what an operator must hear of, and nothing that a user did', () => {
    for (const code of codes)
      expect([code, problem(code).report]).toEqual([
        code,
        [500, 507].includes(problem(code).status) || code === 'db.unavailable' || code === 'query.timeout',
      ]);
  });
});

describe('toProblem', () => {
  const map = (error: unknown) => toProblem(error).code;
  const pg = (code: string, message = 'x') => Object.assign(new Error(message), { code, severity: 'ERROR' });

  it('leaves a problem as it is', () => {
    const thrown = problem('case.ended');
    expect(toProblem(thrown)).toBe(thrown);
  });

  it.each([
    ['23505', 'conflict.taken'],
    ['23503', 'conflict.reference'],
    ['40001', 'conflict.race'],
    ['40P01', 'conflict.race'],
    ['57014', 'query.timeout'],
    ['57P01', 'db.unavailable'],
    ['57P03', 'db.unavailable'],
    ['08006', 'db.unavailable'],
    ['53300', 'db.unavailable'],
    ['53100', 'storage.full'],
    ['22P02', 'validation.failed'],
    ['22021', 'validation.failed'],
    ['42P01', 'internal'],
    ['23514', 'internal'],
  ])('SQLSTATE %s is %s', (state, code) => {
    expect(map(pg(state))).toBe(code);
  });

  it.each([
    [
      Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' }),
      'db.unavailable',
    ],
    [Object.assign(new Error('connect ENOENT'), { code: 'ENOENT', syscall: 'connect' }), 'db.unavailable'],
    [Object.assign(new Error('open ENOENT'), { code: 'ENOENT', syscall: 'open' }), 'internal'],
    [Object.assign(new Error('read'), { code: 'ECONNRESET', syscall: 'read' }), 'db.unavailable'],
    [
      new AggregateError([Object.assign(new Error('c'), { code: 'ECONNREFUSED', syscall: 'connect' })]),
      'db.unavailable',
    ],
    [new Error('Connection terminated unexpectedly'), 'db.unavailable'],
    [Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write' }), 'storage.full'],
    [new TypeError('x is not a function'), 'internal'],
    ['a string', 'internal'],
    [undefined, 'internal'],
    [Object.assign(new Error('slow down'), { statusCode: 429, retryAfter: 7 }), 'rate.limited'],
    [Object.assign(new Error('brew'), { statusCode: 418 }), 'internal'],
    [Object.assign(new Error('x'), { code: 'constructor' }), 'internal'],
  ])('%s is %s', (error, code) => {
    expect(map(error)).toBe(code);
  });

  it('tells nothing of an unknown error', () => {
    const json = asJson(toProblem(new Error('password is hunter2 at /srv/secret')), 'r1', 'en');
    expect(JSON.stringify(json)).not.toMatch(/hunter2|secret/);
    expect(json).toEqual({
      type: 'https://wanmi.city/problems/internal',
      title: 'Internal server error',
      status: 500,
      code: 'internal',
      instance: 'urn:wanmi:request:r1',
      requestId: 'r1',
    });
  });

  it('lists every field of a Zod error by JSON Pointer, without the value that was sent', () => {
    const schema = z.object({ 'a/b': z.array(z.object({ n: z.number().max(5) })), s: z.string().min(3) });
    const result = schema.safeParse({ 'a/b': [{ n: 90210 }], s: 'zz' });
    const mapped = toProblem(result.error);
    expect(mapped.status).toBe(400);
    expect(mapped.errors).toEqual([
      {
        path: '/a~1b/0/n',
        code: 'too_big',
        message: expect.any(String),
        params: { maximum: 5, inclusive: true },
      },
      { path: '/s', code: 'too_small', message: expect.any(String), params: { minimum: 3, inclusive: true } },
    ]);
    expect(JSON.stringify(asJson(mapped, 'r'))).not.toContain('90210');
  });
});

describe('behind a real Fastify', () => {
  const app = fastify({ bodyLimit: 200 });
  app.setValidatorCompiler(validatorCompiler);
  app.setErrorHandler((error, request, reply) => {
    const mapped = toProblem(error);
    return reply
      .code(mapped.status)
      .headers(problemHeaders(mapped))
      .send(asJson(mapped, request.id, pickLanguage(request.headers['accept-language'])));
  });
  const schema = {
    body: z.object({ n: z.int() }),
    querystring: z.object({ limit: z.coerce.number().max(100).optional() }),
  };
  app.post('/x', { schema }, () => ({ ok: true }));
  app.get('/fail', () => {
    throw new Problem('auth.locked', { retryAfter: 30.2 });
  });
  const json = { 'content-type': 'application/json' };

  it.each([
    [
      'a body that breaks its schema',
      { body: '{"n":"a"}', headers: json, url: '/x' },
      400,
      'validation.failed',
    ],
    [
      'a query that breaks its schema',
      { body: '{"n":1}', headers: json, url: '/x?limit=1000' },
      400,
      'validation.failed',
    ],
    ['broken JSON', { body: '{"n":', headers: json, url: '/x' }, 400, 'request.malformed'],
    ['an empty body', { body: '', headers: json, url: '/x' }, 400, 'request.malformed'],
    [
      'another content type',
      { body: 'a', headers: { 'content-type': 'text/csv' }, url: '/x' },
      415,
      'request.type',
    ],
    [
      'too large a body',
      { body: JSON.stringify({ n: 1, pad: 'x'.repeat(300) }), headers: json, url: '/x' },
      413,
      'request.tooLarge',
    ],
  ] as const)('answers %s', async (_, request, status, code) => {
    const reply = await app.inject({ method: 'POST', ...request });
    expect([reply.statusCode, reply.json().code]).toEqual([status, code]);
    expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });

  it('says which field of which part', async () => {
    const body = await app.inject({ method: 'POST', url: '/x', headers: json, body: '{"n":"secret"}' });
    expect(body.json().errors).toMatchObject([
      { path: '/n', code: 'invalid_type', in: 'body', params: { expected: 'number' } },
    ]);
    const query = await app.inject({ method: 'POST', url: '/x?limit=101', headers: json, body: '{"n":1}' });
    expect(query.json().errors).toMatchObject([
      { path: '/limit', code: 'too_big', in: 'query', params: { maximum: 100 } },
    ]);
    const root = await app.inject({ method: 'POST', url: '/x', headers: json, body: '3' });
    expect(root.json().errors).toMatchObject([{ path: '', in: 'body' }]);
  });

  it('says when to try again, in the language of the reader', async () => {
    const reply = await app.inject({ url: '/fail', headers: { 'accept-language': 'en-GB,zh;q=0.5' } });
    expect(reply.headers['retry-after']).toBe('31');
    expect(reply.json()).toMatchObject({
      title: expect.stringContaining('Too many'),
      detail: 'Try again in 31 seconds',
    });
    expect((await app.inject({ url: '/fail' })).json().title).toMatch(/锁定/);
  });
});

it('keeps field errors given by a rule', () => {
  const thrown = invalid([{ path: '/photos', code: 'photos.missing', message: '' }], 'form.invalid');
  expect(asJson(thrown, 'r')).toMatchObject({
    status: 422,
    code: 'form.invalid',
    errors: [{ path: '/photos' }],
  });
});

it('asks for a bearer token on 401', () => {
  expect(problemHeaders(problem('auth.required'))['www-authenticate']).toBe('Bearer');
});

it.each([
  [undefined, 'zh-CN'],
  ['', 'zh-CN'],
  ['*', 'zh-CN'],
  ['en', 'en'],
  ['fr, en;q=0.8, zh;q=0.9', 'zh-CN'],
  ['zh-Hans-CN;q=0, en;q=0.1', 'en'],
  ['eng', 'zh-CN'],
] as const)('Accept-Language %s reads %s', (header, language) => {
  expect(pickLanguage(header)).toBe(language);
});

it('knows a SQLSTATE from a socket error', () => {
  expect([isSqlState('40P01'), isSqlState('EPIPE'), isSqlState('EBADF'), isSqlState(undefined)]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
