import { centreX, centreY, createPlane, height, width, type PointGeometry, type Rect } from './plane.ts';
import { placeName, type Text } from './names.ts';
import { createRandom, type Random } from './random.ts';
import { createRiver, type Course } from './river.ts';
import { plotOf, sidesOf } from './roads.ts';
import type { BaseMap, BaseProperties, City, Feature, FeatureCollection, Region, UnitGrid } from './types.ts';

const ROAD_CLASS = ['', 'avenue', 'road', 'street', 'lane'] as const;
const LABEL_RANK: Record<Region['kind'], number> = { city: 1, district: 2, street: 4, community: 6 };

function collection<G>(features: Feature<G, BaseProperties>[]): FeatureCollection<G, BaseProperties> {
  return { type: 'FeatureCollection', features };
}

function feature<G>(geometry: G, name: Text | null, rank: number, cls: string): Feature<G, BaseProperties> {
  return { type: 'Feature', geometry, properties: { name, rank, class: cls } };
}

/** What the map draws below the cases: calm, ours, without any online service. */
export function baseMap(city: City): BaseMap {
  const plane = createPlane(city.origin);
  const regionOf = new Map(city.regions.map((region) => [region.key, region]));
  const root = city.regions[0] as Region;
  const course = createRiver(root.rect, plane, createRandom(city.seed, 'river'));
  const random = createRandom(city.seed, 'buildings');

  const buildings = city.unitGrids
    .filter((grid) => grid.landUse === 'built')
    .flatMap((grid) => {
      const around = [
        root.rect,
        (regionOf.get(grid.districtKey) as Region).rect,
        (regionOf.get(grid.streetKey) as Region).rect,
        (regionOf.get(grid.communityKey) as Region).rect,
      ] as const;
      return buildingsOn(plotOf(grid.rect, sidesOf(grid.rect, around)), grid, random).filter((rect) =>
        isDry(rect, course),
      );
    });

  return {
    water: collection([feature(city.river.geometry, city.river.name, 1, 'river')]),
    park: collection([
      ...city.river.banks.map((bank) => feature(bank, null, 3, 'bank')),
      ...city.parks.map((park) => feature(park.geometry, park.name, 2, 'park')),
    ]),
    road: collection(
      city.roads.map((road) => feature(road.geometry, road.name, road.rank, ROAD_CLASS[road.rank])),
    ),
    building: collection(
      buildings.map((rect) => feature(plane.polygon(rect), null, height(rect) > 400 ? 1 : 2, 'building')),
    ),
    label: labels(city),
  };
}

/** 25 m of green on each bank stay free, and a little more. */
function isDry(rect: Rect, course: Course): boolean {
  return [rect.x0, centreX(rect), rect.x1].every((x) =>
    [rect.y0, centreY(rect), rect.y1].every((y) => !course.near(x, y, 300)),
  );
}

/** Splits a length into `n` equal pieces with a gap between them. */
function pieces(from: number, to: number, n: number, gap: number): [number, number][] {
  const piece = (to - from - gap * (n - 1)) / n;
  return Array.from({ length: n }, (_, i) => {
    const start = Math.round(from + i * (piece + gap));
    return [start, Math.round(start + piece)];
  });
}

/** Slabs facing south in the housing blocks, towers and halls in the core, a few large sheds outside. */
function buildingsOn(plot: Rect, grid: UnitGrid, random: Random): Rect[] {
  if (width(plot) < 200 || height(plot) < 200) return [];
  const style = random.next();
  if (grid.grade === 'A' && style < 0.35) return raster(plot, 2, 2, 120);
  if (grid.grade === 'A' && style < 0.5) return raster(plot, 1, 1, 0);
  if (grid.grade === 'C' && style < 0.4) return raster(plot, 1, random.int(1, 2), 100);
  if (style < 0.15) return raster(plot, 3, 2, 140);
  const rows = Math.max(1, Math.round(height(plot) / 280));
  return pieces(plot.y0, plot.y1, rows, 150).flatMap(([y0, y1]) =>
    pieces(plot.x0, plot.x1, random.int(1, 2), 80)
      .filter(() => random.chance(0.93))
      .map(([x0, x1]) => ({ x0, x1: x1 - random.int(0, 60), y0, y1 })),
  );
}

function raster(plot: Rect, columns: number, rows: number, gap: number): Rect[] {
  return pieces(plot.x0, plot.x1, columns, gap).flatMap(([x0, x1]) =>
    pieces(plot.y0, plot.y1, rows, gap).map(([y0, y1]) => ({ x0, x1, y0, y1 })),
  );
}

function labels(city: City): BaseMap['label'] {
  const plane = createPlane(city.origin);
  const random = createRandom(city.seed, 'places');
  const point = (x: number, y: number): PointGeometry => ({
    type: 'Point',
    coordinates: plane.coordinate(Math.round(x), Math.round(y)),
  });
  const gridOf = new Map(city.unitGrids.map((grid) => [grid.key, grid]));
  const builtOf = Map.groupBy(
    city.unitGrids.filter((grid) => grid.landUse === 'built'),
    (grid) => grid.communityKey,
  );
  const root = city.regions[0] as Region;
  const [, riverY] = middleOf(city.river.geometry.coordinates[0] ?? []);
  const features = city.regions.map((region) =>
    feature(
      point(centreX(region.rect), centreY(region.rect)),
      region.name,
      LABEL_RANK[region.kind],
      region.kind,
    ),
  );
  features.push(
    feature(
      { type: 'Point', coordinates: [plane.coordinate(root.rect.x0 / 2, 0)[0], riverY] },
      city.river.name,
      3,
      'river',
    ),
  );
  for (const park of city.parks) {
    const grids = park.unitGridKeys.map((key) => gridOf.get(key) as UnitGrid);
    const x = grids.reduce((n, grid) => n + centreX(grid.rect), 0) / grids.length;
    const y = grids.reduce((n, grid) => n + centreY(grid.rect), 0) / grids.length;
    features.push(feature(point(x, y), park.name, 5, 'park'));
  }
  for (const region of city.regions) {
    const built = builtOf.get(region.key);
    if (region.kind !== 'community' || !built) continue;
    const { rect } = random.pick(built);
    features.push(feature(point(centreX(rect), centreY(rect)), placeName(region.name, random), 7, 'place'));
  }
  return collection(features);
}

/** Middle of the ring at a quarter of its way along: the ring runs east on the south bank, west on the north one. */
function middleOf(ring: [number, number][]): [number, number] {
  const quarter = Math.round((ring.length - 1) / 8);
  const [a, b] = [ring[quarter], ring[ring.length - 2 - quarter]];
  if (!a || !b) throw new RangeError('a river needs a course');
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}
