import { DateReader, Zone } from './dates.ts';
import { openFile, readRows, type FileHints, type SourceFile } from './file.ts';
import { FORMATS, nameScore, onTimeOf, sourceOf, statusOf, zoneAt, type NAMES } from './guess.ts';
import type { Mapping } from './mapping.ts';
import { numberOf, pointIn } from './row.ts';

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
  readonly role: string | null;
}

export interface Inspection {
  readonly file: {
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly encoding: string;
    readonly delimiter: string;
    readonly headingRow: number;
  };
  readonly sampled: number;
  /** The sample is the whole file. */
  readonly whole: boolean;
  /** Rows of the sample with another number of cells, or torn by a quote. */
  readonly odd: number;
  readonly columns: readonly ColumnProfile[];
  readonly mapping: Mapping;
  /** What a person should look at before it is used. */
  readonly unsure: readonly string[];
}

/** All rows up to here, then every tenth. */
const SAMPLE = 200_000;
const MAX_DISTINCT = 100_000;
const UTC = new Zone('UTC');
const READERS = FORMATS.map((format) => ({
  format: format as string,
  reader: new DateReader([format], UTC),
}));
const EPOCHS = ['epochMs', 'epoch'].map((format) => ({ format, reader: new DateReader([format], UTC) }));
const EXCEL = new DateReader(['excel'], UTC);
const isEmpty = (cell: string): boolean => /^(|null|none|nan|n\/a|na|-+|\\n|无|空|\/)$/i.test(cell);
const FROM = Date.UTC(1985, 0, 1);
const TO = Date.UTC(2040, 0, 1);

class Column {
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
  readonly sentinels = new Map<string, number>();
  readonly shapes = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  add(raw: string): void {
    const cell = raw.trim();
    if (isEmpty(cell)) return;
    this.filled += 1;
    this.longest = Math.max(this.longest, cell.length);
    if (this.values.size < MAX_DISTINCT || this.values.has(cell))
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
      if (/\d/.test(cell)) this.#date(cell, n);
    }
  }

  #date(cell: string, n: number): void {
    const isNumber = !Number.isNaN(n);
    const fits = (isNumber ? [...READERS.slice(-2), ...EPOCHS] : READERS).filter(({ reader }) => {
      const read = reader.read(cell);
      return read !== null && read.ms > FROM && read.ms < TO;
    });
    if (fits.length === 0) {
      if (
        /^(1900-01-01|1899-12-30|9999-12-31|0001-01-01|2099-12-31|1970-01-01)/.test(cell.replaceAll('/', '-'))
      ) {
        this.sentinels.set(cell, (this.sentinels.get(cell) ?? 0) + 1);
        this.dated += 1;
      }
      return;
    }
    this.dated += 1;
    const day = fits.find(({ format }) => format.startsWith('dd/MM') || format.startsWith('dd-MM-'));
    const month = fits.find(({ format }) => format.startsWith('MM/dd') || format.startsWith('MM-dd'));
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

  /** The formats to read it with, the surest first. */
  get dateFormats(): string[] {
    const isDayFirst = this.dayFirst > this.monthFirst;
    const all = [...this.formats].sort((a, b) => b[1] - a[1]).map(([format]) => format);
    const order = (format: string): 'day' | 'month' | null =>
      /^dd[/-]MM/.test(format) ? 'day' : /^MM[/-]dd/.test(format) ? 'month' : null;
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

  get isUnique(): boolean {
    return this.filled > 1 && (this.values.size >= MAX_DISTINCT || this.values.size === this.filled);
  }

  get kind(): ColumnProfile['kind'] {
    if (this.filled === 0) return 'empty';
    if (this.isDate) return 'date';
    if (this.numbers / this.filled >= 0.95) return 'number';
    if (this.values.size <= 3) return 'flag';
    return this.values.size <= Math.max(60, this.filled / 50) ? 'word' : 'text';
  }

  profile(rows: number, role: string | null): ColumnProfile {
    const sorted = [...this.values].sort((a, b) => b[1] - a[1]);
    const isDate = this.kind === 'date';
    const dates = isDate ? this.dateFormats : [];
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
        ...[...this.formats].map(([format, n]) => ({ format, rows: n })),
        ...(this.isExcel ? [{ format: 'excel', rows: this.excel }] : []),
      ].sort((a, b) => b.rows - a.rows),
      dayMonth: isDate ? this.dayMonth : null,
      from: Number.isFinite(least) ? day(least) : isNumber ? String(this.least) : null,
      to: Number.isFinite(most) ? day(most) : isNumber ? String(this.most) : null,
      // Cells of free text may name people.
      top:
        this.kind === 'text'
          ? []
          : sorted.slice(0, 12).map(([value, n]) => ({ value: value.slice(0, 60), rows: n })),
      role,
    };
  }
}

