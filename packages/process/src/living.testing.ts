import fc from 'fast-check';
import { expect } from 'vitest';
import {
  actionsOf,
  armedOf,
  type FeelContext,
  type Graph,
  messagesOf,
  openTasksOf,
  ProcessError,
  type ProcessState,
  startProcess,
  step,
  type StepCommand,
  type StepResult,
} from './index.ts';
import { allBlocks, model } from './models.testing.ts';

export const copied = (state: ProcessState) => JSON.parse(JSON.stringify(state)) as ProcessState;

/** Everything that could happen next. */
export function possible(graph: Graph, state: ProcessState, vars: FeelContext): StepCommand[] {
  return [
    ...openTasksOf(graph, state).flatMap(({ token, node }) =>
      actionsOf(graph, node.index, vars).map(({ action }) => ({ token, action })),
    ),
    ...messagesOf(graph, state, vars).map(({ message, node, scope, instance, task }) => ({
      message,
      node,
      scope,
      ...(instance !== null && { instance }),
      ...(task !== null && { task }),
    })),
    ...armedOf(graph, state).map(({ token }) => ({ timer: token })),
  ];
}

/** A step that a case may have refused: what several wait for, what would grow too far. */
export function tryStep(graph: Graph, state: ProcessState, command: StepCommand, vars: FeelContext) {
  const before = JSON.stringify(state);
  try {
    return step(graph, state, command, vars);
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    expect(['process.ambiguousMessage', 'process.tooManyTokens', 'process.livelock']).toContain(error.code);
    expect(JSON.stringify(state)).toBe(before);
    return undefined;
  }
}

export interface Lived {
  readonly log: StepCommand[];
  readonly results: StepResult[];
}

export function live(graph: Graph, vars: FeelContext, picks: readonly number[]): Lived {
  const log: StepCommand[] = [];
  const results = [startProcess(graph, vars)];
  for (const pick of picks) {
    const { state } = results.at(-1)!;
    const commands = possible(graph, state, vars);
    if (commands.length === 0) break;
    const command = commands[pick % commands.length]!;
    const result = tryStep(graph, state, command, vars);
    if (!result) continue;
    log.push(command);
    results.push(result);
  }
  return { log, results };
}

/** Completes what is open, and begins nothing. */
export function complete(graph: Graph, from: ProcessState, vars: FeelContext): number {
  let state = from;
  for (let steps = 0; steps < 2000; steps += 1) {
    if (state.t.length === 0) return steps;
    const [task] = openTasksOf(graph, state);
    const waiting = messagesOf(graph, state, vars).find(
      ({ node }) => graph.nodes[graph.indexOf.get(node)!]!.kind === 'catch',
    );
    const timer = armedOf(graph, state).find(
      ({ node }) => graph.nodes[graph.indexOf.get(node)!]!.kind === 'catch',
    );
    const command: StepCommand = task
      ? { token: task.token, action: 'go' }
      : timer
        ? { timer: timer.token }
        : { message: waiting!.message, scope: waiting!.scope };
    state = step(graph, state, command, vars).state;
  }
  throw new Error('does not end');
}

/** Each token is there once, in a scope that is there, on a node that is drawn in that scope. */
export function isSound(graph: Graph, state: ProcessState): void {
  const nodeAt = new Map<number, number>();
  for (const [id, index, , scope = 0, of] of state.t) {
    expect(nodeAt.has(id)).toBe(false);
    expect(id).toBeLessThan(state.n);
    const node = graph.nodes[index]!;
    const around = scope > 0 ? graph.nodes[nodeAt.get(scope)!]! : undefined;
    if (node.kind === 'boundary') expect(around!.index).toBe(node.host);
    else if (typeof of === 'string') expect(around).toBe(node);
    else {
      const drawn = around && 'inner' in around ? around.inner : 0;
      const isTimer = node.kind === 'start' && node.event?.kind === 'timer';
      expect(isTimer ? graph.scopes[node.scope]!.parent : node.scope).toBe(drawn);
    }
    nodeAt.set(id, index);
  }
  // nothing is left that holds nothing
  for (const [id, index, , , of] of state.t) {
    const node = graph.nodes[index]!;
    const strand = node.kind === 'start' && node.event?.kind === 'message';
    const holds = 'inner' in node || strand || Array.isArray(of);
    const held = state.t.filter(([, inner, , scope]) => {
      const { kind } = graph.nodes[inner]!;
      return scope === id && kind !== 'boundary' && kind !== 'start';
    });
    expect(held.length > 0).toBe(holds);
  }
}

export const choices = fc.array(fc.nat(), { maxLength: 30 });
export const drawings = fc
  .tuple(allBlocks, fc.option(allBlocks))
  .map(([main, strand]) => model(main, strand));
