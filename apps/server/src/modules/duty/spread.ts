/** Somebody who may get work, and how much is in their hands already. */
export interface Taker {
  readonly postId: string;
  readonly load: number;
}

/**
 * Shares tasks out evenly: the longest wait first, each to who of those that may take it has got the fewest, before
 * others to who has the fewest in hand. Nobody for a task that none of them may take. `given` goes on from one batch
 * to the next.
 */
export function spread<T extends { readonly id: string; readonly openedAt: number }>(
  tasks: readonly T[],
  takers: readonly Taker[],
  may: (taker: Taker, task: T) => boolean,
  given = new Map<string, number>(),
): Map<string, string | null> {
  const shares = new Map<string, string | null>();
  const byWait = tasks.toSorted((a, b) => a.openedAt - b.openedAt || (a.id < b.id ? -1 : 1));
  for (const task of byWait) {
    let best: Taker | null = null;
    for (const taker of takers) {
      if (may(taker, task) && (best === null || before(taker, best, given))) best = taker;
    }
    shares.set(task.id, best?.postId ?? null);
    if (best) given.set(best.postId, (given.get(best.postId) ?? 0) + 1);
  }
  return shares;
}

function before(a: Taker, b: Taker, given: ReadonlyMap<string, number>): boolean {
  const got = (given.get(a.postId) ?? 0) - (given.get(b.postId) ?? 0);
  if (got !== 0) return got < 0;
  return a.load === b.load ? a.postId < b.postId : a.load < b.load;
}