/**
 * Looks through a file and proposes how to read it: encoding, delimiter, what each column holds, a mapping that
 * `import cases` takes as it is, and what of it is a guess.
 */
export async function inspectFile(
  path: string,
  hints: FileHints & { timeZone?: string | undefined; rows?: number } = {},
): Promise<Inspection> {
  const file = await openFile(path, hints);
  const columns = file.columns.map((name) => new Column(name));
  const limit = hints.rows ?? SAMPLE;
  const points: { lon: string; lat: string }[] = [];
  let sampled = 0;
  let odd = 0;
  let whole = true;
  let seen = 0;
  // Which columns are the coordinates is known from their names; their rows are looked at together.
  const coordinate = (field: 'latitude' | 'longitude'): number =>
    file.columns.findIndex((name) => nameScore(field, name) >= 0.95);
  const [latAt, lonAt] = [coordinate('latitude'), coordinate('longitude')];
  const closing: { status: string[]; closed: boolean[] } = { status: [], closed: [] };
  const statusAt = file.columns.findIndex((name) => nameScore('status', name) >= 0.95);
  const closedAt = file.columns.findIndex((name) => nameScore('closedAt', name) >= 0.95);
  for await (const rows of readRows(file)) {
    for (const { cells, torn } of rows) {
      seen += 1;
      if (seen > limit && seen % 10 !== 0) {
        whole = false;
        continue;
      }
      if (torn || cells.length !== columns.length) {
        odd += 1;
        continue;
      }
      sampled += 1;
      for (const [i, column] of columns.entries()) column.add(cells[i]!);
      if (latAt !== -1 && lonAt !== -1) points.push({ lat: cells[latAt]!.trim(), lon: cells[lonAt]!.trim() });
      if (statusAt !== -1) {
        closing.status.push(cells[statusAt]!.trim());
        closing.closed.push(closedAt !== -1 && !isEmpty(cells[closedAt]!.trim()));
      }
    }
  }
  const unsure: string[] = [];
  const roles = rolesOf(columns, sampled, unsure);
  const mapping = propose(file, hints, columns, roles, points, closing, whole, unsure);
  if (odd > 0)
    unsure.push(
      `${odd} of ${sampled + odd} sampled rows have another number of cells or a quote that never closes: they will be rejected`,
    );
  const roleOf = new Map([...roles].map(([field, column]) => [column.name, field as string]));
  return {
    file: {
      name: file.name,
      bytes: file.bytes,
      sha256: file.sha256,
      encoding: file.encoding,
      delimiter: file.delimiter,
      headingRow: file.headingRow,
    },
    sampled: sampled + odd,
    whole,
    odd,
    columns: columns.map((column) => column.profile(sampled, roleOf.get(column.name) ?? null)),
    mapping,
    unsure,
  };
}

type Field = keyof typeof NAMES;
const DATES: ReadonlySet<string> = new Set([
  'reportedAt',
  'filedAt',
  'dispatchedAt',
  'respondedAt',
  'closedAt',
  'dueAt',
]);
/** The order in which fields choose their columns. */
const ORDER: readonly Field[] = [
  'id',
  'reportedAt',
  'closedAt',
  'dueAt',
  'filedAt',
  'dispatchedAt',
  'respondedAt',
  'latitude',
  'longitude',
  'onTime',
  'status',
  'agency',
  'type',
  'group',
  'source',
  'address',
  'title',
  'description',
  'point',
  'reporterPhone',
  'reporterName',
];

/** How well a column's cells are what the field needs: 0 rules it out. */
function contentScore(field: Field, column: Column, rows: number): number {
  const { filled, values, kind } = column;
  if (filled === 0) return 0;
  if (DATES.has(field)) return column.isDate ? 1 : 0;
  switch (field) {
    case 'id':
      return filled >= rows * 0.9 && values.size >= Math.min(MAX_DISTINCT, filled * 0.9) ? 1 : 0;
    case 'latitude':
    case 'longitude':
      return kind === 'number' && Math.max(Math.abs(column.least), Math.abs(column.most)) <= 180 ? 1 : 0;
    case 'point':
      return [...values.keys()].slice(0, 50).some((value) => pointIn(value, 'latlon') !== null) &&
        column.numbers === 0
        ? 1
        : 0;
    case 'status':
    case 'onTime':
    case 'source':
      return values.size <= 60 ? 1 : 0;
    case 'type':
    case 'group':
    case 'agency':
      return kind !== 'date' && values.size <= Math.max(400, filled / 4) ? 1 : 0;
    default:
      return kind === 'date' ? 0 : 1;
  }
}

