import type { Permission, TransferKind } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';

/** Besides the right to import: who may write one may import many. */
const WRITES: Readonly<Record<TransferKind, Permission>> = {
  units: 'org.write',
  people: 'org.write',
  posts: 'org.write',
  assets: 'asset.write',
  manual: 'rule.publish',
};

export const mayImport = (actor: Pick<Actor, 'permissions' | 'scope'>, kind: TransferKind): boolean =>
  actor.scope.kind === 'city' && actor.permissions.has('data.import') && actor.permissions.has(WRITES[kind]);

/** Files speak of the whole city: who runs a part of it imports none. @throws permission.denied */
export function requireImport(actor: Actor, kind: TransferKind): void {
  if (actor.scope.kind !== 'city') throw problem('permission.denied', { reason: 'scope' });
  if (!mayImport(actor, kind)) throw problem('permission.denied', { permission: WRITES[kind] });
}

/** @throws permission.denied */
export function requireExport(actor: Actor, personal: boolean): void {
  if (actor.scope.kind !== 'city') throw problem('permission.denied', { reason: 'scope' });
  if (personal && !actor.permissions.has('data.exportPersonal')) {
    throw problem('permission.denied', { permission: 'data.exportPersonal' });
  }
}
