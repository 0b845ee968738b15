import { type ModdleElement, readBpmn } from './bpmn.ts';
import { checkGraph } from './check.ts';
import { checkOutcomes } from './check-outcomes.ts';
import { type CompileOptions, Draft } from './draft.ts';
import type { Flow, Graph, GraphNode, Scope } from './graph.ts';
import { type DrawnFlow, type DrawnScope, Plan } from './plan.ts';
import { joinReach } from './reach.ts';
import { readNode, startsOf } from './read-nodes.ts';
import { isHandler, onlyProcess, readProcess } from './read-scope.ts';

/**
 * Compiles a BPMN 2.0 drawing, and those that it calls, into the graph that is stepped. Done once per version;
 * the graph may be shared.
 *
 * All mistakes are collected into one `ProcessError` (`process.invalid`, or the mistake's own code where there
 * is only one); each problem has a code, the element's id and its type.
 */
export async function compileProcess(xml: string, options: CompileOptions = {}): Promise<Graph> {
  const definitions = await readBpmn(xml);
  const draft = new Draft(options);
  const process = onlyProcess(definitions, draft);
  if (!process) throw draft.error();

  const plan = new Plan();
  await readProcess(process, draft, plan);
  const graph = build(process, plan);
  for (const { id, index } of graph.nodes) {
    // `first.a` of a call, and an element that is called so
    if (graph.indexOf.get(id) !== index)
      draft.refuse('process.duplicateId', { id, $type: plan.nodes[index]!.element.$type });
  }
  checkOutcomes(graph, plan, draft);
  if (draft.problems.length === 0) checkGraph(graph, plan, draft);
  if (draft.problems.length > 0) throw draft.error();
  return freeze(graph);
}

function build(process: ModdleElement, plan: Plan): Graph {
  const incoming = grouped(plan, (flow) => flow.target);
  const outgoing = grouped(plan, (flow) => flow.source);
  const read = plan.nodes.map((drawn) =>
    readNode(drawn, plan.scopes[drawn.scope]!, {
      incoming: incoming[drawn.index]!,
      outgoing: outgoing[drawn.index]!,
    }),
  );
  const scopes = plan.scopes.map((scope) => readStarts(scope, read, plan));
  const flows = plan.flows.map(({ index, id, source, target, condition }): Flow => ({
    index,
    id,
    source,
    target,
    ...(condition && { condition }),
  }));
  const nodes = read.map((node) => finish(node, read, flows, scopes));
  return {
    id: process.id ?? '',
    name: process.name ?? '',
    nodes,
    flows,
    scopes,
    start: scopes[0]!.start,
    strands: startsOf(nodes, 0).flatMap((node) => (node.event ? [node.index] : [])),
    roles: [...new Set(nodes.flatMap((node) => (node.kind === 'task' ? [node.role] : [])))],
    indexOf: new Map(nodes.map((node) => [node.id, node.index])),
  };
}

function grouped(plan: Plan, by: (flow: Flow) => number): DrawnFlow[][] {
  const groups = plan.nodes.map((): DrawnFlow[] => []);
  for (const flow of plan.flows) groups[by(flow)]!.push(flow);
  return groups;
}

/** Where a scope begins, and what may begin inside it. */
function readStarts(scope: DrawnScope, nodes: readonly GraphNode[], plan: Plan): Scope {
  const { index, element, draft, node, parent } = scope;
  const starts = startsOf(nodes, index).filter(
    ({ event }) => event === null || (node !== null && isHandler(node.element)),
  );
  // that of a called process is told at the call, which the caller can see
  const place = node?.element ?? element;
  const teller = node?.draft ?? draft;
  if (starts.length === 0) teller.refuse('process.noStart', place);
  if (starts.length > 1) teller.refuse('process.manyStarts', place);
  const inside = plan.scopes.filter((one) => one.parent === index && one.node && isHandler(one.node.element));
  return {
    index,
    node: node?.index ?? null,
    parent,
    start: starts[0]?.index ?? -1,
    handlers: inside.flatMap((one) => startsOf(nodes, one.index).map((start) => start.index)),
  };
}

/** What a node is can depend on others: a join on its whole scope, an event sub-process on its start. */
function finish(
  node: GraphNode,
  nodes: readonly GraphNode[],
  flows: readonly Flow[],
  scopes: readonly Scope[],
): GraphNode {
  if (node.kind === 'inclusive' && node.incoming.length > 1) {
    return { ...node, reach: joinReach(node, nodes, flows) };
  }
  if (node.kind === 'handler') {
    const start = nodes[scopes[node.inner]?.start ?? -1];
    return { ...node, interrupting: start?.kind === 'start' && start.interrupting };
  }
  return node;
}

/** A version is shared between all cases that run on it. */
function freeze(graph: Graph): Graph {
  for (const part of [...graph.nodes, ...graph.flows, ...graph.scopes]) Object.freeze(part);
  Object.freeze(graph.nodes);
  Object.freeze(graph.flows);
  Object.freeze(graph.scopes);
  return Object.freeze(graph);
}
