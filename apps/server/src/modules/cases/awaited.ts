import { messagesOf, type Graph, type ProcessState } from '@wanmi/process';
import type { Actor } from '#platform/actor';
import type { AssignmentState, CaseState } from './state.ts';
import type { CaseVars } from './vars.ts';

/** An action on the case that something in its process waits for, with the assignment that it is about. */
export interface AwaitedMessage {
  readonly action: string;
  /** As it is drawn. */
  readonly name: string;
  readonly node: string;
  /** Key of the instance that catches it. */
  readonly instance: string | null;
  readonly assignmentId: string | null;
  readonly form: string | null;
}

/**
 * What this actor may do beside the tasks: the events of the drawing that are alive and name the role, once for each
 * assignment that the actor answers for.
 */
export function awaitedBy(
  actor: Actor,
  graph: Graph,
  state: CaseState,
  assignments: readonly AssignmentState[],
  { vars, itemVars }: CaseVars,
): AwaitedMessage[] {
  const found: AwaitedMessage[] = [];
  for (const event of messagesOf(graph, state.tokens as ProcessState, vars, { itemVars })) {
    if (!rolesOf(event.role).has(actor.role)) continue;
    const entry = {
      action: event.message,
      name: event.name,
      node: event.node,
      instance: event.instance,
      form: event.form ?? null,
    };
    const own = assignments.filter((a) => isOwn(actor, a));
    if (event.assign === 'unitOfAssignment' || event.assign === 'crewOfAssignment') {
      const about = own.filter((a) =>
        event.instance === null ? a.part !== 'district' : a.id === event.instance,
      );
      for (const a of about) found.push({ ...entry, assignmentId: a.id });
    } else found.push({ ...entry, assignmentId: event.instance });
  }
  return found;
}

const isOwn = (actor: Actor, a: AssignmentState): boolean =>
  a.unitId === actor.unitId || (a.crewId !== null && a.crewId === actor.unitId);

const rolesOf = (role: string | null): ReadonlySet<string> =>
  new Set((role ?? '').split(/[\s,]+/).filter(Boolean));
