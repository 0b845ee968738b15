import fc from 'fast-check';
import { expect, test } from 'vitest';
import { baseMap, createLocator, generateCity, type City, type Region, type UnitGrid } from './city.ts';
import type { Bbox, Coordinate } from './plane.ts';

// The options, not the city: a counterexample must be readable.
const options = fc.record({
  seed: fc.integer({ min: 0, max: 1_000_000 }),
  size: fc.constant('S' as const),
  origin: fc.record({
    lon: fc.double({ min: -170, max: 170, noNaN: true }),
    lat: fc.double({ min: -60, max: 60, noNaN: true }),
  }),
});
const few = { numRuns: 25 };

const area = ([w, s, e, n]: Bbox): number => (e - w) * (n - s);
const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
const overlap = (a: Bbox, b: Bbox): boolean => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
const within = (a: Bbox, b: Bbox): boolean => a[0] >= b[0] && a[1] >= b[1] && a[2] <= b[2] && a[3] <= b[3];

/** The parts lie in the whole, no two overlap, and together they are as large: so there is no gap either. */
function expectTiles(whole: Bbox, parts: Bbox[]): void {
  expect(parts.length).toBeGreaterThan(0);
  for (const part of parts) expect(within(part, whole)).toBe(true);
  parts.forEach((a, i) => {
    for (const b of parts.slice(i + 1)) expect(overlap(a, b)).toBe(false);
  });
  expect(Math.abs(sum(parts.map(area)) / area(whole) - 1)).toBeLessThan(1e-6);
}

/** Even-odd rule. */
function inRing(ring: Coordinate[], [x, y]: Coordinate): boolean {
  let inside = false;
  ring.slice(1).forEach(([x1, y1], i) => {
    const [x0, y0] = ring[i] as Coordinate;
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  });
  return inside;
}

const kind = (city: City, of: Region['kind']): Region[] => city.regions.filter((r) => r.kind === of);

test('regions tile their parent; unit and patrol grids tile their community', () => {
  fc.assert(
    fc.property(options, (choice) => {
      const city = generateCity(choice);
      for (const region of city.regions) {
        const children = city.regions.filter((r) => r.parentKey === region.key);
        if (region.kind !== 'community')
          expectTiles(
            region.bbox,
            children.map((r) => r.bbox),
          );
        else {
          const inside = (grid: { communityKey: string }): boolean => grid.communityKey === region.key;
          expectTiles(
            region.bbox,
            city.unitGrids.filter(inside).map((g) => g.bbox),
          );
          expectTiles(
            region.bbox,
            city.patrolGrids.filter(inside).map((g) => g.bbox),
          );
        }
      }
      for (const patrol of city.patrolGrids) {
        const mine = city.unitGrids.filter((g) => g.patrolGridKey === patrol.key);
        expect(mine).toHaveLength(patrol.unitGridCount);
        expectTiles(
          patrol.bbox,
          mine.map((g) => g.bbox),
        );
      }
    }),
    few,
  );
});

test('geometries are closed rings round their box, and the size is that of a unit grid', () => {
  fc.assert(
    fc.property(options, (choice) => {
      const city = generateCity(choice);
      for (const place of [...city.regions, ...city.unitGrids, ...city.patrolGrids, ...city.disposalGrids]) {
        const ring = place.geometry.coordinates[0] as Coordinate[];
        expect(ring[0]).toEqual(ring.at(-1));
        const [lons, lats] = [ring.map((c) => c[0]), ring.map((c) => c[1])];
        expect([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]).toEqual(
          place.bbox,
        );
      }
      const sizes = city.unitGrids.map((g) => g.areaSqm);
      expect(sum(sizes) / sizes.length).toBeGreaterThan(8_000);
      expect(sum(sizes) / sizes.length).toBeLessThan(12_500);
      for (const size of sizes) {
        expect(size).toBeGreaterThan(2_500);
        expect(size).toBeLessThan(25_000);
      }
    }),
    few,
  );
});

test('codes are well formed, unique, and begin with their parent', () => {
  fc.assert(
    fc.property(options, (choice) => {
      const city = generateCity(choice);
      const parentOf = new Map(city.regions.map((r) => [r.key, r.parentKey]));
      const format: Record<Region['kind'], RegExp> = {
        city: /^990100$/,
        district: /^9901(?!00)\d{2}$/,
        street: /^9901\d{5}$/,
        community: /^9901\d{8}$/,
      };
      for (const region of city.regions) {
        expect(region.code).toMatch(format[region.kind]);
        if (region.kind === 'street' || region.kind === 'community')
          expect(region.code.startsWith(region.parentKey as string)).toBe(true);
      }
      for (const grid of city.unitGrids) {
        expect(grid.code).toMatch(/^\d{15}$/);
        expect(grid.code.startsWith(grid.communityKey)).toBe(true);
        expect(parentOf.get(grid.communityKey)).toBe(grid.streetKey);
        expect(parentOf.get(grid.streetKey)).toBe(grid.districtKey);
      }
      const unit = new Map(city.unitGrids.map((g) => [g.key, g]));
      for (const asset of city.assets) {
        expect(asset.code).toMatch(/^\d{16}$/);
        const grid = unit.get(asset.unitGridKey) as UnitGrid;
        expect(asset.code.startsWith(grid.districtKey + asset.category)).toBe(true);
      }
      for (const list of [city.regions, city.unitGrids, city.patrolGrids, city.disposalGrids, city.assets]) {
        expect(new Set(list.map((x) => x.code)).size).toBe(list.length);
        expect(new Set(list.map((x) => x.key)).size).toBe(list.length);
      }
      const disposal = new Set(city.disposalGrids.map((g) => g.key));
      for (const grid of city.unitGrids) expect(disposal.has(grid.disposalGridKey)).toBe(true);
    }),
    few,
  );
});

