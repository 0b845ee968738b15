import { DateReader, patternOf, Zone } from './dates.ts';
import { FORMATS, isTime, mayBeDate, MORE_FORMATS } from './guess.ts';
import { numberOf } from './position.ts';

/** What a column of a file holds, as far as the sample shows. */
export interface ColumnProfile {
  readonly name: string;
  readonly filled: number;
  /** Share of the sampled rows, 0 to 1. */
  readonly fillRate: number;
  readonly distinct: number;
  /** Every filled cell is another. */
  readonly unique: boolean;
  readonly kind: 'empty' | 'date' | 'number' | 'flag' | 'word' | 'text';
  readonly longest: number;
  readonly formats: readonly { readonly format: string; readonly rows: number }[];
  /** Day and month cannot be told apart, or stand in both orders. */
  readonly dayMonth: 'certain' | 'ambiguous' | 'mixed' | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly top: readonly { readonly value: string; readonly rows: number }[];
  /** Some of its cells, whatever they hold. */
  readonly samples: readonly string[];
  readonly role: string | null;
}

export const MAX_DISTINCT = 100_000;
/** A column of words has hardly more (`kind`): each can be told what it means. */
const MOST_WORDS = 60;
const UTC = new Zone('UTC');
interface Known {
  readonly format: string;
  /** null: of a format with a name. */
  readonly pattern: RegExp | null;
  readonly reader: DateReader;
}
const NAMED = new Set(['iso', 'zh', 'epoch', 'epochMs']);
const patternFor = (format: string): RegExp | null => (NAMED.has(format) ? null : patternOf(format));
const known = (format: string): Known => ({
  format,
  pattern: patternFor(format),
  reader: new DateReader([format], UTC),
});
const READERS = FORMATS.map((format) => known(format));
/** Of digits alone. */
const BARE = READERS.filter(({ format }) => !/[^yMdHms]/.test(format));
const EPOCHS = ['epochMs', 'epoch'].map((format) => known(format));

let more: readonly { format: string; pattern: RegExp | null }[] | null = null;
const byShape = new Map<string, readonly Known[]>();

/** The formats that text of this shape may have: of thousands a handful, found once for all cells of the shape. */
function readersFor(cell: string): readonly Known[] {
  const text = /^[\x20-\x7e]*$/.test(cell) ? cell : cell.normalize('NFKC').trim();
  if (!mayBeDate(text)) return [];
  const shape = text.replaceAll(/\d/g, '9');
  const found = byShape.get(shape);
  if (found) return found;
  let readers: readonly Known[] = READERS.filter(({ pattern }) => pattern === null || pattern.test(text));
  if (readers.every(({ format }) => NAMED.has(format))) {
    more ??= MORE_FORMATS.map((format) => ({ format, pattern: patternFor(format) }));
    readers = [
      ...readers,
      ...more
        .filter(({ pattern }) => pattern === null || pattern.test(text))
        .map(({ format }) => known(format)),
    ];
  }
  if (byShape.size > 20_000) byShape.clear();
  byShape.set(shape, readers);
  return readers;
}
const NUMBERS = [...BARE, ...EPOCHS];
const EXCEL = new DateReader(['excel'], UTC);
export const isEmpty = (cell: string): boolean => /^(|null|none|nan|n\/a|na|-+|\\n|无|空|\/)$/i.test(cell);
const FROM = Date.UTC(1985, 0, 1);
const TO = Date.UTC(2040, 0, 1);

/** Whether day or month comes first where the format alone says so; null: nobody could mistake it. */
const orderOf = (format: string): 'day' | 'month' | null =>
  /(^|[ ,])dd[/-]MM[/-]/.test(format) ? 'day' : /(^|[ ,])MM[/-]dd[/-]/.test(format) ? 'month' : null;

