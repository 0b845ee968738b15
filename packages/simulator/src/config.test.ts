import { readdirSync, readFileSync } from 'node:fs';
import { ACTIONS, LIMIT_UNITS, SOURCES, STEPS, UNIT_KINDS } from '@wanmi/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { ASSET_KINDS } from './geo/assets.ts';

const root = new URL('../../../config/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const json = (path: string): unknown => JSON.parse(read(path));
const CALENDARS = readdirSync(new URL('calendar/', root))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace('.json', ''));
type Row = Record<string, string>;
const csv = (name: string): Row[] => parse(read(`catalog/${name}.csv`), { columns: true });

const schemes = csv('scheme');
const categories = csv('category');
const conditions = csv('condition');
const departments = csv('department');
const key = (row: Row, code: string | undefined = row['category']): string =>
  `${row['scheme']} ${row['kind']} ${code}`;
const unique = (values: unknown[]): void => {
  expect(new Set(values).size).toBe(values.length);
};
const isText = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  ['zh-CN', 'en'].every((lang) => {
    const part: unknown = (value as Record<string, unknown>)[lang];
    return typeof part === 'string' && part.trim() !== '';
  });

test('no cell of a name is empty, no line is ragged', () => {
  for (const name of ['scheme', 'category', 'condition', 'department', 'source'])
    for (const row of csv(name)) {
      expect(row['name_zh'], JSON.stringify(row)).toMatch(/[\u4e00-\u9fff]/);
      expect(row['name_en'], JSON.stringify(row)).toMatch(/[A-Za-z]/);
      expect(row['name_en'], JSON.stringify(row)).not.toMatch(/[\u3000-\u9fff]/);
    }
});

describe('categories', () => {
  const byKey = new Map(categories.map((row) => [key(row, row['code']), row]));

  test('are unique within scheme and kind, and small classes have their big class', () => {
    unique(categories.map((row) => key(row, row['code'])));
    for (const row of categories) {
      expect(schemes.map((s) => s['code'])).toContain(row['scheme']);
      expect(['asset', 'event']).toContain(row['kind']);
      expect(row['code']).toMatch(row['level'] === '1' ? /^\d{2}$/ : /^\d{4}$/);
      if (row['level'] === '1') expect(row['parent']).toBe('');
      else {
        expect(row['code']?.slice(0, 2)).toBe(row['parent']);
        expect(byKey.get(key(row, row['parent']))?.['level']).toBe('1');
        expect(['point', 'line', 'polygon']).toContain(row['geometry']);
      }
    }
  });

  test('only attested classes of an active scheme are active, a city’s own among them', () => {
    const active = new Set(schemes.filter((s) => s['active'] === 'true').map((s) => s['code']));
    for (const row of categories)
      expect(row['active'], JSON.stringify(row)).toBe(
        String(row['certainty']?.startsWith('attested') && active.has(row['scheme'] as string)),
      );
  });

  test('every active small class can be filed, by exactly one condition first', () => {
    const byCategory = Map.groupBy(conditions, (row) => key(row));
    for (const row of categories.filter((c) => c['active'] === 'true' && c['level'] === '2')) {
      const mine = byCategory.get(key(row, row['code'])) ?? [];
      expect(mine.length, row['name_zh']).toBeGreaterThan(0);
      expect(mine.filter((c) => c['default_of_category'] === 'true')).toHaveLength(1);
    }
  });
});

