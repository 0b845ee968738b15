import type { FiledNear } from './memory.ts';

/** The city's tables look back so far at the most. */
export const REMEMBERED_MS = 120 * 24 * 3_600_000;

/** What a later case of the same place asks of an earlier one. */
export interface Seen {
  readonly caseId: string;
  readonly reportedAt: number;
  categoryId: string | null;
  filedAt: number | null;
}

/** Which cases there were at a place: unit grid by unit grid, in the order in which they came. */
export class Places {
  readonly #ofGrid = new Map<string, Seen[]>();
  readonly #byId = new Map<string, Seen>();

  /** A case that others look back on: not open any more, or not in memory. */
  remember(seen: Seen & { readonly unitGridId: string }): void {
    if (this.#byId.has(seen.caseId)) return;
    const { unitGridId, ...one } = seen;
    this.#byId.set(seen.caseId, one);
    const list = this.#ofGrid.get(unitGridId);
    if (list) list.push(one);
    else this.#ofGrid.set(unitGridId, [one]);
  }

  /** What has been made of it since. */
  changed({
    id,
    categoryId,
    filedAt,
  }: {
    id: string;
    categoryId: string | null;
    filedAt: number | null;
  }): void {
    const seen = this.#byId.get(id);
    if (seen) Object.assign(seen, { categoryId, filedAt });
  }

  forgetBefore(oldest: number): void {
    for (const [grid, list] of this.#ofGrid) {
      const first = list.findIndex((one) => one.reportedAt >= oldest);
      for (const gone of first < 0 ? list : list.slice(0, first)) this.#byId.delete(gone.caseId);
      if (first < 0) this.#ofGrid.delete(grid);
      else if (first > 0) this.#ofGrid.set(grid, list.slice(first));
    }
  }

  at(unitGridId: string): readonly Seen[] {
    return this.#ofGrid.get(unitGridId) ?? [];
  }

  /** Other cases of a place and category that were filed, the newest of those reported since a moment. */
  filedNear({ unitGridId, categoryId, caseId, since, atMost }: FiledNear): readonly Seen[] {
    return this.at(unitGridId)
      .filter(
        (one) =>
          one.categoryId === categoryId &&
          one.caseId !== caseId &&
          one.reportedAt >= since &&
          one.filedAt !== null,
      )
      .slice(-atMost);
  }
}
