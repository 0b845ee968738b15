import type { Text } from '@wanmi/contracts';
import {
  CATEGORY_KINDS,
  LIMIT_UNITS,
  SOURCE_NAMES,
  SOURCES,
  STEP_NAMES,
  UNIT_KINDS,
} from '@wanmi/contracts/words';

/** How a column is shown and typed. A code that the program does not know is left as it is, the check names it. */
export interface ColumnSpec {
  readonly kind: 'text' | 'code' | 'number' | 'flag' | 'choice' | 'lookUp' | 'time' | 'day';
  readonly width: number;
  readonly choices?: readonly string[];
  /** Which names stand beside the codes. */
  readonly names?: 'unit' | 'category' | 'condition' | 'calendar' | 'duty';
  readonly maybe?: boolean;
}

const text = (width = 220): ColumnSpec => ({ kind: 'text', width });
const code = (width = 110): ColumnSpec => ({ kind: 'code', width });
const number: ColumnSpec = { kind: 'number', width: 84 };
const flag: ColumnSpec = { kind: 'flag', width: 72 };
const choice = (choices: readonly string[], width = 120, maybe = false): ColumnSpec => ({
  kind: 'choice',
  width,
  choices,
  maybe,
});
const lookUp = (names: NonNullable<ColumnSpec['names']>, width = 180): ColumnSpec => ({
  kind: 'lookUp',
  width,
  names,
});

const time: ColumnSpec = { kind: 'time', width: 80 };
const day: ColumnSpec = { kind: 'day', width: 120 };
const CONTROL_KINDS = ['noCollect', 'noCollectHours', 'samePeriod'];

const COMMON: Readonly<Record<string, ColumnSpec>> = {
  code: code(),
  scheme: code(150),
  name_zh: text(280),
  name_en: text(280),
  closing_zh: text(200),
  closing_en: text(200),
  kind: choice(CATEGORY_KINDS, 72),
  category: lookUp('category'),
  condition: lookUp('condition'),
  next_condition: lookUp('condition'),
  department: lookUp('unit'),
  owner: lookUp('unit'),
  parent: lookUp('unit'),
  calendar: lookUp('calendar', 120),
  department_kind: code(110),
  limit_value: number,
  limit_unit: choice(LIMIT_UNITS, 126),
  limit_a: number,
  limit_b: number,
  limit_c: number,
  limit_basis: code(90),
  default_of_category: flag,
  active: flag,
  verify: flag,
  direct_filing: flag,
  level: { kind: 'number', width: 64 },
  similar_metres: number,
  similar_hours: number,
  district: { kind: 'number', width: 72 },
  geometry: choice(['point', 'line', 'polygon'], 90, true),
  certainty: code(120),
  value: number,
  unit: choice(LIMIT_UNITS, 126),
  from_time: time,
  to_time: time,
  weekdays: code(90),
  valid_from: day,
  valid_to: day,
  group_zh: text(120),
  group_en: text(140),
  note: text(260),
  source: text(140),
};

const OF_TABLE: Readonly<Record<string, Readonly<Record<string, ColumnSpec>>>> = {
  category: { parent: code(80), name_zh: text(200) },
  department: { kind: choice(UNIT_KINDS, 120), name_zh: text(220) },
  control: {
    kind: choice(CONTROL_KINDS, 130),
    category_kind: choice(CATEGORY_KINDS, 72, true),
    name_zh: text(220),
  },
  source: { code: choice(SOURCES, 150), name_zh: text(180), name_en: text(180) },
  stage_limit: { step: { kind: 'code', width: 180 } },
  scheme: { code: code(160) },
};

export function columnSpec(table: string, column: string): ColumnSpec {
  return OF_TABLE[table]?.[column] ?? COMMON[column] ?? text(160);
}

/** The columns that are worked with every day; the others are a click away. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  condition: [
    'code',
    'name_zh',
    'limit_value',
    'limit_unit',
    'limit_a',
    'limit_b',
    'limit_c',
    'department_kind',
    'default_of_category',
    'closing_zh',
  ],
  category: ['kind', 'code', 'level', 'parent', 'name_zh', 'geometry', 'active'],
  manual: ['kind', 'category', 'condition', 'area', 'owner', 'department'],
};

export function usualColumns(table: string, columns: readonly string[], language: string): readonly number[] {
  const usual = USUAL[table];
  if (!usual) return columns.map((_, index) => index);
  const own = language === 'en' ? usual.map((name) => name.replace(/_zh$/, '_en')) : usual;
  return own.map((name) => columns.indexOf(name)).filter((index) => index >= 0);
}

/** Texts of the glossary for the values of a column; the other values have theirs in the room's words. */
export function glossaryOf(table: string, column: string): Readonly<Record<string, Text>> | undefined {
  if (table === 'source' && column === 'code') return SOURCE_NAMES;
  return column === 'step' ? STEP_NAMES : undefined;
}

/** What makes a row itself: where two rows have it in common, one is too many. */
export const KEYS: Readonly<Record<string, readonly string[]>> = {
  scheme: ['code'],
  category: ['scheme', 'kind', 'code'],
  condition: ['code'],
  department: ['code'],
  manual: ['scheme', 'kind', 'category', 'condition', 'area', 'owner'],
  source: ['code'],
  control: ['code'],
  stage_limit: ['step'],
};
