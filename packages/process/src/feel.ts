import { parseExpression, parseUnaryTests } from 'feelin';
import { type Problem, ProcessError } from './errors.ts';
import { type CompiledTests, compileTests, plainLiteral, plainTests, type TestPart } from './feel-cells.ts';
import { readingOf } from './feel-compile.ts';
import { type Code, FeelMistake, type Reading, Scope } from './feel-reading.ts';
import type { FeelTree } from './feel-tree.ts';
import type { FeelType } from './feel-types.ts';
import { equal, toOutside } from './feel-values.ts';
import { withinMeasure } from './feel-work.ts';

export { temporalOf } from './feel-types.ts';

/** A FEEL context: what names in an expression mean. */
export type FeelContext = Readonly<Record<string, unknown>>;

/** `expression` yields a value; `unaryTests` is a cell of a decision table and yields whether `?` matches. */
export type FeelKind = 'expression' | 'unaryTests';

/** A FEEL text that was parsed once. It is immutable and may be evaluated any number of times. */
export interface CompiledFeel {
  readonly kind: FeelKind;
  readonly text: string;
  /** Names that the text reads from its context, built-in functions and its own names left out. */
  readonly names: readonly string[];
  /** Those of `names` that may as well be parts of the elements that a filter sees. */
  readonly doubtful: readonly string[];
  /** What a cell accepts, where that is plain to see. */
  readonly parts?: readonly TestPart[];
  readonly negated?: boolean;
  /** In a scope, long decimals kept. */
  readonly code: Code;
  readonly run: (context: FeelContext) => unknown;
}

/** How a text is read. */
export interface FeelOptions {
  /** Names that contain spaces or operators must be declared, since FEEL cannot know where they end. */
  readonly names?: readonly string[];
  /** Names and a value like theirs, which shows the names inside. */
  readonly shapes?: Readonly<Record<string, unknown>>;
  /** Types that `instance of` may name. */
  readonly types?: ReadonlyMap<string, FeelType>;
}

/** A longer one is no rule that anybody could read, and reading takes more than its length. */
const LONGEST = 10_000;
/** Brackets in brackets: nobody writes as many, and how many the stack bears is another number on every run. */
const DEEPEST = 200;

/** Built-ins with `and` inside, and the names that tear a call of theirs in two where a variable is called so. */
const withAnd = [
  { name: 'date and time', call: /\bdate\s+and\s+time\s*\(/g, tornBy: /\btime\b(?!\s*\()/ },
  {
    name: 'years and months duration',
    call: /\byears\s+and\s+months\s+duration\s*\(/g,
    tornBy: /\b(?:years|months|duration)\b(?!\s*\()/,
  },
];

/** Built-ins that must be declared, lest the parser take a shorter name and `and` for an operator. */
function torn(source: string, known: readonly string[]): Record<string, null> {
  const found = withAnd.filter(({ call, tornBy }) => {
    const rest = source.replaceAll(call, '(');
    return rest !== source && (tornBy.test(rest) || known.some((name) => tornBy.test(name)));
  });
  return Object.fromEntries(found.map(({ name }) => [name, null]));
}

/** How deep the brackets of a text stand in each other; those in texts are none. */
function nestingOf(source: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < source.length; i += 1) {
    const sign = source[i]!;
    if (quoted) {
      if (sign === '\\') i += 1;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === '(' || sign === '[' || sign === '{') deepest = Math.max(deepest, (depth += 1));
    else if (sign === ')' || sign === ']' || sign === '}') depth -= 1;
  }
  return deepest;
}

/**
 * Parses a FEEL text once.
 *
 * Refusals: `feel.syntax` (with the position in `detail`), `feel.impure` (`now()`, `today()`), `feel.empty`,
 * `feel.tooLong`, `feel.tooDeep`.
 */
export function parseFeel(text: string, kind: FeelKind, options: FeelOptions = {}): CompiledFeel {
  const source = text.trim();
  if (source === '') throw feelError('feel.empty', text);
  if (source.length > LONGEST) throw feelError('feel.tooLong', text, `${source.length} characters`);
  if (nestingOf(source) > DEEPEST) throw feelError('feel.tooDeep', text);
  const reading = readingOf(source, options.types ?? new Map());
  const plain = plainly(source, kind, reading);
  if (plain) return plain;
  const named = {
    ...Object.fromEntries((options.names ?? []).map((name) => [name, null])),
    ...options.shapes,
  };
  const known = { ...torn(source, Object.keys(named)), ...named };
  // the parser knows `list<…>` but not `range<…>`: a blank keeps all positions
  const parsed = source.replaceAll(/\brange(\s*<)/g, 'list $1');
  const tree = (kind === 'expression' ? parseExpression : parseUnaryTests)(parsed, known, undefined);
  refuseErrors(tree, source);
  try {
    if (kind === 'expression') {
      const code = reading.compile(tree.topNode);
      return compiled(kind, source, reading, code, (context) =>
        withinMeasure(() => toOutside(code(new Scope(context)))),
      );
    }
    return cell(source, reading, compileTests(tree.topNode, reading));
  } catch (error) {
    if (error instanceof FeelMistake) throw feelError(error.code, source, error.message);
    if (error instanceof RangeError) throw feelError('feel.tooDeep', source);
    throw error;
  }
}

/** What needs no parser; null for everything else. */
function plainly(source: string, kind: FeelKind, reading: Reading): CompiledFeel | null {
  if (kind === 'unaryTests') {
    const tests = plainTests(source);
    return tests && cell(source, reading, tests);
  }
  const literal = plainLiteral(source);
  if (!literal) return null;
  const { value } = literal;
  const outside = toOutside(value);
  return compiled(
    kind,
    source,
    reading,
    () => value,
    () => outside,
  );
}

function cell(source: string, reading: Reading, tests: CompiledTests): CompiledFeel {
  return {
    ...compiled('unaryTests', source, reading, tests.code, (context) =>
      withinMeasure(() => tests.code(new Scope(context))),
    ),
    ...(tests.parts && { parts: tests.parts, negated: tests.negated }),
  };
}

function compiled(
  kind: FeelKind,
  text: string,
  reading: Reading,
  code: Code,
  run: CompiledFeel['run'],
): CompiledFeel {
  return { kind, text, names: [...reading.names], doubtful: [...reading.doubtful], code, run };
}

/**
 * Evaluates a compiled text. What FEEL cannot decide (a missing name, two types that do not compare) is `null`,
 * as the standard says. Numbers leave as JavaScript's.
 */
export function evaluate(feel: CompiledFeel, context: FeelContext): unknown {
  return feel.run(context);
}

/** FEEL equality of two values. */
export function sameValue(a: unknown, b: unknown): boolean {
  return equal(a, b) === true;
}

function feelError(code: string, text: string, detail?: string): ProcessError {
  const told = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  const problem: Problem = { code, detail: detail === undefined ? told : `${detail} in ${told}` };
  return new ProcessError(code, [problem]);
}

function refuseErrors(tree: FeelTree, text: string): void {
  const cursor = tree.cursor();
  do {
    if (cursor.type.isError) throw feelError('feel.syntax', text, `position ${cursor.from}`);
  } while (cursor.next());
}
