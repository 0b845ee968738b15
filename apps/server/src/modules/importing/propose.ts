import { Column, isAtHome, isEmpty } from './column.ts';
import type { FileHints, SourceFile } from './file.ts';
import { onTimeOf, sourceOf, statusOf, zoneAt } from './guess.ts';
import { positionOf } from './locate.ts';
import { firstSign } from './masking.ts';
import type { LonLat } from '#platform/geo';
import type { Mapping } from './mapping.ts';
import { DATES, type Field } from './roles.ts';

/** Of headings without rows: what could stand under them, without what could be mistaken. */
const ANY_DATE = [
  'iso',
  'yyyy-MM-dd HH:mm',
  'yyyy/MM/dd HH:mm:ss',
  'yyyy/MM/dd HH:mm',
  'yyyy/MM/dd',
  'zh',
] as const;

export interface Looked {
  readonly file: SourceFile;
  readonly hints: FileHints & { timeZone?: string | undefined; near?: LonLat | undefined };
  readonly columns: readonly Column[];
  readonly roles: ReadonlyMap<Field, Column>;
  /** Columns that hold names and numbers of people. */
  readonly people: readonly Column[];
  /** All sampled cells of a field that is looked at together with others. */
  readonly cellsOf: (field: Field) => readonly string[];
  /** In dates that do not say it, as the others do. */
  readonly dayFirst: boolean;
  readonly whole: boolean;
}

