import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProblemDetails } from '@wanmi/contracts';
import { testPlatform } from '#testing/platform';
import type { TestPlatform } from '#testing/platform';
import type { Actor } from './actor.ts';
import { problem } from './errors.ts';
import { buildApp } from './http.ts';
import type { App, HttpOptions, Module } from './http.ts';
import { hashToken } from './http-access.ts';
import { createLogger } from './log.ts';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

const TOKEN = 'a'.repeat(43);
const actor: Actor = {
  cityId: '019ab2c4-7f00-7abc-8def-000000000001',
  personId: '019ab2c4-7f00-7abc-8def-000000000002',
  postId: '019ab2c4-7f00-7abc-8def-000000000003',
  unitId: '019ab2c4-7f00-7abc-8def-000000000004',
  role: 'operator',
  permissions: new Set(['case.read']),
  scope: { kind: 'city' },
  locale: 'en',
};

/** A room with one door of each kind; it knows one token. */
const room: Module = {
  signOn: () => async (tokenHash) => {
    if (!tokenHash.equals(hashToken(TOKEN))) throw problem('auth.invalid');
    return { actor, expiresAt: Number.MAX_SAFE_INTEGER };
  },
  routes(app) {
    app.get('/open', { config: { public: true } }, () => ({ ok: true }));
    app.get('/mine', { config: { authenticated: true } }, (request) => ({ role: request.actor.role }));
    app.get('/cases', { config: { permission: 'case.read' } }, () => ({ ok: true }));
    app.get('/audits', { config: { permission: 'audit.read' } }, () => ({ ok: true }));
    app.get('/things/:id', { config: { public: true } }, () => ({ ok: true }));
    app.get('/broken', { config: { public: true } }, () => {
      throw new Error('the secret is 42');
    });
    app.get('/nobody', { config: { public: true } }, (request) => ({ role: request.actor.role }));
    app.post(
      '/body',
      { config: { public: true }, schema: { body: z.object({ name: z.string().max(5) }) } },
      (request) => ({ name: request.body.name }),
    );
    app.get(
      '/lying',
      { config: { public: true }, schema: { response: { 200: z.object({ n: z.int() }) } } },
      () => ({
        n: 'no number' as unknown as number,
      }),
    );
    app.get('/database', { config: { public: true } }, async () => {
      await platform.pool.query('select no_such_column');
      return {};
    });
  },
};

const bearer = { authorization: `Bearer ${TOKEN}` };

