import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { spread, type Taker } from './spread.ts';

const tasks = fc
  .array(fc.record({ openedAt: fc.integer({ min: 0, max: 50 }) }), { maxLength: 60 })
  .map((all) => all.map((one, n) => ({ ...one, id: `t${String(n).padStart(2, '0')}` })));
const takers = fc
  .array(fc.integer({ min: 0, max: 9 }), { maxLength: 7 })
  .map((loads) => loads.map((load, n): Taker => ({ postId: `p${n}`, load })));
const all = () => true;

function counted(takers: readonly Taker[], shares: ReadonlyMap<string, string | null>): number[] {
  return takers.map(({ postId }) => [...shares.values()].filter((one) => one === postId).length);
}

describe('sharing out', () => {
  test('gives each task to one, and to nobody twice as many: the counts differ by one at the most', () => {
    fc.assert(
      fc.property(tasks, takers, (work, people) => {
        const shares = spread(work, people, all);
        expect([...shares.keys()].toSorted()).toEqual(work.map((one) => one.id).toSorted());
        if (people.length === 0) expect([...shares.values()].every((one) => one === null)).toBe(true);
        else {
          const counts = counted(people, shares);
          expect(counts.reduce((a, b) => a + b, 0)).toBe(work.length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('goes on evenly in the next batch', () => {
    fc.assert(
      fc.property(tasks, takers, fc.integer({ min: 1, max: 20 }), (work, people, size) => {
        fc.pre(people.length > 0);
        const given = new Map<string, number>();
        for (let from = 0; from < work.length; from += size) {
          spread(work.slice(from, from + size), people, all, given);
        }
        const counts = people.map(({ postId }) => given.get(postId) ?? 0);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('gives nobody what they may not take, and to nobody only what none may take', () => {
    fc.assert(
      fc.property(tasks, takers, fc.integer({ min: 2, max: 4 }), (work, people, n) => {
        const may = ({ postId }: Taker, { openedAt }: { openedAt: number }): boolean =>
          (openedAt + Number(postId.slice(1))) % n === 0;
        for (const [id, postId] of spread(work, people, may)) {
          const task = work.find((one) => one.id === id)!;
          const able = people.filter((one) => may(one, task)).map((one) => one.postId);
          if (postId === null) expect(able).toEqual([]);
          else expect(able).toContain(postId);
        }
      }),
    );
  });

  test('begins with the longest wait and who has the least in hand; the order of the list does not matter', () => {
    fc.assert(
      fc.property(tasks, takers, (work, people) => {
        fc.pre(people.length > 0 && work.length > 0);
        const shares = spread(work, people, all);
        const longest = work.toSorted((a, b) => a.openedAt - b.openedAt || (a.id < b.id ? -1 : 1))[0]!;
        const least = Math.min(...people.map((one) => one.load));
        expect(people.find((one) => one.postId === shares.get(longest.id))!.load).toBe(least);
        expect(new Map([...spread(work.toReversed(), people.toReversed(), all)].toSorted())).toEqual(
          new Map([...shares].toSorted()),
        );
      }),
    );
  });
});
