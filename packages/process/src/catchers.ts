import type { BoundaryNode, CatchNode, Graph, GraphNode, MessageEvent, StartNode } from './graph.ts';
import type { Token } from './state.ts';
import { BESIDE, isInterrupted, isOpenTask, keyOf, loopOf, MAIN, scopeOf } from './tree.ts';

/** Something in a case that waits for a message. */
export interface Catcher {
  readonly node: StartNode | BoundaryNode | CatchNode;
  readonly event: MessageEvent;
  /** The token that it hangs on: the host of a border event, the scope of an event sub-process, the waiting token. */
  readonly on: number;
  /** The scope that it stands in. */
  readonly scope: number;
  /** The token of the task that it stands on. */
  readonly task: number | null;
}

/** Everything that waits for a message (`message`, or any), oldest token first, the process's own starts last. */
export function catchersOf(
  graph: Graph,
  tokens: readonly Token[],
  mainAlive: boolean,
  message?: string,
): Catcher[] {
  const found: Catcher[] = [];
  const offer = (node: GraphNode, on: number, scope: number, task: number | null = null): void => {
    if (node.kind !== 'boundary' && node.kind !== 'catch' && node.kind !== 'start') return;
    const { event } = node;
    if (event?.kind !== 'message' || (message !== undefined && event.message !== message)) return;
    found.push({ node, event, on, scope, task });
  };
  const offerHandlers = (drawn: number, scope: number): void => {
    const { handlers } = graph.scopes[drawn]!;
    if (handlers.length === 0 || isInterrupted(graph, tokens, scope)) return;
    for (const start of handlers) offer(graph.nodes[start]!, scope, scope);
  };

  if (mainAlive) offerHandlers(0, MAIN);
  for (const token of tokens) {
    const [id, index] = token;
    const node = graph.nodes[index]!;
    if (node.kind === 'catch') offer(node, id, scopeOf(token));
    if (node.kind === 'task' || node.kind === 'activity') {
      // border events stand on the whole activity, not on its instances
      const isInstance = keyOf(token) !== undefined;
      for (const boundary of isInstance ? [] : node.boundaries) {
        offer(graph.nodes[boundary]!, id, scopeOf(token), isOpenTask(node, token) ? id : null);
      }
    }
    if ((node.kind === 'activity' || node.kind === 'handler') && !loopOf(token)) {
      offerHandlers(node.inner, id);
    }
  }
  for (const start of graph.strands) {
    const node = graph.nodes[start]!;
    if (node.kind === 'start' && !(node.main && mainAlive)) offer(node, BESIDE, BESIDE);
  }
  return found;
}
