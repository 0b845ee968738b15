import type { Catalog } from '#modules/catalog';
import { decisionFor } from '#modules/catalog';
import { cityHour } from '#platform/clock';
import type { CaseState } from './state.ts';

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

/** Whether a collector verifies a report before it is filed; a city without the table says it of each source. */
export function isVerified(catalog: Catalog, ask: { source: string; kind: string }): boolean {
  const said = decisionFor(catalog, 'verification', ask)?.['verify'];
  return typeof said === 'boolean' ? said : (catalog.sources.get(ask.source)?.verify ?? true);
}

/** So many failed checks are a matter for the inspectors where a city has no table. */
const TOO_OFTEN = 3;

/** Whether an assignment whose checks failed so often goes to the inspectors. */
export function goesToInspector(catalog: Catalog, count: number): boolean {
  const said = decisionFor(catalog, 'failures', { count })?.['inspector'];
  return typeof said === 'boolean' ? said : count >= TOO_OFTEN;
}

const CHECK_MODES = ['collector', 'none', 'samePeriod'] as const;
export type CheckMode = (typeof CHECK_MODES)[number];

/** How what was done is checked: by the collector, in the hours of the find, or not at all. */
export function checkModeOf(
  catalog: Catalog,
  state: Pick<CaseState, 'source' | 'categoryId' | 'reportedAt'>,
): CheckMode {
  const { kind = 'event', code = null } = catalog.categoryById.get(state.categoryId ?? '') ?? {};
  const { source, reportedAt } = state;
  const hour = cityHour(reportedAt, catalog.city.timeZone);
  const said = decisionFor(catalog, 'checkMode', { kind, category: code, source, hour })?.['mode'];
  return CHECK_MODES.find((mode) => mode === said) ?? 'collector';
}