async function withApp<T>(
  use: (app: App) => Promise<T>,
  options: HttpOptions = {},
  on = platform,
): Promise<T> {
  const app = await buildApp(on, [room], options);
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

describe('a server', () => {
  const boots = (config: object) =>
    buildApp(platform, [{ routes: (app) => void app.get('/x', { config: config as never }, () => ({})) }]);

  it.each([
    {},
    { public: true, authenticated: true },
    { public: true, permission: 'case.read' },
    { public: false },
  ])(
    'does not start with a route that says %j of its callers',
    async (config) => await expect(boots(config)).rejects.toThrow('must say who may call it'),
  );

  it('does not start with a permission that nobody can have', async () => {
    await expect(boots({ permission: 'case.raed' })).rejects.toThrow('does not exist');
  });

  it('refuses everybody where no module knows sessions', async () => {
    const app = await buildApp(platform, [
      { routes: (app) => void app.get('/x', { config: { authenticated: true } }, () => ({})) },
    ]);
    expect((await app.inject({ url: '/api/v1/x', headers: bearer })).statusCode).toBe(401);
    await app.close();
  });
});

describe('access', () => {
  it.each([
    ['/open', {}, 200],
    ['/mine', {}, 401],
    ['/mine', { authorization: `Bearer ${'b'.repeat(43)}` }, 401],
    ['/mine', bearer, 200],
    ['/cases', {}, 401],
    ['/cases', bearer, 200],
    ['/audits', {}, 401],
    ['/audits', bearer, 403],
    ['/nobody', bearer, 401],
  ])('%s with %j is %i', (url, headers, status) =>
    withApp(async (app) => {
      expect((await app.inject({ url: `/api/v1${url}`, headers })).statusCode).toBe(status);
    }),
  );

  it('goes before the body: a stranger learns nothing of its schema', async () => {
    const guarded: Module = {
      ...room,
      routes: (app) =>
        void app.post(
          '/x',
          { config: { permission: 'audit.read' }, schema: { body: z.object({ n: z.int() }) } },
          () => ({}),
        ),
    };
    const app = await buildApp(platform, [guarded]);
    const post = (headers: Record<string, string>) =>
      app.inject({ method: 'POST', url: '/api/v1/x', payload: {}, headers });
    expect((await post({})).statusCode).toBe(401);
    expect((await post(bearer)).statusCode).toBe(403);
    await app.close();
  });
});

describe('problems', () => {
  const answer = (request: InjectOptions) =>
    withApp(async (app) => {
      const reply = await app.inject(request);
      expect(reply.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(reply.headers['x-content-type-options']).toBe('nosniff');
      return ProblemDetails.parse(reply.json());
    });
  const post = (payload: string, type = 'application/json') =>
    answer({ method: 'POST', url: '/api/v1/body', payload, headers: { 'content-type': type } });

  it('know what is not there', async () => {
    expect((await answer({ url: '/api/v1/none' })).code).toBe('notFound');
    expect((await answer({ method: 'POST', url: '/none' })).code).toBe('notFound');
    expect((await answer({ url: '/api/v1/%E0%A4%A' })).code).toBe('notFound');
  });

  it('know what is wrong with a body', async () => {
    expect(await post('{"name":"too long"}')).toMatchObject({
      status: 400,
      code: 'validation.failed',
      errors: [{ path: '/name', code: 'too_big' }],
    });
    expect((await post('{"name":')).code).toBe('request.malformed');
    expect((await post('{"__proto__":{}}')).code).toBe('request.malformed');
    expect((await post('<a/>', 'application/xml')).code).toBe('request.type');
    expect((await post(JSON.stringify({ name: 'x'.repeat(1_100_000) }))).status).toBe(413);
  });

  it('tell nothing of what is our own fault, and log it', async () => {
    const lines: string[] = [];
    const log = createLogger({
      level: 'error',
      pretty: false,
      destination: { write: (line) => void lines.push(line) },
    });
    for (const url of ['/api/v1/broken', '/api/v1/lying', '/api/v1/database']) {
      await withApp(
        async (app) => {
          const reply = await app.inject({ url, headers: { 'accept-language': 'en-GB,en;q=0.9' } });
          expect(reply.statusCode).toBe(500);
          expect(reply.json()).toEqual({
            type: 'https://wanmi.city/problems/internal',
            title: expect.any(String),
            status: 500,
            code: 'internal',
            instance: `urn:wanmi:request:${String(reply.headers['x-request-id'])}`,
            requestId: reply.headers['x-request-id'],
          });
        },
        {},
        { ...platform, log },
      );
      expect(lines.at(-1)).toContain('request failed');
    }
    expect(lines).toHaveLength(3);
    expect(lines[2]).toContain('42703');
  });

  it('speak the language that is asked for', async () => {
    const zh = await answer({ url: '/api/v1/none', headers: { 'accept-language': 'zh-CN' } });
    const en = await answer({ url: '/api/v1/none', headers: { 'accept-language': 'en,zh;q=0.5' } });
    expect([zh.title, en.title]).toEqual(['未找到', 'Not found']);
  });

  it('say 503 while the database is away', async () => {
    const other = await testPlatform();
    const app = await buildApp(other, [room]);
    await other.pool.end();
    const reply = await app.inject({ url: '/readyz' });
    expect(reply.json()).toMatchObject({ status: 503, code: 'db.unavailable' });
    expect(reply.headers['retry-after']).toBe('2');
    expect((await app.inject({ url: '/healthz' })).statusCode).toBe(200);
    await app.close();
    await other.close();
  });
});

describe('headers', () => {
  it('stand on every answer', () =>
    withApp(async (app) => {
      for (const url of ['/api/v1/open', '/api/v1/none', '/api/v1/mine', '/healthz', '/']) {
        const { headers } = await app.inject({ url });
        expect(headers['content-security-policy']).toContain("default-src 'none'");
        expect(headers['x-content-type-options']).toBe('nosniff');
        expect(headers['referrer-policy']).toBe('no-referrer');
        expect(headers['cross-origin-opener-policy']).toBe('same-origin');
        expect(headers['permissions-policy']).toContain('microphone=()');
        expect(headers['strict-transport-security']).toBeUndefined();
        expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      }
    }));

  it("believe a proxy of one's own, and nobody else", async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-request-id': 'proxy-0001' };
    const ask = (on: TestPlatform) => withApp((app) => app.inject({ url: '/api/v1/open', headers }), {}, on);
    const own = await ask({ ...platform, config: { ...platform.config, trustProxy: 1 } });
    expect(own.headers['strict-transport-security']).toMatch(/max-age/);
    expect(own.headers['x-request-id']).toBe('proxy-0001');
    const stranger = await ask(platform);
    expect(stranger.headers['strict-transport-security']).toBeUndefined();
    expect(stranger.headers['x-request-id']).not.toBe('proxy-0001');
  });

  it('send other machines to HTTPS where there is one', () =>
    withApp(
      async (app) => {
        const from = (remoteAddress: string, url: string) =>
          app.inject({ url, remoteAddress, headers: { host: 'city.example:8080' } });
        const away = await from('10.0.0.9', '/api/v1/open?a=1');
        expect([away.statusCode, away.headers.location]).toEqual([
          308,
          'https://city.example:8443/api/v1/open?a=1',
        ]);
        expect((await from('10.0.0.9', '/healthz')).statusCode).toBe(200);
        expect((await from('127.0.0.1', '/api/v1/open')).statusCode).toBe(200);
      },
      { httpsPort: 8443 },
    ));
});

describe('limits', () => {
  it('count a session, whatever its address', () =>
    withApp(
      async (app) => {
        const from = (remoteAddress: string) =>
          app.inject({ url: '/api/v1/mine', headers: bearer, remoteAddress });
        expect((await from('10.0.0.1')).statusCode).toBe(200);
        expect((await from('10.0.0.2')).statusCode).toBe(200);
        const third = await from('10.0.0.3');
        expect(third.json()).toMatchObject({ status: 429, code: 'rate.limited' });
        expect(Number(third.headers['retry-after'])).toBeGreaterThan(0);
        expect((await app.inject({ url: '/api/v1/open', remoteAddress: '10.0.0.1' })).statusCode).toBe(200);
      },
      { limits: { session: 2 } },
    ));

  it.each([
    ['nobody', false, ['203.0.113.1', '203.0.113.2', '203.0.113.3'], [401, 401, 429]],
    ['one proxy', 1, ['203.0.113.1', '203.0.113.2', '203.0.113.3'], [401, 401, 401]],
    // What a client wrote itself stands before what the proxy wrote.
    [
      'one proxy, spoken to by a liar',
      1,
      ['1.1.1.1, 203.0.113.9', '2.2.2.2, 203.0.113.9', '203.0.113.9'],
      [401, 401, 429],
    ],
    ['another proxy than this', ['10.9.9.9'], ['203.0.113.1', '203.0.113.2', '203.0.113.3'], [401, 401, 429]],
  ] as const)('count by the address that is believed: of %s', async (_who, trustProxy, addresses, codes) => {
    await withApp(
      async (app) => {
        const seen: number[] = [];
        for (const address of addresses) {
          const headers = { 'x-forwarded-for': address };
          const { statusCode } = await app.inject({
            url: '/api/v1/mine',
            headers,
            remoteAddress: '192.0.2.7',
          });
          seen.push(statusCode);
        }
        expect(seen).toEqual(codes);
      },
      { limits: { address: 2 } },
      { ...platform, config: { ...platform.config, trustProxy } },
    );
  });

  it('count an address with wrong tokens, but not the sessions behind it', () =>
    withApp(
      async (app) => {
        const guess = () =>
          app.inject({ url: '/api/v1/mine', headers: { authorization: `Bearer ${'c'.repeat(43)}` } });
        expect([(await guess()).statusCode, (await guess()).statusCode]).toEqual([401, 401]);
        expect((await guess()).statusCode).toBe(429);
        expect((await app.inject({ url: '/api/v1/mine', headers: bearer })).statusCode).toBe(200);
      },
      { limits: { address: 2 } },
    ));
});

describe('methods', () => {
  it('that a known path does not take are told, with those that it takes', () =>
    withApp(async (app) => {
      for (const [method, url, allow] of [
        ['POST', '/api/v1/open', 'GET, HEAD'],
        ['DELETE', '/api/v1/body?x=1', 'POST'],
        ['PUT', '/healthz', 'GET, HEAD'],
        ['PATCH', '/api/v1/things/7', 'GET, HEAD'],
      ] as const) {
        const reply = await app.inject({ method, url });
        expect(reply.statusCode, `${method} ${url}`).toBe(405);
        expect(reply.headers['allow']).toBe(allow);
        expect(reply.json()).toMatchObject({ code: 'request.method' });
      }
      for (const url of ['/api/v1/none', '/api/v1/things/7/more', '/api/v1/openx']) {
        const reply = await app.inject({ method: 'POST', url });
        expect(reply.statusCode, url).toBe(404);
        expect(reply.headers['allow']).toBeUndefined();
      }
    }));
});

describe('health and metrics', () => {
  it('is ready when its city is', async () => {
    let loaded = false;
    await withApp(
      async (app) => {
        expect((await app.inject('/readyz')).json()).toMatchObject({ status: 503, code: 'service.starting' });
        expect((await app.inject('/healthz')).statusCode).toBe(200);
        loaded = true;
        expect((await app.inject('/readyz')).statusCode).toBe(200);
      },
      { ready: () => loaded },
    );
  });

  it('is ready with all migrations, and not before', async () => {
    await withApp(async (app) => expect((await app.inject('/readyz')).statusCode).toBe(200), {
      migration: 1,
    });
    await withApp(async (app) => expect((await app.inject('/readyz')).statusCode).toBe(503), {
      migration: 9999,
    });
  });

  it('shows its numbers to this machine, and to others only by right', () =>
    withApp(async (app) => {
      await app.inject('/api/v1/open');
      const metrics = await app.inject('/metrics');
      expect(metrics.body).toContain('route="/api/v1/open",method="GET",status="200"');
      const away = (headers: Record<string, string>) =>
        app.inject({ url: '/metrics', remoteAddress: '10.0.0.9', headers });
      expect((await away({})).statusCode).toBe(401);
      expect((await away(bearer)).statusCode).toBe(403);
      // A proxy on this machine speaks for others.
      const proxied = await app.inject({ url: '/metrics', headers: { 'x-forwarded-for': '10.0.0.9' } });
      expect(proxied.statusCode).toBe(401);
    }));
});

describe('GET /openapi.json', () => {
  it('describes the routes with a schema, each with its problems and its lock', async () => {
    const described: Module = {
      routes(app) {
        const schema = { tags: ['t'], summary: 's', response: { 200: z.object({ n: z.int() }) } };
        app.get('/things/:id', { config: { permission: 'case.read' }, schema }, () => ({ n: 1 }));
        app.get('/free', { config: { public: true }, schema }, () => ({ n: 1 }));
      },
    };
    const app = await buildApp(platform, [described]);
    const document = (await app.inject('/api/v1/openapi.json')).json<{
      openapi: string;
      paths: Record<string, Record<string, Record<string, unknown>>>;
      components: { schemas: Record<string, unknown> };
    }>();
    await app.close();
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(['/api/v1/things/{id}', '/api/v1/free']);
    const { get } = document.paths['/api/v1/things/{id}']!;
    expect(get).toMatchObject({
      operationId: 'getThingsById',
      security: [{ bearer: [] }, { cookie: [] }],
      'x-permission': 'case.read',
      responses: { default: { content: { 'application/problem+json': {} } } },
    });
    expect(document.paths['/api/v1/free']!['get']!['security']).toEqual([]);
    expect(document.components.schemas).toHaveProperty('Problem');
    for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document.components.schemas).toHaveProperty([name!]);
    }
  });
});