describe('conditions', () => {
  const active = new Set(categories.filter((c) => c['active'] === 'true').map((c) => key(c, c['code'])));
  const kinds = new Set(departments.map((d) => d['department_kind']).filter(Boolean));

  test('name an active class, a unit of time and a kind of department', () => {
    expect(conditions.length).toBeGreaterThanOrEqual(120);
    unique(conditions.map((row) => row['code']));
    for (const row of conditions) {
      const at = row['code'] as string;
      expect(active.has(key(row)), at).toBe(true);
      expect(at).toMatch(/^[AE]\d{4}-\d{2}$/);
      expect(at.slice(0, 5)).toBe((row['kind'] === 'asset' ? 'A' : 'E') + row['category']);
      expect(LIMIT_UNITS, at).toContain(row['limit_unit']);
      expect(Number(row['limit_value']), at).toBeGreaterThan(0);
      expect(kinds.has(row['department_kind'] as string), at).toBe(true);
      expect(row['closing_zh'], at).not.toBe('');
      expect(row['closing_en'], at).not.toBe('');
    }
  });

  test('have three grade limits or none, never shorter outside; invented ones say so', () => {
    for (const row of conditions) {
      const grades = ['limit_a', 'limit_b', 'limit_c'].map((c) => row[c]);
      expect(['attested', 'derived']).toContain(row['limit_basis']);
      if (grades.every((g) => g === '')) continue;
      const [a, b, c] = grades.map(Number) as [number, number, number];
      expect(row['limit_basis'], row['code']).toBe('derived');
      expect(a > 0 && a <= b && b <= c, row['code']).toBe(true);
      expect(b).toBe(Number(row['limit_value']));
    }
  });

  test('lead on to a condition that exists, and never in a circle', () => {
    const next = new Map(conditions.map((row) => [row['code'] as string, row['next_condition'] as string]));
    for (const start of next.keys()) {
      const seen = new Set<string>();
      for (let at = start; at !== ''; at = next.get(at) as string) {
        expect(next.has(at), at).toBe(true);
        expect(seen.has(at), `circle at ${at}`).toBe(false);
        seen.add(at);
      }
    }
  });
});

describe('units and manual', () => {
  const byCode = new Map(departments.map((row) => [row['code'] as string, row]));

  test('units have known kinds, their parents exist, calendars too', () => {
    unique(departments.map((row) => row['code']));
    for (const row of departments) {
      expect(UNIT_KINDS).toContain(row['kind']);
      expect(CALENDARS).toContain(row['calendar']);
      const parent = byCode.get(row['parent'] as string);
      if (row['kind'] === 'crew') expect(parent?.['kind'], row['code']).toBe('department');
      else if (row['kind'] === 'patrolTeam') expect(parent?.['kind']).toBe('supervisionCentre');
      else expect(row['parent']).toBe('');
    }
    for (const kind of ['supervisionCentre', 'commandCentre'])
      expect(departments.filter((row) => row['kind'] === kind)).toHaveLength(1);
    const kinds = departments.filter((row) => row['kind'] === 'department').map((r) => r['department_kind']);
    unique(kinds);
    const withCrew = new Set(departments.filter((row) => row['kind'] === 'crew').map((row) => row['parent']));
    for (const row of departments.filter((r) => r['kind'] === 'department'))
      expect(withCrew.has(row['code']), row['code']).toBe(true);
  });

  test('the manual answers for every condition, with the department of its kind', () => {
    const manual = csv('manual');
    unique(manual.map((row) => `${key(row)} ${row['condition']} ${row['area_kind']}`));
    const conditionOf = new Map(conditions.map((row) => [row['code'] as string, row]));
    const answer = new Map<string, string>();
    for (const row of manual) {
      expect(byCode.get(row['department'] as string)?.['kind'], JSON.stringify(row)).toBe('department');
      expect(row['area_kind']).toBe('any');
      const condition = row['condition'] as string;
      if (condition) expect(key(conditionOf.get(condition) ?? {}), condition).toBe(key(row));
      answer.set(condition || key(row), row['department'] as string);
    }
    for (const row of conditions) {
      const code = answer.get(row['code'] as string) ?? answer.get(key(row));
      expect(byCode.get(code ?? '')?.['department_kind'], row['code']).toBe(row['department_kind']);
    }
  });

  test('generated assets are of active classes, and belong to who answers for them', () => {
    for (const kind of ASSET_KINDS) {
      const condition = conditions.find(
        (row) =>
          row['kind'] === 'asset' &&
          row['category'] === kind.category &&
          row['default_of_category'] === 'true',
      );
      expect(condition?.['department_kind'], kind.category).toBe(kind.departmentKind);
    }
  });
});

