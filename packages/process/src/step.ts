import { refuse } from './errors.ts';
import { evaluate, type FeelContext } from './feel.ts';
import {
  type Action,
  type AssignRule,
  type Flow,
  type GatewayNode,
  type Graph,
  nodeOf,
  type Outcome,
  type Reminder,
  type TaskAction,
  type TaskNode,
} from './graph.ts';

/**
 * Where a case stands: plain JSON, 0.1 KB, to be kept with the version of the graph that it names.
 * `t` holds the tokens, each `[token, node]`, or `[token, join, flow]` while it waits at a join for the others;
 * `n` is the number of the next token. No tokens: the case has ended.
 */
export interface ProcessState {
  readonly t: readonly Token[];
  readonly n: number;
}

export type Token =
  | readonly [token: number, node: number]
  | readonly [token: number, node: number, flow: number];

/** A person's answer to an open task. `data` are the fields of the action's form. */
export interface StepCommand {
  readonly token: number;
  readonly action: string;
  readonly data?: FeelContext;
}

export interface OpenTask {
  readonly type: 'openTask';
  readonly token: number;
  readonly node: string;
  readonly step: string;
  readonly role: string;
  readonly assign: AssignRule;
  readonly limit: string | null;
  readonly form: string | null;
  readonly reminders: readonly Reminder[];
}

/** `action` is null where the task was not answered but withdrawn, because the whole case ended. */
export interface CloseTask {
  readonly type: 'closeTask';
  readonly token: number;
  readonly node: string;
  readonly action: string | null;
}

/** The last token is gone. `code` is that of an error end event. */
export interface End {
  readonly type: 'end';
  readonly node: string;
  readonly outcome: Outcome;
  readonly code?: string;
}

export type Effect = OpenTask | CloseTask | End;

export interface StepResult {
  readonly state: ProcessState;
  readonly effects: readonly Effect[];
}

// A drawing that forks without joining in a loop would grow for ever
const maxTokens = 64;

/** Opens a case: walks from the start to its first task or tasks. */
export function startProcess(graph: Graph, vars: FeelContext): StepResult {
  const walk = new Walk(graph, [], 1, vars);
  walk.follow(graph.nodes[graph.start]!.outgoing);
  return walk.result();
}

/**
 * Takes one action: closes its task and walks gateways until tasks or ends. The same graph, state, command and
 * variables always give the same result; each opened task has a token that no other task of the case ever had.
 *
 * Conditions see `data`, then `vars`, then `action`: what the client sends never hides what the case knows.
 * Refusals: `process.tokenNotOpen`, `process.actionNotAllowed`, `process.noFlow` (the data satisfy no flow),
 * `process.ambiguousFlow`, `process.deadlock` (joins wait for tokens that cannot come), `process.tooManyTokens`.
 */
export function step(graph: Graph, state: ProcessState, command: StepCommand, vars: FeelContext): StepResult {
  const node = openTaskNode(graph, state, command.token);
  const { token, action } = command;
  const context: FeelContext = { ...command.data, ...vars, action };
  const flow = chooseAction(graph, node, action, context, vars);

  const rest = state.t.filter((other) => other[0] !== token);
  const walk = new Walk(graph, rest, state.n, context);
  walk.effects.push({ type: 'closeTask', token, node: node.id, action });
  walk.follow([flow.index]);
  return walk.result();
}

/**
 * The actions offered now. A condition's other parts are judged by `vars`; what depends on the fields of the
 * action's form is offered and judged when the action is taken.
 */
export function actionsOf(graph: Graph, node: number | string, vars: FeelContext): readonly Action[] {
  const task = nodeOf(graph, node);
  if (task?.kind !== 'task') refuse('process.noTask', { element: String(node) });
  const offered: TaskAction[] = [];
  for (const action of task.actions) {
    if (offered.some((other) => other.action === action.action)) continue;
    if (isOffered(action, vars)) offered.push(action);
  }
  return offered.map(({ action, form, flowId, condition }) => ({
    action,
    ...(form !== undefined && { form }),
    flowId,
    condition,
  }));
}

