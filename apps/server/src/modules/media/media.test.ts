import { CaseMedia, Media, type CaseDetail, type ReportReply } from '@wanmi/contracts';
import exifr from 'exifr';
import { sql } from 'kysely';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCity, world, type World } from '#testing/world';
import * as asset from '#modules/asset';
import * as cases from '#modules/cases';
import * as catalog from '#modules/catalog';
import * as grid from '#modules/grid';
import * as intake from '#modules/intake';
import type { Actor } from '#platform/actor';
import { deleteUnused } from './repo.ts';
import { sweepUnusedMedia } from './jobs.ts';
import * as media from './index.ts';

const MB = 1024 * 1024;
let w: World;
beforeAll(async () => {
  media.provideCaseScope(cases.caseScopeSql);
  w = await world({
    modules: [catalog, grid, asset, media, intake, cases],
    config: { mediaMaxBytes: 30 * MB },
  });
});
afterAll(() => w.close());

const GPS = {
  GPSLatitudeRef: 'N',
  GPSLatitude: '30/1 15/1 0/1',
  GPSLongitudeRef: 'E',
  GPSLongitude: '120/1 9/1 0/1',
};

/** A picture of its own look for each number. */
async function photo(look: number, { width = 400, height = 300, exif = true } = {}): Promise<Buffer> {
  const cells = Array.from({ length: 48 }, (_, i) => {
    const grey = (Math.imul(i + 1, (look + 3) * 2_654_435_761) >>> 8) & 255;
    return `<rect x="${(i % 8) * 50}" y="${Math.floor(i / 8) * 50}" width="50" height="50" fill="rgb(${grey},${grey},${grey})"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300" width="${width}" height="${height}">${cells.join('')}</svg>`;
  const picture = sharp(Buffer.from(svg)).flatten({ background: '#fff' });
  if (exif) {
    picture.withExif({
      IFD0: { Make: 'Phone of Zhang San', Artist: 'Zhang San' },
      IFD2: { DateTimeOriginal: '2026:03:03 09:30:00' },
      IFD3: GPS,
    });
  }
  return picture.jpeg().toBuffer();
}

/** ISO/IEC 14496-12: type, film header, and data up to the end of the file. */
function film(bytes: number): Buffer {
  const box = (type: string, body: Uint8Array, size = body.length + 8) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(size);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, body]);
  };
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2mp41', 'latin1')),
    box('moov', box('mvhd', Buffer.alloc(100))),
    box('mdat', Buffer.alloc(bytes), 0),
  ]);
}

async function upload(
  who: string,
  bytes: Buffer,
  { name = 'photo.jpg', type = 'image/jpeg', field = 'file' } = {},
) {
  const mark = 'wanmi-test-boundary';
  const reply = await w.app.inject({
    method: 'POST',
    url: '/api/v1/media',
    headers: { ...w.as(who).headers, 'content-type': `multipart/form-data; boundary=${mark}` },
    payload: Buffer.concat([
      Buffer.from(
        `--${mark}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`,
      ),
      bytes,
      Buffer.from(`\r\n--${mark}--\r\n`),
    ]),
  });
  return { status: reply.statusCode, body: reply.json<Media & { code?: string }>() };
}

async function uploaded(who: string, bytes: Buffer): Promise<Media> {
  const { status, body } = await upload(who, bytes);
  expect(status, JSON.stringify(body)).toBe(201);
  return Media.parse(body);
}

const get = (url: string, who?: string, headers: Record<string, string> = {}) =>
  w.app.inject({ url, headers: { ...(who ? w.as(who).headers : {}), ...headers } });

async function report(mediaIds: string[], district: 0 | 1 = 0, who = 'operator') {
  return w.app.inject({
    method: 'POST',
    url: '/api/v1/reports',
    headers: w.as(who).headers,
    payload: {
      ...(who === 'operator' ? { source: 'hotline12319' } : {}),
      categoryId: w.rules.categories.rubbish,
      description: '暴露垃圾',
      position: w.districts[district].point,
      mediaIds,
    },
  });
}

async function caseWith(mediaIds: string[], district: 0 | 1 = 0, who = 'operator'): Promise<ReportReply> {
  const reply = await report(mediaIds, district, who);
  expect(reply.statusCode, reply.body).toBe(201);
  return reply.json();
}

