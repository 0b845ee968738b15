import type { Actor } from '#platform/actor';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';

/** What became of units and posts; `to` is null where nothing took their place. */
export interface OrgChange {
  readonly actor: Actor;
  readonly at: number;
  readonly units: readonly { readonly from: string; readonly to: string | null }[];
  readonly posts: readonly { readonly from: string; readonly to: string | null }[];
}

/** Moves what is open, in the same transaction; throws `conflict.reference` where it cannot. */
export type OrgListener = (trx: Trx, platform: Platform, change: OrgChange) => Promise<void>;

const listeners = new Set<OrgListener>();

/** For modules that hold open work of units and posts (app.ts connects them once); returns how to stop it. */
export function onOrgChange(listener: OrgListener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export async function tellOrgChange(trx: Trx, platform: Platform, change: OrgChange): Promise<void> {
  if (change.units.length === 0 && change.posts.length === 0) return;
  for (const listener of listeners) await listener(trx, platform, change);
}
