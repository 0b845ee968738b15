import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  actionsOf,
  armedOf,
  compileProcess,
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
import { allBlocks, model, variables } from './models.testing.ts';

const copied = (state: ProcessState) => JSON.parse(JSON.stringify(state)) as ProcessState;

/** Everything that could happen next. */
function possible(graph: Graph, state: ProcessState, vars: FeelContext): StepCommand[] {
  return [
    ...openTasksOf(graph, state).flatMap(({ token, node }) =>
      actionsOf(graph, node.index, vars).map(({ action }) => ({ token, action })),
    ),
    ...messagesOf(graph, state, vars).map(({ message, node, instance, task }) => ({
      message,
      node,
      ...(instance !== null && { instance }),
      ...(task !== null && { task }),
    })),
    ...armedOf(graph, state).map(({ token }) => ({ timer: token })),
  ];
}

/** A step that a case may have refused: what several wait for, what would grow too far. */
function tryStep(graph: Graph, state: ProcessState, command: StepCommand, vars: FeelContext) {
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

interface Lived {
  readonly log: StepCommand[];
  readonly results: StepResult[];
}

function live(graph: Graph, vars: FeelContext, picks: readonly number[]): Lived {
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
function complete(graph: Graph, from: ProcessState, vars: FeelContext): number {
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
        : { message: waiting!.message, ...(waiting!.instance !== null && { instance: waiting!.instance }) };
    state = step(graph, state, command, vars).state;
  }
  throw new Error('does not end');
}

/** What the effects tell is what the state holds. */
class Ledger {
  readonly open = new Set<number>();
  readonly armed = new Set<number>();
  readonly #ever = new Set<number>();
  alive = true;

  book(command: StepCommand | undefined, { effects }: StepResult): void {
    if (command && 'timer' in command) expect(this.armed.delete(command.timer)).toBe(true);
    for (const effect of effects) {
      switch (effect.type) {
        case 'openTask':
        case 'armTimer':
          expect(this.#ever.has(effect.token)).toBe(false);
          this.#ever.add(effect.token);
          (effect.type === 'openTask' ? this.open : this.armed).add(effect.token);
          break;
        case 'closeTask':
          expect(this.open.delete(effect.token)).toBe(true);
          break;
        case 'disarmTimer':
          expect(this.armed.delete(effect.token)).toBe(true);
          break;
        case 'end':
          expect(this.alive).toBe(true);
          this.alive = false;
          break;
        default:
      }
    }
  }

  check(graph: Graph, state: ProcessState): void {
    const sorted = (ids: Iterable<number>) => [...ids].toSorted((a, b) => a - b);
    expect(sorted(openTasksOf(graph, state).map(({ token }) => token))).toEqual(sorted(this.open));
    expect(sorted(armedOf(graph, state).map(({ token }) => token))).toEqual(sorted(this.armed));
    expect(state.t.some(([, , , scope = 0]) => scope === 0)).toBe(this.alive);
    expect(state.e === undefined || this.alive).toBe(true);
  }
}

/** Each token is there once, in a scope that is there, on a node that is drawn in that scope. */
function isSound(graph: Graph, state: ProcessState): void {
  const seen = new Map<number, number>([
    [0, 0],
    [-1, 0],
  ]);
  for (const [id, index, , scope = 0, of] of state.t) {
    expect(seen.has(id)).toBe(false);
    expect(id).toBeLessThan(state.n);
    expect(seen.has(scope)).toBe(true);
    const node = graph.nodes[index]!;
    const around = seen.get(scope)!;
    if (node.kind === 'boundary') expect(around).toBe(-node.host - 1);
    else if (node.kind === 'start' && node.event?.kind === 'timer') {
      expect(graph.scopes[node.scope]!.parent).toBe(around);
    } else if (typeof of === 'string') expect(around).toBe(-index - 1);
    else expect(node.scope).toBe(around);
    seen.set(id, insideOf(graph, index, of));
  }
  // nothing is left that holds nothing
  for (const [id, index, , , of] of state.t) {
    const node = graph.nodes[index]!;
    const holds =
      node.kind === 'activity' ||
      node.kind === 'handler' ||
      (node.kind === 'start' && node.event?.kind === 'message') ||
      Array.isArray(of);
    const held = state.t.filter(([, inner, , scope]) => {
      const { kind } = graph.nodes[inner]!;
      return scope === id && kind !== 'boundary' && kind !== 'start';
    });
    expect(held.length > 0).toBe(holds);
  }
}

/** What may stand in a token: a drawn scope, or (below zero) what belongs to the node itself. */
function insideOf(graph: Graph, index: number, of: unknown): number {
  const node = graph.nodes[index]!;
  if (Array.isArray(of) || node.kind === 'task') return -index - 1;
  if (node.kind === 'activity') return node.inner;
  return node.kind === 'handler' ? node.inner : 0;
}

const choices = fc.array(fc.nat(), { maxLength: 30 });
const drawings = fc.tuple(allBlocks, fc.option(allBlocks)).map(([main, strand]) => model(main, strand));

describe('whatever is drawn and whatever people do', () => {
  test('no token is lost or doubled, and the log replays to the same state', async () => {
    await fc.assert(
      fc.asyncProperty(drawings, variables, choices, async (xml, vars, picks) => {
        const graph = await compileProcess(xml);
        const { log, results } = live(graph, vars, picks);
        const ledger = new Ledger();
        let replayed = startProcess(graph, vars);
        for (const [at, result] of results.entries()) {
          const command = log[at - 1];
          if (command) replayed = step(graph, copied(replayed.state), command, vars);
          expect(replayed).toEqual(result);
          ledger.book(command, result);
          ledger.check(graph, result.state);
          isSound(graph, result.state);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('every state that is reached can end, by completing what is open', async () => {
    await fc.assert(
      fc.asyncProperty(drawings, variables, choices, async (xml, vars, picks) => {
        const graph = await compileProcess(xml);
        const { results } = live(graph, vars, picks);
        complete(graph, copied(results.at(-1)!.state), vars);
      }),
      { numRuns: 300 },
    );
  });
});
