import { createHash } from 'node:crypto';
import type { CategoryKind, LimitUnit, Text } from '@wanmi/contracts';
import { uuidv7 } from '#platform/ids';
import { insertRows } from './bulk.ts';
import { idsOf, iso, need, type Target } from './target.ts';

export interface CategoryFile {
  readonly kind: CategoryKind;
  readonly code: string;
  readonly level: number;
  readonly parent: string | null;
  readonly name: Text;
  readonly geometry?: 'point' | 'line' | 'polygon' | null;
}

/** Categories of a scheme, by `kind:code` → id. */
export async function insertCategories(
  target: Target,
  schemeId: string,
  categories: readonly CategoryFile[],
): Promise<ReadonlyMap<string, string>> {
  const keyOf = (kind: string, code: string): string => `${kind}:${code}`;
  const ids = new Map(categories.map((category) => [keyOf(category.kind, category.code), uuidv7(target.at)]));
  await insertRows(
    target.trx,
    'category',
    categories.map((category) => ({
      id: need(ids, keyOf(category.kind, category.code), 'category'),
      city_id: target.cityId,
      scheme_id: schemeId,
      kind: category.kind,
      code: category.code,
      level: category.level,
      parent_id:
        category.parent === null ? null : need(ids, keyOf(category.kind, category.parent), 'category'),
      name: category.name,
      similar_metres: 50,
      similar_hours: 24,
      geometry: category.geometry ?? null,
      valid_from: iso(target.at),
    })),
    { oneStatement: true },
  );
  return ids;
}

export async function insertScheme(target: Target, scheme: { code: string; name: Text }): Promise<string> {
  const id = uuidv7(target.at);
  await insertRows(target.trx, 'scheme', [{ id, city_id: target.cityId, ...scheme }]);
  return id;
}

export interface ConditionFile {
  readonly code: string;
  /** `kind:code` of its small class. */
  readonly category: string;
  readonly name: Text;
  readonly closing: Text;
  readonly limit: { readonly value: number; readonly unit: LimitUnit };
  readonly gradeLimits?: { readonly A: number | null; readonly B: number | null; readonly C: number | null };
  readonly departmentKind?: string | null;
  readonly isDefault: boolean;
  /** Code of the condition to file when this one closes. */
  readonly next?: string | null;
}

export async function insertConditions(
  target: Target,
  categoryIds: ReadonlyMap<string, string>,
  conditions: readonly ConditionFile[],
): Promise<ReadonlyMap<string, string>> {
  const ids = idsOf(target, conditions);
  await insertRows(
    target.trx,
    'condition',
    conditions.map((condition) => ({
      id: need(ids, condition.code, 'condition'),
      city_id: target.cityId,
      category_id: need(categoryIds, condition.category, 'category'),
      code: condition.code,
      name: condition.name,
      closing: condition.closing,
      limit_value: condition.limit.value,
      limit_unit: condition.limit.unit,
      limit_a: condition.gradeLimits?.A ?? null,
      limit_b: condition.gradeLimits?.B ?? null,
      limit_c: condition.gradeLimits?.C ?? null,
      department_kind: condition.departmentKind ?? null,
      is_default: condition.isDefault,
      next_id: condition.next ? need(ids, condition.next, 'condition') : null,
      valid_from: iso(target.at),
    })),
    { oneStatement: true },
  );
  return ids;
}

export interface ManualFileRow {
  readonly conditionId: string;
  readonly departmentId: string;
  readonly regionId?: string | null;
  readonly ownerId?: string | null;
}

/** A version of the manual; two rows for the same condition, region and owner are refused by the database. */
export async function insertManual(
  target: Target,
  version: number,
  reason: string,
  rows: readonly ManualFileRow[],
): Promise<string> {
  const id = uuidv7(target.at);
  await insertRows(target.trx, 'manual', [
    { id, city_id: target.cityId, version, valid_from: iso(target.at), reason },
  ]);
  await insertRows(
    target.trx,
    'manual_row',
    rows.map((row) => ({
      manual_id: id,
      city_id: target.cityId,
      condition_id: row.conditionId,
      region_id: row.regionId ?? null,
      owner_id: row.ownerId ?? null,
      department_id: row.departmentId,
    })),
  );
  return id;
}

export interface SourceFile {
  readonly code: string;
  readonly name: Text;
  readonly verify: boolean;
  readonly directFiling: boolean;
  readonly group?: { readonly code: string; readonly name: Text } | null;
}

export async function insertSources(target: Target, sources: readonly SourceFile[]): Promise<void> {
  await insertRows(
    target.trx,
    'source',
    sources.map((source, sort) => ({
      city_id: target.cityId,
      code: source.code,
      name: source.name,
      verify: source.verify,
      direct_filing: source.directFiling,
      group_code: source.group?.code ?? null,
      group_name: source.group?.name ?? null,
      sort,
    })),
  );
}

export interface StageLimitFile {
  readonly code: string;
  readonly value: number;
  readonly unit: LimitUnit;
  readonly calendar: string;
}

export async function insertStageLimits(target: Target, limits: readonly StageLimitFile[]): Promise<void> {
  await insertRows(
    target.trx,
    'stage_limit',
    limits.map((limit) => ({ city_id: target.cityId, ...limit })),
  );
}

export async function insertPhrases(
  target: Target,
  phrases: readonly { readonly action: string; readonly texts: readonly Text[] }[],
): Promise<void> {
  await insertRows(
    target.trx,
    'phrase',
    phrases.flatMap(({ action, texts }) =>
      texts.map((text, sort) => ({ city_id: target.cityId, action, sort, text })),
    ),
  );
}

export async function insertSettings(
  target: Target,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  await insertRows(
    target.trx,
    'setting',
    Object.entries(settings).map(([key, value]) => ({
      city_id: target.cityId,
      key,
      value,
      updated_at: iso(target.at),
    })),
  );
}

export interface RuleFile {
  readonly kind: 'process' | 'decision' | 'form' | 'calendar' | 'numbering';
  readonly code: string;
  readonly content: string;
}

/** The first published version of each rule, by `kind:code` → id. */
export async function insertRules(
  target: Target,
  rules: readonly RuleFile[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map(rules.map((rule) => [`${rule.kind}:${rule.code}`, uuidv7(target.at)]));
  await insertRows(
    target.trx,
    'rule_version',
    rules.map((rule) => ({
      id: need(ids, `${rule.kind}:${rule.code}`, 'rule'),
      city_id: target.cityId,
      kind: rule.kind,
      code: rule.code,
      version: 1,
      content: rule.content,
      content_hash: `\\x${createHash('sha256').update(rule.content).digest('hex')}`,
      state: 'published',
      valid_from: iso(target.at),
      reason: 'shipped',
      created_at: iso(target.at),
    })),
  );
  return ids;
}
