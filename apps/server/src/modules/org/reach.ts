/** What became of a region, unit or grid (table `succession`), with when the later one began. */
export interface Succession {
  readonly from: string;
  readonly to: string;
  readonly how: 'rename' | 'merge' | 'split' | 'move';
  /** The later one began with this change: it was not there before and holds nothing else of old. */
  readonly born: boolean;
}

/**
 * Every id that stands for the same ground or people as `root`, or for a part of it, then and now. Rows keep the
 * ids of their time, so a scope names them all.
 *
 * It never widens: forward it follows what began as this one or as a piece of it, back what went into it whole.
 * Who was merged into something bigger does not inherit the bigger one; a piece does not inherit the old whole.
 */
export function equivalents(root: string, successions: readonly Succession[]): Set<string> {
  const into = groupBy(successions, (one) => one.to);
  const outOf = groupBy(successions, (one) => one.from);
  const forward = (id: string): string[] =>
    (outOf.get(id) ?? [])
      .filter((one) => one.how !== 'merge' && one.born && into.get(one.to)?.length === 1)
      .map((one) => one.to);
  const back = (id: string): string[] =>
    (into.get(id) ?? [])
      .filter((one) => one.how !== 'split' && outOf.get(one.from)?.length === 1)
      .map((one) => one.from);
  return new Set([...closure([root], forward), ...closure([root], back)]);
}

/** The ids and everything below them in a tree; closed children too. */
export function withDescendants(
  roots: Iterable<string>,
  nodes: Iterable<{ readonly id: string; readonly parentId: string | null }>,
): Set<string> {
  const children = groupBy(nodes, (node) => node.parentId ?? '');
  return closure(roots, (id) => (children.get(id) ?? []).map((node) => node.id));
}

function closure(roots: Iterable<string>, next: (id: string) => readonly string[]): Set<string> {
  const seen = new Set(roots);
  // A set grows while it is walked, and each member is visited once: cycles end.
  for (const id of seen) for (const other of next(id)) seen.add(other);
  return seen;
}

function groupBy<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
