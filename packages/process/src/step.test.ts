import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { by, drawing, end, pass, start, task } from './drawing.testing.ts';
import {
  actionsOf,
  compileProcess,
  type Effect,
  type FeelContext,
  type Graph,
  openTasksOf,
  ProcessError,
  type ProcessState,
  startProcess,
  step,
  type StepCommand,
  type StepResult,
} from './index.ts';

const caseGraph = await compileProcess(readFileSync(new URL('./line.testing.bpmn', import.meta.url), 'utf8'));
const byHand = {
  source: 'hotline12345',
  verify: true,
  autoAccept: false,
  autoSendVerify: false,
  autoSendCheck: false,
};

const short = (effects: readonly Effect[]): string[] =>
  effects.map((effect) => {
    if (effect.type === 'openTask') return `+${effect.node}`;
    if (effect.type === 'closeTask') return `-${effect.node}${effect.action === null ? '!' : ''}`;
    return effect.type === 'end' ? `end ${effect.outcome}` : effect.type;
  });

/** Answers the task that is open at this node. */
function act(
  graph: Graph,
  from: StepResult,
  node: string,
  action: string,
  vars: FeelContext = {},
  data = {},
) {
  const open = openTasksOf(graph, from.state).find((task) => task.node.id === node);
  return step(graph, from.state, { token: open!.token, action, data }, vars);
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof ProcessError) return error.code;
    throw error;
  }
  return 'no refusal';
};

describe('a process in one line', () => {
  test('goes from report to close in less than half a kilobyte', () => {
    let result = startProcess(caseGraph, byHand);
    const life = [...short(result.effects)];
    for (const action of [
      'accept',
      'file',
      'dispatch',
      'sign',
      'assign',
      'respond',
      'sendCheck',
      'pass',
      'close',
    ]) {
      expect(JSON.stringify(result.state).length).toBeLessThan(64);
      result = step(caseGraph, result.state, { token: result.state.t[0]![0], action }, byHand);
      life.push(...short(result.effects));
    }
    expect(life.join(' ')).toBe(
      '+accept -accept +file -file +dispatch -dispatch +sign -sign +dispose -dispose +crewDispose ' +
        '-crewDispose +sendCheck -sendCheck +check -check +close -close end closed',
    );
    expect(result.state.t).toEqual([]);
  });

  test.each([
    ['a leader need not be verified', { ...byHand, verify: false }, ['+file']],
    ['a city may accept by itself', { ...byHand, autoAccept: true }, ['+verify']],
    ['an operator accepts else', byHand, ['+accept']],
  ])('%s', (_name, vars, expected) => {
    expect(short(startProcess(caseGraph, vars).effects)).toEqual(expected);
  });

  test('asks for a check by itself where the city wants that', () => {
    const vars = { ...byHand, verify: false, autoSendCheck: true };
    let result = startProcess(caseGraph, vars);
    for (const [node, action] of [
      ['file', 'file'],
      ['dispatch', 'dispatch'],
      ['sign', 'sign'],
      ['dispose', 'respond'],
    ]) {
      result = act(caseGraph, result, node!, action!, vars);
    }
    expect(short(result.effects)).toEqual(['-dispose', '+check']);
    result = act(caseGraph, result, 'check', 'fail', vars);
    result = act(caseGraph, result, 'redispatch', 'rework', vars);
    expect(short(result.effects)).toEqual(['-redispatch', '+sign']);
  });

  test('tells what a task is and what may be done with it', () => {
    const [opened] = startProcess(caseGraph, { ...byHand, autoAccept: true }).effects;
    expect(opened).toEqual({
      type: 'openTask',
      token: 1,
      node: 'verify',
      step: 'verify',
      role: 'collector',
      assign: 'collectorOfGrid',
      limit: 'verify',
      form: null,
      reminders: [
        { code: 'warn', at: { kind: 'fraction', value: 0.8 } },
        { code: 'overdue', at: { kind: 'fraction', value: 1 } },
      ],
      scope: 0,
      instance: null,
      items: null,
    });
    expect(actionsOf(caseGraph, 'verify', byHand)).toEqual([
      {
        action: 'confirm',
        name: '属实',
        form: 'confirm',
        flowId: 'confirmed',
        condition: 'action = "confirm"',
      },
      { action: 'deny', name: '不属实', form: 'deny', flowId: 'denied', condition: 'action = "deny"' },
    ]);
  });

  test('refuses what is not open or not offered', () => {
    const { state } = startProcess(caseGraph, byHand);
    const take = (token: number, action: string) =>
      codeOf(() => step(caseGraph, state, { token, action }, byHand));
    expect(take(2, 'accept')).toBe('process.tokenNotOpen');
    expect(take(1, 'close')).toBe('process.actionNotAllowed');
    const next = step(caseGraph, state, { token: 1, action: 'accept' }, byHand);
    expect(codeOf(() => step(caseGraph, next.state, { token: 1, action: 'accept' }, byHand))).toBe(
      'process.tokenNotOpen',
    );
    expect(codeOf(() => actionsOf(caseGraph, 'route', byHand))).toBe('process.noTask');
  });
});