/** The tasks that are open in a state, oldest first. */
export function openTasksOf(graph: Graph, state: ProcessState): readonly { token: number; node: TaskNode }[] {
  return state.t.flatMap(([token, index]) => {
    const node = graph.nodes[index];
    return node?.kind === 'task' ? [{ token, node }] : [];
  });
}

function openTaskNode(graph: Graph, state: ProcessState, token: number): TaskNode {
  for (const [id, index] of state.t) {
    if (id !== token) continue;
    const node = graph.nodes[index];
    if (node?.kind === 'task') return node;
  }
  return refuse('process.tokenNotOpen', { detail: `token ${token}` });
}

function isOffered(action: TaskAction, vars: FeelContext): boolean {
  for (const name of action.when.names) {
    if (name !== 'action' && !Object.hasOwn(vars, name)) return true;
  }
  return evaluate(action.when, { ...vars, action: action.action }) === true;
}

function chooseAction(
  graph: Graph,
  task: TaskNode,
  action: string,
  context: FeelContext,
  vars: FeelContext,
): Flow {
  const where = { element: task.id, type: 'bpmn:UserTask', detail: action };
  let chosen: TaskAction | undefined;
  let fallback: TaskAction | undefined;
  for (const candidate of task.actions) {
    if (candidate.action !== action) continue;
    if (candidate.default) {
      fallback = candidate;
    } else if (evaluate(candidate.when, context) === true) {
      if (chosen) refuse('process.ambiguousFlow', where);
      chosen = candidate;
    }
  }
  chosen ??= fallback;
  if (chosen) return graph.flows[chosen.flow]!;
  const offered = task.actions.some((candidate) => candidate.action === action && isOffered(candidate, vars));
  return refuse(offered ? 'process.noFlow' : 'process.actionNotAllowed', where);
}

/** One walk through the graph: from an answered task (or the start) to the next tasks and ends. */
class Walk {
  readonly effects: Effect[] = [];
  readonly #graph: Graph;
  readonly #context: FeelContext;
  #tokens: Token[];
  #next: number;
  #lastEnd: End | undefined;
  #ended = false;

  constructor(graph: Graph, tokens: readonly Token[], next: number, context: FeelContext) {
    this.#graph = graph;
    this.#tokens = [...tokens];
    this.#next = next;
    this.#context = context;
  }

