import { compileCalendar, compileDecision } from '@wanmi/process';
import {
  buildManual,
  compileForm,
  compileNumbering,
  Heirs,
  withQuestions,
  type Catalog,
  type CatalogCategory,
  type CatalogCondition,
  type CatalogData,
} from '#modules/catalog';
import { hashOfText, type RuleSet } from './rule-set.ts';
import { rulesOf, type ConditionRule, type Rules, type VersionedKind } from './rules.ts';

/**
 * A rule set as the catalogue that a city would have with it, in memory: for trying a draft on history. Ids are
 * the city's where codes match (units, categories, conditions that say the same); what is new or different has an
 * id made of its text. Areas of the manual are found through `regionIds` (code → id); what became of areas, owners
 * and departments since is known to `heirs`, as it is to the manual in force.
 */
export async function catalogOfFiles(
  files: RuleSet,
  base: Catalog,
  regionIds: ReadonlyMap<string, string> = new Map(),
  heirs: Heirs = new Heirs([]),
): Promise<Catalog> {
  const rules = rulesOf(files);
  const categories = categoriesOf(rules, base);
  const conditions = conditionsOf(rules, base, categories);
  const data: CatalogData = {
    ...base,
    ...unitsOf(rules, base),
    settings: settingsOf(rules, base),
    categoryById: new Map([...retired(base.categoryById), ...[...categories.values()].map(byId)]),
    categoryByCode: categories,
    conditionById: new Map([...retired(base.conditionById), ...[...conditions.values()].map(byId)]),
    conditionByCode: conditions,
    conditionsOfCategory: conditionsOfCategory([...conditions.values()]),
    sources: new Map(
      rules.sources.map(({ code, name, verify, directFiling }) => [
        code,
        { code, name, verify, directFiling },
      ]),
    ),
    stageLimits: new Map(rules.stageLimits.map((limit) => [limit.code, limit])),
    phrases: new Map(rules.phrases.map(({ action, texts }) => [action, texts])),
    manual: manualOf(rules, base, conditions, { regionIds, heirs }),
    ...(await versionedOf(rules, base)),
  };
  return withQuestions(data);
}

const byId = <T extends { readonly id: string }>(one: T): [string, T] => [one.id, one];

/** All there were are known further on; those that the set has too are put over them. */
function retired<T extends { readonly inForce: boolean }>(all: ReadonlyMap<string, T>): [string, T][] {
  return [...all].map(([id, one]) => [id, { ...one, inForce: false }]);
}

const newId = (...parts: readonly string[]): string =>
  `draft:${hashOfText(JSON.stringify(parts)).slice(0, 32)}`;

function categoriesOf(rules: Rules, base: Catalog): ReadonlyMap<string, CatalogCategory> {
  const keyOf = (kind: string, code: string): string => `${kind}:${code}`;
  const idOf = (key: string): string => base.categoryByCode.get(key)?.id ?? newId('category', key);
  return new Map(
    rules.categories.map(({ kind, code, level, parent, name, similarMetres, similarHours }) => {
      const key = keyOf(kind, code);
      const category: CatalogCategory = {
        id: idOf(key),
        scheme: rules.scheme,
        kind,
        code,
        level,
        parentId: parent === null ? null : idOf(keyOf(kind, parent)),
        name,
        similarMetres: similarMetres ?? 50,
        similarHours: similarHours ?? 24,
        inForce: true,
      };
      return [key, category];
    }),
  );
}

function conditionsOf(
  rules: Rules,
  base: Catalog,
  categories: ReadonlyMap<string, CatalogCategory>,
): ReadonlyMap<string, CatalogCondition> {
  const shaped = new Map(rules.conditions.map((rule) => [rule.code, shapeOf(rule, categories)]));
  const idOf = (code: string): string | null => {
    const shape = shaped.get(code);
    if (!shape) return null;
    const now = base.conditionByCode.get(code);
    return now && sameCondition(now, shape) ? now.id : newId('condition', JSON.stringify(shape));
  };
  return new Map(
    rules.conditions.map((rule) => [
      rule.code,
      {
        ...shaped.get(rule.code)!,
        id: idOf(rule.code)!,
        nextId: rule.next === null ? null : idOf(rule.next),
      },
    ]),
  );
}

/** Units that the set has and the city has not yet, and calendars as the set says; the others stay as they are. */
function unitsOf(rules: Rules, base: Catalog): Pick<CatalogData, 'unitById' | 'unitByCode'> {
  const unitByCode = new Map(base.unitByCode);
  const byCode = new Map(rules.departments.map((rule) => [rule.code, rule]));
  const calendarOf = (code: string | null): string | null => {
    // As many levels as units may have; a loop ends too
    let at = code === null ? undefined : byCode.get(code);
    for (let level = 0; at && level < 10; level += 1) {
      if (at.calendar !== null) return at.calendar;
      at = at.parent === null ? undefined : byCode.get(at.parent);
    }
    return null;
  };
  for (const { code, kind, parent, name, duty } of rules.departments) {
    const now = base.unitByCode.get(code);
    const calendar = calendarOf(code);
    unitByCode.set(
      code,
      now
        ? { ...now, duty, calendar }
        : {
            id: newId('unit', code),
            parentId: parent === null ? null : (base.unitByCode.get(parent)?.id ?? newId('unit', parent)),
            regionId: null,
            kind,
            code,
            name,
            duty,
            calendar,
            inForce: true,
          },
    );
  }
  return {
    unitByCode,
    unitById: new Map([...base.unitById, ...[...unitByCode.values()].map(byId)]),
  };
}

