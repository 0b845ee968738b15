import { FeelDuration } from 'feelin';
import { BuiltIn, builtIns, impure } from './feel-functions.ts';
import {
  add,
  divide,
  type FeelNumber,
  integerOf,
  isNumber,
  multiply,
  negate,
  power,
  subtract,
} from './feel-number.ts';
import {
  addDuration,
  addDurations,
  byDuration,
  byNumber,
  isMoment,
  ofNanoseconds,
  partOf,
  subtractMoments,
  timesNumber,
} from './feel-temporal.ts';
import { children, type FeelNode, literalOf, nameOf, normalized } from './feel-tree.ts';
import { anyType, coerce, conforms, type FeelType, plainType } from './feel-types.ts';
import {
  compare,
  equal,
  FeelFunction,
  FeelRange,
  inOrder,
  isContext,
  negateTruth,
  type OrderOperator,
  toInside,
} from './feel-values.ts';
import { spend } from './feel-work.ts';

/** What names mean at one place of a text; inner places see the outer ones. */
export class Scope {
  readonly names: Readonly<Record<string, unknown>>;
  readonly outer: Scope | null;

  constructor(names: Readonly<Record<string, unknown>>, outer: Scope | null = null) {
    this.names = names;
    this.outer = outer;
  }
}

/** A piece of FEEL, compiled: what it yields in a scope. */
export type Code = (scope: Scope) => unknown;

/** What compiling learns about a text besides. */
export class Reading {
  readonly text: string;
  /** Names that the text reads from outside. */
  readonly names = new Set<string>();
  /** Names read inside of a filter: perhaps from outside, perhaps parts of the elements. */
  readonly doubtful = new Set<string>();
  /** Types that are defined outside of the text. */
  readonly types: ReadonlyMap<string, FeelType>;
  /** Whether `?` is read. */
  readsInput = false;
  readonly #local: string[][] = [];
  #filters = 0;

  constructor(text: string, types: ReadonlyMap<string, FeelType>) {
    this.text = text;
    this.types = types;
  }

  source(node: FeelNode): string {
    return this.text.slice(node.from, node.to);
  }

  /** Compiles where some names are the text's own. */
  within<T>(names: readonly string[], compile: () => T): T {
    this.#local.push([...names]);
    try {
      return compile();
    } finally {
      this.#local.pop();
    }
  }

  inFilter<T>(compile: () => T): T {
    this.#filters += 1;
    try {
      return this.within(['item'], compile);
    } finally {
      this.#filters -= 1;
    }
  }

