import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileNumbering, defaultNumbering, isNumberOf, numberFor } from './numbering.ts';

const rule = (pattern: string) => compileNumbering(JSON.stringify({ series: 'case', pattern }));
const city = { id: '', code: '990100', name: { 'zh-CN': '', en: '' }, timeZone: 'Asia/Shanghai' };
const at = Date.parse('2026-11-21T17:30:00Z'); // 01:30 of the 22nd in the city
const frame = (pattern: string, ms = at) =>
  numberFor({ numbering: new Map([['case', rule(pattern)]]), city }, 'case', ms);

describe('numbering', () => {
  it('frames a number in the time of the city', () => {
    expect(frame('{yyyy}{MM}{dd}-{serial:5}')).toEqual({
      series: 'case',
      period: '20261122',
      before: '20261122-',
      after: '',
      width: 5,
    });
  });

  it('starts anew with the smallest part of the date that is shown', () => {
    expect(frame('{yy}{MM}/{serial:4}号')).toMatchObject({ period: '202611', before: '2611/', after: '号' });
    expect(frame('{city}-{serial:8}')).toMatchObject({ period: '', before: '990100-', width: 8 });
    expect(frame('N{serial}')).toMatchObject({ before: 'N', width: 1 });
  });

  it('is what it always was where a city has no rule', () => {
    const none = numberFor({ numbering: new Map(), city }, 'case', at);
    expect(none).toEqual(frame('{yyyy}{MM}{dd}-{serial:5}'));
    expect(defaultNumbering('letter').pattern).toBe('{yyyy}{MM}{dd}-letter-{serial:5}');
  });

  it('ships the default', () => {
    const file = path.resolve(import.meta.dirname, '../../../../../config/numbering/case.json');
    expect(compileNumbering(readFileSync(file, 'utf8'))).toEqual(defaultNumbering('case'));
  });

  it.each([
    ['no serial', '{yyyy}{MM}{dd}'],
    ['two serials', '{serial:5}{serial:5}'],
    ['a day without its month', '{yyyy}{dd}-{serial:5}'],
    ['a month without its year', '{MM}-{serial:5}'],
    ['an unknown part', '{hour}-{serial:5}'],
    ['a loose brace', '{yyyy-{serial:5}'],
    ['a space', '{yyyy} {serial:5}'],
    ['a width of none', '{serial:0}'],
    ['nothing', ''],
  ])('refuses %s', (_what, pattern) => {
    expect(() => rule(pattern)).toThrow();
  });

  it('refuses what is no rule of numbering', () => {
    for (const content of ['no json', '{}', '{"series":"case","pattern":"{serial}","more":1}']) {
      expect(() => compileNumbering(content)).toThrow();
    }
  });

  it('knows a number and its beginning from words', () => {
    const is = (pattern: string, text: string) =>
      isNumberOf({ numbering: new Map([['case', rule(pattern)]]), city }, 'case', text);
    for (const text of ['W2026', 'W2026-', 'W2026-000001', 'W2026-1234567']) {
      expect(is('W{yyyy}-{serial:6}', text), text).toBe(true);
    }
    for (const text of ['W20', 'X2026-000001', 'W2026-00A', '2026-000001', '井盖缺失了']) {
      expect(is('W{yyyy}-{serial:6}', text), text).toBe(false);
    }
    expect(is('{serial:4}号', '0001号')).toBe(true);
    expect(is('{serial:4}号', '00011')).toBe(false);
  });

  it('never gives the same number in two periods', () => {
    const pattern = fc.constantFrom(
      '{yyyy}{MM}{dd}-{serial:5}',
      '{yy}-{MM}-{serial:3}',
      '{city}{yyyy}{serial:6}',
    );
    const moment = fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2039-12-31') });
    fc.assert(
      fc.property(pattern, moment, moment, (text, one, other) => {
        const [a, b] = [frame(text, one), frame(text, other)];
        expect(a.before + a.after === b.before + b.after).toBe(a.period === b.period);
      }),
    );
  });
});
