import { flag, type ModdleElement, ref, text } from './bpmn.ts';
import type { Draft } from './draft.ts';
import {
  type BoundaryNode,
  type CatchNode,
  type EndNode,
  type GatewayNode,
  type GraphNode,
  type Loop,
  outcomes,
  type StartNode,
  type TaskNode,
  type ThrowNode,
} from './graph.ts';
import type { DrawnFlow, DrawnNode, DrawnScope } from './plan.ts';
import {
  definitionOf,
  errorCode,
  messageName,
  readAssign,
  readCaught,
  readReminders,
} from './read-events.ts';
import { isHandler } from './read-scope.ts';
import { readActions } from './task-actions.ts';

type Base = Pick<GraphNode, 'index' | 'id' | 'name' | 'scope' | 'incoming' | 'outgoing'>;
type Own<Node> = Omit<Node, keyof Base | 'kind'>;

/** A node of the graph from its element; `scope` is the one that it is drawn in. */
export function readNode(
  drawn: DrawnNode,
  scope: DrawnScope,
  flows: { readonly incoming: readonly DrawnFlow[]; readonly outgoing: readonly DrawnFlow[] },
): GraphNode {
  const { element, draft } = drawn;
  const { incoming, outgoing } = flows;
  const base: Base = {
    index: drawn.index,
    id: drawn.id,
    name: element.name ?? '',
    scope: drawn.scope,
    incoming: incoming.map((flow) => flow.index),
    outgoing: outgoing.map((flow) => flow.index),
  };
  switch (element.$type) {
    case 'bpmn:StartEvent':
      readOneWay(element, outgoing, draft, 'the start');
      return { ...base, kind: 'start', ...readStart(element, scope, draft) };
    case 'bpmn:EndEvent':
      return { ...base, kind: 'end', ...readEnd(element, draft) };
    case 'bpmn:UserTask':
      return { ...base, kind: 'task', ...readTask(drawn, outgoing) };
    case 'bpmn:SubProcess':
    case 'bpmn:CallActivity':
      return readActivity(drawn, base, incoming, outgoing);
    case 'bpmn:BoundaryEvent':
      readOneWay(element, outgoing, draft, 'an event');
      return { ...base, kind: 'boundary', ...readBoundary(drawn) };
    case 'bpmn:IntermediateCatchEvent':
      readOneWay(element, outgoing, draft, 'an event');
      return { ...base, kind: 'catch', ...readCatch(element, draft) };
    case 'bpmn:IntermediateThrowEvent':
      readOneWay(element, outgoing, draft, 'an event');
      return { ...base, kind: 'throw', ...readThrow(element, draft) };
    default:
      return { ...base, ...readGateway(element, outgoing, draft) };
  }
}

// where a message or timer is missing it was refused: nothing of such a graph is ever stepped
const nothing = { kind: 'error', code: null } as const;

function readStart(element: ModdleElement, { node, parent }: DrawnScope, draft: Draft): Own<StartNode> {
  const inHandler = node !== null && isHandler(node.element);
  const strand = text(element, 'wm:strand');
  const start = { interrupting: element.get('isInterrupting') !== false, main: strand === 'main' };
  const known = draft.problems.length;
  const event = readCaught(element, draft) ?? null;
  if (strand !== undefined && (strand !== 'main' || event?.kind !== 'message' || parent !== null)) {
    draft.refuse('process.strand', element, strand);
  }
  if (inHandler) {
    if (!event && draft.problems.length === known) draft.refuse('process.noTrigger', element);
    if (event?.kind === 'error' && !start.interrupting) {
      draft.refuse('process.unsupported', element, 'an error that does not interrupt');
    }
  } else if (event && (event.kind !== 'message' || parent !== null)) {
    // only the process itself can be begun in another way
    draft.refuse('process.unsupported', element, `${event.kind} start`);
  }
  return { ...start, event };
}

