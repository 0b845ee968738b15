import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { APPLICATION_KINDS, CATEGORY_KINDS, REPORT_KINDS, SOURCES } from '@wanmi/contracts';
import { compileDecision, decide, type DecisionModel } from '@wanmi/process';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASKED, decisionFor } from './decisions.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../../../config');
const NEEDED = Object.keys(ASKED);

/** A city's own files over those that every city has. */
function filesOf(city: string | null): Map<string, string> {
  const files = new Map<string, string>();
  const folders = [path.join(CONFIG, 'decision')];
  if (city) folders.push(path.join(CONFIG, 'city', city, 'decision'));
  for (const folder of folders) {
    let names: string[] = [];
    try {
      names = readdirSync(folder).filter((name) => name.endsWith('.dmn'));
    } catch {
      // This city has no tables of its own
    }
    for (const name of names) files.set(name.slice(0, -4), readFileSync(path.join(folder, name), 'utf8'));
  }
  return files;
}

async function decisionsOf(city: string | null): Promise<{ decisions: Map<string, DecisionModel> }> {
  const decisions = new Map<string, DecisionModel>();
  for (const [code, xml] of filesOf(city)) decisions.set(code, await compileDecision(xml));
  return { decisions };
}

const source = fc.constantFrom(...SOURCES);
const kind = fc.constantFrom(...CATEGORY_KINDS);
const category = fc.constantFrom('0101', '0110', '0128', '0401', '0405', '0506', '9999');
const answered = (
  inputs: Record<string, fc.Arbitrary<unknown>>,
  check: (row: Record<string, unknown>) => void,
) => ({
  inputs,
  check,
});
const positive = (value: unknown): void => expect(value).toBeGreaterThan(0);

/** Each table with every value that its inputs can take, and what an answer must look like. */
const DOMAIN: Record<string, ReturnType<typeof answered>> = {
  approval: answered(
    {
      kind: fc.constantFrom(...APPLICATION_KINDS),
      count: fc.integer({ min: 1, max: 12 }),
      share: fc.double({ min: 0, max: 50, noNaN: true }),
      days: fc.double({ min: 0, max: 2000, noNaN: true }),
    },
    ({ allowed, levels }) => {
      expect(typeof allowed).toBe('boolean');
      expect([1, 2, 3]).toContain(levels);
    },
  ),
  dispatchMode: answered(
    { source, kind, grade: fc.constantFrom('A', 'B', 'C', null), certain: fc.boolean() },
    ({ mode }) => expect(['manual', 'auto']).toContain(mode),
  ),
  verification: answered({ source, kind: fc.constantFrom(...REPORT_KINDS) }, ({ verify }) =>
    expect(typeof verify).toBe('boolean'),
  ),
  checkMode: answered({ source, kind, category, hour: fc.integer({ min: 0, max: 23 }) }, ({ mode }) =>
    expect(['collector', 'none', 'samePeriod']).toContain(mode),
  ),
  recurrence: answered({ kind, category }, ({ count, days }) => [count, days].forEach(positive)),
  similarity: answered({ kind, category }, ({ metres, hours }) => [metres, hours].forEach(positive)),
  failures: answered({ count: fc.integer({ min: 0, max: 100 }) }, ({ inspector }) =>
    expect(typeof inspector).toBe('boolean'),
  ),
};

const cities = [null, 'district', 'twoLevels', 'county'];

describe.each(cities)('decision tables of %s', (city) => {
  it('are all there', () => {
    expect([...filesOf(city).keys()].toSorted()).toEqual(NEEDED);
  });

  it.each(NEEDED)('%s reads what the program tells it, and is told what it reads', async (code) => {
    const model = (await decisionsOf(city)).decisions.get(code)!;
    const nodes = model.own.map((key) => model.nodes.get(key)!);
    const inputs = nodes.filter((node) => node.kind === 'inputData').map((node) => node.variable);
    const asked: readonly string[] = ASKED[code as keyof typeof ASKED];
    expect(inputs.toSorted()).toEqual(asked.toSorted());
    const own = new Set(nodes.map((node) => node.variable));
    for (const name of nodes.flatMap((node) => node.texts.flatMap(({ feel }) => feel.names))) {
      if (name !== '?') expect(own, code).toContain(name);
    }
  });

  it.each(NEEDED)('%s answers every case by exactly one rule', async (code) => {
    const catalog = await decisionsOf(city);
    const { inputs, check } = DOMAIN[code]!;
    fc.assert(
      fc.property(fc.record(inputs), (input) => {
        check(decisionFor(catalog, code, input)!);
        // Not by the default that catches what nobody thought of
        expect(decide(catalog.decisions.get(code)!, input).rules).toHaveLength(1);
      }),
      { numRuns: 400 },
    );
  });

  it('says of each source what the table of sources says', async () => {
    const catalog = await decisionsOf(city);
    const own = city && path.join(CONFIG, 'city', city, 'catalog/source.csv');
    let text: string;
    try {
      text = readFileSync(own || '', 'utf8');
    } catch {
      text = readFileSync(path.join(CONFIG, 'catalog/source.csv'), 'utf8');
    }
    const rows = parse(text, { columns: true }) as { code: string; verify: string }[];
    for (const { code, verify } of rows) {
      expect(decisionFor(catalog, 'verification', { source: code, kind: 'problem' }), code).toEqual({
        verify: verify === 'true',
      });
    }
  });
});

