import {
  TRY_OUT_AUTOMATIC,
  TRY_OUT_CHANGES,
  type TryOutChange,
  type TryOutChangeKind,
  type TryOutName,
  type TryOutStop,
  type TryOutSummary,
} from '@wanmi/contracts';
import { clocksOf, isLate, nameOf, stagesOf } from './compare.ts';
import type { Life } from './life.ts';
import type { PastCase } from './past.ts';

/** More kinds of a change than a person reads; the cases tell the rest. */
const MOST_ROWS = 500;

type Row<K extends keyof TryOutSummary> = TryOutSummary[K] extends readonly (infer R)[] ? R : never;

/** Counts by a key that is made of the row itself. */
class Rows<T extends object> {
  readonly #rows = new Map<string, T>();

  at(key: unknown, make: () => T): T {
    const text = JSON.stringify(key);
    let row = this.#rows.get(text);
    if (!row) {
      row = make();
      this.#rows.set(text, row);
    }
    return row;
  }

  /** The most first. */
  sorted(weight: (row: T) => number): T[] {
    return [...this.#rows.values()].toSorted((a, b) => weight(b) - weight(a)).slice(0, MOST_ROWS);
  }
}

/** The report, added up case by case: it grows with what is different, not with the number of cases. */
export class Tally {
  cases = 0;
  changed = 0;
  #first: number | null = null;
  #last: number | null = null;
  readonly #considered = new Map<TryOutChangeKind, number>();
  readonly #changed = new Map<TryOutChangeKind, number>();
  readonly #departments = new Rows<Row<'departments'>>();
  readonly #limits = new Rows<Row<'limits'>>();
  readonly #lamps = new Rows<Row<'lamps'>>();
  readonly #onTime = { considered: 0, inForce: 0, draft: 0 };
  readonly #stages = new Rows<Row<'stages'>>();
  readonly #automatic = new Rows<Row<'automatic'>>();
  readonly #approvals = new Rows<Row<'approvals'>>();
  readonly #stops = new Rows<Row<'stops'>>();
  readonly #categories = new Rows<Row<'categories'>>();

