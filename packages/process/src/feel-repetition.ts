import { FeelDate } from 'feelin';
import { integerOf } from './feel-number.ts';
import { type Code, FeelMistake, type Reading, Scope } from './feel-reading.ts';
import { addDuration, ofNanoseconds } from './feel-temporal.ts';
import { children, type FeelNode, nameOf } from './feel-tree.ts';
import { compare, FeelRange } from './feel-values.ts';
import { spend } from './feel-work.ts';

export function conditional(node: FeelNode, reading: Reading): Code {
  const [test, then, otherwise] = children(node).filter(({ name }) => !/^(if|then|else)$/.test(name));
  if (!test || !then || !otherwise) throw new FeelMistake('feel.syntax', `position ${node.from}`);
  const [a, b, c] = [reading.compile(test), reading.compile(then), reading.compile(otherwise)];
  return (scope) => (a(scope) === true ? b(scope) : c(scope));
}

/** Runs for each combination of `for a in x, b in y`, the last name the fastest; false where a domain is none. */
type Each = (
  scope: Scope,
  names: Readonly<Record<string, unknown>>,
  visit: (scope: Scope) => void,
) => boolean;

function iterators(
  node: FeelNode,
  own: Readonly<Record<string, unknown>>,
  reading: Reading,
): [Each, string[]] {
  const names: string[] = Object.keys(own);
  const domains = children(node).map((part) => {
    const [name, , over] = children(part);
    const domain = reading.within(names, () => iterationDomain(over!, reading));
    names.push(nameOf(name!, reading.text));
    return { name: names.at(-1)!, domain };
  });
  const from =
    (depth: number): Each =>
    (scope, seen, visit) => {
      const current = domains[depth];
      if (!current) {
        visit(scope);
        return true;
      }
      const values = current.domain(scope);
      if (!values) return false;
      const next = from(depth + 1);
      return values.every((value) => {
        spend(1);
        const inner = { ...seen, [current.name]: value };
        return next(new Scope(inner, scope), inner, visit);
      });
    };
  return [from(0), names];
}

function iterationDomain(node: FeelNode, reading: Reading): (scope: Scope) => readonly unknown[] | null {
  const parts = children(node);
  if (parts.length === 1) {
    const over = reading.compile(parts[0]!);
    return (scope) => elementsOf(over(scope));
  }
  const [from, , to] = parts;
  const [start, end] = [reading.compile(from!), reading.compile(to!)];
  return (scope) => stepsBetween(start(scope), end(scope));
}

export function elementsOf(value: unknown): readonly unknown[] | null {
  if (value === null) return null;
  if (Array.isArray(value)) return value;
  if (!(value instanceof FeelRange)) return [value];
  // `5..1` counts down, a range does not
  if ((compare(value.start, value.end) ?? 1) > 0) return null;
  const all = stepsBetween(value.start, value.end);
  return (
    all?.slice(value.startIncluded ? 0 : 1, value.endIncluded ? all.length : Math.max(0, all.length - 1)) ??
    null
  );
}

/** More is a mistake of the text rather than work to be done. */
const MOST_STEPS = 100_000;

/** Whole numbers or days, up or down. */
function stepsBetween(from: unknown, to: unknown): readonly unknown[] | null {
  const [a, b] = [integerOf(from), integerOf(to)];
  if (a !== null && b !== null) {
    const count = Math.abs(b - a) + 1;
    spend(Math.min(count, MOST_STEPS) >> 3);
    return count > MOST_STEPS ? null : Array.from({ length: count }, (_none, i) => (a <= b ? a + i : a - i));
  }
  if (from instanceof FeelDate && to instanceof FeelDate) {
    const order = compare(from, to);
    if (order === null) return null;
    const day = ofNanoseconds(86_400_000_000_000n);
    const found: unknown[] = [];
    for (let at: unknown = from; (compare(at, to) ?? 0) * (order <= 0 ? 1 : -1) <= 0;) {
      found.push(at);
      if (found.length > MOST_STEPS) return null;
      at = addDuration(at as FeelDate, day, order <= 0 ? 1 : -1);
      if (at === null) return null;
    }
    return found;
  }
  return null;
}

export function iteration(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  const domains = parts.find(({ name }) => name === 'InExpressions')!;
  const [each, names] = iterators(domains, {}, reading);
  const body = reading.within([...names, 'partial'], () => reading.compile(parts.at(-1)!));
  return (scope) => {
    const partial: unknown[] = [];
    const sound = each(new Scope({ partial }, scope), {}, (inner) => partial.push(body(inner)));
    return sound ? partial : null;
  };
}

export function quantified(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  const decisive = parts[0]!.name === 'some';
  const domains = parts.find(({ name }) => name === 'InExpressions')!;
  const [each, names] = iterators(domains, {}, reading);
  const condition = reading.within(names, () => reading.compile(parts.at(-1)!));
  return (scope) => {
    const answers: unknown[] = [];
    const sound = each(scope, {}, (inner) => answers.push(condition(inner)));
    return sound ? verdict(answers, decisive) : null;
  };
}

/** Of `some` (decisive is true) and `every` (false); null where an answer is neither a truth nor unknown. */
export function verdict(answers: readonly unknown[], decisive: boolean): boolean | null {
  if (answers.some((answer) => (answer ?? null) !== null && typeof answer !== 'boolean')) return null;
  if (answers.includes(decisive)) return decisive;
  return answers.every((answer) => answer === !decisive) ? !decisive : null;
}