describe('conditions', () => {
  const graphOf = (flows: Parameters<typeof drawing>[1]) =>
    compileProcess(
      drawing([start, task('a'), task('b'), end()], [pass('start', 'a'), by('b', 'go', 'end'), ...flows]),
    );

  test('hide an action that the case does not allow', async () => {
    const graph = await graphOf([
      by('a', 'go', 'b'),
      by('a', 'sendVerify', 'end', ' and source != "collector"'),
    ]);
    const offered = (source: string) => actionsOf(graph, 'a', { source }).map(({ action }) => action);
    expect(offered('video')).toEqual(['go', 'sendVerify']);
    expect(offered('collector')).toEqual(['go']);
    const { state } = startProcess(graph, {});
    const take = () => step(graph, state, { token: 1, action: 'sendVerify' }, { source: 'collector' });
    expect(codeOf(take)).toBe('process.actionNotAllowed');
  });

  test('on the form are judged when the action is taken', async () => {
    const graph = await graphOf([
      by('a', 'go', 'b', ' and cost < 10'),
      by('a', 'go', 'end', ' and cost > 20'),
    ]);
    expect(actionsOf(graph, 'a', {}).map(({ action }) => action)).toEqual(['go']);
    const opened = startProcess(graph, {});
    expect(short(act(graph, opened, 'a', 'go', {}, { cost: 5 }).effects)).toEqual(['-a', '+b']);
    expect(short(act(graph, opened, 'a', 'go', {}, { cost: 25 }).effects)).toEqual(['-a', 'end closed']);
    expect(codeOf(() => act(graph, opened, 'a', 'go', {}, { cost: 15 }))).toBe('process.noFlow');
  });

  test('cannot be turned by what the client sends', async () => {
    const graph = await graphOf([by('a', 'go', 'b', ' and trusted'), by('a', 'stop', 'end')]);
    const opened = startProcess(graph, {});
    const forged = { trusted: true, action: 'go' };
    expect(codeOf(() => act(graph, opened, 'a', 'go', { trusted: false }, forged))).toBe(
      'process.actionNotAllowed',
    );
    expect(short(act(graph, opened, 'a', 'stop', { trusted: false }, forged).effects)).toEqual([
      '-a',
      'end closed',
    ]);
  });

  test('that hold at the same time are an error, not a fork', async () => {
    const graph = await graphOf([by('a', 'go', 'b', ' and x > 1'), by('a', 'go', 'end', ' and x > 2')]);
    expect(codeOf(() => act(graph, startProcess(graph, {}), 'a', 'go', { x: 3 }))).toBe(
      'process.ambiguousFlow',
    );
  });

  test('of a default flow are what is left', async () => {
    const nodes = [start, '<bpmn:userTask id="a" default="rest" wm:step="a"/>', task('b'), end()];
    const flows = [
      pass('start', 'a'),
      by('a', 'go', 'b', ' and x > 1'),
      { from: 'a', to: 'end', id: 'rest', attributes: 'wm:action="go"' },
      by('b', 'go', 'end'),
    ];
    const graph = await compileProcess(drawing(nodes, flows));
    const opened = startProcess(graph, {});
    expect(short(act(graph, opened, 'a', 'go', { x: 2 }).effects)).toEqual(['-a', '+b']);
    expect(short(act(graph, opened, 'a', 'go', { x: 1 }).effects)).toEqual(['-a', 'end closed']);
  });

  test('none of which holds at a gateway leave the case where it was', async () => {
    const graph = await compileProcess(
      drawing(
        [start, task('a'), '<bpmn:exclusiveGateway id="g"/>', end(), end('other')],
        [pass('start', 'a'), by('a', 'go', 'g'), pass('g', 'end', 'x = 1'), pass('g', 'other', 'x = 2')],
      ),
    );
    const opened = startProcess(graph, {});
    expect(codeOf(() => act(graph, opened, 'a', 'go', { x: 3 }))).toBe('process.noFlow');
    expect(opened.state.t).toEqual([[1, 1]]);
  });
});

