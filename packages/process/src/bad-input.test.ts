import { describe, expect, test } from 'vitest';
import { by, call, drawing, end, pass, start, sub, task } from './drawing.testing.ts';
import { checkPicture, compileDecision, compileProcess, evaluate, parseFeel, ProcessError } from './index.ts';

/** What nobody would write by hand ends soon, with its code and element; nothing of it is half done. */
const SOON = 5000;

async function problemsOf(run: () => unknown): Promise<string[]> {
  const began = performance.now();
  const found: unknown = await Promise.resolve()
    .then(run)
    .then(
      () => [],
      (error: unknown) => {
        if (!(error instanceof ProcessError)) throw error;
        return error.problems.map(({ code, element }) =>
          element === undefined ? code : `${code} ${element}`,
        );
      },
    );
  expect(performance.now() - began).toBeLessThan(SOON);
  return found as string[];
}

const sound = drawing([start, task('a'), end()], [pass('start', 'a'), by('a', 'go', 'end')]);

describe('drawings', () => {
  const nested = (depth: number): string => {
    let inner = sub('s', [task('t')], []);
    for (let i = 0; i < depth; i += 1) inner = sub(`s${i}`, [inner], []);
    return drawing([start, inner, end()], []);
  };
  const line = (length: number): string => {
    const ids = Array.from({ length }, (_none, i) => `a${i}`);
    const flows = ids.slice(1).map((id, i) => by(ids[i]!, 'go', id));
    const nodes = [start, ...ids.map((id) => task(id)), end()];
    return drawing(nodes, [pass('start', 'a0'), ...flows, by(ids.at(-1)!, 'go', 'end')]);
  };
  const fork = (code: string): string =>
    drawing(
      [start, ...Array.from({ length: 4 }, (_none, i) => call(`c${i}`, code)), end()],
      [pass('start', 'c0'), pass('c0', 'c1'), pass('c1', 'c2'), pass('c2', 'c3'), pass('c3', 'end')],
    );

  test.each([
    ['a document type', sound.replace('<bpmn:def', '<!DOCTYPE a [<!ENTITY b "c">]>$&'), ['process.xml']],
    [
      'entities in entities',
      sound.replace(
        '<bpmn:def',
        '<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;"><!ENTITY z "&y;&y;&y;">]>$&',
      ),
      ['process.xml'],
    ],
    [
      'more text than any drawing',
      sound.replace('</bpmn:definitions>', `${' '.repeat(4e6)}$&`),
      ['process.tooLarge'],
    ],
    ['scopes in scopes', nested(3000), ['process.tooDeep s2949']],
    ['more nodes than anybody draws', line(4000), ['process.tooLarge a1999']],
    [
      'elements in elements',
      sound.replace('<bpmn:userTask', `${'<bpmn:extensionElements>'.repeat(20_000)}$&`),
      ['process.xml 16'],
    ],
    [
      'lanes in lanes',
      sound.replace(
        '</bpmn:lane>',
        `${'<bpmn:childLaneSet><bpmn:lane>'.repeat(2000)}${'</bpmn:lane></bpmn:childLaneSet>'.repeat(2000)}$&`,
      ),
      ['process.tooDeep'],
    ],
    [
      'many pictures',
      sound.replace('</bpmn:definitions>', `${'<bpmndi:BPMNDiagram></bpmndi:BPMNDiagram>'.repeat(50_000)}$&`),
      [],
    ],
  ])('%s', async (_name, xml, expected) => {
    expect((await problemsOf(() => compileProcess(xml))).slice(0, 1)).toEqual(expected);
  });

  test('the largest that are taken are compiled', async () => {
    expect(await problemsOf(() => compileProcess(line(1990)))).toEqual([]);
    expect(await problemsOf(() => compileProcess(nested(40)))).not.toContain('process.tooDeep');
  });

  test('calls that call, four times each', async () => {
    const calls = (code: string): string => (code === 'x12' ? sound : fork(`x${Number(code.slice(1)) + 1}`));
    const found = await problemsOf(() => compileProcess(fork('x0'), { calls }));
    expect(found.some((problem) => problem.startsWith('process.tooLarge c0.'))).toBe(true);
  });

  test('a picture without measure', async () => {
    const problems = await checkPicture(`${sound}${' '.repeat(4e6)}`);
    expect(problems.map(({ code }) => code)).toEqual(['process.tooLarge']);
  });

  test('a condition without measure is told with its flow', async () => {
    const long = drawing(
      [start, task('a'), end()],
      [pass('start', 'a'), by('a', 'go', 'end', ` and (${'source = 1 or '.repeat(1000)} true)`)],
    );
    expect(await problemsOf(() => compileProcess(long))).toContain('process.feel a_go_end');
  });
});

