import { compileCalendar, compileDecision, type Calendar, type DecisionModel } from '@wanmi/process';
import { Breath } from '#platform/breath';
import type { Platform } from '#platform/platform';
import { compileForm, type FormRule } from './forms.ts';
import { Heirs } from './heirs.ts';
import { buildManual, type Manual } from './manual.ts';
import type {
  Catalog,
  CatalogData,
  CatalogCategory,
  CatalogCondition,
  CatalogUnit,
  LimitValue,
  RuleInForce,
} from './model.ts';
import { compileNumbering, type Numbering } from './numbering.ts';
import * as repo from './repo.ts';
import { withQuestions } from './questions.ts';
import { readSettings, type Settings } from './settings.ts';

export interface Loaded {
  readonly catalog: Catalog;
  /** The next moment at which something of it comes into force or ends; Infinity where nothing does. */
  readonly changesAt: number;
}

/** Reads a city's rules in one snapshot. Null: there is no such city. */
export async function loadCatalog(platform: Platform, cityId: string): Promise<Loaded | null> {
  const now = platform.clock.now();
  const onBadSetting = (key: string): void => platform.log.error({ cityId, key }, 'setting.invalid');
  return platform.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const version = await repo.readStamp(trx, cityId);
      const city = await repo.readCity(trx, cityId);
      if (version === null || !city) return null;
      const life = lifeAt(now);
      const settings = readSettings(await repo.readSettingRows(trx, cityId), onBadSetting);
      const categories = await repo.readCategories(trx, cityId);
      const conditions = await repo.readConditions(trx, cityId);
      const manual = await inForceManual(trx, cityId, life);
      const rules = inForceRules(await repo.readRules(trx, cityId), life);
      const sources = await repo.readSources(trx, cityId);
      const phrases = await repo.readPhrases(trx, cityId);
      const limits = await repo.readStageLimits(trx, cityId);
      const data: CatalogData = {
        cityId,
        version,
        city: { id: city.id, code: city.code, name: city.name, timeZone: city.time_zone },
        settings,
        ...indexCategories(categories, settings, life),
        ...indexConditions(conditions, life),
        ...indexUnits(await repo.readUnits(trx, cityId), life),
        ...(await compileRules(rules)),
        manual,
        sources: new Map(
          sources
            .filter((row) => life.inForce(null, row.valid_to))
            .map((row) => [
              row.code,
              { code: row.code, name: row.name, verify: row.verify, directFiling: row.direct_filing },
            ]),
        ),
        phrases: groupBy(
          phrases,
          (row) => row.action,
          (row) => row.text,
        ),
        stageLimits: new Map(
          limits.map((row) => [
            row.code,
            { code: row.code, value: row.value, unit: row.unit, calendar: row.calendar },
          ]),
        ),
      };
      return { catalog: withQuestions(data), changesAt: life.changesAt() };
    });
}

/** Judges validity at one moment and remembers the next moment at which a judgement would be another. */
interface Life {
  inForce(from: Date | null, to: Date | null): boolean;
  changesAt(): number;
}

function lifeAt(now: number): Life {
  let next = Number.POSITIVE_INFINITY;
  return {
    inForce(from, to) {
      for (const date of [from, to]) {
        const at = date?.getTime() ?? now;
        if (at > now && at < next) next = at;
      }
      return (from === null || from.getTime() <= now) && (to === null || to.getTime() > now);
    },
    changesAt: () => next,
  };
}

function indexCategories(
  rows: readonly repo.CategoryRow[],
  settings: Settings,
  life: Life,
): Pick<CatalogData, 'categoryById' | 'categoryByCode'> {
  const categoryById = new Map<string, CatalogCategory>();
  const categoryByCode = new Map<string, CatalogCategory>();
  const scheme = settings.scheme ?? rows[0]?.scheme;
  for (const row of rows) {
    const category: CatalogCategory = {
      id: row.id,
      scheme: row.scheme,
      kind: row.kind,
      code: row.code,
      level: row.level,
      parentId: row.parent_id,
      name: row.name,
      similarMetres: row.similar_metres,
      similarHours: row.similar_hours,
      inForce: life.inForce(row.valid_from, row.valid_to),
    };
    categoryById.set(row.id, category);
    if (category.inForce && row.scheme === scheme) categoryByCode.set(`${row.kind}:${row.code}`, category);
  }
  return { categoryById, categoryByCode };
}

function indexConditions(
  rows: readonly repo.ConditionRow[],
  life: Life,
): Pick<CatalogData, 'conditionById' | 'conditionByCode' | 'conditionsOfCategory'> {
  const conditions = rows.map((row): CatalogCondition => ({
    id: row.id,
    categoryId: row.category_id,
    code: row.code,
    name: row.name,
    closing: row.closing,
    limit: { value: row.limit_value, unit: row.limit_unit },
    gradeLimits: gradeLimits(row),
    departmentKind: row.department_kind,
    isDefault: row.is_default,
    nextId: row.next_id,
    inForce: life.inForce(row.valid_from, row.valid_to),
  }));
  const inForce = conditions.filter((condition) => condition.inForce);
  return {
    conditionById: new Map(conditions.map((condition) => [condition.id, condition])),
    conditionByCode: new Map(inForce.map((condition) => [condition.code, condition])),
    conditionsOfCategory: groupBy(
      inForce,
      (condition) => condition.categoryId,
      (condition) => condition,
    ),
  };
}

