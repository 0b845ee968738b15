import { createHash } from 'node:crypto';
import exifr from 'exifr';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { drawPhoto, SUBJECTS } from './draw.ts';

/** As the server looks at pictures: brighter or darker than the neighbour, 8 × 8 times. */
async function look(bytes: Uint8Array): Promise<boolean[]> {
  const grey = await sharp(bytes).resize(9, 8, { fit: 'fill' }).greyscale().raw().toBuffer();
  return Array.from({ length: 64 }, (_, i) => {
    const at = Math.floor(i / 8) * 9 + (i % 8);
    return (grey[at] as number) > (grey[at + 1] as number);
  });
}
const distance = (a: boolean[], b: boolean[]): number => a.filter((bit, i) => bit !== b[i]).length;

test('every subject is a whole picture, before and after, and the two differ', async () => {
  for (const subject of SUBJECTS) {
    const before = drawPhoto({ seed: 'a', subject, state: 'before' });
    const after = drawPhoto({ seed: 'a', subject, state: 'after' });
    const { info } = await sharp(before.bytes).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 400, height: 300, channels: 3 });
    expect(Buffer.compare(before.bytes, after.bytes), subject).not.toBe(0);
    expect(before.bytes.length).toBeLessThan(150_000);
  }
});

test('the same seed draws the same picture', () => {
  const hash = () =>
    createHash('sha256')
      .update(drawPhoto({ seed: 'b', subject: 'lamp', state: 'before', hour: 21 }).bytes)
      .digest('hex');
  expect(hash()).toBe(hash());
});

test('no street is taken for another one', async () => {
  const looks = await Promise.all(
    Array.from({ length: 120 }, (_, i) =>
      look(drawPhoto({ seed: `street ${i}`, subject: SUBJECTS[i % 3]!, state: 'before' }).bytes),
    ),
  );
  let nearest = 64;
  looks.forEach((a, i) => looks.slice(i + 1).forEach((b) => (nearest = Math.min(nearest, distance(a, b)))));
  expect(nearest).toBeGreaterThan(6);
});

test('it says when and where it was taken', async () => {
  const shot = { takenAt: '2026-03-02T09:15:30+08:00', lon: 116.401_23, lat: -39.912_34 };
  const { bytes } = drawPhoto({ seed: 'c', subject: 'hole', state: 'before', shot });
  const { exif } = await sharp(bytes).metadata();
  const tags = (await exifr.parse(
    (exif as Buffer).subarray(exif!.toString('latin1', 0, 4) === 'Exif' ? 6 : 0),
    {
      reviveValues: false,
      gps: true,
    },
  )) as Record<string, unknown>;
  expect(tags['DateTimeOriginal']).toBe('2026:03:02 09:15:30');
  expect(tags['OffsetTimeOriginal']).toBe('+08:00');
  expect(tags['longitude']).toBeCloseTo(116.401_23, 6);
  expect(tags['latitude']).toBeCloseTo(-39.912_34, 6);
});
