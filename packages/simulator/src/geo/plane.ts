/** GeoJSON, the four shapes that a generated city needs; EPSG:4326, longitude first. */
export type Coordinate = [lon: number, lat: number];
export interface PointGeometry {
  type: 'Point';
  coordinates: Coordinate;
}
export interface LineGeometry {
  type: 'LineString';
  coordinates: Coordinate[];
}
export interface PolygonGeometry {
  type: 'Polygon';
  coordinates: Coordinate[][];
}
export type Bbox = [west: number, south: number, east: number, north: number];

/**
 * A rectangle on the drawing board, in whole decimetres east and north of the city's centre. Whole numbers
 * make shared borders exactly equal, so cells cannot gape or overlap.
 */
export interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export const width = (r: Rect): number => r.x1 - r.x0;
export const height = (r: Rect): number => r.y1 - r.y0;
export const centreX = (r: Rect): number => (r.x0 + r.x1) / 2;
export const centreY = (r: Rect): number => (r.y0 + r.y1) / 2;

export interface Plane {
  coordinate(x: number, y: number): Coordinate;
  bbox(rect: Rect): Bbox;
  polygon(rect: Rect): PolygonGeometry;
  areaSqm(rect: Rect): number;
  /** Back to the drawing board; not rounded. */
  plan(lon: number, lat: number): { x: number; y: number };
}

/** Metres in one degree on the WGS 84 ellipsoid (series of the meridian and parallel arcs). */
function metresPerDegree(lat: number): { lon: number; lat: number } {
  const phi = (lat * Math.PI) / 180;
  return {
    lat: 111132.92 - 559.82 * Math.cos(2 * phi) + 1.175 * Math.cos(4 * phi),
    lon: 111412.84 * Math.cos(phi) - 93.5 * Math.cos(3 * phi),
  };
}

/** 1e-7 degree is about a centimetre. */
const round = (degrees: number): number => Math.round(degrees * 1e7) / 1e7;

/**
 * Longitude depends on x alone and latitude on y alone, so a rectangle stays a rectangle in degrees and a
 * border drawn from two sides has one pair of coordinates.
 */
export function createPlane(origin: { lon: number; lat: number }): Plane {
  const scale = metresPerDegree(origin.lat);
  const lon = (x: number): number => round(origin.lon + x / 10 / scale.lon);
  const lat = (y: number): number => round(origin.lat + y / 10 / scale.lat);
  const bbox = (r: Rect): Bbox => [lon(r.x0), lat(r.y0), lon(r.x1), lat(r.y1)];
  return {
    bbox,
    coordinate: (x, y) => [lon(x), lat(y)],
    plan: (lonValue, latValue) => ({
      x: (lonValue - origin.lon) * scale.lon * 10,
      y: (latValue - origin.lat) * scale.lat * 10,
    }),
    polygon: (rect) => {
      const [w, s, e, n] = bbox(rect);
      return {
        type: 'Polygon',
        coordinates: [
          [
            [w, s],
            [e, s],
            [e, n],
            [w, n],
            [w, s],
          ],
        ],
      };
    },
    areaSqm: (rect) => {
      const [w, s, e, n] = bbox(rect);
      const here = metresPerDegree((s + n) / 2);
      return (e - w) * here.lon * (n - s) * here.lat;
    },
  };
}
