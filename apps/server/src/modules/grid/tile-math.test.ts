import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTile, metresPerPixel, tileBox } from './tile-math.ts';

describe('tiles', () => {
  it('knows which there are', () => {
    expect(isTile({ z: 0, x: 0, y: 0 })).toBe(true);
    expect(isTile({ z: 2, x: 3, y: 3 })).toBe(true);
    for (const [z, x, y] of [
      [2, 4, 0],
      [2, 0, 4],
      [-1, 0, 0],
      [23, 0, 0],
      [2, -1, 0],
    ] as const) {
      expect(isTile({ z, x, y }), `${z}/${x}/${y}`).toBe(false);
    }
  });

  it('covers the earth once', () => {
    expect(tileBox({ z: 0, x: 0, y: 0 }, 0).map((n) => Math.round(n * 1000) / 1000)).toEqual([
      -180, -85.051, 180, 85.051,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 22 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (z, part) => {
          const x = Math.floor(part * 2 ** z);
          const y = Math.floor((1 - part) * (2 ** z - 1));
          const [west, south, east, north] = tileBox({ z, x, y }, 0);
          expect(west).toBeLessThan(east);
          expect(south).toBeLessThan(north);
          if (x + 1 < 2 ** z) expect(tileBox({ z, x: x + 1, y }, 0)[0]).toBeCloseTo(east, 9);
          if (y + 1 < 2 ** z) expect(tileBox({ z, x, y: y + 1 }, 0)[3]).toBeCloseTo(south, 9);
          const wide = tileBox({ z, x, y }, 0.1);
          expect(wide[0] <= west && wide[1] <= south && wide[2] >= east && wide[3] >= north).toBe(true);
          expect(wide.every(Number.isFinite)).toBe(true);
        },
      ),
    );
  });

  it('halves the pixel with each zoom', () => {
    expect(metresPerPixel(0)).toBeCloseTo(156_543.03, 1);
    expect(metresPerPixel(1) * 2).toBeCloseTo(metresPerPixel(0), 6);
  });
});
