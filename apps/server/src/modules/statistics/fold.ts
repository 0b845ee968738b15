import type { EventAssignment, EventBody, EventTask } from '@wanmi/contracts';
import { cityDay } from '#platform/clock';

/** Facts in the words of their tables. Times are ISO 8601 as in the log, days are the city's. */
export interface CaseFact {
  caseId: string;
  cityId: string;
  source: string;
  kind: string;
  categoryId: string | null;
  conditionId: string | null;
  districtId: string | null;
  streetId: string | null;
  communityId: string | null;
  unitGridId: string | null;
  patrolGridId: string | null;
  grade: string | null;
  departmentId: string | null;
  outcome: string | null;
  onTime: boolean | null;
  reportedAt: string;
  reportedDay: string;
  filedAt: string | null;
  filedDay: string | null;
  dispatchedAt: string | null;
  dispatchedDay: string | null;
  endedAt: string | null;
  endedDay: string | null;
  dispatches: number;
  failedChecks: number;
  lastSeq: number;
}

export interface ReportFact {
  reportId: string;
  caseId: string;
  cityId: string;
  kind: string;
  source: string;
  categoryId: string | null;
  districtId: string | null;
  streetId: string | null;
  communityId: string | null;
  patrolGridId: string | null;
  postId: string | null;
  joined: boolean;
  reportedAt: string;
  reportedDay: string;
}

export interface AssignmentFact {
  assignmentId: string;
  caseId: string;
  cityId: string;
  unitId: string;
  crewId: string | null;
  districtId: string | null;
  streetId: string | null;
  communityId: string | null;
  categoryId: string | null;
  conditionId: string | null;
  state: string;
  dispatchedAt: string;
  dispatchedDay: string;
  dueAt: string | null;
  signedAt: string | null;
  respondedAt: string | null;
  respondedDay: string | null;
  endedAt: string | null;
  failedCount: number;
  overdue: boolean;
  lastSeq: number;
}

export interface TaskFact {
  taskId: string;
  caseId: string;
  cityId: string;
  step: string;
  role: string;
  unitId: string | null;
  postId: string | null;
  action: string | null;
  openedAt: string;
  dueAt: string | null;
  doneAt: string | null;
  doneDay: string | null;
  overdue: boolean;
}

/** What one event changes: whole rows, and tasks that are only marked. */
export interface FactChange {
  case: CaseFact;
  report: ReportFact | null;
  assignments: AssignmentFact[];
  tasks: TaskFact[];
  overdueTaskIds: string[];
}

/**
 * One entry of the log into facts: pure, so that following the log and replaying it give the same rows. `before`
 * is the case's fact after the entry before; events of a case come in the order of `seq`.
 */
export function fold(before: CaseFact | null, event: EventBody, timeZone: string): FactChange {
  const { payload } = event;
  const fact = before ? { ...before } : firstFact(event, timeZone);
  fact.lastSeq = event.seq;
  if (payload.condition) {
    fact.conditionId = payload.condition.id;
    fact.categoryId = payload.condition.categoryId;
  }
  if (event.type === 'case.filed') {
    fact.filedAt ??= event.at;
    fact.filedDay ??= cityDay(Date.parse(event.at), timeZone);
  }
  if (event.type === 'case.dispatched' || event.type === 'case.redispatched') {
    fact.dispatches += 1;
    fact.dispatchedAt ??= event.at;
    fact.dispatchedDay ??= cityDay(Date.parse(event.at), timeZone);
  }
  if (event.type === 'case.failed') fact.failedChecks += 1;
  if (payload.assignments) fact.departmentId = responsible(fact.departmentId, payload.assignments);
  if (payload.outcome) {
    fact.outcome = payload.outcome;
    fact.endedAt = event.at;
    fact.endedDay = cityDay(Date.parse(event.at), timeZone);
    fact.onTime = payload.onTime ?? null;
  }
  return {
    case: fact,
    report: payload.report ? reportFact(fact, event, timeZone) : null,
    assignments: (payload.assignments ?? []).map((one) => assignmentFact(fact, one, timeZone)),
    tasks: [
      ...[...(payload.opened ?? []), ...(payload.moved ?? [])].map((task) => openTask(fact, task)),
      ...(payload.closed ?? []).map((task) => doneTask(fact, task, event, timeZone)),
    ],
    overdueTaskIds: event.type === 'task.overdue' && payload.task ? [payload.task.id] : [],
  };
}

