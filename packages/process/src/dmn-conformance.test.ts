import { describe, expect, test } from 'vitest';
import { compileDecision, decide } from './index.ts';

const file = (inner: string, namespace = 'urn:a'): string =>
  `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="${namespace}">${inner}</definitions>`;
const feel = (text: string, attributes = ''): string =>
  `<literalExpression ${attributes}><text>${text.replaceAll('<', '&lt;')}</text></literalExpression>`;
const decision = (name: string, inner: string, type = ''): string =>
  `<decision id="_${name}" name="${name}"><variable name="${name}" ${type && `typeRef="${type}"`}/>${inner}</decision>`;
const input = (name: string): string =>
  `<inputData id="_${name}" name="${name}"><variable name="${name}"/></inputData>`;
const needs = (kind: 'Input' | 'Decision' | 'Knowledge', href: string): string => {
  const tag = kind === 'Knowledge' ? 'knowledgeRequirement' : 'informationRequirement';
  return `<${tag}><required${kind} href="${href}"/></${tag}>`;
};
const answer = async (
  inner: string,
  given: Record<string, unknown> = {},
  imports: string[] = [],
  which = 'd',
): Promise<unknown> => decide(await compileDecision(file(inner), { imports }), given, which).value;

describe('types of functions', () => {
  const types = `
    <itemDefinition name="tLevel"><typeRef>string</typeRef><allowedValues><text>"low", "high"</text></allowedValues></itemDefinition>
    <itemDefinition name="tSide"><typeRef>tLevel</typeRef><allowedValues><text>"left", "right"</text></allowedValues></itemDefinition>
    <itemDefinition name="tCopy"><typeRef>tLevel</typeRef></itemDefinition>
    <itemDefinition name="tGives"><functionItem outputTypeRef="tLevel"><parameters name="a"/></functionItem></itemDefinition>
    <itemDefinition name="tTakes"><functionItem><parameters name="a" typeRef="tLevel"/></functionItem></itemDefinition>`;
  const x = input('x');
  const given = needs('Input', '#_x');
  const knowledge = (type: string, logic: string): string =>
    `<businessKnowledgeModel id="_k" name="k"><variable name="k" ${type}/><encapsulatedLogic ${logic}>
      <formalParameter name="a"/>${feel('a')}</encapsulatedLogic></businessKnowledgeModel>`;
  const call = decision('d', given + needs('Knowledge', '#_k') + feel('k(x)'));

  test.each<[string, string]>([
    ['a variable’s', x + knowledge('typeRef="tGives"', '') + call],
    ['a logic’s', x + knowledge('', 'typeRef="tGives"') + call],
    ['a parameter’s', x + knowledge('typeRef="tTakes"', '') + call],
    [
      'a lambda’s',
      x +
        decision('k', feel('function(a: tLevel) a', 'typeRef="tGives"')) +
        decision('d', given + needs('Decision', '#_k') + feel('k(x)')),
    ],
    [
      'a drawn function’s',
      x +
        decision(
          'k',
          `<functionDefinition typeRef="tGives"><formalParameter name="a"/>${feel('a')}</functionDefinition>`,
        ) +
        decision('d', given + needs('Decision', '#_k') + feel('k(x)')),
    ],
  ])('%s is kept', async (_whose, model) => {
    expect(await answer(types + model, { x: 'low' })).toBe('low');
    expect(await answer(types + model, { x: 'middle' })).toBe(null);
  });

  test('a service’s is kept, in what it takes and what it yields', async () => {
    const service = (type: string): string =>
      types +
      x +
      decision('echo', given + feel('x')) +
      `<decisionService id="_s" name="s"><variable name="s" typeRef="${type}"/>
        <outputDecision href="#_echo"/><inputData href="#_x"/></decisionService>`;
    for (const type of ['tGives', 'tTakes']) {
      expect(await answer(service(type), { x: 'high' }, [], 's')).toBe('high');
      expect(await answer(service(type), { x: 'middle' }, [], 's')).toBe(null);
    }
  });

  test('allowed values of a type stand in the place of those of the type that it is made of', async () => {
    expect(await answer(types + decision('d', feel('"left"'), 'tSide'))).toBe('left');
    expect(await answer(types + decision('d', feel('"low"'), 'tSide'))).toBe(null);
    expect(await answer(types + decision('d', feel('"low"'), 'tCopy'))).toBe('low');
    expect(await answer(types + decision('d', feel('"left"'), 'tCopy'))).toBe(null);
    expect(await answer(types + decision('d', feel('"left" instance of tCopy')))).toBe(true);
  });
});

