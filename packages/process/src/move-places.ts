import type { Graph, GraphNode } from './graph.ts';

/** Why a case stays on its version. */
export type MoveProblemCode =
  | 'noTarget'
  | 'kind'
  | 'scope'
  | 'instances'
  | 'message'
  | 'timer'
  | 'join'
  | 'doubled'
  | 'cannotEnd';

/** What becomes different for one that is moved. */
export type MoveChangeCode =
  | 'step'
  | 'role'
  | 'assign'
  | 'form'
  | 'actions'
  | 'limit'
  | 'messageGone'
  | 'timerGone'
  | 'timerNew';

/** What can stand on a node. */
export type MovePlace = 'task' | 'activity' | 'handler' | 'strand' | 'message' | 'timer' | 'join' | 'end';

/** What can stand on this node; undefined where nothing ever waits. */
export function placeOf(node: GraphNode): MovePlace | undefined {
  switch (node.kind) {
    case 'task':
    case 'activity':
    case 'handler':
      return node.kind;
    case 'catch':
      return node.event.kind;
    case 'boundary':
      return node.event.kind === 'timer' ? 'timer' : undefined;
    case 'start':
      if (node.event?.kind === 'timer') return 'timer';
      return node.scope === 0 && node.event?.kind === 'message' && !node.main ? 'strand' : undefined;
    case 'parallel':
    case 'inclusive':
      return node.incoming.length > 1 ? 'join' : undefined;
    case 'end':
      // reached while something is open beside it, it says how the case will end
      return node.outcome === null ? undefined : 'end';
    default:
      return undefined;
  }
}

/** The nodes of a version on which something can stand, in the order of the drawing. */
export function placesOf(graph: Graph): readonly { readonly node: GraphNode; readonly place: MovePlace }[] {
  return graph.nodes.flatMap((node) => {
    const place = placeOf(node);
    return place ? [{ node, place }] : [];
  });
}

/** Whether what stands on the one can stand on the other, as far as the two nodes alone say. */
export function canTake(node: GraphNode, to: GraphNode): boolean {
  const place = placeOf(to);
  if (place === undefined || placeOf(node) !== place || node.kind !== to.kind) return false;
  if (node.kind === 'handler' && to.kind === 'handler') return node.interrupting === to.interrupting;
  if (node.kind === 'catch' && to.kind === 'catch' && node.event.kind === 'message') {
    return to.event.kind === 'message' && node.event.message === to.event.message;
  }
  return true;
}

/** What a person who has the task will find different. */
export function differencesOf(node: GraphNode, to: GraphNode): MoveChangeCode[] {
  if (node.kind !== 'task' || to.kind !== 'task') return [];
  const found: MoveChangeCode[] = [];
  if (node.step !== to.step) found.push('step');
  if (node.role !== to.role) found.push('role');
  if (node.assign !== to.assign) found.push('assign');
  if (node.limit !== to.limit) found.push('limit');
  const names = (of: typeof node): string =>
    [...new Set(of.actions.map((one) => one.action))].toSorted().join(' ');
  if (names(node) !== names(to)) found.push('actions');
  const forms = (of: typeof node): string =>
    JSON.stringify([of.form, of.actions.map((one) => [one.action, one.form ?? null]).toSorted()]);
  // where an action came or went, its form did so too
  if (forms(node) !== forms(to) && !found.includes('actions')) found.push('form');
  if (found.includes('actions') && node.form !== to.form) found.push('form');
  return found;
}
