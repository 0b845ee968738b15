import type { TestPart } from './feel-cells.ts';
import type { CompiledFeel } from './feel.ts';
import { baseOf, type FeelType } from './feel-types.ts';
import { compare, FeelRange, inOrder, printValue } from './feel-values.ts';

/**
 * What an input may be, as far as a table tells it apart: one class for each value that is named, for each stretch
 * between two limits, and for everything else. Two values of one class meet the same rules.
 */
export interface InputClass {
  /** As a cell would write it. */
  readonly text: string;
  /** A stretch without its limits, for joining neighbours. */
  readonly low?: Limit;
  readonly high?: Limit;
  /** A value that nothing in the file names: there may be none. */
  readonly beyond?: true;
}

interface Limit {
  readonly value: unknown;
  readonly included: boolean;
}

export interface Classes {
  readonly classes: readonly InputClass[];
  /** The classes that a cell accepts; null where it reads more than its own input. */
  accepted(cell: CompiledFeel | null): ReadonlySet<number> | null;
}

export interface InputDomain {
  /** All values that there are. */
  readonly values?: readonly unknown[];
  /** Of a number that only comes whole. */
  readonly whole?: boolean;
}

/** The classes of one column. */
export function classesOf(
  cells: readonly (CompiledFeel | null)[],
  type: FeelType | undefined,
  allowed: CompiledFeel | undefined,
  domain: InputDomain | undefined,
): Classes {
  const parts = cells.flatMap((cell) => cell?.parts ?? []);
  const finite =
    domain?.values ?? enumerated(allowed) ?? (isBoolean(parts, type) ? [true, false] : undefined);
  if (finite) return ofValues(finite);
  const ordered = parts.flatMap(limitsOf).filter(isOrdered);
  const isText =
    type && baseOf(type).kind === 'plain' && (baseOf(type) as { name: string }).name === 'string';
  const ranges = parts.some((part) => 'range' in part);
  // texts are told apart by their names, unless a table orders them
  if (ranges || (!isText && ordered.some((value) => typeof value !== 'string')) || domain?.whole)
    return ofLimits(ordered, allowed, domain?.whole === true);
  return ofNames(parts.flatMap((part) => ('value' in part ? [part.value] : [])));
}

function enumerated(allowed: CompiledFeel | undefined): readonly unknown[] | undefined {
  if (!allowed?.parts || allowed.negated || allowed.parts.length === 0) return undefined;
  const values = allowed.parts.map((part) => ('value' in part ? part.value : undefined));
  return values.includes(undefined) ? undefined : values;
}

function isBoolean(parts: readonly TestPart[], type: FeelType | undefined): boolean {
  const base = type && baseOf(type);
  if (base?.kind === 'plain') return base.name === 'boolean';
  return parts.length > 0 && parts.every((part) => 'value' in part && typeof part.value === 'boolean');
}

function limitsOf(part: TestPart): unknown[] {
  return 'value' in part ? [part.value] : [part.range.start, part.range.end];
}

function isOrdered(value: unknown): boolean {
  return value !== null && compare(value, value) === 0;
}

const same = (a: unknown, b: unknown): boolean => a === b || compare(a, b) === 0;

/** Which of some values a cell accepts, each value standing for its class. */
function byValue(values: readonly unknown[]): Classes['accepted'] {
  return (cell) => {
    if (cell === null) return new Set(values.keys());
    if (!cell.parts) return null;
    const accepts = (value: unknown): boolean =>
      cell.parts!.some((part) =>
        'value' in part ? same(part.value, value) : part.range.includes(value) === true,
      ) !== cell.negated;
    return new Set([...values.keys()].filter((i) => accepts(values[i])));
  };
}

function ofValues(values: readonly unknown[]): Classes {
  return { classes: values.map((value) => ({ text: cellText(value) })), accepted: byValue(values) };
}

/** Named values, and one that stands for all that nobody names. */
function ofNames(named: readonly unknown[]): Classes {
  const values = [...new Set(named)];
  const other = Symbol('other');
  return {
    classes: [...values.map((value) => ({ text: cellText(value) })), otherThan(values)],
    accepted: byValue([...values, other]),
  };
}

function otherThan(values: readonly unknown[]): InputClass {
  return values.length === 0
    ? { text: '-' }
    : { text: `not(${values.map(cellText).join(', ')})`, beyond: true };
}

