import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { regionsOf, type RegionInfo } from '#modules/org';

/** Whose figures are shown. */
export interface Reach {
  readonly cityId: string;
  /** null: the whole city. */
  readonly only: { readonly by: 'region' | 'department'; readonly ids: readonly string[] } | null;
  /** Keys of the rollups; null below the district, where facts are counted one by one. */
  readonly scopeIds: readonly string[] | null;
  /** Districts that may be told apart. */
  readonly districts: readonly RegionInfo[];
}

type Regions = ReadonlyMap<string, RegionInfo>;

/**
 * How far an actor's figures go, narrowed to a region where one is asked for. Fail closed: a post that sees only
 * its own items has no figures; a region outside the scope is not there.
 * @throws permission.denied, notFound
 */
export async function reachOf(
  platform: Platform,
  actor: Actor,
  regionId: string | undefined,
): Promise<Reach> {
  const { cityId, scope } = actor;
  if (scope.kind === 'own') throw problem('permission.denied', { permission: 'statistics.read' });
  const regions = await regionsOf(platform, cityId);
  if (scope.kind === 'unit') {
    // Rollups do not cross departments with regions.
    if (regionId !== undefined) throw problem('notFound');
    return { cityId, only: { by: 'department', ids: scope.unitIds }, scopeIds: scope.unitIds, districts: [] };
  }
  const asked = regionId === undefined ? null : regions.get(regionId);
  if (asked === undefined) throw problem('notFound');
  const allowed = scope.kind === 'region' ? scope.regionIds : null;
  if (asked && allowed && !upward(asked, regions).some((id) => allowed.includes(id)))
    throw problem('notFound');
  const ids = asked && asked.kind !== 'city' ? [asked.id] : allowed;
  const districts = [...regions.values()].filter((region) => isDistrict(region, regions));
  if (ids === null) return { cityId, only: null, scopeIds: [cityId], districts };
  const within = districts.filter((district) => ids.includes(district.id));
  return {
    cityId,
    only: { by: 'region', ids },
    scopeIds: within.length === ids.length ? ids : null,
    districts: within,
  };
}

/** The region and what it lies in. */
function upward(region: RegionInfo, regions: Regions): string[] {
  const ids: string[] = [];
  for (
    let at: RegionInfo | undefined = region;
    at && !ids.includes(at.id);
    at = regions.get(at.parentId ?? '')
  ) {
    ids.push(at.id);
  }
  return ids;
}

/** A functional zone right below the city counts as one: cases lie in it as in a district. */
function isDistrict({ kind, parentId }: RegionInfo, regions: Regions): boolean {
  if (kind === 'district') return true;
  return kind === 'zone' && (parentId === null || regions.get(parentId)?.kind === 'city');
}
