import { createHash } from 'node:crypto';
import { CRS, type Crs, type Outcome, type ReportKind, type Source } from '@wanmi/contracts';
import type { LonLat } from '#platform/geo';
import { DateReader, Zone, type ReadDate } from './dates.ts';
import { BROKEN, type FileRow } from './file.ts';
import { columnsOf, MappingError, type DateSpec, type FieldSpec, type Mapping } from './mapping.ts';
import { PlaceReader } from './position.ts';
import { Refused, refuse, type Cells, type Get } from './refused.ts';
import { Slips, type Check } from './shift.ts';

/** A request of the register, understood; ids of the city are still to be found. */
export interface RequestRow {
  readonly row: number;
  readonly sourceId: string;
  readonly reportedAt: number;
  readonly filedAt: number | null;
  readonly dispatchedAt: number | null;
  readonly respondedAt: number | null;
  /** null: still open. */
  readonly closedAt: number | null;
  readonly dueAt: number | null;
  /** null: still open. */
  readonly outcome: Exclude<Outcome, 'merged'> | null;
  readonly kind: ReportKind;
  readonly source: Source;
  readonly group: string;
  readonly type: string;
  readonly agency: string;
  readonly description: string;
  readonly address: string | null;
  readonly point: LonLat | null;
  readonly crs: Crs;
  /** Outside `position.within`. */
  readonly outside: boolean;
  readonly reporterName: string | null;
  readonly reporterPhone: string | null;
  readonly result: string | null;
  /** What the register itself says of being on time; null: nothing. */
  readonly saidOnTime: boolean | null;
  /** The register's words as they stand. */
  readonly words: { readonly status: string; readonly source: string; readonly onTime: string };
  readonly warnings: readonly string[];
  /** Counted, and no doubt about the row. */
  readonly marks: readonly string[];
}

export interface Refusal {
  readonly reason: string;
  readonly field: string | null;
  readonly sourceId: string | null;
}

export type Outcomes = { readonly row: RequestRow } | { readonly refusal: Refusal };

/** One space where there are several, no control characters, not longer than fits. */
export function tidy(text: string, most: number): string {
  const clean = /[^\x20-\x7e]| {2}|^ | $/.test(text)
    ? text
        .toWellFormed()
        .replaceAll(/[\s\p{Cc}\uFEFF]+/gu, ' ')
        .trim()
    : text;
  return clean.length <= most ? clean : Array.from(clean).slice(0, most).join('').trim();
}

const EMPTY = ['', 'null', 'none', 'nan', 'n/a', 'na', '-', '--', '\\n', '无', '空', '/'];
/** Before it nobody kept such a register on a computer. */
const EARLIEST = Date.UTC(1970, 0, 2);
const DAY = 24 * 3600_000;
/** A promise may lie far ahead. */
const LATEST = Date.UTC(9000, 0, 1);

/** Reads the rows of one file by one mapping. Pure: nothing is looked up, the moment of "now" is given. */
export class RowReader {
  readonly #mapping: Mapping;
  readonly #columns: readonly string[];
  readonly #empty: ReadonlySet<string>;
  readonly #get: { [K in keyof Mapping['fields']]?: Get };
  readonly #dates: { [K in DateName]?: { get: Get; reader: DateReader } };
  readonly #now: number;
  readonly #slips: Slips;
  readonly #idColumns: ReadonlySet<number>;
  readonly #place: PlaceReader;

