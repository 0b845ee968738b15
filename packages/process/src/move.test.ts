import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  boundary,
  by,
  caught,
  drawing,
  type DrawnFlow,
  each,
  end,
  message,
  pass,
  start,
  startBy,
  sub,
  task,
  timer,
} from './drawing.testing.ts';
import {
  armedOf,
  canTake,
  compileProcess,
  type FeelContext,
  type Graph,
  mayWaitForever,
  moveState,
  openTasksOf,
  placesOf,
  type ProcessState,
  startProcess,
  step,
} from './index.ts';
import { choices, complete, copied, drawings, isSound, live, possible, tryStep } from './living.testing.ts';
import { allBlocks, type Block, model, variables } from './models.testing.ts';
import { EndSearch } from './move-ends.ts';

/** The same drawing with other ids, and the map between them. */
function renamed(xml: string): string {
  const other = (id: string): string => (/^[a-z]\d+(_|$)/.test(id) ? `z-${id}` : id);
  return xml
    .replace(
      /\b(id|default|sourceRef|targetRef|attachedToRef)="([^"]+)"/g,
      (_all, name, id: string) => `${name}="${other(id)}"`,
    )
    .replace(/flowNodeRef>([^<]+)</g, (_all, id: string) => `flowNodeRef>${other(id)}<`);
}

const namesOf = (graph: Graph) =>
  Object.fromEntries(graph.nodes.flatMap(({ id }) => (/^[a-z]\d+$/.test(id) ? [[id, `z-${id}`]] : [])));

const waiting = (graph: Graph, state: ProcessState) => {
  const timers = new Set(armedOf(graph, state).map(({ token }) => token));
  return state.t.filter(([token]) => !timers.has(token)).map(([token]) => token);
};

type Other = readonly ['line' | 'all' | 'one' | 'some' | 'again', Block, boolean];

/** A case that went some steps, moved by a map that only looks at what can stand where. */
async function movedAtRandom(
  main: Block,
  [kind, more, first]: Other,
  vars: FeelContext,
  picks: readonly number[],
  random: readonly number[],
) {
  const from = await compileProcess(model(main));
  const parts = first ? [more, main] : [main, more];
  const to = await compileProcess(model(kind === 'again' ? { kind, inner: main } : { kind, parts }));
  const { state } = live(from, vars, picks).results.at(-1)!;
  const map: Record<string, string> = {};
  for (const [at, { node }] of placesOf(from).entries()) {
    const able = placesOf(to).filter((one) => canTake(node, one.node));
    if (able.length > 0) map[node.id] = able[random[at % random.length]! % able.length]!.node.id;
  }
  const { moved, problems } = moveState(from, to, copied(state), map, vars);
  if (!moved) {
    expect(problems.length).toBeGreaterThan(0);
    return { to, state, result: null, codes: problems.map(({ code }) => code) };
  }
  expect(waiting(to, moved.state)).toEqual(waiting(from, state));
  expect(openTasksOf(to, moved.state).map(({ token }) => token)).toEqual(
    openTasksOf(from, state).map(({ token }) => token),
  );
  isSound(to, moved.state);
  return { to, state, result: moved.state, codes: [] };
}

/** Anything may be done, and what decisions read may change; then what is open is completed. */
function play(
  graph: Graph,
  from: ProcessState,
  vars: FeelContext,
  way: readonly { readonly pick: number; readonly x: number }[],
): void {
  let state = copied(from);
  for (const { pick, x } of way) {
    const now = { ...vars, x };
    const commands = possible(graph, state, now);
    if (commands.length === 0) break;
    // refused by nothing that laws.test.ts does not know: above all by no join that waits for ever
    state = tryStep(graph, state, commands[pick % commands.length]!, now)?.state ?? state;
  }
  complete(graph, copied(state), vars);
}

