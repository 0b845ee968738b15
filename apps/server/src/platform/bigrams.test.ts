import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigrams, likePattern, normaliseText, queryTerms } from './bigrams.ts';

/** What the database does with the terms. */
function finds(query: string, text: string): boolean {
  const terms = queryTerms(query);
  const tokens = new Set(bigrams(text));
  const stored = normaliseText(text);
  return (
    terms.bigrams.length > 0 &&
    terms.bigrams.every((token) => tokens.has(token)) &&
    terms.phrases.every((phrase) => like(stored, likePattern(phrase)))
  );
}

/** SQL LIKE with backslash as escape. */
function like(text: string, pattern: string): boolean {
  const source = pattern.replace(/\\(.)|%|_|[.*+?^${}()|[\]\\]/gsu, (all, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return all === '%' ? '[^]*' : all === '_' ? '[^]' : `\\${all}`;
  });
  return new RegExp(`^${source}$`, 'u').test(text);
}

/** The terms of a query without punctuation at their ends. */
function terms(query: string): string[] {
  const ends = /^[^\p{L}\p{N}\p{M}]+|[^\p{L}\p{N}\p{M}]+$/gu;
  return normaliseText(query)
    .split(' ')
    .map((term) => term.replace(ends, ''));
}

const piece = fc.constantFrom(...'井盖缺失路灯不亮中山街道A座aB12３９-，%_\\ 々〇𠮷éΣς'.split(/(?:)/u));
const mixed = fc.oneof(
  fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

describe('bigrams', () => {
  it('cuts Han into overlapping pairs and its first character', () => {
    expect(bigrams('井盖缺失')).toEqual(['井', '井盖', '盖缺', '缺失']);
    expect(bigrams('树，树')).toEqual(['树']);
    expect(bigrams('𠮷野家')).toEqual(['𠮷', '𠮷野', '野家']);
  });

  it('keeps words of letters and digits whole, with their pairs', () => {
    expect(bigrams('Ａ12座 GB/T')).toEqual(['a', 'a1', '12', 'a12', '座', 'g', 'gb', 't']);
    expect(bigrams('x'.repeat(100))).toEqual(['x', 'xx']);
  });

  it('gives nothing for punctuation', () => {
    expect([bigrams(''), bigrams(' ，。-%'), queryTerms('，%').bigrams]).toEqual([[], [], []]);
  });

  it('is the same for a normalised text, and normalising again changes nothing', () => {
    fc.assert(
      fc.property(mixed, (text) => {
        const normal = normaliseText(text);
        expect(normaliseText(normal)).toBe(normal);
        expect(bigrams(normal)).toEqual(bigrams(text));
        expect(normal.isWellFormed() && !normal.includes('\0')).toBe(true);
        expect(new Set(bigrams(text)).size).toBe(bigrams(text).length);
      }),
      { numRuns: 1000 },
    );
  });

  it('is quick enough for every report', () => {
    const text =
      '中山路与解放路交叉口东北角人行道上雨水井盖缺失，夜间有行人绊倒危险，请尽快处理。电话已登记 A12';
    const started = performance.now();
    for (let i = 0; i < 20_000; i++) bigrams(text + i);
    expect((performance.now() - started) / 20_000).toBeLessThan(0.1);
  });
});

describe('a query', () => {
  const text = '中山路12号A座门前井盖缺失，雨水井满溢 (GB/T 30428.2) 编号3301021503000123';
  it.each([
    ['井盖', true],
    ['井盖缺失', true],
    ['井盖 中山', true],
    ['缺失雨水', false], // the comma stands between
    ['盖井', false],
    ['a座', true],
    ['Ａ座', true],
    ['12号', true],
    ['2号', true],
    ['030428', false],
    ['30428.2', true],
    ['0428.2', true],
    ['3301021503000123', true],
    ['503000', true],
    ['失，雨', true],
    ['，', false],
    ['', false],
  ])('%s: %s', (query, found) => {
    expect(finds(query, text)).toBe(found);
  });

  it('of one character finds the beginning of a run, and no other place', () => {
    expect([finds('井', '修井盖'), finds('井', '修，井盖'), finds('g', text), finds('b', text)]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('finds every part of a text of two and more characters', () => {
    fc.assert(
      fc.property(mixed, fc.nat(), fc.nat(), (text, from, length) => {
        const all = Array.from(normaliseText(text));
        const start = all.length ? from % all.length : 0;
        const query = all.slice(start, start + 2 + (length % 10)).join('');
        const wide = terms(query).every((term) => Array.from(term).length >= 2);
        fc.pre(wide);
        expect(finds(query, text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds nothing that does not contain every term', () => {
    const few = (maxLength: number) =>
      fc.array(fc.constantFrom(...Array.from('井盖a1-%_ ')), { maxLength }).map((parts) => parts.join(''));
    let found = 0;
    fc.assert(
      fc.property(few(5), few(20), (query, text) => {
        if (!finds(query, text)) return;
        found += 1;
        for (const term of terms(query)) expect(normaliseText(text)).toContain(term);
      }),
      { numRuns: 5000 },
    );
    expect(found).toBeGreaterThan(200);
  });

  it('takes the signs of LIKE as signs', () => {
    expect(finds('50%_x', '占比 50%_x')).toBe(true);
    expect(finds('50%_x', '占比 50a,bx 0a x')).toBe(false);
    expect(likePattern('a%_\\')).toBe('%a\\%\\_\\\\%');
  });
});
