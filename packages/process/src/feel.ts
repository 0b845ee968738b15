import {
  evaluate as interpret,
  FeelDate,
  FeelDateTime,
  FeelDuration,
  FeelTime,
  duration,
  parseDate,
  parseDateTime,
  parseExpression,
  parseTime,
  parseUnaryTests,
  toFeel,
} from 'feelin';
import { type Problem, ProcessError } from './errors.ts';
import {
  children,
  compilePlain,
  type FeelContext,
  type FeelNode,
  type FeelTree,
  literalOf,
} from './feel-plain.ts';

export type { FeelContext } from './feel-plain.ts';

/** `expression` yields a value; `unaryTests` is a cell of a decision table and yields whether `?` matches. */
export type FeelKind = 'expression' | 'unaryTests';

/** A FEEL text that was parsed once. It is immutable and may be evaluated any number of times. */
export interface CompiledFeel {
  readonly kind: FeelKind;
  readonly text: string;
  /** Names that the text reads from its context, built-in functions left out. */
  readonly names: readonly string[];
  /** Of a cell that is a list of plain values: these values. */
  readonly literals?: readonly (string | number | boolean)[];
  readonly run: (context: FeelContext) => unknown;
}

/** How a text is read. */
export interface FeelOptions {
  /** Names that contain spaces or operators must be declared, since FEEL cannot know where they end. */
  readonly names?: readonly string[];
}

// The package has no clock: a condition that asks for the time of day could not be replayed from the log.
const impure = new Set(['now', 'today', 'random number']);

/**
 * Parses a FEEL text once.
 *
 * Refusals: `feel.syntax` (with the position in `detail`), `feel.impure` (`now()`, `today()`), `feel.empty`.
 */
export function parseFeel(text: string, kind: FeelKind, options: FeelOptions = {}): CompiledFeel {
  const source = text.trim();
  if (source === '') throw feelError('feel.empty', text);
  const declared = options.names ?? [];
  const known = namesAsContext(declared);
  const tree =
    kind === 'expression'
      ? parseExpression(source, known, undefined)
      : parseUnaryTests(source, known, undefined);
  const names = namesOf(tree, source);
  const run =
    kind === 'expression' ? compileExpression(source, declared, tree) : compileTests(source, declared, tree);
  const literals = kind === 'unaryTests' ? literalTests(tree, source) : undefined;
  return Object.freeze({
    kind,
    text: source,
    names: Object.freeze(names),
    ...(literals && { literals }),
    run,
  });
}

/**
 * Evaluates a compiled text. What FEEL cannot decide (a missing name, two types that do not compare) is `null`,
 * as the standard says; an error inside an expression is `feel.evaluation`.
 */
export function evaluate(compiled: CompiledFeel, context: FeelContext): unknown {
  return compiled.run(context);
}

/** A date, time or duration from the text that JSON carries; other types, and texts that are none, stay as they are. */
export function temporalOf(type: string, text: string): unknown {
  switch (type) {
    case 'date':
      return parseDate(text) ?? text;
    case 'time':
      return parseTime(text) ?? text;
    case 'dateTime':
    case 'date and time':
      return parseDateTime(text) ?? text;
    case 'dayTimeDuration':
    case 'yearMonthDuration':
    case 'days and time duration':
    case 'years and months duration':
      return duration(text) ?? text;
    default:
      return text;
  }
}

function feelError(code: string, text: string, detail?: string): ProcessError {
  const problem: Problem = { code, detail: detail === undefined ? text : `${detail} in ${text}` };
  return new ProcessError(code, [problem]);
}

/** Walks the tree once: refuses mistakes and calls of the clock, collects the names that are read. */
function namesOf(tree: FeelTree, text: string): string[] {
  const names = new Set<string>();
  const visit = (node: FeelNode): void => {
    if (node.type.isError) throw feelError('feel.syntax', text, `position ${node.from}`);
    if (node.name === 'VariableName') {
      const name = text.slice(node.from, node.to).replace(/\s+/g, ' ');
      const called = node.parent?.name === 'FunctionInvocation' && node.parent.firstChild?.from === node.from;
      if (called && impure.has(name)) throw feelError('feel.impure', text, `${name}()`);
      if (!called) names.add(name);
    }
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child);
  };
  visit(tree.topNode);
  return [...names];
}

/** Not a plain object, so that feelin takes it as it is and reads the present values at each call. */
class LiveContext {
  [name: string]: unknown;
}

/**
 * feelin's public functions parse at every call (90 µs). A FEEL function value, however, keeps its parsed body:
 * so the text is wrapped into `function() …` once, closed over a context object that we fill before each call.
 */
function interpretOnce(source: string, names: readonly string[]): (context: FeelContext) => unknown {
  const live = new LiveContext();
  for (const name of names) live[name] = null;
  const { value, warnings } = interpret(`function() ${source}`, live);
  const body = value as { invoke(args: unknown[]): unknown };
  return (context) => {
    for (const key of Object.keys(live)) delete live[key];
    for (const key of Object.keys(context)) {
      const entry = context[key];
      if (entry !== undefined) live[key] = typeof entry === 'object' ? toFeel(entry) : entry;
    }
    try {
      return body.invoke([]);
    } catch (cause) {
      throw feelError('feel.evaluation', source, cause instanceof Error ? cause.message : String(cause));
    } finally {
      // The interpreter gathers warnings for ever in this array.
      warnings.length = 0;
    }
  };
}

