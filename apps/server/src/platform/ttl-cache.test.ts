import { describe, expect, it } from 'vitest';
import { TtlCache, perPlatform } from './ttl-cache.ts';

describe('TtlCache', () => {
  const make = (max = 10) => {
    let now = 0;
    let reads = 0;
    const cache = new TtlCache<number>(100, max, () => now);
    const read = async (): Promise<number> => (reads += 1);
    return {
      cache,
      get: (key = 'a') => cache.get(key, read),
      pass: (ms: number) => (now += ms),
      reads: () => reads,
    };
  };

  it('reads once for all who ask within its time', async () => {
    const { get, pass, reads } = make();
    expect(await Promise.all([get(), get(), get('b')])).toEqual([1, 1, 2]);
    pass(99);
    expect(await get()).toBe(1);
    pass(1);
    expect([await get(), reads()]).toEqual([3, 3]);
  });

  it('does not keep what was told to be forgotten while it was read', async () => {
    const { cache, get } = make();
    const first = get();
    cache.delete('a');
    expect([await first, await get(), await get()]).toEqual([1, 2, 2]);
  });

  it('does not keep failures', async () => {
    const { cache, get } = make();
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await get()).toBe(1);
  });

  it('has a bound', async () => {
    const { get } = make(2);
    for (const key of ['a', 'b', 'c']) await get(key);
    expect([await get('c'), await get('b'), await get('a')]).toEqual([3, 2, 4]);
  });
});

it('perPlatform makes one for each', () => {
  const one = { db: {} };
  const of = perPlatform(() => ({}));
  expect(of(one)).toBe(of({ db: one.db }));
  expect(of(one)).not.toBe(of({ db: {} }));
});
