import { describe, expect, test } from 'vitest';
import {
  boundary,
  by,
  call,
  caught,
  drawing,
  each,
  end,
  error,
  handler,
  message,
  pass,
  start,
  startBy,
  sub,
  task,
  terminate,
  thrown,
  timer,
} from './drawing.testing.ts';
import { armedOf, compileProcess, messagesOf } from './index.ts';
import { codeOf, Life } from './life.testing.ts';

const done = (id = 'done', inner = ''): string => end(id, inner, '');

describe('sub-processes', () => {
  const inside = sub(
    'work',
    [startBy('in'), task('a'), task('b'), done(), '<bpmn:parallelGateway id="fork"/>'],
    [pass('in', 'fork'), pass('fork', 'a'), pass('fork', 'b'), by('a', 'go', 'done'), by('b', 'go', 'done')],
  );
  const xml = drawing(
    [start, inside, task('c'), end()],
    [pass('start', 'work'), pass('work', 'c'), by('c', 'go', 'end')],
  );

  test('go on when nothing is left in them', async () => {
    const life = await Life.of(xml);
    expect(life.did).toBe('+a +b');
    expect(life.act('a')).toBe('-a');
    expect(life.act('b')).toBe('-b +c');
    expect(life.act('c')).toBe('-c end closed');
    expect(life.state.t).toEqual([]);
  });

  test('tell their tasks which scope they stand in', async () => {
    const life = await Life.of(xml);
    expect(life.last.effects).toMatchObject([{ scope: 1 }, { scope: 1 }]);
    life.act('a');
    life.act('b');
    expect(life.last.effects.at(-1)).toMatchObject({ node: 'c', scope: 0 });
  });

  test('are ended as a whole by a terminate end', async () => {
    const stopping = xml.replace(done(), done('done', terminate));
    const life = await Life.of(stopping);
    expect(life.act('a')).toBe('-a -b! +c');
  });

  test('are left by a message on their border, with all that is open in them', async () => {
    const nodes = [start, inside, task('c'), end(), boundary('stop', 'work', message('stop'))];
    const life = await Life.of(
      drawing(nodes, [pass('start', 'work'), pass('work', 'c'), by('c', 'go', 'end'), pass('stop', 'c')]),
    );
    expect(life.awaited).toBe('stop');
    expect(life.send('stop')).toBe('-a! -b! +c');
    expect(life.awaited).toBe('');
    expect(codeOf(() => life.send('stop'))).toBe('process.messageNotAwaited');
  });

  test('keep their inclusive joins to themselves', async () => {
    const inclusive = sub(
      'work',
      [
        startBy('in'),
        '<bpmn:inclusiveGateway id="fork" default="fork_a"/><bpmn:inclusiveGateway id="join"/>',
        task('a'),
        task('b'),
        task('d'),
        done(),
      ],
      [
        pass('in', 'fork'),
        pass('fork', 'a'),
        pass('fork', 'b', 'true'),
        by('a', 'go', 'join'),
        by('b', 'go', 'join'),
        pass('join', 'd'),
        by('d', 'go', 'done'),
      ],
      { inner: each('keys') },
    );
    const life = await Life.of(
      drawing([start, inclusive, end()], [pass('start', 'work'), pass('work', 'end')]),
      {
        keys: ['x', 'y'],
      },
    );
    expect(life.did).toBe('+b[x] +b[y]');
    expect(life.act('b[x]')).toBe('-b[x] +d[x]');
  });
});

