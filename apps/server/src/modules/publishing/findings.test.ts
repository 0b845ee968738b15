import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkRules } from './check.ts';
import { digestOf, Findings } from './findings.ts';
import { Report } from './report.ts';
import { readRuleFolder, sorted, type RuleSet } from './rule-set.ts';

const CONFIG = path.resolve(import.meta.dirname, '../../../../../config');

describe('what was found before', () => {
  const problem = { file: 'a', element: null, code: 'x', detail: '', severity: 'error' } as const;
  const looking = () => {
    let looks = 0;
    const look = (own: Report): number => {
      own.add('a', null, 'x');
      return (looks += 1);
    };
    return { look, looks: () => looks };
  };

  it('is said again of the same texts, and looked for in others', async () => {
    const findings = new Findings();
    const { look, looks } = looking();
    for (const texts of [
      ['a', 'b'],
      ['a', 'b'],
      ['ab', ''],
      ['a', 'b', ''],
    ]) {
      const report = new Report();
      await findings.of(report, texts, look);
      expect(report.list()).toEqual([problem]);
    }
    expect(looks()).toBe(3);
    expect(await findings.of(new Report(), ['a', 'b'], look)).toBe(1);
  });

  it('is not kept where the look failed', async () => {
    const findings = new Findings();
    const fails = (): never => {
      throw new Error('broken');
    };
    await expect(findings.of(new Report(), ['a'], fails)).rejects.toThrow('broken');
    const { look, looks } = looking();
    await findings.of(new Report(), ['a'], look);
    expect(looks()).toBe(1);
  });

  it('gives way to what is asked for later, the least used first', async () => {
    const findings = new Findings(3 * 1100);
    const { look, looks } = looking();
    const ask = (name: string) => findings.of(new Report(), [name.padEnd(100, '.')], look);
    for (const name of ['a', 'b', 'c', 'a', 'd']) await ask(name);
    expect(looks()).toBe(4);
    await ask('a');
    expect(looks()).toBe(4);
    await ask('b');
    expect(looks()).toBe(5);
  });

  it('is one thing for each list of texts', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
        expect(digestOf(a) === digestOf(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('a set that is checked again', () => {
  let shipped: RuleSet;
  beforeAll(async () => {
    shipped = await readRuleFolder(CONFIG);
  });

  /** Changes that make mistakes in the file itself, and in others that name what was in it. */
  const CHANGES: readonly ((text: string) => string | null)[] = [
    () => null,
    (text) => text.replace(/"en": "[^"]*"/, '"en": ""'),
    (text) => text.replaceAll(/(1[01]\d)/g, '9$1'),
    (text) => text.split('\n').toSpliced(3, 2).join('\n'),
    (text) => text.replace('id="', 'id="x'),
    (text) => text.replace('true', 'false'),
    (text) => `${text} `,
  ];

  it('has the mistakes of one that is checked for the first time', async () => {
    const findings = new Findings();
    const files = [...shipped.keys()];
    const change = fc.record({ file: fc.constantFrom(...files), change: fc.constantFrom(...CHANGES) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const made = new Map(shipped);
        for (const { file, change: edit } of changes) {
          const text = edit(made.get(file) ?? shipped.get(file)!);
          if (text === null) made.delete(file);
          else made.set(file, text);
        }
        const again = await checkRules(sorted(made), { findings });
        expect(again).toEqual(await checkRules(sorted(made), { findings: new Findings() }));
      }),
      { numRuns: 20 },
    );
  });
});
