import { type Code, FeelMistake, type Reading, type Scope } from './feel-reading.ts';
import { children, type FeelNode } from './feel-tree.ts';
import { compare, equal, FeelRange, inOrder, negateTruth, type OrderOperator } from './feel-values.ts';

export function logical(node: FeelNode, reading: Reading, decisive: boolean): Code {
  const [left, , right] = children(node);
  const a = reading.compile(left!);
  const b = reading.compile(right!);
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
  const a = reading.compile(left);
  if (operator.name === 'in') return membership(a, parts.slice(2), reading);
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
  const sign = isTest && operand ? reading.source(operator!) : '';
  if (sign === '=' || sign === '!=') {
    const named = reading.compile(operand!);
    return (scope, given) => {
      const same = equal(given, named(scope));
      return sign === '=' ? same : negateTruth(same);
    };
  }
  const test = reading.compile(node);
  // a range that is none tells nothing, the value null may be equal
  return (scope, given) => {
    const wanted = test(scope);
    return isTest && wanted === null ? null : accepts(wanted, given);
  };
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
    if (operator.startsWith('<')) return new FeelRange(null, value, false, operator === '<=');
    return new FeelRange(value, null, operator === '>=', false);
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