describe('whatever is drawn and whatever people do', () => {
  test('moving to the same version, or to one with other names, changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(drawings, variables, choices, async (xml, vars, picks) => {
        const graph = await compileProcess(xml);
        const other = await compileProcess(renamed(xml));
        for (const { state } of live(graph, vars, picks).results) {
          for (const [to, map] of [
            [graph, {}],
            [other, namesOf(graph)],
          ] as const) {
            const { moved, problems } = moveState(graph, to, copied(state), map, vars);
            expect(problems).toEqual([]);
            expect(moved!.state).toEqual(state);
            expect(moved).toMatchObject({ changes: [], reopened: [], armed: [], disarmed: [] });
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  test('a version that goes on after the old end takes every case, which then can end', async () => {
    await fc.assert(
      fc.asyncProperty(
        allBlocks,
        allBlocks,
        fc.option(allBlocks),
        variables,
        choices,
        async (main, more, strand, vars, picks) => {
          const from = await compileProcess(model(main, null));
          const to = await compileProcess(model({ kind: 'line', parts: [main, more] }, strand));
          const { state } = live(from, vars, picks).results.at(-1)!;
          // what ended in the old version has ended
          fc.pre(state.t.length > 0);
          const { moved, problems } = moveState(from, to, copied(state), {}, vars);
          expect(problems).toEqual([]);
          expect(waiting(to, moved!.state)).toEqual(waiting(from, state));
          isSound(to, moved!.state);
          complete(to, copied(moved!.state), vars);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('by any map at all: refused, or no token lost or doubled and an end ahead whatever happens', async () => {
    let taken = 0;
    let refused = 0;
    const others = fc.tuple(fc.constantFrom('line', 'all', 'one', 'some', 'again'), allBlocks, fc.boolean());
    const few = fc.array(fc.nat(), { maxLength: 6 });
    const plays = fc.array(
      fc.array(fc.record({ pick: fc.nat(), x: fc.nat({ max: 3 }) }), { maxLength: 25 }),
      { minLength: 4, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(
        allBlocks,
        others,
        variables,
        few,
        fc.array(fc.nat(), { minLength: 5 }),
        plays,
        async (main, other, vars, picks, random, ways) => {
          const moved = await movedAtRandom(main, other as Other, vars, picks, random);
          if (!moved.result) {
            refused += 1;
            return;
          }
          if (moved.state.t.length > 0) taken += 1;
          for (const way of ways) play(moved.to, moved.result, vars, way);
        },
      ),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(50);
  });

  test('a message that is caught beside two who are joined: the one who stays may not wait for ever', async () => {
    const main: Block = {
      kind: 'sub',
      inner: {
        kind: 'all',
        parts: [
          { kind: 'wait', on: 'message' },
          { kind: 'task', border: { on: 'message', interrupting: false } },
        ],
      },
      items: null,
      border: null,
      handler: { on: 'message', interrupting: false, inner: { kind: 'wait', on: 'message' } },
      ends: 'error',
    };
    const more: Block = {
      kind: 'line',
      parts: [
        { kind: 'task', border: null },
        { kind: 'again', inner: { kind: 'many', sequential: false, items: 'none' } },
      ],
    };
    const vars = { none: [], single: ['k'], several: ['p', 'q', 'r'], x: 0 };
    const random = [0, 0, 0, 612116597, 0, 0, 0, 0];
    const { result, codes } = await movedAtRandom(main, ['line', more, false], vars, [], random);
    expect(result).toBeNull();
    expect(codes).toEqual(['cannotEnd']);
  });

  test('nothing that a drawing comes to by itself looks as if it could not end', async () => {
    await fc.assert(
      fc.asyncProperty(drawings, variables, choices, async (xml, vars, picks) => {
        const graph = await compileProcess(xml);
        const search = new EndSearch(graph);
        for (const { state } of live(graph, vars, picks).results) expect(search.stuck(state.t)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

const compile = compileProcess;
const work = (id: string, step_: string, role = '') => task(id, `wm:step="${step_}" ${role}`);
const line = (...ids: string[]) =>
  drawing(
    [start, ...ids.map((id) => task(id)), end()],
    [pass('start', ids[0]!), ...ids.map((id, at) => by(id, 'go', ids[at + 1] ?? 'end'))],
  );
const codes = (result: ReturnType<typeof moveState>) =>
  result.problems.map(({ code, node }) => `${code} ${node}`);

/** a and b at once, then a join. */
const both = drawing(
  [
    start,
    '<bpmn:parallelGateway id="fork"/>',
    task('a'),
    task('b'),
    '<bpmn:parallelGateway id="join"/>',
    end(),
  ],
  [
    pass('start', 'fork'),
    pass('fork', 'a'),
    pass('fork', 'b'),
    by('a', 'go', 'join'),
    by('b', 'go', 'join'),
    pass('join', 'end'),
  ],
);

describe('what stays', () => {
  test('a step that the other version does not have, until somebody says where it goes', async () => {
    const from = await compile(line('a', 'b'));
    const to = await compile(line('a', 'c'));
    const { state } = step(from, startProcess(from, {}).state, { token: 1, action: 'go' }, {});
    expect(codes(moveState(from, to, state, {}))).toEqual(['noTarget b']);
    expect(codes(moveState(from, to, state, { b: 'nothing' }))).toEqual(['noTarget b']);
    expect(codes(moveState(from, to, state, { b: 'end' }))).toEqual(['kind b']);
    const { moved } = moveState(from, to, state, { b: 'c' });
    expect(moved!.tasks).toEqual([{ token: 2, from: 'b', to: 'c' }]);
    expect(moved!.reopened).toMatchObject([{ token: 2, node: 'c', step: 'c', scope: 0 }]);
    expect(moved!.changes.map(({ code }) => code)).toEqual(['step', 'limit']);
  });

  test('one alone where two are joined, two that would become one', async () => {
    const alone = await compile(line('a', 'b'));
    const pair = await compile(both);
    const one = startProcess(alone, {}).state;
    expect(codes(moveState(alone, pair, one, {}))).toEqual(['cannotEnd a']);
    const two = startProcess(pair, {}).state;
    expect(codes(moveState(pair, pair, two, { b: 'a' }))).toContain('doubled b');
    expect(codes(moveState(pair, alone, two, { b: 'a' }))).toContain('doubled b');
    const waits = step(pair, two, { token: 1, action: 'go' }, {}).state;
    expect(moveState(pair, pair, waits, {}).moved!.state).toEqual(waits);
    expect(codes(moveState(pair, alone, waits, {}))).toEqual(['noTarget join']);
    // the task that is left would come to the flow that is filled already
    expect(codes(moveState(pair, pair, waits, { b: 'a' }))).toEqual(['cannotEnd a']);
  });

  test('another sub-process, another list, another message', async () => {
    const nested = (id: string) =>
      drawing(
        [
          start,
          sub(
            id,
            ['<bpmn:startEvent id="s"/>', task('in'), end('e', '', '')],
            [pass('s', 'in'), by('in', 'go', 'e')],
          ),
          task('out'),
          end(),
        ],
        [pass('start', id), pass(id, 'out'), by('out', 'go', 'end')],
      );
    const from = await compile(nested('box'));
    const { state } = startProcess(from, {});
    expect(codes(moveState(from, await compile(nested('crate')), state, {}))).toEqual(['noTarget box']);
    expect(moveState(from, await compile(nested('crate')), state, { box: 'crate' }).moved!.state).toEqual(
      state,
    );
    expect(codes(moveState(from, from, state, { in: 'out' }))).toEqual(['scope in']);

    const many = (items: string, sequential = false) =>
      drawing(
        [start, task('each', 'wm:step="each"', each(items, { sequential })), end()],
        [pass('start', 'each'), by('each', 'go', 'end')],
      );
    const several = await compile(many('units'));
    const open = startProcess(several, { units: ['p', 'q'] }).state;
    expect(moveState(several, several, open, {}).moved!.state).toEqual(open);
    for (const other of [many('teams'), many('units', true), line('each')]) {
      expect(codes(moveState(several, await compile(other), open, {}))).toEqual(['instances each']);
    }

    const asks = (name: string) =>
      drawing([start, caught('wait', message(name)), end()], [pass('start', 'wait'), pass('wait', 'end')]);
    const first = await compile(asks('answered'));
    const standing = startProcess(first, {}).state;
    expect(codes(moveState(first, await compile(asks('transferred')), standing, {}))).toEqual([
      'message wait',
    ]);
  });
});

describe('what changes', () => {
  const bordered = (...events: string[]) =>
    drawing(
      [
        start,
        work('a', 'a'),
        ...events.map((id) => boundary(id, 'a', timer('PT1H'), 'cancelActivity="false"')),
        ...events.map((id) => end(`over_${id}`)),
        end(),
      ],
      [pass('start', 'a'), by('a', 'go', 'end'), ...events.map((id) => pass(id, `over_${id}`))],
    );

  test('timers keep, fall and are armed; one that has fired is not armed again', async () => {
    const from = await compile(bordered('kept', 'gone', 'fired'));
    const to = await compile(bordered('kept', 'fired', 'new'));
    const opened = startProcess(from, {}).state;
    const fired = armedOf(from, opened).find(({ node }) => node === 'fired')!;
    const { state } = step(from, opened, { timer: fired.token }, {});
    const { moved } = moveState(from, to, state, {});
    expect(armedOf(to, moved!.state).map(({ node }) => node)).toEqual(['kept', 'new']);
    expect(moved!.disarmed).toEqual(
      armedOf(from, state).flatMap(({ node, token }) => (node === 'gone' ? [token] : [])),
    );
    expect(moved!.armed).toMatchObject([{ node: 'new', task: 1, at: { kind: 'duration' } }]);
    expect(moved!.state.n).toBe(state.n + 1);
    expect(moved!.changes.map(({ code, node }) => `${code} ${node}`)).toEqual([
      'timerGone gone',
      'timerNew new',
    ]);
    expect(moved!.reopened).toEqual([]);
  });

  test('who does it, and with which form and actions', async () => {
    const drawn = (form: string, action: string, assign: string) =>
      drawing(
        [start, task('a', `wm:step="a" wm:form="${form}" wm:assign="${assign}"`), end()],
        [pass('start', 'a'), by('a', action, 'end')],
      );
    const from = await compile(drawn('one', 'go', 'role'));
    const { state } = startProcess(from, {});
    const changes = async (xml: string) => {
      const { moved } = moveState(from, await compile(xml), state, {});
      return [moved!.changes.map(({ code }) => code).join(' '), moved!.reopened.length];
    };
    expect(await changes(drawn('one', 'go', 'role'))).toEqual(['', 0]);
    expect(await changes(drawn('two', 'go', 'role'))).toEqual(['form', 0]);
    expect(await changes(drawn('one', 'pass', 'role'))).toEqual(['actions', 0]);
    expect(await changes(drawn('one', 'go', 'cityRole'))).toEqual(['assign', 1]);
  });

  test('something that could be done beside the task', async () => {
    const drawn = (name: string | null) =>
      drawing(
        [
          start,
          task('a'),
          ...(name ? [boundary('beside', 'a', message(name), 'cancelActivity="false"'), end('over')] : []),
          end(),
        ],
        [pass('start', 'a'), by('a', 'go', 'end'), ...(name ? [pass('beside', 'over')] : [])],
      );
    const from = await compile(drawn('urge'));
    const { moved } = moveState(from, await compile(drawn(null)), startProcess(from, {}).state, {});
    expect(moved!.changes).toEqual([{ code: 'messageGone', node: 'beside', to: null }]);
  });
});

describe('what may wait for ever', () => {
  /** Each line of tasks at once, then a join of that kind; `more` is drawn besides. */
  const joined = (kind: string, lines: string[][], more: string[] = [], flows: DrawnFlow[] = []) =>
    drawing(
      [
        start,
        `<bpmn:${kind}Gateway id="fork" ${kind === 'inclusive' ? `default="fork_${lines[0]![0]}"` : ''}/>`,
        ...lines.flat().map((id) => task(id)),
        `<bpmn:${kind}Gateway id="join"/>`,
        ...more,
        end(),
      ],
      [
        pass('start', 'fork'),
        ...lines.flatMap((ids, at) => [
          pass('fork', ids[0]!, kind === 'inclusive' && at > 0 ? `x > ${at}` : undefined),
          ...ids.map((id, place) => by(id, 'go', ids[place + 1] ?? 'join')),
        ]),
        ...(flows.some(({ from }) => from === 'join') ? [] : [pass('join', 'end')]),
        ...flows,
      ],
    );
  const begun = async (xml: string) => {
    const graph = await compile(xml);
    return { graph, state: startProcess(graph, { x: 99 }).state };
  };

  /** Two lines that are joined, though a condition says whether the second is begun. */
  const guarded = (limit: string) =>
    joined('parallel', [['a'], ['b']])
      .replace('wm:limit="a"', `wm:limit="${limit}"`)
      .replaceAll('parallelGateway id="fork"', 'inclusiveGateway id="fork" default="fork_a"')
      .replace(
        /(id="fork_b"[^>]*>)/,
        '$1<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">x &gt; 1</bpmn:conditionExpression>',
      );

  test('a join that is full already goes on only when something comes to it', async () => {
    const from = await begun(joined('parallel', [['a'], ['b'], ['c']]));
    const to = await compile(
      joined('parallel', [['a'], ['b']], [task('c')], [pass('join', 'c'), by('c', 'go', 'end')]),
    );
    let { state } = from;
    for (const token of [1, 2]) state = step(from.graph, state, { token, action: 'go' }, {}).state;
    expect(codes(moveState(from.graph, to, state, {}))).toEqual(['cannotEnd c']);
  });

  test('what an event on the border takes away from a join, or brings to it', async () => {
    const from = await begun(joined('parallel', [['a'], ['b']]));
    const around = (attributes: string, target: string, kind = 'parallel') =>
      joined(
        kind,
        [['a'], ['b']],
        [boundary('event', 'a', message('urge'), attributes), task('aside')],
        [pass('event', 'aside'), by('aside', 'go', target)],
      );
    const moved = async (xml: string) => codes(moveState(from.graph, await compile(xml), from.state, {}));
    expect(await moved(around('cancelActivity="true"', 'end'))).toEqual(['cannotEnd a']);
    expect(await moved(around('cancelActivity="false"', 'join'))).toEqual(['cannotEnd a']);
    expect(await moved(around('cancelActivity="false"', 'end'))).toEqual([]);
    // what is consulted beside the task is waited for, however often
    const some = await begun(joined('inclusive', [['a'], ['b']]));
    const consulted = await compile(around('cancelActivity="false"', 'join', 'inclusive'));
    expect(codes(moveState(some.graph, consulted, some.state, {}))).toEqual([]);
  });

  test('a drawing that depends on what its conditions read keeps its own cases and takes no others', async () => {
    const from = await begun(guarded('a'));
    expect(codes(moveState(from.graph, await compile(guarded('other')), from.state, {}))).toEqual([]);
    const before = await begun(line('begin', 'a'));
    expect(codes(moveState(before.graph, from.graph, before.state, { begin: 'a' }))).toEqual(['cannotEnd a']);
  });

  test('a drawing itself that may wait for ever is told where', async () => {
    const places = async (xml: string) => mayWaitForever(await compile(xml)).map(({ id }) => id);
    expect(await places(joined('parallel', [['a'], ['b']]))).toEqual([]);
    expect(await places(guarded('a'))).toEqual(['join']);
    await fc.assert(
      fc.asyncProperty(drawings, async (xml) => {
        expect(await places(xml)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('the line of the case does not go on in a strand beside it', async () => {
    const to = await compile(
      drawing(
        [start, task('a'), end(), startBy('begin', message('begin')), task('b'), end('over', '', '')],
        [pass('start', 'a'), by('a', 'go', 'end'), pass('begin', 'b'), by('b', 'go', 'over')],
      ),
    );
    const from = await begun(line('a'));
    expect(codes(moveState(from.graph, to, from.state, { a: 'b' }))).toEqual(['scope a']);
    expect(codes(moveState(from.graph, to, from.state, {}))).toEqual([]);
  });

  test('many at once are no reason to refuse', async () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_none, at) => ['a', 'b', 'c'].map((id) => `${id}${at}`));
    for (const [kind, count] of [
      ['parallel', 40],
      ['inclusive', 7],
    ] as const) {
      const { graph, state } = await begun(joined(kind, lines(count)));
      expect(state.t.length).toBeGreaterThan(count - 2);
      expect(new EndSearch(graph).stuck(state.t)).toEqual([]);
    }
  });
});
