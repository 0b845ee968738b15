import type { CompiledFeel } from './feel.ts';
import { compareNumbers, Decimal, type FeelNumber, isNumber } from './feel-number.ts';
import type { FeelRange } from './feel-values.ts';

/**
 * Which rules of a table a value leaves, for one input column: a bit for each rule. Cells that are values or ranges
 * of numbers are answered by the index alone; all others keep their rule, whose cell is then asked.
 *
 * A table of 1,000 rules takes a look into each column and an AND of 32 words, instead of 1,000 rules × cells.
 */
export interface ColumnIndex {
  /** Sorted numbers that cells mention. Segment 2i is below limit i, 2i + 1 is limit i itself. */
  readonly limits: readonly number[];
  readonly segments: readonly Bits[];
  readonly values: ReadonlyMap<unknown, Bits>;
  /** For everything that no cell mentions. */
  readonly others: Bits;
  /** Rules whose cell must be asked. */
  readonly open: Bits;
}

export type Bits = Uint32Array;

/** Beyond this an index costs more memory than it is worth, and the column is asked cell by cell. */
const MOST_WORDS = 2_000_000;

export function bits(count: number): Bits {
  return new Uint32Array(Math.ceil(count / 32));
}

const set = (to: Bits, rule: number): void => {
  to[rule >> 5]! |= 1 << (rule & 31);
};

export function has(of: Bits, rule: number): boolean {
  return (of[rule >> 5]! & (1 << (rule & 31))) !== 0;
}

/** Null accepts everything. */
export function indexColumn(cells: readonly (CompiledFeel | null)[]): ColumnIndex | null {
  const known = cells.map((cell) => (cell === null ? 'all' : isKnown(cell) ? cell : undefined));
  if (!known.some((cell) => cell !== undefined && cell !== 'all')) return null;
  const parts = known.flatMap((cell) => (cell && cell !== 'all' ? cell.parts! : []));
  const limits = [...new Set(parts.flatMap(numbersOf))].toSorted((a, b) => a - b);
  const mentioned = new Set(
    parts.flatMap((part) => ('value' in part && !isNumber(part.value) ? [part.value] : [])),
  );
  const words = Math.ceil(cells.length / 32);
  const count = limits.length * 2 + 1;
  if ((count + mentioned.size) * words > MOST_WORDS) return null;
  const segments = Array.from({ length: count }, () => bits(cells.length));
  const values = new Map([...mentioned].map((value) => [value, bits(cells.length)]));
  const others = bits(cells.length);
  const open = bits(cells.length);
  const all = [...segments, ...values.values(), others];
  const place = new Map(limits.map((limit, i) => [limit, i * 2 + 1]));
  for (const [rule, cell] of known.entries()) {
    if (cell === undefined) set(open, rule);
    if (cell === undefined || cell === 'all') {
      for (const to of all) set(to, rule);
      continue;
    }
    const accepted = new Set<Bits>();
    for (const part of cell.parts!) {
      if ('value' in part) {
        const to = isNumber(part.value) ? segments[place.get(part.value as number)!] : values.get(part.value);
        accepted.add(to!);
      } else {
        const [from, to] = segmentsOf(part.range, place, count);
        for (let segment = from; segment <= to; segment += 1) accepted.add(segments[segment]!);
      }
    }
    for (const to of cell.negated ? all.filter((other) => !accepted.has(other)) : accepted) set(to, rule);
  }
  return { limits, segments, values, others, open };
}

/** Plain values, and ranges of numbers that a double holds. */
function isKnown(cell: CompiledFeel): boolean {
  return (
    cell.parts?.every((part) =>
      'value' in part
        ? typeof part.value !== 'object' || part.value === null
        : [part.range.start, part.range.end].every((end) => end === null || typeof end === 'number'),
    ) === true
  );
}

function numbersOf(part: NonNullable<CompiledFeel['parts']>[number]): number[] {
  const found = 'value' in part ? [part.value] : [part.range.start, part.range.end];
  return found.filter((value) => typeof value === 'number');
}

function segmentsOf(range: FeelRange, place: ReadonlyMap<unknown, number>, count: number): [number, number] {
  const from = range.start === null ? 0 : place.get(range.start)! + (range.startIncluded ? 0 : 1);
  const to = range.end === null ? count - 1 : place.get(range.end)! - (range.endIncluded ? 0 : 1);
  return [from, to];
}

/** The rules that a value leaves. */
export function lookUp(index: ColumnIndex, value: unknown): Bits {
  if (isNumber(value)) return index.segments[segmentOf(index.limits, value)]!;
  return index.values.get(value) ?? index.others;
}

export function segmentOf(limits: readonly number[], value: FeelNumber): number {
  // a decimal longer than a double must not fall on a limit that it only comes near to
  const below =
    value instanceof Decimal
      ? (limit: number): number => compareNumbers(limit, value)
      : (limit: number): number => limit - value;
  let low = 0;
  let high = limits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = below(limits[middle]!);
    if (order === 0) return middle * 2 + 1;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return low * 2;
}
