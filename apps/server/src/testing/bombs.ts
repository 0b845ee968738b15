import { crc32, deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';

/** Files that are small to send and large to open, that never end, or that are two things at once. */
export interface Bomb {
  readonly what: string;
  readonly bytes: Buffer;
  /** How it is refused, `media.` for any of its codes; null: it is taken, and what is served of it must be what it says. */
  readonly code: string | null;
}

const chunk = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length);
  head.write(type, 4, 'latin1');
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), body])));
  return Buffer.concat([head, body, sum]);
};

/** A PNG of one colour, said to be so large, with chunks of one's own before its data. */
function png(width: number, height: number, extra: readonly Buffer[] = [], rows = height): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([1, 0, 0, 0, 0], 8); // one bit a pixel
  const data = deflateSync(Buffer.alloc(rows * (Math.ceil(width / 8) + 1)), { level: 9 });
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    ...extra,
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const box = (type: string, body: Buffer, size = body.length + 8): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size >>> 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
};
const ftyp = box('ftyp', Buffer.from('isom\0\0\x02\0isomiso2mp41', 'latin1'));

/** An EXIF block by its bytes: little-endian TIFF whose first directory is these entries, and then `next`. */
function exif(
  entries: readonly (readonly [tag: number, type: number, count: number, value: number])[],
  next: number,
): Buffer {
  const tiff = Buffer.alloc(8 + 2 + entries.length * 12 + 4);
  tiff.write('II*\0', 0, 'latin1');
  tiff.writeUInt32LE(8, 4);
  tiff.writeUInt16LE(entries.length, 8);
  for (const [index, [tag, type, count, value]] of entries.entries()) {
    const at = 10 + index * 12;
    tiff.writeUInt16LE(tag, at);
    tiff.writeUInt16LE(type, at + 2);
    tiff.writeUInt32LE(count, at + 4);
    tiff.writeUInt32LE(value, at + 8);
  }
  tiff.writeUInt32LE(next, tiff.length - 4);
  return tiff;
}

/** Blocks as HEIF has them, whose first directories are the same one, as large as one may be. */
function heapOfBlocks(count: number): Buffer {
  const bytes = Buffer.alloc(count * 12 + 2 + 900 * 12);
  bytes.writeUInt16LE(900, count * 12);
  for (let at = 0; at < count * 12; at += 12) {
    bytes.write('\0\0\0\0II*\0', at, 'latin1');
    bytes.writeUInt32LE(count * 12 - at - 4, at + 8);
  }
  return bytes;
}

