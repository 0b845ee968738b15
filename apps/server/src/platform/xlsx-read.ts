import { open } from 'node:fs/promises';
import sax from 'sax';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { problem } from './errors.ts';

/** What a file may be at most. A small .xlsx can hold terabytes, or say that it holds little and hold much. */
export interface WorkbookLimits {
  readonly entries: number;
  /** Of all parts together, as the archive declares them; a part that holds more than it declares is broken. */
  readonly unpackedBytes: number;
  /** Texts that cells share must be in memory. */
  readonly sharedBytes: number;
  readonly columns: number;
}

export const WORKBOOK_LIMITS: WorkbookLimits = {
  entries: 2000,
  unpackedBytes: 512 * 1024 * 1024,
  sharedBytes: 96 * 1024 * 1024,
  columns: 300,
};

export interface SheetRow {
  /** As the program that shows the file counts. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Columns whose number has more digits than Excel keeps (15): what stood there is lost. */
  readonly imprecise: ReadonlySet<number>;
}

export interface Workbook {
  readonly sheets: readonly { readonly name: string; readonly hidden: boolean }[];
  /** Rows that hold something, one by one; nothing of a sheet is kept. */
  rows(sheet: number): AsyncGenerator<SheetRow>;
  close(): void;
}

const NOTHING: ReadonlySet<number> = new Set();
/** Excel's own limit of a cell is 32,767 characters. */
const MAX_CELL = 40_000;

/**
 * Opens an Excel workbook (.xlsx, ISO/IEC 29500) for reading: values only, formulas by their last result, dates as
 * ISO 8601. Macros, passwords and the format of before 2007 are refused.
 * @throws table.macro, table.oldExcel, table.bomb, table.broken
 */
export async function openWorkbook(file: string, limits: Partial<WorkbookLimits> = {}): Promise<Workbook> {
  const most = { ...WORKBOOK_LIMITS, ...limits };
  await refuseOld(file);
  const zip = await openPromise(file, { lazyEntries: true, autoClose: false }).catch(broken);
  try {
    const parts = await readParts(zip, most);
    if (parts.has('xl/vbaProject.bin')) throw problem('table.macro');
    const read = (path: string, handle: Handle): Promise<void> => parsePart(zip, parts.get(path), handle);
    const sheets = await readSheets(read);
    const dates = await readDateStyles(read, sheets.styles);
    const shared = await readShared(read, parts, sheets.shared, most);
    return {
      sheets: sheets.list.map(({ name, hidden }) => ({ name, hidden })),
      rows: (at) =>
        readRows(zip, parts.get(sheets.list[at]!.path), {
          ...most,
          shared,
          dates,
          since1904: sheets.since1904,
        }),
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

/** Both .xls and a workbook with a password are OLE files. */
async function refuseOld(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    if (buffer.toString('hex') === 'd0cf11e0a1b11ae1') throw problem('table.oldExcel');
  } finally {
    await handle.close();
  }
}

function broken(error: unknown): never {
  if ((error as { code?: unknown }).code === 'ENOENT') throw error;
  throw problem('table.broken', {}, { cause: error });
}

async function readParts(zip: ZipFile, most: WorkbookLimits): Promise<Map<string, Entry>> {
  const parts = new Map<string, Entry>();
  let unpacked = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      unpacked += entry.uncompressedSize;
      if (parts.size >= most.entries || unpacked > most.unpackedBytes) throw problem('table.bomb');
      if (entry.isEncrypted()) throw problem('table.oldExcel');
      // Two parts of one name: programs differ in which they read.
      if (parts.has(entry.fileName)) throw problem('table.broken');
      parts.set(entry.fileName, entry);
    }
  } catch (error) {
    if ((error as { name?: unknown }).name === 'Problem') throw error;
    broken(error);
  }
  return parts;
}

type Tag = { readonly name: string; readonly attributes: Readonly<Record<string, string>> };

interface Handle {
  open?(tag: Tag): void;
  text?(text: string): void;
  close?(name: string): void;
}

type Read = (path: string, handle: Handle) => Promise<void>;

/** Names without their prefix: some programs write `x:row`. */
const local = (name: string): string => name.slice(name.indexOf(':') + 1);

function parserOf(handle: Handle): { write(text: string): void; end(): void } {
  const parser = sax.parser(true, { strictEntities: true } as sax.SAXOptions);
  const refuse = (cause?: Error): never => {
    throw problem('table.broken', {}, { cause });
  };
  Object.assign(parser, {
    onopentag: (tag: sax.Tag) => handle.open?.({ name: local(tag.name), attributes: tag.attributes }),
    ontext: (text: string) => handle.text?.(text),
    oncdata: (text: string) => handle.text?.(text),
    onclosetag: (name: string) => handle.close?.(local(name)),
    // No office program writes one; entities of its own are how XML is made to swell.
    ondoctype: () => refuse(),
    onerror: refuse,
  });
  return { write: (text) => void parser.write(text), end: () => void parser.close() };
}

