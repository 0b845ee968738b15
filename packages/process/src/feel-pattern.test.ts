import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate, parseFeel } from './feel.ts';
import { patternOf } from './feel-pattern.ts';

const feel = (text: string, context = {}): unknown => evaluate(parseFeel(text, 'expression'), context);
const all = (pattern: string, text: string, flags = '') =>
  [...patternOf(pattern, flags)!.find(text)].map(({ from, to, groups }) => [from, to, ...groups]);

describe('a pattern', () => {
  test('of several repetitions finds what JavaScript finds', () => {
    const part = fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '(a)',
      '(a|b)',
      '(?:ab)',
      String.raw`\s`,
      '道',
      '\\d',
    );
    const piece = fc
      .tuple(part, fc.constantFrom('', '', '*', '+', '?', '*?', '{1,2}'))
      .map((two) => two.join(''));
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('', 'i', 's', 'm'),
        fc.array(fc.constantFrom('a', 'b', 'A', '1', ' ', '\u3000', '\n', '道', '😀'), { maxLength: 8 }),
        (pieces, flags, characters) => {
          const [source, text] = [`${pieces.join('')}(?:b*a*)`, characters.join('')];
          const expected = [...text.matchAll(new RegExp(source, `g${flags}u`))].map((match) => [
            match.index,
            match.index + match[0].length,
            ...Array.from(match, (group) => group ?? null),
          ]);
          expect(all(source, text, flags)).toEqual(expected);
        },
      ),
    );
  });

  const wild = `${'a'.repeat(40)}!`;
  test.each([
    [`matches(text, "(a+)+$")`, false],
    [`matches(text, "(a|aa)+$")`, false],
    [`matches(text, "(a*)*b")`, false],
    [`matches(text, "${'a?'.repeat(30)}${'a'.repeat(60)}")`, false],
    [`replace(text, "(a|aa)+$", "x")`, wild],
    [`split(text, "(x+x+)+y")`, [wild]],
    [`matches(long, ".*.*.*=")`, false],
    [`matches(long, "a*b")`, false],
    // Without an engine that can: no meaning
    [String.raw`matches(text, "(a+)+\1$")`, null],
    [`matches(text, "(?=(a+)+$)b*")`, null],
    [`matches(text, "(")`, null],
  ])('%s ends soon', (text, expected) => {
    const began = performance.now();
    expect(feel(text, { text: wild, long: 'a'.repeat(50_000) })).toEqual(expected);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test('puts groups where they are named', () => {
    expect(feel(String.raw`replace("a1b2", "([a-z]+)([0-9]*)", "$2$1$9\\$")`)).toBe('1a$9$2b$9$');
    expect(feel('split("a,, b;c", "[,;]+ *")')).toEqual(['a', 'b', 'c']);
  });
});
