import { placeOf } from './rule-set.ts';
import { isFault, readTableText, tableLine, type TableText } from './table-text.ts';
import { keyColumns } from './tables.ts';

export interface Versions {
  /** What both began with. */
  readonly base: string;
  readonly city: string;
  readonly program: string;
}

type Rows = ReadonlyMap<string, readonly string[]>;

/**
 * A table that both the city and the program changed, each in rows of its own: all changes in one, in the city's order.
 * Null where both changed a row, or where it is no table whose rows can be told apart: that is for a person.
 */
export function mergeTables(file: string, versions: Versions): string | null {
  const place = placeOf(file);
  const keys = place?.kind === 'table' ? keyColumns(place.code) : undefined;
  const base = readTableText(versions.base);
  const city = readTableText(versions.city);
  const program = readTableText(versions.program);
  if (!keys || isFault(base) || isFault(city) || isFault(program)) return null;
  const columns = city.columns.join(',');
  // A column more or less says something of every row
  if (base.columns.join(',') !== columns || program.columns.join(',') !== columns) return null;
  const [was, own, now] = [base, city, program].map((table) => rowsOf(table, keys));
  if (!was || !own || !now) return null;
  const merged: (readonly string[])[] = [];
  for (const key of inOrder(own, now)) {
    const row = mergeRow(was.get(key), own.get(key), now.get(key));
    if (row === 'both') return null;
    if (row) merged.push(row);
  }
  return [city.columns, ...merged].map((cells) => tableLine(cells)).join('');
}

function rowsOf({ columns, lines }: TableText, keys: readonly string[]): Rows | null {
  const at = keys.map((key) => columns.indexOf(key)).filter((index) => index >= 0);
  const rows = new Map(lines.map(({ cells }) => [JSON.stringify(at.map((index) => cells[index])), cells]));
  return rows.size === lines.length ? rows : null;
}

/** The city's rows as they stand; what the program has besides comes after the row that it stands after there. */
function inOrder(own: Rows, now: Rows): string[] {
  const after = new Map<string | null, string[]>();
  let before: string | null = null;
  for (const key of now.keys()) {
    if (own.has(key)) before = key;
    else after.set(before, [...(after.get(before) ?? []), key]);
  }
  return [...(after.get(null) ?? []), ...[...own.keys()].flatMap((key) => [key, ...(after.get(key) ?? [])])];
}

type Row = readonly string[] | undefined;

function mergeRow(was: Row, own: Row, now: Row): Row | 'both' {
  const same = (a: Row, b: Row): boolean => JSON.stringify(a) === JSON.stringify(b);
  if (same(own, now) || same(was, now)) return own;
  return same(was, own) ? now : 'both';
}
