import { FeelDate } from 'feelin';
import { midnight, parseDate, parseDateTime, parseDuration, parseTime } from './feel-temporal.ts';
import { FeelFunction, FeelRange, isContext, typeOf } from './feel-values.ts';

/** A type of FEEL, as `instance of` or a DMN item definition names it. */
export type FeelType =
  | { readonly kind: 'any' }
  | { readonly kind: 'plain'; readonly name: string }
  | { readonly kind: 'list'; readonly element: FeelType }
  | { readonly kind: 'range'; readonly element: FeelType }
  | { readonly kind: 'context'; readonly entries: ReadonlyMap<string, FeelType> }
  | { readonly kind: 'function'; readonly parameters: number | null }
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
      return { kind: 'function', parameters: null };
    default:
      return undefined;
  }
}

/** Whether a value is of a type; null is a value of every type, but no `instance of` any. */
export function conforms(value: unknown, type: FeelType): boolean {
  if (value === null || value === undefined) return true;
  switch (type.kind) {
    case 'any':
      return true;
    case 'plain': {
      const name = typeOf(value);
      return name === type.name || (type.name === 'duration' && name.endsWith('duration'));
    }
    case 'list':
      return Array.isArray(value) && value.every((element) => conforms(element, type.element));
    case 'range':
      return (
        value instanceof FeelRange && conforms(value.start, type.element) && conforms(value.end, type.element)
      );
    case 'context':
      return isContext(value) && [...type.entries].every(([name, entry]) => conforms(value[name], entry));
    case 'function':
      return (
        value instanceof FeelFunction &&
        (type.parameters === null || value.parameters.length === type.parameters)
      );
    case 'restricted':
      return conforms(value, type.base) && type.accepts(value);
  }
}

/**
 * A value as a type takes it (DMN 1.5 §10.3.2.9.4): one element for a list, a list of one for its element, a date
 * for its midnight. What does not conform is null.
 */
export function coerce(value: unknown, type: FeelType): unknown {
  if (value === null || value === undefined) return null;
  if (type.kind === 'any' || conforms(value, type)) return value;
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

export function baseOf(type: FeelType): FeelType {
  return type.kind === 'restricted' ? baseOf(type.base) : type;
}

/** Dates, times and durations that JSON carries as texts, wherever the type says that they are. */
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
      return Object.fromEntries(
        Object.entries(value).map(([name, entry]) => {
          const known = base.entries.get(name);
          return [name, known ? fromJson(entry, known) : entry];
        }),
      );
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