test('sources are the words of the vocabulary; only own finds, leaders and superiors skip verification', () => {
  const sources = csv('source');
  expect(new Set(sources.map((row) => row['code']))).toEqual(new Set(SOURCES));
  unique(sources.map((row) => row['code']));
  for (const row of sources) {
    expect(row['verify'], row['code']).toBe(
      String(!['collector', 'leader', 'superior'].includes(row['code'] as string)),
    );
    if (row['direct_filing'] === 'true') expect(row['verify']).toBe('false');
  }
});

test('controls name a class, hours where they need them, and what they are', () => {
  const rows = csv('control');
  unique(rows.map((row) => row['code']));
  const active = new Set(categories.filter((c) => c['active'] === 'true').map((c) => key(c, c['code'])));
  for (const row of rows) {
    expect(['noCollect', 'noCollectHours', 'samePeriod'], row['code']).toContain(row['kind']);
    const of = `${row['scheme']} ${row['category_kind']} ${row['category']}`;
    expect(active.has(of), of).toBe(true);
    const hours = [row['from_time'], row['to_time']];
    if (row['kind'] === 'noCollect') expect(row['region']).not.toBe('');
    else for (const time of hours) expect(time, row['code']).toMatch(/^([01]\d|2[0-3]):[0-5]\d$/);
    expect(row['weekdays']).toMatch(/^([1-7]( [1-7])*)?$/);
    for (const name of ['name_zh', 'name_en']) expect(row[name]).toBeTruthy();
  }
});

test('settings are those that the program knows', () => {
  expect(Object.keys(json('setting.json') as object).toSorted()).toEqual([
    'autoAccept',
    'autoDispatch',
    'autoSendCheck',
    'autoSendVerify',
  ]);
});

test('every step has a limit, but disposal and suspension', () => {
  const limits = csv('stage_limit');
  unique(limits.map((row) => row['step']));
  const steps = limits.map((row) => row['step']);
  // Disposal has the limit of its condition: a row here would shadow it. A suspension ends on its day.
  const without = ['dispose', 'suspend'];
  for (const step of STEPS.filter((s) => !without.includes(s))) expect(steps).toContain(step);
  for (const step of without) expect(steps).not.toContain(step);
  // Beside the steps: until when an assignment may be declined, how long making safe may take
  const known = [...STEPS, 'decline', 'makeSafe'] as string[];
  for (const step of steps) expect(known).toContain(step);
  for (const row of limits) {
    expect(Number(row['value'])).toBeGreaterThan(0);
    expect(LIMIT_UNITS).toContain(row['unit']);
    expect(CALENDARS).toContain(row['calendar']);
  }
});

test('the three shifts of the collectors make up a day', () => {
  const hours = ['patrolEarly', 'patrolLate', 'patrolNight'].flatMap((name) => {
    const { weekly } = json(`calendar/${name}.json`) as Calendar;
    return weekly['1'] ?? [];
  });
  const sorted = hours.toSorted(([a], [b]) => a.localeCompare(b));
  expect(sorted[0]?.[0]).toBe('00:00');
  expect(sorted.at(-1)?.[1]).toBe('24:00');
  for (const [index, [from]] of sorted.entries()) if (index > 0) expect(from).toBe(sorted[index - 1]?.[1]);
});

interface Calendar {
  code: string;
  name: unknown;
  timeZone: string;
  hoursPerDay: number;
  weekly: Record<string, [string, string][]>;
  holidays: { from: string; to: string; name: unknown }[];
  workdays: { date: string; periods: [string, string][] }[];
}

