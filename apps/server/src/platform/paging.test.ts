import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeCursor, encodeCursor, pageOf } from './paging.ts';

const Key = z.tuple([z.string(), z.int()]);

describe('cursors', () => {
  it('come back as they went out', () => {
    fc.assert(
      fc.property(fc.tuple(fc.string({ unit: 'grapheme' }), fc.integer()), (key) => {
        expect(decodeCursor(encodeCursor(key), Key)).toEqual(key);
      }),
    );
  });

  it('are none on the first page', () => expect(decodeCursor(undefined, Key)).toBeUndefined());

  it.each(['', 'x', '????', encodeCursor(['a']), encodeCursor({ a: 1 }), encodeCursor(null), 'eyJ'])(
    'that somebody made up are refused: %j',
    (text) => expect(() => decodeCursor(text, Key)).toThrow('cursor.invalid'),
  );
});

describe('pageOf', () => {
  it('visits every row once, whatever the page size', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 1, max: 12 }), (count, limit) => {
        const all = Array.from({ length: count }, (_, n) => n);
        const seen: number[] = [];
        for (let cursor: string | undefined; ;) {
          const after = decodeCursor(cursor, z.int()) ?? -1;
          const page = pageOf(all.filter((n) => n > after).slice(0, limit + 1), limit, (n) => n);
          seen.push(...page.items);
          if (page.next === null) break;
          expect(page.items).toHaveLength(limit);
          cursor = page.next;
        }
        expect(seen).toEqual(all);
      }),
    );
  });
});