  reads(name: string): void {
    if (this.#local.some((names) => names.includes(name))) return;
    this.names.add(name);
    if (this.#filters > 0) this.doubtful.add(name);
  }

  isLocal(name: string): boolean {
    return this.#local.some((names) => names.includes(name));
  }
}

/** A mistake of the text itself, with its position. */
export class FeelMistake extends Error {
  override readonly name = 'FeelMistake';
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/**
 * Compiles a tree into closures: a condition such as `action = "pass"` costs less than 0.1 µs. The semantics are
 * DMN 1.5's: three-valued logic, and null for everything that has no meaning, never an exception.
 */
export function compileNode(node: FeelNode, reading: Reading): Code {
  const compile = compilers[node.name];
  if (!compile) throw new FeelMistake('feel.syntax', `position ${node.from}`);
  return compile(node, reading);
}

type Compiler = (node: FeelNode, reading: Reading) => Code;

const compilers: Record<string, Compiler> = {
  Expression: (node, reading) => {
    const inner = children(node);
    if (inner.length !== 1) throw new FeelMistake('feel.syntax', `position ${node.from}`);
    return compileNode(inner[0]!, reading);
  },
  ParenthesizedExpression: (node, reading) => compileNode(children(node)[1]!, reading),
  StringLiteral: literal,
  NumericLiteral: literal,
  BooleanLiteral: literal,
  null: literal,
  VariableName: variable,
  '?': (_node, reading) => {
    reading.readsInput = true;
    return (scope) => valueOf(scope, '?') ?? null;
  },
  Conjunction: (node, reading) => logical(node, reading, false),
  Disjunction: (node, reading) => logical(node, reading, true),
  Comparison: comparison,
  ArithmeticExpression: arithmetic,
  IfExpression: conditional,
  ForExpression: iteration,
  QuantifiedExpression: quantified,
  InstanceOfExpression: instanceOf,
  FunctionDefinition: functionDefinition,
  FunctionInvocation: invocation,
  DateTimeLiteral: dateTimeLiteral,
  PathExpression: path,
  FilterExpression: filter,
  List: list,
  Context: context,
  SimplePositiveUnaryTest: simpleTest,
  SpecialFunctionName: (node, reading) => {
    const builtIn = builtIns.get(nameOf(node, reading.text)) ?? null;
    return () => builtIn;
  },
};

function literal(node: FeelNode, reading: Reading): Code {
  const value = literalOf(node, reading.text);
  if (value === undefined) throw new FeelMistake('feel.syntax', `position ${node.from}`);
  return () => value;
}

// ---- names -----------------------------------------------------------------------------------------------------

function valueOf(scope: Scope, name: string): unknown {
  for (let at: Scope | null = scope; at; at = at.outer) {
    if (!Object.hasOwn(at.names, name)) continue;
    const value = at.names[name];
    if (value !== undefined) return typeof value === 'string' ? value : toInside(value);
  }
  return undefined;
}

/** A name with operators inside may be written with other blanks than where it was declared. */
function looselyNamed(scope: Scope, wanted: string): unknown {
  for (let at: Scope | null = scope; at; at = at.outer) {
    for (const name of Object.keys(at.names)) {
      const value = at.names[name];
      if (value !== undefined && normalized(name) === wanted) return toInside(value);
    }
  }
  return undefined;
}

function variable(node: FeelNode, reading: Reading): Code {
  const name = nameOf(node, reading.text);
  const builtIn = builtIns.get(name);
  if (!builtIn || reading.isLocal(name)) reading.reads(name);
  if (/[^\p{L}\p{N}_]/u.test(name)) {
    const loose = normalized(name);
    return (scope) => valueOf(scope, name) ?? looselyNamed(scope, loose) ?? builtIn ?? null;
  }
  if (builtIn) return (scope) => valueOf(scope, name) ?? builtIn;
  return (scope) => valueOf(scope, name) ?? null;
}

// ---- logic -----------------------------------------------------------------------------------------------------

function logical(node: FeelNode, reading: Reading, decisive: boolean): Code {
  const [left, , right] = children(node);
  const a = compileNode(left!, reading);
  const b = compileNode(right!, reading);
  return (scope) => {
    const x = a(scope);
    if (x === decisive) return decisive;
    const y = b(scope);
    if (y === decisive) return decisive;
    return x === !decisive && y === !decisive ? !decisive : null;
  };
}

function comparison(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  const [left, operator, right] = parts;
  if (!left || !operator || !right) throw new FeelMistake('feel.syntax', `position ${node.from}`);
  const a = compileNode(left, reading);
  if (operator.name === 'in') return membership(a, parts.slice(2), reading);
  const b = compileNode(right, reading);
  if (operator.name === 'between') {
    const c = compileNode(parts[4]!, reading);
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
    (test) => compileNode(children(test)[0]!, reading),
  );
  return (scope) => {
    const given = value(scope);
    let unknown = false;
    for (const test of tests) {
      const answer = accepts(test(scope), given);
      if (answer === true) return true;
      if (answer === null) unknown = true;
    }
    return unknown ? null : false;
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

/** `< 5` and `[1..5]` are ranges; `= 5` and `!= 5` stand alone only in cells. */
function simpleTest(node: FeelNode, reading: Reading): Code {
  const [first, second] = children(node);
  if (first!.name === 'Interval') return interval(first!, reading);
  const operator = reading.source(first!);
  const bound = compileNode(second!, reading);
  return (scope) => {
    const value = bound(scope);
    if (operator === '=') return value;
    if (value === null || operator === '!=') return null;
    if (operator.startsWith('<')) return new FeelRange(null, value, false, operator === '<=');
    return new FeelRange(value, null, operator === '>=', false);
  };
}

function interval(node: FeelNode, reading: Reading): Code {
  const [open, low, , high, close] = children(node);
  const from = compileNode(low!, reading);
  const to = compileNode(high!, reading);
  const startIncluded = reading.source(open!) === '[';
  const endIncluded = reading.source(close!) === ']';
  return (scope) => {
    const [start, end] = [from(scope), to(scope)];
    if (start === null && end === null) return null;
    if (start !== null && end !== null && compare(start, end) === null) return null;
    return new FeelRange(start, end, startIncluded && start !== null, endIncluded && end !== null);
  };
}

// ---- arithmetic ------------------------------------------------------------------------------------------------

function arithmetic(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  if (parts.length === 2) {
    const inner = compileNode(parts[1]!, reading);
    return (scope) => negated(inner(scope));
  }
  const [left, operator, right] = parts;
  if (!left || !operator || !right) throw new FeelMistake('feel.syntax', `position ${node.from}`);
  const a = compileNode(left, reading);
  const b = compileNode(right, reading);
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

// ---- choice and repetition -------------------------------------------------------------------------------------

function conditional(node: FeelNode, reading: Reading): Code {
  const [test, then, otherwise] = children(node).filter(({ name }) => !/^(if|then|else)$/.test(name));
  if (!test || !then || !otherwise) throw new FeelMistake('feel.syntax', `position ${node.from}`);
  const [a, b, c] = [compileNode(test, reading), compileNode(then, reading), compileNode(otherwise, reading)];
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
    const over = compileNode(parts[0]!, reading);
    return (scope) => elementsOf(over(scope));
  }
  const [from, , to] = parts;
  const [start, end] = [compileNode(from!, reading), compileNode(to!, reading)];
  return (scope) => stepsBetween(start(scope), end(scope));
}

export function elementsOf(value: unknown): readonly unknown[] | null {
  if (value === null) return null;
  if (Array.isArray(value)) return value;
  if (!(value instanceof FeelRange)) return [value];
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
  if (isMoment(from) && isMoment(to) && from.constructor === to.constructor && 'year' in from) {
    const order = compare(from, to);
    if (order === null) return null;
    const day = ofNanoseconds(86_400_000_000_000n);
    const found: unknown[] = [];
    for (let at: unknown = from; (compare(at, to) ?? 0) * (order <= 0 ? 1 : -1) <= 0;) {
      found.push(at);
      if (found.length > MOST_STEPS) return null;
      at = addDuration(at as typeof from, day, order <= 0 ? 1 : -1);
      if (at === null) return null;
    }
    return found;
  }
  return null;
}

function iteration(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  const domains = parts.find(({ name }) => name === 'InExpressions')!;
  const [each, names] = iterators(domains, {}, reading);
  const body = reading.within([...names, 'partial'], () => compileNode(parts.at(-1)!, reading));
  return (scope) => {
    const partial: unknown[] = [];
    const sound = each(new Scope({ partial }, scope), {}, (inner) => partial.push(body(inner)));
    return sound ? partial : null;
  };
}

function quantified(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  const decisive = parts[0]!.name === 'some';
  const domains = parts.find(({ name }) => name === 'InExpressions')!;
  const [each, names] = iterators(domains, {}, reading);
  const condition = reading.within(names, () => compileNode(parts.at(-1)!, reading));
  return (scope) => {
    let result: boolean | null = !decisive;
    const sound = each(scope, {}, (inner) => {
      const answer = condition(inner);
      if (answer === decisive) result = decisive;
      else if (answer !== !decisive && result !== decisive) result = null;
    });
    return sound ? result : null;
  };
}

// ---- types -----------------------------------------------------------------------------------------------------

function instanceOf(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  const value = compileNode(parts[0]!, reading);
  const type = typeFrom(parts.at(-1)!, reading);
  return (scope) => {
    if (!type) return null;
    const given = value(scope);
    if (given === null) return type.kind === 'plain' && type.name === 'null';
    return type.kind === 'context' ? isInstanceOf(given, type) : conforms(given, type);
  };
}

/** Of a context each named entry must be there. */
function isInstanceOf(value: unknown, type: FeelType & { kind: 'context' }): boolean {
  return (
    isContext(value) &&
    [...type.entries.keys()].every((name) => Object.hasOwn(value, name)) &&
    conforms(value, type)
  );
}

/** Null for a type that nobody defines. */
function typeFrom(node: FeelNode, reading: Reading): FeelType | null {
  const [inner] = children(node);
  if (!inner) return null;
  switch (inner.name) {
    case 'QualifiedName': {
      const name = nameOf(inner, reading.text);
      return plainType(name) ?? reading.types.get(name) ?? null;
    }
    case 'SpecialType':
      return plainType(nameOf(inner, reading.text)) ?? null;
    case 'ListType': {
      const element = typeFrom(
        children(inner).find(({ name }) => name === 'Type')!,
        reading,
      );
      if (!element) return null;
      // the parser knows no ranges of a type; it was given a list in their place
      return { kind: reading.source(inner).startsWith('range') ? 'range' : 'list', element };
    }
    case 'ContextType':
      return contextType(inner, reading);
    case 'FunctionType': {
      const given = children(inner).find(({ name }) => name === 'ArgumentTypes');
      return { kind: 'function', parameters: given ? children(given).length : 0 };
    }
    default:
      return null;
  }
}

function contextType(node: FeelNode, reading: Reading): FeelType | null {
  const entries = new Map<string, FeelType>();
  for (const entry of children(children(node).find(({ name }) => name === 'ContextEntryTypes')!)) {
    const [name, type] = children(entry);
    const read = typeFrom(type!, reading);
    if (!read) return null;
    entries.set(nameOf(name!, reading.text), read);
  }
  return { kind: 'context', entries };
}

// ---- functions -------------------------------------------------------------------------------------------------

function functionDefinition(node: FeelNode, reading: Reading): Code {
  const parts = children(node);
  if (parts.some(({ name }) => name === 'external')) return () => null;
  const formal = parts.find(({ name }) => name === 'FormalParameters');
  const parameters = (formal ? children(formal) : []).map((parameter) => {
    const [name, type] = children(parameter);
    return {
      name: nameOf(name!, reading.text),
      type: type ? typeFrom(type, reading) : anyType,
    };
  });
  const names = parameters.map(({ name }) => name);
  const body = reading.within(names, () =>
    compileNode(children(parts.find(({ name }) => name === 'FunctionBody')!)[0]!, reading),
  );
  return (scope) =>
    new FeelFunction(names, (args) => {
      spend(1);
      if (args.length !== names.length) return null;
      const given: Record<string, unknown> = {};
      for (const [i, { name, type }] of parameters.entries()) {
        const value = type ? coerce(args[i], type) : null;
        // an argument of another type makes no call at all
        if (value === null && (args[i] ?? null) !== null) return null;
        given[name] = value;
      }
      return body(new Scope(given, scope));
    });
}

/** FEEL functions may call themselves; what does not end would take the process with it. */
const DEEPEST = 500;
let depth = 0;

export function call(target: FeelFunction, args: readonly unknown[]): unknown {
  if (depth >= DEEPEST) return null;
  depth += 1;
  try {
    return target.call(args) ?? null;
  } finally {
    depth -= 1;
  }
}

/** By name: each name must be a parameter's; what is left out is null. */
export function callNamed(target: FeelFunction, args: ReadonlyMap<string, unknown>): unknown {
  if (target instanceof BuiltIn) return target.callNamed(args);
  if (![...args.keys()].every((name) => target.parameters.includes(name))) return null;
  return call(
    target,
    target.parameters.map((name) => args.get(name) ?? null),
  );
}

function invocation(node: FeelNode, reading: Reading): Code {
  const [target, , given] = children(node);
  const name = nameOf(target!, reading.text);
  if (target!.name === 'VariableName' && impure.has(name) && !reading.isLocal(name))
    throw new FeelMistake('feel.impure', `${name}()`);
  const callee = compileNode(target!, reading);
  if (given?.name === 'NamedParameters') {
    const named = namedParameters(given, reading);
    return (scope) => {
      const found = callee(scope);
      return found instanceof FeelFunction ? callNamed(found, named(scope)) : null;
    };
  }
  const args = (given?.name === 'PositionalParameters' ? children(given) : []).map((value) =>
    compileNode(value, reading),
  );
  return (scope) => {
    const found = callee(scope);
    return found instanceof FeelFunction
      ? call(
          found,
          args.map((value) => value(scope)),
        )
      : null;
  };
}

function namedParameters(node: FeelNode, reading: Reading): (scope: Scope) => ReadonlyMap<string, unknown> {
  const named = children(node).map((parameter) => {
    const [name, value] = children(parameter);
    return [nameOf(name!, reading.text), compileNode(value!, reading)] as const;
  });
  return (scope) => new Map(named.map(([name, value]) => [name, value(scope)]));
}

/** `date("…")`, `@"…"`: worked out once where the text is a literal. */
function dateTimeLiteral(node: FeelNode, reading: Reading): Code {
  const [constructor, , given] = children(node);
  if (constructor!.name === 'AtLiteral') {
    const text = literalOf(children(constructor!)[0]!, reading.text);
    const value = builtIns.get('@')!.call([text]);
    return () => value;
  }
  const target = builtIns.get(nameOf(constructor!, reading.text))!;
  if (given?.name === 'NamedParameters') {
    const named = namedParameters(given, reading);
    return (scope) => target.callNamed(named(scope));
  }
  const values = given?.name === 'PositionalParameters' ? children(given) : [];
  const args = values.map((value) => compileNode(value, reading));
  if (values.every((value) => literalOf(value, reading.text) !== undefined)) {
    const nothing = new Scope({});
    const value = target.call(args.map((code) => code(nothing)));
    return () => value;
  }
  return (scope) => target.call(args.map((value) => value(scope)));
}

// ---- lists, contexts, paths ------------------------------------------------------------------------------------

function list(node: FeelNode, reading: Reading): Code {
  const elements = children(node)
    .slice(1, -1)
    .map((element) => compileNode(element, reading));
  return (scope) => elements.map((element) => element(scope));
}

function context(node: FeelNode, reading: Reading): Code {
  const names: string[] = [];
  const entries = children(node)
    .slice(1, -1)
    .map((entry) => {
      const [key, value] = children(entry);
      const [inner] = children(key!);
      const name =
        inner?.name === 'StringLiteral' ? String(literalOf(inner, reading.text)) : nameOf(key!, reading.text);
      const code = reading.within(names, () => compileNode(value!, reading));
      names.push(name);
      return { name, code };
    });
  if (new Set(names).size < names.length) return () => null;
  return (scope) => {
    const made: Record<string, unknown> = {};
    const inner = new Scope(made, scope);
    for (const { name, code } of entries) made[name] = code(inner);
    return made;
  };
}

function path(node: FeelNode, reading: Reading): Code {
  const [target, , part] = children(node);
  if (!target || !part) throw new FeelMistake('feel.syntax', `position ${node.to}`);
  const of = compileNode(target, reading);
  const name = nameOf(part, reading.text);
  return (scope) => partNamed(of(scope), name);
}

function partNamed(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return value.map((element) => partNamed(toInside(element), name));
  if (value instanceof FeelRange) return rangeParts[name]?.(value) ?? null;
  if (!isContext(value)) return partOf(value, name);
  if (Object.hasOwn(value, name)) return toInside(value[name]);
  if (!/[^\p{L}\p{N}_]/u.test(name)) return null;
  return looselyNamed(new Scope(value), normalized(name)) ?? null;
}

const rangeParts: Record<string, (range: FeelRange) => unknown> = {
  start: (range) => range.start,
  end: (range) => range.end,
  'start included': (range) => range.startIncluded,
  'end included': (range) => range.endIncluded,
};

/** `list[2]`, `list[-1]`, `list[item > 3]`, `list[name = "a"]`. */
function filter(node: FeelNode, reading: Reading): Code {
  const [target, , inner] = children(node);
  const of = compileNode(target!, reading);
  const condition = reading.inFilter(() => compileNode(inner!, reading));
  const isTest = inner!.name === 'SimplePositiveUnaryTest';
  return (scope) => {
    const value = of(scope);
    if (value === null) return null;
    return filtered(Array.isArray(value) ? value : [value], scope, condition, isTest);
  };
}

export function itemScope(item: unknown, outer: Scope): Scope {
  // an element's own entries come first, even one that is called item
  return new Scope(isContext(item) ? { item, ...item } : { item }, outer);
}

export function filtered(
  values: readonly unknown[],
  scope: Scope,
  condition: Code,
  isTest: boolean,
): unknown {
  const first = values.length === 0 ? condition(scope) : condition(itemScope(toInside(values[0]), scope));
  if (isNumber(first)) return elementAt(values, first);
  return values.filter((value) => {
    spend(1);
    const item = toInside(value);
    const answer = condition(itemScope(item, scope));
    return isTest ? accepts(answer, item) === true : answer === true;
  });
}

function elementAt(values: readonly unknown[], position: FeelNumber): unknown {
  const place = integerOf(position);
  if (place === null || place === 0) return null;
  return toInside(values.at(place > 0 ? place - 1 : place) ?? null);
}
