import type { Point } from '@wanmi/contracts';

/** "113.02, 28.19" with any of comma, blank or 、 between; east and north, in this order. */
export function parsePoint(text: string): Point | null {
  const match = /^\s*(-?\d+(?:\.\d+)?)\s*[,，、\s]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  if (!match) return null;
  const lon = Number(match[1]);
  const lat = Number(match[2]);
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? { lon, lat } : null;
}
