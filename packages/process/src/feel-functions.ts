import { FeelDate, FeelDateTime, FeelDuration, FeelTime } from 'feelin';
import { contextFunctions, listFunctions } from './feel-functions-list.ts';
import { numberFunctions } from './feel-functions-number.ts';
import { rangeFunctions } from './feel-functions-range.ts';
import { temporalFunctions } from './feel-functions-temporal.ts';
import { textFunctions } from './feel-functions-text.ts';
import { isNumber } from './feel-number.ts';
import { FeelFunction, FeelRange, isContext } from './feel-values.ts';
import { spend } from './feel-work.ts';

/** One way to call a built-in function: `name: type`, `?` for what may be left out or null, `...` for any number. */
export interface Signature {
  readonly parameters: readonly string[];
  // the types of the arguments are checked against the parameters before the call
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly call: (...args: any[]) => unknown;
}

export type FunctionTable = Readonly<Record<string, readonly Signature[]>>;

const checks: Record<string, (value: unknown) => boolean> = {
  any: () => true,
  string: (value) => typeof value === 'string',
  number: isNumber,
  boolean: (value) => typeof value === 'boolean',
  list: Array.isArray,
  context: isContext,
  range: (value) => value instanceof FeelRange,
  function: (value) => value instanceof FeelFunction,
  date: (value) => value instanceof FeelDate,
  time: (value) => value instanceof FeelTime,
  duration: (value) => value instanceof FeelDuration,
  day: (value) => value instanceof FeelDate || value instanceof FeelDateTime,
};

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  readonly rest: boolean;
}

function parameterOf(text: string): Parameter {
  const [name, type] = text.split(': ') as [string, string];
  return {
    name: name.replace('...', ''),
    type: type.replace('?', ''),
    optional: type.endsWith('?'),
    rest: name.startsWith('...'),
  };
}

const refused = Symbol('refused');

/** The argument as the parameter takes it: a single value where a list is expected, and the other way round. */
function argument(value: unknown, { type, optional }: Parameter): unknown {
  const check = checks[type]!;
  const given = value ?? null;
  if (given === null) return type === 'any' || optional ? given : refused;
  if (check(given)) return given;
  if (type === 'list') return [given];
  if (Array.isArray(given) && given.length === 1 && check(given[0])) return given[0];
  return refused;
}

function bind(parameters: readonly Parameter[], args: readonly unknown[]): unknown[] | null {
  const rest = parameters.at(-1)?.rest === true;
  if (args.length > parameters.length && !rest) return null;
  const bound: unknown[] = [];
  for (const [i, parameter] of parameters.entries()) {
    if (parameter.rest) {
      for (const value of args.slice(i)) {
        const taken = argument(value, parameter);
        if (taken === refused) return null;
        bound.push(taken);
      }
      return bound;
    }
    if (i >= args.length) {
      if (!parameter.optional) return null;
      continue;
    }
    const taken = argument(args[i], parameter);
    if (taken === refused) return null;
    bound.push(taken);
  }
  return bound;
}

/** A built-in function: the first signature that takes the arguments is called, null where none does. */
export class BuiltIn extends FeelFunction {
  readonly #signatures: readonly { parameters: readonly Parameter[]; call: Signature['call'] }[];

  constructor(signatures: readonly Signature[]) {
    const read = signatures.map(({ parameters, call }) => ({
      parameters: parameters.map(parameterOf),
      call,
    }));
    super(
      read[0]!.parameters.map(({ name }) => name),
      (args) => {
        for (const { parameters, call } of read) {
          const bound = bind(parameters, args);
          if (bound) return paid(call, bound);
        }
        return null;
      },
    );
    this.#signatures = read;
  }

  /** Called by the names of its parameters. */
  callNamed(args: ReadonlyMap<string, unknown>): unknown {
    const names = [...args.keys()];
    const fitting = this.#signatures.filter(({ parameters }) =>
      names.every((name) => parameters.some((parameter) => parameter.name === name)),
    );
    // `before(range, point)` and `before(point, range)` have the same names: what is written first tells them apart
    const told = fitting.filter(({ parameters }) => parameters[0]?.name === names[0]);
    for (const { parameters, call } of [...told, ...fitting]) {
      const last = parameters.findLastIndex(({ name }) => args.has(name));
      const bound = bind(
        // `list` of `sum(list: [1, 2])` is the list itself
        parameters.map((parameter) => (parameter.rest ? { ...parameter, rest: false } : parameter)),
        parameters.slice(0, last + 1).map(({ name }) => args.get(name) ?? null),
      );
      if (bound) return paid(call, bound);
    }
    return null;
  }
}

/** What a function does grows with what it is given, and what it makes has to be held. */
function paid(call: Signature['call'], args: readonly unknown[]): unknown {
  let size = 1;
  for (const arg of args) size += sizeOf(arg);
  spend(size);
  return call(...args) ?? null;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length >> 6;
  return Array.isArray(value) ? value.length >> 2 : 0;
}

/** Those that ask the clock or chance are refused when a text is parsed: it could not be replayed from the log. */
export const impure: ReadonlySet<string> = new Set(['now', 'today', 'random number']);

const table: FunctionTable = {
  ...textFunctions,
  ...numberFunctions,
  ...listFunctions,
  ...contextFunctions,
  ...temporalFunctions,
  ...rangeFunctions,
};

export const builtIns: ReadonlyMap<string, BuiltIn> = new Map(
  Object.entries(table).map(([name, signatures]) => [name, new BuiltIn(signatures)]),
);
