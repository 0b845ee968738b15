import { FeelDate } from 'feelin';
import { midnight, parseDate, parseDateTime, parseDuration, parseTime } from './feel-temporal.ts';
import { FeelFunction, FeelRange, type FunctionTypes, isContext, typeOf } from './feel-values.ts';

/** A type of FEEL, as `instance of` or a DMN item definition names it. */
export type FeelType =
  | { readonly kind: 'any' }
  | { readonly kind: 'plain'; readonly name: string }
  | { readonly kind: 'list'; readonly element: FeelType }
  | { readonly kind: 'range'; readonly element: FeelType }
  | { readonly kind: 'context'; readonly entries: ReadonlyMap<string, FeelType> }
  /** `parameters` is null for any function at all. */
  | {
      readonly kind: 'function';
      readonly parameters: readonly FeelType[] | null;
      readonly returns: FeelType;
    }
  /** `accepts` holds the allowed values of an item definition. */
  | {
      readonly kind: 'restricted';
      readonly base: FeelType;
      readonly accepts: (value: unknown) => boolean;
      /** The text of the allowed values, for checks and messages. */
      readonly allowed: string;
    };

export const anyType: FeelType = { kind: 'any' };

const plainNames: Record<string, string> = {
  Any: 'any',
  any: 'any',
  Null: 'null',
  number: 'number',
  string: 'string',
  boolean: 'boolean',
  date: 'date',
  time: 'time',
  'date and time': 'date and time',
  dateTime: 'date and time',
  'days and time duration': 'days and time duration',
  dayTimeDuration: 'days and time duration',
  'years and months duration': 'years and months duration',
  yearMonthDuration: 'years and months duration',
  duration: 'duration',
};

/** The built-in type of a name; undefined for one that is to be defined elsewhere. */
export function plainType(name: string): FeelType | undefined {
  const known = Object.hasOwn(plainNames, name) ? plainNames[name]! : undefined;
  if (known === 'any') return anyType;
  if (known !== undefined) return { kind: 'plain', name: known };
  switch (name) {
    case 'list':
      return { kind: 'list', element: anyType };
    case 'range':
      return { kind: 'range', element: anyType };
    case 'context':
      return { kind: 'context', entries: new Map() };
    case 'function':
      return { kind: 'function', parameters: null, returns: anyType };
    default:
      return undefined;
  }
}

/** How a value is held against a type; `instance of` knows no allowed values, and compares types of functions. */
export type Conformance = 'strict' | 'instance';

/** Whether a value is of a type; null is a value of every type, but no `instance of` any. */
export function conforms(value: unknown, type: FeelType, how: Conformance = 'strict'): boolean {
  if (value === null || value === undefined) return true;
  switch (type.kind) {
    case 'any':
      return true;
    case 'plain': {
      const name = typeOf(value);
      return name === type.name || (type.name === 'duration' && name.endsWith('duration'));
    }
    case 'list':
      return Array.isArray(value) && elementsConform(value, type.element, how);
    case 'range':
      return (
        value instanceof FeelRange &&
        conforms(value.start, type.element, how) &&
        conforms(value.end, type.element, how)
      );
    case 'context':
      return (
        isContext(value) &&
        [...type.entries].every(
          ([name, entry]) => Object.hasOwn(value, name) && conforms(value[name], entry, how),
        )
      );
    case 'function':
      return value instanceof FeelFunction && functionConforms(value, type, how);
    case 'restricted':
      return conforms(value, type.base, how) && (how === 'instance' || type.accepts(value));
  }
}

type FunctionType = FeelType & { readonly kind: 'function' };

function functionConforms(value: FeelFunction, type: FunctionType, how: Conformance): boolean {
  if (type.parameters === null) return true;
  if (value.parameters.length !== type.parameters.length) return false;
  return how !== 'instance' || !value.types || isSubtype(typeOfFunction(value.types), type);
}

function typeOfFunction(types: FunctionTypes): FunctionType {
  return { kind: 'function', ...types };
}

function elementsConform(values: readonly unknown[], element: FeelType, how: Conformance): boolean {
  // the type of a list of functions is that of a list of what they have in common
  const functions = values.flatMap((value) => (value instanceof FeelFunction && value.types) || []);
  if (how === 'instance' && functions.length > 1 && functions.length === values.length)
    return isSubtype(functions.map(typeOfFunction).reduce<FeelType>(commonType, nullType), element);
  return values.every((value) => conforms(value, element, how));
}

const nullType: FeelType = { kind: 'plain', name: 'null' };

/** What two types have in common, as far as it has a name. */
export function commonType(a: FeelType, b: FeelType): FeelType {
  if (isSubtype(a, b)) return b;
  if (isSubtype(b, a)) return a;
  if (a.kind !== 'function' || b.kind !== 'function' || a.parameters?.length !== b.parameters?.length)
    return anyType;
  const parameters = a.parameters!.map((parameter, i) => commonType(parameter, b.parameters![i]!));
  return { kind: 'function', parameters, returns: commonType(a.returns, b.returns) };
}

