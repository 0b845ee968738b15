import type { CompiledFeel } from './feel.ts';

/** How the post that a task waits for is found. */
export const assignRules = ['role', 'collectorOfGrid', 'unitOfAssignment', 'crewOfAssignment'] as const;
export type AssignRule = (typeof assignRules)[number];

/** How a case may end. */
export const outcomes = ['closed', 'declined', 'rejected', 'voided', 'merged', 'answered', 'transferred'] as const;
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

interface NodeBase {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  /** Indexes into `Graph.flows`. */
  readonly incoming: readonly number[];
  readonly outgoing: readonly number[];
}

export interface StartNode extends NodeBase {
  readonly kind: 'start';
}

export interface EndNode extends NodeBase {
  readonly kind: 'end';
  readonly outcome: Outcome;
  /** Ends the whole case, whatever else is open (terminate and error end events). */
  readonly terminates: boolean;
  /** The code of an error end event. */
  readonly code?: string;
}

export interface TaskNode extends NodeBase {
  readonly kind: 'task';
  /** Code of the vocabulary (or `x-…`). */
  readonly step: string;
  readonly role: string;
  readonly assign: AssignRule;
  readonly limit: string | null;
  readonly form: string | null;
  readonly reminders: readonly Reminder[];
  readonly actions: readonly TaskAction[];
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

export type GraphNode = StartNode | EndNode | TaskNode | GatewayNode;

/** One compiled version of a process. Immutable; node indexes are stable for one text of the drawing. */
export interface Graph {
  readonly id: string;
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly flows: readonly Flow[];
  readonly start: number;
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
