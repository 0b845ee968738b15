import { flag, list, type ModdleElement, readBpmn, ref, text } from './bpmn.ts';
import { checkFlow, joinReach } from './check.ts';
import { type CompileOptions, Draft } from './draft.ts';
import { ProcessError } from './errors.ts';
import { evaluate, parseFeel } from './feel.ts';
import { isDuration, milliseconds } from './feel-values.ts';
import {
  type AssignRule,
  assignRules,
  type Flow,
  type GatewayNode,
  type Graph,
  type GraphNode,
  type Outcome,
  outcomes,
  type Reminder,
  type ReminderAt,
  type TaskNode,
} from './graph.ts';
import { readActions } from './task-actions.ts';

// Drawn for the reader only
const ornaments = new Set(['bpmn:DataObject', 'bpmn:DataObjectReference', 'bpmn:DataStoreReference']);

/**
 * Compiles a BPMN 2.0 drawing into the graph that is stepped. Done once per version; the graph may be shared.
 *
 * All mistakes are collected into one `ProcessError` (`process.invalid`, or the mistake's own code where there
 * is only one); each problem has a code, the element's id and its type.
 */
export async function compileProcess(xml: string, options: CompileOptions = {}): Promise<Graph> {
  const definitions = await readBpmn(xml);
  const draft = new Draft(options);
  const process = onlyProcess(definitions, draft);
  if (!process) throw draft.error();

  readElements(process, draft);
  readRoles(process, draft);
  const graph = build(process, draft);
  if (draft.problems.length === 0) checkFlow(graph, draft);
  if (draft.problems.length > 0) throw draft.error();
  return freeze(graph);
}

function onlyProcess(definitions: ModdleElement, draft: Draft): ModdleElement | undefined {
  const roots = list(definitions, 'rootElements');
  const processes = roots.filter((root) => root.$type === 'bpmn:Process');
  for (const root of roots) {
    if (root.$type !== 'bpmn:Collaboration') continue;
    for (const message of list(root, 'messageFlows')) draft.refuse('process.unsupported', message);
  }
  if (processes.length !== 1) {
    draft.refuse('process.oneProcess', definitions, `${processes.length} processes`);
    return undefined;
  }
  return processes[0];
}

/** Sorts the elements into nodes, flows and reminders, and refuses all others. */
function readElements(process: ModdleElement, draft: Draft): void {
  for (const element of list(process, 'flowElements')) {
    switch (element.$type) {
      case 'bpmn:SequenceFlow':
        draft.flows.push(element);
        break;
      case 'bpmn:BoundaryEvent':
        draft.boundaries.push(element);
        break;
      case 'bpmn:StartEvent':
        if (list(element, 'eventDefinitions').length > 0) {
          draft.refuse('process.unsupported', element, 'only a plain start event');
        }
        draft.nodes.push(element);
        break;
      case 'bpmn:UserTask':
        if (ref(element, 'loopCharacteristics'))
          draft.refuse('process.unsupported', element, 'multi-instance or loop');
        if (flag(element, 'isForCompensation')) draft.refuse('process.unsupported', element, 'compensation');
        draft.nodes.push(element);
        break;
      case 'bpmn:EndEvent':
      case 'bpmn:ExclusiveGateway':
      case 'bpmn:ParallelGateway':
      case 'bpmn:InclusiveGateway':
        draft.nodes.push(element);
        break;
      default:
        if (!ornaments.has(element.$type)) draft.refuse('process.unsupported', element);
    }
  }
  for (const [index, node] of draft.nodes.entries()) draft.indexOf.set(node, index);
}

/** Lanes are roles: the code is `wm:role`, or else the lane's id. Inner lanes win. */
function readRoles(process: ModdleElement, draft: Draft): void {
  const visit = (laneSet: ModdleElement): void => {
    for (const lane of list(laneSet, 'lanes')) {
      const role = text(lane, 'wm:role') ?? lane.id ?? '';
      draft.checkCode('roles', role, lane);
      for (const node of list(lane, 'flowNodeRef')) draft.roleOf.set(node, role);
      const inner = ref(lane, 'childLaneSet');
      if (inner) visit(inner);
    }
  };
  for (const laneSet of list(process, 'laneSets')) visit(laneSet);
}

