import type { Actor } from '#platform/actor';
import type { CaseState, TaskState } from './state.ts';

/** Whoever works on the ground or for a department never learns who reported (domain.md). */
export const BLIND_ROLES: ReadonlySet<string> = new Set(['department', 'crew']);

/**
 * Whether a task waits for this actor: the lane's role, the unit that the step waits for, the post where it is
 * certain, and the region where the post has only a part of the city. Nothing else opens a task.
 */
export function mayActOn(
  actor: Actor,
  task: Pick<TaskState, 'role' | 'unitId' | 'postId'>,
  state: Pick<CaseState, 'cityId' | 'districtId' | 'streetId' | 'communityId'>,
): boolean {
  if (state.cityId !== actor.cityId || task.role !== actor.role) return false;
  if (task.postId !== null) return task.postId === actor.postId;
  if (task.unitId !== actor.unitId) return false;
  if (actor.scope.kind !== 'region') return true;
  const at = {
    district: state.districtId,
    street: state.streetId,
    community: state.communityId,
  }[actor.scope.level];
  // A case without a position belongs to no region: the whole centre may take it.
  return at === null || actor.scope.regionIds.includes(at);
}
