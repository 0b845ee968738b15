import type { EventBody } from '@wanmi/contracts';
import { timeZoneOf } from '#platform/jobs-cities';
import type { OutboxRow } from '#platform/outbox';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { DailyDelta } from './daily.ts';
import type {
  ApplicationFact,
  AssignmentFact,
  CaseFact,
  ReopeningFact,
  ReportFact,
  TaskFact,
} from './facts.ts';
import { fold, follow, NOTHING, type Known } from './fold.ts';
import { correctBooks } from './open-day.ts';
import { loadEvents, loadKnown, type Stretch } from './repo.ts';
import {
  addDaily,
  insertReopeningFacts,
  insertReportFacts,
  markTasksOverdue,
  upsertApplicationFacts,
  upsertAssignmentFacts,
  upsertCaseFacts,
  upsertTaskFacts,
} from './write-repo.ts';

/** What a stretch of the log amounts to: each row once, as it stands at the end. */
export interface Folded {
  readonly cases: Map<string, CaseFact>;
  readonly reports: ReportFact[];
  readonly assignments: Map<string, AssignmentFact>;
  readonly applications: Map<string, ApplicationFact>;
  readonly reopenings: ReopeningFact[];
  readonly tasks: Map<string, TaskFact>;
  /** Tasks opened before this stretch that became overdue in it. */
  readonly overdueTaskIds: Set<string>;
}

/** Folds entries, each case's in order, onto what is known of the cases. */
export function foldAll(
  before: ReadonlyMap<string, Known>,
  events: readonly EventBody[],
  zoneOf: (cityId: string) => string,
): Folded {
  const known = new Map<string, Known>();
  const folded: Folded = {
    cases: new Map(),
    reports: [],
    assignments: new Map(),
    applications: new Map(),
    reopenings: [],
    tasks: new Map(),
    overdueTaskIds: new Set(),
  };
  const { tasks } = folded;
  for (const event of events) {
    const { caseId } = event;
    const now = known.get(caseId) ?? before.get(caseId) ?? NOTHING;
    const change = fold(now, event, zoneOf(event.cityId));
    known.set(caseId, follow(now, change));
    folded.cases.set(caseId, change.case);
    if (change.report) folded.reports.push(change.report);
    for (const one of change.assignments) folded.assignments.set(one.assignmentId, one);
    for (const one of change.applications) folded.applications.set(one.applicationId, one);
    if (change.reopening) folded.reopenings.push(change.reopening);
    for (const one of change.tasks) {
      tasks.set(one.taskId, { ...one, overdue: one.overdue || (tasks.get(one.taskId)?.overdue ?? false) });
    }
    for (const id of change.overdueTaskIds) {
      const task = tasks.get(id);
      if (task) task.overdue = true;
      else folded.overdueTaskIds.add(id);
    }
  }
  return folded;
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

  const before = await loadKnown(trx, [...upTo.keys()]);
  const stretches: Stretch[] = [...upTo]
    .map(([caseId, seq]) => ({ caseId, after: before.get(caseId)?.case?.lastSeq ?? 0, upTo: seq }))
    .filter((one) => one.after < one.upTo);
  if (stretches.length === 0) return;
  const events = await loadEvents(trx, stretches);
  const folded = foldAll(before, events, (cityId) => zones.get(cityId)!);
  await write(trx, touched(before, folded), folded);
  await correctBooks(trx, events, zones);
}

/** Facts as they were counted until now. */
export interface Counted {
  readonly cases: readonly CaseFact[];
  readonly assignments: readonly AssignmentFact[];
  readonly applications: readonly ApplicationFact[];
  readonly reopenings: readonly ReopeningFact[];
}

/** Of what is known, what these entries change. An end is undone once: a reopening is never written again. */
export function touched(before: ReadonlyMap<string, Known>, folded: Folded): Counted {
  const all = [...before.values()];
  return {
    cases: all.flatMap((known) => (known.case && folded.cases.has(known.case.caseId) ? [known.case] : [])),
    assignments: all
      .flatMap((known) => [...known.assignments.values()])
      .filter((one) => folded.assignments.has(one.assignmentId)),
    applications: all
      .flatMap((known) => [...known.applications.values()])
      .filter((one) => folded.applications.has(one.applicationId)),
    reopenings: [],
  };
}

/** Writes the rows, and moves the rollups by the difference to what was counted before. */
export async function write(trx: Trx, before: Counted, folded: Folded): Promise<void> {
  await writeRows(trx, folded);
  await addDaily(trx, deltaOf(before, folded));
}

/** By how much the rollups move. */
export function deltaOf(before: Counted, folded: Folded): DailyDelta {
  const delta = new DailyDelta();
  for (const fact of before.cases) delta.addCase(fact, -1);
  for (const fact of before.assignments) delta.addAssignment(fact, -1);
  for (const fact of before.applications) delta.addApplication(fact, -1);
  for (const fact of before.reopenings) delta.addReopening(fact, -1);
  for (const fact of folded.cases.values()) delta.addCase(fact, 1);
  for (const fact of folded.assignments.values()) delta.addAssignment(fact, 1);
  for (const fact of folded.applications.values()) delta.addApplication(fact, 1);
  for (const fact of folded.reopenings) delta.addReopening(fact, 1);
  return delta;
}

export async function writeRows(trx: Trx, folded: Folded): Promise<void> {
  await insertReportFacts(trx, folded.reports);
  await upsertCaseFacts(trx, [...folded.cases.values()]);
  await upsertAssignmentFacts(trx, [...folded.assignments.values()]);
  await upsertApplicationFacts(trx, [...folded.applications.values()]);
  await insertReopeningFacts(trx, folded.reopenings);
  await upsertTaskFacts(trx, [...folded.tasks.values()]);
  await markTasksOverdue(trx, [...folded.overdueTaskIds]);
}
