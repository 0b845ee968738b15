import { chooseFlow } from './actions.ts';
import { contextIn } from './context.ts';
import { refuse } from './errors.ts';
import type { FeelContext } from './feel.ts';
import type { Graph, TaskNode } from './graph.ts';
import { addInstances, instanceCompleted } from './loops.ts';
import { catcherFor } from './messages.ts';
import type {
  AnswerCommand,
  MessageCommand,
  ProcessState,
  StepCommand,
  StepOptions,
  StepResult,
  TimerCommand,
  Token,
} from './state.ts';
import { timerOf } from './timers.ts';
import { instanceOf, isOpenTask, keyOf, scopeOf } from './tree.ts';
import { Walk } from './walk.ts';

const noOptions: StepOptions = {};

/** Opens a case: walks from the start to its first task or tasks. */
export function startProcess(graph: Graph, vars: FeelContext, options = noOptions): StepResult {
  const walk = new Walk(graph, null, vars, options);
  walk.begin(graph.start);
  return walk.run();
}

/**
 * Takes one command: the answer to a task, a message, or a timer that is due. Walks on until every token waits
 * for somebody. The same graph, state, command and variables always give the same result; each token has a
 * number that no other of the case ever had.
 *
 * Conditions see `data`, then `vars`, then those of the instance, then `action`: what the client sends never
 * hides what the case knows. Refusals change nothing:
 * - `process.tokenNotOpen`, `process.actionNotAllowed`, `process.noFlow` (the data satisfy no flow),
 *   `process.ambiguousFlow`
 * - `process.messageNotAwaited`, `process.ambiguousMessage`, `process.timerNotArmed`
 * - `process.notRunning`, `process.ambiguousItems`, `process.duplicateInstance` (new instances), `process.items`
 * - `process.moment` (a timer at no moment), `process.deadlock` (joins wait for tokens that cannot come),
 *   `process.livelock`, `process.tooManyTokens`
 */
export function step(
  graph: Graph,
  state: ProcessState,
  command: StepCommand,
  vars: FeelContext,
  options = noOptions,
): StepResult {
  if ('token' in command) return answer(graph, state, command, vars, options);
  if ('message' in command) return send(graph, state, command, vars, options);
  return fire(graph, state, command, vars, options);
}

/** A task that is open in a state; `instance` is the key of the innermost instance that it belongs to. */
export interface StandingTask {
  readonly token: number;
  readonly node: TaskNode;
  readonly scope: number;
  readonly instance: string | null;
}

/** The tasks that are open in a state, oldest first. */
export function openTasksOf(graph: Graph, state: ProcessState): readonly StandingTask[] {
  const tasks: StandingTask[] = [];
  for (const token of state.t) {
    const node = graph.nodes[token[1]];
    if (node?.kind !== 'task' || !isOpenTask(node, token)) continue;
    const [id] = token;
    const key = keyOf(token);
    tasks.push({
      token: id,
      node,
      scope: key === undefined ? scopeOf(token) : id,
      instance: key ?? instanceOf(graph, state.t, scopeOf(token))?.key ?? null,
    });
  }
  return tasks;
}

function answer(
  graph: Graph,
  state: ProcessState,
  command: AnswerCommand,
  vars: FeelContext,
  options: StepOptions,
): StepResult {
  const { action, data, add } = command;
  const [token, node] = openTask(graph, state, command.token);
  const scope = scopeOf(token);
  const inner = keyOf(token) === undefined ? scope : token[0];
  const walk = new Walk(graph, state, { ...data, ...vars, action }, options);
  const { board } = walk;
  const known = (): FeelContext => contextIn(graph, state.t, inner, vars, options);
  const flow = chooseFlow(node, action, board.contextOf(inner), known);

  board.closeTask(token, node, action);
  if (keyOf(token) === undefined) {
    board.remove(token[0]);
    walk.follow([flow], scope);
    if (add) addInstances(walk, add, scope);
  } else {
    walk.chosen.set(scope, flow);
    if (add) addInstances(walk, add, scope);
    instanceCompleted(walk, token);
  }
  return walk.run();
}

function openTask(graph: Graph, state: ProcessState, id: number): [Token, TaskNode] {
  for (const token of state.t) {
    if (token[0] !== id) continue;
    const node = graph.nodes[token[1]];
    if (node?.kind === 'task' && isOpenTask(node, token)) return [token, node];
  }
  return refuse('process.tokenNotOpen', { detail: `token ${id}` });
}

function send(
  graph: Graph,
  state: ProcessState,
  command: MessageCommand,
  vars: FeelContext,
  options: StepOptions,
): StepResult {
  const { message, data, add } = command;
  const walk = new Walk(graph, state, { ...data, ...vars, action: message }, options);
  const catcher = catcherFor(graph, state.t, command, walk.board.contextOf);
  if (add) addInstances(walk, add, catcher.scope);
  walk.catchMessage(catcher);
  return walk.run();
}

function fire(
  graph: Graph,
  state: ProcessState,
  command: TimerCommand,
  vars: FeelContext,
  options: StepOptions,
): StepResult {
  const walk = new Walk(graph, state, vars, options);
  const token = state.t.find(([id]) => id === command.timer);
  const node = token && graph.nodes[token[1]]!;
  if (!token || !node || !timerOf(node))
    refuse('process.timerNotArmed', { detail: `token ${command.timer}` });
  const scope = scopeOf(token);
  if (command.add) addInstances(walk, command.add, scope);
  walk.fire(token, node);
  return walk.run();
}