describe('FEEL texts', () => {
  test.each([
    ['a sum of thousands', '1+'.repeat(6000) + '1', 'feel.tooLong'],
    ['words without end', 'a '.repeat(9000), 'feel.tooLong'],
    ['brackets in brackets', '['.repeat(4000) + ']'.repeat(4000), 'feel.tooDeep'],
    ['brackets that never close', '('.repeat(201), 'feel.tooDeep'],
    ['signs before signs', '-'.repeat(9000) + '1', 'feel.syntax'],
  ])('%s', async (_name, text, code) => {
    expect(await problemsOf(() => parseFeel(text, 'expression'))).toEqual([code]);
  });

  test.each([
    'for i in 1..1000000000 return i',
    'count(for i in 1..2000, j in 1..2000 return i)',
    'count(for i in 1..20000 return for j in 1..20000 return 1)',
    'some i in 1..20000 satisfies (some j in 1..20000 satisfies i + j = 0)',
    'every x in 1..1000000000 satisfies x > 0',
    'count((for i in 1..5000 return i)[count((for j in 1..5000 return j)[item = 1]) = 1])',
    '{f: function(n) if n <= 0 then 1 else f(n-1) + f(n-1), r: f(100)}.r',
    '{f: function(s, n) if n <= 0 then s else f(s + s, n-1), r: string length(f("ab", 40))}.r',
    '{f: function(l, n) if n <= 0 then l else f(concatenate(l, l), n-1), r: count(f([1], 40))}.r',
    '{f: function(n) f(n + 1), r: f(0)}.r',
    'count(distinct values(for i in 1..50000 return [i]))',
    'string join(for i in 1..100000 return string join(for j in 1..1000 return "xxxxxxxxxx"))',
    'list replace(for i in 1..1000 return i, function(a, b) count(for j in 1..10000 return j) = 1, 5)',
    '2 ** 10000000000',
    'decimal(1/3, 100000000)',
    'duration("P999999999999999Y")',
  ])('%s is null, and soon', (text) => {
    const began = performance.now();
    expect(evaluate(parseFeel(text, 'expression'), {})).toBeNull();
    expect(performance.now() - began).toBeLessThan(SOON);
  });

  test('what comes after is evaluated as if nothing had been', () => {
    const endless = parseFeel('count(for i in 1..2000, j in 1..2000 return i)', 'expression');
    expect(evaluate(endless, {})).toBeNull();
    expect(evaluate(parseFeel('sum(for i in 1..1000 return i)', 'expression'), {})).toBe(500_500);
  });

  test('a long text of a case is searched', () => {
    const text = '道路'.repeat(100_000);
    expect(evaluate(parseFeel('matches(text, ".*路.*道.*$")', 'expression'), { text })).toBe(true);
    expect(evaluate(parseFeel('count(split(text, "路+"))', 'expression'), { text })).toBe(100_001);
  });
});

describe('decision files', () => {
  const file = (inner: string): string =>
    `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m" namespace="urn:m">${inner}</definitions>`;

  test.each([
    ['without measure', file(' '.repeat(9e6)), ['decision.tooLarge']],
    ['boxes in boxes', file(`${'<context>'.repeat(5000)}${'</context>'.repeat(5000)}`), ['decision.tooDeep']],
    ['entities', `<!DOCTYPE a [<!ENTITY b "c">]>${file('')}`, ['decision.xml']],
  ])('%s', async (_name, xml, expected) => {
    expect(await problemsOf(() => compileDecision(xml))).toEqual(expected);
  });
});
