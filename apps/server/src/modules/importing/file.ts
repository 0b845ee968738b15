import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { decoded, detectEncoding, MAX_BYTES, unpacked, type CsvEncoding } from '#platform/csv';
import { problem, Problem } from '#platform/errors';
import { openWorkbook, type Workbook, type WorkbookLimits } from '#platform/xlsx-read';
import { REJECT_COLUMNS } from './batch.ts';
import { LooseRows, type LooseRow } from './loose.ts';
import { looksLikeData } from './heading.ts';

export const DELIMITERS = [',', ';', '\t', '|'] as const;

/** A register on disk, looked through once: what it is, and how it is to be read. */
export interface SourceFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly encoding: CsvEncoding;
  /** The bytes look like that encoding: where some are no character (cut in two by a program), the rest is read. */
  readonly loose: boolean;
  readonly delimiter: string;
  /** The row that names the columns, from 1: a title may stand above it. 0: none does. */
  readonly headingRow: number;
  readonly columns: readonly string[];
  /** Of a workbook: the sheets that are read one after the other, and those that are not. */
  readonly sheets: readonly string[] | null;
  readonly others: readonly string[];
}

export interface FileHints {
  readonly encoding?: CsvEncoding | undefined;
  readonly delimiter?: string | undefined;
  readonly headingRow?: number | undefined;
  readonly sheets?: readonly string[] | undefined;
  /** What people call it, where it lies under another name. */
  readonly name?: string | undefined;
}

/** A row of the file below its heading. */
export interface FileRow extends LooseRow {
  /** From 1, the heading not counted. */
  readonly row: number;
}

/**
 * Opens a file for reading: text, packed with gzip or not, or an Excel workbook (.xlsx).
 * @throws table.*, csv.header, csv.encoding
 */
export async function openFile(file: string, asked: FileHints = {}): Promise<SourceFile> {
  const start = await startOf(file);
  if (start.length === 0) throw problem('table.empty');
  if (start.subarray(0, 4).equals(OLD_EXCEL)) throw problem('table.oldExcel');
  const { size } = await stat(file);
  const sha256 = await hashOf(file);
  const known = { path: file, name: asked.name ?? path.basename(file), bytes: size, sha256 };
  if (start.subarray(0, 4).equals(ZIP)) return { ...known, ...(await openBook(file, asked)) };
  // Our own list of what was rejected is as we write it, whatever the register was that its mapping speaks of.
  const isRejects = start
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .startsWith(REJECT_HEADING);
  const hints: FileHints = isRejects ? { encoding: 'utf-8', delimiter: ',', headingRow: 1 } : asked;
  const most = mostBytes(size);
  const seen = await detectEncoding(unpacked(createReadStream(file), most));
  const encoding = hints.encoding ?? seen;
  const loose = encoding === seen;
  const head = await headOf(file, encoding, loose, most);
  // A film or a program that somebody took for a register is full of zero bytes.
  if (head.split('\0').length > 8 + head.length / 50) throw problem('table.type');
  const delimiter = hints.delimiter ?? delimiterOf(head);
  const rows = new LooseRows(delimiter).push(head, true);
  if (rows.length === 0) throw problem('table.empty');
  const headingRow = hints.headingRow ?? headingOf(rows);
  return {
    ...known,
    encoding,
    loose,
    delimiter,
    headingRow,
    columns: columnsOf(rows, headingRow),
    sheets: null,
    others: [],
  };
}

/** A register may have many columns; thousands are no table that anybody keeps. */
const MAX_COLUMNS = 2000;

/** What stands in the row of the headings; without one, the columns by their number. @throws table.columns */
function columnsOf(rows: readonly LooseRow[], headingRow: number): readonly string[] {
  const width = headingRow === 0 ? widthOf(rows) : (rows[headingRow - 1]?.cells.length ?? 0);
  if (width > MAX_COLUMNS) throw problem('table.columns', { max: MAX_COLUMNS });
  if (headingRow === 0) return nameColumns(Array.from({ length: width }, () => ''));
  const heading = rows[headingRow - 1];
  if (!heading || heading.torn) throw problem('csv.header', { columns: '' });
  return nameColumns(heading.cells);
}

/** A small packed file can hold terabytes: text packs to a tenth, hardly ever to a hundredth. */
const mostBytes = (packed: number): number => Math.min(MAX_BYTES, Math.max(64 * 1024 * 1024, packed * 150));

