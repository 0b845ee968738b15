import type { AssignmentFact } from './facts.ts';

type Judged = Pick<
  AssignmentFact,
  'assignmentId' | 'unitId' | 'part' | 'state' | 'dispatchedAt' | 'endedAt' | 'overdue'
>;

const FULFILLED: ReadonlySet<string> = new Set(['passed', 'done']);
const GIVEN_BACK: ReadonlySet<string> = new Set(['returned', 'declined', 'withdrawn']);
/** Who answers first, where a case has several. */
const RANK: Readonly<Record<string, number>> = { main: 0, safe: 1, assist: 2, district: 3 };

const rank = ({ part }: Judged): number => RANK[part] ?? 0;

/**
 * The department that answers for the case: of those that have it and have not given it back, the main one, and
 * of several the one that was given it last; none while all have given it back.
 */
export function responsible(assignments: Iterable<Judged>): string | null {
  let best: Judged | null = null;
  for (const one of assignments) {
    const live = one.endedAt === null ? !GIVEN_BACK.has(one.state) : FULFILLED.has(one.state);
    if (live && (best === null || before(one, best))) best = one;
  }
  return best?.unitId ?? null;
}

function before(a: Judged, b: Judged): boolean {
  const byRank = rank(a) - rank(b);
  if (byRank !== 0) return byRank < 0;
  // Ids are made in the order of time.
  return a.dispatchedAt === b.dispatchedAt
    ? a.assignmentId > b.assignmentId
    : a.dispatchedAt > b.dispatchedAt;
}

/**
 * Whether a closed case was on time: each department that did it, main or making safe, was. An assisting one is
 * judged by itself alone, and a district's assignment is that of its departments. `said` is the log's own word, for a
 * case that had no department.
 */
export function isOnTime(assignments: Iterable<Judged>, said: boolean | undefined): boolean | null {
  let onTime: boolean | null = null;
  for (const { part, state, overdue } of assignments) {
    if ((part !== 'main' && part !== 'safe') || !FULFILLED.has(state)) continue;
    onTime = (onTime ?? true) && !overdue;
  }
  return onTime ?? said ?? null;
}
