import type { Draft, Place } from './draft.ts';
import type { Graph } from './graph.ts';
import type { Plan } from './plan.ts';
import { closure, reversed, successorsOf } from './reach.ts';

/** Every node lies on a way from a start to an end of its scope, and every loop passes a person. */
export function checkGraph(graph: Graph, plan: Plan, draft: Draft): void {
  const place = (index: number): Place => ({
    id: graph.nodes[index]!.id,
    $type: plan.nodes[index]!.element.$type,
  });
  const successors = successorsOf(graph.nodes, graph.flows);
  const ends = graph.nodes.filter((node) => node.kind === 'end').map((node) => node.index);
  const reachable = reachableFrom(graph, successors);
  const ending = closure(ends, reversed(successors));

  for (const node of graph.nodes) {
    const element = place(node.index);
    if (!reachable.has(node.index)) draft.refuse('process.unreachable', element);
    if (node.kind === 'handler') continue;
    if (node.kind === 'end') {
      if (node.outgoing.length > 0) draft.refuse('process.endFlow', element);
    } else if (node.outgoing.length === 0) {
      draft.refuse('process.deadEnd', element);
    } else if (!ending.has(node.index)) {
      draft.refuse('process.deadEnd', element, 'no way leads from here to an end');
    }
    const begins = node.kind === 'start' || node.kind === 'boundary';
    if (begins && node.incoming.length > 0) draft.refuse('process.startFlow', element);
  }
  for (const node of idleErrors(graph)) draft.refuse('process.errorNotThrown', place(node));
  for (const node of unattendedLoop(graph, successors)) draft.refuse('process.livelock', place(node));
}

/** From the starts of the process, into sub-processes, and from the start of each event sub-process around. */
function reachableFrom(graph: Graph, successors: readonly (readonly number[])[]): ReadonlySet<number> {
  const into = graph.nodes.map((node) => {
    const targets = [...successors[node.index]!];
    if (node.kind !== 'activity' && node.kind !== 'handler') return targets;
    const { start, handlers } = graph.scopes[node.inner]!;
    return [...targets, start, ...handlersOf(graph, handlers)];
  });
  const { handlers } = graph.scopes[0]!;
  return closure([graph.start, ...graph.strands, ...handlersOf(graph, handlers)], into);
}

function handlersOf(graph: Graph, starts: readonly number[]): number[] {
  return starts.map((start) => graph.scopes[graph.nodes[start]!.scope]!.node!);
}

/** Events that catch an error which nothing inside ends with. */
function idleErrors(graph: Graph): number[] {
  const idle: number[] = [];
  for (const node of graph.nodes) {
    if (node.kind !== 'start' && node.kind !== 'boundary') continue;
    const { event } = node;
    if (event?.kind !== 'error') continue;
    const host = node.kind === 'boundary' ? graph.nodes[node.host]! : undefined;
    // an event sub-process watches over the scope around it
    const inside = host?.kind === 'activity' ? host.inner : graph.scopes[node.scope]!.parent!;
    const thrown = graph.nodes.some(
      (end) =>
        end.kind === 'end' &&
        end.code !== undefined &&
        (event.code === null || event.code === end.code) &&
        isInside(graph, end.scope, inside),
    );
    if (!thrown) idle.push(node.index);
  }
  return idle;
}

function isInside(graph: Graph, scope: number, around: number): boolean {
  for (let at: number | null = scope; at !== null; at = graph.scopes[at]!.parent) {
    if (at === around) return true;
  }
  return false;
}

/**
 * Nodes of loops in which nothing waits. Nothing changes while gateways are walked, so that such a loop, once
 * entered twice, would never be left; refused here, the stepper comes to a halt.
 */
function unattendedLoop(graph: Graph, successors: readonly (readonly number[])[]): number[] {
  const silent = silentNodes(graph, successors);
  const next = successors.map((targets, source) =>
    silent.has(source) ? targets.filter((target) => silent.has(target)) : [],
  );
  return [...silent].filter((node) => closure(next[node]!, next).has(node)).toSorted((a, b) => a - b);
}

/** Nodes that a token passes without waiting; a sub-process among them where a way through it waits nowhere. */
function silentNodes(graph: Graph, successors: readonly (readonly number[])[]): ReadonlySet<number> {
  const silent = new Set<number>();
  for (const node of graph.nodes) {
    if (!['task', 'catch', 'boundary', 'handler', 'activity'].includes(node.kind)) silent.add(node.index);
  }
  // inner scopes come after the ones around them
  for (const scope of graph.scopes.toReversed()) {
    const holder = scope.node === null ? undefined : graph.nodes[scope.node]!;
    if (holder?.kind !== 'activity') continue;
    const next = successors.map((targets, source) =>
      silent.has(source) ? targets.filter((target) => silent.has(target)) : [],
    );
    const passed = [...closure([scope.start], next)];
    if (passed.some((index) => graph.nodes[index]!.kind === 'end')) silent.add(holder.index);
  }
  return silent;
}
