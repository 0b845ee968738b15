import { describe, expect, test } from 'vitest';
import { compileDecision, decide, ProcessError } from './index.ts';

const file = (inner: string, namespace = 'urn:m'): string =>
  `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="${namespace}">${inner}</definitions>`;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const feel = (text: string, attributes = ''): string =>
  `<literalExpression ${attributes}><text>${escaped(text)}</text></literalExpression>`;
const decision = (name: string, inner: string, type = ''): string =>
  `<decision id="${name}" name="${name}"><variable name="${name}" ${type && `typeRef="${type}"`}/>${inner}</decision>`;
const input = (name: string, type = 'Any'): string =>
  `<inputData id="${name}" name="${name}"><variable name="${name}" typeRef="${type}"/></inputData>`;
const needs = (kind: 'Input' | 'Decision' | 'Knowledge', href: string): string => {
  const tag = kind === 'Knowledge' ? 'knowledgeRequirement' : 'informationRequirement';
  return `<${tag}><required${kind} href="${href.includes('#') ? href : `#${href}`}"/></${tag}>`;
};
const knowledge = (name: string, parameters: string[], body: string, type = ''): string =>
  `<businessKnowledgeModel id="${name}" name="${name}"><variable name="${name}" ${type && `typeRef="${type}"`}/>
    <encapsulatedLogic>${parameters
      .map((parameter) => {
        const [called, typed] = parameter.split(':');
        return `<formalParameter name="${called}" ${typed ? `typeRef="${typed}"` : ''}/>`;
      })
      .join('')}${body}</encapsulatedLogic>`;
const end = '</businessKnowledgeModel>';

const value = async (
  inner: string,
  given: Record<string, unknown> = {},
  which = 'd',
  imports: string[] = [],
): Promise<unknown> => decide(await compileDecision(file(inner), { imports }), given, which).value;
const one = (expression: string, given = {}): Promise<unknown> => value(decision('d', expression), given);

describe('boxed expressions', () => {
  const entry = (name: string, expression: string, type = ''): string =>
    `<contextEntry>${name && `<variable name="${name}" ${type && `typeRef="${type}"`}/>`}${expression}</contextEntry>`;

  test('a context sees its own entries, with names of several words', async () => {
    const inner = `${entry('base fee', feel('10.1'))}${entry('fee', feel('base fee * 3'))}`;
    expect(await one(`<context>${inner}</context>`)).toEqual({ 'base fee': 10.1, fee: 30.3 });
    expect(await one(`<context>${inner}${entry('', feel('fee - base fee'))}</context>`)).toBe(20.2);
  });

  test('an entry of another type is null', async () => {
    expect(
      await one(
        `<context>${entry('a', feel('"x"'), 'number')}${entry('b', feel('[5]'), 'number')}</context>`,
      ),
    ).toEqual({ a: null, b: 5 });
  });

  test('tables inside a context say which of their rules decided', async () => {
    const table = `<decisionTable id="t"><input><inputExpression><text>x</text></inputExpression></input><output/>
      <rule id="low"><inputEntry><text>&lt; 5</text></inputEntry><outputEntry><text>"low"</text></outputEntry></rule>
      <rule id="high"><inputEntry><text>-</text></inputEntry><outputEntry><text>"high"</text></outputEntry></rule>
      </decisionTable>`;
    const model = await compileDecision(
      file(decision('d', `<context>${entry('level', table)}${entry('', feel('level + "!"'))}</context>`)),
    );
    expect(decide(model, { x: 7 })).toEqual({ value: 'high!', rules: ['high'] });
  });

  test('a relation is a list of contexts, a list a list', async () => {
    const relation = `<relation><column name="kind"/><column name="unit price" typeRef="number"/>
      <row>${feel('"a"')}${feel('1 + 1')}</row><row>${feel('"b"')}${feel('"none"')}</row></relation>`;
    expect(await one(relation)).toEqual([
      { kind: 'a', 'unit price': 2 },
      { kind: 'b', 'unit price': null },
    ]);
    expect(await one(`<list>${feel('1')}${feel('x')}</list>`, { x: 2 })).toEqual([1, 2]);
    expect(
      await value(
        `${decision('prices', relation)}${decision('d', needs('Decision', 'prices') + feel('prices[unit price > 1].kind'))}`,
      ),
    ).toEqual(['a']);
  });

  test('a conditional, repetition, quantifiers and a filter', async () => {
    const part = (tag: string, text: string): string => `<${tag}>${feel(text)}</${tag}>`;
    expect(
      await one(
        `<conditional>${part('if', 'x > 1')}${part('then', '"many"')}${part('else', '"one"')}</conditional>`,
        {
          x: 2,
        },
      ),
    ).toBe('many');
    expect(
      await one(
        `<for iteratorVariable="i">${part('in', '[1, 2, 3]')}${part('return', 'i + count(partial)')}</for>`,
      ),
    ).toEqual([1, 3, 5]);
    expect(
      await one(`<some iteratorVariable="i">${part('in', '[1, 2]')}${part('satisfies', 'i > 1')}</some>`),
    ).toBe(true);
    expect(
      await one(`<every iteratorVariable="i">${part('in', '[1, 2]')}${part('satisfies', 'i > 1')}</every>`),
    ).toBe(false);
    expect(
      await one(
        `<every iteratorVariable="i">${part('in', '[2, null]')}${part('satisfies', 'i > 1')}</every>`,
      ),
    ).toBe(null);
    expect(await one(`<filter>${part('in', '[{a: 1}, {a: 2}]')}${part('match', 'a > 1')}</filter>`)).toEqual([
      { a: 2 },
    ]);
  });

  test('a function definition is called like any other', async () => {
    const made = `<functionDefinition><formalParameter name="the rate" typeRef="number"/>${feel('the rate * 2')}</functionDefinition>`;
    expect(await one(`<context>${entry('f', made)}${entry('', feel('[f(0.1), f("x")]'))}</context>`)).toEqual(
      [0.2, null],
    );
  });
});

