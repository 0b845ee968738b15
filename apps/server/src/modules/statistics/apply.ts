import type { EventBody } from '@wanmi/contracts';
import { timeZoneOf } from '#platform/jobs-cities';
import type { OutboxRow } from '#platform/outbox';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { DailyDelta } from './daily.ts';
import { fold, type AssignmentFact, type CaseFact, type ReportFact, type TaskFact } from './fold.ts';
import {
  addDaily,
  insertReportFacts,
  loadAssignmentFacts,
  loadCaseFacts,
  loadEvents,
  markTasksOverdue,
  upsertAssignmentFacts,
  upsertCaseFacts,
  upsertTaskFacts,
} from './repo.ts';

/** What a stretch of the log amounts to: each row once, as it stands at the end. */
export interface Folded {
  readonly cases: Map<string, CaseFact>;
  readonly reports: ReportFact[];
  readonly assignments: Map<string, AssignmentFact>;
  readonly tasks: Map<string, TaskFact>;
  /** Tasks opened before this stretch that became overdue in it. */
  readonly overdueTaskIds: Set<string>;
}

/** Folds entries, each case's in order, onto what is known of the cases. */
export function foldAll(
  before: ReadonlyMap<string, CaseFact>,
  events: readonly EventBody[],
  zoneOf: (cityId: string) => string,
): Folded {
  const cases = new Map<string, CaseFact>();
  const reports: ReportFact[] = [];
  const assignments = new Map<string, AssignmentFact>();
  const tasks = new Map<string, TaskFact>();
  const overdueTaskIds = new Set<string>();
  for (const event of events) {
    const known = cases.get(event.caseId) ?? before.get(event.caseId) ?? null;
    const change = fold(known, event, zoneOf(event.cityId));
    cases.set(event.caseId, change.case);
    if (change.report) reports.push(change.report);
    for (const one of change.assignments) assignments.set(one.assignmentId, one);
    for (const one of change.tasks) {
      tasks.set(one.taskId, { ...one, overdue: one.overdue || (tasks.get(one.taskId)?.overdue ?? false) });
    }
    for (const id of change.overdueTaskIds) {
      const task = tasks.get(id);
      if (task) task.overdue = true;
      else overdueTaskIds.add(id);
    }
  }
  return { cases, reports, assignments, tasks, overdueTaskIds };
}

/**
 * Handler of the relay: brings the facts of the cases that the rows name up to those entries. The rows only say
 * which cases have moved; the entries come from the log, from the first that the facts do not hold yet. So the
 * order of rows does not matter, and a row that is seen again changes nothing.
 */
export async function applyRows(platform: Platform, trx: Trx, rows: readonly OutboxRow[]): Promise<void> {
  const upTo = new Map<string, number>();
  const zones = new Map<string, string>();
  for (const { topic, caseId, seq, cityId } of rows) {
    if (topic !== 'case' || caseId === null || seq === null) continue;
    upTo.set(caseId, Math.max(seq, upTo.get(caseId) ?? 0));
    zones.set(cityId, '');
  }
  if (upTo.size === 0) return;
  for (const cityId of zones.keys()) zones.set(cityId, await timeZoneOf(platform, cityId));

  const before = await loadCaseFacts(trx, [...upTo.keys()]);
  const stretches = [...upTo]
    .map(([caseId, seq]) => ({ caseId, after: before.get(caseId)?.lastSeq ?? 0, upTo: seq }))
    .filter((one) => one.after < one.upTo);
  if (stretches.length === 0) return;
  const events = await loadEvents(trx, stretches);
  const folded = foldAll(before, events, (cityId) => zones.get(cityId)!);
  await write(trx, before, await loadAssignmentFacts(trx, [...folded.assignments.keys()]), folded);
}

/** Writes the rows, and moves the rollups by the difference to what they counted before. */
export async function write(
  trx: Trx,
  casesBefore: ReadonlyMap<string, CaseFact>,
  assignmentsBefore: readonly AssignmentFact[],
  folded: Folded,
): Promise<void> {
  const delta = new DailyDelta();
  for (const fact of casesBefore.values()) if (folded.cases.has(fact.caseId)) delta.addCase(fact, -1);
  for (const fact of folded.cases.values()) delta.addCase(fact, 1);
  for (const fact of assignmentsBefore) delta.addAssignment(fact, -1);
  for (const fact of folded.assignments.values()) delta.addAssignment(fact, 1);
  await insertReportFacts(trx, folded.reports);
  await upsertCaseFacts(trx, [...folded.cases.values()]);
  await upsertAssignmentFacts(trx, [...folded.assignments.values()]);
  await upsertTaskFacts(trx, [...folded.tasks.values()]);
  await markTasksOverdue(trx, [...folded.overdueTaskIds]);
  await addDaily(trx, delta);
}
