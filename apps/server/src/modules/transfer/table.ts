import { open, stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import type { TransferKind } from '@wanmi/contracts';
import { delimiterOf } from '#modules/importing';
import { decoded, plainCell, readCells, unpacked } from '#platform/csv';
import { problem } from '#platform/errors';
import { openWorkbook, type WorkbookLimits } from '#platform/xlsx-read';
import { readFeatures } from './features.ts';
import { findHeading, HEADING_ROWS, keyOf, missingColumns, type Heading } from './heading.ts';

/** A row of a file, by our keys. */
export interface Row {
  /** From 1 through the whole file, headings and empty rows not counted. */
  readonly row: number;
  /** Where it stands; with several sheets, in its own. */
  readonly line: number;
  readonly values: Readonly<Record<string, string>>;
  /** As they stood, in the order of the file's columns. */
  readonly cells: readonly string[];
  /** Columns that mean nothing here, by their name in the file. */
  readonly others: Readonly<Record<string, string>>;
  /** Keys whose number lost digits. */
  readonly imprecise: ReadonlySet<string>;
  /** More cells than the heading has names. */
  readonly wide: boolean;
  /** GeoJSON. */
  readonly geometry?: unknown;
}

export interface Table {
  readonly format: 'xlsx' | 'csv' | 'geojson';
  /** Names of the columns as the file has them; of several sheets, all of them. */
  columns(): readonly string[];
  /** Names of columns that mean nothing here, and of sheets without the heading that is needed. */
  ignored(): readonly string[];
  rows(): AsyncGenerator<Row>;
  close(): void;
}

const NONE: ReadonlySet<string> = new Set();
const MAX_UNPACKED = 512 * 1024 * 1024;
/** Nobody has more assets in one file; beyond, several files are easier for everybody. */
export const MAX_ROWS = 1_000_000;

/**
 * Opens a file of a kind, whatever its name says: Excel (.xlsx), CSV (UTF-8, GB 18030, UTF-16; comma, semicolon or
 * tab; packed with gzip or not), and of assets GeoJSON.
 * @throws table.*, csv.*
 */
export async function openTable(
  kind: TransferKind,
  file: string,
  limits: Partial<WorkbookLimits> = {},
): Promise<Table> {
  const { head, size } = await beginning(file);
  if (size === 0) throw problem('table.empty');
  if (head.subarray(0, 4).toString('latin1') === 'PK\u0003\u0004') return excel(kind, file, limits);
  if (head.subarray(0, 8).toString('hex') === 'd0cf11e0a1b11ae1') throw problem('table.oldExcel');
  const text = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  if (text.startsWith('{') && kind === 'assets') return geojson(file);
  if (isBinary(head)) throw problem('table.type');
  return csv(kind, file);
}

async function beginning(file: string): Promise<{ head: Buffer; size: number }> {
  const { size } = await stat(file);
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8192), 0, 8192, 0);
    return { head: buffer.subarray(0, bytesRead), size };
  } finally {
    await handle.close();
  }
}

/** Zero bytes are in no text but that of UTF-16, which begins with its mark; gzip is unpacked further down. */
function isBinary(head: Buffer): boolean {
  const mark = head.subarray(0, 2).toString('hex');
  return mark !== '1f8b' && mark !== 'fffe' && mark !== 'feff' && head.includes(0);
}

/** Numbers the rows of all sheets, and says what was left out. */
class Count {
  row = 0;
  readonly columns = new Set<string>();
  readonly ignored = new Set<string>();

  next(): number {
    this.row += 1;
    if (this.row > MAX_ROWS) throw problem('table.tooMany', { max: MAX_ROWS });
    return this.row;
  }

  take(kind: TransferKind, heading: Heading): void {
    for (const [at, name] of heading.names.entries()) {
      this.columns.add(name);
      // An asset keeps what it has beyond our columns.
      if (heading.keys[at] === null && kind !== 'assets' && !name.startsWith('#')) this.ignored.add(name);
    }
  }
}

interface Raw {
  readonly line: number;
  readonly cells: readonly string[];
  readonly imprecise?: ReadonlySet<number>;
}

async function excel(kind: TransferKind, file: string, limits: Partial<WorkbookLimits>): Promise<Table> {
  const book = await openWorkbook(file, limits);
  let count = new Count();
  return {
    format: 'xlsx',
    columns: () => [...count.columns],
    ignored: () => [...count.ignored],
    async *rows() {
      count = new Count();
      let found = false;
      const tops: (readonly string[])[] = [];
      for (const [at, sheet] of book.sheets.entries()) {
        const read = new Reader(kind, count);
        for await (const raw of book.rows(at)) yield* read.take(raw);
        yield* read.end();
        if (read.heading) found = true;
        else {
          tops.push(...read.top.map(({ cells }) => cells));
          // A sheet of notes is no table.
          if (read.top.length > 0) count.ignored.add(sheet.name);
        }
      }
      if (!found) throw problem('table.header', { columns: missingColumns(kind, tops) });
    },
    close: () => book.close(),
  };
}