function rolesOf(columns: readonly Column[], rows: number, unsure: string[]): Map<Field, Column> {
  const roles = new Map<Field, Column>();
  const used = new Set<Column>();
  for (const field of ORDER) {
    const ranked = columns
      .filter((column) => !used.has(column))
      .map((column) => ({ column, score: nameScore(field, column.name) * contentScore(field, column, rows) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || b.column.filled - a.column.filled);
    const [best, second] = ranked;
    if (!best || (best.score < 0.5 && field !== 'id')) continue;
    // A loose hit of a name is good enough only where nothing else could be meant.
    if (
      best.score <= 0.5 &&
      ['group', 'title', 'status', 'source'].includes(field) &&
      !/source|channel|status|来源|渠道|状态/i.test(best.column.name)
    )
      continue;
    roles.set(field, best.column);
    used.add(best.column);
    if (second && second.score === best.score)
      unsure.push(`${field}: "${best.column.name}" or "${second.column.name}"? the first was taken`);
    else if (best.score < 0.9) unsure.push(`${field}: "${best.column.name}" only sounds like it`);
  }
  if (!roles.has('id')) {
    const unique = columns.find(
      (column) =>
        column.isUnique &&
        column.filled === rows &&
        column.longest <= 40 &&
        !column.isDate &&
        !used.has(column) &&
        !['latitude', 'longitude'].some((one) => nameScore(one as Field, column.name) > 0),
    );
    if (unique) {
      roles.set('id', unique);
      unsure.push(`id: "${unique.name}" is another in every row; nothing else says that it is the number`);
    }
  }
  if (!roles.has('reportedAt')) {
    const date = columns
      .filter((column) => column.isDate && !used.has(column))
      .sort((a, b) => b.filled - a.filled)[0];
    if (date) {
      roles.set('reportedAt', date);
      unsure.push(
        `reportedAt: "${date.name}" is the fullest column of dates; nothing else says that it is when it was reported`,
      );
    }
  }
  return roles;
}

function propose(
  file: SourceFile,
  hints: FileHints & { timeZone?: string | undefined },
  columns: readonly Column[],
  roles: ReadonlyMap<Field, Column>,
  points: readonly { lon: string; lat: string }[],
  closing: { status: readonly string[]; closed: readonly boolean[] },
  whole: boolean,
  unsure: string[],
): Mapping {
  const stem = file.name.replace(/\.gz$/i, '').replace(/\.(csv|tsv|txt)$/i, '');
  const slug = stem
    .normalize('NFKC')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);
  const register = slug === '' ? `register-${file.sha256.slice(0, 6)}` : slug;
  const formats: string[] = [];
  const empty = new Set<string>();
  for (const [field, column] of roles) {
    if (!DATES.has(field)) continue;
    for (const format of column.dateFormats) if (!formats.includes(format)) formats.push(format);
    for (const [value, n] of column.sentinels) {
      empty.add(value);
      unsure.push(`"${value}" stands ${n} times in "${column.name}": taken as no date`);
    }
    if (column.dayMonth === 'ambiguous')
      unsure.push(
        `"${column.name}": day and month cannot be told apart in any cell; read as ${column.dateFormats[0]}`,
      );
    if (column.dayMonth === 'mixed')
      unsure.push(
        `"${column.name}": in ${column.dayFirst} cells only the day can come first, in ${column.monthFirst} only the month; the other ${column.eitherOrder} are read as ${column.dateFormats[0]} and marked date.ambiguous`,
      );
    if (column.dateFormats.length > 1 && column.dayMonth !== 'mixed')
      unsure.push(
        `"${column.name}" has dates in ${column.dateFormats.length} formats: ${column.dateFormats.join(', ')}`,
      );
  }
  if (!roles.has('id'))
    unsure.push(
      'no column holds a number of its own for each row: rows that are the same in all columns count as the same request',
    );
  if (!roles.has('reportedAt'))
    unsure.push('no column of dates was found: say in fields.reportedAt when a request was reported');

  const fields: Record<string, unknown> = {};
  for (const [field, column] of roles) fields[field] = column.name;
  if (!roles.has('id')) fields['id'] = { hash: 'row' };
  if (!roles.has('reportedAt')) fields['reportedAt'] = columns[0]?.name ?? 'column 1';
  const words = (field: Field): [string, number][] =>
    [...(roles.get(field)?.values ?? [])]
      .map(([word, n]): [string, number] => [word.replaceAll(/\s+/g, ' '), n])
      .sort((a, b) => b[1] - a[1]);
  const values: NonNullable<Mapping['values']> = {};
  if (roles.has('status'))
    values.status = { map: statusMap(words('status'), closing, unsure), otherwise: 'byDate' };
  if (roles.has('onTime')) {
    const column = roles.get('onTime')!;
    const map = Object.fromEntries(words('onTime').map(([word]) => [word, onTimeOf(word, column.name)]));
    for (const [word, said] of Object.entries(map))
      if (said === null) unsure.push(`onTime: nobody knows what "${word}" means`);
    values.onTime = { map };
  }
  if (roles.has('source')) {
    const map = Object.fromEntries(
      words('source').map(([word]) => {
        const known = sourceOf(word);
        if (known === null) unsure.push(`source: "${word}" is no known channel; taken as otherPlatform`);
        return [word, known ?? ('otherPlatform' as const)];
      }),
    );
    values.source = { map, otherwise: 'otherPlatform' };
  }
  if (roles.has('agency')) values.agency = { map: {}, otherwise: 'create' };
  if (roles.has('type')) values.type = { map: {}, otherwise: 'create' };
  for (const name of ['reporterName', 'reporterPhone'] as const) {
    if (roles.has(name))
      unsure.push(
        `"${roles.get(name)!.name}" looks like personal data: it is kept apart and masked; take the field out of the mapping to leave it behind`,
      );
  }
  const located = positionOf(roles, points, unsure);
  const timeZone =
    hints.timeZone ??
    (located.centre
      ? zoneAt(...located.centre)
      : [...roles.values()].some(({ name }) => /\p{sc=Han}/u.test(name))
        ? 'Asia/Shanghai'
        : 'UTC');
  if (!hints.timeZone) unsure.push(`time zone: ${timeZone} is a guess`);
  unsure.push(`the city ${register.toUpperCase()} would be set up where --city names no other`);
  const expect: Record<string, string> = {};
  for (const column of columns) {
    const [shape, n] = [...column.shapes].sort((a, b) => b[1] - a[1])[0] ?? ['', 0];
    if (
      whole &&
      column.filled > 50 &&
      n === column.filled &&
      /9{4}/.test(shape) &&
      column.values.size > 20 &&
      !column.isDate &&
      Object.keys(expect).length < 8
    ) {
      expect[column.name] =
        `^${shape.replaceAll(/[$()*+.?[\\\]^{|}/]/g, String.raw`\$&`).replaceAll(/9+/g, (run) => String.raw`\d{${run.length}}`)}$`;
    }
  }
  return {
    format: 'wanmi-import/1',
    kind: 'case',
    notes: unsure,
    register,
    city: { code: register.toUpperCase().slice(0, 40), name: { 'zh-CN': stem, en: stem }, timeZone },
    timeZone,
    file: { encoding: file.encoding, delimiter: file.delimiter, headingRow: file.headingRow },
    dateFormats: formats.length > 0 ? formats : ['iso'],
    ...(empty.size > 0 ? { empty: [...empty] } : {}),
    fields: fields as Mapping['fields'],
    ...(Object.keys(values).length > 0 ? { values } : {}),
    ...(located.position ? { position: located.position } : {}),
    ...(Object.keys(expect).length > 0 ? { expect } : {}),
  };
}

function statusMap(
  words: readonly [string, number][],
  { status, closed }: { status: readonly string[]; closed: readonly boolean[] },
  unsure: string[],
): NonNullable<NonNullable<Mapping['values']>['status']>['map'] {
  const dated = new Map<string, number>();
  for (const [i, word] of status.entries()) if (closed[i]) dated.set(word, (dated.get(word) ?? 0) + 1);
  return Object.fromEntries(
    words.map(([word, n]) => {
      const share = (dated.get(word) ?? 0) / n;
      const known = statusOf(word);
      if (known === null)
        unsure.push(
          `status: "${word}" is not known; ${Math.round(share * 100)} % of its rows have a closing date, so it is taken as ${share >= 0.5 ? 'closed' : 'open'}`,
        );
      else if (known === 'closed' && dated.size > 0 && share < 1)
        unsure.push(
          `status: ${n - (dated.get(word) ?? 0)} rows are "${word}" without a closing date: they will be rejected (doubts.closedWithoutDate)`,
        );
      else if (known === 'open' && share > 0)
        unsure.push(
          `status: ${dated.get(word)} rows are "${word}" with a closing date: taken as open (doubts.openWithDate)`,
        );
      return [word, known ?? (share >= 0.5 ? 'closed' : 'open')] as const;
    }),
  );
}

interface Located {
  position: Mapping['position'] | null;
  centre: [number, number] | null;
}

function positionOf(
  roles: ReadonlyMap<Field, Column>,
  points: readonly { lon: string; lat: string }[],
  unsure: string[],
): Located {
  if (roles.has('point') && !(roles.has('latitude') && roles.has('longitude'))) {
    const sample = [...roles.get('point')!.values.keys()]
      .slice(0, 500)
      .flatMap((text) => pointIn(text, 'latlon') ?? []);
    const isLonFirst = sample.some(({ lat }) => Math.abs(lat) > 90);
    const read = isLonFirst ? sample.map(({ lon, lat }) => ({ lon: lat, lat: lon })) : sample;
    const first = read[0];
    return {
      position: { order: isLonFirst ? 'lonlat' : 'latlon', outside: 'withoutPosition' },
      centre: first ? [first.lon, first.lat] : null,
    };
  }
  if (!roles.has('latitude') || !roles.has('longitude')) {
    unsure.push('no coordinates were found: cases will have no position');
    return { position: null, centre: null };
  }
  let read = points.flatMap(({ lon, lat }) => {
    const at = { lon: numberOf(lon), lat: numberOf(lat) };
    return Number.isNaN(at.lon) || Number.isNaN(at.lat) || (at.lon === 0 && at.lat === 0) ? [] : [at];
  });
  const far = read.filter(({ lat }) => Math.abs(lat) > 90).length;
  const chinese = read.filter(({ lon, lat }) => lat > 73 && lat < 135 && lon > 3 && lon < 54).length;
  const swapped = read.length > 0 && (far > read.length / 2 || chinese > read.length / 2);
  if (swapped) {
    unsure.push('latitude and longitude stand in each other’s columns: read the other way round');
    read = read.map(({ lon, lat }) => ({ lon: lat, lat: lon }));
  }
  if (read.length === 0) return { position: null, centre: null };
  const at = (of: 'lon' | 'lat', share: number): number =>
    read.map((one) => one[of]).toSorted((a, b) => a - b)[
      Math.min(read.length - 1, Math.floor(read.length * share))
    ]!;
  const centre: [number, number] = [at('lon', 0.5), at('lat', 0.5)];
  const margin = 0.25;
  const round = (n: number): number => Math.round(n * 100) / 100;
  const within: [number, number, number, number] = [
    round(at('lon', 0.01) - margin),
    round(at('lat', 0.01) - margin),
    round(at('lon', 0.99) + margin),
    round(at('lat', 0.99) + margin),
  ];
  const counts = new Map<string, number>();
  for (const { lon, lat } of read) counts.set(`${lon},${lat}`, (counts.get(`${lon},${lat}`) ?? 0) + 1);
  const [most, next] = [...counts].sort((a, b) => b[1] - a[1]);
  const nowhere: [number, number][] = [];
  if (most && most[1] > 20 && most[1] > read.length * 0.005 && most[1] > (next?.[1] ?? 0) * 5) {
    nowhere.push(most[0].split(',').map(Number) as [number, number]);
    unsure.push(`${most[1]} rows lie on one point (${most[0]}): taken as "not known"`);
  }
  const outside = read.filter(
    ({ lon, lat }) => lon < within[0] || lon > within[2] || lat < within[1] || lat > within[3],
  ).length;
  if (outside > 0)
    unsure.push(
      `${outside} points lie far from all others (position.within): their rows are taken without a position`,
    );
  if (centre[0] > 73 && centre[0] < 135 && centre[1] > 17 && centre[1] < 54)
    unsure.push('coordinates in China may be GCJ-02 or BD-09: say so in position.crs; taken as WGS 84');
  return {
    position: {
      crs: 'wgs84',
      ...(swapped ? { swapped } : {}),
      ...(nowhere.length > 0 ? { nowhere } : {}),
      within,
      outside: 'withoutPosition',
    },
    centre,
  };
}
