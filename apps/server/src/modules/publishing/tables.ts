import { CATEGORY_KINDS, CONTROL_KINDS, LIMIT_UNITS, SOURCES, UNIT_KINDS } from '@wanmi/contracts';
import type { Findings } from './findings.ts';
import type { Report } from './report.ts';
import { pathOf, type RuleSet } from './rule-set.ts';
import { isFault, readTableText, type TableLine } from './table-text.ts';

interface Column<T> {
  /** Undefined: the text does not fit, and `code` says how. */
  readonly read: (text: string) => T | undefined;
  readonly code: string;
  /** A table without the column is read as if its cells were empty. */
  readonly optional?: true;
}

const filled: Column<string> = { read: (text) => (text === '' ? undefined : text), code: 'csv.empty' };
const anything: Column<string> = { read: (text) => text, code: 'csv.empty' };
const codeText = (text: string): string | undefined =>
  /^\S{1,60}$/u.test(text) || /^\S[^\n\r,]{0,58}\S$/u.test(text) ? text : undefined;
const code: Column<string> = { read: codeText, code: 'csv.code' };
/** What other files and people name: no blanks. */
const bareCode: Column<string> = {
  read: (text) => (/^\S{1,60}$/u.test(text) ? text : undefined),
  code: 'csv.code',
};
const number: Column<number> = {
  read: (text) => (/^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : undefined),
  code: 'csv.number',
};
const flag: Column<boolean> = {
  read: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
  code: 'csv.flag',
};
const oneOf = <T extends string>(values: readonly T[], problem: string): Column<T> => ({
  read: (text) => values.find((value) => value === text),
  code: problem,
});
const clockTime: Column<string> = {
  read: (text) => (/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/.test(text) ? text : undefined),
  code: 'csv.time',
};
/** A day, or a moment with its offset. */
const moment: Column<string> = {
  read: (text) =>
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) &&
    !Number.isNaN(Date.parse(text))
      ? text
      : undefined,
  code: 'csv.day',
};
/** ISO 8601: 1 is Monday; `1 2 3` or `1-5`. */
const weekdays: Column<string> = {
  read: (text) => (/^[1-7](-[1-7])?([ ;|][1-7](-[1-7])?)*$/.test(text) ? text : undefined),
  code: 'csv.weekdays',
};
const maybe = <T>(column: Column<T>): Column<T | null> => ({
  ...column,
  read: (text) => (text === '' ? null : column.read(text)),
});
const optional = <T>(column: Column<T>): Column<T> => ({ ...column, optional: true });
const names = { name_zh: filled, name_en: filled };

/** The catalogue's tables, column by column. */
export const TABLES = {
  scheme: { code, ...names, active: flag, note: optional(anything) },
  category: {
    scheme: code,
    kind: oneOf(CATEGORY_KINDS, 'category.unknownKind'),
    code,
    level: number,
    parent: maybe(code),
    ...names,
    geometry: maybe(oneOf(['point', 'line', 'polygon'] as const, 'category.unknownGeometry')),
    similar_metres: optional(maybe(number)),
    similar_hours: optional(maybe(number)),
    certainty: optional(anything),
    active: flag,
  },
  condition: {
    code: bareCode,
    scheme: code,
    kind: oneOf(CATEGORY_KINDS, 'category.unknownKind'),
    category: code,
    ...names,
    closing_zh: filled,
    closing_en: filled,
    limit_value: number,
    limit_unit: oneOf(LIMIT_UNITS, 'limit.unknownUnit'),
    limit_a: maybe(number),
    limit_b: maybe(number),
    limit_c: maybe(number),
    limit_basis: optional(anything),
    department_kind: maybe(code),
    default_of_category: flag,
    next_condition: maybe(code),
    source: optional(anything),
  },
  department: {
    code: bareCode,
    kind: oneOf(UNIT_KINDS, 'department.unknownKind'),
    parent: maybe(code),
    department_kind: maybe(code),
    calendar: maybe(code),
    district: maybe(number),
    ...names,
  },
  manual: {
    scheme: code,
    kind: oneOf(CATEGORY_KINDS, 'category.unknownKind'),
    category: code,
    condition: maybe(code),
    // Of other files: the program knows places by `area`
    area_kind: optional(maybe(oneOf(['any'], 'manual.areaKind'))),
    area: optional(maybe(code)),
    owner: optional(maybe(code)),
    department: code,
  },
  source: {
    code: oneOf(SOURCES, 'source.unknown'),
    ...names,
    group: maybe(code),
    group_zh: anything,
    group_en: anything,
    verify: flag,
    direct_filing: flag,
  },
  control: {
    code,
    kind: oneOf(CONTROL_KINDS, 'control.unknownKind'),
    scheme: maybe(code),
    category_kind: maybe(oneOf(CATEGORY_KINDS, 'category.unknownKind')),
    category: maybe(code),
    region: maybe(code),
    from_time: maybe(clockTime),
    to_time: maybe(clockTime),
    weekdays: maybe(weekdays),
    valid_from: maybe(moment),
    valid_to: maybe(moment),
    ...names,
    geometry: optional(maybe(anything)),
  },
  stage_limit: {
    step: code,
    value: number,
    unit: oneOf(LIMIT_UNITS, 'limit.unknownUnit'),
    calendar: code,
  },
} as const satisfies Record<string, Record<string, Column<unknown>>>;