describe('multi-instance', () => {
  const work = (inner: string) =>
    sub(
      'work',
      [startBy('in'), task('sign'), task('dispose'), done()],
      [pass('in', 'sign'), by('sign', 'go', 'dispose'), by('dispose', 'go', 'done')],
      { inner },
    );
  const xml = (inner: string, more: readonly string[] = [], flows: Parameters<typeof drawing>[1] = []) =>
    drawing(
      [start, work(inner), task('check'), end(), ...more],
      [pass('start', 'work'), pass('work', 'check'), by('check', 'go', 'end'), ...flows],
    );
  const vars = { assignments: ['x', 'y'] };

  test('makes an instance for each key, side by side', async () => {
    const life = await Life.of(xml(each('assignments')), vars);
    expect(life.did).toBe('+sign[x] +sign[y]');
    expect(life.last.effects[0]).toMatchObject({ instance: 'x', items: 'assignments', scope: 2 });
    expect(life.act('sign[y]')).toBe('-sign[y] +dispose[y]');
    expect(life.act('dispose[y]')).toBe('-dispose[y] y completed');
    expect(life.act('sign[x]')).toBe('-sign[x] +dispose[x]');
    expect(life.act('dispose[x]')).toBe('-dispose[x] x completed +check');
  });

  test('or one after the other', async () => {
    const life = await Life.of(xml(each('assignments', { sequential: true })), vars);
    expect(life.did).toBe('+sign[x]');
    life.act('sign');
    expect(life.act('dispose')).toBe('-dispose[x] x completed +sign[y]');
    life.act('sign');
    expect(life.act('dispose')).toBe('-dispose[y] y completed +check');
  });

  test('takes further keys while it runs, also in the step that would have ended it', async () => {
    const life = await Life.of(xml(each('assignments')), { assignments: ['x'] });
    expect(life.act('sign', 'go', { add: { assignments: ['y'] } })).toBe('-sign[x] +sign[y] +dispose[x]');
    expect(life.act('dispose[x]')).toBe('-dispose[x] x completed');
    life.act('sign[y]');
    expect(life.act('dispose[y]', 'go', { add: { assignments: ['z'] } })).toBe(
      '-dispose[y] +sign[z] y completed',
    );
    life.act('sign');
    expect(life.act('dispose')).toBe('-dispose[z] z completed +check');
    expect(codeOf(() => life.act('check', 'go', { add: { assignments: ['w'] } }))).toBe('process.notRunning');
  });

  test('queues further keys where it is sequential', async () => {
    const life = await Life.of(xml(each('assignments', { sequential: true })), { assignments: ['x'] });
    expect(life.act('sign', 'go', { add: { assignments: ['y'] } })).toBe('-sign[x] +dispose[x]');
    expect(life.act('dispose')).toBe('-dispose[x] x completed +sign[y]');
  });

  test('refuses a key that runs, a list that is none, and a list with a key twice', async () => {
    const life = await Life.of(xml(each('assignments')), vars);
    const add = { assignments: ['y'] };
    expect(codeOf(() => life.act('sign[x]', 'go', { add }))).toBe('process.duplicateInstance');
    expect(codeOf(() => new Life(life.graph, {}))).toBe('process.items');
    expect(codeOf(() => new Life(life.graph, { assignments: ['x', 'x'] }))).toBe('process.duplicateInstance');
  });

  test('passes by an empty list', async () => {
    expect((await Life.of(xml(each('assignments')), { assignments: [] })).did).toBe('+check');
  });

  test('ends early where its completion condition holds, and withdraws the rest', async () => {
    const until = 'numberOfCompletedInstances >= 1 and numberOfInstances = 3 and numberOfActiveInstances = 2';
    const life = await Life.of(xml(each('assignments', { until })), { assignments: ['x', 'y', 'z'] });
    life.act('sign[y]');
    life.act('sign[z]');
    expect(life.act('dispose[y]')).toBe(
      '-dispose[y] y completed x withdrawn z withdrawn -sign[x]! -dispose[z]! +check',
    );
  });

  test('sees the variables of its own instance before those of the case', async () => {
    const branching = sub(
      'work',
      [startBy('in'), '<bpmn:exclusiveGateway id="which" default="which_b"/>', task('a'), task('b'), done()],
      [
        pass('in', 'which'),
        pass('which', 'a', 'assignment.failedCount > 1 and grade = "A"'),
        pass('which', 'b'),
        by('a', 'go', 'done'),
        by('b', 'go', 'done', ' and grade = "B"'),
      ],
      { inner: each('assignments') },
    );
    const drawn = drawing([start, branching, end()], [pass('start', 'work'), pass('work', 'end')]);
    const life = await Life.of(
      drawn,
      { ...vars, grade: 'A' },
      {
        itemVars: (items, key) => ({
          assignment: { failedCount: key === 'x' ? 2 : 0 },
          ...(key === 'y' && { grade: 'B', of: items }),
        }),
      },
    );
    expect(life.did).toBe('+a[x] +b[y]');
    expect(life.act('b[y]')).toBe('-b[y] y completed');
  });

  test('a user task asks each of several', async () => {
    const nodes = [start, task('ask', 'wm:step="ask"', each('units')), task('sum'), end()];
    const life = await Life.of(
      drawing(nodes, [pass('start', 'ask'), by('ask', 'go', 'sum'), by('sum', 'go', 'end')]),
      { units: ['x', 'y'] },
    );
    expect(life.did).toBe('+ask[x] +ask[y]');
    expect(life.last.effects[0]).toMatchObject({ token: 2, scope: 2, items: 'units', instance: 'x' });
    expect(life.act('ask[x]', 'go', { add: { units: ['z'] } })).toBe('-ask[x] +ask[z] x completed');
    expect(life.act('ask[z]')).toBe('-ask[z] z completed');
    expect(life.act('ask[y]')).toBe('-ask[y] y completed +sum');
    expect(new Life(life.graph, { units: [] }).did).toBe('+sum');
  });
});

