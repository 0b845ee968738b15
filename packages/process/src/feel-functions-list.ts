import type { FunctionTable, Signature } from './feel-functions.ts';
import {
  add,
  compareNumbers,
  Decimal,
  decimal,
  divide,
  type FeelNumber,
  integerOf,
  isNumber,
  multiply,
  short,
} from './feel-number.ts';
import {
  compare,
  equal,
  type FeelContextValue,
  type FeelFunction,
  isContext,
  typeOf,
} from './feel-values.ts';
import { spend } from './feel-work.ts';

type List = readonly unknown[];

const same = (a: unknown, b: unknown): boolean => equal(a, b) === true;

/** `sum([1, 2])` or `sum(1, 2)`. */
const ofList = (call: (list: List) => unknown): Signature[] => [
  { parameters: ['list: list'], call },
  { parameters: ['...list: any'], call: (...list: unknown[]) => (list.length > 1 ? call(list) : null) },
];

const ofNumbers = (call: (numbers: readonly FeelNumber[]) => unknown): Signature[] =>
  ofList((list) => (list.every(isNumber) ? call(list) : null));

export function sum(numbers: readonly FeelNumber[]): FeelNumber | null {
  return numbers.reduce<FeelNumber | null>((total, n) => (total === null ? null : add(total, n)), 0);
}

/** The least (-1) or the greatest (1); null where two of them have no order. */
function extreme(list: List, wanted: -1 | 1): unknown {
  let best: unknown = null;
  for (const [i, value] of list.entries()) {
    const order = i === 0 ? compare(value, value) : compare(value, best);
    if (order === null) return null;
    if (i === 0 || order * wanted > 0) best = value;
  }
  return best;
}

/** The place from 0 on that 1, 2 … or -1, -2 … (from the end) stands for. */
function placeOf(list: List, position: unknown): number | null {
  const place = integerOf(position);
  if (place === null || place === 0 || Math.abs(place) > list.length) return null;
  return place > 0 ? place - 1 : list.length + place;
}

function quantified(list: List, decisive: boolean): boolean | null {
  if (list.includes(decisive)) return decisive;
  return list.every((element) => element === !decisive) ? !decisive : null;
}

function distinct(list: List): unknown[] {
  const found: unknown[] = [];
  const plain = new Set<unknown>();
  for (const value of list) {
    spend(1);
    // plain values are equal where a set says so; only the rest is compared one by one
    if (typeof value === 'object' && value !== null) {
      spend(found.length >> 3);
      if (!found.some((other) => same(other, value))) found.push(value);
    } else if (!plain.has(value)) {
      plain.add(value);
      found.push(value);
    }
  }
  return found;
}

function flatten(list: List): unknown[] {
  return list.flatMap((element) => (Array.isArray(element) ? flatten(element) : [element]));
}

/** Null where the function does not say yes or no: a sort by anything else would be a wrong order. */
export function sortBy(list: List, precedes: FeelFunction): unknown[] | null {
  if (precedes.parameters.length !== 2) return null;
  let sound = true;
  const before = (a: unknown, b: unknown): boolean => {
    const answer = precedes.call([a, b]);
    if (typeof answer !== 'boolean') sound = false;
    return answer === true;
  };
  const sorted = list.toSorted((a, b) => (before(a, b) ? -1 : before(b, a) ? 1 : 0));
  return sound ? sorted : null;
}

function sortNaturally(list: List): unknown[] | null {
  let sound = true;
  const sorted = list.toSorted((a, b) => {
    const order = compare(a, b);
    if (order === null) sound = false;
    return order ?? 0;
  });
  return sound ? sorted : null;
}

function median(numbers: readonly FeelNumber[]): FeelNumber | null {
  if (numbers.length === 0) return null;
  const sorted = numbers.toSorted(compareNumbers);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  const both = add(sorted[middle - 1]!, sorted[middle]!);
  return both === null ? null : divide(both, 2);
}

