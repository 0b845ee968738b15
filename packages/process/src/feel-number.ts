import { Decimal as Base } from 'decimal.js';

/**
 * FEEL numbers are decimals of 34 digits (IEEE 754-2008 decimal128), rounded half to even: 0.1 + 0.2 is 0.3 and
 * a fee times a rate is what a calculator says.
 *
 * A value is a JavaScript number wherever that is exact: a decimal of up to 15 digits and its nearest double stand
 * for each other, so such a number means the decimal that it prints as. Everything longer is a `Decimal` while a
 * text or a decision is evaluated, and becomes the nearest double only when it leaves (`toOutside`). Sums of
 * integers, by far the most frequent arithmetic of rules, so never leave the processor's own numbers.
 */
export const Decimal = Base.clone({
  precision: 34,
  rounding: Base.ROUND_HALF_EVEN,
  maxE: 6144,
  minE: -6176,
  toExpNeg: -7,
  toExpPos: 21,
});
export type Decimal = InstanceType<typeof Decimal>;
export type FeelNumber = number | Decimal;

const EXACT_DIGITS = 15;

export function isNumber(value: unknown): value is FeelNumber {
  return typeof value === 'number' || value instanceof Decimal;
}

export function decimal(value: FeelNumber): Decimal {
  return typeof value === 'number' ? new Decimal(value) : value;
}

/** The shorter form of a decimal: a number where that is exact, null where it is no number of FEEL. */
export function short(value: Decimal): FeelNumber | null {
  if (!value.isFinite()) return null;
  if (value.isZero()) return 0;
  if (value.precision() > EXACT_DIGITS || Math.abs(value.e) > 300) return value;
  return value.toNumber();
}

/** A number as it is written, in FEEL or JSON. */
export function parseNumber(text: string): FeelNumber | null {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? short(new Decimal(text)) : null;
}

export function add(a: FeelNumber, b: FeelNumber): FeelNumber | null {
  if (typeof a === 'number' && typeof b === 'number' && Number.isInteger(a) && Number.isInteger(b)) {
    const sum = a + b;
    if (Number.isSafeInteger(sum) && Number.isSafeInteger(a) && Number.isSafeInteger(b)) return sum;
  }
  return short(decimal(a).plus(b));
}

export function subtract(a: FeelNumber, b: FeelNumber): FeelNumber | null {
  return add(a, negate(b));
}

export function multiply(a: FeelNumber, b: FeelNumber): FeelNumber | null {
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) {
    const product = (a as number) * (b as number);
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return short(decimal(a).times(b));
}

/** Null for a division by zero. */
export function divide(a: FeelNumber, b: FeelNumber): FeelNumber | null {
  if (compareNumbers(b, 0) === 0) return null;
  return short(decimal(a).div(b));
}

export function power(a: FeelNumber, b: FeelNumber): FeelNumber | null {
  // 0 ** -1 and the root of a negative number are no numbers
  return short(decimal(a).pow(b));
}

/** Of the sign of the divisor: `modulo(-12, 5)` is 3. */
export function modulo(a: FeelNumber, b: FeelNumber): FeelNumber | null {
  if (compareNumbers(b, 0) === 0) return null;
  const [x, y] = [decimal(a), decimal(b)];
  const rest = x.mod(y);
  return short(rest.isZero() || rest.isNegative() === y.isNegative() ? rest : rest.plus(y));
}

export function negate(a: FeelNumber): FeelNumber {
  return typeof a === 'number' ? 0 - a : a.neg();
}

export function compareNumbers(a: FeelNumber, b: FeelNumber): number {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  return decimal(a).cmp(b);
}

export type Rounding = 'halfEven' | 'floor' | 'ceiling' | 'up' | 'down' | 'halfUp' | 'halfDown';
const modes: Record<Rounding, Base.Rounding> = {
  halfEven: Base.ROUND_HALF_EVEN,
  floor: Base.ROUND_FLOOR,
  ceiling: Base.ROUND_CEIL,
  up: Base.ROUND_UP,
  down: Base.ROUND_DOWN,
  halfUp: Base.ROUND_HALF_UP,
  halfDown: Base.ROUND_HALF_DOWN,
};

/** To a number of places after the point; before it, where that is negative. */
export function round(value: FeelNumber, scale: number, rounding: Rounding): FeelNumber | null {
  if (scale >= 0) return short(decimal(value).toDecimalPlaces(Math.min(scale, 6200), modes[rounding]));
  const unit = new Decimal(10).pow(-scale);
  return short(decimal(value).div(unit).toDecimalPlaces(0, modes[rounding]).times(unit));
}

/** A place in a list, a number of places; null for everything that is no whole number. */
export function integerOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isInteger(value) ? value : null;
  return value instanceof Decimal && value.isInteger() ? value.toNumber() : null;
}

/** Without exponent: FEEL has none in what it prints. */
export function printNumber(value: FeelNumber): string {
  return decimal(value).toFixed();
}