function readEnd(element: ModdleElement, draft: Draft): Own<EndNode> {
  const given = text(element, 'wm:outcome');
  const outcome = outcomes.find((known) => known === given) ?? null;
  if (given !== undefined && outcome === null) draft.refuse('process.outcome', element, given);
  const end = { outcome, terminates: false };
  const definition = definitionOf(element, draft);
  switch (definition?.$type) {
    case undefined:
      return end;
    case 'bpmn:TerminateEventDefinition':
      return { ...end, terminates: true };
    case 'bpmn:ErrorEventDefinition': {
      const code = errorCode(definition!);
      if (!code) draft.refuse('process.errorCode', element);
      return { ...end, terminates: true, code: code ?? '' };
    }
    case 'bpmn:MessageEventDefinition': {
      const message = messageName(element, definition!, draft);
      return { ...end, ...(message !== undefined && { message }) };
    }
    default:
      draft.refuse('process.unsupported', element, definition!.$type);
      return end;
  }
}

function readTask(drawn: DrawnNode, outgoing: readonly DrawnFlow[]): Own<TaskNode> {
  const { element, draft, role } = drawn;
  const step = text(element, 'wm:step');
  if (!step) draft.refuse('process.noStep', element);
  else draft.checkCode('steps', step, element);
  if (role === undefined) draft.refuse('process.noRole', element);
  else if (text(element, 'wm:role') !== undefined) draft.checkCode('roles', role, element);
  const limit = limitOf(element);
  if (limit !== null) draft.checkCode('limits', limit, element);
  const form = text(element, 'wm:form') ?? null;
  if (form !== null) draft.checkCode('forms', form, element);
  const loop = readLoop(element, draft);
  const assign = readAssign(element, draft);
  const reminders = readReminders(drawn.reminders, limit, draft);
  const actions = readActions(element, outgoing, draft);
  const unanswered =
    actions.find((action) => action.default) ?? (actions.length === 1 ? actions[0] : undefined);
  if (loop && !unanswered && actions.length > 0) {
    draft.refuse('process.noDefault', element, 'the way on where the list is empty');
  }
  return {
    step: step ?? '',
    role: role ?? '',
    assign,
    limit,
    form,
    reminders,
    actions,
    loop,
    boundaries: drawn.boundaries.map((border) => border.index),
    unanswered: unanswered?.flow ?? null,
  };
}

function limitOf(task: ModdleElement): string | null {
  return task.$type === 'bpmn:UserTask' ? (text(task, 'wm:limit') ?? null) : null;
}

function readActivity(
  drawn: DrawnNode,
  base: Base,
  incoming: readonly DrawnFlow[],
  outgoing: readonly DrawnFlow[],
): GraphNode {
  const { element, draft } = drawn;
  const role = text(element, 'wm:role');
  if (role !== undefined) draft.checkCode('roles', role, element);
  const loop = readLoop(element, draft);
  const inner = drawn.inner ?? -1;
  if (!isHandler(element)) {
    readOneWay(element, outgoing, draft, 'a sub-process');
    const boundaries = drawn.boundaries.map((border) => border.index);
    return { ...base, kind: 'activity', loop, boundaries, inner };
  }
  if (incoming.length + outgoing.length > 0) {
    draft.refuse('process.eventFlow', element, 'an event sub-process stands in no flow');
  }
  if (loop) draft.refuse('process.unsupported', element, 'multi-instance event sub-process');
  for (const border of drawn.boundaries) draft.refuse('process.border', border.element);
  return { ...base, kind: 'handler', inner, interrupting: true };
}