  add(
    past: PastCase,
    category: TryOutName | null,
    from: Life,
    to: Life,
    changes: readonly TryOutChange[],
  ): void {
    this.cases += 1;
    if (changes.length > 0) this.changed += 1;
    this.#first = Math.min(this.#first ?? past.reportedAt, past.reportedAt);
    this.#last = Math.max(this.#last ?? past.reportedAt, past.reportedAt);
    const kinds = new Set(changes.map((change) => change.kind));
    for (const kind of consideredIn(past, from)) bump(this.#considered, kind);
    for (const kind of kinds) bump(this.#changed, kind);
    this.#addCategory(category, kinds);
    for (const change of changes) this.#addChange(change, from.condition ?? to.condition);
    this.#addClocks(from, to);
    this.#addStages(from, to);
    this.#addAutomatic(from, to);
    this.#addStop(from.stop, 'inForce');
    this.#addStop(to.stop, 'draft');
  }

  summary(): TryOutSummary {
    return {
      cases: this.cases,
      changed: this.changed,
      share: share(this.changed, this.cases),
      first: this.#first === null ? null : new Date(this.#first).toISOString(),
      last: this.#last === null ? null : new Date(this.#last).toISOString(),
      respects: TRY_OUT_CHANGES.map((kind) => {
        const considered = this.#considered.get(kind) ?? 0;
        const changed = this.#changed.get(kind) ?? 0;
        return { kind, considered, changed, share: share(changed, considered) };
      }),
      departments: this.#departments.sorted((row) => row.cases),
      limits: this.#limits.sorted((row) => row.cases),
      lamps: this.#lamps.sorted((row) => row.assignments),
      onTime: this.#onTime,
      stages: this.#stages.sorted((row) => row.changed),
      automatic: this.#automatic.sorted((row) => row.changed),
      approvals: this.#approvals.sorted((row) => row.applications),
      stops: this.#stops.sorted((row) => row.draft + row.inForce),
      categories: this.#categories
        .sorted((row) => row.changed)
        .map((row) => ({ ...row, share: share(row.changed, row.cases) })),
    };
  }

  #addCategory(category: TryOutName | null, kinds: ReadonlySet<TryOutChangeKind>): void {
    const row = this.#categories.at(category?.code ?? null, () => ({
      category,
      cases: 0,
      changed: 0,
      share: 0,
      kinds: {},
    }));
    row.cases += 1;
    if (kinds.size > 0) row.changed += 1;
    for (const kind of kinds) row.kinds[kind] = (row.kinds[kind] ?? 0) + 1;
  }

  #addChange(change: TryOutChange, condition: TryOutName | null): void {
    if (change.kind === 'department') {
      const { from, to } = change;
      this.#departments.at([from?.code, to?.code], () => ({ from, to, cases: 0 })).cases += 1;
    } else if (change.kind === 'limit' && condition) {
      const { from, to } = change;
      const row = () => ({ condition: nameOf(condition)!, from, to, cases: 0 });
      this.#limits.at([condition.code, from, to], row).cases += 1;
    } else if (change.kind === 'approval') {
      const { application, from, to } = change;
      const row = () => ({ application, from, to, applications: 0 });
      this.#approvals.at([application, from, to], row).applications += 1;
    }
  }

  #addClocks(from: Life, to: Life): void {
    for (const { before, after } of clocksOf(from, to)) {
      const lamps = { from: before?.lamp ?? null, to: after?.lamp ?? null };
      if (lamps.from === null && lamps.to === null) continue;
      this.#lamps.at(lamps, () => ({ ...lamps, assignments: 0 })).assignments += 1;
    }
    if (from.onTime === null || to.onTime === null) return;
    this.#onTime.considered += 1;
    if (from.onTime) this.#onTime.inForce += 1;
    if (to.onTime) this.#onTime.draft += 1;
  }

  #addStages(from: Life, to: Life): void {
    for (const { before, after } of stagesOf(from.stages, to.stages)) {
      const { step } = before;
      const row = this.#stages.at(step, () => ({
        step,
        considered: 0,
        changed: 0,
        lateInForce: 0,
        lateDraft: 0,
      }));
      row.considered += 1;
      if (before.dueAt !== after.dueAt) row.changed += 1;
      if (isLate(before)) row.lateInForce += 1;
      if (isLate(after)) row.lateDraft += 1;
    }
  }

  #addAutomatic(from: Life, to: Life): void {
    for (const what of TRY_OUT_AUTOMATIC) {
      const [before, after] = [from.automatic[what], to.automatic[what]];
      if (before === undefined && after === undefined) continue;
      const row = this.#automatic.at(what, () => ({ what, inForce: 0, draft: 0, changed: 0 }));
      if (before) row.inForce += 1;
      if (after) row.draft += 1;
      if (before !== undefined && after !== undefined && before !== after) row.changed += 1;
    }
  }

  #addStop(stop: TryOutStop | null, which: 'inForce' | 'draft'): void {
    if (!stop) return;
    const { seq: _seq, ...where } = stop;
    this.#stops.at(where, () => ({ ...where, inForce: 0, draft: 0 }))[which] += 1;
  }
}

const share = (part: number, all: number): number => (all === 0 ? 0 : part / all);

function bump(counts: Map<TryOutChangeKind, number>, kind: TryOutChangeKind): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

/** In which respects the case says anything. */
function consideredIn(past: PastCase, life: Life): TryOutChangeKind[] {
  const filed = past.filedAt !== null;
  return TRY_OUT_CHANGES.filter((kind) => {
    switch (kind) {
      case 'condition':
      case 'department':
      case 'limit':
        return filed;
      case 'due':
        return life.clocks.length > 0;
      case 'lamp':
        return life.clocks.some((clock) => clock.lamp !== null);
      case 'onTime':
        return life.onTime !== null;
      case 'stage':
        return life.stages.length > 0;
      case 'automatic':
        return Object.keys(life.automatic).length > 0;
      case 'approval':
        return life.approvals.length > 0;
      case 'process':
        return true;
    }
    return false;
  });
}
