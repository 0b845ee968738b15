import type { Catalog, CatalogCondition, Heirs } from '#modules/catalog';
import { manualFor, processCodeFor } from '#modules/catalog';
import { dispatchesItself } from '#modules/cases';
import type { Graph } from '@wanmi/process';
import type { PastCase } from './past.ts';

/** One of the two rule sets that a case of the past is run against. */
export interface Side {
  readonly catalog: Catalog;
  /** The drawing with which a new case of this source begins. */
  graphOf(source: string): Graph;
  /** The condition of this set that a case of the past is filed against: the one of the same code. */
  conditionOf(past: PastCase): CatalogCondition | null;
  /** Who does the work of a unit of then. */
  unitNow(unitId: string): string;
}

/** `base` knows all conditions there ever were, by id; `heirs` what became of units. */
export function sideOf(
  catalog: Catalog,
  graphs: ReadonlyMap<string, Graph>,
  { base, heirs }: { base: Catalog; heirs: Heirs },
): Side {
  return {
    catalog,
    unitNow: (unitId) => heirs.now(unitId),
    graphOf: (source) => graphs.get(processCodeFor((code) => graphs.has(code), source))!,
    conditionOf({ conditionId }) {
      const code = base.conditionById.get(conditionId ?? '')?.code;
      return code === undefined ? null : (catalog.conditionByCode.get(code) ?? null);
    },
  };
}

export interface Responsible {
  /** Whom the manual names; null: nobody, the dispatcher decides. */
  readonly departmentId: string | null;
  /** The system dispatches to it in the moment of filing. */
  readonly dispatchesItself: boolean;
}

/** What the manual and the city's table say of a case when it is filed. */
export function responsibleFor(
  { catalog }: Side,
  past: PastCase,
  condition: CatalogCondition | null,
): Responsible {
  const row =
    condition &&
    manualFor(catalog, { conditionId: condition.id, regionIds: past.regionIds, ownerId: past.ownerId });
  const kind = catalog.categoryById.get(condition?.categoryId ?? past.categoryId ?? '')?.kind ?? 'event';
  const { source, grade } = past;
  const unit = catalog.unitById.get(row?.departmentId ?? '');
  return {
    departmentId: row?.departmentId ?? null,
    dispatchesItself:
      unit?.inForce === true && dispatchesItself(catalog, { source, kind, grade, certain: row !== null }),
  };
}
