import type { BoundaryNode, EndNode, Graph, GraphNode, Scope, StartNode } from './graph.ts';
import { drawnScope, isInterrupted, keyOf, MAIN, scopeOf } from './tree.ts';
import type { Walk } from './walk.ts';

/**
 * An error leaves its scope and the ones around it up to the first that catches it; caught nowhere it ends its
 * strand.
 */
export function catchError(walk: Walk, error: EndNode, from: number): void {
  const { board } = walk;
  const { graph } = board;
  for (let scope = from; ;) {
    const drawn = isInterrupted(graph, board.tokens, scope)
      ? undefined
      : drawnScope(graph, board.tokens, scope);
    const handler = drawn?.handlers.map((start) => graph.nodes[start]!).find(catches(error.code!));
    if (handler) {
      walk.startHandler(handler as StartNode, scope);
      return;
    }
    if (scope === MAIN) {
      walk.endMainBy(error);
      walk.withdraw(MAIN, false);
      return;
    }
    let holder = board.token(scope);
    // the border of a multi-instance activity is around all of its instances
    if (keyOf(holder) !== undefined) holder = board.token(scopeOf(holder));
    const around = scopeOf(holder);
    if (around < MAIN) {
      walk.withdraw(holder[0], true);
      return;
    }
    const node = board.nodeOf(holder);
    const boundary =
      node.kind === 'activity'
        ? node.boundaries.map((index) => graph.nodes[index]!).find(catches(error.code!))
        : undefined;
    if (boundary) {
      walk.withdraw(holder[0], true);
      walk.follow(boundary.outgoing, around);
      return;
    }
    scope = around;
  }
}

/** What catches the error that this end throws, wherever its strand came from; nothing: it ends the strand. */
export function catcherOf(
  graph: Graph,
  { scope: from, code }: EndNode,
): StartNode | BoundaryNode | undefined {
  if (code === undefined) return undefined;
  const among = (events: readonly number[]) => events.map((index) => graph.nodes[index]!).find(catches(code));
  let interrupted = false;
  for (let at: number | null = from; at !== null;) {
    const scope: Scope = graph.scopes[at]!;
    const handler = interrupted ? undefined : among(scope.handlers);
    if (handler || scope.node === null) return handler;
    const holder = graph.nodes[scope.node]!;
    const border = holder.kind === 'activity' ? among(holder.boundaries) : undefined;
    if (border) return border;
    interrupted = holder.kind === 'handler' && holder.interrupting;
    at = scope.parent;
  }
  return undefined;
}

/** Whether an event catches an error: the one of its code, or any. */
export function catches(code: string): (node: GraphNode) => node is StartNode | BoundaryNode {
  return (node): node is StartNode | BoundaryNode =>
    (node.kind === 'start' || node.kind === 'boundary') &&
    node.event?.kind === 'error' &&
    (node.event.code === null || node.event.code === code);
}
