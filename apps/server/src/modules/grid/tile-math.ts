import type { Bbox } from '#platform/geo';

export interface TileKey {
  readonly z: number;
  readonly x: number;
  readonly y: number;
}

export const MAX_ZOOM = 22;

export function isTile({ z, x, y }: TileKey): boolean {
  const side = 2 ** z;
  return z >= 0 && z <= MAX_ZOOM && x >= 0 && x < side && y >= 0 && y < side;
}

/**
 * The box of a tile in degrees, `buffer` tiles wider on each side: in JavaScript, so that the planner sees numbers
 * and not a function, and can tell how much of a table lies in it.
 */
export function tileBox({ z, x, y }: TileKey, buffer: number): Bbox {
  const side = 2 ** z;
  const lon = (column: number): number => Math.max(-180, Math.min(180, (column / side) * 360 - 180));
  const lat = (row: number): number => {
    const mercator = Math.PI * (1 - (2 * Math.max(0, Math.min(side, row))) / side);
    return (Math.atan(Math.sinh(mercator)) * 180) / Math.PI;
  };
  return [lon(x - buffer), lat(y + 1 + buffer), lon(x + 1 + buffer), lat(y - buffer)];
}

/** Metres of web mercator (EPSG:3857) in one of the 256 pixels of a tile. */
export function metresPerPixel(z: number): number {
  return (2 * Math.PI * 6_378_137) / 256 / 2 ** z;
}
