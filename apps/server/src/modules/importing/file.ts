import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { decoded, detectEncoding, MAX_BYTES, unpacked, type CsvEncoding } from '#platform/csv';
import { problem, Problem } from '#platform/errors';
import { REJECT_COLUMNS } from './batch.ts';
import { LooseRows, type LooseRow } from './loose.ts';

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
  /** The row that names the columns, from 1: a title may stand above it. */
  readonly headingRow: number;
  readonly columns: readonly string[];
}

export interface FileHints {
  readonly encoding?: CsvEncoding | undefined;
  readonly delimiter?: string | undefined;
  readonly headingRow?: number | undefined;
}

/** A row of the file below its heading. */
export interface FileRow extends LooseRow {
  /** From 1, the heading not counted. */
  readonly row: number;
}

/** Opens a file for reading. @throws import.notTable (a workbook), csv.header, csv.encoding */
export async function openFile(file: string, asked: FileHints = {}): Promise<SourceFile> {
  const start = await startOf(file);
  // A workbook renamed to .csv is a packed folder: said so, instead of read as text.
  if (WORKBOOKS.some((magic) => start.subarray(0, 4).equals(magic))) throw problem('import.workbook');
  // Our own list of what was rejected is as we write it, whatever the register was that its mapping speaks of.
  const isRejects = start
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .startsWith(REJECT_HEADING);
  const hints: FileHints = isRejects ? { encoding: 'utf-8', delimiter: ',', headingRow: 1 } : asked;
  const { size } = await stat(file);
  const sha256 = await hashOf(file);
  const seen = await detectEncoding(unpacked(createReadStream(file), MAX_BYTES));
  const encoding = hints.encoding ?? seen;
  const loose = encoding === seen;
  const head = await headOf(file, encoding, loose);
  const delimiter = hints.delimiter ?? delimiterOf(head);
  const rows = new LooseRows(delimiter).push(head, true);
  const headingRow = hints.headingRow ?? headingOf(rows);
  const heading = rows[headingRow - 1];
  if (!heading || heading.torn) throw problem('csv.header', { columns: '' });
  const columns = nameColumns(heading.cells);
  return {
    path: file,
    name: path.basename(file),
    bytes: size,
    sha256,
    encoding,
    loose,
    delimiter,
    headingRow,
    columns,
  };
}

const WORKBOOKS = [Buffer.of(0x50, 0x4b, 3, 4), Buffer.of(0xd0, 0xcf, 0x11, 0xe0)];
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
async function headOf(file: string, encoding: CsvEncoding, loose: boolean): Promise<string> {
  try {
    return await beginning(file, encoding, false);
  } catch (error) {
    if (!loose || !(error instanceof Problem)) throw error;
    const text = await beginning(file, encoding, true);
    const broken = text.split(BROKEN).length - 1;
    if (broken * 5 > (text.match(/\P{ASCII}/gu)?.length ?? 0)) throw error;
    return text;
  }
}

async function beginning(file: string, encoding: CsvEncoding, loose: boolean): Promise<string> {
  let text = '';
  const source = createReadStream(file);
  for await (const part of decoded(unpacked(source, MAX_BYTES), encoding, { loose })) {
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

/** The first of the first rows that is as wide as most and names something in nearly every cell. */
function headingOf(rows: readonly LooseRow[]): number {
  const widths = new Map<number, number>();
  for (const { cells } of rows.slice(0, 200)) widths.set(cells.length, (widths.get(cells.length) ?? 0) + 1);
  const [width = 1] = [...widths].sort((a, b) => b[1] - a[1])[0] ?? [];
  for (const [index, { cells }] of rows.slice(0, 20).entries()) {
    const named = cells.filter((cell) => cell.trim() !== '').length;
    if (cells.length >= width && named >= Math.min(2, width) && named * 2 > width) return index + 1;
  }
  return 1;
}

/** Every column has a name and no two the same: an empty heading is `column 7`, a second one `name (2)`. */
export function nameColumns(cells: readonly string[]): string[] {
  const names: string[] = [];
  for (const [index, cell] of cells.entries()) {
    const name =
      cell
        .replace(/^\uFEFF/, '')
        .replaceAll(/\s+/g, ' ')
        .trim() || `column ${index + 1}`;
    let unique = name;
    for (let n = 2; names.includes(unique); n += 1) unique = `${name} (${n})`;
    names.push(unique);
  }
  return names;
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
  for await (const text of decoded(unpacked(counted(), MAX_BYTES), file.encoding, file)) {
    const some = numbered(rows.push(text));
    if (some.length > 0) yield some;
  }
  const last = numbered(rows.push('', true));
  if (last.length > 0) yield last;
}
