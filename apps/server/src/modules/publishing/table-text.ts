import { CsvError, parse, type Info } from 'csv-parse/sync';
import { guardedCell, isFormula, plainCell } from '#platform/csv';

export interface TableLine {
  /** In the file; the header is line 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Places of cells that a spreadsheet would run instead of showing them. */
  readonly formulas: readonly number[];
}

export interface TableText {
  readonly columns: readonly string[];
  readonly lines: readonly TableLine[];
}

/** What stops a text from being read as a table at all. */
export interface TableFault {
  readonly line: number;
  readonly detail: string;
}

/** Reads a CSV text (RFC 4180) with the line of each row; rows of another width are given out as they are. */
export function readTableText(text: string): TableText | TableFault {
  let records: { record: string[]; info: Info }[];
  try {
    records = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: Info }[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const at = (error as unknown as { lines?: number }).lines;
    return { line: at ?? 1, detail: error.message };
  }
  const [header, ...rows] = records;
  if (!header) return { line: 1, detail: 'empty' };
  return {
    columns: header.record.map((name) => name.trim()),
    lines: rows.map(({ record, info }) => ({
      line: firstLine(record, info),
      cells: record.map(plainCell),
      formulas: record.flatMap((cell, at) => (isFormula(cell) ? [at] : [])),
    })),
  };
}

/** A quoted cell may hold line breaks; the parser says where a row ended. */
function firstLine(cells: readonly string[], info: Info): number {
  return info.lines - cells.reduce((sum, cell) => sum + cell.split('\n').length - 1, 0);
}

export const isFault = (table: TableText | TableFault): table is TableFault => !('columns' in table);

/**
 * One line of CSV as the shipped files are written: quoted only where it must be. Tables are opened in spreadsheets, of
 * other cities too: what would be run there is guarded.
 */
export function tableLine(cells: readonly (string | number | boolean | null | undefined)[]): string {
  return `${cells
    .map((value) => {
      const text = value === null || value === undefined ? '' : guardedCell(String(value));
      return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',')}\n`;
}