function build(process: ModdleElement, draft: Draft): Graph {
  const flows = draft.flows.flatMap((flow): Flow[] => {
    const source = draft.indexOf.get(ref(flow, 'sourceRef')!);
    const target = draft.indexOf.get(ref(flow, 'targetRef')!);
    const from = ref(flow, 'sourceRef');
    if (from?.$type === 'bpmn:BoundaryEvent') return []; // refused with its event
    if (source === undefined || target === undefined) {
      draft.refuse('process.looseFlow', flow);
      return [];
    }
    const condition = draft.condition(flow);
    return [{ index: -1, id: flow.id!, source, target, ...(condition && { condition }) }];
  });
  const numbered = flows.map((flow, index) => ({ ...flow, index }));
  const drawn = draft.nodes.map((element, index) => readNode(element, index, numbered, draft));
  const nodes = drawn.map((node) =>
    node.kind === 'inclusive' && node.incoming.length > 1
      ? { ...node, reach: joinReach(node, drawn, numbered) }
      : node,
  );
  const starts = nodes.filter((node) => node.kind === 'start');
  if (starts.length === 0) draft.refuse('process.noStart', process);
  if (starts.length > 1) draft.refuse('process.manyStarts', process);
  return {
    id: process.id ?? '',
    name: process.name ?? '',
    nodes,
    flows: numbered,
    start: starts[0]?.index ?? -1,
    roles: [...new Set(nodes.flatMap((node) => (node.kind === 'task' ? [node.role] : [])))],
    indexOf: new Map(nodes.map((node) => [node.id, node.index])),
  };
}

function readNode(element: ModdleElement, index: number, flows: readonly Flow[], draft: Draft): GraphNode {
  const outgoing = flows.filter((flow) => flow.source === index);
  const base = {
    index,
    id: element.id ?? '',
    name: element.name ?? '',
    incoming: flows.filter((flow) => flow.target === index).map((flow) => flow.index),
    outgoing: outgoing.map((flow) => flow.index),
  };
  switch (element.$type) {
    case 'bpmn:StartEvent':
      refuseConditions(outgoing, draft);
      if (outgoing.length > 1) draft.refuse('process.unsupported', element, 'several flows leave the start');
      return { ...base, kind: 'start' };
    case 'bpmn:EndEvent':
      return { ...base, kind: 'end', ...readEnd(element, draft) };
    case 'bpmn:UserTask':
      return { ...base, kind: 'task', ...readTask(element, outgoing, draft) };
    default:
      return { ...base, ...readGateway(element, outgoing, draft) };
  }
}

function readEnd(
  element: ModdleElement,
  draft: Draft,
): { outcome: Outcome; terminates: boolean; code?: string } {
  const given = text(element, 'wm:outcome');
  const outcome = outcomes.find((known) => known === given);
  if (!outcome) draft.refuse('process.outcome', element, given ?? 'wm:outcome is missing');
  const definitions = list(element, 'eventDefinitions');
  if (definitions.length > 1) draft.refuse('process.unsupported', element, 'several event definitions');
  const end = { outcome: outcome ?? 'closed', terminates: false };
  const definition = definitions[0];
  if (!definition) return end;
  switch (definition.$type) {
    case 'bpmn:TerminateEventDefinition':
      return { ...end, terminates: true };
    case 'bpmn:ErrorEventDefinition': {
      const error = ref(definition, 'errorRef');
      const code = error && text(error, 'errorCode');
      if (!code) draft.refuse('process.errorCode', element);
      return { ...end, terminates: true, code: code ?? '' };
    }
    default:
      draft.refuse('process.unsupported', element, definition.$type);
      return end;
  }
}

type OwnTask = Omit<TaskNode, 'index' | 'id' | 'name' | 'incoming' | 'outgoing' | 'kind'>;

function readTask(element: ModdleElement, outgoing: readonly Flow[], draft: Draft): OwnTask {
  const step = text(element, 'wm:step');
  if (!step) draft.refuse('process.noStep', element);
  else draft.checkCode('steps', step, element);
  const role = draft.roleOf.get(element);
  if (role === undefined) draft.refuse('process.noRole', element);
  const limit = text(element, 'wm:limit') ?? null;
  if (limit !== null) draft.checkCode('limits', limit, element);
  const form = text(element, 'wm:form') ?? null;
  if (form !== null) draft.checkCode('forms', form, element);
  return {
    step: step ?? '',
    role: role ?? '',
    assign: readAssign(element, draft),
    limit,
    form,
    reminders: readReminders(element, limit, draft),
    actions: readActions(element, outgoing, draft),
  };
}