test('serials run west to east, north to south inside a community', () => {
  fc.assert(
    fc.property(options, (choice) => {
      const city = generateCity(choice);
      for (const grids of Map.groupBy(city.unitGrids, (g) => g.communityKey).values()) {
        expect(grids[0]?.code).toBe(`${grids[0]?.communityKey}001`);
        grids.slice(1).forEach((grid, i) => {
          const before = grids[i] as UnitGrid;
          expect(Number(grid.code) - Number(before.code)).toBe(1);
          const sameRow = grid.bbox[3] === before.bbox[3];
          expect(sameRow ? grid.bbox[0] === before.bbox[2] : grid.bbox[3] === before.bbox[1]).toBe(true);
        });
      }
    }),
    few,
  );
});

test('every point of the city lies in exactly one unit grid, and no point outside in any', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      options,
      fc.array(fc.tuple(share, share), { minLength: 20, maxLength: 20 }),
      fc.nat(),
      (choice, shares, nth) => {
        const city = generateCity(choice);
        const [w, s, e, n] = (city.regions[0] as Region).bbox;
        const locator = createLocator(city);
        // a corner where cells meet, and the corners of the city, are the hard cases
        const corner = city.unitGrids[nth % city.unitGrids.length] as UnitGrid;
        const points: Coordinate[] = [
          ...shares.map(([x, y]): Coordinate => [Math.min(e, w + x * (e - w)), Math.min(n, s + y * (n - s))]),
          [corner.bbox[0], corner.bbox[1]],
          [corner.bbox[2], corner.bbox[3]],
          [w, s],
          [e, n],
          [w, n],
          [e, s],
        ];
        for (const [lon, lat] of points) {
          const holding = city.unitGrids.filter(
            ({ bbox: b }) =>
              lon >= b[0] &&
              (lon < b[2] || (b[2] === e && lon === e)) &&
              lat >= b[1] &&
              (lat < b[3] || (b[3] === n && lat === n)),
          );
          expect(holding).toHaveLength(1);
          expect(locator.unitGridAt(lon, lat)?.key).toBe(holding[0]?.key);
        }
        const beyond = 1e-6;
        expect(locator.unitGridAt(e + beyond, s)).toBeNull();
        expect(locator.unitGridAt(w, s - beyond)).toBeNull();
      },
    ),
    few,
  );
});

test('assets lie in the grid that they name, along a road, and not in the river', () => {
  fc.assert(
    fc.property(options, (choice) => {
      const city = generateCity(choice);
      const locator = createLocator(city);
      for (const asset of city.assets) {
        const [lon, lat] = asset.geometry.coordinates;
        expect(locator.unitGridAt(lon, lat)?.key).toBe(asset.unitGridKey);
        expect(inRing(city.river.geometry.coordinates[0] as Coordinate[], [lon, lat])).toBe(false);
      }
      for (const asset of city.assets.slice(0, 50)) {
        const near = locator.roadNear(...asset.geometry.coordinates);
        expect(near?.metres).toBeLessThan(2);
      }
    }),
    { numRuns: 10 },
  );
});

test('the base map stays inside the city; regions of a level have different names in both languages', () => {
  fc.assert(
    fc.property(options, (choice) => {
      const city = generateCity(choice);
      const map = baseMap(city);
      const [w, s, e, n] = (city.regions[0] as Region).bbox;
      for (const layer of [map.park, map.building, map.road, map.label]) {
        expect(layer.features.length).toBeGreaterThan(0);
        for (const { geometry } of layer.features)
          for (const [lon, lat] of geometry.coordinates
            .flat(2)
            .reduce<Coordinate[]>(
              (pairs, value, i, all) => (i % 2 ? pairs : [...pairs, [value, all[i + 1] as number]]),
              [],
            )) {
            expect(lon >= w && lon <= e && lat >= s && lat <= n).toBe(true);
          }
      }
      for (const of of ['district', 'street', 'community'] as const) {
        const names = kind(city, of).flatMap((r) => Object.values(r.name));
        expect(new Set(names).size).toBe(names.length);
      }
    }),
    few,
  );
});

test('the same seed gives the same city, another seed another one', () => {
  const origin = { lon: 112.5, lat: 37.8 };
  const first = generateCity({ seed: 7, size: 'S', origin });
  expect(generateCity({ seed: 7, size: 'S', origin })).toEqual(first);
  expect(baseMap(first)).toEqual(baseMap(generateCity({ seed: 7, size: 'S', origin })));
  expect(generateCity({ seed: 8, size: 'S', origin }).unitGrids).not.toEqual(first.unitGrids);
});

test('sizes: S, M and L grow about fourfold', () => {
  const counts = (['S', 'M', 'L'] as const).map((size) => {
    const city = generateCity({ seed: 1, size, origin: { lon: 116.4, lat: 39.9 } });
    return [
      kind(city, 'district').length,
      kind(city, 'street').length,
      kind(city, 'community').length,
      city.unitGrids.length,
      city.assets.length,
    ];
  });
  expect(counts.map((c) => c.slice(0, 3))).toEqual([
    [2, 6, 24],
    [4, 24, 96],
    [8, 96, 384],
  ]);
  const between = (value: number | undefined, low: number, high: number): void => {
    expect(value).toBeGreaterThan(low);
    expect(value).toBeLessThan(high);
  };
  [500, 2_000, 8_000].forEach((grids, i) => between(counts[i]?.[3], grids * 0.9, grids * 1.1));
  [3_000, 12_000, 48_000].forEach((assets, i) => between(counts[i]?.[4], assets * 0.85, assets * 1.15));
});
