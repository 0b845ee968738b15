import type { Draft, Place } from './draft.ts';
import { catcherOf } from './faults.ts';
import type { EndNode, Graph } from './graph.ts';
import type { Plan } from './plan.ts';
import { closure, successorsOf } from './reach.ts';

/** Every end by which the case itself may end says how. */
export function checkOutcomes(graph: Graph, plan: Plan, draft: Draft): void {
  const main = mainNodes(graph);
  for (const node of graph.nodes) {
    if (node.kind !== 'end' || node.outcome !== null) continue;
    const error = node.code !== undefined;
    if (error ? catcherOf(graph, node) : !endsMain(graph, node, main)) continue;
    // what it says instead was refused when it was read
    const place: Place = { id: node.id, $type: 'bpmn:EndEvent' };
    const { element } = plan.nodes[node.index]!;
    if (element.get('wm:outcome') === undefined)
      draft.refuse('process.outcome', place, 'wm:outcome is missing');
  }
}

/** What the main strand can come to, its sub-processes left out. */
export function mainNodes(graph: Graph): ReadonlySet<number> {
  const starts = [graph.start, ...graph.strands.filter((start) => isMain(graph, start))];
  return closure(starts, successorsOf(graph.nodes, graph.flows));
}

function isMain(graph: Graph, start: number): boolean {
  const node = graph.nodes[start]!;
  return node.kind === 'start' && node.main;
}

/** In the process itself, or in event sub-processes that take it over. */
function endsMain(graph: Graph, node: EndNode, main: ReadonlySet<number>): boolean {
  let scope = graph.scopes[node.scope]!;
  if (scope.node === null) return main.has(node.index);
  while (scope.node !== null) {
    const holder = graph.nodes[scope.node]!;
    if (holder.kind !== 'handler' || !holder.interrupting) return false;
    scope = graph.scopes[scope.parent!]!;
  }
  return true;
}