const parallel = '<bpmn:parallelGateway id="fork"/><bpmn:parallelGateway id="join"/>';
const forked = (inner = '', endAttributes = 'wm:outcome="closed"') =>
  compileProcess(
    drawing(
      [
        start,
        parallel,
        task('a'),
        task('b'),
        task('c'),
        end('end', inner, endAttributes),
        end('stop', '<bpmn:terminateEventDefinition/>', 'wm:outcome="voided"'),
      ],
      [
        pass('start', 'fork'),
        pass('fork', 'a'),
        pass('fork', 'b'),
        by('a', 'go', 'join'),
        by('a', 'stop', 'stop'),
        by('b', 'go', 'join'),
        pass('join', 'c'),
        by('c', 'go', 'end'),
      ],
    ),
  );

describe('parallel gateways', () => {
  test('fork and wait for all', async () => {
    const graph = await forked();
    const opened = startProcess(graph, {});
    expect(short(opened.effects)).toEqual(['+a', '+b']);
    for (const [first, second] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const half = act(graph, opened, first, 'go');
      expect(short(half.effects)).toEqual([`-${first}`]);
      const joined = act(graph, half, second, 'go');
      expect(short(joined.effects)).toEqual([`-${second}`, '+c']);
      expect(short(act(graph, joined, 'c', 'go').effects)).toEqual(['-c', 'end closed']);
    }
  });

  test('a terminate end withdraws what is open', async () => {
    const graph = await forked();
    const stopped = act(graph, startProcess(graph, {}), 'a', 'stop');
    expect(short(stopped.effects)).toEqual(['-a', '-b!', 'end voided']);
    expect(stopped.state.t).toEqual([]);
  });

  test('a terminate end stops branches that were about to open', async () => {
    const graph = await compileProcess(
      drawing(
        [
          start,
          '<bpmn:parallelGateway id="fork"/>',
          task('a'),
          task('b'),
          end('stop', '<bpmn:terminateEventDefinition/>', 'wm:outcome="voided"'),
        ],
        [
          pass('start', 'a'),
          by('a', 'go', 'fork'),
          pass('fork', 'stop'),
          pass('fork', 'b'),
          by('b', 'go', 'stop'),
        ],
      ),
    );
    const stopped = act(graph, startProcess(graph, {}), 'a', 'go');
    expect(short(stopped.effects)).toEqual(['-a', 'end voided']);
    expect(stopped.state.t).toEqual([]);
  });

  test('an error end says its code and ends the case', async () => {
    const graph = await forked('<bpmn:errorEventDefinition errorRef="lost"/>', 'wm:outcome="rejected"');
    let result = startProcess(graph, {});
    for (const node of ['a', 'b', 'c']) result = act(graph, result, node, 'go');
    expect(result.effects.at(-1)).toEqual({ type: 'end', node: 'end', outcome: 'rejected', code: 'lost' });
  });

  test('a plain end of one branch leaves the others open', async () => {
    const graph = await compileProcess(
      drawing(
        [
          start,
          '<bpmn:parallelGateway id="fork"/>',
          task('a'),
          task('b'),
          end('one'),
          end('two', '', 'wm:outcome="declined"'),
        ],
        [
          pass('start', 'fork'),
          pass('fork', 'a'),
          pass('fork', 'b'),
          by('a', 'go', 'one'),
          by('b', 'go', 'two'),
        ],
      ),
    );
    const one = act(graph, startProcess(graph, {}), 'a', 'go');
    expect(short(one.effects)).toEqual(['-a']);
    expect(short(act(graph, one, 'b', 'go').effects)).toEqual(['-b', 'end declined']);
  });

  test('a join that can never fill is refused, not hung', async () => {
    const graph = await compileProcess(
      drawing(
        [
          start,
          task('a'),
          '<bpmn:exclusiveGateway id="x" default="x_join"/><bpmn:parallelGateway id="join"/>',
          end(),
        ],
        [
          pass('start', 'a'),
          by('a', 'go', 'x'),
          pass('x', 'join'),
          { ...pass('x', 'join', 'y'), id: 'other' },
          pass('join', 'end'),
        ],
      ),
    );
    expect(codeOf(() => act(graph, startProcess(graph, {}), 'a', 'go'))).toBe('process.deadlock');
  });

  test('a loop that forks without end is refused', async () => {
    const graph = await compileProcess(
      drawing(
        [
          start,
          '<bpmn:exclusiveGateway id="merge"/><bpmn:parallelGateway id="fork"/>',
          task('a'),
          task('b'),
          end(),
        ],
        [
          pass('start', 'merge'),
          pass('merge', 'fork'),
          pass('fork', 'a'),
          pass('fork', 'b'),
          by('a', 'again', 'merge'),
          by('b', 'go', 'end'),
        ],
      ),
    );
    let result = startProcess(graph, {});
    const grow = () => {
      for (let i = 0; i < 100; i++) result = act(graph, result, 'a', 'again');
    };
    expect(codeOf(grow)).toBe('process.tooManyTokens');
  });
});

