import type { FunctionTable, Signature } from './feel-functions.ts';
import { parseNumber } from './feel-number.ts';
import { parseTemporal } from './feel-temporal.ts';
import { compare, equal, FeelRange } from './feel-values.ts';

/** A point is the closed range of itself. */
function ranged(value: unknown): FeelRange {
  return value instanceof FeelRange ? value : new FeelRange(value, value, true, true);
}

const same = (a: unknown, b: unknown): boolean => equal(a, b) === true;

interface Bound {
  readonly value: unknown;
  readonly included: boolean;
}
const startOf = (range: FeelRange): Bound => ({ value: range.start, included: range.startIncluded });
const endOf = (range: FeelRange): Bound => ({ value: range.end, included: range.endIncluded });

/** Whether all of a lies before all of b: a ends before b begins. */
function endsBefore(a: Bound, b: Bound): boolean | null {
  // an end that is open to infinity is before nothing
  if (a.value === null || b.value === null) return false;
  const order = compare(a.value, b.value);
  if (order === null) return null;
  return order < 0 || (order === 0 && !(a.included && b.included));
}

/** Order of two starts: negative where a reaches further down. */
function startOrder(a: Bound, b: Bound): number | null {
  if (a.value === null || b.value === null) return a.value === b.value ? 0 : a.value === null ? -1 : 1;
  const order = compare(a.value, b.value);
  return order === 0 && a.included !== b.included ? (a.included ? -1 : 1) : order;
}

/** Order of two ends: positive where a reaches further up. */
function endOrder(a: Bound, b: Bound): number | null {
  if (a.value === null || b.value === null) return a.value === b.value ? 0 : a.value === null ? 1 : -1;
  const order = compare(a.value, b.value);
  return order === 0 && a.included !== b.included ? (a.included ? 1 : -1) : order;
}

function before(a: unknown, b: unknown): boolean | null {
  return endsBefore(endOf(ranged(a)), startOf(ranged(b)));
}

function overlaps(a: FeelRange, b: FeelRange): boolean | null {
  const [one, two] = [endsBefore(endOf(a), startOf(b)), endsBefore(endOf(b), startOf(a))];
  return one === null || two === null ? null : !one && !two;
}

function includes(range: FeelRange, value: unknown): boolean | null {
  if (!(value instanceof FeelRange)) return range.includes(value);
  const [low, high] = [startOrder(startOf(range), startOf(value)), endOrder(endOf(range), endOf(value))];
  return low === null || high === null ? null : low <= 0 && high >= 0;
}

function meets(a: FeelRange, b: FeelRange): boolean | null {
  const order = compare(a.end, b.start);
  return order === null ? null : order === 0 && a.endIncluded && b.startIncluded;
}

function overlapsBefore(a: FeelRange, b: FeelRange): boolean | null {
  const [starts, ends, touch] = [
    startOrder(startOf(a), startOf(b)),
    endOrder(endOf(a), endOf(b)),
    overlaps(a, b),
  ];
  return starts === null || ends === null || touch === null ? null : touch && starts < 0 && ends <= 0;
}

function overlapsAfter(a: FeelRange, b: FeelRange): boolean | null {
  const [starts, ends, touch] = [
    startOrder(startOf(a), startOf(b)),
    endOrder(endOf(a), endOf(b)),
    overlaps(a, b),
  ];
  return starts === null || ends === null || touch === null ? null : touch && starts > 0 && ends >= 0;
}

/** `value` lies at the end of the range and does not reach below its start. */
function finishes(value: unknown, range: FeelRange): boolean | null {
  const inner = ranged(value);
  const order = compare(inner.end, range.end);
  if (order === null) return null;
  const starts = startOrder(startOf(inner), startOf(range));
  return starts === null ? null : order === 0 && inner.endIncluded === range.endIncluded && starts >= 0;
}

function starts(value: unknown, range: FeelRange): boolean | null {
  const inner = ranged(value);
  const order = compare(inner.start, range.start);
  if (order === null) return null;
  const ends = endOrder(endOf(inner), endOf(range));
  return ends === null ? null : order === 0 && inner.startIncluded === range.startIncluded && ends <= 0;
}

function coincides(a: unknown, b: unknown): boolean | null {
  if (!(a instanceof FeelRange) && !(b instanceof FeelRange)) return equal(a, b);
  return a instanceof FeelRange && b instanceof FeelRange ? same(a, b) : null;
}

/** The standard calls the parameters after what they are. */
const known =
  (call: (a: unknown, b: unknown) => unknown) =>
  (a: unknown, b: unknown): unknown =>
    a === null || b === null ? null : call(a, b);
const named = (call: Signature['call'], ...pairs: readonly [string, string][]): Signature[] =>
  pairs.map((parameters) => ({ parameters, call }));

const ofPoints: [string, string] = ['point1: any', 'point2: any'];
const ofRanges: [string, string] = ['range1: range', 'range2: range'];
const pointFirst: [string, string] = ['point: any', 'range: range'];
const rangeFirst: [string, string] = ['range: range', 'point: any'];

const points = (call: (a: unknown, b: unknown) => unknown): Signature[] =>
  named(known(call), ofPoints, pointFirst, rangeFirst, ofRanges);
const ranges = (call: (a: FeelRange, b: FeelRange) => unknown): Signature[] => [
  { parameters: ofRanges, call },
];
const within = (call: (value: unknown, range: FeelRange) => unknown): Signature[] =>
  named(known(call as (a: unknown, b: unknown) => unknown), pointFirst, ofRanges);
const around = (call: (range: FeelRange, value: unknown) => unknown): Signature[] =>
  named(known(call as (a: unknown, b: unknown) => unknown), rangeFirst, ofRanges);

export const rangeFunctions: FunctionTable = {
  before: points(before),
  after: points((a, b) => before(b, a)),
  meets: ranges(meets),
  'met by': ranges((a, b) => meets(b, a)),
  overlaps: ranges(overlaps),
  'overlaps before': ranges(overlapsBefore),
  'overlaps after': ranges(overlapsAfter),
  finishes: within(finishes),
  'finished by': around((range, value) => finishes(value, range)),
  includes: around(includes),
  during: within((value, range) => includes(range, value)),
  starts: within(starts),
  'started by': around((range, value) => starts(value, range)),
  coincides: points(coincides),
  range: [{ parameters: ['from: string'], call: parseRange }],
};

/** `range("[1..5)")`: only literals. */
function parseRange(text: string): FeelRange | null {
  const match = /^\s*([[\](])\s*(.*?)\s*\.\.\s*(.*?)\s*([[\])])\s*$/.exec(text);
  if (!match) return null;
  const [, open, low, high, close] = match as unknown as [string, string, string, string, string];
  const [start, end] = [literal(low), literal(high)];
  if (start === undefined || end === undefined || (start === null && end === null)) return null;
  if ((start === null && open === '[') || (end === null && close === ']')) return null;
  if (start !== null && end !== null && (compare(start, end) ?? 1) > 0) return null;
  return new FeelRange(start, end, open === '[', close === ']');
}

function literal(text: string): unknown {
  if (text === '' || text === 'null') return null;
  const quoted = /^"(.*)"$/.exec(text);
  if (quoted) return quoted[1];
  const temporal = /^(?:@|(?:date|time|date and time|duration)\()\s*"(.*)"\s*\)?$/.exec(text);
  if (temporal) return parseTemporal(temporal[1]!) ?? undefined;
  return parseNumber(text) ?? undefined;
}