/** A mapping out of what was seen; what of it is a guess goes to `unsure`. */
export function propose(
  { file, hints, columns, roles, people, cellsOf, dayFirst, whole }: Looked,
  unsure: string[],
): Mapping {
  const stem = file.name.replace(/\.gz$/i, '').replace(/\.(csv|tsv|txt|xlsx)$/i, '');
  const slug = stem
    .normalize('NFKC')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 40);
  const register = slug === '' ? `register-${file.sha256.slice(0, 6)}` : slug;
  if (file.headingRow === 0)
    unsure.push(
      'the first row names no columns: they are called column 1, column 2 …, and found by what they hold',
    );
  if (columns.every(({ filled }) => filled === 0)) unsure.push('there are headings and no rows');
  if (file.others.length > 0)
    unsure.push(`other sheets with other headings are not read: ${file.others.join(', ')}`);
  const dates = datesOf(columns, roles, dayFirst, unsure);
  if (!roles.has('id'))
    unsure.push(
      'no column holds a number of its own for each row: rows that are the same in all columns count as the same request',
    );
  if (!roles.has('reportedAt'))
    unsure.push('no column of dates was found: say in fields.reportedAt when a request was reported');

  const located = positionOf(columns, roles, cellsOf, unsure, hints.near ?? null);
  const fields: Record<string, unknown> = {};
  for (const [field, column] of roles) {
    if (located.lost && (field === 'latitude' || field === 'longitude')) continue;
    const time = dates.times.get(field);
    if (time) {
      fields[field] = { columns: [column.name, time.name], formats: timed(column, time, dayFirst) };
      continue;
    }
    fields[field] = dates.own.has(field)
      ? { column: column.name, formats: dates.own.get(field) }
      : column.name;
  }
  if (!roles.has('id')) fields['id'] = { hash: 'row' };
  if (!roles.has('reportedAt')) fields['reportedAt'] = columns[0]?.name ?? 'column 1';
  const words = (field: Field): [string, number][] =>
    [...(roles.get(field)?.values ?? [])]
      .map(([word, n]): [string, number] => [word.replaceAll(/\s+/g, ' '), n])
      .sort((a, b) => b[1] - a[1]);
  /** A word that nobody knows and that is at home in the next column comes from a row that has slipped. */
  const isStray = (word: string, n: number, field: Field, known: boolean): boolean => {
    const column = roles.get(field)!;
    const at = columns.indexOf(column);
    const near = [1, -1, 2, -2].map((by) => columns[at + by]).filter((one) => one !== undefined);
    if (isAtHome(word, column, people)) {
      unsure.push(
        `"${firstSign(word)}" in "${column.name}" is a person's: the cells of such rows have slipped, it is left out`,
      );
      return true;
    }
    const home = known ? undefined : near.find(({ values }) => (values.get(word) ?? 0) > n * 3);
    if (!home || n > Math.max(2, column.filled / 50)) return false;
    unsure.push(
      `"${word}" stands ${n === 1 ? 'once' : `${n} times`} in "${column.name}" and is at home in "${home.name}": the cells of such rows have slipped, it is left out`,
    );
    return true;
  };
  const values: NonNullable<Mapping['values']> = {};
  if (roles.has('status')) {
    values.status = {
      map: statusMap(
        words('status').filter(([word, n]) => !isStray(word, n, 'status', statusOf(word) !== null)),
        cellsOf('status'),
        cellsOf('closedAt'),
        unsure,
      ),
      otherwise: 'byDate',
    };
  }
  if (roles.has('onTime')) {
    const column = roles.get('onTime')!;
    const map = Object.fromEntries(
      words('onTime')
        .filter(([word]) => !isAtHome(word, column, people))
        .map(([word]) => [word, onTimeOf(word, column.name)]),
    );
    for (const [word, said] of Object.entries(map))
      if (said === null) unsure.push(`onTime: nobody knows what "${word}" means`);
    values.onTime = { map };
  }
  if (roles.has('source')) {
    const map = Object.fromEntries(
      words('source').flatMap(([word, n]) => {
        const known = sourceOf(word);
        if (isStray(word, n, 'source', known !== null)) return [];
        if (known === null) unsure.push(`source: "${word}" is no known channel; taken as otherPlatform`);
        return [[word, known ?? ('otherPlatform' as const)]];
      }),
    );
    values.source = { map, otherwise: 'otherPlatform' };
  }
  if (roles.has('agency')) values.agency = { map: {}, otherwise: 'create' };
  if (roles.has('type')) values.type = { map: {}, otherwise: 'create' };
  // Without it every row that is done would be rejected.
  const isUndated = roles.has('status') && !roles.has('closedAt');
  if (isUndated)
    unsure.push(
      'no column says when a request was closed: what the status calls closed counts as closed when it was reported, or at its last step (doubts.closedWithoutDate)',
    );
  for (const name of ['reporterName', 'reporterPhone'] as const) {
    if (roles.has(name))
      unsure.push(
        `"${roles.get(name)!.name}" looks like personal data: it is kept apart and masked; take the field out of the mapping to leave it behind`,
      );
  }
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
      // How many decimals a number has says nothing of the next file.
      !/9[.,]9/.test(shape) &&
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
    file: file.sheets
      ? { headingRow: file.headingRow, sheets: [...file.sheets] }
      : { encoding: file.encoding, delimiter: file.delimiter, headingRow: file.headingRow },
    dateFormats: dates.formats.length > 0 ? dates.formats : [...ANY_DATE],
    ...(dates.empty.size > 0 ? { empty: [...dates.empty] } : {}),
    fields: fields as Mapping['fields'],
    ...(Object.keys(values).length > 0 ? { values } : {}),
    ...(located.position ? { position: located.position } : {}),
    ...(isUndated ? { doubts: { closedWithoutDate: 'warn' as const } } : {}),
    ...(Object.keys(expect).length > 0 ? { expect } : {}),
  };
}

const hasTime = (format: string): boolean => /[HhT]|iso|excel|epoch|zh/.test(format);