describe('inclusive gateways', () => {
  const nodes = [
    start,
    '<bpmn:inclusiveGateway id="fork" default="fork_c"/><bpmn:inclusiveGateway id="join"/>',
    task('a'),
    task('b'),
    task('c'),
    end(),
  ];
  const flows = [
    pass('start', 'fork'),
    pass('fork', 'a', 'x > 1'),
    pass('fork', 'b', 'x > 2'),
    pass('fork', 'c'),
    by('a', 'go', 'join'),
    by('a', 'over', 'b'),
    by('b', 'go', 'join'),
    by('c', 'go', 'join'),
    pass('join', 'end'),
  ];

  test('open what holds, or the default', async () => {
    const graph = await compileProcess(drawing(nodes, flows));
    expect(short(startProcess(graph, { x: 3 }).effects)).toEqual(['+a', '+b']);
    expect(short(startProcess(graph, { x: 2 }).effects)).toEqual(['+a']);
    expect(short(startProcess(graph, { x: 1 }).effects)).toEqual(['+c']);
  });

  const joined = [...nodes, task('d')];
  const joinedFlows = [...flows.slice(0, -1), pass('join', 'd'), by('d', 'go', 'end')];

  test('join what was opened, and wait for what may still come', async () => {
    const graph = await compileProcess(drawing(joined, joinedFlows));
    const both = act(graph, startProcess(graph, { x: 3 }), 'a', 'go');
    expect(short(both.effects)).toEqual(['-a']);
    expect(short(act(graph, both, 'b', 'go').effects)).toEqual(['-b', '+d']);
    const single = startProcess(graph, { x: 2 });
    expect(short(act(graph, single, 'a', 'go').effects)).toEqual(['-a', '+d']);
    expect(short(act(graph, act(graph, single, 'a', 'over'), 'b', 'go').effects)).toEqual(['-b', '+d']);
  });

  test('do not wait for one who may still come by a way that has arrived (BPMN 2.0 §13.4.3)', async () => {
    const graph = await compileProcess(drawing(joined, joinedFlows));
    const both = startProcess(graph, { x: 3 });
    expect(short(act(graph, both, 'b', 'go').effects)).toEqual(['-b', '+d']);
  });
});

