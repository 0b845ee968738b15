import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalBytes,
  canonicalJson,
  chainHash,
  hasAlgorithm,
  HASH_ALGORITHMS,
  merkleRoot,
} from './canonical.ts';
import { toProblem } from './errors.ts';

const json = fc.jsonValue({ stringUnit: 'binary' });

/** The same value with the keys of every object in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, entry]) => [key, shuffled(entry)]),
  );
}

describe('canonicalJson', () => {
  // RFC 8785 §3.2.2 and §3.2.3
  it('writes the examples of the standard', () => {
    expect(
      canonicalJson({
        numbers: [JSON.parse('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
        string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
        literals: [null, true, false],
      }),
    ).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.values(JSON.parse(canonicalJson(keys)))).toHaveLength(7);
    expect([...canonicalJson(keys).matchAll(/:(\d)/g)].map((match) => match[1]).join('')).toBe('2467153');
  });

  it('means the same value, whatever the order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(shuffled(value))).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is what the library writes, letter by letter', () => {
    fc.assert(
      fc.property(json, (value) => {
        fc.pre(JSON.stringify(value).isWellFormed() && canonicalize(value) !== undefined);
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
    );
  });

  it('is stored without loss as UTF-8', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalBytes(value).toString('utf8')).toBe(canonicalJson(value));
      }),
    );
  });

  it.each(['\ud800', 'a\udc00b', { ['\udbff']: 1 }, ['x', { y: '\\\ud912' }]])(
    'refuses a lone surrogate as bad input',
    (value) => {
      expect(() => canonicalJson(value)).toThrow('validation.failed');
    },
  );

  it.each(['\\ud800', '\\\\ud800', '😀', '\ud83d\ude00'])(
    'keeps text that only looks like one: %s',
    (value) => {
      expect(JSON.parse(canonicalJson({ value }))).toEqual({ value });
    },
  );

  it('refuses what is no JSON as our own mistake', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const value of [undefined, Number.NaN, [Number.POSITIVE_INFINITY], { n: 1n }, cycle, () => 1]) {
      expect(codeOf(() => canonicalJson(value))).toBe('internal');
    }
  });
});

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return toProblem(error).code;
  }
}

describe('chainHash', () => {
  it.each(HASH_ALGORITHMS)('chains with %s', (algorithm) => {
    expect(hasAlgorithm(algorithm)).toBe(true);
    const first = chainHash(null, 'a', algorithm);
    expect(first).toEqual(createHash(algorithm).update(Buffer.alloc(32)).update('a').digest());
    expect(chainHash(first, 'b', algorithm)).toEqual(
      createHash(algorithm).update(first).update('b').digest(),
    );
  });

  it('knows SM3 by the example of GB/T 32905', () => {
    expect(createHash('sm3').update('abc').digest('hex')).toBe(
      '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0',
    );
  });

  it('shows every change, swap, cut and insertion in a chain', () => {
    const head = (events: string[]) =>
      events.reduce<Buffer | null>((previous, bytes) => chainHash(previous, bytes, 'sha256'), null);
    const events = fc.array(fc.string(), { minLength: 1 });
    fc.assert(
      fc.property(events, events, (a, b) => {
        expect(head(a)!.equals(head(b)!)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it('refuses a previous link of another length', () => {
    expect(() => chainHash(Buffer.alloc(31), 'a', 'sha256')).toThrow(RangeError);
  });
});

describe('merkleRoot', () => {
  const hex = (text: string) => Buffer.from(text, 'hex');

  // The reference leaves and roots of the Certificate Transparency test suite.
  const leaves = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ].map(hex);
  it.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [5, '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
    [7, 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('of %i leaves is that of RFC 6962', (count, root) => {
    expect(merkleRoot(leaves.slice(0, count)).toString('hex')).toBe(root);
  });

  it('is another for any other list of leaves', () => {
    const list = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        expect(merkleRoot(a).equals(merkleRoot(b))).toBe(
          JSON.stringify(a.map(String)) === JSON.stringify(b.map(String)),
        );
      }),
    );
  });

  it('takes no node for a leaf', () => {
    const [a, b] = [Buffer.from('a'), Buffer.from('b')];
    const node = Buffer.concat([merkleRoot([a]), merkleRoot([b])]);
    expect(merkleRoot([node]).equals(merkleRoot([a, b]))).toBe(false);
  });

  it('works with SM3 and with a day of a large city', () => {
    const heads = Array.from({ length: 100_000 }, (_, i) => chainHash(null, String(i), 'sha256'));
    expect(merkleRoot(heads, 'sm3')).toHaveLength(32);
  });
});