const actor = (who: string): Actor => ({ ...w.person(who), cityId: w.cityId }) as unknown as Actor;

describe('POST /media', () => {
  it('is not for strangers, nor for whoever may not upload', async () => {
    expect((await w.app.inject({ method: 'POST', url: '/api/v1/media' })).statusCode).toBe(401);
    expect((await upload('admin', await photo(1))).status).toBe(403);
  });

  it('refuses what is no upload', async () => {
    const plain = await w.app.inject({
      method: 'POST',
      url: '/api/v1/media',
      headers: w.as('collector').headers,
      payload: { file: 'x' },
    });
    expect(plain.statusCode).toBe(415);
    const none = await w.app.inject({
      method: 'POST',
      url: '/api/v1/media',
      headers: { ...w.as('collector').headers, 'content-type': 'multipart/form-data; boundary=b' },
      payload: '--b--\r\n',
    });
    expect(none.json()).toMatchObject({ code: 'validation.failed', errors: [{ path: '/file' }] });
  });

  it.each([
    [
      'a page that calls itself a photo',
      Buffer.from('<html><script>alert(1)</script></html>'),
      415,
      'media.type',
    ],
    [
      'a drawing that can carry scripts',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      415,
      'media.type',
    ],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0', 'latin1'), 415, 'media.type'],
    ['nothing', Buffer.alloc(0), 422, 'media.empty'],
  ])('refuses %s', async (_, bytes, status, code) => {
    expect(await upload('collector', bytes)).toMatchObject({ status, body: { code } });
  });

  it('refuses a photo of which the end is missing', async () => {
    const whole = await photo(2);
    const cut = whole.subarray(0, whole.length / 2);
    expect(await upload('collector', cut)).toMatchObject({ status: 422, body: { code: 'media.broken' } });
  });

  it('refuses pictures above 25 MB, and anything above the limit of the installation', async () => {
    const start = await photo(3);
    const big = Buffer.concat([start, Buffer.alloc(26 * MB)]);
    expect(await upload('collector', big)).toMatchObject({ status: 413, body: { code: 'media.tooLarge' } });
    // A film whose last box goes to the end of the file: cut off at the limit it would still look whole
    const huge = film(31 * MB);
    expect(await upload('collector', huge)).toMatchObject({ status: 413, body: { code: 'media.tooLarge' } });
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from media`.execute(w.platform.db);
    expect(rows[0]?.n).toBe(0);
  });

  it('keeps position and time for us and serves neither', async () => {
    const bytes = await photo(4);
    const made = await uploaded('collector', bytes);
    expect(made).toMatchObject({
      mime: 'image/jpeg',
      bytes: bytes.length,
      width: 400,
      height: 300,
      // The camera has no zone: it shows the city's time
      takenAt: '2026-03-03T01:30:00.000Z',
      reused: false,
      reusedIn: [],
    });
    expect(made.position?.lon).toBeCloseTo(120.15, 4);
    expect(made.position?.lat).toBeCloseTo(30.25, 4);
    for (const url of [made.url, made.thumbnailUrl!]) {
      const served = (await get(url, 'collector')).rawPayload;
      expect(await exifr.parse(served, true).catch(() => undefined)).toBeUndefined();
      expect(served.includes('Zhang San')).toBe(false);
    }
    const { rows } = await sql<{ sha: string }>`
      select encode(sha256, 'hex') as sha from media where id = ${made.id}`.execute(w.platform.db);
    // The evidence is as it came
    const { stream } = await w.platform.blobs.open(rows[0]!.sha);
    expect(Buffer.concat(await stream.toArray()).equals(bytes)).toBe(true);
  });

  it('answers the same bytes of the same post the same, for a day', async () => {
    const bytes = await photo(5);
    const first = await uploaded('collector', bytes);
    const again = await upload('collector', bytes);
    expect(again).toMatchObject({ status: 200, body: { id: first.id } });
    const other = await upload('operator', bytes);
    expect(other.status).toBe(201);
    expect(other.body.id).not.toBe(first.id);
    w.platform.clock.advance(25 * 3600_000);
    expect((await upload('collector', bytes)).status).toBe(201);
  });
});

describe('the same photo', () => {
  it('is flagged once a case holds it, bytes or look, and names cases to those who may see them', async () => {
    const first = await uploaded('operator', await photo(10));
    const { case: made } = await caseWith([first.id]);
    const same = await uploaded('collector2', await photo(10, { width: 1000, height: 750, exif: false }));
    // The other district's collector learns that, not where
    expect(same).toMatchObject({ reused: true, reusedIn: [] });
    const seen = await uploaded('shiftLeader', await photo(10, { width: 500, height: 375 }));
    expect(seen).toMatchObject({ reused: true, reusedIn: [made.caseNo] });
    expect(await uploaded('shiftLeader', await photo(11))).toMatchObject({ reused: false });
  });

  it('is no reuse within its own case', async () => {
    const one = await uploaded('operator', await photo(12));
    const { case: made } = await caseWith([one.id]);
    const detail = (await get(`/api/v1/cases/${made.id}`, 'shiftLeader')).json<CaseDetail>();
    expect(CaseMedia.array().parse(detail.media)).toMatchObject([
      { id: one.id, purpose: 'before', reused: false, reusedIn: [] },
    ]);
    const two = await uploaded('shiftLeader', await photo(12, { width: 640, height: 480 }));
    const { case: other } = await caseWith([two.id], 0, 'shiftLeader');
    const after = (await get(`/api/v1/cases/${made.id}`, 'shiftLeader')).json<CaseDetail>();
    expect(after.media[0]).toMatchObject({ reused: true, reusedIn: [other.caseNo] });
  });
});

describe('who sees a file', () => {
  it('its uploader before use, afterwards whoever sees one of its cases', async () => {
    const one = await uploaded('collector1', await photo(20));
    const may = async (who: string) => (await get(one.url, who)).statusCode;
    expect(await may('collector1')).toBe(200);
    for (const who of ['collector2', 'operator', 'shiftLeader', 'admin'])
      expect(await may(who), who).toBe(404);
    await caseWith([one.id], 0, 'collector1');
    for (const who of ['collector1', 'operator', 'shiftLeader']) expect(await may(who), who).toBe(200);
    // The other district, departments without an assignment
    for (const who of ['collector2', 'districtLeader', 'department1', 'crew1'])
      expect(await may(who), who).toBe(404);
    expect((await get(one.url)).statusCode).toBe(401);
    expect((await get(`${one.url}/thumbnail`, 'collector2')).statusCode).toBe(404);
    expect((await get('/api/v1/media/not-an-id', 'operator')).statusCode).toBe(400);
  });

  it('nobody of another city', async () => {
    const neighbour = await testCity(w.platform, '-far');
    const one = await uploaded('operator', await photo(21));
    await caseWith([one.id]);
    const reply = await w.app.inject({
      url: one.url,
      headers: { authorization: `Bearer ${neighbour.people.get('leader-far')!.token}` },
    });
    expect(reply.statusCode).toBe(404);
  });
});

describe('how a file is served', () => {
  it('as what it is, to be run nowhere, and privately', async () => {
    const one = await uploaded('operator', await photo(30));
    const reply = await get(one.url, 'operator');
    expect(reply.headers).toMatchObject({
      'content-type': 'image/jpeg',
      'x-content-type-options': 'nosniff',
      'content-disposition': `inline; filename="${one.id}.jpg"`,
      'content-security-policy': "default-src 'none'; sandbox",
      'accept-ranges': 'bytes',
    });
    expect(reply.headers['cache-control']).toContain('private');
    const again = await get(one.url, 'operator', { 'if-none-match': String(reply.headers['etag']) });
    expect(again.statusCode).toBe(304);
    const small = await get(one.thumbnailUrl!, 'operator');
    expect(small.headers['content-type']).toBe('image/webp');
    expect((await sharp(small.rawPayload).metadata()).width).toBe(320);
  });

  it('a document is saved, not shown', async () => {
    const pdf = Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n');
    const made = await uploaded('operator', pdf);
    expect(made).toMatchObject({ mime: 'application/pdf', width: null, thumbnailUrl: null });
    expect((await get(made.url, 'operator')).headers['content-disposition']).toMatch(/^attachment/);
    expect((await get(`${made.url}/thumbnail`, 'operator')).statusCode).toBe(404);
  });

  it('a film is served as a film', async () => {
    const made = await uploaded('operator', film(1000));
    expect(made).toMatchObject({ mime: 'video/mp4', thumbnailUrl: null });
    expect((await get(made.url, 'operator')).headers['content-type']).toBe('video/mp4');
  });

  it('in parts, for players', async () => {
    const one = await uploaded('operator', await photo(31));
    const whole = await get(one.url, 'operator');
    const part = await get(one.url, 'operator', { range: 'bytes=10-19' });
    expect(part.statusCode).toBe(206);
    expect(part.headers['content-range']).toBe(`bytes 10-19/${whole.rawPayload.length}`);
    expect(part.rawPayload.equals(whole.rawPayload.subarray(10, 20))).toBe(true);
    const tail = await get(one.url, 'operator', { range: 'bytes=-5' });
    expect(tail.rawPayload.equals(whole.rawPayload.subarray(-5))).toBe(true);
    const beyond = await get(one.url, 'operator', { range: 'bytes=99999999-' });
    expect([beyond.statusCode, beyond.headers['content-range']]).toEqual([
      416,
      `bytes */${whole.rawPayload.length}`,
    ]);
    const stale = await get(one.url, 'operator', { range: 'bytes=0-1', 'if-range': '"other"' });
    expect(stale.statusCode).toBe(200);
  });
});

describe('usableMedia', () => {
  it("takes one's own, used or not, and refuses the rest by name", async () => {
    const used = await uploaded('operator', await photo(40));
    const unused = await uploaded('operator', await photo(41));
    const others = await uploaded('collector2', await photo(42));
    await caseWith([used.id]);
    await media.usableMedia(w.platform.db, actor('operator'), [used.id, unused.id]);
    const nothing = '00000000-0000-7000-8000-000000000000';
    await expect(
      media.usableMedia(w.platform.db, actor('operator'), [unused.id, others.id, nothing]),
    ).rejects.toMatchObject({
      code: 'validation.failed',
      errors: [
        { path: '/mediaIds/1', code: 'unknown' },
        { path: '/mediaIds/2', code: 'unknown' },
      ],
    });
    expect((await report([nothing])).statusCode).toBe(400);
  });
});

describe('sweepUnusedMedia', () => {
  it('passes over a file that a case is just taking', async () => {
    const one = await uploaded('operator', await photo(53));
    const taking = await w.platform.pool.connect();
    try {
      await taking.query('begin');
      // What the foreign key of case_media does
      await taking.query('select 1 from media where id = $1 for key share', [one.id]);
      await w.platform.db.transaction().execute((trx) => deleteUnused(trx, w.platform.clock.now() + 1, 1000));
      expect((await get(one.url, 'operator')).statusCode).toBe(200);
    } finally {
      await taking.query('rollback');
      taking.release();
    }
  });

  it('erases what no case took within a week, and no file that another row needs', async () => {
    const bytes = await photo(50);
    const alone = await uploaded('operator', await photo(51));
    const shared = await uploaded('collector1', bytes);
    const kept = await uploaded('collector2', bytes);
    const inCase = await uploaded('operator', await photo(52));
    await caseWith([inCase.id]);
    const hashes = async (id: string) => {
      const { rows } = await sql<{ h: string }>`
        select encode(unnest(array[sha256, served_sha256, thumbnail_sha256]), 'hex') as h
          from media where id = ${id}`.execute(w.platform.db);
      return rows.map((row) => row.h);
    };
    const aloneHashes = await hashes(alone.id);
    const sharedHashes = await hashes(shared.id);
    await sql`update media set created_at = ${new Date(w.platform.clock.now() + 3600_000)} where id = ${kept.id}`.execute(
      w.platform.db,
    );
    w.platform.clock.advance(7 * 24 * 3600_000 + 60_000);
    const swept = await sweepUnusedMedia(w.platform);
    expect(swept).toBeGreaterThanOrEqual(2);
    expect(await sweepUnusedMedia(w.platform)).toBe(0);
    const { rows } = await sql<{ id: string }>`
      select id from media where id = any(${[alone.id, shared.id, kept.id, inCase.id]}::uuid[])`.execute(
      w.platform.db,
    );
    expect(rows.map((row) => row.id).toSorted()).toEqual([kept.id, inCase.id].toSorted());
    for (const hash of aloneHashes) expect(await w.platform.blobs.has(hash)).toBe(false);
    for (const hash of sharedHashes) expect(await w.platform.blobs.has(hash)).toBe(true);
    for (const hash of await hashes(inCase.id)) expect(await w.platform.blobs.has(hash)).toBe(true);
  });
});
