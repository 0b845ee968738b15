import fc from 'fast-check';
import { validate, version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { MAX_ID_TIME, uuidv7, uuidv7Floor, uuidv7Time } from './ids.ts';

const time = fc.oneof(fc.integer({ min: 0, max: MAX_ID_TIME }), fc.integer({ min: 1.5e12, max: 2e12 }));

describe('uuidv7', () => {
  it('is a valid version 7 UUID that carries its time', () => {
    fc.assert(
      fc.property(time, (ms) => {
        const id = uuidv7(ms);
        expect(validate(id) && version(id) === 7).toBe(true);
        expect(uuidv7Time(id)).toBe(ms);
      }),
    );
  });

  it('orders by time as text, with the floor below every id of its millisecond', () => {
    fc.assert(
      fc.property(time, time, (a, b) => {
        fc.pre(a < b);
        expect(uuidv7(a) < uuidv7(b)).toBe(true);
        expect(uuidv7Floor(b) <= uuidv7(b)).toBe(true);
        expect(uuidv7(a) < uuidv7Floor(b)).toBe(true);
      }),
    );
  });

  it('ascends within one millisecond and never repeats', () => {
    const ids = Array.from({ length: 20_000 }, () => uuidv7(1_700_000_000_123));
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('takes historical time after newer time', () => {
    uuidv7(1_800_000_000_000);
    expect(uuidv7Time(uuidv7(1_293_858_120_000))).toBe(1_293_858_120_000);
  });

  it.each([-1, 1.5, Number.NaN, MAX_ID_TIME + 1])('refuses the time %s', (ms) => {
    expect(() => uuidv7(ms)).toThrow(RangeError);
    expect(() => uuidv7Floor(ms)).toThrow(RangeError);
  });

  it('reads no time from another kind of id', () => {
    expect(() => uuidv7Time('8c5b1a3e-0e1f-4a59-9e43-0f6a8a4b3f10')).toThrow(RangeError);
    expect(() => uuidv7Time('x')).toThrow(RangeError);
  });
});
