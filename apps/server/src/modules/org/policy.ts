import type { SCOPE_KINDS } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { regionTree } from './scope.ts';
import type { Ground } from './scope.ts';

/** A post as far as its reach goes. */
export interface Reach {
  readonly unitId: string;
  readonly scope: (typeof SCOPE_KINDS)[number];
  readonly scopeRegionId: string | null;
}

/** Whether a unit is the administrator's to run. */
export function managesUnit({ scope }: Actor, ground: Ground, unitId: string): boolean {
  const unit = ground.units.get(unitId);
  if (!unit) return false;
  switch (scope.kind) {
    case 'city':
      return true;
    case 'region':
      return unit.regionId !== null && regionTree(scope.regionIds, ground).has(unit.regionId);
    case 'unit':
      return scope.unitIds.includes(unitId);
    default:
      return false;
  }
}

/**
 * Whether the administrator may give such a post, take it away, or act for who holds it: in a unit of his, and
 * with no wider reach than his own. A department works all over the city, so only who sees the city or that
 * department may give its scope.
 */
export function managesPost(actor: Actor, ground: Ground, post: Reach): boolean {
  if (!managesUnit(actor, ground, post.unitId)) return false;
  const { scope } = actor;
  if (scope.kind === 'city') return true;
  switch (post.scope) {
    case 'own':
      return true;
    case 'unit':
      return scope.kind === 'unit';
    case 'region':
      return (
        scope.kind === 'region' &&
        post.scopeRegionId !== null &&
        regionTree(scope.regionIds, ground).has(post.scopeRegionId)
      );
    default:
      return false;
  }
}