describe('messages', () => {
  const applying = (attributes = 'isInterrupting="false"') =>
    handler(
      'application',
      [startBy('applied', message('apply'), attributes), task('decide'), done()],
      [pass('applied', 'decide'), by('decide', 'go', 'done')],
    );

  test('begin something beside the work, which waits for nobody', async () => {
    const xml = drawing([start, task('a'), end(), applying()], [pass('start', 'a'), by('a', 'go', 'end')]);
    const life = await Life.of(xml);
    expect(life.awaited).toBe('apply');
    expect(life.send('apply')).toBe('+decide');
    expect(life.last.effects[0]).toMatchObject({ scope: 2 });
    expect(life.open).toBe('a decide');
    // the case ends with what was reached in the main flow, when the last is done
    expect(life.act('a')).toBe('-a');
    expect(life.state.e).toBeDefined();
    expect(life.act('decide')).toBe('-decide end closed');
    expect(life.state).toEqual({ t: [], n: 4 });
  });

  test('or take a scope over', async () => {
    const xml = drawing(
      [start, task('a'), end(), applying('').replace('id="done" ', 'id="done" wm:outcome="voided"')],
      [pass('start', 'a'), by('a', 'go', 'end')],
    );
    const life = await Life.of(xml);
    expect(life.send('apply')).toBe('-a! +decide');
    expect(life.awaited).toBe('');
    expect(life.act('decide')).toBe('-decide end voided');
  });

  test('are addressed by instance and node', async () => {
    const work = sub(
      'work',
      [startBy('in'), task('a'), done('out'), applying()],
      [pass('in', 'a'), by('a', 'go', 'out')],
      { inner: each('keys') },
    );
    const life = await Life.of(drawing([start, work, end()], [pass('start', 'work'), pass('work', 'end')]), {
      keys: ['x', 'y'],
    });
    expect(life.awaited).toBe('apply[x] apply[y]');
    expect(codeOf(() => life.send('apply'))).toBe('process.ambiguousMessage');
    expect(codeOf(() => life.send('apply', { instance: 'z' }))).toBe('process.messageNotAwaited');
    expect(codeOf(() => life.send('apply', { instance: 'y', node: 'other' }))).toBe(
      'process.messageNotAwaited',
    );
    expect(life.send('apply', { instance: 'y', node: 'applied' })).toBe('+decide[y]');
    expect(life.act('a[y]')).toBe('-a[y]');
    expect(life.act('decide')).toBe('-decide[y] y completed');
  });

  test('are offered where wm:when holds as far as is known', async () => {
    const attributes =
      'isInterrupting="false" wm:role="department" wm:form="f" wm:when="count &lt; 2 and reason != null"';
    const xml = drawing(
      [start, task('a'), end(), applying(attributes)],
      [pass('start', 'a'), by('a', 'go', 'end')],
    );
    const life = await Life.of(xml, { count: 1 });
    expect(messagesOf(life.graph, life.state, life.vars)).toEqual([
      {
        message: 'apply',
        node: 'applied',
        name: '',
        instance: null,
        scope: 0,
        task: null,
        role: 'department',
        assign: 'role',
        form: 'f',
        interrupting: false,
      },
    ]);
    life.vars = { count: 2, reason: 'x' };
    expect(life.awaited).toBe('');
    expect(codeOf(() => life.send('apply'))).toBe('process.messageNotAwaited');
    life.vars = { count: 1 };
    expect(codeOf(() => life.send('apply'))).toBe('process.messageNotAwaited');
    expect(life.send('apply', { data: { reason: 'far' } })).toBe('+decide');
  });

  test('are waited for by an intermediate event', async () => {
    const xml = drawing(
      [start, caught('wait', message('answered')), task('a'), end()],
      [pass('start', 'wait'), pass('wait', 'a'), by('a', 'go', 'end')],
    );
    const life = await Life.of(xml);
    expect(life.awaited).toBe('answered');
    expect(life.send('answered')).toBe('+a');
  });

  test('stand on a task and leave it, or not', async () => {
    const xml = (attributes: string) =>
      drawing(
        [start, task('a'), task('b'), end(), boundary('urged', 'a', message('urge'), attributes)],
        [pass('start', 'a'), by('a', 'go', 'end'), pass('urged', 'b'), by('b', 'go', 'end')],
      );
    const life = await Life.of(xml(''));
    expect(messagesOf(life.graph, life.state, {})).toMatchObject([{ task: 1, interrupting: true }]);
    expect(life.send('urge')).toBe('-a! +b');
    const beside = await Life.of(xml('cancelActivity="false"'));
    expect(beside.send('urge')).toBe('+b');
    expect(beside.send('urge')).toBe('+b');
    beside.act('b');
    beside.act('a');
    expect(beside.act('b')).toBe('-b end closed');
  });

  test('that the process sends are caught in the same step, nearest first', async () => {
    const work = sub(
      'work',
      [
        startBy('in'),
        task('a'),
        task('b'),
        done('out'),
        boundary('back', 'a', message('returned')),
        handler(
          'application',
          [
            startBy('applied', message('apply'), 'isInterrupting="false"'),
            task('decide'),
            done('told', message('returned')),
          ],
          [pass('applied', 'decide'), by('decide', 'go', 'told')],
        ),
      ],
      [pass('in', 'a'), by('a', 'go', 'out'), pass('back', 'b'), by('b', 'go', 'out')],
      { inner: each('keys') },
    );
    const life = await Life.of(drawing([start, work, end()], [pass('start', 'work'), pass('work', 'end')]), {
      keys: ['x', 'y'],
    });
    life.send('apply', { instance: 'x' });
    expect(life.act('decide')).toBe('-decide[x] -a[x]! +b[x]');
    // nobody waits for it any more, and the other instance has nothing to do with it: no error
    life.send('apply', { instance: 'x' });
    life.act('b');
    expect(life.act('decide', 'go')).toBe('-decide[x] x completed');
    expect(life.open).toBe('a[y]');
  });

  test('that the process sends to itself without end are refused', async () => {
    const xml = drawing(
      [
        start,
        task('a'),
        thrown('again', message('again')),
        end(),
        handler(
          'echo',
          [
            startBy('heard', message('again'), 'isInterrupting="false"'),
            thrown('reply', message('again')),
            done(),
          ],
          [pass('heard', 'reply'), pass('reply', 'done')],
        ),
      ],
      [pass('start', 'a'), by('a', 'go', 'again'), pass('again', 'end')],
    );
    const life = await Life.of(xml);
    expect(['process.livelock', 'process.tooManyTokens']).toContain(codeOf(() => life.act('a')));
  });
});

