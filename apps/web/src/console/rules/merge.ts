/** Lines of one text that stand in place of lines of another. */
export interface Hunk {
  /** Where in the old text, from 1. */
  readonly line: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Beyond this the middle of two texts is taken as one change: quadratic time is for short ones. */
const MAX_CELLS = 4_000_000;

/** What differs, line by line. */
export function lineDiff(before: string, after: string): readonly Hunk[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const [left, right] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  if (left.length === 0 && right.length === 0) return [];
  const hunks: Hunk[] = [];
  let [i, j] = [0, 0];
  for (const [nextI, nextJ] of [...common(left, right), [left.length, right.length] as const]) {
    if (nextI > i || nextJ > j) {
      hunks.push({ line: head + i + 1, before: left.slice(i, nextI), after: right.slice(j, nextJ) });
    }
    i = nextI + 1;
    j = nextJ + 1;
  }
  return hunks;
}

/** Longest common subsequence as pairs of places. */
function common(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] {
  const width = b.length + 1;
  if (a.length * width > MAX_CELLS) return [];
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

/** Rows that stand next to each other are two; an insertion has the places on both its sides. */
function touch(first: Hunk, second: Hunk): boolean {
  const end = first.line + first.before.length;
  const inserts = first.before.length === 0 || second.before.length === 0;
  return second.line < end || (second.line === end && inserts);
}

/** Both changes of one text together; null where they touch the same lines. */
export function merge(base: string, mine: string, theirs: string): string | null {
  const hunks = [
    ...lineDiff(base, mine).map((hunk) => ({ ...hunk, mine: true })),
    ...lineDiff(base, theirs).map((hunk) => ({ ...hunk, mine: false })),
  ].sort((a, b) => a.line - b.line);
  const lines = base.split('\n');
  const merged: string[] = [];
  let at = 1;
  let last: (typeof hunks)[number] | undefined;
  for (const hunk of hunks) {
    const clash = last !== undefined && last.mine !== hunk.mine && touch(last, hunk);
    if (clash) {
      const same =
        last!.line === hunk.line &&
        sameLines(last!.before, hunk.before) &&
        sameLines(last!.after, hunk.after);
      if (!same) return null;
      continue;
    }
    merged.push(...lines.slice(at - 1, hunk.line - 1), ...hunk.after);
    at = hunk.line + hunk.before.length;
    last = hunk;
  }
  return [...merged, ...lines.slice(at - 1)].join('\n');
}

const sameLines = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((line, index) => line === b[index]);