export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as TableName[];

type Value<C> = C extends Column<infer T> ? T : never;
export type Line<N extends TableName> = {
  readonly [K in keyof (typeof TABLES)[N]]: Value<(typeof TABLES)[N][K]>;
} & { readonly line: number };
export type Tables = { readonly [N in TableName]: readonly Line<N>[] };

/** Tables that a rule set may do without. */
const REQUIRED: readonly TableName[] = ['scheme', 'category', 'condition', 'manual', 'source', 'stage_limit'];

/** All tables of a set. Rows that do not fit are reported and left out. */
export function readTables(files: RuleSet, report: Report): Tables {
  return Object.fromEntries(
    TABLE_NAMES.map((name) => [name, readTable(files, name, report)]),
  ) as unknown as Tables;
}

/** The same for a set that is checked: a table that was read before is as it was read. */
export async function checkTables(files: RuleSet, findings: Findings, report: Report): Promise<Tables> {
  const tables: [TableName, readonly unknown[]][] = [];
  for (const name of TABLE_NAMES) {
    const text = files.get(pathOf('table', name));
    const read = (own: Report): readonly unknown[] => readTable(files, name, own);
    const rows = text === undefined ? read(report) : await findings.of(report, ['table', name, text], read);
    tables.push([name, rows]);
  }
  return Object.fromEntries(tables) as unknown as Tables;
}

function readTable(files: RuleSet, name: TableName, report: Report): unknown[] {
  const file = pathOf('table', name);
  const text = files.get(file);
  if (text === undefined) {
    if (REQUIRED.includes(name)) report.add(file, null, 'file.missing');
    return [];
  }
  const table = readTableText(text);
  if (isFault(table)) {
    report.add(file, table.line, 'csv.syntax', table.detail);
    return [];
  }
  const spec = Object.entries<Column<unknown>>(TABLES[name]);
  const missing = spec.filter(([column, { optional: absent }]) => !absent && !table.columns.includes(column));
  for (const [column] of missing) report.add(file, 1, 'csv.missingColumn', column);
  for (const [at, column] of table.columns.entries()) {
    if (table.columns.indexOf(column) !== at) report.add(file, 1, 'csv.columnTwice', column);
    else if (!Object.hasOwn(TABLES[name], column)) report.warn(file, 1, 'csv.unknownColumn', column);
  }
  // Without it no row says what it should
  if (missing.length > 0) return [];
  return table.lines.flatMap((line) => readLine(file, spec, table.columns, line, report));
}

function readLine(
  file: string,
  spec: readonly [string, Column<unknown>][],
  columns: readonly string[],
  { line, cells, formulas }: TableLine,
  report: Report,
): unknown[] {
  for (const at of formulas) report.add(file, `${line}/${columns[at] ?? at + 1}`, 'csv.formula', cells[at]);
  if (cells.length !== columns.length) {
    report.add(file, line, 'csv.width', `${cells.length} of ${columns.length} cells`);
    return [];
  }
  const row: Record<string, unknown> = { line };
  let fits = true;
  for (const [column, { read, code: problem }] of spec) {
    const at = columns.indexOf(column);
    const text = at < 0 ? '' : cells[at]!;
    if (at < 0) {
      row[column] = read('') ?? null;
      continue;
    }
    const value = read(text);
    if (value === undefined) {
      report.add(file, `${line}/${column}`, text === '' ? 'csv.empty' : problem, text);
      fits = false;
    }
    row[column] = value;
  }
  return fits ? [row] : [];
}

const keys: { readonly [N in TableName]: readonly string[] } = {
  scheme: ['code'],
  category: ['scheme', 'kind', 'code'],
  condition: ['code'],
  department: ['code'],
  manual: ['scheme', 'kind', 'category', 'condition', 'area', 'owner'],
  source: ['code'],
  control: ['code', 'category_kind', 'category', 'valid_from'],
  stage_limit: ['step'],
};

/** By which columns a row of a table is known; undefined for a table that nobody knows. */
export function keyColumns(table: string): readonly string[] | undefined {
  return Object.hasOwn(keys, table) ? keys[table as TableName] : undefined;
}