/** A register may have a million rows. */
const BOOK_LIMITS: Partial<WorkbookLimits> = {
  unpackedBytes: 6 * 1024 ** 3,
  sharedBytes: 256 * 1024 * 1024,
  columns: MAX_COLUMNS,
};
const TOP = 200;

type Book = Omit<SourceFile, 'path' | 'name' | 'bytes' | 'sha256'>;

async function openBook(file: string, { headingRow: asked, sheets: named }: FileHints): Promise<Book> {
  const book = await openWorkbook(file, BOOK_LIMITS);
  try {
    const seen: { name: string; headingRow: number; columns: readonly string[]; rows: number }[] = [];
    const faults: unknown[] = [];
    for (const [at, { name, hidden }] of book.sheets.entries()) {
      if (named ? !named.includes(name) : hidden) continue;
      const rows = await topOf(book, at);
      if (rows.length === 0) continue;
      const headingRow = asked ?? headingOf(rows);
      try {
        seen.push({ name, headingRow, columns: columnsOf(rows, headingRow), rows: rows.length - headingRow });
      } catch (error) {
        faults.push(error);
      }
    }
    // A cover or a legend has no rows under many headings.
    const first = seen.find(({ columns, rows }) => columns.length > 2 && rows > 0) ?? seen[0];
    if (!first) throw faults[0] ?? problem('table.empty');
    const alike = seen.filter(
      ({ columns, headingRow }) =>
        headingRow === first.headingRow && columns.join('\t') === first.columns.join('\t'),
    );
    const sheets = alike.map(({ name }) => name);
    return {
      encoding: 'utf-8',
      loose: false,
      delimiter: ',',
      headingRow: first.headingRow,
      columns: first.columns,
      sheets,
      others: seen.map(({ name }) => name).filter((name) => !sheets.includes(name)),
    };
  } finally {
    book.close();
  }
}

async function topOf(book: Workbook, sheet: number): Promise<LooseRow[]> {
  const rows: LooseRow[] = [];
  for await (const { line, cells } of book.rows(sheet)) {
    rows.push({ line, cells, torn: false });
    if (rows.length >= TOP) break;
  }
  return rows;
}

const ZIP = Buffer.of(0x50, 0x4b, 3, 4);
const OLD_EXCEL = Buffer.of(0xd0, 0xcf, 0x11, 0xe0);
const REJECT_HEADING = REJECT_COLUMNS.join(',');

async function startOf(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

const HEAD = 256 * 1024;
/** Stands for bytes that are no character. */
export const BROKEN = '\uFFFD';

/** The beginning of the text, up to a line's end. @throws csv.encoding where it is mostly no text of that encoding */
async function headOf(file: string, encoding: CsvEncoding, loose: boolean, most: number): Promise<string> {
  try {
    return await beginning(file, encoding, false, most);
  } catch (error) {
    if (!loose || !(error instanceof Problem)) throw error;
    const text = await beginning(file, encoding, true, most);
    const broken = text.split(BROKEN).length - 1;
    if (broken * 5 > (text.match(/\P{ASCII}/gu)?.length ?? 0)) throw error;
    return text;
  }
}

async function beginning(file: string, encoding: CsvEncoding, loose: boolean, most: number): Promise<string> {
  let text = '';
  const source = createReadStream(file);
  for await (const part of decoded(unpacked(source, most), encoding, { loose })) {
    text += part;
    if (text.length < HEAD) continue;
    source.destroy();
    return text.slice(0, Math.max(text.lastIndexOf('\n') + 1, 1));
  }
  return text;
}

/** The sign that cuts most rows into the same number of cells. */
export function delimiterOf(text: string): string {
  let best: { sign: string; score: number } = { sign: ',', score: 0 };
  for (const sign of DELIMITERS) {
    const widths = new Map<number, number>();
    const rows = new LooseRows(sign).push(text, true).slice(0, 200);
    for (const { cells } of rows) widths.set(cells.length, (widths.get(cells.length) ?? 0) + 1);
    const [width = 1, count = 0] = [...widths].sort((a, b) => b[1] - a[1])[0] ?? [];
    const score = width < 2 ? 0 : (count / Math.max(rows.length, 1)) * Math.log2(width + 1);
    if (score > best.score) best = { sign, score };
  }
  return best.sign;
}

/** As wide as most. */
function widthOf(rows: readonly LooseRow[]): number {
  const widths = new Map<number, number>();
  for (const { cells, torn } of rows.slice(0, 200))
    if (!torn) widths.set(cells.length, (widths.get(cells.length) ?? 0) + 1);
  return [...widths].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0] ?? 1;
}

