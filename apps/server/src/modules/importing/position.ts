import { toWgs84, type LonLat } from '#platform/geo';
import type { Crs } from '@wanmi/contracts';
import type { Mapping } from './mapping.ts';
import { epsgOf, projection, type Projection } from './projection.ts';
import { refuse, type Cells, type Get } from './refused.ts';

type Rule = NonNullable<Mapping['position']>;

/** Reads where a row lies, by the mapping's rule. */
export class PlaceReader {
  readonly #rule: Rule;
  /** Of plane coordinates. */
  readonly #plane: Projection | null;
  readonly #get: { readonly [K in 'latitude' | 'longitude' | 'point']?: Get };

  constructor(rule: Rule | undefined, get: { readonly [K in 'latitude' | 'longitude' | 'point']?: Get }) {
    this.#rule = rule ?? {};
    const epsg = epsgOf(this.#rule.crs ?? '');
    this.#plane = epsg === null ? null : projection(epsg);
    this.#get = get;
  }

  /** Where a row lies, or nowhere. @throws Refused */
  read(cells: Cells, warnings: string[]): { point: LonLat | null; outside: boolean } {
    const none = { point: null, outside: false };
    const { crs = 'wgs84', swapped = false, nowhere = [], within, outside = 'withoutPosition' } = this.#rule;
    let said = this.#point(cells);
    if (said === 'half') {
      warnings.push('position.half');
      said = null;
    }
    if (said === null) return none;
    if (swapped) said = { lon: said.lat, lat: said.lon };
    const { lon, lat } = said;
    if (isSame(lon, 0) && isSame(lat, 0)) return none;
    if (nowhere.some((at) => isSame(at[0], lon) && isSame(at[1], lat))) return none;
    const point = this.#plane
      ? this.#plane.toWgs84(lon, lat)
      : Math.abs(lon) <= 180 && Math.abs(lat) <= 90
        ? toWgs84({ lon, lat, crs: crs as Crs })
        : null;
    if (!point || !(Math.abs(point.lon) <= 180 && Math.abs(point.lat) <= 90))
      return refuse('position.unreadable', 'latitude');
    if (within) {
      const [west, south, east, north] = within;
      const isOutside = point.lon < west || point.lon > east || point.lat < south || point.lat > north;
      if (isOutside) {
        if (outside === 'reject') refuse('position.outside', 'latitude');
        warnings.push('position.outside');
        return outside === 'keep' ? { point, outside: true } : { point: null, outside: true };
      }
    }
    return { point, outside: false };
  }

  #point(cells: Cells): LonLat | 'half' | null {
    const whole = this.#get.point?.(cells) ?? '';
    if (whole !== '')
      return pointIn(whole, this.#rule.order ?? 'latlon') ?? refuse('position.unreadable', 'point');
    const lon = this.#get.longitude?.(cells) ?? '';
    const lat = this.#get.latitude?.(cells) ?? '';
    if (lon === '' && lat === '') return null;
    if (lon === '' || lat === '') return 'half';
    const at = { lon: numberOf(lon), lat: numberOf(lat) };
    if (Number.isNaN(at.lon)) return refuse('position.unreadable', 'longitude');
    if (Number.isNaN(at.lat)) return refuse('position.unreadable', 'latitude');
    return at;
  }
}

/** 1e-7 degrees are a centimetre: the same number, written in another way. */
const isSame = (a: number, b: number): boolean => Math.abs(a - b) < 1e-7;

/** A number as registers write them, with a decimal comma too. */
export function numberOf(text: string): number {
  if (/^[+-]?\d{1,3}(\.\d+)?$/.test(text)) return Number(text);
  if (/^[+-]?\d+,\d+$/.test(text)) return Number(text.replace(',', '.'));
  if (/^[+-]?\d*\.?\d+([eE][+-]?\d+)?$/.test(text)) return Number(text);
  // 1,021,333.25 and 1.021.333,25: which sign stands for what is told by the other, or by its coming twice.
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text)) return Number(text.replaceAll(',', ''));
  if (/^[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?$|^[+-]?\d{1,3}(\.\d{3})+,\d+$/.test(text))
    return Number(text.replaceAll('.', '').replace(',', '.'));
  return degreesOf(text);
}

/** 42°21'30.5"N, N 42.3584, 42.3584°; NaN where it is none. */
function degreesOf(text: string): number {
  if (!/[°º'′NSEWnsew东西南北]/.test(text)) return Number.NaN;
  const found =
    /^([NSEW东西南北])?\s*([+-]?\d{1,3}(?:[.,]\d+)?)\s*[°º度]?\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*['′’分]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)\s*(?:["″”秒]|'')\s*)?([NSEW东西南北])?$/i.exec(
      text,
    );
  if (!found) return Number.NaN;
  const [, before, whole, minutes = '0', seconds = '0', after] = found;
  const part = (one: string): number => Number(one.replace(',', '.'));
  const degrees = part(whole!);
  const size = Math.abs(degrees) + part(minutes) / 60 + part(seconds) / 3600;
  const isNegative = degrees < 0 || /[SW西南]/i.test(before ?? after ?? '');
  return isNegative ? -size : size;
}
export const inRange = (cell: string, from: number, to: number): boolean => {
  const n = numberOf(cell);
  return n >= from && n <= to;
};
export const isZero = (cell: string): boolean => numberOf(cell) === 0;

/** A point in one cell: WKT, GeoJSON, or two numbers. */
export function pointIn(text: string, order: 'latlon' | 'lonlat'): LonLat | null {
  const isWkt = /^\s*(SRID=\d+;)?\s*POINT/i.test(text);
  const isJson = /"coordinates"/.test(text);
  const body = isJson
    ? (/"coordinates"\s*:\s*\[([^\]]*)\]/.exec(text)?.[1] ?? '')
    : text.replace(/^SRID=\d+;/i, '');
  const numbers = body.match(/[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g)?.map(Number) ?? [];
  if (numbers.length !== 2) return null;
  const [a, b] = numbers as [number, number];
  return isWkt || isJson || order === 'lonlat' ? { lon: a, lat: b } : { lon: b, lat: a };
}
