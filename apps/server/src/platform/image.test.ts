import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import exifr from 'exifr';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from './errors.ts';
import {
  hashDistance,
  inspect,
  makeServed,
  MAX_PIXELS,
  perceptualHash,
  thumbnail,
  type Rendition,
} from './image.ts';

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wm-image-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(bytes: Uint8Array): Promise<string> {
  const path = join(folder, String(count++));
  await writeFile(path, bytes);
  return path;
}

async function bytesOf(rendition: Rendition | null): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of rendition!.bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A street scene of sorts: left half dark with a light disc, right half light. */
function scene(width = 800, height = 600, disc = 200): ReturnType<typeof sharp> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 600" width="${width}" height="${height}">
    <defs><linearGradient id="g" x2="1" y2="0.4"><stop stop-color="#123"/><stop offset="1" stop-color="#cde"/></linearGradient></defs>
    <rect width="800" height="600" fill="url(#g)"/><circle cx="${disc}" cy="180" r="120" fill="#fd8"/>
    <rect x="450" y="330" width="160" height="230" fill="#345"/></svg>`;
  return sharp(Buffer.from(svg)).flatten({ background: '#fff' });
}

const gps = {
  GPSLatitudeRef: 'N',
  GPSLatitude: '30/1 15/1 3000/100',
  GPSLongitudeRef: 'E',
  GPSLongitude: '120/1 9/1 1800/100',
};
const camera = {
  IFD0: { Make: 'Zhang San phone', Artist: 'Zhang San' },
  IFD2: { DateTimeOriginal: '2024:05:01 10:20:30', OffsetTimeOriginal: '+08:00' },
  IFD3: gps,
};
const photo = () => scene().withExif(camera).jpeg().toBuffer();

// ISO/IEC 14496-12 boxes, by hand
const box = (type: string, ...parts: Uint8Array[]) => {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
};
function film(brand = 'isom', where = '+30.2583+120.1550/'): Buffer {
  const mvhd = Buffer.alloc(100);
  mvhd.writeUInt32BE(2_082_844_800 + 1_714_530_030, 4);
  const tkhd = Buffer.alloc(84);
  tkhd.writeUInt16BE(1280, 76);
  tkhd.writeUInt16BE(720, 80);
  const xyz = box('\u00a9xyz', Buffer.from([0, where.length, 0x15, 0xc7]), Buffer.from(where));
  return Buffer.concat([
    box('ftyp', Buffer.from(`${brand}\0\0\x02\0isomiso2mp41`, 'latin1')),
    box(
      'moov',
      box('mvhd', mvhd),
      box('trak', box('tkhd', tkhd), box('udta', Buffer.from('Zhang San'))),
      box('udta', xyz),
    ),
    box('mdat', Buffer.from('picture data that must stay udta')),
  ]);
}

describe('inspect', () => {
  it.each(['jpeg', 'png', 'webp', 'avif'] as const)('reads size, time and place of a %s', async (format) => {
    const path = await file(await scene(400, 300).withExif(camera).toFormat(format).toBuffer());
    const facts = await inspect(path);
    expect(facts).toEqual({
      kind: 'image',
      mime: `image/${format}`,
      width: 400,
      height: 300,
      takenAt: Date.parse('2024-05-01T02:20:30Z'),
      position: { lon: expect.closeTo(120.155, 6), lat: expect.closeTo(30.258333, 6) },
    });
  });

  it('gives the sides as they are seen, after the orientation', async () => {
    const path = await file(
      await scene(400, 300)
        .withExif({ IFD0: { Orientation: '6' } })
        .withMetadata({ orientation: 6 })
        .jpeg()
        .toBuffer(),
    );
    expect(await inspect(path)).toMatchObject({ width: 300, height: 400 });
  });

  it.each([
    [
      'the city’s zone where the camera names none',
      { IFD2: { DateTimeOriginal: '2024:05:01 10:20:30' } },
      'Asia/Shanghai',
      '2024-05-01T02:20:30Z',
    ],
    [
      'no time where no zone is known',
      { IFD2: { DateTimeOriginal: '2024:05:01 10:20:30' } },
      undefined,
      undefined,
    ],
    [
      'no time of an unset clock',
      { IFD2: { DateTimeOriginal: '0000:00:00 00:00:00' } },
      'Asia/Shanghai',
      undefined,
    ],
    [
      'no time that does not exist',
      { IFD2: { DateTimeOriginal: '2024:13:41 10:20:30' } },
      'Asia/Shanghai',
      undefined,
    ],
    [
      'the satellites’ time',
      { IFD3: { GPSDateStamp: '2024:05:01', GPSTimeStamp: '2/1 20/1 3050/100' } },
      undefined,
      '2024-05-01T02:20:30Z',
    ],
  ])('takes %s', async (_, exif, timeZone, at) => {
    const path = await file(await scene(40, 30).withExif(exif).jpeg().toBuffer());
    const facts = await inspect(path, timeZone === undefined ? {} : { timeZone });
    expect(facts.takenAt).toBe(at === undefined ? undefined : Date.parse(at));
  });

  it('takes southern and western places, and no place without a fix', async () => {
    const at = async (place: Record<string, string>) =>
      (
        await inspect(
          await file(
            await scene(40, 30)
              .withExif({ IFD3: { ...gps, ...place } })
              .jpeg()
              .toBuffer(),
          ),
        )
      ).position;
    expect(await at({ GPSLatitudeRef: 'S', GPSLongitudeRef: 'W' })).toEqual({
      lon: expect.closeTo(-120.155, 6),
      lat: expect.closeTo(-30.258333, 6),
    });
    expect(await at({ GPSLatitude: '0/1 0/1 0/1', GPSLongitude: '0/1 0/1 0/1' })).toBeUndefined();
    expect(await at({ GPSLatitude: '95/1 0/1 0/1' })).toBeUndefined();
  });

  it('reads size, time and place of a film', async () => {
    expect(await inspect(await file(film()))).toEqual({
      kind: 'video',
      mime: 'video/mp4',
      width: 1280,
      height: 720,
      takenAt: Date.parse('2024-05-01T02:20:30Z'),
      position: { lon: 120.155, lat: 30.2583 },
    });
    expect(await inspect(await file(film('isom', '+00.0000+000.0000/')))).not.toHaveProperty('position');
  });

  it.each([
    ['audio/mp4', 'audio', film('M4A ')],
    ['video/quicktime', 'video', film('qt  ')],
    ['audio/wav', 'audio', Buffer.from('RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x44\xac\0\0', 'latin1')],
    [
      'audio/mpeg',
      'audio',
      Buffer.concat([
        Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1'),
        Buffer.from([0xff, 0xfb, 0x90, 0x44]),
        Buffer.alloc(413),
        Buffer.from([0xff, 0xfb, 0x90, 0x44]),
      ]),
    ],
    ['application/pdf', 'document', Buffer.from('%PDF-1.7\n%âãÏÓ\n')],
  ])('knows %s by its content', async (mime, kind, bytes) => {
    expect(await inspect(await file(bytes))).toMatchObject({ mime, kind });
  });

  it.each([
    ['a page', Buffer.from('<!doctype html><script>alert(1)</script>')],
    ['a drawing with scripts', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01', 'latin1')],
    ['an archive', Buffer.from('PK\x03\x04\x14\0\0\0\0\0', 'latin1')],
    ['a gif', Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1')],
    ['a word', Buffer.from('jpeg')],
  ])('refuses %s', async (_, bytes) => {
    await expect(inspect(await file(bytes))).rejects.toMatchObject({ code: 'media.type' });
  });

  it('refuses an empty file, and a HEIC that cannot be decoded here', async () => {
    await expect(inspect(await file(Buffer.alloc(0)))).rejects.toMatchObject({ code: 'media.empty' });
    const heic = box('ftyp', Buffer.from('heic\0\0\0\0mif1heic', 'latin1'));
    await expect(inspect(await file(heic))).rejects.toMatchObject({
      code: 'media.type',
      params: { mime: 'image/heic' },
    });
  });

  it('refuses a picture that is cut off or damaged, and a film whose boxes do not add up', async () => {
    const noise = {
      create: {
        width: 300,
        height: 200,
        channels: 3,
        background: '#777',
        noise: { type: 'gaussian', mean: 128, sigma: 50 },
      },
    } as const;
    for (const format of ['jpeg', 'png', 'webp'] as const) {
      const whole = await sharp(noise).toFormat(format).toBuffer();
      await expect(inspect(await file(whole.subarray(0, whole.length * 0.6)))).rejects.toMatchObject({
        code: 'media.broken',
      });
    }
    await expect(inspect(await file(film().subarray(0, -5)))).rejects.toMatchObject({ code: 'media.broken' });
    await expect(inspect(await file(film().subarray(0, 28)))).rejects.toMatchObject({ code: 'media.broken' });
  });

  it('refuses a bomb before it unpacks it', async () => {
    const side = Math.ceil(Math.sqrt(MAX_PIXELS)) + 100;
    const bomb = await sharp({
      create: { width: side, height: side, channels: 3, background: '#000' },
      limitInputPixels: false,
    })
      .png({ compressionLevel: 9, palette: true })
      .toBuffer();
    expect(bomb.length).toBeLessThan(1_000_000);
    const started = performance.now();
    await expect(inspect(await file(bomb))).rejects.toMatchObject({ code: 'media.tooManyPixels' });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('answers any damaged file with facts or a problem', async () => {
    const originals = [await photo(), film(), await scene(60, 40).webp().toBuffer()];
    const damage = fc.record({
      original: fc.constantFrom(...originals),
      edits: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
      cut: fc.option(fc.nat()),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ original, edits, cut }) => {
        const bytes = Buffer.from(cut === null ? original : original.subarray(0, cut % original.length));
        for (const [place, value] of edits)
          if (bytes.length) bytes[place % Math.min(bytes.length, 600)] = value;
        const path = await file(bytes);
        for (const work of [
          () => inspect(path),
          () => perceptualHash(path),
          async () => bytesOf((await makeServed(path)) ?? ({ bytes: [] } as never)),
        ]) {
          try {
            await work();
          } catch (error) {
            expect(error).toBeInstanceOf(Problem);
          }
        }
      }),
      { numRuns: 150 },
    );
  }, 400_000);
});

describe('what is served', () => {
  it.each([
    ['jpeg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
    ['avif', 'image/jpeg'],
  ] as const)('of a %s tells nothing of place, time, device or person', async (format, mime) => {
    const original = await scene(400, 300)
      .withExif(camera)
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">Zhang San</x:xmpmeta>')
      .toFormat(format)
      .toBuffer();
    expect(original.includes('Zhang San')).toBe(true);
    const served = await makeServed(await file(original));
    expect(served).toMatchObject({ mime, width: 400, height: 300 });
    const bytes = await bytesOf(served);
    expect(bytes.includes('Zhang San')).toBe(false);
    const { exif, xmp, icc, iptc } = await sharp(bytes).metadata();
    expect([exif, xmp, icc, iptc]).toEqual([undefined, undefined, undefined, undefined]);
    expect(await exifr.gps(bytes).catch(() => undefined)).toBeUndefined();
  });

  it('stands upright and is not larger than a screen needs', async () => {
    const dark = { create: { width: 2500, height: 1000, channels: 3, background: '#000' } } as const;
    const turned = await sharp(dark)
      .extend({ right: 2500, background: '#fff' })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const served = await makeServed(await file(turned));
    expect(served).toMatchObject({ height: 4096, width: 819 });
    // Turned clockwise, the dark left half is the upper one.
    const grey = await sharp(await bytesOf(served))
      .greyscale()
      .resize(1, 4, { fit: 'fill' })
      .raw()
      .toBuffer();
    expect(grey[0]).toBeLessThan(10);
    expect(grey[3]).toBeGreaterThan(245);
  });

  it('of a film is the same film without its metadata', async () => {
    const original = film();
    const served = await makeServed(await file(original));
    const bytes = await bytesOf(served);
    expect(served).toMatchObject({ mime: 'video/mp4', width: 1280, height: 720 });
    expect(bytes.length).toBe(original.length);
    const [from, to] = [original.indexOf('udta') + 4, original.indexOf('mdat') - 4];
    const text = bytes.toString('latin1', from, to).replace('free', '');
    expect(text.replaceAll('\0', '')).toHaveLength(1); // the length of the second box
    expect(bytes.includes('+30.2583')).toBe(false);
    expect(bytes.includes('Zhang San')).toBe(false);
    expect(bytes.subarray(bytes.indexOf('mdat'))).toEqual(original.subarray(original.indexOf('mdat')));
    expect(await inspect(await file(bytes))).not.toHaveProperty('position');
  });

  it('of a film larger than one read is blanked at every place', async () => {
    const padding = box('free', Buffer.alloc(65_520 - 28));
    const whole = film();
    const large = Buffer.concat([whole.subarray(0, 28), padding, whole.subarray(28)]);
    for (let cut = 0; cut < 40; cut += 7) {
      const shifted = Buffer.concat([
        large.subarray(0, 28),
        box('free', Buffer.alloc(cut)),
        large.subarray(28),
      ]);
      const bytes = await bytesOf(await makeServed(await file(shifted)));
      expect(bytes.length).toBe(shifted.length);
      expect(bytes.includes('Zhang San') || bytes.includes('120.155')).toBe(false);
    }
  });

  it('of a document is the document', async () => {
    expect(await makeServed(await file(Buffer.from('%PDF-1.7\n')))).toBeNull();
  });
});

describe('thumbnail', () => {
  it('fits into its square, upright and without metadata', async () => {
    const small = await thumbnail(
      await file(await scene(800, 600).withExif(camera).withMetadata({ orientation: 8 }).jpeg().toBuffer()),
      320,
    );
    expect(small).toMatchObject({ mime: 'image/webp', width: 240, height: 320 });
    const bytes = await bytesOf(small);
    expect(bytes.length).toBeLessThan(20_000);
    expect((await sharp(bytes).metadata()).exif).toBeUndefined();
  });

  it('does not blow up a small picture, and there is none of a film', async () => {
    expect(await thumbnail(await file(await scene(100, 50).png().toBuffer()))).toMatchObject({
      width: 100,
      height: 50,
    });
    expect(await thumbnail(await file(film()))).toBeNull();
  });
});

describe('perceptualHash', () => {
  const hash = async (picture: ReturnType<typeof sharp>) =>
    perceptualHash(await file(await picture.toBuffer()));

  it('is nearly the same for the same photo, smaller, recompressed, lighter or rewritten', async () => {
    const original = (await hash(scene(1600, 1200).jpeg({ quality: 95 })))!;
    const copies = [
      scene(640, 480).jpeg({ quality: 40 }),
      scene(1600, 1200).webp({ quality: 60 }),
      scene(1600, 1200).modulate({ brightness: 1.1 }).jpeg(),
      scene(1600, 1200).png(),
    ];
    for (const copy of copies) expect(hashDistance(original, (await hash(copy))!)).toBeLessThanOrEqual(6);
  });

  it('is another for another photo', async () => {
    const original = (await hash(scene(800, 600, 200).jpeg()))!;
    for (const other of [scene(800, 600, 560).jpeg(), scene().flop().jpeg(), scene().rotate(180).jpeg()]) {
      expect(hashDistance(original, (await hash(other))!)).toBeGreaterThan(10);
    }
  });

  it('fits into a signed bigint, and there is none without contrast or for a film', async () => {
    const value = (await hash(scene().flop().jpeg()))!;
    expect(BigInt.asIntN(64, value)).toBe(value);
    expect(
      await hash(sharp({ create: { width: 90, height: 80, channels: 3, background: '#000' } }).jpeg()),
    ).toBeNull();
    expect(await perceptualHash(await file(film()))).toBeNull();
  });

  it('counts differing bits, also of negative numbers', () => {
    expect([
      hashDistance(0n, 0n),
      hashDistance(-1n, 0n),
      hashDistance(-1n, -2n),
      hashDistance(5n, 6n),
    ]).toEqual([0, 64, 1, 2]);
  });
});
