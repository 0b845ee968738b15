import { readingOf } from './feel-compile.ts';
import { accepts } from './feel-logic.ts';
import { type Code, FeelMistake, type Reading, Scope } from './feel-reading.ts';
import { type FeelNumber, parseNumber } from './feel-number.ts';
import { children, type FeelNode, nameOf } from './feel-tree.ts';
import { FeelRange, inOrder, type OrderOperator } from './feel-values.ts';

/** A part of a cell whose meaning does not depend on other names: a value, or a range of values. */
export type TestPart = { readonly value: unknown } | { readonly range: FeelRange };

/** A cell of a decision table, compiled: whether it accepts `?`. */
export interface CompiledTests {
  readonly code: (scope: Scope) => boolean;
  readonly negated: boolean;
  /** All parts, where each of them is constant; undefined where one is not. */
  readonly parts?: readonly TestPart[];
}

const text = String.raw`"[^"\\]*"`;
const number = String.raw`-?(?:\d+(?:\.\d+)?)`;
const plainList = new RegExp(`^(?:(?:${text}|${number}|true|false)(?:\\s*,\\s*(?!$)|$))+$`);
const plainParts = new RegExp(`${text}|${number}|true|false`, 'g');
const plainBound = new RegExp(`^(<=|<|>=|>)\\s*(${number})$`);
const plainRange = new RegExp(`^([[\\](])\\s*(${number})\\s*\\.\\.\\s*(${number})\\s*([\\])[])$`);

/** The cells of which almost every table consists, read without the parser: that takes 90 µs for each. */
export function plainTests(source: string): CompiledTests | null {
  if (plainList.test(source)) {
    const values = source.match(plainParts)!.map(plainValue);
    const [only] = values;
    const code: CompiledTests['code'] =
      values.length === 1
        ? (scope) => accepts(only, input(scope)) === true
        : (scope) => accepts(values, input(scope)) === true;
    return { code, negated: false, parts: values.map((value) => ({ value })) };
  }
  const range = plainRangeOf(source);
  if (!range) return null;
  return { code: (scope) => range.includes(input(scope)) === true, negated: false, parts: [{ range }] };
}

function plainValue(source: string): string | FeelNumber | boolean | null {
  if (source.startsWith('"')) return source.slice(1, -1);
  return source === 'true' || source === 'false' ? source === 'true' : parseNumber(source);
}

function plainRangeOf(source: string): FeelRange | null {
  const bound = plainBound.exec(source);
  if (bound) {
    const [, operator, limit] = bound as unknown as [string, string, string];
    const value = parseNumber(limit);
    return operator.startsWith('<')
      ? new FeelRange(null, value, false, operator === '<=')
      : new FeelRange(value, null, operator === '>=', false);
  }
  const range = plainRange.exec(source);
  if (!range) return null;
  const [, open, low, high, close] = range as unknown as [string, string, string, string, string];
  return new FeelRange(parseNumber(low), parseNumber(high), open === '[', close === ']');
}

/** `"a"`, `3`, `true` where an expression stands. */
export function plainLiteral(source: string): { readonly value: unknown } | null {
  return plainOne.test(source) ? { value: plainValue(source) } : null;
}

const plainOne = new RegExp(`^(?:${text}|${number}|true|false)$`);

interface CompiledTest {
  readonly code: (scope: Scope) => boolean;
  readonly parts?: readonly TestPart[];
}

/** `-`, `not(…)` or a list of positive tests; true where one of them accepts `?`. */
export function compileTests(node: FeelNode, reading: Reading): CompiledTests {
  const parts = children(node);
  if (parts[0]?.name === 'Wildcard') return { code: () => true, negated: true, parts: [] };
  const negated = parts[0]?.name === 'not';
  const list = parts.find(({ name }) => name === 'PositiveUnaryTests');
  if (!list) throw new FeelMistake('feel.syntax', `position ${node.from}`);
  const tests = children(list).map((test) => compileTest(test, reading));
  const [only] = tests;
  const code =
    tests.length === 1 && !negated
      ? only!.code
      : (scope: Scope): boolean => tests.some((test) => test.code(scope)) !== negated;
  const known = tests.flatMap((test) => (test.parts ? [test.parts] : []));
  return { code, negated, ...(known.length === tests.length && { parts: known.flat() }) };
}