describe('strands', () => {
  const xml = (attributes = '', outcome = '') =>
    drawing(
      [
        start,
        task('a'),
        end(),
        startBy('asked', message('askAgain'), attributes),
        task('judge'),
        end('judged', '', outcome),
      ],
      [
        pass('start', 'a'),
        by('a', 'go', 'end'),
        pass('asked', 'judge'),
        by('judge', 'go', 'judged'),
        by('judge', 'again', 'a'),
      ],
    );

  test('run beside the main one, and after it, and do not touch its end', async () => {
    const life = await Life.of(xml());
    expect(life.send('askAgain')).toBe('+judge');
    expect(life.last.effects[0]).toMatchObject({ scope: 2, instance: null });
    expect(life.act('a')).toBe('-a end closed');
    expect(life.act('judge')).toBe('-judge');
    expect(life.state.t).toEqual([]);
    expect(life.send('askAgain')).toBe('+judge');
    expect(life.act('judge', 'again')).toBe('-judge +a');
    expect(life.act('a')).toBe('-a');
    expect(messagesOf(life.graph, null, {})).toMatchObject([{ message: 'askAgain', role: null }]);
  });

  test('begin the main one anew where they say so, once it has ended', async () => {
    const life = await Life.of(xml('wm:strand="main"', 'wm:outcome="rejected"'));
    expect(codeOf(() => life.send('askAgain'))).toBe('process.messageNotAwaited');
    life.act('a');
    expect(life.send('askAgain')).toBe('+judge');
    expect(life.awaited).toBe('');
    expect(life.act('judge')).toBe('-judge end rejected');
  });
});