  /** @throws MappingError where the file does not have a column that the mapping names */
  constructor(mapping: Mapping, columns: readonly string[], timeZone: string, now: number) {
    const missing = columnsOf(mapping).filter((name) => !columns.includes(name));
    if (missing.length > 0) {
      throw new MappingError(
        'the mapping',
        missing.map((name) => `the file has no column "${name}"; it has: ${columns.join(', ')}`),
      );
    }
    this.#mapping = mapping;
    this.#columns = columns;
    this.#now = now;
    this.#empty = new Set([...EMPTY, ...(mapping.empty ?? []).map((one) => one.trim().toLowerCase())]);
    const zones = new Map<string, Zone>();
    const zoneOf = (name: string): Zone => {
      const zone = zones.get(name) ?? new Zone(name);
      zones.set(name, zone);
      return zone;
    };
    this.#get = {};
    this.#dates = {};
    const checks: Check[] = [];
    const { fields } = mapping;
    for (const [name, field] of Object.entries(fields)) {
      if (field === undefined) continue;
      if (isDate(name)) {
        const spec = field as DateSpec;
        const own: { timeZone?: string | undefined; formats?: string[] | undefined } =
          typeof spec === 'string' ? {} : spec;
        const named = typeof spec === 'string' ? [spec] : 'columns' in spec ? spec.columns : [spec.column];
        const zone = zoneOf(own.timeZone ?? mapping.timeZone ?? timeZone);
        const reader = new DateReader(own.formats ?? mapping.dateFormats, zone);
        const indexes = named.map((one) => columns.indexOf(one));
        const index = indexes[0]!;
        const get: Get =
          indexes.length === 1
            ? (cells) => this.#clean(cells[index] ?? '')
            : (cells) =>
                indexes
                  .map((at) => this.#clean(cells[at] ?? ''))
                  .filter(Boolean)
                  .join(' ');
        this.#dates[name] = { get, reader };
        if (indexes.length === 1)
          checks.push({ index, fits: (cell) => cell === '' || reader.read(cell) !== null });
      } else if (typeof field === 'object' && 'hash' in field) {
        const { hash } = field;
        const indexes = hash === 'row' ? columns.map((_, i) => i) : hash.map((one) => columns.indexOf(one));
        this.#get.id = (cells) =>
          createHash('sha256')
            .update(JSON.stringify(indexes.map((i) => tidy(cells[i] ?? '', 4000))))
            .digest('hex')
            .slice(0, 32);
      } else {
        this.#get[name as 'status'] = this.#getter(field as FieldSpec);
      }
    }
    this.#idColumns = new Set(namesOf(fields.id).map((name) => columns.indexOf(name)));
    this.#slips = new Slips(mapping, columns, checks, (cell) => this.#clean(cell));
    this.#place = new PlaceReader(mapping.position, this.#get);
  }

  /** What one row says, or why it cannot be taken. */
  read({ row, cells, torn, imprecise }: FileRow): Outcomes {
    if (torn) return refusal('row.torn', null, null);
    if (cells.length !== this.#columns.length) {
      const extra = cells.slice(this.#columns.length);
      const isPadded = cells.length > this.#columns.length && extra.every((cell) => cell.trim() === '');
      if (!isPadded) return refusal('row.columns', null, null);
    }
    const sourceId = tidy(this.#get.id?.(cells) ?? '', 200);
    try {
      if (sourceId === '') refuse('id.missing', 'id');
      if (sourceId.length > 80) refuse('id.tooLong', 'id');
      // A spreadsheet keeps fifteen digits of a number: two requests would be one.
      if (imprecise?.some((at) => this.#idColumns.has(at))) refuse('id.imprecise', 'id');
      const warnings: string[] = [];
      const odd = this.#slips.odd(cells);
      if (odd > 0) warnings.push('value.unexpected');
      if (cells.some((cell) => cell.includes(BROKEN))) warnings.push('text.broken');
      const read = this.#request(row, sourceId, cells, warnings);
      if (odd >= 2 && this.#slips.isShifted(cells)) refuse('row.shifted');
      return { row: read };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const shifted = error.reason !== 'id.missing' && this.#slips.isShifted(cells);
      return shifted
        ? refusal('row.shifted', error.field, sourceId || null)
        : refusal(error.reason, error.field, sourceId || null);
    }
  }

  #request(row: number, sourceId: string, cells: Cells, warnings: string[]): RequestRow {
    const marks: string[] = [];
    const reported = this.#date('reportedAt', cells, warnings, marks) ?? refuse('date.missing', 'reportedAt');
    if (reported.ms < EARLIEST || reported.ms > this.#now + DAY) refuse('date.range', 'reportedAt');
    const reportedAt = reported.ms;
    const word = (name: 'status' | 'onTime' | 'source' | 'kind'): string =>
      tidy(this.#get[name]?.(cells) ?? '', 200);
    const words = { status: word('status'), source: word('source'), onTime: word('onTime') };

    const closed = this.#date('closedAt', cells, warnings, marks);
    let closedAt = closed?.ms ?? null;
    // The clocks showed the hour twice: what was reported in it was closed in its second run, if not in the first.
    if (closed && closedAt! < reportedAt && closed.later >= reportedAt) closedAt = closed.later;
    // A day without a time of it is that day's beginning; what was closed on the day of its report was closed after it.
    if (closed?.isDay && closedAt! < reportedAt && reportedAt < closedAt! + DAY) {
      closedAt = reportedAt;
      marks.push('time.sameDay');
    }
    if (closedAt !== null && closedAt > this.#now + DAY) refuse('date.range', 'closedAt');
    let outcome = this.#status(words.status, closedAt !== null);
    const doubts = this.#mapping.doubts ?? {};
    if (outcome !== null && closedAt === null) {
      if ((doubts.closedWithoutDate ?? 'reject') === 'reject') refuse('status.closedWithoutDate', 'closedAt');
      warnings.push('status.closedWithoutDate');
    }
    if (outcome === null && closedAt !== null) {
      const rule = doubts.openWithDate ?? 'open';
      if (rule === 'reject') refuse('status.openWithDate', 'closedAt');
      warnings.push('status.openWithDate');
      if (rule === 'closed') outcome = 'closed';
      else closedAt = null;
    }
    if (closedAt !== null && closedAt < reportedAt) {
      if ((doubts.closedBeforeReported ?? 'reject') === 'reject')
        refuse('date.closedBeforeReported', 'closedAt');
      warnings.push('date.closedBeforeReported');
      closedAt = reportedAt;
    }
    const dueAt = this.#date('dueAt', cells, warnings, marks)?.ms ?? null;
    if (dueAt !== null && (dueAt < EARLIEST || dueAt > LATEST)) refuse('date.range', 'dueAt');
    if (dueAt !== null && dueAt < reportedAt) warnings.push('date.dueBeforeReported');

    // In between each comes after the one before it, and none after the end.
    const end = closedAt ?? this.#now;
    let last = reportedAt;
    const between = (name: 'filedAt' | 'dispatchedAt' | 'respondedAt'): number | null => {
      const found = this.#date(name, cells, warnings, marks);
      if (!found) return null;
      const at = Math.min(Math.max(found.ms, last), end);
      if (at !== found.ms) warnings.push('date.order');
      last = at;
      return at;
    };
    const filedAt = between('filedAt');
    const dispatchedAt = between('dispatchedAt');
    const respondedAt = between('respondedAt');
    if (outcome !== null) closedAt ??= Math.max(last, respondedAt ?? dispatchedAt ?? filedAt ?? reportedAt);

    const { point, outside } = this.#place.read(cells, warnings);
    if (point === null) marks.push('position.none');
    const text = (
      name:
        | 'group'
        | 'type'
        | 'agency'
        | 'title'
        | 'description'
        | 'address'
        | 'result'
        | 'reporterName'
        | 'reporterPhone',
      most: number,
    ): string => tidy(this.#get[name]?.(cells) ?? '', most);
    const type = text('type', 120);
    const address = text('address', 200);
    const said = [text('title', 300), text('description', 2000)].filter(
      (one, i, all) => one !== '' && all.indexOf(one) === i,
    );
    return {
      row,
      sourceId,
      reportedAt,
      filedAt,
      dispatchedAt,
      respondedAt,
      closedAt,
      dueAt,
      outcome,
      kind: this.#kind(word('kind')),
      source: this.#source(words.source),
      group: text('group', 120),
      type,
      agency: text('agency', 120),
      description: tidy(said.join(' · ') || type || address || sourceId, 2000),
      address: address || null,
      point,
      crs: CRS.find((one) => one === this.#mapping.position?.crs) ?? 'wgs84',
      outside,
      reporterName: text('reporterName', 80) || null,
      reporterPhone: text('reporterPhone', 40) || null,
      result: text('result', 500) || null,
      saidOnTime: this.#flag(words.onTime),
      words,
      warnings: [...new Set(warnings)],
      marks: [...new Set(marks)],
    };
  }

  #clean(cell: string): string {
    const text = cell.trim();
    return this.#empty.has(text.toLowerCase()) ? '' : text;
  }

  #getter(field: FieldSpec): Get {
    if (typeof field === 'string') return this.#getter({ column: field });
    const { value, match, join = ' ' } = field;
    if (value !== undefined) return () => value;
    const indexes = (field.columns ?? (field.column === undefined ? [] : [field.column])).map((one) =>
      this.#columns.indexOf(one),
    );
    const pattern = match === undefined ? null : new RegExp(match, 'u');
    const [only] = indexes;
    if (indexes.length === 1 && pattern === null) return (cells) => this.#clean(cells[only!] ?? '');
    return (cells) => {
      const text = indexes
        .map((i) => this.#clean(cells[i] ?? ''))
        .filter(Boolean)
        .join(join);
      if (pattern === null) return text;
      const found = pattern.exec(text);
      return found ? (found[1] ?? found[0]) : '';
    };
  }

  #date(name: DateName, cells: Cells, warnings: string[], marks: string[]): ReadDate | null {
    const field = this.#dates[name];
    const text = field?.get(cells) ?? '';
    if (!field || text === '') return null;
    const read = field.reader.read(text);
    if (read === null) return refuse('date.unreadable', name);
    if (read.unsure) warnings.push('date.ambiguous');
    if (read.kind !== 'plain') marks.push(`time.${read.kind}`);
    return read;
  }

  /** null: open. */
  #status(word: string, isClosed: boolean): RequestRow['outcome'] {
    const rule = this.#mapping.values?.status;
    if (this.#get.status === undefined || (word === '' && !Object.hasOwn(rule?.map ?? {}, '')))
      return isClosed ? 'closed' : null;
    const known =
      rule && Object.hasOwn(rule.map, word)
        ? rule.map[word]!
        : (rule?.otherwise ?? (rule ? 'reject' : 'byDate'));
    if (known === 'reject') return refuse('status.unknown', 'status');
    if (known === 'byDate') return isClosed ? 'closed' : null;
    return known === 'open' ? null : known;
  }

  #source(word: string): Source {
    const rule = this.#mapping.values?.source;
    if (rule && Object.hasOwn(rule.map, word)) return rule.map[word]!;
    const otherwise = rule?.otherwise ?? 'otherPlatform';
    return otherwise === 'reject' ? refuse('source.unknown', 'source') : otherwise;
  }

  #kind(word: string): ReportKind {
    const rule = this.#mapping.values?.kind;
    if (rule && Object.hasOwn(rule.map, word)) return rule.map[word]!;
    const otherwise = rule?.otherwise ?? 'problem';
    return otherwise === 'reject' ? refuse('kind.unknown', 'kind') : otherwise;
  }

  #flag(word: string): boolean | null {
    const map = this.#mapping.values?.onTime?.map ?? {};
    return Object.hasOwn(map, word) ? map[word]! : null;
  }
}

const namesOf = (field: Mapping['fields']['id']): readonly string[] => {
  if (typeof field === 'string') return [field];
  if ('hash' in field) return [];
  return [...(field.columns ?? []), ...(field.column === undefined ? [] : [field.column])];
};

const refusal = (reason: string, field: string | null, sourceId: string | null): Outcomes => ({
  refusal: { reason, field, sourceId },
});

const DATES = ['reportedAt', 'filedAt', 'dispatchedAt', 'respondedAt', 'closedAt', 'dueAt'] as const;
type DateName = (typeof DATES)[number];
const isDate = (name: string): name is DateName => (DATES as readonly string[]).includes(name);
