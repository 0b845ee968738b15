import type { Catalog } from '#modules/catalog';
import { checkWindow, sameHours } from '#modules/control';
import type { Platform } from '#platform/platform';
import { checkModeOf } from './decisions.ts';
import type { CaseState } from './state.ts';

/**
 * 同时段核查: when a check that is sent at a moment (ms) can be done at the earliest; null: at once. The hours of a
 * control area count before those that the city's table of check modes means.
 */
export async function checkFrom(
  platform: Platform,
  catalog: Catalog,
  state: CaseState,
  at: number,
): Promise<number | null> {
  const { cityId, unitGridId, communityId, streetId, districtId, categoryId, reportedAt } = state;
  const place = { point: state.point, unitGridId, regionIds: [communityId, streetId, districtId] };
  const find = { place, categoryId, foundAt: reportedAt };
  const window =
    (await checkWindow(platform, cityId, find, at)) ??
    (checkModeOf(catalog, state) === 'samePeriod' ? sameHours(reportedAt, at) : null);
  return window === null || window.from <= at ? null : window.from;
}
