import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileDecision, decide, evaluate, parseFeel } from './index.ts';
import { Scope } from './feel-reading.ts';
import { type FeelNumber, printNumber } from './feel-number.ts';

/** A fraction of whole numbers: what arithmetic says without any rounding. */
interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

const power = (n: number): bigint => 10n ** BigInt(n);
const of = (units: bigint, places: number): Fraction => ({ over: units, under: power(places) });
const operations: Record<string, (a: Fraction, b: Fraction) => Fraction> = {
  '+': (a, b) => ({ over: a.over * b.under + b.over * a.under, under: a.under * b.under }),
  '-': (a, b) => ({ over: a.over * b.under - b.over * a.under, under: a.under * b.under }),
  '*': (a, b) => ({ over: a.over * b.over, under: a.under * b.under }),
  '/': (a, b) =>
    b.over < 0n
      ? { over: -a.over * b.under, under: a.under * -b.over }
      : { over: a.over * b.under, under: a.under * b.over },
};

/** To 34 digits, half to even, worked out on whole numbers alone. */
function rounded({ over, under }: Fraction): string {
  if (over === 0n) return '0';
  const size = over < 0n ? -over : over;
  // the exponent of the first digit, found by trying from a near guess
  let first = String(size).length - String(under).length;
  const atLeast = (exponent: number): boolean =>
    exponent >= 0 ? size >= under * power(exponent) : size * power(-exponent) >= under;
  while (!atLeast(first)) first -= 1;
  while (atLeast(first + 1)) first += 1;
  const places = 33 - first;
  const scaled = places >= 0 ? size * power(places) : size;
  const divisor = places >= 0 ? under : under * power(-places);
  let digits = scaled / divisor;
  const rest = (scaled % divisor) * 2n;
  if (rest > divisor || (rest === divisor && digits % 2n === 1n)) digits += 1n;
  return (over < 0n ? '-' : '') + written(digits, places);
}

function written(digits: bigint, places: number): string {
  if (places <= 0) return String(digits * power(-places));
  const text = String(digits).padStart(places + 1, '0');
  const [whole, part] = [text.slice(0, -places), text.slice(-places).replace(/0+$/, '')];
  return part === '' ? whole : `${whole}.${part}`;
}

const yields = (text: string, context = {}): unknown =>
  parseFeel(text, 'expression').code(new Scope(context));

const number = fc
  .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.nat({ max: 12 }))
  .map(([units, places]) => ({
    fraction: of(units, places),
    text: `${units < 0n ? '-' : ''}${written(units < 0n ? -units : units, places)}`,
  }));
const operator = fc.constantFrom('+', '-', '*', '/');

describe('numbers are decimals', () => {
  test('each operation is exact to 34 digits, rounded half to even', () => {
    fc.assert(
      fc.property(number, operator, number, (a, sign, b) => {
        fc.pre(sign !== '/' || b.fraction.over !== 0n);
        const result = yields(`(${a.text}) ${sign} (${b.text})`) as FeelNumber;
        expect(printNumber(result)).toBe(rounded(operations[sign]!(a.fraction, b.fraction)));
      }),
      { numRuns: 3000 },
    );
  });

  test('order is that of the fractions', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        const difference = operations['-']!(a.fraction, b.fraction).over;
        const all = yields(
          `[(${a.text}) < (${b.text}), (${a.text}) <= (${b.text}), (${a.text}) = (${b.text}), (${a.text}) > (${b.text})]`,
        );
        expect(all).toEqual([difference < 0n, difference <= 0n, difference === 0n, difference > 0n]);
      }),
      { numRuns: 2000 },
    );
  });

  // money as it comes from a form: a JavaScript number of cents
  const cents = fc.array(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), { minLength: 1, maxLength: 40 });

  test('a sum of cents is the sum of cents, in any order', () => {
    fc.assert(
      fc.property(cents, (list) => {
        const amounts = list.map((cent) => cent / 100);
        const total = list.reduce((sum, cent) => sum + BigInt(cent), 0n);
        const expected = Number(rounded(of(total, 2)));
        expect(evaluate(parseFeel('sum(amounts)', 'expression'), { amounts })).toBe(expected);
        const oneByOne = amounts.map((_amount, i) => `amounts[${i + 1}]`).join(' + ');
        expect(evaluate(parseFeel(oneByOne, 'expression'), { amounts })).toBe(expected);
        expect(evaluate(parseFeel('mean(amounts) * count(amounts)', 'expression'), { amounts })).toBeCloseTo(
          expected,
          9,
        );
      }),
    );
  });

  test('the mean of cents is exact to 34 digits', () => {
    fc.assert(
      fc.property(cents, (list) => {
        const total = list.reduce((sum, cent) => sum + BigInt(cent), 0n);
        const mean = yields('mean(amounts)', { amounts: list.map((cent) => cent / 100) }) as FeelNumber;
        expect(printNumber(mean)).toBe(rounded({ over: total, under: 100n * BigInt(list.length) }));
      }),
    );
  });

  test('rounding of scores is that of the digits written, not of the nearest double', () => {
    const score = fc.tuple(fc.integer({ min: -(10 ** 6), max: 10 ** 6 }), fc.nat({ max: 9 }));
    fc.assert(
      fc.property(score, ([whole, last]) => {
        // 1.005, 2.675 … whose doubles lie below or above
        const units = BigInt(whole) * 10n + BigInt(last);
        const size = units < 0n ? -units : units;
        const up = (size + 5n) / 10n;
        const expected = Number(written(up, 2)) * (units < 0n ? -1 : 1);
        expect(evaluate(parseFeel('round half up(x, 2)', 'expression'), { x: Number(units) / 1000 })).toBe(
          expected === 0 ? 0 : expected,
        );
      }),
    );
  });

  test('what a text yields is a JavaScript number, wherever it is', () => {
    expect(evaluate(parseFeel('1 / 3', 'expression'), {})).toBe(1 / 3);
    expect(evaluate(parseFeel('[1 / 3, {a: 2 / 3}]', 'expression'), {})).toEqual([1 / 3, { a: 2 / 3 }]);
  });

  test('nothing is lost between the parts of a text, or between decisions', async () => {
    expect(yields('1 / 3 * 3 = 0.9999999999999999999999999999999999')).toBe(true);
    expect(yields('12345678901234567.89 - 12345678901234567.88')).toBe(0.01);
    const model = await compileDecision(`<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/"
        name="m" namespace="urn:m">
      <decision id="a" name="a"><literalExpression><text>12345678901234567.89</text></literalExpression></decision>
      <decision id="b" name="b"><informationRequirement><requiredDecision href="#a"/></informationRequirement>
        <decisionTable id="t" hitPolicy="COLLECT" aggregation="SUM">
          <input><inputExpression><text>a - 12345678901234567</text></inputExpression></input><output/>
          <rule><inputEntry><text>0.89</text></inputEntry><outputEntry><text>0.1</text></outputEntry></rule>
          <rule><inputEntry><text>[0.885..0.895]</text></inputEntry><outputEntry><text>0.2</text></outputEntry></rule>
          <rule><inputEntry><text>not(0.89)</text></inputEntry><outputEntry><text>9</text></outputEntry></rule>
        </decisionTable></decision></definitions>`);
    expect(decide(model, {}).value).toBe(0.3);
  });

  test('numbers that are none are null', () => {
    for (const x of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(evaluate(parseFeel('x = null', 'expression'), { x })).toBe(true);
  });
});
