import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ApiError, Client, UnreachableError } from './client.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
const servers: (() => void)[] = [];
afterEach(() => {
  for (const close of servers.splice(0)) close();
});

/** A server that answers as told, one answer after the other, the last for ever. */
async function server(...answers: Answer[]) {
  const seen: {
    method: string;
    url: string;
    key: string | undefined;
    token: string | undefined;
    body: string;
  }[] = [];
  const http = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({
        method: request.method ?? '',
        url: request.url ?? '',
        key: request.headers['idempotency-key'] as string | undefined,
        token: request.headers.authorization,
        body,
      });
      const answer = answers[Math.min(seen.length, answers.length) - 1] as Answer;
      answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  servers.push(() => {
    http.closeAllConnections();
    http.close();
  });
  const waits: number[] = [];
  const options = {
    baseUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    sleep: async (ms: number) => void waits.push(ms),
  };
  return { seen, waits, options };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body));
const hangUp: Answer = (request) => void request.socket.destroy();

test('a write that the network lost is sent again under the same key', async () => {
  const { seen, options } = await server(hangUp, hangUp, json(201, { ok: 1 }));
  const reply = await new Client(options).post('/reports', { description: '井盖松动' });
  expect(reply).toEqual({ ok: 1 });
  expect(seen).toHaveLength(3);
  expect(seen[0]?.key).toMatch(/^[\w-]{36}$/);
  expect(new Set(seen.map((one) => one.key)).size).toBe(1);
  expect(JSON.parse(seen[2]?.body ?? '')).toEqual({ description: '井盖松动' });
});

test('two writes have two keys, a read has none', async () => {
  const { seen, options } = await server(json(200, {}));
  const client = new Client(options);
  await client.post('/a', {});
  await client.post('/a', {});
  await client.get('/a', { limit: 5, cursor: undefined });
  expect(seen[0]?.key).not.toBe(seen[1]?.key);
  expect(seen[2]).toMatchObject({ method: 'GET', url: '/api/v1/a?limit=5', key: undefined });
});

test('429 waits as long as it is told, 503 longer each time', async () => {
  const { waits, options } = await server(
    json(429, { code: 'rate.limited' }, { 'retry-after': '7' }),
    json(503, { code: 'db.unavailable' }),
    json(503, { code: 'db.unavailable' }),
    json(200, { ok: 1 }),
  );
  await new Client(options).get('/tasks');
  expect(waits).toHaveLength(3);
  expect(waits[0]).toBe(7000);
  expect(waits[2]).toBeGreaterThan(waits[1] as number);
});

test('a refusal is not repeated and keeps its code', async () => {
  const { seen, options } = await server(
    json(409, { code: 'task.done', params: { action: 'accept' }, errors: [] }),
  );
  const error = await new Client(options).act('t', 'accept').catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 409, code: 'task.done', params: { action: 'accept' } });
  expect(seen).toHaveLength(1);
});

test('a lost race is asked again under the same key', async () => {
  const { seen, options } = await server(json(409, { code: 'conflict.race' }), json(200, { ok: 1 }));
  expect(await new Client(options).act('t', 'accept')).toEqual({ ok: 1 });
  expect(seen[0]?.key).toBe(seen[1]?.key);
});

test('it gives up in the end and says so', async () => {
  const { seen, options } = await server(hangUp);
  await expect(new Client({ ...options, attempts: 3 }).get('/tasks')).rejects.toBeInstanceOf(
    UnreachableError,
  );
  expect(seen).toHaveLength(3);
  const refusing = await server(json(503, { code: 'service.stopping' }));
  await expect(new Client({ ...refusing.options, attempts: 2 }).get('/tasks')).rejects.toMatchObject({
    code: 'service.stopping',
  });
});

test('a session that ended is renewed once, and the request goes out under its old key', async () => {
  const { seen, options } = await server(
    json(200, { token: 'one' }),
    json(401, { code: 'auth.expired' }),
    json(200, { token: 'two' }),
    json(200, { done: true }),
  );
  const client = new Client(options);
  await client.login('sl01', 'secret-secret');
  expect(await client.post('/x', {})).toEqual({ done: true });
  expect(seen.map((one) => one.token)).toEqual([undefined, 'Bearer one', undefined, 'Bearer two']);
  expect(seen[1]?.key).toBe(seen[3]?.key);
});

test('an abort ends a waiting request at once', async () => {
  const { options } = await server(json(503, {}));
  const stop = new AbortController();
  const { baseUrl } = options;
  const client = new Client({ baseUrl, signal: stop.signal, backoffMs: 60_000 });
  const asked = client.get('/tasks');
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await expect(asked).rejects.toThrow('enough');
});

test('an abort lets what is under way be answered, sends nothing more, and does not wait for ever', async () => {
  const slowly: Answer = (request, response, body) =>
    void setTimeout(() => json(200, { ok: 1 })(request, response, body), 80);
  const { seen, options } = await server(slowly, () => undefined);
  const stop = new AbortController();
  const client = new Client({ ...options, signal: stop.signal, graceMs: 200, attempts: 1 });
  const asked = client.get('/tasks');
  setTimeout(() => stop.abort(new Error('enough')), 20);
  expect(await asked).toEqual({ ok: 1 });
  await expect(client.get('/tasks')).rejects.toThrow('enough');
  expect(seen).toHaveLength(1);

  const again = new AbortController();
  const hanging = new Client({ ...options, signal: again.signal, graceMs: 100 }).get('/tasks');
  setTimeout(() => again.abort(new Error('enough')), 20);
  const began = performance.now();
  await expect(hanging).rejects.toThrow('enough');
  expect(performance.now() - began).toBeLessThan(1000);
});