describe('errors', () => {
  const failing = (more: readonly string[] = [], flows: Parameters<typeof drawing>[1] = []) =>
    sub(
      'work',
      [startBy('in'), task('a'), done(), end('failed', error('broken'), 'wm:outcome="rejected"'), ...more],
      [pass('in', 'a'), by('a', 'go', 'done'), by('a', 'fail', 'failed'), ...flows],
      { inner: each('keys') },
    );
  const xml = (work: string, more: readonly string[] = [], flows: Parameters<typeof drawing>[1] = []) =>
    drawing(
      [start, work, task('c'), end(), ...more],
      [pass('start', 'work'), pass('work', 'c'), by('c', 'go', 'end'), ...flows],
    );
  const vars = { keys: ['x', 'y'] };

  test('are caught on the border, around all instances', async () => {
    const life = await Life.of(
      xml(failing(), [boundary('oops', 'work', error('broken'))], [pass('oops', 'c')]),
      vars,
    );
    expect(life.act('a[x]', 'fail')).toBe('-a[x] x withdrawn y withdrawn -a[y]! +c');
  });

  test('are caught by an event sub-process before that', async () => {
    const repair = handler(
      'repair',
      [startBy('caught', error('broken')), task('mend'), done('mended')],
      [pass('caught', 'mend'), by('mend', 'go', 'mended')],
    );
    const life = await Life.of(
      xml(failing([repair]), [boundary('oops', 'work', error('broken'))], [pass('oops', 'c')]),
      vars,
    );
    expect(life.act('a[x]', 'fail')).toBe('-a[x] +mend[x]');
    expect(life.act('mend')).toBe('-mend[x] x completed');
  });

  test('pass by what waits for another, and end the case', async () => {
    const life = await Life.of(
      xml(
        failing([end('odd', error('other'), '')], [by('a', 'odd', 'odd')]),
        [boundary('oops', 'work', error('other'))],
        [pass('oops', 'c')],
      ),
      vars,
    );
    expect(life.act('a[x]', 'fail')).toBe('-a[x] x withdrawn y withdrawn -a[y]! end rejected broken');
    expect(life.state.t).toEqual([]);
  });
});