async function* textOf(zip: ZipFile, entry: Entry): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) yield decoder.decode(chunk as Uint8Array, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if ((error as { name?: unknown }).name === 'Problem') throw error;
    broken(error);
  }
}

async function parsePart(zip: ZipFile, entry: Entry | undefined, handle: Handle): Promise<void> {
  if (!entry) return;
  const parser = parserOf(handle);
  for await (const text of textOf(zip, entry)) parser.write(text);
  parser.end();
}

interface Sheets {
  readonly list: { name: string; hidden: boolean; path: string }[];
  readonly since1904: boolean;
  readonly styles: string;
  readonly shared: string;
}

/** Which parts are the sheets is said by relations, not by their names. */
async function readSheets(read: Read): Promise<Sheets> {
  const targets = new Map<string, string>();
  let styles = 'xl/styles.xml';
  let shared = 'xl/sharedStrings.xml';
  const inside = (target: string): string =>
    target.startsWith('/') ? target.slice(1) : `xl/${target.replace(/^\.\//, '')}`;
  await read('xl/_rels/workbook.xml.rels', {
    open({ name, attributes: { Id, Target, Type } }) {
      if (name !== 'Relationship' || Id === undefined || Target === undefined) return;
      targets.set(Id, inside(Target));
      if (Type?.endsWith('/styles')) styles = inside(Target);
      if (Type?.endsWith('/sharedStrings')) shared = inside(Target);
    },
  });
  const list: Sheets['list'] = [];
  let since1904 = false;
  await read('xl/workbook.xml', {
    open({ name, attributes }) {
      if (name === 'workbookPr')
        since1904 = attributes['date1904'] === '1' || attributes['date1904'] === 'true';
      if (name !== 'sheet') return;
      const id = Object.entries(attributes).find(([key]) => local(key) === 'id' && key.includes(':'))?.[1];
      const path = targets.get(id ?? '');
      if (path?.includes('/worksheets/')) {
        list.push({
          name: attributes['name'] ?? '',
          hidden: (attributes['state'] ?? 'visible') !== 'visible',
          path,
        });
      }
    },
  });
  if (list.length === 0) throw problem('table.broken', { reason: 'sheets' });
  return { list, since1904, styles, shared };
}

/** Formats of the standard that show a date (§18.8.30), East Asian ones too. */
const isDateFormat = (id: number): boolean =>
  (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);

async function readDateStyles(read: Read, path: string): Promise<ReadonlySet<number>> {
  const own = new Map<number, boolean>();
  const dates = new Set<number>();
  let inCells = false;
  let at = 0;
  await read(path, {
    open({ name, attributes }) {
      if (name === 'numFmt') {
        const code = (attributes['formatCode'] ?? '').replace(/"[^"]*"|\\.|\[[^\]]*\]|_.|\*./g, '');
        own.set(Number(attributes['numFmtId']), /[ymdhs年月日]/i.test(code) && !/general/i.test(code));
      }
      if (name === 'cellXfs') inCells = true;
      if (name === 'xf' && inCells) {
        const id = Number(attributes['numFmtId'] ?? 0);
        if (own.get(id) ?? isDateFormat(id)) dates.add(at);
        at += 1;
      }
    },
    close(name) {
      if (name === 'cellXfs') inCells = false;
    },
  });
  return dates;
}

async function readShared(
  read: Read,
  parts: ReadonlyMap<string, Entry>,
  path: string,
  most: WorkbookLimits,
): Promise<string[]> {
  if ((parts.get(path)?.uncompressedSize ?? 0) > most.sharedBytes) throw problem('table.bomb');
  const texts: string[] = [];
  let text = '';
  let taking = false;
  let spoken = false;
  await read(path, {
    open({ name }) {
      if (name === 'si') text = '';
      // How it is pronounced is not what it says.
      if (name === 'rPh') spoken = true;
      if (name === 't') taking = !spoken;
    },
    text(part) {
      if (taking) text = added(text, part);
    },
    close(name) {
      if (name === 't') taking = false;
      if (name === 'rPh') spoken = false;
      if (name === 'si') texts.push(unescaped(text));
    },
  });
  return texts;
}

function added(text: string, part: string): string {
  if (text.length + part.length > MAX_CELL) throw problem('table.bomb');
  return text + part;
}

