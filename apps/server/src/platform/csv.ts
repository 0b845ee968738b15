import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, parse, type Info } from 'csv-parse';
import { detectEncoding, type CsvEncoding } from './csv-encoding.ts';
import { problem, Problem } from './errors.ts';

export { CSV_ENCODINGS, detectEncoding, type CsvEncoding } from './csv-encoding.ts';

export interface CsvReadOptions {
  /** Left out: seen from the bytes (GB 18030 holds GBK, Windows-1252 holds Latin-1). */
  encoding?: CsvEncoding;
  delimiter?: string;
  /** Columns that must be there; others are welcome. */
  required?: readonly string[];
  /** Of the unpacked text; a small .gz can hold terabytes. */
  maxBytes?: number;
}

/** A row of too few or too many cells has no record; the rows after it are read all the same. */
export type CsvRow =
  | { readonly line: number; readonly record: Readonly<Record<string, string>>; readonly fault: null }
  | { readonly line: number; readonly record: null; readonly fault: 'csv.columns' };

const SNIFF_BYTES = 64 * 1024;
const MAX_RECORD = 1024 * 1024;
export const MAX_BYTES = 8 * 1024 ** 3;

/**
 * The rows of a CSV file (RFC 4180, first row names the columns) one by one, packed with gzip or not. Every row of
 * the file comes out once: as a record, or with its fault. Throws `csv.header`, `csv.encoding`, and `csv.broken`
 * with the line, where a quote that never closes or a row without end leaves open what is a row.
 */
export async function* readCsv(
  source: string | AsyncIterable<Uint8Array>,
  options: CsvReadOptions = {},
): AsyncGenerator<CsvRow> {
  const { required = [] } = options;
  let columns: readonly string[] | undefined;
  for await (const { line, cells } of readCells(source, options)) {
    if (columns) yield rowOf(columns, cells, line);
    else columns = checkHeader(cells, required);
  }
  if (!columns) throw problem('csv.header', { columns: required.join(', ') });
}

/**
 * The same without a word about the first row: all rows as they stand, of any width, empty lines left out. Throws
 * `csv.encoding` and `csv.broken`.
 */
export async function* readCells(
  source: string | AsyncIterable<Uint8Array>,
  options: Omit<CsvReadOptions, 'required'> = {},
): AsyncGenerator<{ readonly line: number; readonly cells: readonly string[] }> {
  const { delimiter = ',', maxBytes = MAX_BYTES } = options;
  const bytes = () => unpacked(typeof source === 'string' ? createReadStream(source) : source, maxBytes);
  // A file can be looked through first; of a stream, which comes once, the beginning decides.
  const encoding =
    options.encoding ?? (typeof source === 'string' ? await detectEncoding(bytes()) : undefined);
  let parsed = 0;
  const parser = parse({
    delimiter,
    info: true,
    relax_column_count: true, // counted below, so that such a row gets its line and its fault
    // `"x"y` is taken as it stands. (skip_records_with_error would swallow all rows up to the next quote.)
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD,
    on_record: (record: string[], { lines }) => {
      parsed = lines;
      return record;
    },
  });
  const text = Readable.from(decoded(bytes(), encoding), { objectMode: true });
  // A failing source must end the parser, and a reader that stops early must end the source.
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      const breaks = record.reduce((sum, field) => sum + field.split('\n').length - 1, 0);
      yield { line: info.lines - breaks, cells: record };
    }
  } catch (error) {
    throw error instanceof CsvError ? problem('csv.broken', { line: parsed + 1 }, { cause: error }) : error;
  } finally {
    text.destroy();
    parser.destroy();
  }
}

function rowOf(columns: readonly string[], record: readonly string[], line: number): CsvRow {
  if (record.length !== columns.length) return { line, record: null, fault: 'csv.columns' };
  return { line, record: Object.fromEntries(columns.map((column, i) => [column, record[i]!])), fault: null };
}

