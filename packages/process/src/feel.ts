import { evaluate as interpret, parseExpression, parseUnaryTests, toFeel } from 'feelin';
import { type Problem, ProcessError } from './errors.ts';
import { children, compilePlain, type FeelContext, type FeelNode, type FeelTree } from './feel-plain.ts';

export type { FeelContext } from './feel-plain.ts';

/** `expression` yields a value; `unaryTests` is a cell of a decision table and yields whether `?` matches. */
export type FeelKind = 'expression' | 'unaryTests';

/** A FEEL text that was parsed once. It is immutable and may be evaluated any number of times. */
export interface CompiledFeel {
  readonly kind: FeelKind;
  readonly text: string;
  /** Names that the text reads from its context, built-in functions left out. */
  readonly names: readonly string[];
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
  return Object.freeze({ kind, text: source, names: Object.freeze(names), run });
}

/**
 * Evaluates a compiled text. What FEEL cannot decide (a missing name, two types that do not compare) is `null`,
 * as the standard says; an error inside an expression is `feel.evaluation`.
 */
export function evaluate(compiled: CompiledFeel, context: FeelContext): unknown {
  return compiled.run(context);
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
  const text = source.slice(test.from, test.to);
  const inner = test.firstChild;
  const compile = (expression: string): CompiledFeel['run'] =>
    compileExpression(
      expression,
      declared,
      parseExpression(expression, namesAsContext([...declared, '?']), undefined),
    );

  // `< 5` is `? < 5`; an interval is `? in [1..5]`
  if (inner?.name === 'SimplePositiveUnaryTest') {
    const run = compile(inner.firstChild?.name === 'CompareOp' ? `? ${text}` : `? in ${text}`);
    return (context) => run(context) === true;
  }
  const run = compile(text);
  // DMN 1.3 §9.2: an expression over `?` decides itself, any other value is compared with `?`
  if (mentionsInput(test)) return (context) => run(context) === true;
  return (context) => matches(context['?'], run(context));
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