describe('cells of tables', () => {
  const table = (columns: string, entries: string): string =>
    input('x') +
    decision('d', `${needs('Input', '#_x')}<decisionTable>${columns}<rule>${entries}</rule></decisionTable>`);
  const cell = (text: string, type = ''): string =>
    `<outputEntry ${type && `typeRef="${type}"`}><text>${text}</text></outputEntry>`;

  test('are of their column’s type, among its values, or of their own', async () => {
    const two = (first: string, entry = ''): string =>
      table(`<output name="a" ${first}</output><output name="b"/>`, cell('x', entry) + cell('x'));
    const columns: [string, string?][] = [
      ['typeRef="string">'],
      ['><outputValues><text>"low", "high"</text></outputValues>'],
      ['>', 'string'],
    ];
    for (const [first, entry] of columns) {
      expect(await answer(two(first, entry), { x: 'low' })).toEqual({ a: 'low', b: 'low' });
      expect(await answer(two(first, entry), { x: 3 })).toEqual({ a: null, b: 3 });
    }
  });

  test('an input that is none of the values that its column names is null', async () => {
    const model = (values: string): string =>
      input('x') +
      decision(
        'd',
        `${needs('Input', '#_x')}<decisionTable><input><inputExpression><text>x</text></inputExpression>
          <inputValues><text>${values}</text></inputValues></input><output/>
          <rule><inputEntry><text>null</text></inputEntry>${cell('"unknown"')}</rule>
          <rule><inputEntry><text>not(null)</text></inputEntry>${cell('"known"')}</rule></decisionTable>`,
      );
    expect(await answer(model('"low", "high"'), { x: 'low' })).toBe('known');
    expect(await answer(model('"low", "high"'), { x: 'middle' })).toBe('unknown');
    expect(await answer(model('[1..5]'), { x: 5 })).toBe('known');
    expect(await answer(model('[1..5]'), { x: 6 })).toBe('unknown');
  });
});

describe('imports without a name', () => {
  const take = (...namespaces: string[]): string =>
    namespaces.map((namespace) => `<import namespace="${namespace}" name="" importType=""/>`).join('');
  const says = (name: string, text: string): string => decision(name, feel(`"${text}"`));
  const asks = (name: string, href = `#_${name}`): string =>
    decision('d', needs('Decision', href) + feel(name));

  test('take in what the file does not define itself', async () => {
    const b = file(says('e', 'b') + says('f', 'b'), 'urn:b');
    expect(await answer(take('urn:b') + asks('e'), {}, [b])).toBe('b');
    expect(await answer(take('urn:b') + asks('e', 'urn:b#_e'), {}, [b])).toBe('b');
    expect(await answer(take('urn:b') + says('e', 'a') + asks('e'), {}, [b])).toBe('a');
    expect(await answer(take('urn:b'), {}, [b], 'f')).toBe('b');
  });

  test('each with its own imports before the next', async () => {
    const b = file(take('urn:c'), 'urn:b');
    const [c, d] = [file(says('e', 'c'), 'urn:c'), file(says('e', 'd') + says('f', 'd'), 'urn:d')];
    expect(await answer(take('urn:b', 'urn:d') + asks('e'), {}, [d, c, b])).toBe('c');
    expect(await answer(take('urn:b', 'urn:d') + asks('f'), {}, [b, c, d])).toBe('d');
  });

  test.each(['#_e', 'urn:b#_e'])('what they require (%s) is the file’s own where it has it', async (href) => {
    const b = file(decision('f', needs('Decision', href) + feel('e')) + says('e', 'b'), 'urn:b');
    expect(await answer(take('urn:b') + says('e', 'a') + asks('f'), {}, [b])).toBe('a');
    expect(await answer(take('urn:b') + asks('f'), {}, [b])).toBe('b');
  });

  test('bring types, and may name each other', async () => {
    const type = '<itemDefinition name="tOne"><typeRef>number</typeRef></itemDefinition>';
    const b = file(take('urn:a') + type + says('e', 'b'), 'urn:b');
    expect(await answer(take('urn:b') + decision('d', feel('"x"'), 'tOne'), {}, [b])).toBe(null);
    expect(await answer(take('urn:b') + asks('e'), {}, [b])).toBe('b');
    expect(await answer(take('urn:a') + says('d', 'a'), {})).toBe('a');
  });

  test('a file with a name of its own is reached through it, with what it takes in', async () => {
    const named = '<import namespace="urn:b" name="b" importType=""/>';
    const [b, c] = [file(take('urn:c'), 'urn:b'), file(says('e', 'c'), 'urn:c')];
    const model = named + decision('d', needs('Decision', 'urn:b#_e') + feel('b.e'));
    expect(await answer(model, {}, [b, c])).toBe('c');
    expect(await answer(named, {}, [file(says('e', 'b'), 'urn:b')], 'urn:b#e')).toBe('b');
  });
});