describe('knowledge models', () => {
  const double = `${knowledge('twice the', ['n:number'], feel('n * 2'))}${end}`;

  test('are invoked by boxed invocation and by literal expression, by place or name', async () => {
    const binding = (name: string, text: string): string =>
      `<binding><parameter name="${name}"/>${feel(text)}</binding>`;
    const asks = needs('Knowledge', 'twice the');
    expect(
      await value(
        double + decision('d', `${asks}<invocation>${feel('twice the')}${binding('n', '4')}</invocation>`),
      ),
    ).toBe(8);
    expect(await value(double + decision('d', asks + feel('twice the(4) + twice the(n: 1)')))).toBe(10);
    expect(
      await value(
        double + decision('d', `${asks}<invocation>${feel('twice the')}${binding('m', '4')}</invocation>`),
      ),
    ).toBe(null);
    expect(await value(double + decision('d', asks + feel('twice the("a")')))).toBe(null);
  });

  test('see what they require and themselves, not what surrounds their caller', async () => {
    const quadruple = `${knowledge('quadruple', ['n'], feel('twice the(twice the(n))'))}${needs('Knowledge', 'twice the')}${end}`;
    const factorial = `${knowledge('factorial', ['n'], feel('if n < 2 then 1 else n * factorial(n - 1)'))}${end}`;
    const leak = `${knowledge('leak', ['n'], feel('if secret = null then n else -1'))}${end}`;
    expect(
      await value(double + quadruple + decision('d', needs('Knowledge', 'quadruple') + feel('quadruple(3)'))),
    ).toBe(12);
    expect(
      await value(factorial + decision('d', needs('Knowledge', 'factorial') + feel('factorial(20)'))),
    ).toBe(2432902008176640000);
    expect(
      await value(
        leak +
          input('secret') +
          decision('d', needs('Knowledge', 'leak') + needs('Input', 'secret') + feel('leak(1)')),
        { secret: 5 },
      ),
    ).toBe(1);
  });

  test('may be asked by themselves', async () => {
    expect(await value(double, { n: 21 }, 'twice the')).toBe(42);
  });
});

describe('names', () => {
  test('a decision sees what it requires and what the caller alone knows', async () => {
    const model =
      input('a') + input('b') + decision('d', needs('Input', 'a') + feel('{a: a, b: b, extra: extra}'));
    expect(await value(model, { a: 1, b: 2, extra: 3 })).toEqual({ a: 1, b: null, extra: 3 });
  });

  test('with apostrophes, hyphens and plus signs are found where they are declared', async () => {
    const names = ["Person's age", 'pre-bureau', 'a+b', 'count of items', 'date of birth', 'x/y'];
    const inputs = names.map((name) => input(name)).join('');
    const sum = decision('d', names.map((name) => needs('Input', name)).join('') + feel(names.join(' + ')));
    expect(await value(inputs + sum, Object.fromEntries(names.map((name, i) => [name, 10 ** i])))).toBe(
      111111,
    );
  });
});