function gradeLimits(row: repo.ConditionRow): CatalogCondition['gradeLimits'] {
  if (row.limit_a === null && row.limit_b === null && row.limit_c === null) return null;
  const limit = (value: number | null): LimitValue => ({
    value: value ?? row.limit_value,
    unit: row.limit_unit,
  });
  return { A: limit(row.limit_a), B: limit(row.limit_b), C: limit(row.limit_c) };
}

function indexUnits(
  rows: readonly repo.UnitRow[],
  life: Life,
): Pick<CatalogData, 'unitById' | 'unitByCode' | 'departments' | 'crewsOf'> {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const units = rows.map((row): CatalogUnit => ({
    id: row.id,
    parentId: row.parent_id,
    regionId: row.region_id,
    kind: row.kind,
    code: row.code,
    name: row.name,
    duty: row.duty,
    calendar: nearestCalendar(row, byId),
    inForce: life.inForce(row.valid_from, row.valid_to),
  }));
  const inForce = units.filter((unit) => unit.inForce);
  return {
    unitById: new Map(units.map((unit) => [unit.id, unit])),
    unitByCode: new Map(inForce.map((unit) => [unit.code, unit])),
    departments: inForce.filter((unit) => unit.kind === 'department'),
    crewsOf: groupBy(
      inForce.filter((unit) => unit.kind === 'crew' && unit.parentId !== null),
      (unit) => unit.parentId!,
      (unit) => unit,
    ),
  };
}

function nearestCalendar(unit: repo.UnitRow, byId: ReadonlyMap<string, repo.UnitRow>): string | null {
  // 10 levels: no city has more, and a cycle made by hand must not hang the server
  let at: repo.UnitRow | undefined = unit;
  for (let level = 0; at && level < 10; level += 1) {
    if (at.calendar !== null) return at.calendar;
    at = at.parent_id === null ? undefined : byId.get(at.parent_id);
  }
  return null;
}

/** Of each rule the newest version that has begun. */
function inForceRules(rows: readonly repo.RuleRow[], life: Life): repo.RuleRow[] {
  const chosen = new Map<string, repo.RuleRow>();
  for (const row of rows) {
    const key = `${row.kind}:${row.code}`;
    if (life.inForce(row.valid_from, null) && !chosen.has(key)) chosen.set(key, row);
  }
  return [...chosen.values()];
}

async function compileRules(
  rows: readonly repo.RuleRow[],
): Promise<Pick<CatalogData, 'rules' | 'forms' | 'calendars' | 'decisions' | 'numbering'>> {
  const rules = new Map<string, RuleInForce>();
  const forms = new Map<string, FormRule>();
  const calendars = new Map<string, Calendar>();
  const decisions = new Map<string, DecisionModel>();
  const numbering = new Map<string, Numbering>();
  const breath = new Breath();
  for (const { id, kind, code, version, content } of rows) {
    rules.set(`${kind}:${code}`, { id, code, version });
    if (content === null) continue;
    if (kind === 'form') forms.set(code, formOnce(id, code, version, content));
    if (kind === 'calendar') calendars.set(code, calendarOnce(id, content));
    if (kind === 'decision') decisions.set(code, await decisionOnce(id, content));
    if (kind === 'numbering') numbering.set(code, compileNumbering(content));
    await breath.take();
  }
  return { rules, forms, calendars, decisions, numbering };
}

// Versions are immutable, so what was compiled once holds for every later load of any city (a form takes 3 ms).
const MAX_COMPILED = 2000;
const compiledForms = new Map<string, FormRule>();
const compiledCalendars = new Map<string, Calendar>();
const compiledDecisions = new Map<string, Promise<DecisionModel>>();

function once<T>(cache: Map<string, T>, id: string, make: () => T): T {
  const known = cache.get(id);
  if (known !== undefined) return known;
  const made = make();
  if (cache.size >= MAX_COMPILED) cache.clear();
  cache.set(id, made);
  return made;
}

function formOnce(id: string, code: string, version: number, content: string): FormRule {
  return once(compiledForms, id, () => compileForm({ id, code, version }, content));
}

function calendarOnce(id: string, content: string): Calendar {
  return once(compiledCalendars, id, () => compileCalendar(JSON.parse(content)));
}

function decisionOnce(id: string, content: string): Promise<DecisionModel> {
  return once(compiledDecisions, id, () => compileDecision(content));
}

async function inForceManual(
  trx: Parameters<typeof repo.readManuals>[0],
  cityId: string,
  life: Life,
): Promise<Manual | null> {
  const heads = await repo.readManuals(trx, cityId);
  const begun = heads.filter((head) => life.inForce(head.valid_from, null));
  const head = begun[0];
  if (!head) return null;
  const rows = await repo.readManualRows(trx, head.id);
  return buildManual(
    head.id,
    head.version,
    rows.map((row) => ({
      conditionId: row.condition_id,
      regionId: row.region_id,
      ownerId: row.owner_id,
      departmentId: row.department_id,
    })),
    new Heirs(await repo.readHeirs(trx, cityId)),
  );
}

function groupBy<T, V>(
  rows: readonly T[],
  keyOf: (row: T) => string,
  valueOf: (row: T) => V,
): ReadonlyMap<string, readonly V[]> {
  const groups = new Map<string, V[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(valueOf(row));
    else groups.set(key, [valueOf(row)]);
  }
  return groups;
}
