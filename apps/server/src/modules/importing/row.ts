import { createHash } from 'node:crypto';
import type { Crs, Outcome, ReportKind, Source } from '@wanmi/contracts';
import { toWgs84, type LonLat } from '#platform/geo';
import { DateReader, Zone, type ReadDate } from './dates.ts';
import type { FileRow } from './file.ts';
import { columnsOf, MappingError, type DateSpec, type FieldSpec, type Mapping } from './mapping.ts';

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

type Cells = readonly string[];
type Get = (cells: Cells) => string;

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

class Refused extends Error {
  readonly reason: string;
  readonly field: string | null;
  constructor(reason: string, field: string | null) {
    super(reason);
    this.reason = reason;
    this.field = field;
  }
}
const refuse = (reason: string, field: string | null = null): never => {
  throw new Refused(reason, field);
};

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
  readonly #checks: readonly { index: number; fits: (cell: string) => boolean }[];
  readonly #expects: readonly { index: number; column: string; pattern: RegExp }[];

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
    const checks: { index: number; fits: (cell: string) => boolean }[] = [];
    const { fields } = mapping;
    for (const [name, field] of Object.entries(fields)) {
      if (field === undefined) continue;
      if (isDate(name)) {
        const spec = field as DateSpec;
        const column = typeof spec === 'string' ? spec : spec.column;
        const own: Partial<Exclude<DateSpec, string>> = typeof spec === 'string' ? {} : spec;
        const zone = zoneOf(own.timeZone ?? mapping.timeZone ?? timeZone);
        const reader = new DateReader(own.formats ?? mapping.dateFormats, zone);
        const index = columns.indexOf(column);
        this.#dates[name] = { get: (cells) => this.#clean(cells[index] ?? ''), reader };
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
    const single = (name: 'latitude' | 'longitude' | 'status' | 'onTime' | 'source'): number => {
      const field = fields[name];
      const column =
        typeof field === 'string' ? field : field && 'column' in field ? field.column : undefined;
      return column === undefined ? -1 : columns.indexOf(column);
    };
    const [west, south, east, north] = mapping.position?.within ?? [-180, -90, 180, 90];
    const swapped = mapping.position?.swapped === true;
    const lat = (cell: string): boolean => cell === '' || inRange(cell, south, north) || isZero(cell);
    const lon = (cell: string): boolean => cell === '' || inRange(cell, west, east) || isZero(cell);
    for (const [name, fits] of [
      ['latitude', swapped ? lon : lat],
      ['longitude', swapped ? lat : lon],
    ] as const) {
      if (single(name) !== -1) checks.push({ index: single(name), fits });
    }
    const { values } = mapping;
    for (const name of ['status', 'onTime', 'source'] as const) {
      const known = values?.[name]?.map;
      if (known && single(name) !== -1) {
        checks.push({ index: single(name), fits: (cell) => cell === '' || Object.hasOwn(known, cell) });
      }
    }
    this.#expects = Object.entries(mapping.expect ?? {}).map(([column, pattern]) => ({
      column,
      index: columns.indexOf(column),
      pattern: new RegExp(pattern, 'u'),
    }));
    for (const { index, pattern } of this.#expects) {
      checks.push({ index, fits: (cell) => cell === '' || pattern.test(cell) });
    }
    this.#checks = checks;
  }

  /** What one row says, or why it cannot be taken. */
  read({ row, cells, torn }: FileRow): Outcomes {
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
      const warnings: string[] = [];
      const read = this.#request(row, sourceId, cells, warnings);
      const odd = this.#odd(cells);
      if (odd >= 2 && this.#isShifted(cells)) refuse('row.shifted');
      if (odd > 0) warnings.push('value.unexpected');
      return { row: read };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const shifted = error.reason !== 'id.missing' && this.#isShifted(cells);
      return shifted
        ? refusal('row.shifted', error.field, sourceId || null)
        : refusal(error.reason, error.field, sourceId || null);
    }
  }

  /** How many of the columns that have one shape have another here. */
  #odd(cells: Cells): number {
    let odd = 0;
    for (const { index, pattern } of this.#expects) {
      const cell = this.#clean(cells[index] ?? '');
      if (cell !== '' && !pattern.test(cell)) odd += 1;
    }
    return odd;
  }

  /**
   * Whether the cells have slipped: from some column on they fit their neighbours' columns better than their own.
   * One wrong cell is a wrong cell; a row that slipped is wrong in several, or right again one place further.
   */
  #isShifted(cells: Cells): boolean {
    const at = (index: number): string => this.#clean(cells[index] ?? '');
    const wrong = this.#checks.filter(({ index, fits }) => !fits(at(index)));
    if (wrong.length === 0) return false;
    const first = Math.min(...wrong.map(({ index }) => index));
    const after = this.#checks.filter(({ index }) => index >= first);
    for (const by of [1, -1, 2, -2]) {
      const left = after.filter(({ index, fits }) => !fits(at(index + by)));
      const moved = after.filter(({ index }) => at(index) !== '' && at(index + by) !== '');
      if (left.length < wrong.length && left.length === 0 && moved.length >= 1 && after.length >= 2)
        return true;
    }
    return wrong.length >= 3;
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

    const { point, outside } = this.#position(cells, warnings);
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
      crs: this.#mapping.position?.crs ?? 'wgs84',
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

  #position(cells: Cells, warnings: string[]): { point: LonLat | null; outside: boolean } {
    const none = { point: null, outside: false };
    const {
      crs = 'wgs84',
      swapped = false,
      nowhere = [],
      within,
      outside = 'withoutPosition',
    } = this.#mapping.position ?? {};
    let said = this.#point(cells);
    if (said === 'half') {
      warnings.push('position.half');
      said = null;
    }
    if (said === null) return none;
    if (swapped) said = { lon: said.lat, lat: said.lon };
    const { lon, lat } = said;
    if (isSame(lon, 0) && isSame(lat, 0)) return none;
    if (nowhere.some((at) => isSame(at[0], lon) && isSame(at[1], lat))) return none;
    if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) refuse('position.unreadable', 'latitude');
    const point = toWgs84({ lon, lat, crs });
    if (within) {
      const [west, south, east, north] = within;
      const isOutside = point.lon < west || point.lon > east || point.lat < south || point.lat > north;
      if (isOutside) {
        if (outside === 'reject') refuse('position.outside', 'latitude');
        warnings.push('position.outside');
        return outside === 'keep' ? { point, outside: true } : { point: null, outside: true };
      }
    }
    return { point, outside: false };
  }

  #point(cells: Cells): LonLat | 'half' | null {
    const whole = this.#get.point?.(cells) ?? '';
    if (whole !== '')
      return (
        pointIn(whole, this.#mapping.position?.order ?? 'latlon') ?? refuse('position.unreadable', 'point')
      );
    const lon = this.#get.longitude?.(cells) ?? '';
    const lat = this.#get.latitude?.(cells) ?? '';
    if (lon === '' && lat === '') return null;
    if (lon === '' || lat === '') return 'half';
    const at = { lon: numberOf(lon), lat: numberOf(lat) };
    if (Number.isNaN(at.lon)) return refuse('position.unreadable', 'longitude');
    if (Number.isNaN(at.lat)) return refuse('position.unreadable', 'latitude');
    return at;
  }
}