function readAssign(element: ModdleElement, draft: Draft): AssignRule {
  const given = text(element, 'wm:assign') ?? 'role';
  const rule = assignRules.find((known) => known === given);
  if (!rule) draft.refuse('process.assign', element, given);
  return rule ?? 'role';
}

function readReminders(task: ModdleElement, limit: string | null, draft: Draft): readonly Reminder[] {
  const reminders: Reminder[] = [];
  for (const boundary of draft.boundaries) {
    if (ref(boundary, 'attachedToRef') !== task) continue;
    const at = reminderAt(boundary, draft);
    const code = text(boundary, 'wm:code');
    if (!code) draft.refuse('process.reminderCode', boundary);
    else if (reminders.some((other) => other.code === code))
      draft.refuse('process.duplicateReminder', boundary, code);
    if (at?.kind === 'fraction' && limit === null) {
      draft.refuse('process.noLimit', boundary, 'a share of the limit, but the task has no wm:limit');
    }
    if (at && code) reminders.push({ code, at });
  }
  return reminders;
}

/** `limit * 0.8` is a share of the task's limit; `PT2H` or `duration("PT2H")` a time after it was opened. */
function reminderAt(boundary: ModdleElement, draft: Draft): ReminderAt | undefined {
  const definitions = list(boundary, 'eventDefinitions');
  const timer = definitions[0];
  if (definitions.length !== 1 || timer?.$type !== 'bpmn:TimerEventDefinition') {
    draft.refuse('process.unsupported', boundary, 'only timers may stand on the border of a task');
    return undefined;
  }
  if (boundary.get('cancelActivity') !== false) {
    draft.refuse('process.unsupported', boundary, 'an interrupting timer');
    return undefined;
  }
  if (draft.flows.some((flow) => ref(flow, 'sourceRef') === boundary)) {
    draft.refuse('process.unsupported', boundary, 'a flow that leaves a reminder');
    return undefined;
  }
  const body = ref(timer, 'timeDuration');
  const given = body && text(body, 'body');
  if (!given) {
    draft.refuse('process.timer', boundary, 'timeDuration is missing');
    return undefined;
  }
  const source = given.startsWith('P') ? `duration("${given}")` : given.replace(/^=/, '');
  try {
    const value = evaluate(parseFeel(source, 'expression'), { limit: 1 });
    if (typeof value === 'number' && value > 0) return { kind: 'fraction', value };
    const ms = isDuration(value) ? milliseconds(value) : undefined;
    if (ms !== undefined && ms > 0) return { kind: 'duration', ms };
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
  }
  draft.refuse('process.timer', boundary, given);
  return undefined;
}

function readGateway(
  element: ModdleElement,
  outgoing: readonly Flow[],
  draft: Draft,
): Pick<GatewayNode, 'kind' | 'defaultFlow'> {
  if (element.$type === 'bpmn:ParallelGateway') {
    refuseConditions(outgoing, draft);
    return { kind: 'parallel', defaultFlow: null };
  }
  const kind = element.$type === 'bpmn:InclusiveGateway' ? 'inclusive' : 'exclusive';
  const defaultFlow = outgoing.find((flow) => flow.id === ref(element, 'default')?.id);
  if (defaultFlow) refuseConditions([defaultFlow], draft);
  for (const flow of outgoing) {
    if (outgoing.length > 1 && flow !== defaultFlow && !flow.condition) {
      draft.refuse('process.noCondition', draft.flowElement(flow));
    }
  }
  return { kind, defaultFlow: defaultFlow?.index ?? null };
}

function refuseConditions(flows: readonly Flow[], draft: Draft): void {
  for (const flow of flows) {
    if (flow.condition)
      draft.refuse('process.condition', draft.flowElement(flow), 'a condition is ignored here');
  }
}

/** A version is shared between all cases that run on it. */
function freeze(graph: Graph): Graph {
  for (const part of [...graph.nodes, ...graph.flows]) Object.freeze(part);
  Object.freeze(graph.nodes);
  Object.freeze(graph.flows);
  return Object.freeze(graph);
}
