import { FeelDate, FeelDateTime, FeelDuration, FeelTime, toFeel } from 'feelin';
import { compareNumbers, Decimal, type FeelNumber, isNumber, printNumber } from './feel-number.ts';
import { compareTemporal, sameTemporal } from './feel-temporal.ts';
import type { FeelType } from './feel-types.ts';

/** A range of comparable values. An end that is null is open to infinity (`< 5`), or else nobody knows it. */
export class FeelRange {
  readonly start: unknown;
  readonly end: unknown;
  readonly startIncluded: boolean;
  readonly endIncluded: boolean;
  /** Whether an end was written and is null (`(a..5]` where `a` is null): what lies in it cannot be told. */
  readonly unknown: boolean;

  constructor(start: unknown, end: unknown, startIncluded: boolean, endIncluded: boolean, isUnknown = false) {
    this.start = start;
    this.end = end;
    this.startIncluded = startIncluded;
    this.endIncluded = endIncluded;
    this.unknown = isUnknown;
  }

  /** Null where the value has no order with the ends. */
  includes(value: unknown): boolean | null {
    if (this.unknown) return null;
    const low = this.start === null ? true : inOrder(value, this.startIncluded ? '>=' : '>', this.start);
    const high = this.end === null ? true : inOrder(value, this.endIncluded ? '<=' : '<', this.end);
    if (low === null || high === null || value === null) return null;
    return low && high;
  }

  toString(): string {
    return printValue(this);
  }

  toJSON(): string {
    return printValue(this);
  }
}

/** What a function takes and yields, as far as it says so. */
export interface FunctionTypes {
  readonly parameters: readonly FeelType[];
  readonly returns: FeelType;
}

/** A function of FEEL: a built-in one, one that a text defines, a business knowledge model. */
export class FeelFunction {
  readonly parameters: readonly string[];
  readonly call: (args: readonly unknown[]) => unknown;
  readonly types: FunctionTypes | null;

  constructor(
    parameters: readonly string[],
    call: (args: readonly unknown[]) => unknown,
    types: FunctionTypes | null = null,
  ) {
    this.parameters = parameters;
    this.call = call;
    this.types = types;
  }
}

export type FeelContextValue = Record<string, unknown>;

export type FeelTypeName =
  | 'null'
  | 'number'
  | 'string'
  | 'boolean'
  | 'date'
  | 'time'
  | 'date and time'
  | 'days and time duration'
  | 'years and months duration'
  | 'list'
  | 'range'
  | 'function'
  | 'context';

/** The type of a value, as `instance of` names it. */
export function typeOf(value: unknown): FeelTypeName {
  switch (typeof value) {
    case 'number':
      return 'number';
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'object':
      return value === null ? 'null' : typeOfObject(value);
    default:
      return 'null';
  }
}

function typeOfObject(value: object): FeelTypeName {
  if (Array.isArray(value)) return 'list';
  if (value instanceof Decimal) return 'number';
  if (value instanceof FeelDate) return 'date';
  if (value instanceof FeelDateTime) return 'date and time';
  if (value instanceof FeelTime) return 'time';
  if (value instanceof FeelDuration)
    return value.yearsMonths ? 'years and months duration' : 'days and time duration';
  if (value instanceof FeelRange) return 'range';
  return value instanceof FeelFunction ? 'function' : 'context';
}

export function isContext(value: unknown): value is FeelContextValue {
  return typeof value === 'object' && value !== null && typeOfObject(value) === 'context';
}

/** A FEEL duration of days and time; years and months have no fixed length. */
export function isDuration(value: unknown): value is FeelDuration {
  return value instanceof FeelDuration && !value.yearsMonths;
}

/** Length of a duration of days and time, a day being 24 hours. */
export function milliseconds(duration: FeelDuration): number {
  return duration.unwrap().total('milliseconds');
}

/**
 * Equality of FEEL: null for values of different types, which are neither equal nor unequal; null itself equals
 * null alone. Lists and contexts are equal where all their parts are.
 */