/** A case begins with its first report, which says where it is. */
function firstFact({ caseId, cityId, seq, payload }: EventBody, timeZone: string): CaseFact {
  const { report, place } = payload;
  if (!report) throw new Error(`the log of case ${caseId} does not begin with a report`);
  return {
    caseId,
    cityId,
    source: report.source,
    kind: report.kind,
    categoryId: report.categoryId,
    conditionId: null,
    districtId: place?.districtId ?? null,
    streetId: place?.streetId ?? null,
    communityId: place?.communityId ?? null,
    unitGridId: place?.unitGridId ?? null,
    patrolGridId: place?.patrolGridId ?? null,
    grade: place?.grade ?? null,
    departmentId: null,
    outcome: null,
    onTime: null,
    reportedAt: report.reportedAt,
    reportedDay: cityDay(Date.parse(report.reportedAt), timeZone),
    filedAt: null,
    filedDay: null,
    dispatchedAt: null,
    dispatchedDay: null,
    endedAt: null,
    endedDay: null,
    dispatches: 0,
    failedChecks: 0,
    lastSeq: seq,
  };
}

/** The department that answers for the case: the last one it was given to, none while all have given it back. */
function responsible(before: string | null, changed: readonly EventAssignment[]): string | null {
  let now = before;
  for (const one of changed) {
    const live = one.endedAt === null || one.state === 'passed';
    if (live) now = one.unitId;
    else if (now === one.unitId) now = null;
  }
  return now;
}

function reportFact(fact: CaseFact, { payload }: EventBody, timeZone: string): ReportFact {
  const report = payload.report!;
  // A later report of the same problem may lie elsewhere, and says so itself.
  const place = payload.place ?? fact;
  return {
    reportId: report.id,
    caseId: fact.caseId,
    cityId: fact.cityId,
    kind: report.kind,
    source: report.source,
    categoryId: report.categoryId,
    districtId: place.districtId,
    streetId: place.streetId,
    communityId: place.communityId,
    patrolGridId: place.patrolGridId,
    postId: report.postId,
    joined: report.joined,
    reportedAt: report.reportedAt,
    reportedDay: cityDay(Date.parse(report.reportedAt), timeZone),
  };
}

function assignmentFact(fact: CaseFact, one: EventAssignment, timeZone: string): AssignmentFact {
  return {
    assignmentId: one.id,
    caseId: fact.caseId,
    cityId: fact.cityId,
    unitId: one.unitId,
    crewId: one.crewId,
    districtId: fact.districtId,
    streetId: fact.streetId,
    communityId: fact.communityId,
    categoryId: fact.categoryId,
    conditionId: fact.conditionId,
    state: one.state,
    dispatchedAt: one.dispatchedAt,
    dispatchedDay: cityDay(Date.parse(one.dispatchedAt), timeZone),
    dueAt: one.dueAt,
    signedAt: one.signedAt,
    respondedAt: one.respondedAt,
    respondedDay: one.respondedAt === null ? null : cityDay(Date.parse(one.respondedAt), timeZone),
    endedAt: one.endedAt,
    failedCount: one.failedCount,
    overdue: one.overdue,
    lastSeq: fact.lastSeq,
  };
}

function openTask({ caseId, cityId }: CaseFact, task: EventTask): TaskFact {
  return {
    taskId: task.id,
    caseId,
    cityId,
    step: task.step,
    role: task.role,
    unitId: task.unitId,
    postId: task.postId,
    action: null,
    openedAt: task.openedAt,
    dueAt: task.dueAt,
    doneAt: null,
    doneDay: null,
    overdue: false,
  };
}

function doneTask(
  fact: CaseFact,
  task: EventTask & { action: string; overdue: boolean },
  event: EventBody,
  timeZone: string,
): TaskFact {
  // The task that was acted on is its actor's; what was closed along with it stays with whom it waited for.
  const acted = event.payload.task?.id === task.id;
  return {
    ...openTask(fact, task),
    unitId: task.unitId ?? (acted ? event.unitId : null),
    postId: (acted ? event.postId : null) ?? task.postId,
    action: task.action,
    doneAt: event.at,
    doneDay: cityDay(Date.parse(event.at), timeZone),
    overdue: task.overdue,
  };
}