function deviation(numbers: readonly FeelNumber[]): FeelNumber | null {
  if (numbers.length < 2) return null;
  const values = numbers.map(decimal);
  const zero = new Decimal(0);
  const mean = values.reduce((total, n) => total.plus(n), zero).div(values.length);
  const squares = values.reduce((total, n) => total.plus(n.minus(mean).pow(2)), zero);
  return short(squares.div(values.length - 1).sqrt());
}

/** The most frequent values, in order. */
function mode(numbers: readonly FeelNumber[]): FeelNumber[] {
  const counts = new Map<string, { value: FeelNumber; count: number }>();
  for (const value of numbers) {
    const key = decimal(value).toString();
    const entry = counts.get(key);
    if (entry) entry.count += 1;
    else counts.set(key, { value, count: 1 });
  }
  const most = Math.max(0, ...[...counts.values()].map(({ count }) => count));
  return [...counts.values()]
    .filter(({ count }) => count === most)
    .map(({ value }) => value)
    .toSorted(compareNumbers);
}

export const listFunctions: FunctionTable = {
  'list contains': [
    {
      parameters: ['list: list', 'element: any'],
      call: (list: List, element: unknown) => list.some((value) => same(value, element)),
    },
  ],
  'list replace': [
    {
      parameters: ['list: list', 'position: number', 'newItem: any'],
      call: (list: List, position: FeelNumber, newItem: unknown) => {
        // positions lose what stands after their point
        const place = placeOf(list, short(decimal(position).trunc()));
        return place === null ? null : list.with(place, newItem);
      },
    },
    {
      parameters: ['list: list', 'match: function', 'newItem: any'],
      call: (list: List, match: FeelFunction, newItem: unknown) => {
        const answers = list.map((element) => match.call([element, newItem]));
        if (!answers.every((answer) => typeof answer === 'boolean')) return null;
        return list.map((element, i) => (answers[i] === true ? newItem : element));
      },
    },
  ],
  count: [{ parameters: ['list: list'], call: (list: List) => list.length }],
  min: ofList((list) => extreme(list, -1)),
  max: ofList((list) => extreme(list, 1)),
  sum: ofNumbers((numbers) => (numbers.length === 0 ? null : sum(numbers))),
  mean: ofNumbers((numbers) => {
    const total = sum(numbers);
    return total === null || numbers.length === 0 ? null : divide(total, numbers.length);
  }),
  product: ofNumbers((numbers) =>
    numbers.length === 0
      ? null
      : numbers.reduce<FeelNumber | null>((total, n) => (total === null ? null : multiply(total, n)), 1),
  ),
  median: ofNumbers(median),
  stddev: ofNumbers(deviation),
  mode: ofNumbers(mode),
  all: ofList((list) => quantified(list, false)),
  any: ofList((list) => quantified(list, true)),
  sublist: [
    {
      parameters: ['list: list', 'start position: number', 'length: number?'],
      call: (list: List, start: FeelNumber, length?: FeelNumber | null) => {
        const place = placeOf(list, start);
        const size = length === undefined || length === null ? list.length : integerOf(length);
        if (place === null || size === null || size < 0) return null;
        if (length !== undefined && length !== null && place + size > list.length) return null;
        return list.slice(place, place + size);
      },
    },
  ],
  append: [
    {
      parameters: ['list: list', '...item: any'],
      call: (list: List, ...items: unknown[]) => [...list, ...items],
    },
  ],
  concatenate: [{ parameters: ['...list: list'], call: (...lists: List[]) => lists.flat(1) }],
  union: [{ parameters: ['...list: list'], call: (...lists: List[]) => distinct(lists.flat(1)) }],
  'insert before': [
    {
      parameters: ['list: list', 'position: number', 'newItem: any'],
      call: (list: List, position: FeelNumber, newItem: unknown) => {
        const end = integerOf(position) === list.length + 1;
        const place = end ? list.length : placeOf(list, position);
        return place === null ? null : list.toSpliced(place, 0, newItem);
      },
    },
  ],
  remove: [
    {
      parameters: ['list: list', 'position: number'],
      call: (list: List, position: FeelNumber) => {
        const place = placeOf(list, position);
        return place === null ? null : list.toSpliced(place, 1);
      },
    },
  ],
  reverse: [{ parameters: ['list: list'], call: (list: List) => list.toReversed() }],
  'index of': [
    {
      parameters: ['list: list', 'match: any'],
      call: (list: List, match: unknown) => list.flatMap((value, i) => (same(value, match) ? [i + 1] : [])),
    },
  ],
  'distinct values': [{ parameters: ['list: list'], call: distinct }],
  'duplicate values': [
    {
      parameters: ['list: list'],
      call: (list: List) =>
        distinct(list.filter((value, i) => list.some((other, j) => j !== i && same(other, value)))),
    },
  ],
  flatten: [{ parameters: ['list: list'], call: flatten }],
  sort: [
    { parameters: ['list: list', 'precedes: function'], call: sortBy },
    { parameters: ['list: list'], call: sortNaturally },
  ],
};

