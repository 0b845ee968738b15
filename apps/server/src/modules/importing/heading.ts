import { DateReader, Zone } from './dates.ts';
import { FORMATS } from './guess.ts';
import type { LooseRow } from './loose.ts';
import { numberOf } from './position.ts';

const DATE = new DateReader(FORMATS, new Zone('UTC'));
const isDate = (cell: string): boolean =>
  cell.length >= 8 && Number.isNaN(numberOf(cell)) && DATE.read(cell) !== null;
const isDecimal = (cell: string): boolean => /[.,]\d{3,}$/.test(cell) && !Number.isNaN(numberOf(cell));

/** Whether the first row is a row as those below it: a date or a coordinate names no column of dates or coordinates. */
export function looksLikeData(first: readonly string[], rows: readonly LooseRow[]): boolean {
  return first.some((raw, at) => {
    const cell = raw.trim();
    const is = isDate(cell) ? isDate : isDecimal(cell) ? isDecimal : null;
    if (is === null) return false;
    const below = rows.slice(0, 50).flatMap(({ cells }) => cells[at]?.trim() || []);
    return below.length === 0 || below.filter((one) => is(one)).length > below.length / 2;
  });
}
