import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { by, drawing, type DrawnFlow, end, start, task, pass } from './drawing.testing.ts';
import { checkPicture, compileProcess, type CompileOptions, ProcessError, tasksOf } from './index.ts';

const caseBpmn = readFileSync(new URL('./line.testing.bpmn', import.meta.url), 'utf8');

const sound = [start, task('a'), end()];
const soundFlows = [pass('start', 'a'), by('a', 'go', 'end')];

async function problems(
  nodes: readonly string[],
  flows: readonly DrawnFlow[],
  extra = '',
  options: CompileOptions = {},
): Promise<string[]> {
  return problemsOf(drawing(nodes, flows, extra), options);
}

async function problemsOf(xml: string, options: CompileOptions = {}): Promise<string[]> {
  try {
    await compileProcess(xml, options);
    return [];
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    return error.problems.map(({ code, element }) => `${code} ${element ?? ''}`.trim());
  }
}

describe('a process in one line', () => {
  test('says who does what, by which rule a post is found and what may be done', async () => {
    const graph = await compileProcess(caseBpmn);
    const lines = tasksOf(graph).map(
      ({ id, step, role, assign, limit, actions }) =>
        `${id}: ${step} by ${role} (${assign}), limit ${limit}: ${actions
          .map(
            ({ action, form, flow }) =>
              `${action}${form ? `[${form}]` : ''}>${graph.nodes[graph.flows[flow]!.target]!.id}`,
          )
          .join(' ')}`,
    );
    expect(lines).toEqual([
      'accept: accept by operator (role), limit accept: accept>file sendVerify[sendVerify]>verify reject[reject]>rejected',
      'verify: verify by collector (collectorOfGrid), limit verify: confirm[confirm]>file deny[deny]>accept',
      'file: file by shiftLeader (role), limit file: file[file]>dispatch declineFiling[declineFiling]>declined',
      'dispatch: dispatch by dispatcher (role), limit dispatch: dispatch[dispatch]>sign',
      'sign: sign by department (unitOfAssignment), limit sign: sign>dispose decline[decline]>dispatch',
      'dispose: dispose by department (unitOfAssignment), limit dispose: assign[assign]>crewDispose respond[respond]>responded',
      'crewDispose: dispose by crew (crewOfAssignment), limit dispose: respond[respond]>responded',
      'sendCheck: sendCheck by operator (role), limit sendCheck: sendCheck[sendCheck]>check',
      'check: check by collector (collectorOfGrid), limit check: pass[pass]>close fail[fail]>redispatch',
      'redispatch: dispatch by dispatcher (role), limit dispatch: rework[rework]>sign redispatch[redispatch]>sign',
      'close: close by shiftLeader (role), limit close: close[close]>closed sendCheck[sendCheck]>check',
    ]);
    expect(graph.roles).toEqual(['operator', 'collector', 'shiftLeader', 'dispatcher', 'department', 'crew']);
    for (const node of tasksOf(graph)) {
      expect(node.reminders).toEqual([
        { code: 'warn', at: { kind: 'fraction', value: 0.8 } },
        { code: 'overdue', at: { kind: 'fraction', value: 1 } },
      ]);
    }
  });

  test('reads nothing but the variables of a case, and draws every element', async () => {
    await compileProcess(caseBpmn, {
      names: new Set(['source', 'verify', 'autoAccept', 'autoSendVerify', 'autoSendCheck']),
    });
    const graph = await compileProcess(caseBpmn);
    for (const { id } of [...graph.nodes, ...graph.flows]) {
      expect(caseBpmn).toContain(`bpmnElement="${id}"`);
    }
  });
});