describe('the web app', () => {
  let root: string;
  const PAGE =
    '<head><meta property="csp-nonce" nonce="__N__"><script type="module" nonce="__N__" src="/assets/a-1.js"></script></head>';
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'wanmi-web-'));
    for (const folder of ['console', 'assets']) await mkdir(path.join(root, folder));
    const files = {
      'index.html': '<p>first</p>',
      'console/index.html': PAGE,
      'assets/a-1.js': 'a()',
      'assets/a-1.js.gz': gzipSync('a()'),
      'favicon.svg': '<svg/>',
      '.sources': 'hidden',
    };
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(root, name), text);
  });
  afterAll(() => rm(root, { recursive: true }));
  const get = (url: string, headers: Record<string, string> = {}) =>
    withApp((app) => app.inject({ url, headers }), { webRoot: root });

  it('is served with a nonce that is new each time', async () => {
    const pages = [await get('/console'), await get('/console/'), await get('/console/cases/42?q=1')];
    const nonces = pages.map((page) => {
      const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(
        String(page.headers['content-security-policy']),
      )?.[1];
      expect(page.body).toBe(PAGE.replaceAll('__N__', String(nonce)));
      expect(page.headers['cache-control']).toBe('no-store');
      expect(page.headers['content-security-policy']).toContain("script-src 'self';");
      return nonce;
    });
    expect(new Set(nonces).size).toBe(3);
    expect((await get('/')).body).toBe('<p>first</p>');
  });

  it('keeps hashed files for a year and asks for the others', async () => {
    const hashed = await get('/assets/a-1.js');
    expect([hashed.body, hashed.headers['cache-control']]).toEqual([
      'a()',
      'public, max-age=31536000, immutable',
    ]);
    const zipped = await get('/assets/a-1.js', { 'accept-encoding': 'gzip' });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect((await get('/favicon.svg')).headers['cache-control']).toBe('public, max-age=0');
  });

  it('lets a worker ask for data, and an image opened by itself for nothing', async () => {
    const policy = async (url: string) => (await get(url)).headers['content-security-policy'];
    expect(await policy('/assets/a-1.js')).toBe("default-src 'none'; script-src 'self'; connect-src 'self'");
    expect(await policy('/favicon.svg')).toContain('sandbox');
  });

  it.each([
    '/assets/none.js',
    '/console/missing.js',
    '/other',
    '/.sources',
    '/..%2f..%2fetc/passwd',
    '/api/v1/none',
    '/%E0%A4%A',
  ])('has nothing at %s', async (url) => {
    const reply = await get(url);
    expect(reply.json()).toMatchObject({ status: 404, code: 'notFound' });
  });
});

describe('closing', () => {
  it('ends live streams first', async () => {
    const other = await testPlatform();
    const app = await buildApp(other, []);
    let closed = false;
    other.hub.subscribe({
      session: 's',
      filter: { keys: 'all' },
      send: () => true,
      close: () => (closed = true),
    });
    await app.close();
    expect(closed).toBe(true);
    await other.close();
  });
});