const refusal = (reason: string, field: string | null, sourceId: string | null): Outcomes => ({
  refusal: { reason, field, sourceId },
});

const DATES = ['reportedAt', 'filedAt', 'dispatchedAt', 'respondedAt', 'closedAt', 'dueAt'] as const;
type DateName = (typeof DATES)[number];
const isDate = (name: string): name is DateName => (DATES as readonly string[]).includes(name);

/** 1e-7 degrees are a centimetre: the same number, written in another way. */
const isSame = (a: number, b: number): boolean => Math.abs(a - b) < 1e-7;

/** A number as registers write them, with a decimal comma too. */
export function numberOf(text: string): number {
  if (/^[+-]?\d{1,3}(\.\d+)?$/.test(text)) return Number(text);
  if (/^[+-]?\d{1,3},\d+$/.test(text)) return Number(text.replace(',', '.'));
  return /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
const inRange = (cell: string, from: number, to: number): boolean => {
  const n = numberOf(cell);
  return n >= from && n <= to;
};
const isZero = (cell: string): boolean => numberOf(cell) === 0;

/** A point in one cell: WKT, GeoJSON, or two numbers. */
export function pointIn(text: string, order: 'latlon' | 'lonlat'): LonLat | null {
  const isWkt = /^\s*(SRID=\d+;)?\s*POINT/i.test(text);
  const isJson = /"coordinates"/.test(text);
  const body = isJson
    ? (/"coordinates"\s*:\s*\[([^\]]*)\]/.exec(text)?.[1] ?? '')
    : text.replace(/^SRID=\d+;/i, '');
  const numbers = body.match(/[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g)?.map(Number) ?? [];
  if (numbers.length !== 2) return null;
  const [a, b] = numbers as [number, number];
  return isWkt || isJson || order === 'lonlat' ? { lon: a, lat: b } : { lon: b, lat: a };
}