/** What is learnt of a column cell by cell. */
export class Column {
  readonly name: string;
  filled = 0;
  longest = 0;
  numbers = 0;
  least = Infinity;
  most = -Infinity;
  readonly values = new Map<string, number>();
  readonly formats = new Map<string, number>();
  /** How often only one order of day and month is possible. */
  dayFirst = 0;
  monthFirst = 0;
  eitherOrder = 0;
  dated = 0;
  excel = 0;
  /** Cells that are a time of day. */
  times = 0;
  readonly sentinels = new Map<string, number>();
  readonly shapes = new Map<string, number>();
  readonly #mostValues: number;

  /** `mostValues`: how many different ones are remembered. */
  constructor(name: string, mostValues = MAX_DISTINCT) {
    this.name = name;
    this.#mostValues = mostValues;
  }

  add(raw: string): void {
    const cell = raw.trim();
    if (isEmpty(cell)) return;
    this.filled += 1;
    this.longest = Math.max(this.longest, cell.length);
    if (this.values.size < this.#mostValues || this.values.has(cell))
      this.values.set(cell, (this.values.get(cell) ?? 0) + 1);
    const n = numberOf(cell);
    if (!Number.isNaN(n)) {
      this.numbers += 1;
      this.least = Math.min(this.least, n);
      this.most = Math.max(this.most, n);
      if (n > 20_000 && n < 60_000 && EXCEL.read(cell)) this.excel += 1;
    }
    if (cell.length <= 40) {
      const shape = cell.replaceAll(/\d/g, '9');
      if (this.shapes.size < 500 || this.shapes.has(shape))
        this.shapes.set(shape, (this.shapes.get(shape) ?? 0) + 1);
      if (/\d/.test(cell)) {
        if (isTime(cell)) this.times += 1;
        this.#date(cell, n);
      }
    }
  }

  #date(cell: string, n: number): void {
    const isNumber = !Number.isNaN(n);
    const fits = (isNumber ? NUMBERS : readersFor(cell)).filter(({ reader }) => {
      const read = reader.read(cell);
      return read !== null && read.ms > FROM && read.ms < TO;
    });
    if (fits.length === 0) {
      if (
        /^(1900-0?1-0?1|1899-12-30|9999-12-31|0001-0?1-0?1|2099-12-31|1970-0?1-0?1)(?!\d)/.test(
          cell.replaceAll('/', '-'),
        )
      ) {
        this.sentinels.set(cell, (this.sentinels.get(cell) ?? 0) + 1);
        this.dated += 1;
      }
      return;
    }
    this.dated += 1;
    const day = fits.find(({ format }) => orderOf(format) === 'day');
    const month = fits.find(({ format }) => orderOf(format) === 'month');
    if (day || month) {
      if (day && month) this.eitherOrder += 1;
      else if (day) this.dayFirst += 1;
      else this.monthFirst += 1;
      for (const one of [day, month])
        if (one) this.formats.set(one.format, (this.formats.get(one.format) ?? 0) + 1);
    } else {
      const [first] = fits;
      this.formats.set(first!.format, (this.formats.get(first!.format) ?? 0) + 1);
    }
  }

  get dayMonth(): ColumnProfile['dayMonth'] {
    if (this.dayFirst + this.monthFirst + this.eitherOrder === 0) return null;
    if (this.dayFirst > 0 && this.monthFirst > 0) return 'mixed';
    return this.dayFirst + this.monthFirst > 0 ? 'certain' : 'ambiguous';
  }

  /** The formats to read it with, the surest first; `day` first, where it does not say so itself. */
  dateFormats(day = false): string[] {
    const isDayFirst = this.dayMonth === 'ambiguous' ? day : this.dayFirst > this.monthFirst;
    const all = [...this.formats].sort((a, b) => b[1] - a[1]).map(([format]) => format);
    const order = orderOf;
    const wanted = all.filter((format) => {
      const of = order(format);
      return of === null || this.dayMonth === 'mixed' || of === (isDayFirst ? 'day' : 'month');
    });
    const sorted = wanted.toSorted(
      (a, b) =>
        Number(order(b) === (isDayFirst ? 'day' : 'month')) -
        Number(order(a) === (isDayFirst ? 'day' : 'month')),
    );
    return this.isExcel ? [...sorted, 'excel'] : sorted;
  }

