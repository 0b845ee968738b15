import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  armedOf,
  compileProcess,
  type FeelContext,
  type Graph,
  messagesOf,
  openTasksOf,
  type ProcessState,
  startProcess,
  step,
  type StepCommand,
  type StepResult,
} from './index.ts';
import { choices, complete, copied, drawings, isSound, live, possible, tryStep } from './living.testing.ts';
import { model, quietBlocks, variables } from './models.testing.ts';

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

  test('what interrupts withdraws exactly what was open in its scope, and disarms its timers', async () => {
    let interrupted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.option(quietBlocks),
        quietBlocks,
        variables,
        choices,
        async (strand, main, vars, picks) => {
          const graph = await compileProcess(model(main, strand));
          let { state } = startProcess(graph, vars);
          for (const pick of picks) {
            const commands = possible(graph, state, vars);
            if (commands.length === 0) break;
            const command = commands[pick % commands.length]!;
            const expected = withdrawnBy(graph, state, command, vars);
            const result = tryStep(graph, state, command, vars);
            if (!result) continue;
            if (expected.length > 0) interrupted += 1;
            const closed = result.effects.flatMap((effect) =>
              effect.type === 'closeTask' && effect.action === null ? [effect.token] : [],
            );
            const disarmed = result.effects.flatMap((effect) =>
              effect.type === 'disarmTimer' ? [effect.token] : [],
            );
            const timers = armedOf(graph, state).map(({ token }) => token);
            expect(closed).toEqual(expected.filter((token) => !timers.includes(token)));
            for (const token of timers) {
              if (expected.includes(token)) expect(disarmed).toContain(token);
              // what else is disarmed stood on something that came to its end in this step
              else if (disarmed.includes(token))
                expect(isGone(result.state, hostOf(state, token))).toBe(true);
            }
            ({ state } = result);
          }
        },
      ),
      { numRuns: 600 },
    );
    expect(interrupted).toBeGreaterThan(50);
  });
});

const ascending = (a: number, b: number): number => a - b;

function hostOf(state: ProcessState, timer: number): number {
  return state.t.find(([id]) => id === timer)![3] ?? 0;
}

function isGone(state: ProcessState, scope: number): boolean {
  return scope === 0 ? !state.t.some(([, , , at = 0]) => at === 0) : !state.t.some(([id]) => id === scope);
}

/** The open tasks and armed timers in what a message or timer interrupts, by the state alone. */
function withdrawnBy(graph: Graph, state: ProcessState, command: StepCommand, vars: FeelContext): number[] {
  const target = targetOf(graph, state, command, vars);
  if (!target) return [];
  const inside = new Set<number>([target.root]);
  for (const [id, , , scope = 0] of state.t) if (inside.has(scope)) inside.add(id);
  const fired = 'timer' in command ? command.timer : -1;
  const shown = [...openTasksOf(graph, state), ...armedOf(graph, state)].map(({ token }) => token);
  return shown
    .filter((token) => inside.has(token) && token !== fired && (target.self || token !== target.root))
    .toSorted(ascending);
}

/** What a command interrupts: a token with all that stands in it, or only what stands in it. */
function targetOf(graph: Graph, state: ProcessState, command: StepCommand, vars: FeelContext) {
  if ('timer' in command) {
    const [, index, , scope = 0] = state.t.find(([id]) => id === command.timer)!;
    const node = graph.nodes[index]!;
    if (node.kind === 'catch' || !('interrupting' in node) || !node.interrupting) return undefined;
    return { root: scope, self: node.kind === 'boundary' };
  }
  if (!('message' in command)) return undefined;
  const node = graph.nodes[graph.indexOf.get(command.node!)!]!;
  const offered = messagesOf(graph, state, vars).find(
    (one) => one.node === command.node && one.scope === command.scope && one.task === (command.task ?? null),
  );
  if (!offered?.interrupting) return undefined;
  if (node.kind !== 'boundary') return { root: command.scope!, self: false };
  const host = state.t.find(
    ([id, index, , scope = 0, of]) =>
      index === node.host &&
      scope === command.scope &&
      typeof of !== 'string' &&
      (command.task === undefined || id === command.task),
  );
  return { root: host![0], self: true };
}
