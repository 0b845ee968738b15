import type { Crs } from '@wanmi/contracts';
import { toWgs84 } from '#platform/geo';
import { Rejected } from './cells.ts';

const DEPTH: Readonly<Record<string, number>> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
};
const MAX_POINTS = 50_000;

/** A GeoJSON geometry (RFC 7946) in WGS 84, checked as far as it can be without a database. @throws Rejected */
export function readGeometry(geometry: unknown, crs: Crs): { type: string; coordinates: unknown } {
  const { type, coordinates } = (geometry ?? {}) as { type?: unknown; coordinates?: unknown };
  if (typeof type !== 'string' || !Object.hasOwn(DEPTH, type)) throw new Rejected('asset.geometry');
  let points = 0;
  const at = (position: unknown): number[] => {
    if (!Array.isArray(position) || position.length < 2) throw new Rejected('asset.geometry');
    points += 1;
    if (points > MAX_POINTS) throw new Rejected('asset.geometry');
    return positionOf(position[0], position[1], crs);
  };
  const read = (value: unknown, depth: number): unknown => {
    if (depth === 0) return at(value);
    if (!Array.isArray(value) || value.length === 0) throw new Rejected('asset.geometry');
    const parts = value.map((part: unknown) => read(part, depth - 1)) as number[][];
    if (depth === 1 && type !== 'MultiPoint') checkLine(parts, type.endsWith('Polygon'));
    return parts;
  };
  return { type, coordinates: read(coordinates, DEPTH[type]!) };
}

/** @throws Rejected */
export function positionOf(lon: unknown, lat: unknown, crs: Crs): [number, number] {
  const onEarth =
    typeof lon === 'number' && typeof lat === 'number' && Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
  if (!onEarth) throw new Rejected('asset.position');
  const point = toWgs84({ lon, lat, crs });
  return [point.lon, point.lat];
}

function checkLine(points: readonly number[][], ring: boolean): void {
  const [first, last] = [points[0]!, points.at(-1)!];
  const closed = first[0] === last[0] && first[1] === last[1];
  if (ring ? points.length < 4 || !closed : points.length < 2) throw new Rejected('asset.geometry');
}