/** Whether all values of one type are values of the other: wider parameters, a narrower result. */
export function isSubtype(a: FeelType, b: FeelType): boolean {
  if (a.kind === 'restricted') return isSubtype(a.base, b);
  if (b.kind === 'restricted') return isSubtype(a, b.base);
  if (b.kind === 'any' || (a.kind === 'plain' && a.name === 'null')) return true;
  switch (a.kind) {
    case 'plain':
      return (
        b.kind === 'plain' && (a.name === b.name || (b.name === 'duration' && a.name.endsWith('duration')))
      );
    case 'list':
    case 'range':
      return b.kind === a.kind && isSubtype(a.element, b.element);
    case 'context':
      return (
        b.kind === 'context' &&
        [...b.entries].every(([name, entry]) => {
          const own = a.entries.get(name);
          return own !== undefined && isSubtype(own, entry);
        })
      );
    case 'function':
      return (
        b.kind === 'function' &&
        (b.parameters === null ||
          (a.parameters?.length === b.parameters.length &&
            b.parameters.every((parameter, i) => isSubtype(parameter, a.parameters![i]!)) &&
            isSubtype(a.returns, b.returns)))
      );
    default:
      return false;
  }
}

/**
 * A value as a type takes it (DMN 1.5 §10.3.2.9.4): one element for a list, a list of one for its element, a date
 * for its midnight; a function yields what its type says. What does not conform is null.
 */
export function coerce(value: unknown, type: FeelType): unknown {
  if (value === null || value === undefined) return null;
  if (type.kind === 'any') return value;
  if (conforms(value, type)) {
    return type.kind === 'function' && value instanceof FeelFunction ? typed(value, type) : value;
  }
  const base = baseOf(type);
  if (base.kind === 'list') {
    if (!Array.isArray(value)) return wrapped([value], type);
    return null;
  }
  if (Array.isArray(value) && value.length === 1) return coerce(value[0], type);
  if (value instanceof FeelDate && base.kind === 'plain' && base.name === 'date and time')
    return wrapped(midnight(value, 'UTC'), type);
  return null;
}

function wrapped(value: unknown, type: FeelType): unknown {
  return conforms(value, type) ? value : null;
}

/** A function that takes and yields what its type says; an argument of another type makes no call. */
function typed(value: FeelFunction, type: FunctionType): FeelFunction {
  const { parameters, returns } = type;
  if (returns.kind === 'any' && (parameters ?? []).every(({ kind }) => kind === 'any')) return value;
  return new FeelFunction(
    value.parameters,
    (args) => {
      const taken = args.map((arg, i) => (parameters?.[i] ? coerce(arg, parameters[i]) : arg));
      if (taken.some((arg, i) => arg === null && (args[i] ?? null) !== null)) return null;
      return coerce(value.call(taken), returns);
    },
    { parameters: parameters ?? value.parameters.map(() => anyType), returns },
  );
}

export function baseOf(type: FeelType): FeelType {
  return type.kind === 'restricted' ? baseOf(type.base) : type;
}

/**
 * Dates, times and durations that JSON carries as texts, wherever the type says that they are, and entries that it leaves
 * out because they are null.
 */
export function fromJson(value: unknown, type: FeelType): unknown {
  const base = baseOf(type);
  switch (base.kind) {
    case 'plain':
      return typeof value === 'string' ? temporalOf(base.name, value) : value;
    case 'list':
      return Array.isArray(value)
        ? value.map((element) => fromJson(element, base.element))
        : fromJson(value, base.element);
    case 'context': {
      if (!isContext(value) || base.entries.size === 0) return value;
      const given = Object.entries(value).map(([name, entry]) => {
        const known = base.entries.get(name);
        return [name, known ? fromJson(entry, known) : entry] as const;
      });
      const missing = [...base.entries.keys()].filter((name) => !Object.hasOwn(value, name));
      return Object.fromEntries([...given, ...missing.map((name) => [name, null] as const)]);
    }
    default:
      return value;
  }
}

/** A date, time or duration from the text that JSON carries; other types, and texts that are none, stay as they are. */
export function temporalOf(type: string, text: string): unknown {
  const name = Object.hasOwn(plainNames, type) ? plainNames[type]! : type;
  if (name === 'date') return parseDate(text) ?? text;
  if (name === 'time') return parseTime(text) ?? text;
  if (name === 'date and time') return parseDateTime(text) ?? text;
  return name.endsWith('duration') ? (parseDuration(text) ?? text) : text;
}

/** A value from which the parser learns which names a variable of this type has inside. */
export function shapeOf(type: FeelType, depth = 0): unknown {
  const base = baseOf(type);
  // an item definition may hold itself
  if (depth > 6) return null;
  if (base.kind === 'list') return [shapeOf(base.element, depth + 1)];
  if (base.kind !== 'context') return null;
  return Object.fromEntries([...base.entries].map(([name, entry]) => [name, shapeOf(entry, depth + 1)]));
}
