import {
  insertCategories,
  insertConditions,
  insertManual,
  insertPhrases,
  insertRules,
  insertScheme,
  insertSettings,
  insertSources,
  insertStageLimits,
  need,
  SeedError,
  type ManualFileRow,
  type Target,
} from './insert.ts';
import type { RuleFiles } from './rule-files.ts';

export interface InsertedRules {
  /** By `kind:code`. */
  readonly categoryIds: ReadonlyMap<string, string>;
  /** By code. */
  readonly conditionIds: ReadonlyMap<string, string>;
}

/** How a demo starts: the system decides what needs no person, people do the rest. */
export const DEMO_SETTINGS = { autoAccept: false, autoSendVerify: false, autoSendCheck: false } as const;

/** The shipped rules of a city whose departments are there already (`departmentIds` by code). */
export async function insertShippedRules(
  target: Target,
  files: RuleFiles,
  departmentIds: ReadonlyMap<string, string>,
  settings: Readonly<Record<string, unknown>> = DEMO_SETTINGS,
): Promise<InsertedRules> {
  await insertRules(target, files.rules);
  await insertSources(target, files.sources);
  await insertStageLimits(target, files.stageLimits);
  await insertPhrases(target, files.phrases);
  const active = files.schemes.find((scheme) => scheme.active);
  if (!active) throw new SeedError('no scheme is active');
  let schemeId = '';
  for (const { code, name, active: inUse } of files.schemes) {
    const id = await insertScheme(target, { code, name });
    if (inUse) schemeId = id;
  }
  await insertSettings(target, { ...settings, scheme: active.code });
  const categoryIds = await insertCategories(target, schemeId, files.categories);
  const conditionIds = await insertConditions(target, categoryIds, files.conditions);
  await insertManual(target, 1, 'shipped', manualRows(files, conditionIds, departmentIds));
  return { categoryIds, conditionIds };
}

/** A line without a condition speaks for every condition of its category that has no line of its own. */
function manualRows(
  files: RuleFiles,
  conditionIds: ReadonlyMap<string, string>,
  departmentIds: ReadonlyMap<string, string>,
): ManualFileRow[] {
  const departmentOf = new Map<string, string>();
  const ofCategory = new Map<string, string[]>();
  for (const condition of files.conditions) {
    ofCategory.set(condition.category, [...(ofCategory.get(condition.category) ?? []), condition.code]);
  }
  const general = files.manual.filter((line) => line.condition === null);
  const particular = files.manual.filter((line) => line.condition !== null);
  for (const line of general) {
    for (const code of ofCategory.get(`${line.kind}:${line.category}`) ?? []) {
      departmentOf.set(code, line.department);
    }
  }
  for (const line of particular) departmentOf.set(line.condition!, line.department);
  return [...departmentOf].map(([condition, department]) => ({
    conditionId: need(conditionIds, condition, 'condition'),
    departmentId: need(departmentIds, department, 'department'),
  }));
}
