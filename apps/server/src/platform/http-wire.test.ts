import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { testPlatform } from '#testing/platform';
import type { TestPlatform } from '#testing/platform';
import { buildApp } from './http.ts';
import type { App, Module } from './http.ts';
import type { Limits } from './http-limits.ts';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

const room: Module = {
  routes(app) {
    app.post(
      '/body',
      { config: { public: true }, schema: { body: z.object({ a: z.int() }) } },
      (request) => ({
        a: request.body.a,
      }),
    );
    app.get('/long', { config: { public: true } }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 900));
      return { long: true };
    });
    app.post('/unread', { config: { public: true } }, (_request, reply) => {
      setTimeout(() => void reply.send({ late: true }), 900);
    });
    app.post('/file', { config: { public: true } }, async (request) => {
      const part = await request.file();
      return { bytes: (await part!.toBuffer()).length };
    });
  },
};

async function listening<T>(
  limits: Partial<Limits>,
  use: (port: number, app: App) => Promise<T>,
): Promise<T> {
  const app = await buildApp(platform, [room], { limits });
  await app.listen({ host: '127.0.0.1', port: 0 });
  try {
    return await use((app.server.address() as AddressInfo).port, app);
  } finally {
    await app.close();
  }
}

/** A connection, and all that came over it until it ended. */
function open(port: number): { socket: Socket; ended: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('utf8')));
  const ended = new Promise<string>((resolve) => {
    socket.on('error', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
  return { socket, ended };
}

const head = (path: string, type: string, length: number): string =>
  `POST /api/v1${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`;

describe('a body that comes drop by drop', () => {
  it('is not waited for', () =>
    listening({ bodyMs: 300 }, async (port) => {
      const { socket, ended } = open(port);
      socket.write(head('/body', 'application/json', 1000));
      const drops = setInterval(() => socket.write(' '), 50);
      const text = await ended;
      clearInterval(drops);
      expect(text).toMatch(/^HTTP\/1\.1 408 /);
      expect(text).toContain('"code":"request.timeout"');
      expect(text).toMatch(/connection: close/i);
    }));

  it('in time is taken, and the next one on the same connection too', () =>
    listening({ bodyMs: 1500 }, async (port) => {
      const { socket, ended } = open(port);
      for (const n of [1, 2, 3]) {
        socket.write(head('/body', 'application/json', 7));
        await new Promise((resolve) => setTimeout(resolve, 60));
        socket.write(`{"a":${n}}`);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      await new Promise((resolve) => setTimeout(resolve, 1700));
      socket.end();
      const text = await ended;
      for (const n of [1, 2, 3]) expect(text).toContain(`{"a":${n}}`);
      expect(text).not.toContain(' 408 ');
    }));

  it('is no matter of answers that take long, with a body that has come or none', () =>
    listening({ bodyMs: 200 }, async (port) => {
      for (const request of [
        'GET /api/v1/long HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
        'GET /api/v1/long HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}',
        'POST /api/v1/unread HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n',
        `${head('/unread', 'application/json', 2).replace('host: x', 'host: x\r\nconnection: close')}{}`,
      ]) {
        const { socket, ended } = open(port);
        socket.write(request);
        expect(await ended, request).toMatch(/^HTTP\/1\.1 200[\s\S]*(long|late)/);
      }
    }));

  it('nobody reads ends its connection and nothing else', () =>
    listening({ bodyMs: 200 }, async (port) => {
      const { socket, ended } = open(port);
      socket.write('GET /api/v1/long HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n{');
      await ended;
      const other = open(port);
      other.socket.write('GET /api/v1/long HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      expect(await other.ended).toContain('"long":true');
    }));

  it('is waited for where it is a file: telephones are slow', () =>
    listening({ bodyMs: 200 }, async (port) => {
      const { socket, ended } = open(port);
      const body = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nxyz\r\n--b--\r\n';
      socket.write(head('/file', 'multipart/form-data; boundary=b', body.length));
      for (const letter of body) {
        socket.write(letter);
        await new Promise((resolve) => setTimeout(resolve, 8));
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
      socket.end();
      expect(await ended).toContain('{"bytes":3}');
    }));
});

describe('connections', () => {
  it('of one network are so many and no more, and those that end make room', () =>
    listening({ connections: 3 }, async (port) => {
      const held = [1, 2, 3].map(() => open(port));
      await Promise.all(held.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
      // Taken and closed at once, or reset: it hears no answer.
      const fourth = open(port);
      fourth.socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      expect(await fourth.ended).toBe('');
      held[0]!.socket.destroy();
      await held[0]!.ended;
      await expect
        .poll(async () => {
          const fifth = open(port);
          fifth.socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
          return fifth.ended;
        })
        .toMatch(/^HTTP\/1\.1 200/);
      for (const { socket } of held) socket.destroy();
    }));
});