describe('inputs of imported files', () => {
  const named = (namespace: string, name: string): string =>
    `<import namespace="${namespace}" name="${name}" importType=""/>`;
  const greeting = file(
    input('person') + decision('greeting', needs('Input', '#_person') + feel('"Hello, " + person')),
    'urn:greeting',
  );
  const desk = (namespace: string): string =>
    file(
      named('urn:greeting', 'model') +
        decision('says', needs('Decision', 'urn:greeting#_greeting') + feel('model.greeting')),
      namespace,
    );
  const both =
    named('urn:one', 'Desk 1') +
    named('urn:two', 'Desk 2') +
    decision(
      'd',
      needs('Decision', 'urn:one#_says') +
        needs('Decision', 'urn:two#_says') +
        feel('Desk 1.says + " / " + Desk 2.says'),
    );

  test.each<[string, Record<string, unknown>]>([
    ['by their names', { person: 'Li' }],
    ['by namespace and name', { 'urn:greeting#person': 'Li', person: 'Wang' }],
    ['behind the names of the imports', { 'Desk 1': { model: { person: 'Li' } } }],
  ])('are given %s', async (_how, given) => {
    const imports = [greeting, desk('urn:one'), desk('urn:two')];
    expect(await answer(both, given, imports)).toBe('Hello, Li / Hello, Li');
  });

  test('that are called alike are told apart, as are the outputs of a service', async () => {
    const twice = (namespace: string, factor: number): string =>
      file(input('n') + decision('result', needs('Input', '#_n') + feel(`n * ${factor}`)), namespace);
    const service = `<decisionService id="_s" name="s"><variable name="s"/>
      <outputDecision href="urn:two#_result"/><outputDecision href="urn:three#_result"/>
      <inputData href="urn:two#_n"/><inputData href="urn:three#_n"/></decisionService>`;
    const model = named('urn:two', 'a') + named('urn:three', 'b') + service;
    const given = { 'urn:two#n': 10, 'urn:three#n': 100 };
    const imports = [twice('urn:two', 2), twice('urn:three', 3)];
    expect(await answer(model, given, imports, 's')).toEqual({ 'a.result': 20, 'b.result': 300 });
  });
});

describe('variables that are called as built-in functions begin', () => {
  test('break no call', async () => {
    const model =
      input('date') +
      input('time') +
      decision('years', needs('Decision', '#_d') + feel('d.years')) +
      decision(
        'd',
        needs('Input', '#_date') +
          needs('Input', '#_time') +
          feel('years and months duration(@"2020-01-01", date and time(date(date), time(time)))'),
      );
    const given = { date: '2026-03-01', time: '10:00:00' };
    expect(String(await answer(model, given))).toBe('P6Y2M');
    expect(await answer(model, given, [], 'years')).toBe(6);
  });
});