/** The first of the first rows that is as wide as most and names something in nearly every cell; 0: it holds data. */
function headingOf(rows: readonly LooseRow[]): number {
  const width = widthOf(rows);
  for (const [index, { cells }] of rows.slice(0, 20).entries()) {
    const named = cells.filter((cell) => cell.trim() !== '').length;
    if (cells.length < width || named < Math.min(2, width) || named * 2 <= width) continue;
    return index === 0 && looksLikeData(cells, rows.slice(1)) ? 0 : index + 1;
  }
  return 1;
}

/** No heading is longer; what stands there is a title, or a text that lost its way. */
const MAX_NAME = 1000;

/** Every column has a name and no two the same: an empty heading is `column 7`, a second one `name (2)`. */
export function nameColumns(cells: readonly string[]): string[] {
  const names = new Set<string>();
  const last = new Map<string, number>();
  for (const [index, cell] of cells.entries()) {
    const name =
      cell
        .replace(/^\uFEFF/, '')
        .replaceAll('\0', '')
        .replaceAll(/\s+/g, ' ')
        .trim()
        .slice(0, MAX_NAME)
        .toWellFormed() || `column ${index + 1}`;
    let unique = name;
    let n = last.get(name) ?? 1;
    while (names.has(unique)) unique = `${name} (${(n += 1)})`;
    last.set(name, n);
    names.add(unique);
  }
  return [...names];
}

export interface Reading {
  /** Bytes of the file that have been read, packed as they are. */
  bytes: number;
}

/** All rows below the heading, some at a time; every row of the file comes out once. */
export async function* readRows(
  file: SourceFile,
  reading: Reading = { bytes: 0 },
): AsyncGenerator<FileRow[]> {
  if (file.sheets) {
    yield* bookRows(file, file.sheets, reading);
    return;
  }
  const rows = new LooseRows(file.delimiter);
  let skip = file.headingRow;
  let row = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(file.path, { highWaterMark: 256 * 1024 })) {
      reading.bytes += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  };
  const numbered = (some: LooseRow[]): FileRow[] => {
    const kept = some.slice(skip);
    skip -= some.length - kept.length;
    return kept.map((one) => ({ ...one, row: (row += 1) }));
  };
  rows.width = file.columns.length;
  for await (const text of decoded(unpacked(counted(), mostBytes(file.bytes)), file.encoding, file)) {
    const some = numbered(rows.push(text));
    if (some.length > 0) yield some;
  }
  const last = numbered(rows.push('', true));
  if (last.length > 0) yield last;
}

const LOT = 500;

/** Of a workbook: sheet after sheet, each below its heading. A row is as wide as the headings are. */
async function* bookRows(
  { path: file, columns, headingRow, bytes }: SourceFile,
  sheets: readonly string[],
  reading: Reading,
): AsyncGenerator<FileRow[]> {
  const book = await openWorkbook(file, BOOK_LIMITS);
  try {
    let row = 0;
    for (const [nth, name] of sheets.entries()) {
      const at = book.sheets.findIndex((one) => one.name === name);
      if (at === -1) continue;
      let skip = headingRow;
      let lot: FileRow[] = [];
      for await (const { line, cells, imprecise } of book.rows(at)) {
        if (skip > 0) {
          skip -= 1;
          continue;
        }
        const filled = [...cells, ...Array.from({ length: columns.length - cells.length }, () => '')];
        const few = imprecise.size > 0 ? { imprecise: [...imprecise] } : {};
        lot.push({
          line,
          cells: cells.length < columns.length ? filled : cells,
          torn: false,
          row: (row += 1),
          ...few,
        });
        if (lot.length < LOT) continue;
        // How much of a packed sheet is behind us only its rows tell: they are as long as they are.
        reading.bytes = Math.min(bytes * 0.99, bytes * ((nth + row / (row + 20_000)) / sheets.length));
        yield lot;
        lot = [];
      }
      if (lot.length > 0) yield lot;
    }
    reading.bytes = bytes;
  } finally {
    book.close();
  }
}
