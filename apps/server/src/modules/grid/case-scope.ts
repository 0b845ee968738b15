import { sql, type RawBuilder } from 'kysely';
import type { Actor, Scope } from '#platform/actor';

/** The rows of `"case" c` that a scope sees. */
export type CaseScope = (scope: Scope, cityId: string) => RawBuilder<boolean>;

// Cases stand on grids, so their rule is handed down at start. Until then the map shows no case.
let caseScope: CaseScope = () => sql<boolean>`false`;

export function provideCaseScope(scope: CaseScope): void {
  caseScope = scope;
}

export function visibleCase(actor: Actor): RawBuilder<boolean> {
  return caseScope(actor.scope, actor.cityId);
}
