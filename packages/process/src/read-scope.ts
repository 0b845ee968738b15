import { flag, list, type ModdleElement, readBpmn, ref, text } from './bpmn.ts';
import type { Draft } from './draft.ts';
import { ProcessError } from './errors.ts';
import type { DrawnNode, DrawnScope, Plan } from './plan.ts';

// Drawn for the reader only
const ornaments = new Set(['bpmn:DataObject', 'bpmn:DataObjectReference', 'bpmn:DataStoreReference']);

const nodeTypes = new Set([
  'bpmn:StartEvent',
  'bpmn:EndEvent',
  'bpmn:UserTask',
  'bpmn:SubProcess',
  'bpmn:CallActivity',
  'bpmn:BoundaryEvent',
  'bpmn:IntermediateCatchEvent',
  'bpmn:IntermediateThrowEvent',
  'bpmn:ExclusiveGateway',
  'bpmn:ParallelGateway',
  'bpmn:InclusiveGateway',
]);

const hostTypes = new Set(['bpmn:UserTask', 'bpmn:SubProcess', 'bpmn:CallActivity']);

/** Called drawings count as often as they are called. */
const MOST_NODES = 2000;
const MOST_FLOWS = 10_000;
/** Of scopes in scopes, and of lanes in lanes. */
const DEEPEST = 50;

interface Container {
  readonly element: ModdleElement;
  readonly draft: Draft;
  readonly node: DrawnNode | null;
  readonly parent: number | null;
  /** Codes of the processes that are being called, from the outside in. */
  readonly calls: readonly string[];
  readonly role: string | undefined;
  readonly depth: number;
}

/** Nothing more is read: what was found so far, and this. */
function give(draft: Draft, code: string, element: ModdleElement, detail: string): never {
  draft.refuse(code, element, detail);
  throw draft.error();
}

