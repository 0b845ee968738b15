import type { Mapping } from './mapping.ts';
import { inRange, isZero } from './position.ts';
import type { Cells } from './refused.ts';

/** What the cells of one column are like. */
export interface Check {
  readonly index: number;
  readonly fits: (cell: string) => boolean;
}

/** Finds rows whose cells stand in their neighbours' columns. */
export class Slips {
  readonly #checks: readonly Check[];
  readonly #expects: readonly { readonly index: number; readonly pattern: RegExp }[];
  readonly #clean: (cell: string) => string;

  /** `dates`: of the columns that hold some. */
  constructor(
    { fields, position, values, expect }: Mapping,
    columns: readonly string[],
    dates: readonly Check[],
    clean: (cell: string) => string,
  ) {
    this.#clean = clean;
    const checks = [...dates];
    const single = (name: 'latitude' | 'longitude' | 'status' | 'onTime' | 'source'): number => {
      const field = fields[name];
      const column =
        typeof field === 'string' ? field : field && 'column' in field ? field.column : undefined;
      return column === undefined ? -1 : columns.indexOf(column);
    };
    const [west, south, east, north] = position?.within ?? [-180, -90, 180, 90];
    const swapped = position?.swapped === true;
    // Plane coordinates are numbers beyond any degree.
    const isPlane = position?.crs?.startsWith('EPSG:') === true;
    const plane = (cell: string): boolean =>
      cell === '' || isZero(cell) || inRange(cell, 181, 1e9) || inRange(cell, -1e9, -181);
    const lat = isPlane
      ? plane
      : (cell: string): boolean => cell === '' || inRange(cell, south, north) || isZero(cell);
    const lon = isPlane
      ? plane
      : (cell: string): boolean => cell === '' || inRange(cell, west, east) || isZero(cell);
    for (const [name, fits] of [
      ['latitude', swapped ? lon : lat],
      ['longitude', swapped ? lat : lon],
    ] as const) {
      if (single(name) !== -1) checks.push({ index: single(name), fits });
    }
    for (const name of ['status', 'onTime', 'source'] as const) {
      const known = values?.[name]?.map;
      if (known && single(name) !== -1) {
        checks.push({ index: single(name), fits: (cell) => cell === '' || Object.hasOwn(known, cell) });
      }
    }
    this.#expects = Object.entries(expect ?? {}).map(([column, pattern]) => ({
      index: columns.indexOf(column),
      pattern: new RegExp(pattern, 'u'),
    }));
    for (const { index, pattern } of this.#expects) {
      checks.push({ index, fits: (cell) => cell === '' || pattern.test(cell) });
    }
    this.#checks = checks;
  }

  /** How many of the columns that have one shape have another here. */
  odd(cells: Cells): number {
    let odd = 0;
    for (const { index, pattern } of this.#expects) {
      const cell = this.#clean(cells[index] ?? '');
      if (cell !== '' && !pattern.test(cell)) odd += 1;
    }
    return odd;
  }

  /**
   * Whether the cells have slipped: from some column on they fit their neighbours' columns better than their own.
   * One wrong cell is a wrong cell; a row that slipped is wrong in several, or right again one place further.
   */
  isShifted(cells: Cells): boolean {
    const at = (index: number): string => this.#clean(cells[index] ?? '');
    const wrong = this.#checks.filter(({ index, fits }) => !fits(at(index)));
    if (wrong.length === 0) return false;
    const first = Math.min(...wrong.map(({ index }) => index));
    const after = this.#checks.filter(({ index }) => index >= first);
    for (const by of [1, -1, 2, -2]) {
      const left = after.filter(({ index, fits }) => !fits(at(index + by)));
      const moved = after.filter(({ index }) => at(index) !== '' && at(index + by) !== '');
      if (left.length < wrong.length && left.length === 0 && moved.length >= 1 && after.length >= 2)
        return true;
    }
    return wrong.length >= 3;
  }
}