export function equal(a: unknown, b: unknown): boolean | null {
  if (a === b) return true;
  if (a === null || b === null || a === undefined || b === undefined) return (a ?? null) === (b ?? null);
  if (typeof a !== 'object' && typeof b !== 'object') return typeof a === typeof b ? false : null;
  const type = typeOf(a);
  if (type !== typeOf(b)) return null;
  switch (type) {
    case 'number':
      return compareNumbers(a as FeelNumber, b as FeelNumber) === 0;
    case 'list':
      return sameLists(a as unknown[], b as unknown[]);
    case 'context':
      return sameContexts(a as FeelContextValue, b as FeelContextValue);
    case 'range':
      return sameRanges(a as FeelRange, b as FeelRange);
    case 'function':
      return null;
    default:
      return sameTemporal(a as object, b as object);
  }
}

function sameLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((element, i) => equal(element, b[i]) === true);
}

function sameContexts(a: FeelContextValue, b: FeelContextValue): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]) === true)
  );
}

function sameRanges(a: FeelRange, b: FeelRange): boolean {
  return (
    a.startIncluded === b.startIncluded &&
    a.endIncluded === b.endIncluded &&
    a.unknown === b.unknown &&
    equal(a.start, b.start) === true &&
    equal(a.end, b.end) === true
  );
}

/** Order of two values: negative, zero, positive; null where they have none, as values of different types. */
export function compare(a: unknown, b: unknown): number | null {
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return null;
  return typeOfObject(a) === typeOfObject(b) ? compareTemporal(a, b) : null;
}

/** By code point, as the standard orders strings; JavaScript's `<` goes by UTF-16 units. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    // surrogates stand for code points beyond all that one unit can hold
    const [high, low] = [x >= 0xd800 && x < 0xe000, y >= 0xd800 && y < 0xe000];
    return high === low ? x - y : high ? 1 : -1;
  }
  return a.length - b.length;
}

export function negateTruth(value: boolean | null): boolean | null {
  return value === null ? null : !value;
}

export type OrderOperator = '<' | '<=' | '>' | '>=';

export function inOrder(a: unknown, operator: OrderOperator, b: unknown): boolean | null {
  const order = compare(a, b);
  if (order === null) return null;
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

/** What comes from outside: JavaScript's own dates become FEEL's, what is no value of FEEL becomes null. */
export function toInside(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return new Decimal(value.toString());
    case 'object':
      return value instanceof FeelDate || Array.isArray(value) ? value : (toFeel(value) as unknown);
    default:
      return null;
  }
}

/** What leaves: long decimals become the nearest double, wherever they are. */
export function toOutside(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (value instanceof Decimal) return value.toNumber();
  if (Array.isArray(value)) {
    const outside = value.map(toOutside);
    return outside.some((element, i) => element !== value[i]) ? outside : value;
  }
  if (typeOfObject(value) !== 'context') return value;
  const entries = Object.entries(value);
  const outside = entries.map(([key, entry]) => [key, toOutside(entry)] as const);
  return outside.some(([, entry], i) => entry !== entries[i]![1]) ? Object.fromEntries(outside) : value;
}

/** What `string()` makes of a value; texts inside lists and contexts are quoted. */
export function printValue(value: unknown): string {
  const inner = (part: unknown): string =>
    typeof part === 'string' ? `"${part.replaceAll(/["\\]/g, '\\$&')}"` : printValue(part);
  switch (typeOf(value)) {
    case 'null':
      return 'null';
    case 'number':
      return printNumber(value as FeelNumber);
    case 'list':
      return `[${(value as unknown[]).map(inner).join(', ')}]`;
    case 'context':
      return `{${Object.entries(value as FeelContextValue)
        .map(
          ([key, entry]) => `${/^[\p{L}_][\p{L}\p{N}_ ]*$/u.test(key) ? key : inner(key)}: ${inner(entry)}`,
        )
        .join(', ')}}`;
    case 'range': {
      const { start, end, startIncluded, endIncluded } = value as FeelRange;
      if ((value as FeelRange).unknown)
        return `(${inner(start)}..${inner(end)}${endIncluded ? ']' : ')'}`.replace(
          /^\(/,
          startIncluded ? '[' : '(',
        );
      if (start === null) return `(${endIncluded ? '<=' : '<'} ${inner(end)})`;
      if (end === null) return `(${startIncluded ? '>=' : '>'} ${inner(start)})`;
      return `${startIncluded ? '[' : '('}${inner(start)}..${inner(end)}${endIncluded ? ']' : ')'}`;
    }
    case 'function':
      return `function(${(value as FeelFunction).parameters.join(', ')})`;
    default:
      return String(value);
  }
}
