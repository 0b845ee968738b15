import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { bombs } from '#testing/bombs';
import { hasExifBomb } from './exif-size.ts';

const camera = {
  IFD0: { Make: 'A camera', Model: 'of some kind' },
  IFD2: { DateTimeOriginal: '2024:05:01 10:20:30', OffsetTimeOriginal: '+08:00' },
  IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '30/1 15/1 3000/100' },
};

describe('hasExifBomb', () => {
  it.each(['jpeg', 'png', 'webp', 'avif'] as const)('takes what a camera writes: %s', async (format) => {
    const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: '#a63' } });
    const bytes = await picture.withExif(camera).toFormat(format).toBuffer();
    expect(bytes.includes('A camera')).toBe(true);
    expect(hasExifBomb(bytes)).toBe(false);
  });

  it('finds circles and heaps, in whatever format they stand', async () => {
    const found = (await bombs()).filter(({ what }) => /EXIF (leads|entries)|5,000/.test(what));
    expect(found).toHaveLength(2);
    for (const { bytes, what } of found) {
      expect(hasExifBomb(bytes), what).toBe(true);
      const tiff = bytes.subarray(bytes.indexOf('II*\0'));
      for (const before of ['eXIf', 'EXIF\x10\0\0\0', 'EXIF\x10\0\0\0Exif\0\0', 'Exif12', '\0\0\0\0']) {
        expect(hasExifBomb(Buffer.concat([Buffer.from(`pixels${before}`, 'latin1'), tiff])), before).toBe(
          true,
        );
      }
    }
  });

  it('does not read a heap of blocks one by one, which would take a minute for a file that may be sent', () => {
    const bytes = Buffer.alloc(4 * 2 ** 20);
    const directory = bytes.length - 11_500;
    bytes.writeUInt16LE(900, directory);
    for (let at = 0; at + 12 < directory; at += 12) {
      bytes.write('\0\0\0\0II*\0', at, 'latin1');
      bytes.writeUInt32LE(directory - at - 4, at + 8);
    }
    const began = performance.now();
    expect(hasExifBomb(bytes)).toBe(true);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('reads any bytes to their end', () => {
    const word = fc.constantFrom(Buffer.from('Exif\0\0II*\0', 'latin1'), Buffer.from('eXIfMM\0*', 'latin1'));
    fc.assert(
      fc.property(word, fc.uint8Array({ maxLength: 300 }), (head, rest) => {
        expect(typeof hasExifBomb(Buffer.concat([head, rest]))).toBe('boolean');
      }),
    );
  });
});
