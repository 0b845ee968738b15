import type { Catalog } from '#modules/catalog';
import { decisionFor } from '#modules/catalog';

/** What a city allows somebody to apply for, and how many have to say yes. */
export interface Approval {
  readonly allowed: boolean;
  readonly levels: number;
}

/** `share` of the limit and `days` that are asked for; a city without the table lets one dispatcher decide. */
export function approvalFor(
  catalog: Catalog,
  ask: { kind: string; count: number; share: number; days: number },
): Approval {
  const found = decisionFor(catalog, 'approval', ask);
  return {
    allowed: found?.['allowed'] !== false,
    levels: typeof found?.['levels'] === 'number' ? Math.max(1, Math.trunc(found['levels'])) : 1,
  };
}

/** Whether the system dispatches what was filed: only where the manual names one department. */
export function dispatchesItself(
  catalog: Catalog,
  ask: { source: string; kind: string; grade: string | null; certain: boolean },
): boolean {
  if (!ask.certain) return false;
  const found = decisionFor(catalog, 'dispatchMode', ask);
  return found ? found['mode'] === 'auto' : catalog.settings.autoDispatch;
}
