import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CheckOptions, checkDecision } from './dmn-check.ts';
import { compileDecision, decide, ProcessError } from './index.ts';

interface Column {
  readonly name: string;
  readonly type?: string;
  readonly values?: string;
}
interface Drawn {
  readonly policy?: string;
  readonly inputs: readonly Column[];
  readonly outputs?: readonly (Column & { fallback?: string })[];
  readonly rows: readonly (readonly string[])[];
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const wrapped = (tag: string, text: string | undefined): string =>
  text === undefined ? '' : `<${tag}><text>${escaped(text)}</text></${tag}>`;

function drawn({ policy = 'UNIQUE', inputs, outputs = [{ name: 'out' }], rows }: Drawn): string {
  const data = inputs
    .map(
      ({ name, type = 'Any' }) =>
        `<inputData id="${name}" name="${name}"><variable name="${name}" typeRef="${type}"/></inputData>`,
    )
    .join('');
  return `<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m">${data}
    <decision id="d" name="d">${inputs.map(({ name }) => `<informationRequirement><requiredInput href="#${name}"/></informationRequirement>`).join('')}
    <decisionTable id="t" hitPolicy="${policy}">
    ${inputs.map(({ name, values }) => `<input>${wrapped('inputExpression', name)}${wrapped('inputValues', values)}</input>`).join('')}
    ${outputs
      .map(
        ({ name, type, values, fallback }) =>
          `<output name="${name}" ${type ? `typeRef="${type}"` : ''}>${wrapped('outputValues', values)}${wrapped('defaultOutputEntry', fallback)}</output>`,
      )
      .join('')}
    ${rows
      .map(
        (cells) =>
          `<rule>${cells.map((cell, i) => wrapped(i < inputs.length ? 'inputEntry' : 'outputEntry', cell)).join('')}</rule>`,
      )
      .join('')}
    </decisionTable></decision></definitions>`;
}

async function found(table: Drawn, options?: CheckOptions): Promise<string[]> {
  const model = await compileDecision(drawn(table));
  return checkDecision(model, options).map(
    ({ severity, code, detail }) => `${severity === 'warning' ? '? ' : ''}${code} ${detail}`,
  );
}

const grade: Column = { name: 'grade', type: 'string', values: '"A", "B", "C"' };
const days: Column = { name: 'days', type: 'number' };
const sure: Column = { name: 'sure', type: 'boolean' };

describe('a table is found', () => {
  test.each<[string, Drawn, string[], CheckOptions?]>([
    [
      'sound',
      {
        inputs: [days, sure],
        rows: [
          ['<= 3', '-', '1'],
          ['> 3', 'true', '2'],
          ['> 3', 'false', '3'],
        ],
      },
      [],
    ],
    [
      'to overlap, with the rules and what both accept',
      {
        inputs: [grade, days],
        rows: [
          ['"A", "B"', '< 5', '1'],
          ['not("A")', '>= 3', '2'],
          ['"A"', '>= 5', '3'],
          ['-', '< 3', '4'],
        ],
      },
      [
        'decision.overlap rules 1, 2 · grade: "B"; days: [3..5)',
        'decision.overlap rules 1, 4 · grade: "A", "B"; days: < 3',
      ],
    ],
    [
      'to have gaps, between numbers too',
      {
        inputs: [grade, days],
        rows: [
          ['"A"', '-', '1'],
          ['"B"', '< 5', '2'],
          ['"B"', '> 5', '3'],
          ['"C"', '[1..9]', '4'],
        ],
      },
      ['decision.gap grade: "B"; days: 5', 'decision.gap grade: "C"; days: < 1, > 9'],
    ],
    [
      'to have gaps between whole numbers only where these are not whole',
      {
        inputs: [{ name: 'hour', type: 'number', values: '[0..23]' }],
        rows: [
          ['[0..6]', '1'],
          ['[7..22]', '2'],
        ],
      },
      ['decision.gap hour: (6..7), (22..23]'],
    ],
    [
      'to have gaps of whole numbers',
      {
        inputs: [{ name: 'hour', type: 'number', values: '[0..23]' }],
        rows: [
          ['[0..6]', '1'],
          ['[7..22]', '2'],
        ],
      },
      ['decision.gap hour: 23'],
      { domains: { hour: { whole: true } } },
    ],
    [
      'to leave out a value that nothing names',
      {
        inputs: [{ name: 'source', type: 'string' }],
        rows: [
          ['"hotline"', '1'],
          ['"app"', '2'],
        ],
      },
      ['? decision.gap source: not("hotline", "app")'],
    ],
    [
      'to leave out a code that exists, and to name one that does not',
      {
        inputs: [{ name: 'source', type: 'string' }],
        rows: [
          ['"hotline"', '1'],
          ['"ap"', '2'],
        ],
      },
      [
        'decision.inputValue rules 2 · source: "ap" · ap',
        'decision.unreachable rules 2',
        'decision.gap source: "app"',
      ],
      { domains: { source: { values: ['hotline', 'app'] } } },
    ],
    ['to leave out a boolean', { inputs: [sure], rows: [['true', '1']] }, ['decision.gap sure: false']],
    [
      'to have gaps between dates',
      {
        inputs: [{ name: 'day', type: 'date' }],
        rows: [
          ['< date("2026-01-01")', '1'],
          ['> @"2026-01-01"', '2'],
        ],
      },
      ['decision.gap day: @"2026-01-01"'],
    ],
    [
      'to need no more where it has a default',
      { inputs: [grade], outputs: [{ name: 'out', fallback: '0' }], rows: [['"A"', '1']] },
      [],
    ],
    [
      'to contradict itself, where any rule may speak',
      {
        policy: 'ANY',
        inputs: [days],
        rows: [
          ['< 5', '"a"'],
          ['< 9', '"a"'],
          ['>= 8', '"b"'],
          ['> 100', 'days + 1'],
        ],
      },
      ['decision.conflict rules 2, 3 · days: [8..9)', '? decision.conflict rules 3, 4 · days: > 100'],
    ],
    [
      'to hold rules that are never reached',
      {
        policy: 'FIRST',
        inputs: [grade, days],
        rows: [
          ['"A"', '< 5', '1'],
          ['"B"', '-', '2'],
          ['-', '>= 5', '3'],
          ['"A", "B"', '[2..9]', '4'],
          ['-', '[9..1]', '5'],
        ],
      },
      ['decision.unreachable rules 4', 'decision.unreachable rules 5'],
    ],
    [
      'to compare with values of another type, or that may not come',
      {
        inputs: [grade, days],
        outputs: [{ name: 'out', fallback: '0' }],
        rows: [
          ['"D"', '-', '1'],
          ['"A"', '"5"', '2'],
          ['"A"', '< date("2026-01-01")', '3'],
        ],
      },
      [
        'decision.inputValue rules 1 · grade: "D" · D',
        'decision.inputType rules 2 · days: "5" · 5',
        'decision.inputType rules 3 · days: < date("2026-01-01") · 2026-01-01',
        'decision.unreachable rules 1',
      ],
    ],
    [
      'to say values of another type, or that may not be said',
      {
        inputs: [sure],
        outputs: [
          { name: 'level', type: 'number', values: '1, 2', fallback: '"none"' },
          { name: 'word', type: 'string' },
        ],
        rows: [
          ['true', '3', '"a"'],
          ['false', '"2"', '5'],
        ],
      },
      [
        'decision.outputValue rules 1 · level: 3',
        'decision.outputType rules 2 · level: 2',
        'decision.outputType level: none',
        'decision.outputType rules 2 · word: 5',
      ],
    ],
    [
      'to read what nobody brings along',
      {
        inputs: [days],
        rows: [
          ['< limit', '1'],
          ['>= limit', 'days + extra'],
        ],
      },
      ['decision.unknownName limit', 'decision.unknownName extra', '? decision.notChecked rules 1, 2'],
    ],
  ])('%s', async (_name, table, expected, options) => {
    expect(await found(table, options)).toEqual(expected);
  });

  test('with its findings as data', async () => {
    const model = await compileDecision(
      drawn({
        inputs: [grade],
        rows: [
          ['"A"', '1'],
          ['"A", "B"', '2'],
          ['"C"', '3'],
        ],
      }),
    );
    expect(checkDecision(model)).toEqual([
      {
        severity: 'error',
        code: 'decision.overlap',
        element: 't',
        type: 'dmn:decisionTable',
        rules: [1, 2],
        combination: { grade: '"A"' },
        detail: 'rules 1, 2 · grade: "A"',
      },
    ]);
  });
});

test('names of a context, a parameter and a filter are known; a decision that is not required is not', async () => {
  const literal = (text: string): string =>
    `<literalExpression><text>${escaped(text)}</text></literalExpression>`;
  const model =
    await compileDecision(`<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m">
    <inputData id="i" name="i"/><decision id="other" name="other">${literal('1')}</decision>
    <decision id="d" name="d"><informationRequirement><requiredInput href="#i"/></informationRequirement>
    <context><contextEntry><variable name="a b"/>${literal('for x in i[size > 3] return x + count(partial)')}</contextEntry>
    <contextEntry><variable name="f"/><functionDefinition><formalParameter name="p"/>${literal('p + a b')}</functionDefinition></contextEntry>
    <contextEntry>${literal('f(other)')}</contextEntry></context></decision></definitions>`);
  expect(checkDecision(model).map(({ code, detail }) => `${code} ${detail}`)).toEqual([
    'decision.unknownName other',
  ]);
});

describe('laws', () => {
  const values = ['a', 'b', 'c'];
  const textCell = fc.oneof(
    fc.constant('-'),
    fc.subarray(values, { minLength: 1 }).map((some) => some.map((v) => `"${v}"`).join(', ')),
    fc
      .subarray(values, { minLength: 1, maxLength: 2 })
      .map((some) => `not(${some.map((v) => `"${v}"`).join(', ')})`),
  );
  const number = fc.integer({ min: 0, max: 4 });
  const numberCell = fc.oneof(
    fc.constant('-'),
    number.map(String),
    fc.tuple(fc.constantFrom('<', '<=', '>', '>='), number).map(([sign, n]) => `${sign} ${n}`),
    fc
      .tuple(fc.constantFrom('[', '('), number, number, fc.constantFrom(']', ')'))
      .map(([open, a, b, close]) => `${open}${a}..${b}${close}`),
    fc.tuple(number, number).map(([a, b]) => `not(${a}, > ${b})`),
  );
  const row = fc.tuple(textCell, numberCell, fc.constantFrom('-', 'true', 'false'), fc.constant('1'));
  const columns = [
    { name: 'x', type: 'string', values: '"a", "b", "c"' },
    { name: 'y', type: 'number' },
    { name: 'z', type: 'boolean' },
  ];
  // every half from below the least to above the greatest limit: one value at least of each stretch
  const points = values.flatMap((x) =>
    Array.from({ length: 13 }, (_none, i) => i / 2 - 1).flatMap((y) =>
      [true, false].map((z) => ({ x, y, z })),
    ),
  );

  test('overlaps and gaps are found where, and only where, a decision shows them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), async (rows) => {
        const inputs = columns;
        const rules = await compileDecision(drawn({ policy: 'RULE ORDER', inputs, rows }));
        const model = await compileDecision(drawn({ inputs, rows }));
        const pairs = new Set<string>();
        let gap = false;
        for (const point of points) {
          const hits = decide(rules, point).rules.map((id) => Number(id.split('/')[1]));
          if (hits.length === 0) gap = true;
          for (const a of hits) for (const b of hits) if (a < b) pairs.add(`${a},${b}`);
        }
        const findings = checkDecision(model);
        const told = findings
          .filter(({ code }) => code === 'decision.overlap')
          .map((finding) => finding.rules!.join());
        expect(told.toSorted()).toEqual([...pairs].toSorted());
        expect(findings.some(({ code }) => code === 'decision.gap')).toBe(gap);
      }),
      { numRuns: 150 },
    );
  });

  test('the combination of a gap is really without an answer, that of an overlap really with two', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        const inputs = columns;
        const model = await compileDecision(drawn({ inputs, rows }));
        for (const { code, combination } of checkDecision(model)) {
          if (!combination) continue;
          const probe = await compileDecision(
            drawn({ inputs, rows: [[...inputs.map(({ name }) => combination[name] ?? '-'), '1']] }),
          );
          const inside = points.filter((point) => decide(probe, point).value === 1);
          expect(inside.length).toBeGreaterThan(0);
          for (const point of inside) {
            if (code === 'decision.gap') expect(decide(model, point).value).toBe(null);
            else expect(() => decide(model, point)).toThrow(ProcessError);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

test('a table of 1,000 rules is looked through while one waits', async () => {
  const rows = Array.from({ length: 1000 }, (_none, i) => [
    `"c${i % 100}"`,
    i < 100 ? '< 10' : i >= 900 ? '>= 90' : `[${Math.floor(i / 100) * 10}..${Math.floor(i / 100) * 10 + 10})`,
    String(i),
  ]);
  const inputs = [
    {
      name: 'code',
      values: rows
        .slice(0, 100)
        .map(([code]) => code!)
        .join(', '),
    },
    days,
  ];
  const model = await compileDecision(drawn({ inputs, rows }));
  const begin = performance.now();
  expect(checkDecision(model)).toEqual([]);
  expect(performance.now() - begin).toBeLessThan(5000);
}, 20_000);
