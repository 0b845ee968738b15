import type { Flow, GatewayNode, GraphNode } from './graph.ts';

/** All nodes that can be come to from these. */
export function closure(from: readonly number[], next: readonly (readonly number[])[]): Set<number> {
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

/** The nodes that a token can come to next inside its scope: by a flow, or by an event on the border. */
export function successorsOf(
  nodes: readonly GraphNode[],
  flows: readonly Flow[],
): readonly (readonly number[])[] {
  return nodes.map((node) => {
    const targets = node.outgoing.map((flow) => flows[flow]!.target);
    return 'boundaries' in node ? [...targets, ...node.boundaries] : targets;
  });
}

export function reversed(next: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const back = next.map((): number[] => []);
  for (const [source, targets] of next.entries()) for (const target of targets) back[target]!.push(source);
  return back;
}

/** For each incoming flow of a join: the nodes from which it can be reached without passing the join. */
export function joinReach(
  join: GatewayNode,
  nodes: readonly GraphNode[],
  flows: readonly Flow[],
): readonly ReadonlySet<number>[] {
  const without = successorsOf(nodes, flows).map((targets, source) => (source === join.index ? [] : targets));
  const predecessors = reversed(without);
  return join.incoming.map((flow) => {
    const { source } = flows[flow]!;
    return source === join.index ? new Set<number>() : closure([source], predecessors);
  });
}
