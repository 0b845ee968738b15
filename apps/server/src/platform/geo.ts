import type { Crs } from '@wanmi/contracts';
import { sql, type Expression, type RawBuilder } from 'kysely';

/** A point in degrees. Everything stored is WGS 84 (EPSG:4326; CGCS2000 taken as equal at this accuracy). */
export interface LonLat {
  readonly lon: number;
  readonly lat: number;
}

/** west, south, east, north in degrees (EPSG:4326). */
export type Bbox = readonly [west: number, south: number, east: number, north: number];

// ---------------------------------------------------------------- coordinate systems

// Krasovsky 1940 ellipsoid, on which the published GCJ-02 formulas are written
const A = 6378245;
const EE = 0.006693421622965943;
const BD_PI = (Math.PI * 3000) / 180;
const RADIANS = Math.PI / 180;

/** The box outside which GCJ-02 equals WGS 84 in the published formulas. */
function isShifted({ lon, lat }: LonLat): boolean {
  return lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;
}

function wgs84ToGcj02(point: LonLat): LonLat {
  if (!isShifted(point)) return point;
  const x = point.lon - 105;
  const y = point.lat - 35;
  const waves = (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * (2 / 3);
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    waves +
    (20 * Math.sin(y * Math.PI) + 40 * Math.sin((y / 3) * Math.PI)) * (2 / 3) +
    (160 * Math.sin((y / 12) * Math.PI) + 320 * Math.sin((y / 30) * Math.PI)) * (2 / 3);
  const east =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * Math.sqrt(Math.abs(x)) +
    waves +
    (20 * Math.sin(x * Math.PI) + 40 * Math.sin((x / 3) * Math.PI)) * (2 / 3) +
    (150 * Math.sin((x / 12) * Math.PI) + 300 * Math.sin((x / 30) * Math.PI)) * (2 / 3);
  const latitude = point.lat * RADIANS;
  const magic = 1 - EE * Math.sin(latitude) ** 2;
  return {
    lon: point.lon + east / ((A / Math.sqrt(magic)) * Math.cos(latitude) * RADIANS),
    lat: point.lat + north / (((A * (1 - EE)) / (magic * Math.sqrt(magic))) * RADIANS),
  };
}

function gcj02ToBd09(point: LonLat): LonLat {
  if (!isShifted(point)) return point;
  const { lon: x, lat: y } = point;
  const z = Math.sqrt(x * x + y * y) + 0.00002 * Math.sin(y * BD_PI);
  const theta = Math.atan2(y, x) + 0.000003 * Math.cos(x * BD_PI);
  return { lon: z * Math.cos(theta) + 0.0065, lat: z * Math.sin(theta) + 0.006 };
}

/**
 * The point that a published forward formula maps to `target`. The published inverses are off by up to metres;
 * the shift changes slowly (less than 0.1 % of the way), so stepping back by the error converges in a few turns.
 */
function invert(forward: (point: LonLat) => LonLat, target: LonLat): LonLat {
  if (!isShifted(target)) return target;
  let point = target;
  for (let turn = 0; turn < 10; turn += 1) {
    const reached = forward(point);
    const lon = target.lon - reached.lon;
    const lat = target.lat - reached.lat;
    point = { lon: point.lon + lon, lat: point.lat + lat };
    if (Math.abs(lon) < 1e-10 && Math.abs(lat) < 1e-10) break; // 0.01 mm
  }
  return point;
}

/** Converts at the door. GCJ-02 and BD-09 are shifted inside China only; elsewhere they are taken as WGS 84. */
export function toWgs84({ lon, lat, crs = 'wgs84' }: LonLat & { readonly crs?: Crs | undefined }): LonLat {
  const point = { lon, lat };
  switch (crs) {
    case 'wgs84':
      return point;
    case 'gcj02':
      return invert(wgs84ToGcj02, point);
    case 'bd09':
      return invert(wgs84ToGcj02, invert(gcj02ToBd09, point));
  }
}

/** For links and tiles of map services that show their own system. */
export function fromWgs84({ lon, lat }: LonLat, crs: Crs): LonLat {
  const point = { lon, lat };
  switch (crs) {
    case 'wgs84':
      return point;
    case 'gcj02':
      return wgs84ToGcj02(point);
    case 'bd09':
      return gcj02ToBd09(wgs84ToGcj02(point));
  }
}

/** Metres between two points on the mean sphere: within 0.6 % of the ellipsoid, enough for "how near". */
export function metresBetween(a: LonLat, b: LonLat): number {
  const dLat = (b.lat - a.lat) * RADIANS;
  const dLon = (b.lon - a.lon) * RADIANS;
  const h =
    Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * RADIANS) * Math.cos(b.lat * RADIANS) * Math.sin(dLon / 2) ** 2;
  return 2 * 6371008.8 * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** `west,south,east,north`; null where it is no box of the earth. */
export function parseBbox(text: string): Bbox | null {
  if (!/^-?\d{1,3}(\.\d+)?(,-?\d{1,3}(\.\d+)?){3}$/.test(text)) return null;
  const [west, south, east, north] = text.split(',').map(Number) as [number, number, number, number];
  const fits = west >= -180 && east <= 180 && south >= -90 && north <= 90 && west <= east && south <= north;
  return fits ? [west, south, east, north] : null;
}

// ---------------------------------------------------------------- SQL

/** A point of degrees as a geometry. */
export function point({ lon, lat }: LonLat): RawBuilder<string> {
  return sql<string>`st_setsrid(st_makepoint(${lon}::float8, ${lat}::float8), 4326)`;
}

/** A box of degrees as a geometry. */
export function box([west, south, east, north]: Bbox): RawBuilder<string> {
  return sql<string>`st_makeenvelope(${west}::float8, ${south}::float8, ${east}::float8, ${north}::float8, 4326)`;
}

/** Rows whose geometry touches the box: the index alone decides which are looked at. */
export function within(geom: Expression<unknown>, bbox: Bbox): RawBuilder<boolean> {
  return sql<boolean>`(${geom} && ${box(bbox)} and st_intersects(${geom}, ${box(bbox)}))`;
}

/** GeoJSON (RFC 7946) with 7 decimals, a centimetre. */
export function asGeoJson(geom: Expression<unknown>): RawBuilder<Record<string, unknown>> {
  return sql<Record<string, unknown>>`st_asgeojson(${geom}, 7)::json`;
}

/** Extent of a tile's coordinate system, the usual one of vector tiles. */
export const TILE_EXTENT = 4096;
/** Units around a tile that are drawn too, so that lines and symbols do not end at its edge. */
export const TILE_BUFFER = 64;

/** The envelope of a tile in web mercator (EPSG:3857). */
export function tileEnvelope(z: number, x: number, y: number): RawBuilder<string> {
  return sql<string>`st_tileenvelope(${z}::int, ${x}::int, ${y}::int)`;
}

/**
 * The geometry of a tile's feature from one in degrees. Clipping happens after the transformation, so the caller
 * must have chosen its rows by an indexed condition in degrees.
 */
export function asMvtGeom(geom: Expression<unknown>, envelope: Expression<unknown>): RawBuilder<string> {
  return sql<string>`st_asmvtgeom(st_transform(${geom}, 3857), ${envelope}, ${TILE_EXTENT}, ${TILE_BUFFER}, true)`;
}

/** One layer of a vector tile from rows of `(geom, attributes …)`; an empty buffer where there are none. */
export function asMvt(rows: Expression<unknown>, layer: string): RawBuilder<{ tile: Buffer }> {
  return sql<{ tile: Buffer }>`
    select coalesce(st_asmvt(t, ${layer}, ${TILE_EXTENT}, 'geom', 'fid'), ''::bytea) as tile from (${rows}) t
     where t.geom is not null`;
}