async function csv(kind: TransferKind, file: string): Promise<Table> {
  let count = new Count();
  const delimiter = await dividerOf(file);
  return {
    format: 'csv',
    columns: () => [...count.columns],
    ignored: () => [...count.ignored],
    async *rows() {
      count = new Count();
      const read = new Reader(kind, count);
      for await (const raw of readCells(file, { delimiter, maxBytes: MAX_UNPACKED })) {
        // A line of commas is how a spreadsheet writes an empty row.
        // An address such as `-1层` left an export, or a reject file, behind an apostrophe.
        if (raw.cells.some((cell) => cell.trim() !== ''))
          yield* read.take({ ...raw, cells: raw.cells.map(plainCell) });
      }
      yield* read.end();
      if (!read.heading)
        throw problem('table.header', {
          columns: missingColumns(
            kind,
            read.top.map(({ cells }) => cells),
          ),
        });
    },
    close: () => {},
  };
}

/** Of the text, whatever it is packed in. */
async function dividerOf(file: string): Promise<string> {
  const source = createReadStream(file);
  try {
    for await (const text of decoded(unpacked(source, MAX_UNPACKED))) return delimiterOf(text);
  } finally {
    source.destroy();
  }
  throw problem('table.empty');
}

/** Finds the heading of one sheet and turns what follows into rows. */
class Reader {
  heading: Heading | null = null;
  readonly top: Raw[] = [];
  readonly #kind: TransferKind;
  readonly #count: Count;
  #order: readonly number[] = [];

  constructor(kind: TransferKind, count: Count) {
    this.#kind = kind;
    this.#count = count;
  }

  *take(raw: Raw): Generator<Row> {
    if (this.heading) {
      yield this.#row(this.heading, raw);
      return;
    }
    if (this.top.length >= HEADING_ROWS) return;
    this.top.push(raw);
    if (this.top.length === HEADING_ROWS) yield* this.#settle();
  }

  *end(): Generator<Row> {
    if (!this.heading && this.top.length < HEADING_ROWS) yield* this.#settle();
  }

  *#settle(): Generator<Row> {
    const found = findHeading(
      this.#kind,
      this.top.map(({ cells }) => cells),
    );
    if (!found) return;
    this.heading = found.heading;
    this.#count.take(this.#kind, found.heading);
    // Two sheets may have their columns in another order: rejects are written in that of the file's first heading.
    this.#order = [...this.#count.columns].map((name) => found.heading.names.indexOf(name));
    for (const raw of this.top.slice(found.height)) yield this.#row(found.heading, raw);
  }

  #row({ keys, names }: Heading, { line, cells, imprecise }: Raw): Row {
    const values: Record<string, string> = {};
    const others: Record<string, string> = {};
    for (const [at, key] of keys.entries()) {
      const cell = cells[at] ?? '';
      if (key !== null) values[key] = cell;
      else if (cell.trim() !== '') others[names[at]!] = cell;
    }
    const lost = imprecise?.size ? new Set([...imprecise].flatMap((at) => keys[at] ?? [])) : NONE;
    return {
      row: this.#count.next(),
      line,
      values,
      cells: this.#order.map((at) => cells[at] ?? ''),
      others,
      imprecise: lost,
      wide: cells.slice(keys.length).some((cell) => cell.trim() !== ''),
    };
  }
}

function geojson(file: string): Table {
  let count = new Count();
  return {
    format: 'geojson',
    columns: () => [...count.columns],
    ignored: () => [],
    async *rows() {
      count = new Count();
      for await (const { line, feature } of readFeatures(createReadStream(file), MAX_UNPACKED)) {
        const row = count.next();
        const values: Record<string, string> = {};
        const others: Record<string, string> = {};
        const properties = isRecord(feature['properties']) ? feature['properties'] : {};
        for (const [name, value] of Object.entries(properties)) {
          count.columns.add(name);
          const text = textOf(value);
          const key = keyOf('assets', name);
          if (key !== null) values[key] = text;
          else if (text.trim() !== '') others[name] = text;
        }
        yield {
          row,
          line,
          values,
          cells: [...count.columns].map((name) => textOf(properties[name])),
          others,
          imprecise: NONE,
          wide: false,
          geometry: feature['geometry'] ?? null,
        };
      }
    },
    close: () => {},
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : value === null || value === undefined
      ? ''
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value as number);
