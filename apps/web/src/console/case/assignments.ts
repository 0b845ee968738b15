import type { Assignment } from '@wanmi/contracts';

/** Given back, refused or taken away: history, unless something of it still runs below. */
const GONE: ReadonlySet<Assignment['state']> = new Set(['declined', 'returned', 'withdrawn']);
const ENDED: ReadonlySet<Assignment['state']> = new Set([...GONE, 'passed', 'done']);

export const hasEnded = (one: Assignment): boolean => ENDED.has(one.state);

export interface Branch {
  assignment: Assignment;
  children: Branch[];
}

const rank: Record<Assignment['part'], number> = { safe: 0, main: 1, district: 1, assist: 2 };

/** Who is responsible now, as a tree (city, district, department), and apart from it what is over. */
export function treeOf(assignments: Assignment[]): { now: Branch[]; before: Assignment[] } {
  const known = new Set(assignments.map((one) => one.id));
  const branch = (one: Assignment): Branch => ({
    assignment: one,
    children: inOrder(assignments.filter((other) => other.parentId === one.id)).map(branch),
  });
  const roots = inOrder(assignments.filter((one) => one.parentId === null || !known.has(one.parentId))).map(
    branch,
  );
  const before: Assignment[] = [];
  const keep = (node: Branch): Branch | null => {
    const children = node.children.flatMap((child) => keep(child) ?? []);
    if (GONE.has(node.assignment.state) && children.length === 0) {
      before.push(node.assignment);
      return null;
    }
    return { ...node, children };
  };
  const now = roots.flatMap((root) => keep(root) ?? []);
  return { now, before: before.toSorted((a, b) => b.dispatchedAt.localeCompare(a.dispatchedAt)) };
}

/** What makes the place safe first, then who answers for it, then who helps; among equals as dispatched. */
function inOrder(assignments: Assignment[]): Assignment[] {
  return assignments.toSorted(
    (a, b) => rank[a.part] - rank[b.part] || a.dispatchedAt.localeCompare(b.dispatchedAt),
  );
}