function readLoop(element: ModdleElement, draft: Draft): Loop | null {
  if (flag(element, 'isForCompensation')) draft.refuse('process.unsupported', element, 'compensation');
  const loop = ref(element, 'loopCharacteristics');
  if (!loop) return null;
  if (loop.$type !== 'bpmn:MultiInstanceLoopCharacteristics') {
    draft.refuse('process.unsupported', element, 'standard loop');
    return null;
  }
  for (const property of ['loopCardinality', 'loopDataInputRef', 'loopDataOutputRef']) {
    if (ref(loop, property)) draft.refuse('process.unsupported', element, property);
  }
  const behavior = text(loop, 'behavior');
  if (behavior !== undefined && behavior !== 'All') draft.refuse('process.unsupported', element, behavior);
  const items = text(loop, 'wm:items');
  if (!items) {
    draft.refuse('process.noItems', element, 'wm:items is missing');
    return null;
  }
  draft.checkName(items, element);
  const until = draft.expression(ref(loop, 'completionCondition'), element, [
    'numberOfInstances',
    'numberOfActiveInstances',
    'numberOfCompletedInstances',
  ]);
  return { items, sequential: flag(loop, 'isSequential'), ...(until && { until }) };
}

function readBoundary(drawn: DrawnNode): Own<BoundaryNode> {
  const { element, draft, host } = drawn;
  const known = draft.problems.length;
  const event = readCaught(element, draft, host ? limitOf(host.element) : null);
  if (!event && draft.problems.length === known) draft.refuse('process.noTrigger', element);
  const interrupting = element.get('cancelActivity') !== false;
  if (event?.kind === 'error') {
    if (!interrupting) draft.refuse('process.unsupported', element, 'an error that does not interrupt');
    if (host?.element.$type === 'bpmn:UserTask') {
      draft.refuse('process.unsupported', element, 'no error comes out of a user task');
    }
  }
  return { host: host?.index ?? -1, interrupting, event: event ?? nothing };
}

function readCatch(element: ModdleElement, draft: Draft): Own<CatchNode> {
  const known = draft.problems.length;
  const event = readCaught(element, draft);
  if (event?.kind === 'message' || event?.kind === 'timer') return { event };
  if (event || draft.problems.length === known) draft.refuse('process.noTrigger', element);
  return { event: { kind: 'message', message: '', role: null, assign: 'role' } };
}

function readThrow(element: ModdleElement, draft: Draft): Own<ThrowNode> {
  const definition = definitionOf(element, draft);
  if (!definition) return { message: null };
  if (definition.$type !== 'bpmn:MessageEventDefinition') {
    draft.refuse('process.unsupported', element, definition.$type);
    return { message: null };
  }
  return { message: messageName(element, definition, draft) ?? null };
}

function readGateway(
  element: ModdleElement,
  outgoing: readonly DrawnFlow[],
  draft: Draft,
): Pick<GatewayNode, 'kind' | 'defaultFlow'> {
  if (element.$type === 'bpmn:ParallelGateway') {
    refuseConditions(outgoing, draft);
    return { kind: 'parallel', defaultFlow: null };
  }
  const kind = element.$type === 'bpmn:InclusiveGateway' ? 'inclusive' : 'exclusive';
  const standard = ref(element, 'default');
  const defaultFlow = outgoing.find((flow) => flow.element === standard);
  if (defaultFlow) refuseConditions([defaultFlow], draft);
  for (const flow of outgoing) {
    if (outgoing.length > 1 && flow !== defaultFlow && !flow.condition) {
      draft.refuse('process.noCondition', flow.element);
    }
  }
  return { kind, defaultFlow: defaultFlow?.index ?? null };
}

/** One flow without condition leaves; forks and choices are gateways of their own. */
function readOneWay(
  element: ModdleElement,
  outgoing: readonly DrawnFlow[],
  draft: Draft,
  what: string,
): void {
  refuseConditions(outgoing, draft);
  if (outgoing.length > 1) draft.refuse('process.unsupported', element, `several flows leave ${what}`);
}

function refuseConditions(flows: readonly DrawnFlow[], draft: Draft): void {
  for (const flow of flows) {
    if (flow.condition) draft.refuse('process.condition', flow.element, 'a condition is ignored here');
  }
}

/** The start events of a scope; a border event is none. */
export function startsOf(nodes: readonly GraphNode[], scope: number): StartNode[] {
  return nodes.filter((node): node is StartNode => node.kind === 'start' && node.scope === scope);
}
