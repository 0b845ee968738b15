import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskedForm, maskPersonal } from './personal.ts';

describe('maskPersonal', () => {
  test.each([
    ['联系人电话13812345678，下午在家', '联系人电话138****5678，下午在家'],
    ['138 1234 5678 或 139-1234-5678', '138****5678 或 139****5678'],
    ['+86 13812345678', '138****5678'],
    ['身份证11010519491231002X', '身份证******'],
    ['请回 wang.xm@example.com', '请回 w***@example.com'],
  ])('%s', (text, masked) => expect(maskPersonal(text)).toBe(masked));

  test.each([
    '井盖编号1101010101000001',
    '案卷20260303-00012',
    '019ab2c4-7f00-7abc-8def-138123456780',
    '限12345678分钟',
    '12319转办',
  ])('leaves other numbers alone: %s', (text) => expect(maskPersonal(text)).toBe(text));

  test('never keeps a mobile number, wherever it stands', () => {
    const words = fc.string({ unit: fc.constantFrom('垃', '圾', ' ', '，', '(', '：', '号') });
    const mobile = fc.tuple(fc.integer({ min: 3, max: 9 }), fc.integer({ min: 0, max: 999_999_999 }));
    fc.assert(
      fc.property(words, mobile, words, (before, [second, rest], after) => {
        const number = `1${second}${String(rest).padStart(9, '0')}`;
        expect(maskPersonal(before + number + after)).not.toContain(number);
      }),
    );
  });

  test('is quick on long text made to be slow', () => {
    const began = performance.now();
    for (const part of ['1', '13', '138 ', 'a@', 'a.', '1-', '86-1']) maskPersonal(part.repeat(50_000));
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe('maskedForm', () => {
  test('goes through lists and objects, and keeps what is no text', () => {
    expect(
      maskedForm({ note: '电话13812345678', n: 7, ok: true, none: null, ids: ['a', '13812345678'] }),
    ).toEqual({
      note: '电话138****5678',
      n: 7,
      ok: true,
      none: null,
      ids: ['a', '138****5678'],
    });
  });
});