/** The column with the time of day that belongs to a column of days: the next one, or the one that is named alike. */
function timeBeside(
  columns: readonly Column[],
  roles: ReadonlyMap<Field, Column>,
  field: Field,
  column: Column,
  formats: readonly string[],
): Column | null {
  const isDay = formats.length > 0 && formats.every((format) => format === 'iso' || !hasTime(format));
  if (!isDay || [...column.values.keys()].slice(0, 50).some((value) => value.includes(':'))) return null;
  const times = columns.filter((one) => one.isTime && ![...roles.values()].includes(one));
  const next = columns[columns.indexOf(column) + 1];
  if (next && times.includes(next)) return next;
  const stem = column.name.toLowerCase().replace(/date|日期|day/, '');
  const alike = times.find((one) => one.name.toLowerCase().replace(/time|时间|hour/, '') === stem);
  return alike ?? (field === 'reportedAt' && times.length === 1 ? times[0]! : null);
}

/** Of a day and a time in two columns; the time may be missing. */
function timed(day: Column, time: Column, dayFirst: boolean): string[] {
  const joined = new Column('');
  const [days, times] = [[...day.values.keys()], [...time.values.keys()]];
  for (let i = 0; i < Math.min(500, Math.max(days.length, times.length)); i += 1)
    joined.add(`${days[i % days.length]!} ${times[i % times.length]!}`);
  return [...joined.dateFormats(dayFirst), ...day.dateFormats(dayFirst)];
}

function datesOf(
  columns: readonly Column[],
  roles: ReadonlyMap<Field, Column>,
  dayFirst: boolean,
  unsure: string[],
): {
  formats: string[];
  own: ReadonlyMap<Field, string[]>;
  empty: ReadonlySet<string>;
  times: ReadonlyMap<Field, Column>;
} {
  const times = new Map<Field, Column>();
  const formats: string[] = [];
  const own = new Map<Field, string[]>();
  const empty = new Set<string>();
  const said = new Set<Column>();
  for (const [field, column] of roles) {
    if (!DATES.has(field)) continue;
    const read = column.dateFormats(dayFirst);
    const time = timeBeside(columns, roles, field, column, read);
    if (time && ![...times.values()].includes(time)) {
      times.set(field, time);
      unsure.push(`${field}: the day stands in "${column.name}", its time in "${time.name}"`);
      continue;
    }
    // Where another column has day and month the other way round, each keeps to its own.
    if (column.dayMonth === 'certain' && column.dayFirst > column.monthFirst !== dayFirst)
      own.set(field, read);
    else for (const format of read) if (!formats.includes(format)) formats.push(format);
    if (said.has(column)) continue;
    said.add(column);
    for (const [value, n] of column.sentinels) {
      empty.add(value);
      unsure.push(`"${value}" stands ${n} times in "${column.name}": taken as no date`);
    }
    if (column.dayMonth === 'ambiguous') {
      const like = columns.some((one) => one.isDate && one.dayMonth !== 'ambiguous' && one.dayMonth !== null);
      unsure.push(
        `"${column.name}": day and month cannot be told apart in any cell; read as ${read[0]}${like ? ', as the other columns are' : ''}`,
      );
    }
    if (column.dayMonth === 'mixed')
      unsure.push(
        `"${column.name}": in ${column.dayFirst} cells only the day can come first, in ${column.monthFirst} only the month; the other ${column.eitherOrder} are read as ${read[0]} and marked date.ambiguous`,
      );
    if (field === 'dueAt' && read.length > 0 && read.every((format) => !hasTime(format)))
      unsure.push(
        `"${column.name}" names days without a time: what was promised by a day was promised by its beginning`,
      );
    if (read.length > 1 && column.dayMonth !== 'mixed')
      unsure.push(`"${column.name}" has dates in ${read.length} formats: ${read.join(', ')}`);
  }
  return { formats, own, empty, times };
}

function statusMap(
  words: readonly [string, number][],
  status: readonly string[],
  closed: readonly string[],
  unsure: string[],
): NonNullable<NonNullable<Mapping['values']>['status']>['map'] {
  const dated = new Map<string, number>();
  for (const [i, word] of status.entries())
    if (!isEmpty(closed[i] ?? '')) dated.set(word, (dated.get(word) ?? 0) + 1);
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
