import type { Scope } from '#platform/actor';
import type { RegionInfo, UnitInfo } from './directory.ts';
import { equivalents, withDescendants } from './reach.ts';
import type { Succession } from './reach.ts';

/** What a post's row says of its scope. */
export interface PostScope {
  readonly postId: string;
  readonly unitId: string;
  readonly scope: string;
  readonly scopeRegionId: string | null;
}

export interface Ground {
  readonly regions: ReadonlyMap<string, RegionInfo>;
  readonly units: ReadonlyMap<string, UnitInfo>;
  readonly regionSuccessions: readonly Succession[];
  readonly unitSuccessions: readonly Succession[];
}

/** How far a post sees. What it cannot make out sees nothing. */
export function scopeOf(post: PostScope, ground: Ground, patrolGridIds: readonly string[]): Scope {
  switch (post.scope) {
    case 'city':
      return { kind: 'city' };
    case 'region':
      return regionScope(post.scopeRegionId, ground);
    case 'unit':
      return { kind: 'unit', unitIds: unitTree(post.unitId, ground) };
    default:
      return { kind: 'own', postId: post.postId, unitId: post.unitId, patrolGridIds };
  }
}

function regionScope(regionId: string | null, ground: Ground): Scope {
  const region = ground.regions.get(regionId ?? '');
  if (!region) return { kind: 'region', level: 'community', regionIds: [] };
  if (region.kind === 'city') return { kind: 'city' };
  const level = levelOf(region, ground.regions);
  const same = [...equivalents(region.id, ground.regionSuccessions)].filter((id) => {
    const other = ground.regions.get(id);
    return other !== undefined && levelOf(other, ground.regions) === level;
  });
  return { kind: 'region', level, regionIds: same };
}

const LEVELS = ['district', 'street', 'community'] as const;

/** The column in which rows store a region; a functional zone stands where its depth in the tree puts it. */
export function levelOf(
  region: RegionInfo,
  regions: ReadonlyMap<string, RegionInfo>,
): (typeof LEVELS)[number] {
  if (region.kind !== 'zone' && region.kind !== 'city') return region.kind;
  let depth = 0;
  for (let at = regions.get(region.parentId ?? ''); at && at.kind !== 'city' && depth < 2; depth += 1) {
    at = regions.get(at.parentId ?? '');
  }
  return LEVELS[depth]!;
}

/** The unit, those it came from, and all below. */
export function unitTree(unitId: string, ground: Ground): string[] {
  return [...withDescendants(equivalents(unitId, ground.unitSuccessions), ground.units.values())];
}

/** The region, those it came from, and all below: for rows that name a region of any level. */
export function regionTree(regionIds: readonly string[], ground: Ground): Set<string> {
  return withDescendants(
    regionIds.flatMap((id) => [...equivalents(id, ground.regionSuccessions)]),
    ground.regions.values(),
  );
}