  /** Puts a token on each of these flows. */
  follow(flows: readonly number[]): void {
    const open = [...flows].toReversed();
    for (;;) {
      for (let flow = open.pop(); flow !== undefined; flow = open.pop()) {
        open.push(...this.#enter(this.#graph.flows[flow]!).toReversed());
        if (this.#ended) return;
        if (this.#tokens.length + open.length > maxTokens)
          refuse('process.tooManyTokens', { element: this.#graph.id });
      }
      // An inclusive join can only be judged when all other tokens rest
      const released = this.#inclusiveJoin();
      if (released.length === 0) return;
      open.push(...released.toReversed());
    }
  }

  result(): StepResult {
    if (this.#tokens.length === 0) {
      if (this.#lastEnd) this.effects.push(this.#lastEnd);
    } else if (!this.#tokens.some(([, node]) => this.#graph.nodes[node]!.kind === 'task')) {
      refuse('process.deadlock', { element: this.#graph.nodes[this.#tokens[0]![1]]!.id });
    }
    return { state: { t: this.#tokens, n: this.#next }, effects: this.effects };
  }

  /** A token arrives by this flow; returns the flows by which it goes on at once. */
  #enter(flow: Flow): readonly number[] {
    const node = this.#graph.nodes[flow.target]!;
    switch (node.kind) {
      case 'task':
        this.#open(node);
        return [];
      case 'end': {
        const code = node.code === undefined ? {} : { code: node.code };
        this.#lastEnd = { type: 'end', node: node.id, outcome: node.outcome, ...code };
        if (node.terminates) this.#withdraw();
        return [];
      }
      case 'exclusive':
        return [this.#exclusive(node)];
      case 'parallel':
        if (node.incoming.length === 1) return node.outgoing;
        this.#tokens.push([this.#next++, node.index, flow.index]);
        return this.#join(node, node.incoming) ? node.outgoing : [];
      case 'inclusive':
        if (node.incoming.length === 1) return this.#inclusive(node);
        this.#tokens.push([this.#next++, node.index, flow.index]);
        return [];
      default:
        return refuse('process.startFlow', { element: node.id });
    }
  }

  #open(node: TaskNode): void {
    const token = this.#next++;
    this.#tokens.push([token, node.index]);
    const { step: stepCode, role, assign, limit, form, reminders } = node;
    this.effects.push({
      type: 'openTask',
      token,
      node: node.id,
      step: stepCode,
      role,
      assign,
      limit,
      form,
      reminders,
    });
  }

  #exclusive(node: GatewayNode): number {
    for (const index of node.outgoing) {
      const { condition } = this.#graph.flows[index]!;
      if (index !== node.defaultFlow && (!condition || evaluate(condition, this.#context) === true))
        return index;
    }
    return node.defaultFlow ?? refuse('process.noFlow', { element: node.id, type: 'bpmn:ExclusiveGateway' });
  }

  #inclusive(node: GatewayNode): readonly number[] {
    const taken = node.outgoing.filter((index) => {
      const { condition } = this.#graph.flows[index]!;
      return index !== node.defaultFlow && (!condition || evaluate(condition, this.#context) === true);
    });
    if (taken.length > 0) return taken;
    return [
      node.defaultFlow ?? refuse('process.noFlow', { element: node.id, type: 'bpmn:InclusiveGateway' }),
    ];
  }

  /** Takes one waiting token of each of these flows away, if all are there. */
  #join(node: GatewayNode, flows: readonly number[]): boolean {
    const taken: Token[] = [];
    for (const flow of flows) {
      const waiting = this.#tokens.find((token) => token[1] === node.index && token[2] === flow);
      if (!waiting) return false;
      taken.push(waiting);
    }
    this.#tokens = this.#tokens.filter((token) => !taken.includes(token));
    return true;
  }

  /** Releases the first inclusive join to which no other token can come any more. */
  #inclusiveJoin(): readonly number[] {
    for (const token of this.#tokens) {
      const node = this.#graph.nodes[token[1]]!;
      if (node.kind !== 'inclusive' || !node.reach) continue;
      const filled = node.incoming.filter((flow) =>
        this.#tokens.some((t) => t[1] === node.index && t[2] === flow),
      );
      if (this.#tokens.some((other) => this.#mayArrive(other, node, filled))) continue;
      this.#join(node, filled);
      return this.#inclusive(node);
    }
    return [];
  }

  /** BPMN 2.0 §13.4.3: a token that can reach an empty incoming flow, but none that is already filled. */
  #mayArrive(token: Token, join: GatewayNode, filled: readonly number[]): boolean {
    if (token[1] === join.index) return false;
    let empty = false;
    for (const [position, flow] of join.incoming.entries()) {
      if (!join.reach![position]!.has(token[1])) continue;
      if (filled.includes(flow)) return false;
      empty = true;
    }
    return empty;
  }

  /** The whole case ends here: open tasks are withdrawn, waiting tokens vanish. */
  #withdraw(): void {
    this.#ended = true;
    for (const [token, index] of this.#tokens) {
      const node = this.#graph.nodes[index]!;
      if (node.kind === 'task') this.effects.push({ type: 'closeTask', token, node: node.id, action: null });
    }
    this.#tokens = [];
  }
}