describe('decisionFor', () => {
  it('has no answer where the city has no table', async () => {
    expect(decisionFor(await decisionsOf(null), 'nothing', {})).toBeNull();
  });

  it('names the value of a table with one output, and of an expression', async () => {
    const xml = (logic: string) =>
      compileDecision(
        `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m" namespace="urn:m">
           <decision id="d" name="d"><variable name="answer"/>${logic}</decision></definitions>`,
      );
    const literal = await xml('<literalExpression><text>[x, x + 1]</text></literalExpression>');
    expect(decisionFor({ decisions: new Map([['d', literal]]) }, 'd', { x: 1 })).toEqual({ answer: [1, 2] });
    const none = await xml('<literalExpression><text>null</text></literalExpression>');
    expect(decisionFor({ decisions: new Map([['d', none]]) }, 'd', {})).toBeNull();
  });

  it('answers again what it answered, and tells questions apart', async () => {
    const model = await compileDecision(
      `<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" name="m" namespace="urn:m">
         <decision id="d" name="d"><variable name="answer"/>
           <literalExpression><text>[a, b]</text></literalExpression></decision></definitions>`,
    );
    const ask = (input: Record<string, unknown>) =>
      decisionFor({ decisions: new Map([['d', model]]) }, 'd', input);
    const questions = fc.record({
      a: fc.oneof(
        fc.constantFrom('', '1', 'true', 'null', ' b 1', '" b "1 1'),
        fc.constantFrom(1, true, null),
      ),
      b: fc.oneof(fc.constantFrom('', '1', 'true', 'null'), fc.constantFrom(1, true, null)),
    });
    fc.assert(
      fc.property(questions, ({ a, b }) => {
        expect(ask({ a, b })).toEqual({ answer: [a, b] });
        expect(ask({ a, b })).toBe(ask({ a, b }));
      }),
    );
    // What a text does not tell is asked each time
    expect(ask({ a: ['x'], b: 1 })).toEqual({ answer: [['x'], 1] });
    expect(ask({ a: ['y'], b: 1 })).toEqual({ answer: [['y'], 1] });
  });

  it('lets fewer people decide what is short and first', async () => {
    const catalog = await decisionsOf(null);
    const ask = (over: object) =>
      decisionFor(catalog, 'approval', { kind: 'extend', count: 1, share: 1, days: 3, ...over });
    expect(ask({})).toEqual({ allowed: true, levels: 1 });
    expect(ask({ count: 2 })).toEqual({ allowed: true, levels: 2 });
    expect(ask({ share: 2 })).toEqual({ allowed: true, levels: 3 });
    expect(ask({ count: 3 })).toMatchObject({ allowed: false });
    expect(ask({ kind: 'suspend', days: 366 })).toMatchObject({ allowed: false });
    expect(ask({ kind: 'appeal', count: 2 })).toMatchObject({ allowed: false });
    // What nobody thought of is not allowed
    expect(ask({ kind: 'x-own' })).toMatchObject({ allowed: false });
  });

  it('checks at night what was found at night', async () => {
    const catalog = await decisionsOf(null);
    const ask = (hour: number, category: string) =>
      decisionFor(catalog, 'checkMode', { kind: 'event', category, source: 'collector', hour })?.['mode'];
    expect([ask(22, '0401'), ask(10, '0401'), ask(22, '0113')]).toEqual([
      'samePeriod',
      'collector',
      'collector',
    ]);
  });
});