/** The process of a drawing; message flows and second processes have no meaning here. */
export function onlyProcess(definitions: ModdleElement, draft: Draft): ModdleElement | undefined {
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

/** Takes a process apart: its nodes and flows first, then what lies in its sub-processes and calls. */
export async function readProcess(process: ModdleElement, draft: Draft, plan: Plan): Promise<void> {
  const role = undefined;
  await readContainer({ element: process, draft, node: null, parent: null, calls: [], role, depth: 0 }, plan);
}

async function readContainer(container: Container, plan: Plan): Promise<void> {
  const { element, draft, node, parent, depth } = container;
  if (depth > DEEPEST) give(draft, 'process.tooDeep', element, `${DEEPEST}`);
  const scope: DrawnScope = { index: plan.scopes.length, element, draft, node, parent };
  plan.scopes.push(scope);
  if (node) node.inner = scope.index;
  const roles = readRoles(element, draft);
  const drawn = readNodes(container, scope, roles, plan);
  readFlows(element, draft, drawn, plan);
  for (const one of drawn.values()) {
    const inner = await insideOf(one, container, plan);
    if (inner) await readContainer(inner, plan);
  }
}

function readNodes(
  { element, draft, role }: Container,
  scope: DrawnScope,
  roles: ReadonlyMap<ModdleElement, string>,
  plan: Plan,
): Map<ModdleElement, DrawnNode> {
  const drawn = new Map<ModdleElement, DrawnNode>();
  const borders: ModdleElement[] = [];
  const elements = list(element, 'flowElements');
  const sources = new Set(elements.map((one) => one.$type === 'bpmn:SequenceFlow' && ref(one, 'sourceRef')));
  for (const one of elements) {
    if (one.$type === 'bpmn:SequenceFlow' || ornaments.has(one.$type)) continue;
    if (!nodeTypes.has(one.$type)) {
      draft.refuse('process.unsupported', one);
      continue;
    }
    if (one.$type === 'bpmn:BoundaryEvent') borders.push(one);
    if (isReminder(one, sources)) continue;
    const node: DrawnNode = {
      element: one,
      draft,
      index: plan.nodes.length,
      id: draft.idOf(one),
      scope: scope.index,
      role: roleOf(one) ?? roles.get(one) ?? role,
      reminders: [],
      boundaries: [],
    };
    plan.nodes.push(node);
    if (plan.nodes.length > MOST_NODES) give(draft, 'process.tooLarge', one, `more than ${MOST_NODES} nodes`);
    drawn.set(one, node);
  }
  for (const border of borders) attach(border, draft, drawn);
  return drawn;
}

/** A timer that nothing follows only reminds. */
function isReminder(element: ModdleElement, sources: ReadonlySet<unknown>): boolean {
  if (element.$type !== 'bpmn:BoundaryEvent' || sources.has(element)) return false;
  const definitions = list(element, 'eventDefinitions');
  return definitions.length === 1 && definitions[0]!.$type === 'bpmn:TimerEventDefinition';
}

function attach(border: ModdleElement, draft: Draft, drawn: ReadonlyMap<ModdleElement, DrawnNode>): void {
  const host = drawn.get(ref(border, 'attachedToRef')!);
  if (!host || !hostTypes.has(host.element.$type)) {
    draft.refuse('process.border', border, 'stands on nothing that can be left');
    return;
  }
  const node = drawn.get(border);
  if (node) {
    node.host = host;
    host.boundaries.push(node);
  } else if (host.element.$type === 'bpmn:UserTask') {
    host.reminders.push(border);
  } else {
    draft.refuse('process.unsupported', border, 'a timer without a flow reminds of a task only');
  }
}

function readFlows(
  element: ModdleElement,
  draft: Draft,
  drawn: ReadonlyMap<ModdleElement, DrawnNode>,
  plan: Plan,
): void {
  for (const flow of list(element, 'flowElements')) {
    if (flow.$type !== 'bpmn:SequenceFlow') continue;
    const source = drawn.get(ref(flow, 'sourceRef')!)?.index;
    const target = drawn.get(ref(flow, 'targetRef')!)?.index;
    if (source === undefined || target === undefined) {
      draft.refuse('process.looseFlow', flow);
      continue;
    }
    if (plan.flows.length >= MOST_FLOWS)
      give(draft, 'process.tooLarge', flow, `more than ${MOST_FLOWS} flows`);
    const condition = draft.flowCondition(flow);
    plan.flows.push({
      index: plan.flows.length,
      id: draft.idOf(flow),
      source,
      target,
      ...(condition && { condition }),
      element: flow,
    });
  }
}

async function insideOf(node: DrawnNode, around: Container, plan: Plan): Promise<Container | undefined> {
  const { element, draft, role } = node;
  const parent = plan.scopes.length > 0 ? node.scope : null;
  const depth = around.depth + 1;
  if (element.$type === 'bpmn:SubProcess') return { ...around, element, draft, node, parent, role, depth };
  if (element.$type !== 'bpmn:CallActivity') return undefined;
  const code = text(element, 'calledElement');
  if (code === undefined) {
    draft.refuse('process.unknownCall', element, 'calledElement is missing');
    return undefined;
  }
  if (around.calls.includes(code)) {
    draft.refuse('process.callCycle', element, [...around.calls, code].join(' > '));
    return undefined;
  }
  const called = await readCalled(node, code, plan);
  const inside = draft.within(element);
  return (
    called && { element: called, draft: inside, node, parent, calls: [...around.calls, code], role, depth }
  );
}

async function readCalled(
  { element, draft }: DrawnNode,
  code: string,
  plan: Plan,
): Promise<ModdleElement | undefined> {
  const xml = await draft.options.calls?.(code);
  if (xml === undefined) {
    draft.refuse('process.unknownCall', element, code);
    return undefined;
  }
  try {
    const reading = plan.read.get(xml) ?? readBpmn(xml);
    plan.read.set(xml, reading);
    return onlyProcess(await reading, draft.within(element));
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    draft.refuse('process.call', element, `${code}: ${error.message}`);
    return undefined;
  }
}

/** Lanes are roles: the code is `wm:role`, or else the lane's id. Inner lanes win. */
function readRoles(container: ModdleElement, draft: Draft): ReadonlyMap<ModdleElement, string> {
  const roles = new Map<ModdleElement, string>();
  const lanes = new Map<ModdleElement, readonly ModdleElement[]>();
  const visit = (laneSet: ModdleElement, depth = 0, outer: readonly ModdleElement[] = []): void => {
    for (const lane of list(laneSet, 'lanes')) {
      const role = text(lane, 'wm:role') ?? lane.id ?? '';
      draft.checkCode('roles', role, lane);
      const path = [...outer, lane];
      for (const node of list(lane, 'flowNodeRef')) {
        const other = lanes.get(node)?.at(-1);
        if (other && !path.includes(other) && roles.get(node) !== role)
          draft.refuse('process.twoLanes', node, `${other.id}, ${lane.id}`);
        lanes.set(node, path);
        roles.set(node, role);
      }
      const inner = ref(lane, 'childLaneSet');
      if (inner && depth >= DEEPEST) give(draft, 'process.tooDeep', lane, `${DEEPEST}`);
      if (inner) visit(inner, depth + 1, path);
    }
  };
  for (const laneSet of list(container, 'laneSets')) visit(laneSet);
  return roles;
}

/** The role that an activity names itself; that of an event says who may send it. */
function roleOf(element: ModdleElement): string | undefined {
  return hostTypes.has(element.$type) ? text(element, 'wm:role') : undefined;
}

/** Whether a sub-process is begun by an event. */
export function isHandler(element: ModdleElement): boolean {
  return element.$type === 'bpmn:SubProcess' && flag(element, 'triggeredByEvent');
}
