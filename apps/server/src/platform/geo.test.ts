import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromWgs84, metresBetween, parseBbox, toWgs84 } from './geo.ts';

// A margin of a degree from the edge of the published box, beyond which nothing is shifted
const inChina = fc.record({
  lon: fc.double({ min: 73.5, max: 136.5, noNaN: true }),
  lat: fc.double({ min: 2, max: 54.5, noNaN: true }),
});
const outside = fc.oneof(
  fc.record({
    lon: fc.double({ min: -180, max: 71.9, noNaN: true }),
    lat: fc.double({ min: -90, max: 90, noNaN: true }),
  }),
  fc.record({
    lon: fc.double({ min: -180, max: 180, noNaN: true }),
    lat: fc.double({ min: 55.9, max: 90, noNaN: true }),
  }),
);
const crs = fc.constantFrom('gcj02' as const, 'bd09' as const);

describe('coordinate systems', () => {
  it('comes back within a centimetre inside China', () => {
    fc.assert(
      fc.property(inChina, crs, (point, system) => {
        const back = toWgs84({ ...fromWgs84(point, system), crs: system });
        expect(metresBetween(point, back)).toBeLessThan(0.01);
      }),
    );
  });

  it('shifts cities by hundreds of metres, and nothing by more than 2.5 km', () => {
    fc.assert(
      fc.property(inChina, crs, (point, system) => {
        expect(metresBetween(point, fromWgs84(point, system))).toBeLessThan(2500);
      }),
    );
    for (const city of [
      { lon: 116.39, lat: 39.91 },
      { lon: 120.15, lat: 30.28 },
      { lon: 87.6, lat: 43.8 },
    ]) {
      expect(metresBetween(city, fromWgs84(city, 'gcj02'))).toBeGreaterThan(100);
    }
  });

  it('leaves everything else as it is', () => {
    fc.assert(
      fc.property(outside, crs, (point, system) => {
        expect(toWgs84({ ...point, crs: system })).toEqual(point);
        expect(fromWgs84(point, system)).toEqual(point);
      }),
    );
    expect(toWgs84({ lon: 116.4, lat: 39.9 })).toEqual({ lon: 116.4, lat: 39.9 });
  });

  // Known pair of the published formulas: Tian'anmen
  it('agrees with a published pair', () => {
    const gcj = fromWgs84({ lon: 116.391349, lat: 39.907375 }, 'gcj02');
    expect(gcj.lon).toBeCloseTo(116.397593, 4);
    expect(gcj.lat).toBeCloseTo(39.908776, 4);
    const bd = fromWgs84({ lon: 116.391349, lat: 39.907375 }, 'bd09');
    expect(bd.lon).toBeCloseTo(116.403963, 4);
    expect(bd.lat).toBeCloseTo(39.915119, 4);
  });
});

describe('metresBetween', () => {
  it('knows a degree of the equator', () => {
    expect(metresBetween({ lon: 0, lat: 0 }, { lon: 1, lat: 0 })).toBeCloseTo(111195, 0);
    expect(metresBetween({ lon: 5, lat: 5 }, { lon: 5, lat: 5 })).toBe(0);
  });
});

describe('parseBbox', () => {
  it('takes a box of the earth only', () => {
    expect(parseBbox('116,39.5,117,40')).toEqual([116, 39.5, 117, 40]);
    for (const bad of ['', '1,2,3', '1,2,3,4,5', 'a,b,c,d', '10,0,5,1', '0,10,1,5', '0,0,181,1', '1,,2,3']) {
      expect(parseBbox(bad), bad).toBeNull();
    }
  });
});
