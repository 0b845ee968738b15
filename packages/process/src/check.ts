import type { Draft } from './draft.ts';
import type { Flow, GatewayNode, Graph, GraphNode } from './graph.ts';

/** Every node lies on a way from the start to an end, and every loop passes a person. */
export function checkFlow(graph: Graph, draft: Draft): void {
  const successors = graph.nodes.map((node) => node.outgoing.map((flow) => graph.flows[flow]!.target));
  const predecessors = graph.nodes.map((node) => node.incoming.map((flow) => graph.flows[flow]!.source));
  const ends = graph.nodes.filter((node) => node.kind === 'end').map((node) => node.index);
  const reachable = closure([graph.start], successors);
  const ending = closure(ends, predecessors);

  for (const node of graph.nodes) {
    const element = draft.nodes[node.index]!;
    if (!reachable.has(node.index)) draft.refuse('process.unreachable', element);
    if (node.kind === 'end') {
      if (node.outgoing.length > 0) draft.refuse('process.endFlow', element);
    } else if (node.outgoing.length === 0) {
      draft.refuse('process.deadEnd', element);
    } else if (!ending.has(node.index)) {
      draft.refuse('process.deadEnd', element, 'no way leads from here to an end');
    }
    if (node.kind === 'start' && node.incoming.length > 0) draft.refuse('process.startFlow', element);
  }
  for (const node of unattendedLoop(graph, successors)) draft.refuse('process.livelock', draft.nodes[node]!);
}

function closure(from: readonly number[], next: readonly (readonly number[])[]): Set<number> {
  const seen = new Set(from);
  const open = [...from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const neighbour of next[node] ?? []) {
      if (seen.has(neighbour)) continue;
      seen.add(neighbour);
      open.push(neighbour);
    }
  }
  return seen;
}

/**
 * Nodes of loops without a user task. Nothing changes while gateways are walked, so that such a loop, once
 * entered twice, would never be left; refused here, the stepper always comes to a halt.
 */
function unattendedLoop(graph: Graph, successors: readonly (readonly number[])[]): number[] {
  const silent = successors.map((targets, source) =>
    graph.nodes[source]!.kind === 'task'
      ? []
      : targets.filter((target) => graph.nodes[target]!.kind !== 'task'),
  );
  return graph.nodes
    .filter((node) => node.kind !== 'task' && closure(silent[node.index]!, silent).has(node.index))
    .map((node) => node.index);
}

/** For each incoming flow of a join: the nodes from which it can be reached without passing the join. */
export function joinReach(
  join: GatewayNode,
  nodes: readonly GraphNode[],
  flows: readonly Flow[],
): readonly ReadonlySet<number>[] {
  const predecessors = nodes.map((node) =>
    node.incoming.map((flow) => flows[flow]!.source).filter((source) => source !== join.index),
  );
  return join.incoming.map((flow) => {
    const source = flows[flow]!.source;
    return source === join.index ? new Set<number>() : closure([source], predecessors);
  });
}