function withExif(jpeg: Buffer, tiff: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const head = Buffer.from([0xff, 0xe1, (body.length + 2) >> 8, (body.length + 2) & 0xff]);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

const PAGE = '<!doctype html><script>document.title="run"</script>';

export async function bombs(): Promise<Bomb[]> {
  const small = sharp({ create: { width: 40, height: 30, channels: 3, background: '#a63' } });
  const jpeg = await small.clone().jpeg().toBuffer();
  const webp = await small.clone().webp({ lossless: true }).toBuffer();
  const avif = await small.clone().avif().toBuffer();
  const taller = Buffer.from(jpeg);
  const frame = taller.indexOf(Buffer.from([0xff, 0xc0]));
  taller.writeUInt16BE(65_500, frame + 5);
  taller.writeUInt16BE(65_500, frame + 7);
  const wide = Buffer.from(webp);
  wide.writeUInt32LE(0x0fffffff, wide.indexOf('VP8L') + 9); // 16384 × 16384, the format's largest
  const spread = Buffer.from(avif);
  const size = spread.indexOf('ispe');
  spread.writeUInt32BE(60_000, size + 8);
  spread.writeUInt32BE(60_000, size + 12);
  const zeros = deflateSync(Buffer.alloc(200_000_000), { level: 9 });
  const named = (name: string): Buffer => Buffer.from(`${name}\0\0`, 'latin1');
  let nested = box('free', Buffer.alloc(0));
  for (let depth = 0; depth < 9000; depth += 1) nested = box('moov', nested);
  const huge = Buffer.alloc(16);
  huge.writeUInt32BE(1);
  huge.write('moov', 4, 'latin1');
  huge.writeBigUInt64BE(2n ** 63n - 1n, 8);
  const many = Buffer.concat(Array.from({ length: 30_000 }, () => box('udta', Buffer.alloc(0))));
  const pdf = Buffer.from(
    `%PDF-1.7\n${PAGE}\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n`,
  );
  return [
    { what: 'PNG, 2^31 × 2^31', bytes: png(0x7fffffff, 0x7fffffff, [], 1), code: 'media.broken' },
    { what: 'PNG, 40,000 × 40,000, whole', bytes: png(40_000, 40_000), code: 'media.tooManyPixels' },
    { what: 'PNG, 1 × 100,000,001', bytes: png(1, 100_000_001, [], 1), code: 'media.' },
    {
      what: 'PNG with a text of 200 MB',
      bytes: png(40, 30, [chunk('zTXt', Buffer.concat([named('Comment'), zeros]))]),
      code: null,
    },
    {
      what: 'PNG with a profile of 200 MB',
      bytes: png(40, 30, [chunk('iCCP', Buffer.concat([named('icc'), zeros]))]),
      code: null,
    },
    {
      what: 'PNG with 20,000 texts',
      bytes: png(
        40,
        30,
        Array.from({ length: 20_000 }, () => chunk('tEXt', named('a'))),
      ),
      code: null,
    },
    { what: 'JPEG, 65,500 × 65,500', bytes: taller, code: 'media.tooManyPixels' },
    { what: 'WebP, 16,384 × 16,384', bytes: wide, code: 'media.' },
    { what: 'AVIF, 60,000 × 60,000', bytes: spread, code: 'media.tooManyPixels' },
    {
      what: 'JPEG whose EXIF leads back to itself',
      bytes: withExif(
        jpeg,
        exif(
          [
            [0x8769, 4, 1, 8],
            [0x8825, 4, 1, 8],
          ],
          8,
        ),
      ),
      code: 'media.broken',
    },
    {
      what: 'JPEG whose EXIF holds 2^32 values',
      bytes: withExif(
        jpeg,
        exif(
          [
            [0x8825, 4, 0xffffffff, 0],
            [0x9003, 2, 0xffffffff, 9],
          ],
          0,
        ),
      ),
      code: null,
    },
    {
      what: 'JPEG with 5,000 EXIF entries',
      bytes: withExif(
        jpeg,
        exif(
          Array.from({ length: 5000 }, () => [0x8769, 4, 1, 8] as const),
          0,
        ),
      ),
      code: 'media.broken',
    },
    {
      what: 'JPEG of 100,000 blocks that lead to one directory',
      bytes: Buffer.concat([jpeg, heapOfBlocks(100_000)]),
      code: 'media.broken',
    },
    { what: 'film whose box is 2^63 bytes', bytes: Buffer.concat([ftyp, huge]), code: 'media.broken' },
    {
      what: 'film whose box ends before it begins',
      bytes: Buffer.concat([ftyp, box('moov', Buffer.alloc(0), 3)]),
      code: 'media.broken',
    },
    { what: 'film of boxes within boxes', bytes: Buffer.concat([ftyp, nested]), code: 'media.broken' },
    { what: 'film of 30,000 boxes', bytes: Buffer.concat([ftyp, box('moov', many)]), code: 'media.broken' },
    {
      what: 'GIF of 20,000 frames',
      bytes: Buffer.concat([
        Buffer.from('GIF89a\x01\0\x01\0\0\0\0', 'latin1'),
        ...Array.from({ length: 20_000 }, () =>
          Buffer.from(',\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0', 'latin1'),
        ),
        Buffer.from(';'),
      ]),
      code: 'media.type',
    },
    {
      what: 'drawing of entities of entities',
      bytes: Buffer.from(
        `<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>`,
      ),
      code: 'media.type',
    },
    { what: 'packed zeros', bytes: gzipSync(Buffer.alloc(100_000_000)), code: 'media.type' },
    { what: 'archive', bytes: Buffer.from(`504b0304${'00'.repeat(60)}`, 'hex'), code: 'media.type' },
    { what: 'page', bytes: Buffer.from(PAGE), code: 'media.type' },
    {
      what: 'JPEG with a page in its comment',
      bytes: Buffer.concat([
        jpeg.subarray(0, 2),
        Buffer.from([0xff, 0xfe, 0, PAGE.length + 2]),
        Buffer.from(PAGE),
        jpeg.subarray(2),
      ]),
      code: null,
    },
    {
      what: 'PNG with a page behind its end',
      bytes: Buffer.concat([png(40, 30), Buffer.from(PAGE)]),
      code: null,
    },
    { what: 'PDF that is a page too', bytes: pdf, code: null },
    {
      what: 'recording that is a script too',
      bytes: Buffer.concat([
        Buffer.from('ID3\x03\0\0\0\0\0\0', 'latin1'),
        Buffer.from(`*/=1;alert(1)//${PAGE}`),
      ]),
      code: null,
    },
  ];
}
