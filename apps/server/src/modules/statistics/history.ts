import type { EventBody } from '@wanmi/contracts';
import type { CopyLot, CopyValue } from '#platform/copy';
import { foldAll, type Folded } from './apply.ts';
import { snake } from './write-repo.ts';

/**
 * The facts of cases that were brought in whole, folded from the same entries as their logs hold and written in one go
 * with these: the outbox hears nothing, and a rebuild from the log gives the same rows. The rollups are counted once
 * for all of them, by `rollUp`: cell by cell would cost more than the facts.
 */
export function addHistoryFacts(lot: CopyLot, events: readonly EventBody[], timeZone: string): void {
  addFacts(
    lot,
    foldAll(new Map(), events, () => timeZone),
  );
}

/** Facts of which no row was written yet. */
export function addFacts(lot: CopyLot, folded: Omit<Folded, 'overdueTaskIds'>): void {
  addTable(lot, 'fact_report', folded.reports);
  addTable(lot, 'fact_case', folded.cases.values());
  addTable(lot, 'fact_assignment', folded.assignments.values());
  addTable(lot, 'fact_application', folded.applications.values());
  addTable(lot, 'fact_reopening', folded.reopenings);
  addTable(lot, 'fact_task', folded.tasks.values());
}

function addTable(lot: CopyLot, table: string, some: Iterable<object>): void {
  const facts = [...some];
  const first = facts[0];
  if (!first) return;
  const names = Object.keys(first);
  lot.add(
    table,
    names.map((name) => snake(name)),
    facts.map((fact) => names.map((name) => (fact as Record<string, CopyValue>)[name] ?? null)),
  );
}