describe('a drawing is refused', () => {
  test('a sound one is not', async () => {
    expect(await problems(sound, soundFlows)).toEqual([]);
  });

  test.each<[string, string[], DrawnFlow[], string[]]>([
    ['an unsupported task', [...sound, '<bpmn:serviceTask id="s"/>'], soundFlows, ['process.unsupported s']],
    [
      'a message start without a name',
      ['<bpmn:startEvent id="start"><bpmn:messageEventDefinition/></bpmn:startEvent>', task('a'), end()],
      soundFlows,
      ['process.noMessage start'],
    ],
    [
      'multi-instance over nothing',
      [
        start,
        '<bpmn:userTask id="a" wm:step="a"><bpmn:multiInstanceLoopCharacteristics/></bpmn:userTask>',
        end(),
      ],
      soundFlows,
      ['process.noItems a'],
    ],
    ['no start', [task('a'), end()], [by('a', 'go', 'end')], ['process.noStart drawn']],
    [
      'two starts',
      [...sound, '<bpmn:startEvent id="again"/>'],
      [...soundFlows, pass('again', 'a')],
      ['process.manyStarts drawn'],
    ],
    [
      'an unreachable task',
      [...sound, task('b')],
      [...soundFlows, by('b', 'go', 'end')],
      ['process.unreachable b'],
    ],
    ['a dead end', [...sound, task('b')], [...soundFlows, by('a', 'aside', 'b')], ['process.deadEnd b']],
    [
      'a loop that never ends',
      [...sound, task('b'), task('c')],
      [...soundFlows, by('a', 'aside', 'b'), by('b', 'on', 'c'), by('c', 'back', 'b')],
      ['process.deadEnd b', 'process.deadEnd c'],
    ],
    [
      'a loop without a person',
      [
        ...sound,
        '<bpmn:exclusiveGateway id="g" default="g_h"/>',
        '<bpmn:exclusiveGateway id="h" default="h_end"/>',
      ],
      [pass('start', 'a'), by('a', 'go', 'g'), pass('g', 'h'), pass('h', 'g', 'x'), pass('h', 'end')].concat(
        by('a', 'end', 'end'),
      ),
      ['process.livelock g', 'process.livelock h'],
    ],
    [
      'the same action twice',
      [...sound, task('b')],
      [...soundFlows, by('a', 'go', 'b'), by('b', 'go', 'end')],
      ['process.duplicateAction a_go_b'],
    ],
    ['a flow without action', sound, [pass('start', 'a'), pass('a', 'end')], ['process.noAction a_end']],
    [
      'two unconditional flows',
      [...sound, task('b')],
      [
        pass('start', 'a'),
        { from: 'a', to: 'end', attributes: 'wm:action="go"' },
        { from: 'a', to: 'b', attributes: 'wm:action="aside"' },
        by('b', 'go', 'end'),
      ],
      ['process.noCondition a_end', 'process.noCondition a_b'],
    ],
    [
      'an action that contradicts its condition',
      sound,
      [pass('start', 'a'), { ...by('a', 'go', 'end'), attributes: 'wm:action="stop"' }],
      ['process.actionMismatch a_go_end'],
    ],
    [
      'FEEL that does not parse',
      sound,
      [pass('start', 'a'), pass('a', 'end', 'action = ')],
      ['process.feel a_end'],
    ],
    [
      'a condition on the clock',
      sound,
      [pass('start', 'a'), by('a', 'go', 'end', ' and now() > x')],
      ['process.feel a_go_end'],
    ],
    [
      'a way out of a gateway without condition',
      [...sound, '<bpmn:exclusiveGateway id="g"/>', task('b')],
      [pass('start', 'g'), pass('g', 'a', 'x'), pass('g', 'b'), by('a', 'go', 'end'), by('b', 'go', 'end')],
      ['process.noCondition g_b'],
    ],
    [
      'a condition that nobody would read',
      [...sound, '<bpmn:parallelGateway id="g"/>', task('b')],
      [pass('start', 'g'), pass('g', 'a', 'x'), pass('g', 'b'), by('a', 'go', 'end'), by('b', 'go', 'end')],
      ['process.condition g_a'],
    ],
    ['a task without step', [start, '<bpmn:userTask id="a"/>', end()], soundFlows, ['process.noStep a']],
    [
      'an unknown rule',
      [start, task('a', 'wm:step="a" wm:assign="anybody"'), end()],
      soundFlows,
      ['process.assign a'],
    ],
    [
      'a mistyped attribute',
      [start, task('a', 'wm:step="a" wm:limt="a"'), end()],
      soundFlows,
      ['process.xml a'],
    ],
    ['an end without outcome', [start, task('a'), end('end', '', '')], soundFlows, ['process.outcome end']],
    [
      'a message end without a name',
      [start, task('a'), end('end', '<bpmn:messageEventDefinition/>')],
      soundFlows,
      ['process.noMessage end'],
    ],
    [
      'an error without code',
      [start, task('a'), end('end', '<bpmn:errorEventDefinition/>')],
      soundFlows,
      ['process.errorCode end'],
    ],
    ['a flow that leaves an end', sound, [...soundFlows, pass('end', 'a')], ['process.endFlow end']],
  ])('%s', async (_name, nodes, flows, expected) => {
    expect(await problems(nodes, flows)).toEqual(expected);
  });

  test('all mistakes at once, each with its element and type', async () => {
    const xml = drawing(
      [start, task('a', ''), '<bpmn:scriptTask id="s"/>', end('end', '', 'wm:outcome="gone"')],
      [pass('start', 'a'), by('a', 'go', 'end')],
    );
    const error: unknown = await compileProcess(xml).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(ProcessError);
    const { code, problems: found } = error as ProcessError;
    expect(code).toBe('process.invalid');
    expect(found).toEqual([
      { code: 'process.unsupported', element: 's', type: 'bpmn:ScriptTask' },
      { code: 'process.noStep', element: 'a', type: 'bpmn:UserTask' },
      { code: 'process.outcome', element: 'end', type: 'bpmn:EndEvent', detail: 'gone' },
    ]);
  });

  test('what is not XML, not BPMN, or refers to nothing', async () => {
    expect(await problemsOf('no drawing')).toEqual(['process.xml 1']);
    expect(await problemsOf('<html/>')).toEqual(['process.xml']);
    const loose = drawing(sound, [...soundFlows, pass('a', 'nowhere', 'action = "x"')]);
    expect(await problemsOf(loose)).toEqual(['process.xml a_nowhere']);
  });

  test('a task outside all lanes', async () => {
    const xml = drawing(sound, soundFlows).replace('<bpmn:flowNodeRef>a</bpmn:flowNodeRef>', '');
    expect(await problemsOf(xml)).toEqual(['process.noRole a']);
  });

  test('a task in the lanes of two roles; in one lane within another the inner one counts', async () => {
    const lane = (id: string, role: string, inner = ''): string =>
      `<bpmn:lane id="${id}" wm:role="${role}"><bpmn:flowNodeRef>a</bpmn:flowNodeRef>${inner}</bpmn:lane>`;
    const beside = (more: string): string =>
      drawing(sound, soundFlows).replace('</bpmn:laneSet>', `${more}</bpmn:laneSet>`);
    expect(await problemsOf(beside(lane('other', 'dispatcher')))).toEqual(['process.twoLanes a']);
    const inner = `<bpmn:childLaneSet id="in">${lane('inner', 'dispatcher')}</bpmn:childLaneSet>`;
    const within = drawing(sound, soundFlows).replace('</bpmn:lane>', `${inner}</bpmn:lane>`);
    expect(await problemsOf(within)).toEqual([]);
  });

  test('another expression language', async () => {
    const xml = drawing(sound, soundFlows).replace(
      '<bpmn:conditionExpression ',
      '<bpmn:conditionExpression language="javascript" ',
    );
    expect(await problemsOf(xml)).toEqual(['process.language a_go_end']);
  });

  test('codes that the vocabulary does not know, unless they begin with x-', async () => {
    const options: CompileOptions = {
      steps: new Set(['accept']),
      roles: new Set(['operator']),
      actions: new Set(['pass']),
      limits: new Set([]),
      forms: new Set([]),
      names: new Set(['source']),
    };
    const nodes = (step: string) => [start, task('a', `wm:step="${step}"`), end()];
    expect(await problems(nodes('x-own'), [pass('start', 'a'), by('a', 'pass', 'end')], '', options)).toEqual(
      [],
    );
    expect(
      await problems(
        nodes('acept'),
        [pass('start', 'a'), { ...by('a', 'pas', 'end', ' and sorce = 1'), attributes: 'wm:form="f"' }],
        '',
        options,
      ),
    ).toEqual([
      'process.unknownName a_pas_end',
      'process.unknownCode a',
      'process.unknownCode a_pas_end',
      'process.unknownCode a_pas_end',
    ]);
  });
});