export const contextFunctions: FunctionTable = {
  'get value': [
    {
      parameters: ['m: context', 'key: string'],
      call: (m: FeelContextValue, key: string) => (Object.hasOwn(m, key) ? m[key] : null),
    },
    {
      parameters: ['context: context', 'keys: list'],
      call: (context: FeelContextValue, keys: List) => {
        if (keys.length === 0) return null;
        return keys.reduce<unknown>(
          (value, key) =>
            isContext(value) && typeof key === 'string' && Object.hasOwn(value, key) ? value[key] : null,
          context,
        );
      },
    },
  ],
  'get entries': [
    {
      parameters: ['m: context'],
      call: (m: FeelContextValue) => Object.entries(m).map(([key, value]) => ({ key, value })),
    },
  ],
  context: [
    {
      parameters: ['entries: list'],
      call: (entries: List) => {
        const made: FeelContextValue = {};
        for (const entry of entries) {
          if (!isContext(entry) || typeof entry['key'] !== 'string' || !Object.hasOwn(entry, 'value'))
            return null;
          if (Object.hasOwn(made, entry['key'])) return null;
          made[entry['key']] = entry['value'];
        }
        return made;
      },
    },
  ],
  'context put': [
    {
      parameters: ['context: context', 'key: string', 'value: any'],
      call: (context: FeelContextValue, key: string, value: unknown) => ({ ...context, [key]: value }),
    },
    { parameters: ['context: context', 'keys: list', 'value: any'], call: putDeep },
  ],
  'context merge': [
    {
      parameters: ['contexts: list'],
      call: (contexts: List) =>
        contexts.every(isContext) ? (Object.assign({}, ...contexts) as FeelContextValue) : null,
    },
  ],
  is: [
    {
      parameters: ['value1: any', 'value2: any'],
      call: (a: unknown, b: unknown) => typeOf(a) === typeOf(b) && identical(a, b),
    },
  ],
  not: [
    {
      parameters: ['negand: any'],
      call: (negand: unknown) => (typeof negand === 'boolean' ? !negand : null),
    },
  ],
};

/** Equal, and written in the same time zone. */
function identical(a: unknown, b: unknown): boolean {
  const zone = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && 'zone' in value ? value.zone : null;
  return same(a, b) && (isContext(a) || zone(a) === zone(b));
}

function putDeep(context: FeelContextValue, keys: List, value: unknown): FeelContextValue | null {
  const [key, ...more] = keys;
  if (typeof key !== 'string') return null;
  if (more.length === 0) return { ...context, [key]: value };
  const inner = Object.hasOwn(context, key) ? context[key] : null;
  const put = isContext(inner) ? putDeep(inner, more, value) : null;
  return put && { ...context, [key]: put };
}
