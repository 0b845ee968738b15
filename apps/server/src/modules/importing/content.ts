import type { Column } from './column.ts';
import { DateReader, Zone } from './dates.ts';
import { statusOf } from './guess.ts';
import { numberOf } from './position.ts';
import type { Field } from './roles.ts';

const UTC = new Zone('UTC');

/** Cells of a column, row by row, of the sample's first rows. */
export type Rows = (column: Column) => readonly string[];

/**
 * Which columns are what by their cells alone, of a file whose headings say nothing: coordinates, the state, the day
 * on which a request was closed, its type and its place. The number and the day of the report were found before.
 */
export function byContent(
  columns: readonly Column[],
  roles: Map<Field, Column>,
  rows: Rows,
  unsure: string[],
): void {
  const free = (): Column[] => columns.filter((column) => ![...roles.values()].includes(column));
  const take = (field: Field, column: Column | undefined): void => {
    if (!column || roles.has(field)) return;
    roles.set(field, column);
    unsure.push(`${field}: "${column.name}", by what its cells hold`);
  };
  const opened = roles.get('reportedAt');
  if (opened && !roles.has('closedAt')) {
    const later = free().filter(
      (column) => column.isDate && follows(rows(opened), rows(column), opened, column),
    );
    take('closedAt', later.toSorted((a, b) => a.filled - b.filled)[0]);
  }
  if (!roles.has('latitude') && !roles.has('longitude')) {
    const fine = free().filter(
      ({ kind, values, least, most }) =>
        kind === 'number' &&
        Math.max(Math.abs(least), Math.abs(most)) <= 180 &&
        [...values.keys()].slice(0, 100).filter((value) => /[.,]\d{3,}$/.test(value)).length >
          20 - 19 * Number(values.size < 40),
    );
    const pair = fine.flatMap((one, i) => (fine[i + 1] ? [[one, fine[i + 1]!] as const] : []))[0];
    if (pair) {
      // A longitude may be beyond 90; a latitude never is. Where neither is, the latitude stands first, as most have it.
      const [a, b] = pair;
      const isFirst = Math.max(Math.abs(a.least), Math.abs(a.most)) > 90;
      take('latitude', isFirst ? b : a);
      take('longitude', isFirst ? a : b);
    }
  }
  take(
    'status',
    free().find(({ values, kind }) => {
      if (kind === 'date' || kind === 'number' || values.size === 0 || values.size > 20) return false;
      const known = [...values.keys()].filter((word) => statusOf(word) !== null).length;
      return known >= values.size * 0.6;
    }),
  );
  const words = free().filter(
    ({ kind, values, filled, longest }) =>
      kind !== 'date' && kind !== 'number' && values.size > 3 && values.size <= filled / 3 && longest <= 80,
  );
  take('type', words.toSorted((a, b) => b.values.size - a.values.size)[0]);
  const texts = free().filter(({ kind, longest }) => kind === 'text' && longest > 6);
  take(
    'address',
    texts.find(({ values }) => share(values.keys(), /\d.*\p{L}|\p{L}.*\d|路|街|巷|号|St\b|Ave\b/u) > 0.6),
  );
  take(
    'description',
    texts
      .filter((one) => !roles.has('address') || one !== roles.get('address'))
      .toSorted((a, b) => b.longest - a.longest)[0],
  );
}

function share(values: Iterable<string>, pattern: RegExp): number {
  const some = [...values].slice(0, 200);
  return some.filter((one) => pattern.test(one)).length / Math.max(1, some.length);
}

/** Whether nearly each date of the second column lies after the first column's of its row. */
function follows(first: readonly string[], second: readonly string[], a: Column, b: Column): boolean {
  const [before, after] = [new DateReader(a.dateFormats(), UTC), new DateReader(b.dateFormats(), UTC)];
  let both = 0;
  let later = 0;
  for (const [i, cell] of second.entries()) {
    const [x, y] = [before.read(first[i] ?? ''), after.read(cell)];
    if (!x || !y) continue;
    both += 1;
    if (y.ms >= x.ms) later += 1;
  }
  return both > 0 && later >= both * 0.95;
}

/** For plane coordinates: any two columns of great numbers that stand side by side or are named so. */
export const isGreat = ({ numbers, filled, most, least }: Column): boolean =>
  numbers > 0 && numbers >= filled * 0.95 && Math.max(Math.abs(most), Math.abs(least)) > 10_000;
export const great = (cell: string): number => {
  const n = numberOf(cell);
  return Math.abs(n) > 180 ? n : Number.NaN;
};