describe.each(CALENDARS)('calendar %s', (name) => {
  const calendar = json(`calendar/${name}.json`) as Calendar;
  const isDate = (value: string): boolean =>
    /^\d{4}-\d{2}-\d{2}$/.test(value) && new Date(`${value}T00:00:00Z`).toISOString().startsWith(value);

  test('has ordered periods on seven weekdays and real dates', () => {
    expect(calendar.code).toBe(name);
    expect(isText(calendar.name)).toBe(true);
    expect(Intl.supportedValuesOf('timeZone')).toContain(calendar.timeZone);
    expect(Object.keys(calendar.weekly)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    for (const periods of [...Object.values(calendar.weekly), ...calendar.workdays.map((w) => w.periods)]) {
      const flat = periods.flat();
      for (const time of flat) expect(time).toMatch(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/);
      expect(flat.toSorted()).toEqual(flat);
    }
    for (const holiday of calendar.holidays) {
      expect(isDate(holiday.from) && isDate(holiday.to) && holiday.from <= holiday.to).toBe(true);
      expect(isText(holiday.name)).toBe(true);
    }
  });

  test('make-up days are weekend days outside the holidays', () => {
    for (const { date } of calendar.workdays) {
      expect(isDate(date)).toBe(true);
      expect([0, 6]).toContain(new Date(`${date}T00:00:00Z`).getUTCDay());
      expect(calendar.holidays.some((h) => h.from <= date && date <= h.to)).toBe(false);
    }
    unique(calendar.workdays.map((w) => w.date));
  });
});

test('centre and collectors are there every day', () => {
  for (const name of ['centre', 'patrol']) {
    const calendar = json(`calendar/${name}.json`) as Calendar;
    expect(calendar.holidays).toEqual([]);
    for (const periods of Object.values(calendar.weekly)) expect(periods.length).toBeGreaterThan(0);
  }
});

// claim and release ask nothing
const FORMS = [...ACTIONS.filter((action) => action !== 'claim' && action !== 'release'), 'report'];
const WIDGETS = [
  'text',
  'textarea',
  'select',
  'condition',
  'unit',
  'units',
  'person',
  'media',
  'position',
  'date',
  'number',
  'rating',
  'case',
  'followUp',
  'phrases',
  'category',
  'asset',
];
const NOTES = ['x-label', 'x-help', 'x-widget', 'x-order', 'x-unit-kind', 'x-show-if'];

interface Field {
  type: string;
  properties?: Record<string, Field>;
  required?: string[];
  additionalProperties?: boolean;
  oneOf?: Record<string, unknown>[];
  'x-label'?: unknown;
  'x-help'?: unknown;
  'x-widget'?: string;
  'x-order'?: number;
}

describe.each(FORMS)('form %s', (action) => {
  const form = json(`form/${action}.schema.json`) as Field;
  const compile = () => {
    const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
    addFormats.default(ajv);
    for (const keyword of NOTES) ajv.addKeyword(keyword);
    return ajv.compile(form);
  };

  test('is a valid schema that names everything in both languages', () => {
    compile();
    const walk = (field: Field, top: boolean): void => {
      expect(isText(field['x-label'])).toBe(true);
      if (field['x-help'] !== undefined) expect(isText(field['x-help'])).toBe(true);
      if (field['x-widget'] !== undefined) expect(WIDGETS).toContain(field['x-widget']);
      for (const choice of field.oneOf ?? []) {
        expect(isText(choice['x-label'])).toBe(true);
        expect(choice['const']).toMatch(/^[A-Za-z][A-Za-z0-9]*$/);
      }
      if (field.type !== 'object') return;
      expect(field.additionalProperties).toBe(false);
      const children = Object.values(field.properties ?? {});
      for (const child of children) walk(child, false);
      for (const name of field.required ?? []) expect(Object.keys(field.properties ?? {})).toContain(name);
      if (top) unique(children.map((child) => child['x-order']));
    };
    walk(form, true);
  });

  test('refuses fields that it does not know', () => {
    const validate = compile();
    validate({ surprise: 1 });
    expect(validate.errors?.map((e) => e.keyword)).toContain('additionalProperties');
  });
});

test('forms ask for what an action cannot do without', () => {
  const required = (action: string): string[] => (json(`form/${action}.schema.json`) as Field).required ?? [];
  expect(required('file')).toEqual(['conditionId']);
  for (const action of ['reject', 'deny', 'declineFiling', 'decline', 'fail'])
    expect(required(action)).toEqual(['reason']);
  // Dispatched flat it is a crew, and its department follows
  for (const action of ['dispatch', 'redispatch']) expect(required(action)).toEqual([]);
  expect(required('respond')).toEqual(['result']);
});

test('phrases belong to a form and are written in both languages', () => {
  const files = readdirSync(new URL('phrase/', root));
  expect(new Set(files.map((file) => file.replace('.json', '')))).toEqual(new Set(FORMS));
  for (const file of files) {
    const { action, phrases } = json(`phrase/${file}`) as { action: string; phrases: unknown[] };
    expect(`${action}.json`).toBe(file);
    expect(phrases.length).toBeGreaterThanOrEqual(3);
    for (const phrase of phrases) expect(isText(phrase)).toBe(true);
  }
});

const CITIES = readdirSync(new URL('city/', root));

describe.each(CITIES)('the city %s', (city) => {
  const own = readdirSync(new URL(`city/${city}/`, root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.split(`/city/${city}/`)[1]!.replace(/^\/+/, ''))
    .filter((name) => name !== 'README.md');
  const table = (name: string): Row[] =>
    own.includes(`catalog/${name}.csv`)
      ? parse(read(`city/${city}/catalog/${name}.csv`), { columns: true })
      : csv(name);

  test('says what it has otherwise, and only that', () => {
    expect(read(`city/${city}/README.md`)).toContain('takes the place of');
    for (const name of own) {
      expect(name).toMatch(
        /^(setting\.json|(catalog|calendar|decision|form|phrase|process|numbering)\/[\w.]+)$/,
      );
      let base: string | null = null;
      try {
        base = read(name);
      } catch {
        // The city has a rule that the others have not
      }
      expect(read(`city/${city}/${name}`), name).not.toBe(base);
    }
  });

  test('has a unit for everything that its rules name', () => {
    const units = table('department');
    const byCode = new Map(units.map((row) => [row['code'], row]));
    unique(units.map((row) => row['code']));
    for (const row of units) {
      if (row['parent']) expect(byCode.has(row['parent']), row['code']).toBe(true);
      expect(UNIT_KINDS).toContain(row['kind']);
      expect(CALENDARS).toContain(row['calendar']);
      expect(row['name_zh']).toMatch(/[\u4e00-\u9fff]/);
      expect(row['name_en']).toMatch(/[A-Za-z]/);
    }
    const crews = new Set(units.filter((row) => row['kind'] === 'crew').map((row) => row['parent']));
    for (const row of units.filter((one) => one['kind'] === 'department')) {
      expect(crews.has(row['code']), row['code']).toBe(true);
    }
    for (const kind of ['supervisionCentre', 'commandCentre']) {
      expect(units.some((row) => row['kind'] === kind)).toBe(true);
    }
    for (const row of table('manual')) {
      expect(byCode.get(row['department'])?.['kind'], JSON.stringify(row)).toBe('department');
    }
    const kinds = new Set(units.map((row) => row['department_kind']));
    for (const row of table('condition')) expect(kinds.has(row['department_kind']), row['code']).toBe(true);
  });

  test('has the same steps with limits, the same sources and the known settings', () => {
    const codes = (rows: Row[], column: string) => rows.map((row) => row[column]).toSorted();
    expect(codes(table('stage_limit'), 'step')).toEqual(codes(csv('stage_limit'), 'step'));
    expect(codes(table('source'), 'code')).toEqual(codes(csv('source'), 'code'));
    for (const row of table('stage_limit')) {
      expect(Number(row['value'])).toBeGreaterThan(0);
      expect(LIMIT_UNITS).toContain(row['unit']);
    }
    const keys = (path: string) => Object.keys(json(path) as object).toSorted();
    expect(keys(`city/${city}/setting.json`)).toEqual(keys('setting.json'));
  });
});
