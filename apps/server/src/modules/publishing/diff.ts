import type { RuleChange, RuleDiff, RuleFileDiff } from '@wanmi/contracts';
import { placeOf, type RuleSet } from './rule-set.ts';
import { isFault, readTableText, type TableText } from './table-text.ts';
import { keyColumns } from './tables.ts';

/** Changes that are listed for one file; nobody reads more, the number of the others is told. */
const MAX_CHANGES = 500;

/** What differs between two rule sets, file by file: tables row by row (by their key), texts line by line. */
export function diffRules(before: RuleSet, after: RuleSet): RuleDiff {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return { files: paths.flatMap((file) => diffFile(file, before.get(file), after.get(file)) ?? []) };
}

/** The difference of one file; null: there is none. */
export function diffFile(
  file: string,
  before: string | undefined,
  after: string | undefined,
): RuleFileDiff | null {
  if (before === after) return null;
  const changes = changesOf(file, before ?? '', after ?? '');
  return {
    path: file,
    kind: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
    changes: changes.slice(0, MAX_CHANGES),
    more: Math.max(0, changes.length - MAX_CHANGES),
  };
}

function changesOf(file: string, before: string, after: string): RuleChange[] {
  const place = placeOf(file);
  const columns = place?.kind === 'table' ? keyColumns(place.code) : undefined;
  if (!columns) return lineChanges(before, after);
  const tables = [readTableText(before), readTableText(after)] as const;
  const [a, b] = tables.map((table) => (isFault(table) ? { columns: [], lines: [] } : table));
  // A table that cannot be read, or whose rows have no key of their own, is a text like any other
  const rows = [
    before === '' ? new Map() : keyed(a!, columns),
    after === '' ? new Map() : keyed(b!, columns),
  ];
  if (!rows[0] || !rows[1]) return lineChanges(before, after);
  return rowChanges(a!, b!, rows[0], rows[1]);
}

type Keyed = ReadonlyMap<string, readonly string[]>;

function keyed({ columns, lines }: TableText, keys: readonly string[]): Keyed | null {
  const at = keys.map((key) => columns.indexOf(key)).filter((index) => index >= 0);
  if (at.length === 0) return null;
  const rows = new Map<string, readonly string[]>();
  for (const { cells } of lines) {
    const key = at
      .map((index) => cells[index] ?? '')
      .join(' ')
      .trim();
    if (rows.has(key)) return null;
    rows.set(key, cells);
  }
  return rows;
}

function rowChanges(a: TableText, b: TableText, before: Keyed, after: Keyed): RuleChange[] {
  const changes: RuleChange[] = [];
  for (const [key, cells] of before) {
    const now = after.get(key);
    if (!now) {
      changes.push({ kind: 'removed', element: key, before: cells.join(','), after: null });
      continue;
    }
    const columns = [...new Set([...a.columns, ...b.columns])];
    const value = (table: TableText, row: readonly string[], column: string): string =>
      row[table.columns.indexOf(column)] ?? '';
    const differing = columns.filter((column) => value(a, cells, column) !== value(b, now, column));
    if (differing.length === 0) continue;
    const shown = (table: TableText, row: readonly string[]): string =>
      differing.map((column) => `${column}=${value(table, row, column)}`).join(', ');
    changes.push({ kind: 'changed', element: key, before: shown(a, cells), after: shown(b, now) });
  }
  for (const [key, cells] of after) {
    if (!before.has(key)) changes.push({ kind: 'added', element: key, before: null, after: cells.join(',') });
  }
  return changes;
}

/** Longer texts are compared by what their lines are, not where: quadratic time is for short ones. */
const MAX_LINES = 3000;

function lineChanges(before: string, after: string): RuleChange[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)] as const;
  const kept =
    middle[0].length * middle[1].length <= MAX_LINES * MAX_LINES ? common(middle[0], middle[1]) : [];
  return hunks(middle[0], middle[1], kept, head);
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** Longest common subsequence: pairs of equal lines, in order. */
function common(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        a[i] === b[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i += 1;
    else j += 1;
  }
  return pairs;
}

/** Removed and added lines between two equal ones face each other as changed lines. */
function hunks(
  a: readonly string[],
  b: readonly string[],
  kept: readonly (readonly [number, number])[],
  offset: number,
): RuleChange[] {
  const changes: RuleChange[] = [];
  let [i, j] = [0, 0];
  for (const [nextA, nextB] of [...kept, [a.length, b.length] as const]) {
    for (; i < nextA || j < nextB;) {
      const [before, after] = [i < nextA ? a[i++]! : null, j < nextB ? b[j++]! : null];
      changes.push({
        kind: before === null ? 'added' : after === null ? 'removed' : 'changed',
        element: String(offset + (after === null ? i : j)),
        before,
        after,
      });
    }
    i = nextA + 1;
    j = nextB + 1;
  }
  return changes;
}