describe('reminders', () => {
  const timer = (body: string, attributes = 'cancelActivity="false" wm:code="warn"', id = 'r') =>
    `<bpmn:boundaryEvent id="${id}" attachedToRef="a" ${attributes}><bpmn:timerEventDefinition>
      <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">${body}</bpmn:timeDuration>
    </bpmn:timerEventDefinition></bpmn:boundaryEvent>`;
  const remindersOf = async (...timers: string[]) => {
    const graph = await compileProcess(drawing(sound, soundFlows, timers.join('')));
    return tasksOf(graph)[0]!.reminders.map(({ at }) => at);
  };

  test('are a share of the limit or a fixed time', async () => {
    expect(await remindersOf(timer('limit * 0.5'))).toEqual([{ kind: 'fraction', value: 0.5 }]);
    expect(await remindersOf(timer('=limit'))).toEqual([{ kind: 'fraction', value: 1 }]);
    expect(await remindersOf(timer('PT90M'))).toEqual([{ kind: 'duration', ms: 5_400_000 }]);
    expect(await remindersOf(timer('duration("P1DT1H")'))).toEqual([{ kind: 'duration', ms: 90_000_000 }]);
  });

  test.each([
    ['interrupting', timer('limit', 'wm:code="warn"'), 'process.unsupported r'],
    ['without code', timer('limit', 'cancelActivity="false"'), 'process.reminderCode r'],
    ['of no length', timer('limit * 0'), 'process.timer r'],
    ['in months', timer('P1M'), 'process.timer r'],
    ['of nonsense', timer('soon'), 'process.timer r'],
    [
      'twice',
      timer('limit') + timer('PT1H', 'cancelActivity="false" wm:code="warn"', 'r2'),
      'process.duplicateReminder r2',
    ],
  ])('%s are refused', async (_name, timers, expected) => {
    expect(await problems(sound, soundFlows, timers)).toEqual([expected]);
  });

  test('a share of a limit that the task does not have', async () => {
    const nodes = [start, task('a', 'wm:step="a"'), end()];
    expect(await problems(nodes, soundFlows, timer('limit'))).toEqual(['process.noLimit r']);
  });
});

describe('the picture of a drawing', () => {
  const shape = (of: string): string =>
    `<bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="p" bpmnElement="${of}" /></bpmndi:BPMNDiagram>`;
  const withPicture = (of: string): string => caseBpmn.replace(/<\/[\w:]*definitions>\s*$/, `${shape(of)}$&`);

  test('says nothing of the process, and is checked by itself', async () => {
    const plain = await compileProcess(caseBpmn);
    const broken = withPicture('nobody');
    expect((await compileProcess(broken)).nodes.map((node) => node.id)).toEqual(
      plain.nodes.map((node) => node.id),
    );
    expect(await checkPicture(broken)).toEqual([expect.objectContaining({ code: 'process.xml' })]);
    expect(await checkPicture(caseBpmn)).toEqual([]);
  });

  test('hides nothing that stands behind it', async () => {
    const task = '<bpmn:userTask id="behind" />';
    const hidden = withPicture('nobody').replace('</bpmndi:BPMNDiagram>', `$&${task}`);
    expect(await problemsOf(hidden)).toContainEqual(expect.stringContaining('process.xml'));
  });
});
