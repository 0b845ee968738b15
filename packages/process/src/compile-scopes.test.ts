import { describe, expect, test } from 'vitest';
import {
  boundary,
  by,
  call,
  caught,
  drawing,
  type DrawnFlow,
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
import { compileProcess, type CompileOptions, nodeOf, ProcessError, tasksOf } from './index.ts';

const sound = [start, task('a'), end()];
const soundFlows = [pass('start', 'a'), by('a', 'go', 'end')];
const done = (id = 'done', inner = ''): string => end(id, inner, '');
const inner = (
  id: string,
  nodes: string[] = [],
  more: Parameters<typeof sub>[3] = {},
  flows: DrawnFlow[] = [],
) =>
  sub(
    id,
    [startBy(`${id}In`), task(`${id}Task`), done(`${id}Out`), ...nodes],
    [pass(`${id}In`, `${id}Task`), by(`${id}Task`, 'go', `${id}Out`), ...flows],
    more,
  );

async function problemsOf(xml: string, options: CompileOptions = {}): Promise<string[]> {
  try {
    await compileProcess(xml, options);
    return [];
  } catch (refusal) {
    if (!(refusal instanceof ProcessError)) throw refusal;
    return refusal.problems.map(({ code, element }) => `${code} ${element ?? ''}`.trim());
  }
}

describe('what the compiler does not know it refuses by name', () => {
  const other = (element: string): [string[], DrawnFlow[]] => [[...sound, element], soundFlows];
  const inA = (content: string): [string[], DrawnFlow[]] => [
    [start, task('a', 'wm:step="a"', content), end()],
    soundFlows,
  ];
  const onA = (definition: string): [string[], DrawnFlow[]] => [
    [...sound, boundary('b', 'a', definition)],
    [...soundFlows, pass('b', 'end')],
  ];
  test.each<[string, [string[], DrawnFlow[]], string]>([
    ...['task', 'serviceTask', 'scriptTask', 'sendTask', 'receiveTask', 'manualTask', 'businessRuleTask'].map(
      (type): [string, [string[], DrawnFlow[]], string] => [
        type,
        other(`<bpmn:${type} id="x"/>`),
        'process.unsupported x',
      ],
    ),
    ['transaction', other('<bpmn:transaction id="x"/>'), 'process.unsupported x'],
    ['ad-hoc sub-process', other('<bpmn:adHocSubProcess id="x"/>'), 'process.unsupported x'],
    ['event gateway', other('<bpmn:eventBasedGateway id="x"/>'), 'process.unsupported x'],
    ['complex gateway', other('<bpmn:complexGateway id="x"/>'), 'process.unsupported x'],
    ['compensation', onA('<bpmn:compensateEventDefinition/>'), 'process.unsupported b'],
    ['signal', onA('<bpmn:signalEventDefinition/>'), 'process.unsupported b'],
    ['escalation', onA('<bpmn:escalationEventDefinition/>'), 'process.unsupported b'],
    ['conditional event', onA('<bpmn:conditionalEventDefinition/>'), 'process.unsupported b'],
    ['error on a user task', onA(error('x')), 'process.unsupported b'],
    ['two definitions', onA(message('m') + timer('PT1H')), 'process.unsupported b'],
    ['standard loop', inA('<bpmn:standardLoopCharacteristics/>'), 'process.unsupported a'],
    [
      'loop cardinality',
      inA(
        each('x')
          .replace('/>', '><')
          .replace(
            '></bpmn',
            '><bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">3</bpmn:loopCardinality></bpmn',
          ),
      ),
      'process.unsupported a',
    ],
    ['multi-instance over nothing', inA(each('')), 'process.noItems a'],
    ['message without a name', onA('<bpmn:messageEventDefinition/>'), 'process.noMessage b'],
    ['event without a trigger', onA(''), 'process.noTrigger b'],
    [
      'a timer on a date',
      onA(
        '<bpmn:timerEventDefinition><bpmn:timeDate xsi:type="bpmn:tFormalExpression">2026-01-01</bpmn:timeDate></bpmn:timerEventDefinition>',
      ),
      'process.timer b',
    ],
    [
      'a signal that is sent',
      [[start, task('a'), end('end', '<bpmn:signalEventDefinition/>')], soundFlows],
      'process.unsupported end',
    ],
  ])('%s', async (_name, [nodes, flows], expected) => {
    expect(await problemsOf(drawing(nodes, flows))).toEqual([expected]);
  });

  test('with what exactly is not known', async () => {
    const xml = drawing(
      [
        start,
        task(
          'a',
          'wm:step="a"',
          each('x').replace(
            '>',
            '><bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">3</bpmn:loopCardinality>',
          ),
        ),
        end(),
      ],
      soundFlows,
    );
    const refusal: unknown = await compileProcess(xml).catch((thrown: unknown) => thrown);
    expect((refusal as ProcessError).problems).toEqual([
      { code: 'process.unsupported', element: 'a', type: 'bpmn:UserTask', detail: 'loopCardinality' },
    ]);
  });
});

describe('scopes', () => {
  const around = (one: string, id = 's', more: string[] = [], flows: DrawnFlow[] = []) =>
    drawing([start, one, end(), ...more], [pass('start', id), pass(id, 'end'), ...flows]);

  test('sound ones are not refused, and their tasks have the role of the lane around', async () => {
    const graph = await compileProcess(around(inner('s', [], { inner: each('keys') })));
    expect(tasksOf(graph)).toMatchObject([{ id: 'sTask', role: 'operator', scope: 1 }]);
    expect(graph.scopes).toMatchObject([{ node: null }, { node: nodeOf(graph, 's')!.index, parent: 0 }]);
    const own = around(inner('s').replace('wm:step="sTask"', 'wm:step="sTask" wm:role="crew"'));
    expect((await compileProcess(own)).roles).toEqual(['crew']);
  });

  test.each([
    ['no start', around(sub('s', [task('t'), done('o')], [by('t', 'go', 'o')])), ['process.noStart s']],
    [
      'two starts',
      around(inner('s', [startBy('again')], {}, [pass('again', 'sTask')])),
      ['process.manyStarts s'],
    ],
    [
      'an unreachable task inside',
      around(inner('s', [task('stray')], {}, [by('stray', 'go', 'sOut')])),
      ['process.unreachable stray'],
    ],
    [
      'a dead end inside',
      around(inner('s', [task('stray')], {}, [by('sTask', 'aside', 'stray')])),
      ['process.deadEnd stray'],
    ],
    [
      'a flow across its border',
      around(inner('s'), 's', [task('c')], [by('c', 'go', 'end'), pass('sIn', 'c')]),
      ['process.looseFlow sIn_c'],
    ],
    [
      'a message start',
      around(inner('s', [startBy('m', message('m'))], {}, [pass('m', 'sTask')])),
      ['process.unsupported m'],
    ],
    [
      'two ways out',
      around(inner('s'), 's', [task('c')], [pass('s', 'c'), by('c', 'go', 'end')]),
      ['process.unsupported s'],
    ],
    [
      'a condition on the way out',
      drawing([start, inner('s'), end()], [pass('start', 's'), pass('s', 'end', 'x')]),
      ['process.condition s_end'],
    ],
    [
      'a loop that waits nowhere',
      drawing(
        [
          start,
          sub('s', [startBy('i'), done('o')], [pass('i', 'o')]),
          '<bpmn:exclusiveGateway id="g" default="g_s"/>',
          end(),
        ],
        [pass('start', 's'), pass('s', 'g'), pass('g', 's'), pass('g', 'end', 'x')],
      ),
      ['process.livelock s', 'process.livelock g'],
    ],
    [
      'an error that nothing inside ends with',
      around(inner('s'), 's', [boundary('b', 's', error('gone'))], [pass('b', 'end')]),
      ['process.errorNotThrown b'],
    ],
    [
      'a timer without a flow on a sub-process',
      around(inner('s'), 's', [boundary('b', 's', timer('PT1H'), 'cancelActivity="false" wm:code="x"')]),
      ['process.unsupported b'],
    ],
    [
      'a share of a limit that is not there',
      around(inner('s'), 's', [boundary('b', 's', timer('limit'))], [pass('b', 'end')]),
      ['process.noLimit b'],
    ],
    [
      'an event on a gateway',
      drawing(
        [start, '<bpmn:exclusiveGateway id="g"/>', task('a'), end(), boundary('b', 'g', message('m'))],
        [pass('start', 'g'), pass('g', 'a'), by('a', 'go', 'end'), pass('b', 'end')],
      ),
      ['process.border b'],
    ],
  ])('%s is refused', async (_name, xml, expected) => {
    expect(await problemsOf(xml)).toEqual(expected);
  });

  test('a boundary event without a flow is a dead end', async () => {
    expect(await problemsOf(drawing([...sound, boundary('b', 'a', message('m'))], soundFlows))).toEqual([
      'process.deadEnd b',
    ]);
  });
});

describe('event sub-processes', () => {
  const eventual = (starts: string[], attributes = '') =>
    handler(
      'h',
      [...starts, task('t'), done()].map((node) => node.replace('@', attributes)),
      [...starts.map((one) => pass(/id="(\w+)"/.exec(one)![1]!, 't')), by('t', 'go', 'done')],
    );
  const beside = (one: string, flows: DrawnFlow[] = []) =>
    drawing([...sound, one], [...soundFlows, ...flows]);
  const apart = 'isInterrupting="false"';

  test('a sound one is not refused', async () => {
    const graph = await compileProcess(beside(eventual([startBy('m', message('m'), apart)])));
    expect(nodeOf(graph, 'h')).toMatchObject({ kind: 'handler', interrupting: false });
    expect(nodeOf(graph, 'm')).toMatchObject({ kind: 'start', event: { kind: 'message', message: 'm' } });
    const taking = await compileProcess(
      beside(eventual([startBy('m', message('m'))]).replace('id="done" ', 'id="done" wm:outcome="voided"')),
    );
    expect(nodeOf(taking, 'h')).toMatchObject({ interrupting: true });
  });

  test.each([
    [
      'without a start',
      beside(handler('h', [task('t'), done()], [by('t', 'go', 'done')])),
      ['process.noStart h'],
    ],
    [
      'with two starts',
      beside(eventual([startBy('m', message('m'), apart), startBy('n', message('n'), apart)])),
      ['process.manyStarts h'],
    ],
    ['with a plain start', beside(eventual([startBy('m', '', apart)])), ['process.noTrigger m']],
    [
      'with an error that does not interrupt',
      beside(eventual([startBy('m', error('lost'), apart)])),
      ['process.unsupported m'],
    ],
    [
      'in a flow',
      beside(eventual([startBy('m', message('m'), apart)]), [by('a', 'aside', 'h')]),
      ['process.eventFlow h'],
    ],
    [
      'several times',
      beside(
        handler(
          'h',
          [each('x'), startBy('m', message('m'), apart), task('t'), done()],
          [pass('m', 't'), by('t', 'go', 'done')],
        ),
      ),
      ['process.unsupported h'],
    ],
    [
      'that takes the case over and does not say how it ends',
      beside(eventual([startBy('m', message('m'))])),
      ['process.outcome done'],
    ],
  ])('%s is refused', async (_name, xml, expected) => {
    expect(await problemsOf(xml)).toEqual(expected);
  });
});

describe('messages and timers', () => {
  const strand = (attributes: string, outcome = '') =>
    drawing(
      [...sound, startBy('m', message('void'), attributes), task('b'), end('over', '', outcome)],
      [...soundFlows, pass('m', 'b'), by('b', 'go', 'over')],
    );

  test('a strand need not say how the case ends, the main one must', async () => {
    expect(await problemsOf(strand(''))).toEqual([]);
    expect(await problemsOf(strand('wm:strand="main"'))).toEqual(['process.outcome over']);
    expect(await problemsOf(strand('wm:strand="main"', 'wm:outcome="voided"'))).toEqual([]);
    expect(await problemsOf(strand('wm:strand="side"'))).toEqual(['process.strand m']);
    const plain = drawing([start.replace('/>', ' wm:strand="main"/>'), task('a'), end()], soundFlows);
    expect(await problemsOf(plain)).toEqual(['process.strand start']);
  });

  test('codes and names are checked', async () => {
    const options: CompileOptions = {
      roles: new Set(['operator']),
      actions: new Set(['go', 'void']),
      forms: new Set(['void']),
      limits: new Set(['a', 'b']),
      names: new Set(['assignment.failedCount', 'state']),
    };
    expect(
      await problemsOf(
        strand('wm:role="operator" wm:form="void" wm:when="assignment.failedCount > 2 and state = 1"'),
        options,
      ),
    ).toEqual([]);
    expect(
      await problemsOf(
        strand('wm:role="king" wm:assign="x" wm:form="f" wm:when="assignmnt.failedCount > 2"'),
        options,
      ),
    ).toEqual([
      'process.unknownCode m',
      'process.unknownCode m',
      'process.unknownName m',
      'process.assign m',
    ]);
    expect(await problemsOf(strand('wm:role="operator king"'), options)).toEqual(['process.unknownCode m']);
    expect(
      await problemsOf(
        strand('wm:role="operator" wm:form="void" wm:when="assignment.faildCount > 2 and state = 1"'),
        options,
      ),
    ).toEqual(['process.unknownName m']);
    const sent = strand('wm:role="operator"').replaceAll('name="void"', 'name="viod"');
    expect(await problemsOf(sent, options)).toEqual(['process.unknownCode m']);
    // nobody sends it: it is no action
    expect(await problemsOf(strand('').replaceAll('name="void"', 'name="viod"'), options)).toEqual([]);
    const loop = drawing(
      [start, task('a', 'wm:step="a"', each('stat', { until: 'numberOfInstances > nmbr' })), end()],
      soundFlows,
    );
    expect(await problemsOf(loop, options)).toEqual(['process.unknownName a', 'process.unknownName a']);
  });

  test('FEEL that does not parse, and attributes that nobody reads', async () => {
    expect(await problemsOf(strand('wm:when="a ="'))).toEqual(['process.feel m']);
    expect(await problemsOf(strand('wm:at="now()" wm:limit="x"'))).toEqual([
      'process.misplaced m',
      'process.misplaced m',
    ]);
    const timed = (attributes: string) =>
      drawing([...sound, boundary('b', 'a', timer(), attributes)], [...soundFlows, pass('b', 'end')]);
    expect(await problemsOf(timed('wm:at="until"'))).toEqual([]);
    expect(await problemsOf(timed('wm:at="now()"'))).toEqual(['process.feel b']);
    expect(await problemsOf(timed('wm:at="until" wm:role="operator"'))).toEqual(['process.misplaced b']);
    expect(await problemsOf(timed(''))).toEqual(['process.timer b']);
  });

  test('several answers of a task for many need a default', async () => {
    const asked = (attributes: string, flow: Partial<DrawnFlow>) =>
      drawing(
        [start, task('a', `wm:step="a" ${attributes}`, each('x')), task('b'), end()],
        [
          pass('start', 'a'),
          by('a', 'yes', 'end'),
          { from: 'a', to: 'b', id: 'no', ...flow },
          by('b', 'go', 'end'),
        ],
      );
    expect(await problemsOf(asked('', { when: 'action = "no"' }))).toEqual(['process.noDefault a']);
    expect(await problemsOf(asked('default="no"', { attributes: 'wm:action="no"' }))).toEqual([]);
  });

  test('errors and messages have names', async () => {
    const nodes = (throwing: string) => [start, task('a'), throwing, end()];
    const flows = [pass('start', 'a'), by('a', 'go', 't'), pass('t', 'end')];
    expect(await problemsOf(drawing(nodes(thrown('t')), flows))).toEqual([]);
    expect(await problemsOf(drawing(nodes(thrown('t', message('m'))), flows))).toEqual([]);
    expect(await problemsOf(drawing(nodes(thrown('t', '<bpmn:messageEventDefinition/>')), flows))).toEqual([
      'process.noMessage t',
    ]);
    expect(await problemsOf(drawing(nodes(thrown('t', '<bpmn:signalEventDefinition/>')), flows))).toEqual([
      'process.unsupported t',
    ]);
    expect(await problemsOf(drawing(nodes(caught('t', message('m'))), flows))).toEqual([]);
    expect(await problemsOf(drawing(nodes(caught('t', '')), flows))).toEqual(['process.noTrigger t']);
    expect(await problemsOf(drawing(nodes(caught('t', error('x'))), flows))).toEqual(['process.noTrigger t']);
  });
});

describe('called processes', () => {
  const caller = drawing([start, call('c', 'one'), end()], [pass('start', 'c'), pass('c', 'end')]);
  const called = (nodes: string[] = [], flows: DrawnFlow[] = [], out = done('o', terminate)) =>
    drawing([start, task('a'), out, ...nodes], [pass('start', 'a'), by('a', 'go', 'o'), ...flows]);
  const calls = (texts: Record<string, string>): CompileOptions => ({ calls: (code) => texts[code] });

  test('are found by their code, also those that they call', async () => {
    const texts = { one: called([call('d', 'two')], [by('a', 'on', 'd'), pass('d', 'o')]), two: called() };
    const graph = await compileProcess(caller, { calls: (code) => Promise.resolve(texts[code as 'one']) });
    expect(tasksOf(graph).map(({ id, actions }) => `${id} ${actions[0]!.flowId}`)).toEqual([
      'c.a c.a_go_o',
      'c.d.a c.d.a_go_o',
    ]);
  });

  test.each([
    ['unknown', {}, ['process.unknownCall c']],
    [
      'called in a circle',
      { one: called([call('d', 'one')], [by('a', 'on', 'd'), pass('d', 'o')]) },
      ['process.callCycle c.d'],
    ],
    ['unreadable', { one: 'no drawing' }, ['process.call c']],
    [
      'wrong inside',
      { one: called([task('stray')]) },
      ['process.unreachable c.stray', 'process.deadEnd c.stray'],
    ],
    ['unsupported inside', { one: called(['<bpmn:scriptTask id="s"/>']) }, ['process.unsupported c.s']],
    [
      'begun by a message',
      { one: called([startBy('m', message('m'))], [pass('m', 'a')]) },
      ['process.unsupported c.m'],
    ],
  ])('%s is refused', async (_name, texts, expected) => {
    expect(await problemsOf(caller, calls(texts))).toEqual(expected);
  });

  test('an element of the caller with the id of one inside', async () => {
    const xml = drawing(
      [start, call('c', 'one'), task('c.a'), end()],
      [pass('start', 'c'), pass('c', 'c.a'), by('c.a', 'go', 'end')],
    );
    expect(await problemsOf(xml, calls({ one: called() }))).toEqual(['process.duplicateId c.a']);
  });

  test('a call without a code, and one that nobody can look up', async () => {
    expect(await problemsOf(caller.replace('calledElement="one"', ''))).toEqual(['process.unknownCall c']);
    expect(await problemsOf(caller)).toEqual(['process.unknownCall c']);
  });
});
