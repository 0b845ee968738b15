export interface CellChange {
  readonly column: string;
  readonly before: string;
  readonly after: string;
}

/** The cells of a changed row: `limit_value=2, limit_unit=urgentHour` on both sides, for the same columns. */
export function cellsOf(before: string, after: string): readonly CellChange[] | null {
  const [a, b] = [pairs(before), pairs(after)];
  if (!a || !b || a.length !== b.length) return null;
  if (a.some(([column], index) => column !== b[index]![0])) return null;
  return a.map(([column, value], index) => ({ column, before: value, after: b[index]![1] }));
}

/** A value may hold a comma itself: only what looks like the next column begins a new one. */
function pairs(text: string): [string, string][] | null {
  const found = [...text.matchAll(/(?:^|, )([a-z][a-z0-9_]*)=/g)];
  if (found.length === 0 || found[0]!.index !== 0) return null;
  return found.map((match, index) => [
    match[1]!,
    text.slice(match.index + match[0].length, found[index + 1]?.index ?? text.length),
  ]);
}
