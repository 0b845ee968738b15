import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SOURCES, SOURCE_NAMES, STEPS } from '@wanmi/contracts';
import { invalidateCatalog } from '../modules/catalog/index.ts';
import { uuidv7 } from '../platform/ids.ts';
import type { Platform } from '../platform/platform.ts';
import { both } from './ground.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../../config');

export interface TestRules {
  readonly categories: {
    /** 部件: a manhole cover. */
    readonly cover: string;
    /** 事件: exposed rubbish. */
    readonly rubbish: string;
  };
  readonly conditions: {
    /** Of the cover: 4 working hours, department 1. */
    readonly cover: string;
    /** Of the rubbish: 2 urgent hours, department 2. */
    readonly rubbish: string;
  };
  readonly manualId: string;
  /** null while the product ships no process. */
  readonly processId: string | null;
}

/** A small law: two categories with a condition each, the manual, sources, stage limits, and the shipped rules. */
export async function testRules(
  platform: Platform,
  cityId: string,
  departments: readonly [string, string],
): Promise<TestRules> {
  const { db } = platform;
  const now = new Date(platform.clock.now());
  const newId = (): string => uuidv7(platform.clock.now());
  const since = { city_id: cityId, valid_from: now };

  const schemeId = newId();
  await db
    .insertInto('scheme')
    .values({ id: schemeId, city_id: cityId, code: 'TEST', name: JSON.stringify(both('试行标准')) })
    .execute();
  const ids = { assets: newId(), events: newId(), cover: newId(), rubbish: newId() };
  const category = (id: string, kind: string, code: string, name: string, parent: string | null) => ({
    ...since,
    id,
    scheme_id: schemeId,
    kind,
    code,
    level: parent === null ? 1 : 2,
    parent_id: parent,
    name: JSON.stringify(both(name)),
  });
  await db
    .insertInto('category')
    .values([
      category(ids.assets, 'asset', '01', '公用设施', null),
      category(ids.events, 'event', '01', '市容环境', null),
      category(ids.cover, 'asset', '0101', '上水井盖', ids.assets),
      category(ids.rubbish, 'event', '0105', '暴露垃圾', ids.events),
    ])
    .execute();

  const conditions = { cover: newId(), rubbish: newId() };
  const condition = (id: string, categoryId: string, code: string, value: number, unit: string) => ({
    ...since,
    id,
    category_id: categoryId,
    code,
    name: JSON.stringify(both(code)),
    closing: JSON.stringify(both('恢复原状')),
    limit_value: value,
    limit_unit: unit,
    is_default: true,
  });
  await db
    .insertInto('condition')
    .values([
      condition(conditions.cover, ids.cover, 'A0101-01', 4, 'workingHour'),
      condition(conditions.rubbish, ids.rubbish, 'E0105-01', 2, 'urgentHour'),
    ])
    .execute();

  const manualId = newId();
  await db
    .insertInto('manual')
    .values({ ...since, id: manualId, version: 1 })
    .execute();
  const row = { manual_id: manualId, city_id: cityId };
  await db
    .insertInto('manual_row')
    .values([
      { ...row, condition_id: conditions.cover, department_id: departments[0] },
      { ...row, condition_id: conditions.rubbish, department_id: departments[1] },
    ])
    .execute();
  await sourcesAndLimits(platform, cityId);
  const rules = await shippedRules(platform, cityId);
  return {
    categories: { cover: ids.cover, rubbish: ids.rubbish },
    conditions,
    manualId,
    processId: rules.get('process:case') ?? null,
  };
}

/** As the shipped catalogue has it (config/catalog/source.csv): these need no collector's look. */
const UNVERIFIED = new Set(['collector', 'leader', 'superior']);
const DIRECT = new Set(['leader', 'superior']);

async function sourcesAndLimits({ db }: Platform, cityId: string): Promise<void> {
  await db
    .insertInto('source')
    .values(
      SOURCES.map((code, sort) => ({
        city_id: cityId,
        code,
        name: JSON.stringify(SOURCE_NAMES[code]),
        verify: !UNVERIFIED.has(code),
        direct_filing: DIRECT.has(code),
        sort,
      })),
    )
    .execute();
  await db
    .insertInto('stage_limit')
    .values(
      STEPS.filter((step) => step !== 'dispose').map((code) => ({
        city_id: cityId,
        code,
        value: code === 'verify' || code === 'check' ? 0.5 : 0.25,
        unit: 'workingHour',
        calendar:
          code === 'sign' ? 'department' : code === 'verify' || code === 'check' ? 'patrol' : 'centre',
      })),
    )
    .execute();
}

/** The rules that the product ships (process, form, calendar, decision, numbering), published from the start, by `kind:code`. */
async function shippedRules({ db, clock }: Platform, cityId: string): Promise<Map<string, string>> {
  const files = [
    ...shipped('process', '.bpmn'),
    ...shipped('form', '.schema.json'),
    ...shipped('calendar', '.json'),
    ...shipped('decision', '.dmn'),
    ...shipped('numbering', '.json'),
  ];
  const rows = files.map(({ kind, code, content }) => ({
    id: uuidv7(clock.now()),
    city_id: cityId,
    kind,
    code,
    version: 1,
    content,
    content_hash: createHash('sha256').update(content).digest(),
    state: 'published',
    valid_from: new Date(clock.now()),
    created_at: new Date(clock.now()),
  }));
  if (rows.length > 0) await db.insertInto('rule_version').values(rows).execute();
  return new Map(rows.map((row) => [`${row.kind}:${row.code}`, row.id]));
}

function shipped(kind: string, ending: string): { kind: string; code: string; content: string }[] {
  const folder = path.join(CONFIG, kind);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({
      kind,
      code: name.slice(0, -ending.length),
      content: readFileSync(path.join(folder, name), 'utf8'),
    }));
}

/** The next version of a city's rule, in force from now on. */
export async function publishRule(
  platform: Platform,
  cityId: string,
  { kind, code, content }: { kind: string; code: string; content: string },
): Promise<void> {
  const { db, clock } = platform;
  const now = new Date(clock.now());
  const last = await db
    .selectFrom('rule_version')
    .select(({ fn }) => fn.max('version').as('version'))
    .where('city_id', '=', cityId)
    .where('kind', '=', kind)
    .where('code', '=', code)
    .executeTakeFirst();
  await db
    .insertInto('rule_version')
    .values({
      id: uuidv7(clock.now()),
      city_id: cityId,
      kind,
      code,
      version: (last?.version ?? 0) + 1,
      content,
      content_hash: createHash('sha256').update(content).digest(),
      state: 'published',
      valid_from: now,
      created_at: now,
    })
    .execute();
  invalidateCatalog(platform, cityId);
}
