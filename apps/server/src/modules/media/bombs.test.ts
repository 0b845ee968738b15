import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Media } from '@wanmi/contracts';
import * as cases from '#modules/cases';
import * as catalog from '#modules/catalog';
import * as grid from '#modules/grid';
import * as intake from '#modules/intake';
import { bombs, type Bomb } from '#testing/bombs';
import { picture } from '#testing/pictures';
import { world } from '#testing/world';
import type { World } from '#testing/world';

import * as media from './index.ts';

/** Generous: a machine that does other work decodes slowly. A bomb that goes off takes minutes or the memory. */
const SOON_MS = 15_000;

let w: World;
let all: Bomb[];
beforeAll(async () => {
  w = await world({ modules: [catalog, grid, media, intake, cases] });
  all = await bombs();
});
afterAll(() => w.close());

const multipart = (bytes: Buffer, filename = 'a.jpg'): Buffer =>
  Buffer.concat([
    Buffer.from(`--b\r\ncontent-disposition: form-data; name="file"; filename="${filename}"\r\n\r\n`),
    bytes,
    Buffer.from('\r\n--b--\r\n'),
  ]);

async function upload(payload: Buffer, who = 'collector1') {
  const headers = { ...w.as(who).headers, 'content-type': 'multipart/form-data; boundary=b' };
  return w.app.inject({ method: 'POST', url: '/api/v1/media', headers, payload });
}

describe('a file', () => {
  it('that goes off when it is opened is refused, soon, and leaves nothing', async () => {
    const wrong: string[] = [];
    for (const { what, bytes, code } of all) {
      const began = performance.now();
      const reply = await upload(multipart(bytes));
      const ms = performance.now() - began;
      if (process.env['TEST_LOG']) process.stderr.write(`${Math.round(ms)} ms ${reply.statusCode} ${what}\n`);
      if (ms > SOON_MS) wrong.push(`${what}: ${Math.round(ms)} ms`);
      if (code !== null && !String(reply.json<{ code?: string }>().code).startsWith(code)) {
        wrong.push(`${what}: ${reply.statusCode} ${reply.body.slice(0, 200)}`);
      }
      // What is no bomb after all may be taken or refused, by a code.
      if (code === null && reply.statusCode >= 400) {
        expect(['media.broken', 'media.type'], what).toContain(reply.json<{ code: string }>().code);
      }
      if (code === null && reply.statusCode < 300) await servedHarmlessly(what, reply.json<Media>(), wrong);
    }
    expect(wrong).toEqual([]);
    const rows = await w.platform.db
      .selectFrom('media')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    expect(rows.n).toBeLessThanOrEqual(all.filter(({ code }) => code === null).length);
  }, 400_000);

  async function servedHarmlessly(what: string, { id }: Media, wrong: string[]): Promise<void> {
    const { headers, rawPayload } = await w.app.inject({ url: `/api/v1/media/${id}`, ...w.as('collector1') });
    const type = String(headers['content-type']);
    if (!/^(image\/(jpeg|png|webp)|video\/mp4|audio\/(mpeg|mp4|wav)|application\/pdf)$/.test(type)) {
      wrong.push(`${what}: served as ${type}`);
    }
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(String(headers['content-disposition'])).toMatch(
      type === 'application/pdf'
        ? /^attachment; filename="[\w-]+\.pdf"$/
        : /^inline; filename="[\w-]+\.\w+"$/,
    );
    // Pictures are drawn anew: what was hidden beside the pixels is not in them.
    if (type.startsWith('image/') && rawPayload.includes('<script>'))
      wrong.push(`${what}: still holds its page`);
  }

  it('has no say in what it is called when it is saved', async () => {
    const image = await picture('called');
    for (const name of [
      '../../../etc/passwd',
      '..\\\\x.html',
      'a\\"; x=\\"',
      'a.html',
      '.htaccess',
      'CON',
      'ü'.repeat(90),
    ]) {
      const reply = await upload(multipart(image, name));
      expect(reply.statusCode, name).toBeLessThan(300);
      const { headers } = await w.app.inject({
        url: `/api/v1/media/${reply.json<Media>().id}`,
        ...w.as('collector1'),
      });
      expect(headers['content-disposition']).toMatch(/^inline; filename="[0-9a-f-]{36}\.(png|jpg)"$/);
    }
  });

  it('sent many times over is not taken without end', async () => {
    const image = await picture('often');
    const codes: number[] = [];
    for (let n = 0; n <= w.app.limits.upload; n += 1)
      codes.push((await upload(multipart(image), 'collector2')).statusCode);
    expect(codes.at(-1)).toBe(429);
    expect(codes.slice(0, -1).every((code) => code < 300)).toBe(true);
    expect((await w.app.inject({ url: '/api/v1/me', ...w.as('collector2') })).statusCode).toBe(200);
  });
});

describe('an upload', () => {
  it('of too many or too large parts, or one that breaks off, leaves no file behind', async () => {
    await w.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = w.app.server.address() as AddressInfo;
    const image = await picture('broken off');
    const whole = multipart(image);
    // Says that there is more, and goes.
    await new Promise<void>((resolve) => {
      const request = httpRequest({
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/api/v1/media',
        headers: {
          ...w.as('collector1').headers,
          'content-type': 'multipart/form-data; boundary=b',
          'content-length': whole.length + 100_000,
        },
      });
      request.on('error', () => resolve());
      request.on('close', () => resolve());
      request.write(whole.subarray(0, whole.length - 20));
      setTimeout(() => request.destroy(), 300);
    });
    const part = '--b\r\ncontent-disposition: form-data; name="x"; filename="x"\r\n\r\n1\r\n';
    const parts = await upload(Buffer.concat([Buffer.from(part.repeat(50)), whole]));
    expect([413, 415, 422]).toContain(parts.statusCode);
    const field = `--b\r\ncontent-disposition: form-data; name="x"\r\n\r\n${'x'.repeat(200_000)}\r\n`;
    const large = await upload(Buffer.concat([Buffer.from(field), whole]));
    expect([200, 201, 413]).toContain(large.statusCode);
    expect(await w.platform.blobs.sweepTemp(0)).toBe(0);
  });
});
