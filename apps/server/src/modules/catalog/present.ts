import type { Category, Condition, Ref, Text } from '@wanmi/contracts';
import type { Catalog, CatalogCategory, CatalogCondition } from './model.ts';

interface Named {
  readonly id: string;
  readonly code: string;
  readonly name: Text;
}

export function toCategory(category: CatalogCategory): Category {
  const { id, scheme, kind, code, level, parentId, name } = category;
  return { id, scheme, kind, code, level, parentId, name };
}

/** A condition as it is shown; the department only where the manual names the same one for every place. */
export function conditionInfo(
  catalog: Catalog,
  units: ReadonlyMap<string, Named>,
  condition: CatalogCondition,
): Condition {
  const { id, categoryId, code, name, closing, limit, gradeLimits } = condition;
  return {
    id,
    categoryId,
    code,
    name,
    closing,
    limit: { ...limit },
    gradeLimits: gradeLimits && { A: { ...gradeLimits.A }, B: { ...gradeLimits.B }, C: { ...gradeLimits.C } },
    department: toRef(units.get(catalog.manual?.certain.get(id) ?? '')),
  };
}

function toRef(unit: Named | undefined): Ref | null {
  return unit ? { id: unit.id, code: unit.code, name: unit.name } : null;
}