describe('types', () => {
  const definitions = `
    <itemDefinition name="tLevel"><typeRef>string</typeRef><allowedValues><text>"low", "high"</text></allowedValues></itemDefinition>
    <itemDefinition name="tAge"><typeRef>number</typeRef><allowedValues><text>[0..150]</text></allowedValues></itemDefinition>
    <itemDefinition name="tPerson">
      <itemComponent name="full name"><typeRef>string</typeRef></itemComponent>
      <itemComponent name="age"><typeRef>tAge</typeRef></itemComponent>
      <itemComponent name="since"><typeRef>date</typeRef></itemComponent>
    </itemDefinition>
    <itemDefinition name="tPeople" isCollection="true"><typeRef>tPerson</typeRef></itemDefinition>
    <itemDefinition name="tTree"><itemComponent name="leaves" isCollection="true"><typeRef>tTree</typeRef></itemComponent></itemDefinition>`;
  const given = (type: string, text: string, x: unknown): Promise<unknown> =>
    value(definitions + input('x', type) + decision('d', needs('Input', 'x') + feel(text)), { x });

  test.each<[string, string, unknown, unknown]>([
    ['tLevel', 'x', 'low', 'low'],
    ['tLevel', 'x', 'middle', null],
    ['tAge', 'x + 1', 20, 21],
    ['tAge', 'x', 151, null],
    ['tAge', 'x', '20', null],
    ['tAge', 'x', [20], 20],
    ['tPerson', 'x.full name', { 'full name': 'Li', age: 5 }, 'Li'],
    ['tPerson', 'x', { 'full name': 'Li', age: 500 }, null],
    ['tPerson', 'x.since < date("2026-01-01")', { since: '2025-12-31' }, true],
    [
      'tPeople',
      'x[age > 17].full name',
      [
        { 'full name': 'Li', age: 5 },
        { 'full name': 'Wu', age: 18 },
      ],
      ['Wu'],
    ],
    ['tPeople', 'count(x)', { 'full name': 'Li', age: 5 }, 1],
    ['tPeople', 'x', [{ age: -1 }], null],
    ['tPeople', 'x[1].since + duration("P1D") = date("2026-01-01")', [{ since: '2025-12-31' }], true],
    ['tTree', 'count(x.leaves)', { leaves: [{ leaves: [] }] }, 1],
    ['tPerson', 'x instance of tPerson', { 'full name': 'Li', age: 5, since: null }, true],
    ['date and time', 'x.time offset', '2026-01-01T00:00:00+08:00', { iso: 'PT8H' }],
  ])('%s: %s of %j is %j', async (type, text, x, expected) => {
    expect(await given(type, text, x)).toEqual(
      expected !== null && typeof expected === 'object' && 'iso' in expected
        ? expect.objectContaining(expected)
        : expected,
    );
  });

  test('a decision’s result is taken as its type', async () => {
    const result = (text: string, type: string): Promise<unknown> =>
      value(definitions + decision('d', feel(text), type));
    expect(await result('"x"', 'number')).toBe(null);
    expect(await result('[1]', 'number')).toBe(1);
    expect(await result('"middle"', 'tLevel')).toBe(null);
    expect(String(await result('date("2026-01-01")', 'date and time'))).toBe('2026-01-01T00:00:00Z');
    const person = { 'full name': 'Li', age: 3, since: null };
    expect(await result('{"full name": "Li", age: 3, since: null}', 'tPeople')).toEqual([person]);
    // a context has each entry of its type, as null if need be
    expect(await result('{age: 3}', 'tPeople')).toBe(null);
    // what JSON leaves out is null
    const called = knowledge('k', ['p:tPerson'], feel('p.age')) + end;
    const model = definitions + called + input('x', 'tPerson');
    const d = decision('d', needs('Input', 'x') + needs('Knowledge', 'k') + feel('k(x)'));
    expect(await value(model + d, { x: { age: 3 } })).toBe(3);
  });
});

describe('decision services', () => {
  const model =
    input('a') +
    input('b') +
    decision('inner', needs('Input', 'a') + feel('a * 10')) +
    decision('outer', needs('Input', 'b') + needs('Decision', 'inner') + feel('inner + b')) +
    `<decisionService id="s" name="s"><variable name="s"/>
      <outputDecision href="#outer"/><inputDecision href="#inner"/><inputData href="#b"/></decisionService>` +
    decision('d', needs('Knowledge', 's') + feel('s(b: 1, inner: 5) + s(100, 200)'));

  test('take their input decisions from who asks', async () => {
    expect(await value(model, { b: 1, inner: 2, a: 99 }, 's')).toBe(3);
    expect(await value(model, { a: 99 })).toBe(306);
  });
});

describe('imports', () => {
  const library = file(
    `<itemDefinition name="tLevel"><typeRef>string</typeRef><allowedValues><text>"low", "high"</text></allowedValues></itemDefinition>
     ${input('base')}${decision('level', needs('Input', 'base') + feel('if base > 5 then "high" else "low"'))}
     ${knowledge('say it', ['level:tLevel'], feel('"it is " + level'))}${end}`,
    'urn:library',
  );
  const uses = (prefix: string): string =>
    `<import namespace="urn:library" name="${prefix}" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>`;

  test('lend decisions, functions and types under their name', async () => {
    const own =
      uses('lib') +
      decision(
        'd',
        needs('Decision', 'urn:library#level') +
          needs('Knowledge', 'urn:library#say it') +
          feel('[lib.say it(lib.level), lib.say it("middle"), lib.level instance of lib.tLevel]'),
      );
    expect(await value(own, { base: 9 }, 'd', [library])).toEqual(['it is high', null, true]);
  });

  test('without a name lend them as they are', async () => {
    const own = uses('') + decision('d', needs('Decision', 'urn:library#level') + feel('level'));
    expect(await value(own, { base: 1 }, 'd', [library])).toBe('low');
  });

  test('that go round in a circle are refused', async () => {
    const circle = file('<import namespace="urn:m" name="back"/>', 'urn:library');
    const error: unknown = await compileDecision(file(uses('lib')), { imports: [circle, file('')] }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ProcessError);
    expect((error as ProcessError).code).toBe('decision.cycle');
  });
});