const nothing = new Scope({});

function compileTest(test: FeelNode, reading: Reading): CompiledTest {
  const inner = unwrapped(children(test)[0]!);
  if (inner.name === 'SimplePositiveUnaryTest') return simple(inner, reading);
  const own = readingOf(reading.text, reading.types);
  const run = own.compile(inner);
  for (const name of own.names) reading.reads(name);
  for (const name of own.doubtful) reading.doubtful.add(name);
  // DMN 1.3 §9.2: an expression over `?` decides itself, any other value is compared with `?`
  if (own.readsInput) return { code: (scope) => run(scope) === true };
  if (isConstant(inner, own)) {
    const value = run(nothing);
    return {
      code: (scope) => accepts(value, input(scope)) === true,
      ...partsOf(value),
    };
  }
  const decides = truths.has(inner.name);
  return {
    code: (scope) => {
      const value = run(scope);
      const given = input(scope);
      // `Age > 18` in the column of another input is a condition of its own
      if (decides && typeof value === 'boolean' && typeof given !== 'boolean') return value;
      return accepts(value, given) === true;
    },
  };
}

const truths = new Set([
  'Comparison',
  'Conjunction',
  'Disjunction',
  'QuantifiedExpression',
  'FunctionInvocation',
]);

/** `(< 5)` is `< 5`. */
function unwrapped(node: FeelNode): FeelNode {
  const [, inner] = children(node);
  return node.name === 'ParenthesizedExpression' && inner?.name === 'SimplePositiveUnaryTest' ? inner : node;
}

function isConstant(node: FeelNode, reading: Reading): boolean {
  return reading.names.size === 0 && node.name !== 'FunctionInvocation' && node.name !== 'FunctionDefinition';
}

function partsOf(value: unknown): { parts?: readonly TestPart[] } {
  if (Array.isArray(value)) {
    if (value.some((element) => typeof element === 'object' && element !== null)) return {};
    return { parts: value.map((element: unknown) => ({ value: element })) };
  }
  return value instanceof FeelRange ? { parts: [{ range: value }] } : { parts: [{ value }] };
}

function input(scope: Scope): unknown {
  for (let at: Scope | null = scope; at; at = at.outer) {
    if (Object.hasOwn(at.names, '?')) return at.names['?'] ?? null;
  }
  return null;
}

/** `< 5`, `>= limit`, `[1..5]`, `!= 3`. */
function simple(node: FeelNode, reading: Reading): CompiledTest {
  const [first, second] = children(node);
  const operator = nameOf(first!, reading.text);
  const own = readingOf(reading.text, reading.types);
  const equality = operator === '=' || operator === '!=';
  const run = own.compile(equality ? second! : node);
  for (const name of own.names) reading.reads(name);
  const constant = isConstant(node, own) && !own.readsInput;
  if (equality) {
    const wanted = operator === '=';
    const value = constant ? run(nothing) : undefined;
    return {
      code: (scope) => (accepts(constant ? value : run(scope), input(scope)) === true) === wanted,
      ...(constant && wanted && partsOf(value)),
    };
  }
  if (!constant) return bound(operator, second, node, run, own);
  const range = run(nothing);
  // a range of two types, or without an end, accepts nothing
  if (!(range instanceof FeelRange)) return { code: () => false, parts: [] };
  return { code: (scope) => range.includes(input(scope)) === true, parts: [{ range }] };
}

/** A bound that other names decide. */
function bound(
  operator: string,
  second: FeelNode | undefined,
  node: FeelNode,
  run: Code,
  reading: Reading,
): CompiledTest {
  if (children(node)[0]!.name === 'Interval')
    return { code: (scope) => accepts(run(scope), input(scope)) === true };
  const limit = reading.compile(second!);
  const order = operator as OrderOperator;
  return { code: (scope) => inOrder(input(scope), order, limit(scope)) === true };
}
