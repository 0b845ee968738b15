import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ceiling } from './Charts.tsx';

test('the scale ends at a round figure not far above the highest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), (value) => {
      const top = ceiling(value);
      expect(top).toBeGreaterThanOrEqual(value);
      expect(top).toBeLessThanOrEqual(Math.max(2, value * 2));
      expect(Number.isInteger(top / 2)).toBe(true);
    }),
  );
});