/** `_x000D_` stands for a character that XML cannot hold. */
const unescaped = (text: string): string =>
  text.includes('_x')
    ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;

interface Reading extends WorkbookLimits {
  readonly shared: readonly string[];
  readonly dates: ReadonlySet<number>;
  readonly since1904: boolean;
}

async function* readRows(zip: ZipFile, entry: Entry | undefined, reading: Reading): AsyncGenerator<SheetRow> {
  if (!entry) throw problem('table.broken', { reason: 'sheets' });
  const sheet = new SheetParser(reading);
  const parser = parserOf(sheet);
  for await (const text of textOf(zip, entry)) {
    parser.write(text);
    yield* sheet.take();
  }
  parser.end();
  yield* sheet.take();
}

class SheetParser implements Handle {
  readonly #reading: Reading;
  #rows: SheetRow[] = [];
  #line = 0;
  #cells: string[] = [];
  #imprecise: Set<number> | null = null;
  #column = -1;
  #type = '';
  #style = -1;
  #value = '';
  #taking = false;
  #spoken = false;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  take(): SheetRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  open({ name, attributes }: Tag): void {
    switch (name) {
      case 'row':
        this.#line = Number(attributes['r'] ?? this.#line + 1);
        this.#cells = [];
        this.#imprecise = null;
        this.#column = -1;
        break;
      case 'c':
        this.#column = attributes['r'] === undefined ? this.#column + 1 : columnOf(attributes['r']);
        if (!(this.#column >= 0 && this.#column < 16_384))
          throw problem('table.broken', { line: this.#line });
        this.#type = attributes['t'] ?? 'n';
        this.#style = Number(attributes['s'] ?? -1);
        this.#value = '';
        break;
      case 'rPh':
        this.#spoken = true;
        break;
      case 'v':
        this.#taking = true;
        break;
      case 't':
        this.#taking = !this.#spoken;
        break;
    }
  }

  text(part: string): void {
    if (this.#taking) this.#value = added(this.#value, part);
  }

  close(name: string): void {
    switch (name) {
      case 'v':
      case 't':
        this.#taking = false;
        break;
      case 'rPh':
        this.#spoken = false;
        break;
      case 'c':
        this.#put();
        break;
      case 'row':
        if (this.#cells.some((cell) => cell !== undefined && cell.trim() !== '')) {
          // A sparse row has holes.
          const cells = Array.from(this.#cells, (cell) => cell ?? '');
          this.#rows.push({ line: this.#line, cells, imprecise: this.#imprecise ?? NOTHING });
        }
        break;
    }
  }

  #put(): void {
    const text = this.#shown();
    if (text === '') return;
    if (this.#column >= this.#reading.columns) throw problem('table.columns', { max: this.#reading.columns });
    this.#cells[this.#column] = text;
  }

  #shown(): string {
    const value = this.#value;
    switch (this.#type) {
      case 's': {
        const text = this.#reading.shared[Number(value)];
        if (text === undefined) throw problem('table.broken', { line: this.#line });
        return text;
      }
      case 'b':
        return value === '1' ? 'true' : 'false';
      case 'n':
        return this.#number(value);
      default:
        return unescaped(value);
    }
  }

  #number(value: string): string {
    if (value === '') return '';
    const number = Number(value);
    if (!Number.isFinite(number)) return value;
    if (this.#reading.dates.has(this.#style)) return dateOf(number, this.#reading.since1904);
    if (Math.abs(number) >= 1e15) (this.#imprecise ??= new Set()).add(this.#column);
    // 0.1 + 0.2 is stored with 17 digits and shown with 15.
    return Math.abs(number) < 1e21 ? plain(Number(number.toPrecision(15))) : value;
  }
}

const plain = (number: number): string => {
  const text = String(number);
  return text.includes('e') ? number.toFixed(10).replace(/\.?0+$/, '') : text;
};

/** `BC23` → 54. */
function columnOf(reference: string): number {
  let column = 0;
  for (const letter of reference) {
    const code = letter.charCodeAt(0) - 64;
    if (code < 1 || code > 26) break;
    column = column * 26 + code;
  }
  return column - 1;
}

/** Excel counts days, and believes in a 29 February 1900. */
function dateOf(serial: number, since1904: boolean): string {
  const days = since1904 ? serial + 1462 : serial < 60 ? serial + 1 : serial;
  const date = new Date(Math.round((days - 25_569) * 86_400) * 1000);
  if (Number.isNaN(date.getTime())) return String(serial);
  const text = date.toISOString();
  if (serial >= 0 && serial < 1) return text.slice(11, 16);
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, 19);
}