function compileExpression(source: string, declared: readonly string[], tree: FeelTree): CompiledFeel['run'] {
  const plain = compilePlain(tree.topNode, source);
  let slow: CompiledFeel['run'] | undefined;
  const interpreted: CompiledFeel['run'] = (context) => {
    slow ??= interpretOnce(source, [...declared, '?']);
    return slow(context);
  };
  if (!plain) return interpreted;
  return (context) => {
    const value = plain(context);
    return value === undefined ? interpreted(context) : value;
  };
}

/** `-`, `not(…)` or a list of positive tests; true where one of them accepts `?`. */
function compileTests(source: string, declared: readonly string[], tree: FeelTree): CompiledFeel['run'] {
  const parts = children(tree.topNode);
  if (parts[0]?.name === 'Wildcard') return () => true;
  const negated = parts[0]?.name === 'not';
  const list = parts.find((part) => part.name === 'PositiveUnaryTests');
  if (!list) throw feelError('feel.syntax', source);
  const tests = children(list).map((test) => compileTest(test, source, declared));
  return (context) => tests.some((test) => test(context)) !== negated;
}

function compileTest(
  test: FeelNode,
  source: string,
  declared: readonly string[],
): (context: FeelContext) => boolean {
  const inner = test.firstChild;
  const compile = (node: FeelNode): CompiledFeel['run'] => {
    const expression = source.slice(node.from, node.to);
    const known = namesAsContext([...declared, '?']);
    return compileExpression(expression, declared, parseExpression(expression, known, undefined));
  };
  if (inner?.name === 'SimplePositiveUnaryTest') {
    const parts = children(inner);
    return parts[0]?.name === 'Interval'
      ? interval(children(parts[0]), source, compile)
      : bound(source.slice(parts[0]!.from, parts[0]!.to), compile(parts[1]!));
  }
  const run = compile(test);
  // DMN 1.3 §9.2: an expression over `?` decides itself, any other value is compared with `?`
  if (mentionsInput(test)) return (context) => run(context) === true;
  return (context) => matches(context['?'], run(context));
}

/** `< 5`, `>= limit` */
function bound(operator: string, run: CompiledFeel['run']): (context: FeelContext) => boolean {
  if (operator === '=') return (context) => matches(context['?'], run(context));
  if (operator === '!=') return (context) => !matches(context['?'], run(context));
  return (context) => inOrder(context['?'], operator, run(context));
}

/** `[1..5]`, `(1..5)`, `]1..5[` */
function interval(
  parts: readonly FeelNode[],
  source: string,
  compile: (node: FeelNode) => CompiledFeel['run'],
): (context: FeelContext) => boolean {
  const [open, from, , to, close] = parts;
  const low = compile(from!);
  const high = compile(to!);
  const above = source.slice(open!.from, open!.to) === '[' ? '>=' : '>';
  const below = source.slice(close!.from, close!.to) === ']' ? '<=' : '<';
  return (context) =>
    inOrder(context['?'], above, low(context)) && inOrder(context['?'], below, high(context));
}

const orders: Record<string, CompiledFeel['run']> = {};

/**
 * Order of two values of one type; values of different types have none. (feelin 8.2 takes `"x" <= 0` and
 * `1 < date("2026-01-01")` for true, so that it is asked about equal types only.)
 */
function inOrder(left: unknown, operator: string, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'number') {
    if (operator === '<') return left < right;
    if (operator === '<=') return left <= right;
    return operator === '>' ? left > right : left >= right;
  }
  const a = toFeel(left) as unknown;
  const b = toFeel(right) as unknown;
  const sameType =
    typeof a === 'string' ? typeof b === 'string' : isTemporal(a) && a.constructor === b?.constructor;
  if (!sameType) return false;
  orders[operator] ??= interpretOnce(`a ${operator} b`, ['a', 'b']);
  return orders[operator]({ a, b }) === true;
}

function isTemporal(value: unknown): value is object {
  return (
    value instanceof FeelDate ||
    value instanceof FeelTime ||
    value instanceof FeelDateTime ||
    value instanceof FeelDuration
  );
}

/** The values of `"a", "b"`; undefined for any other cell. */
function literalTests(tree: FeelTree, source: string): (string | number | boolean)[] | undefined {
  const parts = children(tree.topNode);
  if (parts.length !== 1 || parts[0]!.name !== 'PositiveUnaryTests') return undefined;
  const values: (string | number | boolean)[] = [];
  for (const test of children(parts[0]!)) {
    const inner = children(test);
    const value = inner.length === 1 ? literalOf(inner[0]!, source) : undefined;
    if (value === undefined || value === null) return undefined;
    values.push(value);
  }
  return values;
}

function namesAsContext(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, null]));
}

function mentionsInput(node: FeelNode): boolean {
  if (node.name === '?') return true;
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (mentionsInput(child)) return true;
  }
  return false;
}

let memberOf: CompiledFeel['run'] | undefined;

/** Whether a cell's value accepts the input: equal to it, a list that holds it, a range around it. */
function matches(input: unknown, value: unknown): boolean {
  const type = typeof value;
  if (type === 'string' || type === 'number' || type === 'boolean') return input === value;
  if (value === null || value === undefined) return input === null || input === undefined;
  if (Array.isArray(value) && value.some((element) => matches(input, element))) return true;
  memberOf ??= interpretOnce('i = v or i in v', ['i', 'v']);
  return memberOf({ i: input ?? null, v: value }) === true;
}

let equality: CompiledFeel['run'] | undefined;

/** FEEL equality of two values. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return (a ?? null) === (b ?? null);
  equality ??= interpretOnce('a = b', ['a', 'b']);
  return equality({ a, b }) === true;
}
