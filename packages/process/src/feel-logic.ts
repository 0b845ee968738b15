import { type Code, FeelMistake, type Reading, type Scope } from './feel-reading.ts';
import { children, type FeelNode } from './feel-tree.ts';
import { compare, equal, FeelRange, inOrder, negateTruth, type OrderOperator } from './feel-values.ts';

/** Conditions that `and` and `or` join, in the order in which they are written. */
interface Chain {
  readonly first: () => Code;
  readonly more: readonly { readonly operator: string; readonly code: () => Code }[];
}

/**
 * The parser takes all that stands behind an `in` for its test: `a in [1..5] and b > 2` as `a in ([1..5] and b > 2)`.
 * So what `and` and `or` join is taken apart, and put together as the standard has it: `and` before `or`.
 */
function chainOf(node: FeelNode, reading: Reading): Chain {
  const parts = children(node);
  if (isLogical(node)) {
    const [left, right] = [chainOf(parts[0]!, reading), chainOf(parts[2]!, reading)];
    const joined = { operator: parts[1]!.name, code: right.first };
    return { first: left.first, more: [...left.more, joined, ...right.more] };
  }
  const swallowed = node.name === 'Comparison' && parts[1]?.name === 'in' ? testChain(parts, reading) : null;
  return swallowed ?? { first: () => reading.compile(node), more: [] };
}

/** Of `in` and a test that holds more than one; null for a test that is one. */
function testChain(parts: readonly FeelNode[], reading: Reading): Chain | null {
  const [value, , bare] = parts;
  if (bare?.name !== 'PositiveUnaryTest') return null;
  const test = children(bare)[0]!;
  const [operator, operand] = children(test);
  const compares = test.name === 'SimplePositiveUnaryTest' && operand !== undefined;
  const whole = compares ? operand : test;
  if (!isLogical(whole)) return null;
  const { more } = chainOf(whole, reading);
  let first = whole;
  while (isLogical(first)) first = children(first)[0]!;
  const sign = compares ? reading.source(operator!) : null;
  return {
    first: () => {
      const given = reading.compile(value!);
      const accept = sign === null ? membershipTest(first, reading) : signedTest(sign, first, reading);
      return (scope) => accept(scope, given(scope));
    },
    more,
  };
}

function isLogical(node: FeelNode): boolean {
  return node.name === 'Conjunction' || node.name === 'Disjunction';
}

export function logical(node: FeelNode, reading: Reading): Code {
  const { first, more } = chainOf(node, reading);
  // compiled in the order in which they are written, so that names are told in it
  const either: Code[] = [];
  let all = first();
  for (const { operator, code } of more) {
    if (operator === 'and') all = joined(all, code(), false);
    else {
      either.push(all);
      all = code();
    }
  }
  return [...either, all].reduce((one, other) => joined(one, other, true));
}

function joined(a: Code, b: Code, decisive: boolean): Code {
  return (scope) => {
    const x = a(scope);
    if (x === decisive) return decisive;
    const y = b(scope);
    if (y === decisive) return decisive;
    return x === !decisive && y === !decisive ? !decisive : null;
  };
}

export function comparison(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  const [left, operator, right] = parts;
  if (!left || !operator || !right) throw new FeelMistake('feel.syntax', `position ${node.from}`);
  if (operator.name === 'in') {
    if (testChain(parts, reading)) return logical(node, reading);
    return membership(reading.compile(left), parts.slice(2), reading);
  }
  const a = reading.compile(left);
  const b = reading.compile(right);
  if (operator.name === 'between') {
    const c = reading.compile(parts[4]!);
    return (scope) => {
      const value = a(scope);
      return both(inOrder(value, '>=', b(scope)), inOrder(value, '<=', c(scope)));
    };
  }
  return compared(a, reading.source(operator), b);
}

function both(x: boolean | null, y: boolean | null): boolean | null {
  if (x === false || y === false) return false;
  return x === null || y === null ? null : true;
}

function compared(a: Code, operator: string, b: Code): Code {
  switch (operator) {
    case '=':
      return (scope) => equal(a(scope), b(scope));
    case '!=':
      return (scope) => negateTruth(equal(a(scope), b(scope)));
    default: {
      const order = operator as OrderOperator;
      return (scope) => inOrder(a(scope), order, b(scope));
    }
  }
}

