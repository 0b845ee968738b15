import { KEYS } from './columns.ts';
import { readTable, type Table } from './csv.ts';

/** A table as it is in force: its rows by their key, and to the letter. */
export interface TableBefore {
  readonly columns: readonly string[];
  readonly rows: ReadonlyMap<string, readonly string[]>;
  readonly raws: ReadonlySet<string>;
}

export function readBefore(code: string, text: string | undefined): TableBefore | null {
  const table = text === undefined ? null : readTable(text);
  if (!table) return null;
  return {
    columns: table.columns,
    rows: new Map(table.rows.map((row) => [keyOf(code, table, row.cells), row.cells])),
    raws: new Set(table.rows.map((row) => row.raw)),
  };
}

/** The row that it was before; undefined: it is new. */
export function rowBefore(
  before: TableBefore | null,
  code: string,
  table: Table,
  cells: readonly string[],
): readonly string[] | undefined {
  return before?.rows.get(keyOf(code, table, cells));
}

function keyOf(code: string, table: Pick<Table, 'columns'>, cells: readonly string[]): string {
  const keys = KEYS[code] ?? [table.columns[0] ?? ''];
  return keys.map((key) => cells[table.columns.indexOf(key)] ?? '').join('\u0000');
}
