import type { Board } from './board.ts';
import { refuse } from './errors.ts';
import { evaluate, type FeelContext } from './feel.ts';
import type { GatewayNode, Graph } from './graph.ts';
import type { Token } from './state.ts';
import { scopeOf } from './tree.ts';

/** The flow that leaves an exclusive gateway: the first that holds, else the default. */
export function exclusiveFlow(graph: Graph, node: GatewayNode, context: FeelContext): number {
  for (const index of node.outgoing) {
    const { condition } = graph.flows[index]!;
    if (index !== node.defaultFlow && (!condition || evaluate(condition, context) === true)) return index;
  }
  return node.defaultFlow ?? refuse('process.noFlow', { element: node.id, type: 'bpmn:ExclusiveGateway' });
}

/** The flows that leave an inclusive gateway: all that hold, else the default. */
export function inclusiveFlows(graph: Graph, node: GatewayNode, context: FeelContext): readonly number[] {
  const taken = node.outgoing.filter((index) => {
    const { condition } = graph.flows[index]!;
    return index !== node.defaultFlow && (!condition || evaluate(condition, context) === true);
  });
  if (taken.length > 0) return taken;
  return [node.defaultFlow ?? refuse('process.noFlow', { element: node.id, type: 'bpmn:InclusiveGateway' })];
}

/** Takes one waiting token of each of these flows away, if all are there. */
export function join(board: Board, node: GatewayNode, scope: number, flows: readonly number[]): boolean {
  const taken: number[] = [];
  for (const flow of flows) {
    const waiting = board.tokens.find((token) => waits(token, node, scope) && token[2] === flow);
    if (!waiting) return false;
    taken.push(waiting[0]);
  }
  for (const id of taken) board.remove(id);
  return true;
}

/** An inclusive join to which no other token of its scope can come any more, with the flows that are filled. */
export function readyJoin(board: Board): { node: GatewayNode; scope: number; filled: number[] } | undefined {
  const { tokens } = board;
  for (const token of tokens) {
    const node = board.nodeOf(token);
    if (node.kind !== 'inclusive' || !node.reach) continue;
    const scope = scopeOf(token);
    const filled = node.incoming.filter((flow) =>
      tokens.some((other) => waits(other, node, scope) && other[2] === flow),
    );
    if (!tokens.some((other) => scopeOf(other) === scope && mayArrive(other[1], node, filled))) {
      return { node, scope, filled };
    }
  }
  return undefined;
}

function waits(token: Token, node: GatewayNode, scope: number): boolean {
  return token[1] === node.index && scopeOf(token) === scope;
}

/** BPMN 2.0 §13.4.3: from this node a token can reach an empty incoming flow, but none that is already filled. */
export function mayArrive(from: number, join: GatewayNode, filled: readonly number[]): boolean {
  if (from === join.index) return false;
  let empty = false;
  for (const [position, flow] of join.incoming.entries()) {
    if (!join.reach![position]!.has(from)) continue;
    if (filled.includes(flow)) return false;
    empty = true;
  }
  return empty;
}

/** Joins of a scope that wait for tokens that cannot come: nothing else is there to move. */
export function refuseDeadlock(board: Board): void {
  const { tokens } = board;
  for (const token of tokens) {
    const node = board.nodeOf(token);
    if (!isJoin(node.kind)) continue;
    const scope = scopeOf(token);
    const moves = tokens.some((other) => {
      const { kind } = board.nodeOf(other);
      return scopeOf(other) === scope && (kind === 'task' || kind === 'activity' || kind === 'catch');
    });
    if (!moves) refuse('process.deadlock', { element: node.id });
  }
}

function isJoin(kind: string): boolean {
  return kind === 'parallel' || kind === 'inclusive';
}
