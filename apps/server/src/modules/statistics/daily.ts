import type { ApplicationFact, AssignmentFact, CaseFact, ReopeningFact } from './facts.ts';

/** Rows of the rollups, as counts to add; a count may be negative. */
export interface SourceCounts {
  reported: number;
  filed: number;
  dispatched: number;
  closed: number;
  closedOnTime: number;
  ended: number;
  rejected: number;
  declined: number;
  voided: number;
  merged: number;
  answered: number;
  transferred: number;
  selfHandled: number;
  reopened: number;
}
export interface CategoryCounts {
  reported: number;
  filed: number;
  closed: number;
}
export interface DepartmentCounts {
  dispatched: number;
  overdue: number;
  exempt: number;
  responded: number;
  respondedOnTime: number;
  returned: number;
  extended: number;
}

/** One cell: whose figures, which day, which source, category or department. */
export interface Cell<C> {
  readonly cityId: string;
  readonly scopeId: string;
  readonly day: string;
  readonly key: string;
  readonly counts: C;
}

/** Stands for "no category yet": a key may not be null. */
export const NO_CATEGORY = '00000000-0000-0000-0000-000000000000';

const OTHER_ENDS = ['rejected', 'declined', 'voided', 'merged', 'answered', 'transferred'] as const;

/** Collects changes of the rollups, so that a batch touches each cell once. */
export class DailyDelta {
  readonly source = new Cells<SourceCounts>();
  readonly category = new Cells<CategoryCounts>();
  readonly department = new Cells<DepartmentCounts>();

  addCase(fact: CaseFact, sign: 1 | -1): void {
    const { cityId, source, outcome, selfHandled } = fact;
    const category = fact.categoryId ?? NO_CATEGORY;
    for (const scopeId of distinct([cityId, fact.districtId, fact.departmentId])) {
      const of = (
        day: string | null,
        counts: Partial<SourceCounts>,
        also?: Partial<CategoryCounts>,
      ): void => {
        if (day === null) return;
        this.source.add({ cityId, scopeId, day, key: source, counts }, sign);
        if (also) this.category.add({ cityId, scopeId, day, key: category, counts: also }, sign);
      };
      of(fact.reportedDay, { reported: 1 }, { reported: 1 });
      of(fact.endedDay, { ended: 1 });
      const other = OTHER_ENDS.find((one) => one === outcome);
      if (other) of(fact.endedDay, { [other]: 1 });
      // 自行处理 is counted apart: what nobody was sent for does not make a rate look better.
      if (selfHandled) {
        if (outcome === 'closed') of(fact.endedDay, { selfHandled: 1 });
        continue;
      }
      of(fact.filedDay, { filed: 1 }, { filed: 1 });
      of(fact.dispatchedDay, { dispatched: 1 });
      if (outcome !== 'closed') continue;
      of(fact.endedDay, { closed: 1, closedOnTime: fact.onTime === true ? 1 : 0 }, { closed: 1 });
    }
  }

  /** A district's own assignment counts as those of its departments. */
  addAssignment(fact: AssignmentFact, sign: 1 | -1): void {
    if (fact.part === 'district') return;
    const { cityId, unitId: key, overdue, exempt } = fact;
    for (const scopeId of distinct([cityId, fact.districtId, key])) {
      const cell = { cityId, scopeId, key };
      const dispatched = { dispatched: 1, overdue: overdue ? 1 : 0, exempt: overdue && exempt ? 1 : 0 };
      this.department.add({ ...cell, day: fact.dispatchedDay, counts: dispatched }, sign);
      if (fact.respondedDay === null) continue;
      const responded = { responded: 1, respondedOnTime: overdue ? 0 : 1 };
      this.department.add({ ...cell, day: fact.respondedDay, counts: responded }, sign);
    }
  }

  /** Returns and extensions count on the day they were approved. */
  addApplication(fact: ApplicationFact, sign: 1 | -1): void {
    const { cityId, unitId: key, kind, state, decidedDay: day } = fact;
    if (state !== 'approved' || day === null || key === null) return;
    if (kind !== 'return' && kind !== 'extend') return;
    const counts = kind === 'return' ? { returned: 1 } : { extended: 1 };
    for (const scopeId of distinct([cityId, fact.districtId, key])) {
      this.department.add({ cityId, scopeId, key, day, counts }, sign);
    }
  }

  addReopening(fact: ReopeningFact, sign: 1 | -1): void {
    const { cityId, source: key, day } = fact;
    for (const scopeId of distinct([cityId, fact.districtId, fact.departmentId])) {
      this.source.add({ cityId, scopeId, key, day, counts: { reopened: 1 } }, sign);
    }
  }
}

function distinct(ids: readonly (string | null)[]): Set<string> {
  return new Set(ids.filter((id) => id !== null));
}

type Counts = { [name: string]: number };

class Cells<C extends { [K in keyof C]: number }> {
  readonly #cells = new Map<string, Cell<Counts>>();

  add(
    { cityId, scopeId, day, key, counts }: Omit<Cell<C>, 'counts'> & { counts: Partial<C> },
    sign: 1 | -1,
  ): void {
    const id = `${scopeId} ${day} ${key}`;
    let cell = this.#cells.get(id);
    if (!cell) this.#cells.set(id, (cell = { cityId, scopeId, day, key, counts: {} }));
    for (const [name, count] of Object.entries(counts as Counts)) {
      cell.counts[name] = (cell.counts[name] ?? 0) + sign * count;
    }
  }

  /** The cells whose counts change, ordered, so that two writers would take row locks in one order. */
  changed(): Cell<Partial<C>>[] {
    return [...this.#cells.entries()]
      .filter(([, cell]) => Object.values(cell.counts).some((count) => count !== 0))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, cell]) => cell as Cell<Partial<C>>);
  }
}
