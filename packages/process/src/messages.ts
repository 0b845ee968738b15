import { isOffered } from './actions.ts';
import { type Catcher, catchersOf } from './catchers.ts';
import { contextIn } from './context.ts';
import { refuse } from './errors.ts';
import { evaluate, type FeelContext } from './feel.ts';
import type { AssignRule, Graph } from './graph.ts';
import type { MessageCommand, ProcessState, StepOptions, Token } from './state.ts';
import { instanceOf, MAIN, scopeOf } from './tree.ts';

/** An action that may be sent now, though no task asks for it. */
export interface Message {
  readonly message: string;
  readonly node: string;
  /** What the drawing calls the event. */
  readonly name: string;
  /** Key of the innermost instance that it would be caught in. */
  readonly instance: string | null;
  /** The innermost scope that it would be caught in; 0 is the main strand, -1 beside it. */
  readonly scope: number;
  /** Token of the task that the event stands on. */
  readonly task: number | null;
  /** The roles that may send it, separated by blanks. Null: it comes from the process itself or from outside. */
  readonly role: string | null;
  readonly assign: AssignRule;
  readonly form?: string;
  readonly interrupting: boolean;
}

/**
 * The messages that something waits for. `wm:when` is judged like the condition of an action: what depends on
 * fields of the form is offered. Without a state (nothing alive) these are the process's own starts. `only`: the one
 * that is asked for.
 */
export function messagesOf(
  graph: Graph,
  state: ProcessState | null,
  vars: FeelContext,
  options: StepOptions = {},
  only?: string,
): readonly Message[] {
  const tokens = state?.t ?? [];
  const contexts = new Map<number, FeelContext>();
  const seen = (scope: number): FeelContext => {
    let context = contexts.get(scope);
    if (!context) contexts.set(scope, (context = contextIn(graph, tokens, scope, vars, options)));
    return context;
  };
  return catchersOf(graph, tokens, isMainAlive(tokens), only).flatMap((catcher): Message[] => {
    const { node, event, scope, task } = catcher;
    const { message, role, assign, form, when } = event;
    if (when && !isOffered(when, message, seen(scope))) return [];
    return [
      {
        message,
        node: node.id,
        name: node.name,
        instance: instanceOf(graph, tokens, scope)?.key ?? null,
        scope,
        task,
        role,
        assign,
        ...(form !== undefined && { form }),
        interrupting: isInterrupting(catcher),
      },
    ];
  });
}

/** The one that catches a message which comes from outside. */
export function catcherFor(
  graph: Graph,
  tokens: readonly Token[],
  command: MessageCommand,
  contextOf: (scope: number) => FeelContext,
): Catcher {
  const { message, instance, node, scope, task } = command;
  const found = catchersOf(graph, tokens, isMainAlive(tokens), message).filter(
    (catcher) =>
      (node === undefined || catcher.node.id === node) &&
      (scope === undefined || catcher.scope === scope) &&
      (task === undefined || catcher.task === task) &&
      (instance === undefined || instanceOf(graph, tokens, catcher.scope)?.key === instance) &&
      isCaught(catcher, contextOf),
  );
  const [only] = found;
  if (!only) refuse('process.messageNotAwaited', { detail: message });
  // of tokens that wait at one place for the same, the oldest goes on
  const alike = found.every(({ node, scope }) => node === only.node && scope === only.scope);
  if (found.length > 1 && !(alike && only.node.kind === 'catch')) {
    refuse('process.ambiguousMessage', {
      detail: `${message}: ${found.map((catcher) => catcher.node.id).join(', ')}`,
    });
  }
  return only;
}

export function isCaught(catcher: Catcher, contextOf: (scope: number) => FeelContext): boolean {
  const { when } = catcher.event;
  return !when || evaluate(when, contextOf(catcher.scope)) === true;
}

/** Whether the main strand runs: its timers are disarmed when it ends, so that any token tells. */
export function isMainAlive(tokens: readonly Token[]): boolean {
  return tokens.some((token) => scopeOf(token) === MAIN);
}

function isInterrupting({ node, scope }: Catcher): boolean {
  if (node.kind === 'boundary') return node.interrupting;
  return node.kind === 'start' && scope >= MAIN && node.interrupting;
}