/** `x in (1, > 5, [7..9])`: each part is a test, a list, a range or a value. */
function membership(value: Code, parts: readonly FeelNode[], reading: Reading): Code {
  const group = parts.find((part) => part.name === 'PositiveUnaryTests');
  const tests = (group ? children(group) : parts.filter((part) => part.name === 'PositiveUnaryTest')).map(
    (test) => membershipTest(children(test)[0]!, reading),
  );
  return (scope) => {
    const given = value(scope);
    let unknown = false;
    for (const test of tests) {
      const answer = test(scope, given);
      if (answer === true) return true;
      if (answer === null) unknown = true;
    }
    return unknown ? null : false;
  };
}

/** `= 5` and `!= 5` compare, all others are ranges, lists or values that a value may lie in or be. */
function membershipTest(node: FeelNode, reading: Reading): (scope: Scope, given: unknown) => boolean | null {
  let inner = node;
  while (inner.name === 'ParenthesizedExpression') inner = children(inner)[1]!;
  const isTest = inner.name === 'SimplePositiveUnaryTest';
  const [operator, operand] = children(inner);
  if (isTest && operand) return signedTest(reading.source(operator!), operand, reading);
  const test = reading.compile(node);
  // a range that is none tells nothing, the value null may be equal
  return (scope, given) => {
    const wanted = test(scope);
    return isTest && wanted === null ? null : accepts(wanted, given);
  };
}

/** `< 5`, `!= 5`: what a value may lie in, or is not. */
function signedTest(
  sign: string,
  operand: FeelNode,
  reading: Reading,
): (scope: Scope, given: unknown) => boolean | null {
  const bound = reading.compile(operand);
  if (sign === '=') return (scope, given) => equal(given, bound(scope));
  if (sign === '!=') return (scope, given) => negateTruth(equal(given, bound(scope)));
  return (scope, given) => {
    const limit = bound(scope);
    return limit === null ? null : accepts(boundedBy(sign, limit), given);
  };
}

function boundedBy(sign: string, limit: unknown): FeelRange {
  return sign.startsWith('<')
    ? new FeelRange(null, limit, false, sign === '<=')
    : new FeelRange(limit, null, sign === '>=', false);
}

/** Whether a value is what a test says: equal to it, in its list, in its range. */
export function accepts(test: unknown, value: unknown): boolean | null {
  if (test instanceof FeelRange && !(value instanceof FeelRange)) return test.includes(value);
  if (Array.isArray(test)) {
    if (equal(test, value) === true) return true;
    // the elements are values or ranges; a list within the list is a value
    return test.some((element) =>
      element instanceof FeelRange ? accepts(element, value) === true : equal(element, value) === true,
    );
  }
  return equal(test, value) === true;
}

/** `< 5`, `= 5` and `[1..5]` are ranges; `!= 5` stands only in cells and behind `in`. */
export function simpleTest(node: FeelNode, reading: Reading): Code {
  const [first, second] = children(node);
  if (first!.name === 'Interval') return interval(first!, reading);
  const operator = reading.source(first!);
  const bound = reading.compile(second!);
  return (scope) => {
    const value = bound(scope);
    if (value === null || operator === '!=') return null;
    if (operator === '=')
      return compare(value, value) === null ? null : new FeelRange(value, value, true, true);
    return boundedBy(operator, value);
  };
}

function interval(node: FeelNode, reading: Reading): Code {
  const [open, low, , high, close] = children(node);
  const from = reading.compile(low!);
  const to = reading.compile(high!);
  const startIncluded = reading.source(open!) === '[';
  const endIncluded = reading.source(close!) === ']';
  return (scope) => {
    const [start, end] = [from(scope), to(scope)];
    // what is not known is no part of the range
    if (start === null && (end === null || startIncluded)) return null;
    if (end === null && endIncluded) return null;
    if (start !== null && end !== null && compare(start, end) === null) return null;
    return new FeelRange(start, end, startIncluded, endIncluded, start === null || end === null);
  };
}