describe('whatever people do', () => {
  const variables = fc.record({
    source: fc.constantFrom('collector', 'hotline12345', 'superior'),
    verify: fc.boolean(),
    autoAccept: fc.boolean(),
    autoSendVerify: fc.boolean(),
    autoSendCheck: fc.boolean(),
  });
  /** Each number picks one of the tasks and actions that are open at that moment. */
  const choices = fc.array(fc.nat(), { maxLength: 40 });

  function live(graph: Graph, vars: FeelContext, picks: readonly number[]) {
    const log: StepCommand[] = [];
    const results = [startProcess(graph, vars)];
    for (const pick of picks) {
      const { state } = results.at(-1)!;
      const possible = openTasksOf(graph, state).flatMap(({ token, node }) =>
        actionsOf(graph, node.index, vars).map(({ action }) => ({ token, action })),
      );
      if (possible.length === 0) break;
      const command = possible[pick % possible.length]!;
      log.push(command);
      results.push(step(graph, state, command, vars));
    }
    return { log, results };
  }

  function conserves(graph: Graph, results: readonly StepResult[]): void {
    const open = new Set<number>();
    const ever = new Set<number>();
    let ended = 0;
    for (const { state, effects } of results) {
      for (const effect of effects) {
        if (effect.type === 'openTask') {
          expect(ever.has(effect.token)).toBe(false);
          ever.add(effect.token);
          open.add(effect.token);
        } else if (effect.type === 'closeTask') {
          expect(open.delete(effect.token)).toBe(true);
        } else {
          ended += 1;
        }
      }
      expect(openTasksOf(graph, state).map(({ token }) => token)).toEqual(
        [...open].toSorted((a, b) => a - b),
      );
      expect(ended).toBe(state.t.length === 0 ? 1 : 0);
    }
  }

  test('no token is lost or doubled, and the log replays to the same state', async () => {
    const graphs = [caseGraph, await forked()];
    fc.assert(
      fc.property(fc.constantFrom(...graphs), variables, choices, (graph, vars, picks) => {
        const { log, results } = live(graph, vars, picks);
        conserves(graph, results);
        let replayed = startProcess(graph, vars);
        for (const [i, command] of log.entries()) {
          // states travel through the database
          replayed = step(graph, JSON.parse(JSON.stringify(replayed.state)) as ProcessState, command, vars);
          expect(replayed).toEqual(results[i + 1]);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('every state that can be reached can still end', () => {
    for (const verify of [true, false]) {
      for (const autoAccept of [true, false]) {
        for (const autoSendCheck of [true, false]) {
          const vars = { ...byHand, verify, autoAccept, autoSendCheck };
          const endless = statesWithoutEnd(caseGraph, vars);
          expect(endless).toEqual([]);
        }
      }
    }
  });

  /** Explores all states of a process (tokens renumbered) and returns those from which no end is reachable. */
  function statesWithoutEnd(graph: Graph, vars: FeelContext): string[] {
    const key = (state: ProcessState) => JSON.stringify(state.t.map(([, ...place]) => place).toSorted());
    const next = new Map<string, string[]>();
    const open = [startProcess(graph, vars).state];
    for (let state = open.pop(); state; state = open.pop()) {
      if (next.has(key(state))) continue;
      const successors = openTasksOf(graph, state).flatMap(({ token, node }) =>
        actionsOf(graph, node.index, vars).map(
          ({ action }) => step(graph, state!, { token, action }, vars).state,
        ),
      );
      next.set(key(state), successors.map(key));
      open.push(...successors);
    }
    const ending = new Set(['[]']);
    for (let before = 0; before < ending.size;) {
      before = ending.size;
      for (const [from, to] of next) if (to.some((target) => ending.has(target))) ending.add(from);
    }
    expect(next.size).toBeGreaterThan(5);
    return [...next.keys()].filter((state) => !ending.has(state));
  }
});
