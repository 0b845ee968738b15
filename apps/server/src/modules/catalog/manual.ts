import { Heirs } from './heirs.ts';
import type { CatalogCondition, LimitValue } from './model.ts';

export interface ManualRow {
  readonly conditionId: string;
  readonly regionId: string | null;
  readonly ownerId: string | null;
  readonly departmentId: string;
}

/** 监督指挥手册: condition × area × owner → responsible department, found by key. */
export interface Manual {
  readonly id: string;
  readonly version: number;
  readonly rows: ReadonlyMap<string, string>;
  /** Departments that are responsible wherever the condition occurs: all its rows name the same one. */
  readonly certain: ReadonlyMap<string, string>;
}

export interface ManualQuestion {
  readonly conditionId: string;
  /** The regions of the place, the smallest first (community, street, district, zone …). */
  readonly regionIds: readonly (string | null | undefined)[];
  /** 权属单位 of the asset. */
  readonly ownerId?: string | null | undefined;
}

export interface ManualAnswer {
  readonly departmentId: string;
  readonly manualId: string;
}

export function manualKey(conditionId: string, regionId: string | null, ownerId: string | null): string {
  return `${conditionId}|${regionId ?? ''}|${ownerId ?? ''}`;
}

/**
 * Rows name the units and regions of the day of their publication. What was renamed or merged since is found under
 * its ids of before and after; a row that names the new one itself wins, and where two of before that are one now
 * say different things, neither speaks.
 */
export function buildManual(
  id: string,
  version: number,
  rows: readonly ManualRow[],
  heirs: Heirs = new Heirs([]),
): Manual {
  const byKey = new Map<string, string>();
  const inherited = new Map<string, string | null>();
  const certain = new Map<string, string>();
  const uncertain = new Set<string>();
  for (const { conditionId, regionId, ownerId, departmentId: named } of rows) {
    const departmentId = heirs.now(named);
    byKey.set(manualKey(conditionId, regionId, ownerId), departmentId);
    for (const region of regionId === null ? [null] : heirs.names(regionId)) {
      for (const owner of ownerId === null ? [null] : heirs.names(ownerId)) {
        const key = manualKey(conditionId, region, owner);
        const other = inherited.get(key);
        inherited.set(key, other === undefined || other === departmentId ? departmentId : null);
      }
    }
    if ((certain.get(conditionId) ?? departmentId) !== departmentId) uncertain.add(conditionId);
    certain.set(conditionId, departmentId);
  }
  for (const [key, departmentId] of inherited) {
    if (departmentId !== null && !byKey.has(key)) byKey.set(key, departmentId);
  }
  for (const conditionId of uncertain) certain.delete(conditionId);
  return { id, version, rows: byKey, certain };
}

/**
 * The most specific row wins: one that names the owner before one that does not, then the smaller region. The
 * order is total, so two rows never tie. At most ten map look-ups, whatever the manual's length.
 */
export function manualFor(
  { manual }: { readonly manual: Manual | null },
  question: ManualQuestion,
): ManualAnswer | null {
  if (!manual) return null;
  const owners = question.ownerId ? [question.ownerId, null] : [null];
  for (const owner of owners) {
    for (const region of [...question.regionIds, null]) {
      if (region === undefined) continue;
      const departmentId = manual.rows.get(manualKey(question.conditionId, region, owner));
      if (departmentId !== undefined) return { departmentId, manualId: manual.id };
    }
  }
  return null;
}

/** The disposal limit of a condition at a place of that grade. */
export function limitFor(condition: CatalogCondition, grade: string | null | undefined): LimitValue {
  if (condition.gradeLimits && (grade === 'A' || grade === 'B' || grade === 'C')) {
    return condition.gradeLimits[grade];
  }
  return condition.limit;
}
