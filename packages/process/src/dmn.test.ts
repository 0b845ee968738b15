import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileDecision, decide, ProcessError } from './index.ts';

type Row = readonly [...cells: string[]];

interface Drawn {
  readonly policy?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly rows: readonly Row[];
  /** Inside of each `<output>`. */
  readonly values?: readonly string[];
  readonly namespace?: string;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const entry = (element: string, text: string): string =>
  `<${element}><text>${escaped(text)}</text></${element}>`;

function table({ policy = '', inputs = ['x'], outputs = ['out'], rows, values = [] }: Drawn): string {
  return `<decisionTable id="t" ${policy}>
    ${inputs.map((input) => `<input>${entry('inputExpression', input)}</input>`).join('')}
    ${outputs.map((output, i) => `<output name="${output}">${values[i] ?? ''}</output>`).join('')}
    ${rows
      .map(
        (cells, i) =>
          `<rule id="r${i + 1}">${cells
            .map((cell, column) => entry(column < inputs.length ? 'inputEntry' : 'outputEntry', cell))
            .join('')}</rule>`,
      )
      .join('')}
  </decisionTable>`;
}

const file = (inner: string, namespace = 'https://www.omg.org/spec/DMN/20230324/MODEL/'): string =>
  `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="${namespace}" name="m" namespace="urn:m">${inner}</definitions>`;
const single = (drawn: Drawn): string =>
  file(`<decision id="d" name="d">${table(drawn)}</decision>`, drawn.namespace);

async function answer(drawn: Drawn, input: Record<string, unknown>) {
  return decide(await compileDecision(single(drawn)), input);
}

describe('hit policies', () => {
  const rows: Row[] = [
    ['> 10', '"high"', '3'],
    ['> 5', '"middle"', '1'],
    ['-', '"low"', '2'],
  ];
  const outputs = ['level', 'rank'];
  const order = '<outputValues><text>"low", "middle", "high"</text></outputValues>';
  const levels: Drawn = { rows: rows.map(([test, level]) => [test!, level!]), outputs: ['level'] };
  const ranks: Drawn = { rows: rows.map(([test, , rank]) => [test!, rank!]), outputs: ['rank'] };

  test.each<[string, string, Drawn, unknown, string[]]>([
    ['first', 'hitPolicy="FIRST"', levels, 'high', ['r1']],
    ['rule order', 'hitPolicy="RULE ORDER"', levels, ['high', 'middle', 'low'], ['r1', 'r2', 'r3']],
    ['collect', 'hitPolicy="COLLECT"', levels, ['high', 'middle', 'low'], ['r1', 'r2', 'r3']],
    ['priority', 'hitPolicy="PRIORITY"', { ...levels, values: [order] }, 'low', ['r3']],
    [
      'output order',
      'hitPolicy="OUTPUT ORDER"',
      { ...levels, values: [order] },
      ['low', 'middle', 'high'],
      ['r3', 'r2', 'r1'],
    ],
    ['sum', 'hitPolicy="COLLECT" aggregation="SUM"', ranks, 6, ['r1', 'r2', 'r3']],
    ['minimum', 'hitPolicy="COLLECT" aggregation="MIN"', ranks, 1, ['r1', 'r2', 'r3']],
    ['maximum', 'hitPolicy="COLLECT" aggregation="MAX"', ranks, 3, ['r1', 'r2', 'r3']],
    ['count', 'hitPolicy="COLLECT" aggregation="COUNT"', ranks, 3, ['r1', 'r2', 'r3']],
  ])('%s', async (_name, policy, drawn, value, rules) => {
    expect(await answer({ ...drawn, policy }, { x: 11 })).toEqual({ value, rules });
  });

  test('unique finds its one rule and refuses two, naming them', async () => {
    const unique: Drawn = {
      rows: [
        ['< 5', '1'],
        ['>= 5', '2'],
        ['7', '3'],
      ],
    };
    expect(await answer(unique, { x: 5 })).toEqual({ value: 2, rules: ['r2'] });
    const model = await compileDecision(single(unique));
    expect(() => decide(model, { x: 7 })).toThrow('decision.notUnique at t: r2, r3');
  });

  test('any accepts the same answer twice, not two', async () => {
    const any: Drawn = {
      policy: 'hitPolicy="ANY"',
      rows: [
        ['< 5', '[1, 2]'],
        ['< 9', '[1, 2]'],
        ['< 3', '7'],
      ],
    };
    expect((await answer(any, { x: 4 })).value).toEqual([1, 2]);
    const model = await compileDecision(single(any));
    expect(() => decide(model, { x: 2 })).toThrow('decision.notSame');
  });

  test('several outputs make a context', async () => {
    expect((await answer({ rows, outputs, policy: 'hitPolicy="FIRST"' }, { x: 6 })).value).toEqual({
      level: 'middle',
      rank: 1,
    });
  });

  test('sums are exact', async () => {
    const sum: Drawn = {
      policy: 'hitPolicy="COLLECT" aggregation="SUM"',
      rows: [
        ['-', '0.1'],
        ['-', '0.2'],
      ],
    };
    expect((await answer(sum, {})).value).toBe(0.3);
  });

  test('words cannot be summed', async () => {
    const model = await compileDecision(
      single({ policy: 'hitPolicy="COLLECT" aggregation="SUM"', rows: [['-', '"a"']] }),
    );
    expect(() => decide(model, {})).toThrow('decision.notNumbers');
  });

  test('no rule gives the default, or nothing', async () => {
    const never: Row[] = [['false', '1']];
    const fallback = '<defaultOutputEntry><text>9</text></defaultOutputEntry>';
    expect(await answer({ rows: never }, { x: 1 })).toEqual({ value: null, rules: [] });
    expect((await answer({ rows: never, values: [fallback] }, { x: 1 })).value).toBe(9);
    expect((await answer({ rows: never, policy: 'hitPolicy="COLLECT"' }, { x: 1 })).value).toEqual([]);
    const count = 'hitPolicy="COLLECT" aggregation="COUNT"';
    expect((await answer({ rows: never, policy: count }, { x: 1 })).value).toBe(0);
  });
});

describe('a model', () => {
  const two = file(`
    <inputData id="i" name="Reported at"><variable name="Reported at" typeRef="date"/></inputData>
    <decision id="old" name="Is old"><variable name="Is old"/>
      <informationRequirement><requiredInput href="#i"/></informationRequirement>
      <literalExpression><text>Reported at &lt; date("2026-01-01")</text></literalExpression>
    </decision>
    <decision id="way" name="Way"><variable name="Way"/>
      <informationRequirement><requiredDecision href="#old"/></informationRequirement>
      ${table({
        inputs: ['Is old'],
        rows: [
          ['true', '"archive"'],
          ['false', '"desk"'],
        ],
      })}
    </decision>`);

  test('decides what a decision requires first, with names of several words and dates from JSON', async () => {
    const model = await compileDecision(two);
    expect(decide(model, { 'Reported at': '2025-12-31' })).toEqual({ value: 'archive', rules: ['r1'] });
    expect(decide(model, { 'Reported at': '2026-01-01' })).toEqual({ value: 'desk', rules: ['r2'] });
    expect(decide(model, { 'Reported at': '2026-01-01' }, 'Is old')).toEqual({ value: false, rules: [] });
    expect(() => decide(model, {}, 'Nothing')).toThrow('decision.which');
  });

  test('takes the result of a decision without logic from who asks', async () => {
    const model = await compileDecision(
      file(`<decision id="p" name="by hand"/><decision id="d" name="d">
        <informationRequirement><requiredDecision href="#p"/></informationRequirement>
        <literalExpression><text>by hand + 1</text></literalExpression></decision>`),
    );
    expect(decide(model, { 'by hand': 2 }).value).toBe(3);
    expect(decide(model, {}).value).toBe(null);
  });

  test('of any version of DMN', async () => {
    for (const namespace of [
      'http://www.omg.org/spec/DMN/20151101/dmn.xsd',
      'http://www.omg.org/spec/DMN/20180521/MODEL/',
      'https://www.omg.org/spec/DMN/20191111/MODEL/',
    ]) {
      expect((await answer({ namespace, rows: [['1', '"one"']] }, { x: 1 })).value).toBe('one');
    }
    const prefixed = single({ rows: [['1', '"one"']] })
      .replace('xmlns=', 'xmlns:semantic=')
      .replaceAll(/<(\/?)([a-zA-Z])/g, '<$1semantic:$2');
    expect(decide(await compileDecision(prefixed), { x: 1 }).value).toBe('one');
  });

  test.each<[string, string, string[]]>([
    ['no XML', 'rules', ['decision.xml']],
    ['another document', '<html/>', ['decision.xml']],
    ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]><definitions/>', ['decision.xml']],
    ['an import that is not at hand', file('<import name="other"/>'), ['decision.import']],
    [
      'a function in another language',
      file(
        '<businessKnowledgeModel id="b" name="b"><encapsulatedLogic kind="Java"/></businessKnowledgeModel>',
      ),
      ['decision.unsupported'],
    ],
    [
      'a language of its own',
      file(
        '<decision id="d" name="d"><literalExpression expressionLanguage="urn:js"><text>1</text></literalExpression></decision>',
      ),
      ['decision.language'],
    ],
    [
      'a type that nobody defines',
      file('<inputData id="i" name="i"><variable name="i" typeRef="tMissing"/></inputData>'),
      ['decision.type'],
    ],
    ['an unknown policy', single({ policy: 'hitPolicy="LAST"', rows: [] }), ['decision.hitPolicy']],
    [
      'an unknown aggregation',
      single({ policy: 'hitPolicy="COLLECT" aggregation="MEAN"', rows: [] }),
      ['decision.hitPolicy'],
    ],
    [
      'an aggregation of nothing collected',
      single({ policy: 'hitPolicy="FIRST" aggregation="SUM"', rows: [] }),
      ['decision.hitPolicy'],
    ],
    [
      'a sum of two outputs',
      single({ policy: 'hitPolicy="COLLECT" aggregation="SUM"', outputs: ['a', 'b'], rows: [] }),
      ['decision.hitPolicy'],
    ],
    [
      'priorities without order',
      single({ policy: 'hitPolicy="PRIORITY"', rows: [] }),
      ['decision.priorities'],
    ],
    ['a rule with too few cells', single({ rows: [['1']] }), ['decision.cells']],
    [
      'cells that do not parse',
      single({
        rows: [
          ['> ', '1'],
          ['1', '= 2 ='],
        ],
      }),
      ['decision.feel', 'decision.feel'],
    ],
    ['the time of day', single({ rows: [['1', 'now()']] }), ['decision.feel']],
    [
      'a decision that requires what is not there',
      file(
        '<decision id="d" name="d"><informationRequirement><requiredDecision href="#e"/></informationRequirement></decision>',
      ),
      ['decision.missing'],
    ],
    [
      'decisions that require each other',
      file(
        ['d', 'e']
          .map(
            (id, i) =>
              `<decision id="${id}" name="${id}"><informationRequirement><requiredDecision href="#${'ed'[i]}"/></informationRequirement></decision>`,
          )
          .join(''),
      ),
      ['decision.cycle'],
    ],
  ])('is refused for %s', async (_name, xml, codes) => {
    const error: unknown = await compileDecision(xml).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProcessError);
    expect((error as ProcessError).problems.map(({ code }) => code)).toEqual(codes);
  });
});

test('an indexed table answers what a walk over all rules would', async () => {
  const value = fc.constantFrom('a', 'b', 'c');
  const cell = fc.oneof(
    fc.constant('-'),
    fc
      .uniqueArray(value, { minLength: 1, maxLength: 2 })
      .map((values) => values.map((v) => `"${v}"`).join(', ')),
  );
  // the second column is never indexed: one of its cells is a range
  const row = fc.tuple(cell, fc.constantFrom('-', '< 2', '1', '[2..3]'), fc.nat({ max: 9 }).map(String));
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 8 }),
      value,
      fc.nat({ max: 3 }),
      async (rows, x, y) => {
        const drawn: Drawn = { policy: 'hitPolicy="RULE ORDER"', inputs: ['x', 'y'], rows };
        const expected = rows.flatMap(([first, second], i) => {
          const one = first === '-' || first.includes(`"${x}"`);
          const two = second === '-' || (second === '< 2' ? y < 2 : second === '1' ? y === 1 : y >= 2);
          return one && two ? [`r${i + 1}`] : [];
        });
        expect((await answer(drawn, { x, y })).rules).toEqual(expected);
      },
    ),
    { numRuns: 60 },
  );
});
