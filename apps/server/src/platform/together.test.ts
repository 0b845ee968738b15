import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Together } from './together.ts';

/** A gate that somebody opens: work that is let in waits there. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve };
}
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

test('alone it goes at once; what comes meanwhile goes as one, of each key one', async () => {
  const first = gate();
  const calls: string[][] = [];
  const together = new Together<string, string>({
    one: async (ask) => {
      calls.push([ask]);
      if (ask === 'a1') await first.passed;
      return `${ask}!`;
    },
    many: async (asks) => {
      calls.push([...asks]);
      return asks.map((ask) => `${ask}!`);
    },
    keyOf: (ask) => ask[0]!,
  });
  const all = ['a1', 'b1', 'c1', 'b2', 'b3'].map((ask) => together.do(ask));
  await soon();
  expect(calls).toEqual([['a1']]);
  first.open();
  expect(await Promise.all(all)).toEqual(['a1!', 'b1!', 'c1!', 'b2!', 'b3!']);
  expect(calls).toEqual([['a1'], ['b1', 'c1'], ['b2'], ['b3']]);
});

test('what fails together is done one by one, and only who is to blame hears of it', async () => {
  const first = gate();
  const together = new Together<number, number>({
    one: async (ask) => {
      if (ask === 0) await first.passed;
      if (ask === 3) throw new Error('three');
      return ask * 10;
    },
    many: (asks) =>
      asks.includes(3)
        ? Promise.reject(new Error('all of them'))
        : Promise.resolve(asks.map((ask) => (ask === 5 ? undefined : ask))),
  });
  const told = (asks: number[]) => Promise.allSettled(asks.map((ask) => together.do(ask)));
  const bad = told([0, 1, 2, 3]);
  first.open();
  expect((await bad).map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
    0,
    10,
    20,
    'Error: three',
  ]);
  const second = gate();
  const other = new Together<number, number | null>({
    one: async (ask) => {
      if (ask === 0) await second.passed;
      return ask * 10;
    },
    many: (asks) => Promise.resolve(asks.map((ask) => (ask === 5 ? undefined : null))),
  });
  const mixed = Promise.all([0, 4, 5, 6].map((ask) => other.do(ask)));
  second.open();
  expect(await mixed).toEqual([0, null, 50, null]);
});

test('a database that is away is told to all at once', async () => {
  const first = gate();
  const away = Object.assign(new Error('connect'), { code: '57P03' });
  let alone = 0;
  const together = new Together<number, number>({
    one: async (ask) => {
      alone += 1;
      await first.passed;
      return ask;
    },
    many: () => Promise.reject(away),
  });
  const told = Promise.allSettled([0, 1, 2].map((ask) => together.do(ask)));
  first.open();
  expect((await told).slice(1)).toEqual([1, 2].map(() => ({ status: 'rejected', reason: away })));
  expect(alone).toBe(1);
});

test('who stands at a lock keeps no others waiting', async () => {
  const lock = gate();
  const together = new Together<string, string>({
    one: async (ask) => {
      if (ask === 'stands') await lock.passed;
      return ask;
    },
    many: (asks) => Promise.resolve(asks),
  });
  const standing = together.do('stands');
  expect(await Promise.all([together.do('b'), together.do('c')])).toEqual(['b', 'c']);
  lock.open();
  expect(await standing).toBe('stands');
});

test('everybody gets the own answer once, whatever fails and whenever it comes', async () => {
  const asks = fc.array(
    fc.record({ key: fc.integer({ min: 0, max: 5 }), way: fc.constantFrom('good', 'bad', 'left', 'poison') }),
    { maxLength: 120 },
  );
  await fc.assert(
    fc.asyncProperty(asks, fc.array(fc.boolean(), { maxLength: 120 }), async (list, pauses) => {
      const done = new Map<number, number>();
      type Ask = (typeof list)[number] & { n: number };
      const count = ({ n }: Ask) => done.set(n, (done.get(n) ?? 0) + 1);
      const together = new Together<Ask, string>({
        one: async (ask) => {
          await soon();
          if (ask.way === 'bad') throw new Error(`no ${ask.n}`);
          count(ask);
          return `${ask.n}`;
        },
        many: async (several) => {
          await soon();
          expect(new Set(several.map(({ key }) => key)).size).toBe(several.length);
          if (several.some(({ way }) => way === 'poison' || way === 'bad')) throw new Error('all');
          return several.map((ask) => {
            if (ask.way === 'left') return undefined;
            count(ask);
            return `${ask.n}`;
          });
        },
        keyOf: ({ key }) => String(key),
      });
      const answers: Promise<string>[] = [];
      for (const [n, ask] of list.entries()) {
        answers.push(together.do({ ...ask, n }).catch((error: Error) => error.message));
        if (pauses[n]) await soon();
      }
      expect(await Promise.all(answers)).toEqual(
        list.map(({ way }, n) => (way === 'bad' ? `no ${n}` : `${n}`)),
      );
      for (const [n, { way }] of list.entries()) expect(done.get(n)).toBe(way === 'bad' ? undefined : 1);
    }),
  );
});
