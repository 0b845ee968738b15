import { FeelDuration } from 'feelin';
import { add, divide, isNumber, multiply, negate, power, subtract } from './feel-number.ts';
import { type Code, FeelMistake, type Reading } from './feel-reading.ts';
import {
  addDuration,
  addDurations,
  byDuration,
  byNumber,
  isMoment,
  subtractMoments,
  timesNumber,
} from './feel-temporal.ts';
import { children, type FeelNode } from './feel-tree.ts';
import { spend } from './feel-work.ts';

export function arithmetic(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  if (parts.length === 2) {
    const inner = reading.compile(parts[1]!);
    return (scope) => negated(inner(scope));
  }
  const [left, operator, right] = parts;
  if (!left || !operator || !right) throw new FeelMistake('feel.syntax', `position ${node.from}`);
  const a = reading.compile(left);
  const b = reading.compile(right);
  const calculate = operations[reading.source(operator)];
  if (!calculate) throw new FeelMistake('feel.syntax', `position ${operator.from}`);
  return (scope) => calculate(a(scope), b(scope));
}

function negated(value: unknown): unknown {
  if (isNumber(value)) return negate(value);
  return value instanceof FeelDuration ? timesNumber(value, -1) : null;
}

type Operation = (a: unknown, b: unknown) => unknown;

const plus: Operation = (a, b) => {
  if (isNumber(a) && isNumber(b)) return add(a, b);
  if (typeof a === 'string' && typeof b === 'string') {
    // joining is cheap, what is joined has to be held
    spend((a.length + b.length) >> 8);
    return a + b;
  }
  if (a instanceof FeelDuration)
    return b instanceof FeelDuration ? addDurations(a, b, 1) : isMoment(b) ? addDuration(b, a, 1) : null;
  return isMoment(a) && b instanceof FeelDuration ? addDuration(a, b, 1) : null;
};

const minus: Operation = (a, b) => {
  if (isNumber(a) && isNumber(b)) return subtract(a, b);
  if (b instanceof FeelDuration)
    return a instanceof FeelDuration ? addDurations(a, b, -1) : isMoment(a) ? addDuration(a, b, -1) : null;
  return isMoment(a) && isMoment(b) ? subtractMoments(a, b) : null;
};

const times: Operation = (a, b) => {
  if (isNumber(a)) {
    if (isNumber(b)) return multiply(a, b);
    return b instanceof FeelDuration ? timesNumber(b, a) : null;
  }
  return a instanceof FeelDuration && isNumber(b) ? timesNumber(a, b) : null;
};

const over: Operation = (a, b) => {
  if (isNumber(b)) return isNumber(a) ? divide(a, b) : a instanceof FeelDuration ? byNumber(a, b) : null;
  return a instanceof FeelDuration && b instanceof FeelDuration ? byDuration(a, b) : null;
};

const raised: Operation = (a, b) => (isNumber(a) && isNumber(b) ? power(a, b) : null);

const operations: Record<string, Operation> = {
  '+': plus,
  '-': minus,
  '*': times,
  '/': over,
  '**': raised,
  '^': raised,
};