  get isExcel(): boolean {
    return this.excel > 0 && this.excel === this.numbers && this.excel + this.dated >= this.filled * 0.8;
  }

  get isDate(): boolean {
    return this.filled > 0 && (this.dated + (this.isExcel ? this.excel : 0)) / this.filled >= 0.8;
  }

  /** As far as values are remembered. */
  get isDistinct(): boolean {
    return this.values.size >= Math.min(this.#mostValues, this.filled * 0.9);
  }

  get isTime(): boolean {
    return this.filled > 0 && this.times >= this.filled * 0.8;
  }

  get isUnique(): boolean {
    return this.filled > 1 && (this.values.size >= this.#mostValues || this.values.size === this.filled);
  }

  get kind(): ColumnProfile['kind'] {
    if (this.filled === 0) return 'empty';
    if (this.isDate) return 'date';
    if (this.numbers / this.filled >= 0.95) return 'number';
    if (this.values.size <= 3) return 'flag';
    return this.values.size <= Math.max(60, this.filled / 50) ? 'word' : 'text';
  }

  /** `people`: columns whose cells are shown in no other, where they slipped into it. */
  profile(
    rows: number,
    role: string | null,
    { isDayFirst = false, people = [] }: { isDayFirst?: boolean; people?: readonly Column[] } = {},
  ): ColumnProfile {
    const sorted = [...this.values].sort((a, b) => b[1] - a[1]);
    const isShown = (value: string): boolean => !isAtHome(value, this, people);
    const isDate = this.kind === 'date';
    const dates = isDate ? this.dateFormats(isDayFirst) : [];
    const reader = isDate && dates.length > 0 ? new DateReader(dates, UTC) : null;
    let least = Infinity;
    let most = -Infinity;
    if (reader) {
      for (const [value] of sorted) {
        const ms = reader.read(value)?.ms;
        if (ms === undefined || ms < FROM || ms > TO) continue;
        least = Math.min(least, ms);
        most = Math.max(most, ms);
      }
    }
    const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
    const isNumber = this.kind === 'number';
    return {
      name: this.name,
      filled: this.filled,
      fillRate: rows === 0 ? 0 : Math.round((this.filled / rows) * 1000) / 1000,
      distinct: this.values.size,
      unique: this.isUnique,
      kind: this.kind,
      longest: this.longest,
      formats: [
        ...[...this.formats]
          .filter(([format]) => !isDate || dates.includes(format))
          .map(([format, n]) => ({ format, rows: n })),
        ...(this.isExcel ? [{ format: 'excel', rows: this.excel }] : []),
      ].sort((a, b) => b.rows - a.rows),
      dayMonth: isDate ? this.dayMonth : null,
      from: Number.isFinite(least) ? day(least) : isNumber ? String(this.least) : null,
      to: Number.isFinite(most) ? day(most) : isNumber ? String(this.most) : null,
      // Cells of free text may name people.
      top:
        this.kind === 'text'
          ? []
          : some(sorted, ([value]) => isShown(value), MOST_WORDS).map(([value, n]) => ({
              value: value.slice(0, 60),
              rows: n,
            })),
      samples: some(this.values.keys(), isShown, 4).map((value) => value.slice(0, 80)),
      role,
    };
  }
}

function some<T>(all: Iterable<T>, isWanted: (one: T) => boolean, most: number): T[] {
  const found: T[] = [];
  for (const one of all) {
    if (found.length === most) break;
    if (isWanted(one)) found.push(one);
  }
  return found;
}

/** Whether one of these other columns holds a cell more often than its own. */
export const isAtHome = (cell: string, own: Column, others: readonly Column[]): boolean =>
  others.some((other) => other !== own && (other.values.get(cell) ?? 0) > (own.values.get(cell) ?? 0));

/** Whether the day stands before the month where a file's columns say so at all: most programs write all alike. */
export const dayFirst = (columns: readonly Column[]): boolean =>
  columns.reduce((sum, column) => sum + (column.isDate ? column.dayFirst - column.monthFirst : 0), 0) > 0;