describe('called processes', () => {
  const called = drawing([start, task('a'), end()], [pass('start', 'a'), by('a', 'go', 'end')]);
  const xml = drawing(
    [start, call('first', 'one'), call('second', 'one'), end('out', '', 'wm:outcome="declined"')],
    [pass('start', 'first'), pass('first', 'second'), pass('second', 'out')],
  );

  test('are part of the caller', async () => {
    const life = await Life.of(xml, {}, {}, { calls: (code) => (code === 'one' ? called : undefined) });
    expect(life.did).toBe('+first.a');
    expect(life.act('first.a')).toBe('-first.a +second.a');
    expect(life.act('second.a')).toBe('-second.a end declined');
  });
});

describe('timers', () => {
  const at = (attributes: string, body = timer()) => boundary('late', 'a', body, attributes);
  const xml = (border: string) =>
    drawing(
      [start, task('a'), task('b'), end(), border],
      [pass('start', 'a'), by('a', 'go', 'end'), pass('late', 'b'), by('b', 'go', 'end')],
    );

  test('are armed with their task and disarmed with it', async () => {
    const life = await Life.of(xml(at('wm:code="late"', timer('limit * 0.5'))));
    expect(life.last.effects[1]).toEqual({
      type: 'armTimer',
      token: 2,
      node: 'late',
      code: 'late',
      task: 1,
      instance: null,
      at: { kind: 'fraction', value: 0.5 },
      limit: 'a',
    });
    expect(armedOf(life.graph, life.state)).toEqual([
      { token: 2, node: 'late', code: 'late', task: 1, instance: null, limit: 'a' },
    ]);
    expect(life.act('a')).toBe('-a ~2 end closed');
  });

  test('interrupt or not when they are due, once', async () => {
    const life = await Life.of(xml(at('', timer('PT1H'))));
    expect(life.fire(2)).toBe('-a! +b');
    expect(codeOf(() => life.fire(2))).toBe('process.timerNotArmed');
    const beside = await Life.of(xml(at('cancelActivity="false"', timer('PT1H'))));
    expect(codeOf(() => beside.fire(1))).toBe('process.timerNotArmed');
    expect(beside.fire(2)).toBe('+b');
    expect(armedOf(beside.graph, beside.state)).toEqual([]);
  });

  test('are due at a moment that FEEL names', async () => {
    const ms = Date.UTC(2026, 5, 1, 2);
    const atOf = async (until: unknown) => {
      const life = await Life.of(xml(at('wm:at="application.until"')), { application: { until } });
      return life.last.effects[1];
    };
    expect(await atOf('2026-06-01T10:00:00+08:00')).toMatchObject({ at: { kind: 'moment', ms } });
    expect(await atOf('2026-06-01T02:00:00Z')).toMatchObject({ at: { kind: 'moment', ms } });
    const zoned = await Life.of(xml(at('wm:at=\'date and time("2026-06-01T10:00:00@Asia/Shanghai")\'')));
    expect(zoned.last.effects[1]).toMatchObject({ at: { kind: 'moment', ms } });
    const graph = await compileProcess(xml(at('wm:at="application.until"')));
    expect(codeOf(() => new Life(graph, {}))).toBe('process.moment');
    expect(codeOf(() => new Life(graph, { application: { until: '2026-06-01T02:00:00' } }))).toBe(
      'process.moment',
    );
  });

  test('start an event sub-process, and hold the flow', async () => {
    const overdue = handler(
      'overdue',
      [startBy('due', timer('limit'), 'isInterrupting="false" wm:limit="close"'), task('ask'), done()],
      [pass('due', 'ask'), by('ask', 'go', 'done')],
    );
    const life = await Life.of(
      drawing(
        [start, caught('wait', timer('PT1H')), task('a'), end(), overdue],
        [pass('start', 'wait'), pass('wait', 'a'), by('a', 'go', 'end')],
      ),
    );
    expect(life.did).toBe('@due @wait');
    expect(life.last.effects).toMatchObject([{ limit: 'close', task: null }, { limit: null }]);
    expect(life.fire(2)).toBe('+a');
    expect(life.fire(1)).toBe('+ask');
    life.act('ask');
    expect(life.act('a')).toBe('-a end closed');
    const again = new Life(life.graph);
    again.fire(2);
    expect(again.act('a')).toBe('-a ~1 end closed');
  });
});