/** Limits in order, and the stretches between them; only what is allowed. */
function ofLimits(given: readonly unknown[], allowed: CompiledFeel | undefined, whole: boolean): Classes {
  const own = (allowed?.parts ?? []).flatMap(limitsOf).filter(isOrdered);
  const limits = sorted([...given, ...own]);
  const stretches: FeelRange[] = [];
  for (const [i, limit] of limits.entries()) {
    stretches.push(new FeelRange(i === 0 ? null : limits[i - 1], limit, false, false));
    stretches.push(new FeelRange(limit, limit, true, true));
  }
  stretches.push(new FeelRange(limits.at(-1) ?? null, null, false, false));
  const kept = stretches.filter(
    (stretch) => (!whole || holdsWhole(stretch)) && (!allowed?.parts || isWithin(stretch, allowed)),
  );
  return {
    classes: kept.map((stretch) => ({
      text: rangeText(stretch),
      low: { value: stretch.start, included: stretch.startIncluded },
      high: { value: stretch.end, included: stretch.endIncluded },
    })),
    accepted: (cell) => {
      if (cell === null) return new Set(kept.keys());
      if (!cell.parts) return null;
      return new Set([...kept.keys()].filter((i) => isWithin(kept[i]!, cell)));
    },
  };
}

function sorted(values: readonly unknown[]): unknown[] {
  const inOrderOf = values.toSorted((a, b) => compare(a, b) ?? 0);
  return inOrderOf.filter((value, i) => i === 0 || !same(value, inOrderOf[i - 1]));
}

/** Whether there is a whole number in it. */
function holdsWhole({ start, end, startIncluded }: FeelRange): boolean {
  if (typeof start !== 'number' || typeof end !== 'number') return true;
  if (startIncluded) return Number.isInteger(start);
  return Math.floor(start) + 1 < end;
}

/** A stretch lies in a part or outside of it, since no limit of a part is inside of a stretch. */
function isWithin(stretch: FeelRange, cell: CompiledFeel): boolean {
  const point = stretch.startIncluded;
  const inside = cell.parts!.some((part) => {
    if ('value' in part) return point && same(part.value, stretch.start);
    const { range } = part;
    if (point) return range.includes(stretch.start) === true;
    const low =
      range.start === null || (stretch.start !== null && inOrder(stretch.start, '>=', range.start) === true);
    const high =
      range.end === null || (stretch.end !== null && inOrder(stretch.end, '<=', range.end) === true);
    return low && high;
  });
  return inside !== cell.negated;
}

function cellText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return printValue(value);
  // Dates, times and durations print as FEEL writes them
  return `@"${(value as { toString(): string }).toString()}"`;
}

function rangeText({ start, end, startIncluded, endIncluded }: FeelRange): string {
  if (start !== null && startIncluded && same(start, end)) return cellText(start);
  if (start === null && end === null) return '-';
  if (start === null) return `${endIncluded ? '<=' : '<'} ${cellText(end)}`;
  if (end === null) return `${startIncluded ? '>=' : '>'} ${cellText(start)}`;
  return `${startIncluded ? '[' : '('}${cellText(start)}..${cellText(end)}${endIncluded ? ']' : ')'}`;
}

/** Some classes of a column as one cell would write them, neighbours joined. */
export function textOfClasses(classes: readonly InputClass[], chosen: readonly number[]): string {
  if (chosen.length === classes.length && classes.length > 0) return '-';
  const texts: string[] = [];
  for (let i = 0; i < chosen.length; i += 1) {
    const first = classes[chosen[i]!]!;
    let last = first;
    while (
      i + 1 < chosen.length &&
      chosen[i + 1] === chosen[i]! + 1 &&
      touches(last, classes[chosen[i + 1]!]!)
    ) {
      i += 1;
      last = classes[chosen[i]!]!;
    }
    texts.push(
      first === last || !first.low || !last.high
        ? first.text
        : rangeText(new FeelRange(first.low.value, last.high.value, first.low.included, last.high.included)),
    );
  }
  return texts.join(', ');
}

/** Where a whole number or an allowed stretch is left out between them, they do not. */
function touches(a: InputClass, b: InputClass): boolean {
  return a.high !== undefined && b.low !== undefined && same(a.high.value, b.low.value);
}