type Shape = Omit<CatalogCondition, 'id' | 'nextId'>;

function shapeOf(rule: ConditionRule, categories: ReadonlyMap<string, CatalogCategory>): Shape {
  const { A, B, C } = rule.gradeLimits;
  const { unit } = rule.limit;
  return {
    categoryId: categories.get(rule.category)!.id,
    code: rule.code,
    name: rule.name,
    closing: rule.closing,
    limit: rule.limit,
    gradeLimits:
      A === null || B === null || C === null
        ? null
        : { A: { value: A, unit }, B: { value: B, unit }, C: { value: C, unit } },
    departmentKind: rule.departmentKind,
    isDefault: rule.isDefault,
    inForce: true,
  };
}

function sameCondition(now: CatalogCondition, shape: Shape): boolean {
  const key = (one: Shape): string =>
    JSON.stringify([
      one.categoryId,
      [one.name['zh-CN'], one.name.en, one.closing['zh-CN'], one.closing.en],
      [one.limit, one.gradeLimits?.A, one.gradeLimits?.B, one.gradeLimits?.C].map(
        (limit) => limit && [limit.value, limit.unit],
      ),
      [one.departmentKind, one.isDefault],
    ]);
  return key(now) === key(shape);
}

function conditionsOfCategory(
  conditions: readonly CatalogCondition[],
): ReadonlyMap<string, readonly CatalogCondition[]> {
  const groups = new Map<string, CatalogCondition[]>();
  for (const condition of conditions) {
    groups.set(condition.categoryId, [...(groups.get(condition.categoryId) ?? []), condition]);
  }
  const order = (a: CatalogCondition, b: CatalogCondition): number =>
    Number(b.isDefault) - Number(a.isDefault) || (a.code < b.code ? -1 : 1);
  return new Map([...groups].map(([id, group]) => [id, group.toSorted(order)]));
}

function manualOf(
  rules: Rules,
  base: Catalog,
  conditions: ReadonlyMap<string, CatalogCondition>,
  { regionIds, heirs }: { regionIds: ReadonlyMap<string, string>; heirs: Heirs },
): CatalogData['manual'] {
  const unitOf = (code: string): string => base.unitByCode.get(code)?.id ?? newId('unit', code);
  const rows = rules.manual.map((row) => ({
    conditionId: conditions.get(row.condition)!.id,
    regionId: row.area === null ? null : (regionIds.get(row.area) ?? newId('region', row.area)),
    ownerId: row.owner === null ? null : unitOf(row.owner),
    departmentId: unitOf(row.department),
  }));
  return buildManual(newId('manual', JSON.stringify(rows)), (base.manual?.version ?? 0) + 1, rows, heirs);
}

/** Settings that the program knows keep their type; where the set says nothing, they are off. */
function settingsOf(rules: Rules, base: Catalog): Catalog['settings'] {
  const known = Object.keys(base.settings).filter((key) => key !== 'other' && key !== 'scheme');
  const set = known.map((key) => [key, rules.settings.get(key) === true]);
  const other = [...rules.settings].filter(([key]) => !known.includes(key));
  return {
    ...(Object.fromEntries(set) as Omit<Catalog['settings'], 'other' | 'scheme'>),
    scheme: rules.scheme,
    other: new Map(other),
  };
}

async function versionedOf(
  rules: Rules,
  base: Catalog,
): Promise<Pick<CatalogData, 'rules' | 'forms' | 'calendars' | 'decisions' | 'numbering'>> {
  const of = (kind: VersionedKind) => rules.versioned.filter((rule) => rule.kind === kind);
  const inForce = new Map(
    rules.versioned.map(({ kind, code, content }) => {
      const now = base.rules.get(`${kind}:${code}`);
      return [
        `${kind}:${code}`,
        { id: newId(kind, code, content), code, version: (now?.version ?? 0) + 1 },
      ] as const;
    }),
  );
  return {
    rules: inForce,
    forms: new Map(
      of('form').map(({ code, content }) => [code, compileForm(inForce.get(`form:${code}`)!, content)]),
    ),
    calendars: new Map(
      of('calendar').map(({ code, content }) => [code, compileCalendar(JSON.parse(content))]),
    ),
    decisions: new Map(
      await Promise.all(
        of('decision').map(async ({ code, content }) => [code, await compileDecision(content)] as const),
      ),
    ),
    numbering: new Map(of('numbering').map(({ code, content }) => [code, compileNumbering(content)])),
  };
}
