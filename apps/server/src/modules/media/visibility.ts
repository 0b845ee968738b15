import { sql, type RawBuilder } from 'kysely';
import type { Actor, Scope } from '#platform/actor';

/** The rows of `"case" c` that an actor, with this scope in this city, sees. */
export type CaseScope = (scope: Scope, cityId: string, actor: Actor) => RawBuilder<boolean>;

// Cases stand on media, so their rule is handed down at start. Until then nobody sees anything.
let caseScope: CaseScope = () => sql<boolean>`false`;

export function provideCaseScope(scope: CaseScope): void {
  caseScope = scope;
}

/** The cases `c` whose media and numbers this actor may see. */
export function visibleCase(actor: Actor): RawBuilder<boolean> {
  return actor.permissions.has('case.read')
    ? caseScope(actor.scope, actor.cityId, actor)
    : sql<boolean>`false`;
}