function checkHeader(record: readonly string[], required: readonly string[]): readonly string[] {
  const columns = record.map((name) => name.trim());
  const twice = columns.filter((name, i) => name === '' || columns.indexOf(name) !== i);
  const missing = required.filter((name) => !columns.includes(name));
  if (twice.length || missing.length) {
    throw problem('csv.header', { columns: [...missing, ...twice].join(', ') });
  }
  return columns;
}

/** Unpacks what begins like gzip; the name says nothing. */
export async function* unpacked(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const { head, rest } = await peek(source, 2);
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  let size = 0;
  for await (const chunk of packed ? gunzip(rest) : rest) {
    size += chunk.length;
    if (size > maxBytes) throw problem('media.tooLarge', { maxBytes });
    yield chunk;
  }
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: false });
  const output = createGunzip();
  input.on('error', (error) => output.destroy(error));
  try {
    for await (const chunk of input.pipe(output)) yield chunk as Uint8Array;
  } catch (error) {
    const ours = error instanceof Problem || !String((error as NodeJS.ErrnoException).code).startsWith('Z_');
    throw ours ? error : problem('csv.broken', {}, { cause: error });
  } finally {
    input.destroy();
    output.destroy();
  }
}

/** `loose`: bytes that are no character become U+FFFD instead of an end. @throws csv.encoding */
export async function* decoded(
  source: AsyncIterable<Uint8Array>,
  known?: CsvEncoding,
  { loose = false }: { loose?: boolean } = {},
): AsyncGenerator<string> {
  const { head, rest } = await peek(source, SNIFF_BYTES);
  const decoder = new TextDecoder(known ?? (await detectEncoding(once(head))), { fatal: !loose });
  try {
    for await (const chunk of rest) {
      const text = decoder.decode(chunk, { stream: true });
      if (text) yield text;
    }
    const tail = decoder.decode();
    if (tail) yield tail;
  } catch (error) {
    throw error instanceof TypeError
      ? problem('csv.encoding', { encoding: decoder.encoding }, { cause: error })
      : error;
  }
}

/** The first bytes (fewer only where there are no more), and all bytes once more. */
async function peek(
  source: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{ head: Uint8Array; rest: AsyncGenerator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < count) {
    const next = await iterator.next();
    if (next.done) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
      yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(chunks), rest: rest() };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export type CsvValue = string | number | boolean | null | undefined;

/**
 * A table as CSV text for spreadsheets: UTF-8 with a byte order mark (Excel would read it in the local code page),
 * CRLF, and no cell that a spreadsheet takes for a formula.
 */
export async function* writeCsv(
  columns: readonly string[],
  rows: Iterable<readonly CsvValue[]> | AsyncIterable<readonly CsvValue[]>,
): AsyncGenerator<string> {
  yield `\uFEFF${csvLine(columns)}`;
  for await (const row of rows) yield csvLine(row);
}

/** One line, with its line end. */
export function csvLine(values: readonly CsvValue[]): string {
  const cells = values.map(cell);
  // One empty cell alone would be an empty line.
  return `${cells.length === 1 && cells[0] === '' ? '""' : cells.join(',')}\r\n`;
}

function cell(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? guardedCell(value) : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Full-width signs, too, begin a formula in East Asian versions of Excel.
const FORMULA = /^[\s\p{Cc}\uFEFF]*[=+\-@＝＋－＠]|^[\t\r\n]/u;
const NUMBER = /^[+-]?\d{1,15}(\.\d{1,15})?$/;

/** Whether a spreadsheet that opens the file would run this cell instead of showing it. Numbers are no formulas. */
export function isFormula(text: string): boolean {
  return FORMULA.test(text) && !NUMBER.test(text);
}

/**
 * An apostrophe makes a spreadsheet take the cell as text (OWASP, CSV injection). Numbers stay numbers. What stands
 * behind apostrophes already gets one more, so that `plainCell` gives back what there was.
 */
export function guardedCell(text: string): string {
  return isFormula(text.replace(/^'+/, '')) ? `'${text}` : text;
}

/** A cell of a file that we may have written, as it was before it was guarded. */
export function plainCell(cell: string): string {
  return cell.startsWith("'") && isFormula(cell.replace(/^'+/, '')) ? cell.slice(1) : cell;
}
