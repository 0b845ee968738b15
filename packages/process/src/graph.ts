import type { CompiledFeel } from './feel.ts';

/** How the post that a task waits for is found. */
export const assignRules = [
  'role',
  'collectorOfGrid',
  'unitOfAssignment',
  'crewOfAssignment',
  'unitOfCase',
  'unitOfInstance',
  'applicant',
  'cityRole',
  'districtRole',
] as const;
export type AssignRule = (typeof assignRules)[number];

/** How a case may end. */
export const outcomes = [
  'closed',
  'declined',
  'rejected',
  'voided',
  'merged',
  'answered',
  'transferred',
] as const;
export type Outcome = (typeof outcomes)[number];

/** When a reminder is due: a share of the task's limit, or a fixed time after the task was opened. */
export type ReminderAt =
  | { readonly kind: 'fraction'; readonly value: number }
  | { readonly kind: 'duration'; readonly ms: number };

/** A non-interrupting timer on a user task. */
export interface Reminder {
  readonly code: string;
  readonly at: ReminderAt;
}

/** What a person may do with a task: one conditional flow that leaves it. */
export interface Action {
  readonly action: string;
  /** Of the flow, as drawn; '' where it has none. */
  readonly name: string;
  /** Of the flow, else of the task; left out: the form of the action's own name. */
  readonly form?: string;
  readonly flowId: string;
  /** The whole FEEL condition, as the drawing has it (or `action = "…"` where it only names the action). */
  readonly condition: string;
}

export interface Flow {
  readonly index: number;
  readonly id: string;
  readonly source: number;
  readonly target: number;
  readonly condition?: CompiledFeel;
}

/** An action that is no answer to a task: who may send it, with which form, and when. */
export interface MessageEvent {
  readonly kind: 'message';
  readonly message: string;
  /** The roles that may send it, separated by blanks; null: none may. */
  readonly role: string | null;
  readonly assign: AssignRule;
  readonly form?: string;
  readonly when?: CompiledFeel;
}

export interface TimerEvent {
  readonly kind: 'timer';
  readonly code: string;
  /** `moment` is evaluated when the timer is armed. */
  readonly at: ReminderAt | { readonly kind: 'moment'; readonly feel: CompiledFeel };
  readonly limit: string | null;
}

/** `code` is null where every error is caught. */
export interface ErrorEvent {
  readonly kind: 'error';
  readonly code: string | null;
}

/** One instance of an activity for each key of a list. */
export interface Loop {
  /** The variable that holds the list. */
  readonly items: string;
  readonly sequential: boolean;
  readonly until?: CompiledFeel;
}

interface NodeBase {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  /** Index into `Graph.scopes`: where it is drawn. */
  readonly scope: number;
  /** Indexes into `Graph.flows`. */
  readonly incoming: readonly number[];
  readonly outgoing: readonly number[];
}

/** What can be entered by a flow and stays for a while. */
interface HostBase extends NodeBase {
  readonly loop: Loop | null;
  /** Indexes of the events on its border, reminders left out. */
  readonly boundaries: readonly number[];
}

/** Without `event` the plain start of its scope; else that of an event sub-process or of a strand. */
export interface StartNode extends NodeBase {
  readonly kind: 'start';
  readonly event: MessageEvent | TimerEvent | ErrorEvent | null;
  readonly interrupting: boolean;
  /** Begins the main strand anew (`wm:strand="main"`). */
  readonly main: boolean;
}

export interface EndNode extends NodeBase {
  readonly kind: 'end';
  /** Null where its end says nothing about the case. */
  readonly outcome: Outcome | null;
  /** Ends its scope, whatever else is open (terminate and error end events). */
  readonly terminates: boolean;
  /** The code of an error end event. */
  readonly code?: string;
  /** The name of the message that a message end event sends. */
  readonly message?: string;
}

export interface TaskNode extends HostBase {
  readonly kind: 'task';
  /** Code of the vocabulary (or `x-…`). */
  readonly step: string;
  readonly role: string;
  readonly assign: AssignRule;
  readonly limit: string | null;
  readonly form: string | null;
  readonly reminders: readonly Reminder[];
  readonly actions: readonly TaskAction[];
  /** The flow that is taken where nobody answered (an empty list of instances). */
  readonly unanswered: number | null;
}

/** A sub-process or a called process. */
export interface ActivityNode extends HostBase {
  readonly kind: 'activity';
  /** Index of the scope that it holds. */
  readonly inner: number;
}

/** An event sub-process; it stands in no flow. */
export interface HandlerNode extends NodeBase {
  readonly kind: 'handler';
  readonly inner: number;
  readonly interrupting: boolean;
}

export interface BoundaryNode extends NodeBase {
  readonly kind: 'boundary';
  readonly host: number;
  readonly interrupting: boolean;
  readonly event: MessageEvent | TimerEvent | ErrorEvent;
}

/** An intermediate event that waits. */
export interface CatchNode extends NodeBase {
  readonly kind: 'catch';
  readonly event: MessageEvent | TimerEvent;
}

/** An intermediate event that sends; without a message it only marks a place. */
export interface ThrowNode extends NodeBase {
  readonly kind: 'throw';
  readonly message: string | null;
}

/** An action with what the stepper needs to offer and to take it. */
export interface TaskAction extends Action {
  readonly flow: number;
  readonly when: CompiledFeel;
  readonly default: boolean;
}

export interface GatewayNode extends NodeBase {
  readonly kind: 'exclusive' | 'parallel' | 'inclusive';
  /** Flow that is taken when no condition holds. */
  readonly defaultFlow: number | null;
  /**
   * Inclusive join only: for each incoming flow the nodes from which a token can still come by it without
   * passing this gateway (BPMN 2.0 §13.4.3).
   */
  readonly reach?: readonly ReadonlySet<number>[];
}

export type GraphNode =
  | StartNode
  | EndNode
  | TaskNode
  | ActivityNode
  | HandlerNode
  | BoundaryNode
  | CatchNode
  | ThrowNode
  | GatewayNode;

/** A process, a sub-process or an event sub-process; number 0 is the process itself. */
export interface Scope {
  readonly index: number;
  /** The activity or event sub-process that holds it; null for the process. */
  readonly node: number | null;
  readonly parent: number | null;
  /** Its plain start event, or the only one of an event sub-process. */
  readonly start: number;
  /** Start events of the event sub-processes that are drawn directly in it. */
  readonly handlers: readonly number[];
}

/** One compiled version of a process. Immutable; node indexes are stable for one text of the drawing. */
export interface Graph {
  readonly id: string;
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly flows: readonly Flow[];
  readonly scopes: readonly Scope[];
  readonly start: number;
  /** Start events that a message brings about: each begins a strand. */
  readonly strands: readonly number[];
  readonly roles: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
}

/** The user tasks of a process, in the order of the drawing. */
export function tasksOf(graph: Graph): readonly TaskNode[] {
  return graph.nodes.filter((node) => node.kind === 'task');
}

/** The node with this index or element id, if there is one. */
export function nodeOf(graph: Graph, node: number | string): GraphNode | undefined {
  const index = typeof node === 'number' ? node : graph.indexOf.get(node);
  return index === undefined ? undefined : graph.nodes[index];
}
