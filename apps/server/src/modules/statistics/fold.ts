import type { EventAssignment, EventBody, EventTask } from '@wanmi/contracts';
import { cityDay } from '#platform/clock';
import type {
  ApplicationFact,
  AssignmentFact,
  CaseFact,
  ReopeningFact,
  ReportFact,
  TaskFact,
} from './facts.ts';
import { isOnTime, responsible } from './judge.ts';

/** What is known of one case after an entry of its log. */
export interface Known {
  readonly case: CaseFact | null;
  readonly assignments: ReadonlyMap<string, AssignmentFact>;
  readonly applications: ReadonlyMap<string, ApplicationFact>;
}

export const NOTHING: Known = { case: null, assignments: new Map(), applications: new Map() };

/** What one event changes: whole rows, and tasks that are only marked. */
export interface FactChange {
  case: CaseFact;
  report: ReportFact | null;
  assignments: AssignmentFact[];
  applications: ApplicationFact[];
  reopening: ReopeningFact | null;
  tasks: TaskFact[];
  overdueTaskIds: string[];
}

/** Gives the case to a department, once more or for the first time. */
const DISPATCHING: ReadonlySet<string> = new Set([
  'case.dispatched',
  'case.redispatched',
  'case.departmentAdded',
]);

/**
 * One entry of the log into facts: pure, so that following the log and replaying it give the same rows. `before`
 * is what is known after the case's entry before; events of a case come in the order of `seq`.
 */
export function fold(before: Known, event: EventBody, timeZone: string): FactChange {
  const { payload, type } = event;
  const day = cityDay(Date.parse(event.at), timeZone);
  const fact = before.case ? { ...before.case } : firstFact(event, timeZone);
  fact.lastSeq = event.seq;
  if (payload.condition) {
    fact.conditionId = payload.condition.id;
    fact.categoryId = payload.condition.categoryId;
  }
  if (payload.selfHandled !== undefined) fact.selfHandled = payload.selfHandled;
  if (payload.rating !== undefined) fact.rating = payload.rating;
  if (type === 'case.filed') {
    // Filed after all, it is worked on like any other.
    fact.selfHandled = payload.selfHandled ?? false;
    fact.filedAt ??= event.at;
    fact.filedDay ??= day;
  }
  if (type === 'case.failed') fact.failedChecks += 1;
  if (type === 'case.supervised') fact.supervised += 1;
  if (type === 'case.urged') fact.urged += 1;
  if (type === 'case.instructed') fact.instructed += 1;

  const reopening = reopened(fact, event, day);
  const assignments = assignmentFacts(before, fact, event, timeZone);
  const all = new Map(before.assignments);
  for (const one of assignments) all.set(one.assignmentId, one);
  if (DISPATCHING.has(type)) fact.dispatches += 1;
  if (DISPATCHING.has(type) || isGiven(before, assignments)) {
    fact.dispatchedAt ??= event.at;
    fact.dispatchedDay ??= day;
  }
  if (assignments.length > 0) {
    const department = responsible(all.values());
    // What the end of a case withdraws is not given back: whose it was at its end, it stays.
    if (department !== null || !payload.outcome) fact.departmentId = department;
  }

  const applications = applicationFacts(before, all, fact, event, day);
  for (const one of applications) {
    if (one.state !== 'approved' || !isNew(before, one)) continue;
    if (one.kind === 'return') fact.returned += 1;
    if (one.kind === 'extend') fact.extended += 1;
  }
  if (payload.outcome) {
    fact.outcome = payload.outcome;
    fact.endedAt = event.at;
    fact.endedDay = day;
    fact.onTime = payload.outcome === 'closed' ? isOnTime(all.values(), payload.onTime) : null;
    if (payload.outcome === 'merged') fact.mergedIntoId = payload.link?.caseId ?? null;
  }
  return {
    case: fact,
    report: payload.report ? reportFact(fact, event, timeZone) : null,
    assignments,
    applications,
    reopening,
    tasks: [
      ...waiting(event).map((task) => openTask(fact, task)),
      ...(payload.closed ?? []).map((task) => doneTask(fact, task, event, day)),
    ],
    overdueTaskIds: type === 'task.overdue' && payload.task ? [payload.task.id] : [],
  };
}

/** What is known after a change. */
export function follow(before: Known, change: FactChange): Known {
  const assignments = new Map(before.assignments);
  for (const one of change.assignments) assignments.set(one.assignmentId, one);
  const applications = new Map(before.applications);
  for (const one of change.applications) applications.set(one.applicationId, one);
  return { case: change.case, assignments, applications };
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
    mergedIntoId: null,
    selfHandled: false,
    rating: null,
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
    reopened: 0,
    returned: 0,
    extended: 0,
    supervised: 0,
    urged: 0,
    instructed: 0,
    lastSeq: seq,
  };
}

/**
 * An ended case that stands somewhere again: its end is undone in `fact`. A reopening keeps that end as a fact of
 * its own; a merge that was undone was a mistake, and nothing had ended.
 */
function reopened(fact: CaseFact, event: EventBody, day: string): ReopeningFact | null {
  const { outcome, onTime, endedAt, endedDay } = fact;
  if (outcome === null || endedAt === null || endedDay === null) return null;
  if (event.to === 'ended' || event.payload.outcome) return null;
  fact.outcome = null;
  fact.onTime = null;
  fact.endedAt = null;
  fact.endedDay = null;
  fact.mergedIntoId = null;
  if (outcome === 'merged') return null;
  fact.reopened += 1;
  const { caseId, cityId, source, categoryId, conditionId } = fact;
  const { districtId, streetId, communityId, departmentId } = fact;
  return {
    caseId,
    seq: event.seq,
    cityId,
    at: event.at,
    day,
    outcome,
    onTime,
    endedAt,
    endedDay,
    source,
    categoryId,
    conditionId,
    districtId,
    streetId,
    communityId,
    departmentId,
  };
}

/** A new assignment that is not a district's: that one only passes on. */
function isGiven(before: Known, assignments: readonly AssignmentFact[]): boolean {
  return assignments.some((one) => one.part !== 'district' && !before.assignments.has(one.assignmentId));
}

function isNew(before: Known, { applicationId, state }: ApplicationFact): boolean {
  return before.applications.get(applicationId)?.state !== state;
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

/** Those that the event names, and those whose clock it stops or starts. */
function assignmentFacts(
  before: Known,
  fact: CaseFact,
  event: EventBody,
  timeZone: string,
): AssignmentFact[] {
  const named = event.payload.assignments ?? [];
  const standing = standstill(before, event);
  const facts = named.map((one) => assignmentFact(before, fact, one, timeZone));
  for (const id of standing?.ids ?? []) {
    const known = before.assignments.get(id);
    if (known && !named.some((one) => one.id === id)) facts.push({ ...known, lastSeq: event.seq });
  }
  for (const one of facts) {
    if (standing?.ids.includes(one.assignmentId)) one.suspended = standing.suspended;
    if (one.endedAt !== null) one.suspended = false;
  }
  return facts;
}

/** Assignments that are put off or suspended from now on, or no longer; null where the event is about neither. */
function standstill(before: Known, event: EventBody): { ids: string[]; suspended: boolean } | null {
  const { type, payload } = event;
  const { application } = payload;
  const open = [...before.assignments.values()].filter((one) => one.endedAt === null);
  if (type === 'assignment.resumed') {
    const ofTask = (payload.closed ?? []).find((task) => task.step === 'suspend')?.assignmentId;
    const id = application?.assignmentId ?? ofTask;
    const ids = id ? [id] : (payload.assignments ?? []).map((one) => one.id);
    return { ids: ids.length > 0 ? ids : open.map((one) => one.assignmentId), suspended: false };
  }
  if (application?.state !== 'approved') return null;
  if (application.kind !== 'suspend' && application.kind !== 'defer') return null;
  const { assignmentId } = application;
  return { ids: assignmentId ? [assignmentId] : open.map((one) => one.assignmentId), suspended: true };
}

function assignmentFact(
  { assignments }: Known,
  fact: CaseFact,
  one: EventAssignment,
  timeZone: string,
): AssignmentFact {
  const known = assignments.get(one.id);
  const isReturned = one.state === 'returned' && known?.state !== 'returned';
  return {
    assignmentId: one.id,
    caseId: fact.caseId,
    cityId: fact.cityId,
    parentId: one.parentId ?? known?.parentId ?? null,
    unitId: one.unitId,
    crewId: one.crewId,
    part: one.part ?? known?.part ?? 'main',
    form: one.form ?? known?.form ?? 'single',
    // Where and what it was when it was given; the case may be filed anew.
    districtId: known ? known.districtId : fact.districtId,
    streetId: known ? known.streetId : fact.streetId,
    communityId: known ? known.communityId : fact.communityId,
    categoryId: known ? known.categoryId : fact.categoryId,
    conditionId: known ? known.conditionId : fact.conditionId,
    state: one.state,
    dispatchedAt: one.dispatchedAt,
    dispatchedDay: cityDay(Date.parse(one.dispatchedAt), timeZone),
    dueAt: one.dueAt,
    signedAt: one.signedAt,
    respondedAt: one.respondedAt,
    respondedDay: one.respondedAt === null ? null : cityDay(Date.parse(one.respondedAt), timeZone),
    endedAt: one.endedAt,
    failedCount: one.failedCount,
    extensions: one.extensions ?? known?.extensions ?? 0,
    returned: (known?.returned ?? 0) + (isReturned ? 1 : 0),
    suspended: known?.suspended ?? false,
    overdue: one.overdue || (known?.overdue ?? false),
    exempt: one.exempt ?? known?.exempt ?? false,
    lastSeq: fact.lastSeq,
  };
}

/** The one that the event names, and those that nobody needs to decide any more. */
function applicationFacts(
  before: Known,
  assignments: ReadonlyMap<string, AssignmentFact>,
  fact: CaseFact,
  event: EventBody,
  day: string,
): ApplicationFact[] {
  const named = applicationFact(before, assignments, fact, event, day);
  const decided = { state: 'withdrawn', decidedAt: event.at, decidedDay: day, lastSeq: event.seq };
  const moot = [...before.applications.values()].filter(
    (one) =>
      one.state === 'pending' &&
      one.applicationId !== named?.applicationId &&
      (event.payload.outcome !== undefined || isOver(assignments, one)),
  );
  return [...(named ? [named] : []), ...moot.map((one) => ({ ...one, ...decided }))];
}

/** Asked for work that has ended; an appeal is made after it. */
function isOver(
  assignments: ReadonlyMap<string, AssignmentFact>,
  { kind, assignmentId }: ApplicationFact,
): boolean {
  const endedAt = assignments.get(assignmentId ?? '')?.endedAt ?? null;
  return endedAt !== null && kind !== 'appeal';
}

function applicationFact(
  { applications }: Known,
  assignments: ReadonlyMap<string, AssignmentFact>,
  fact: CaseFact,
  { at, postId, payload: { application } }: EventBody,
  day: string,
): ApplicationFact | null {
  if (!application) return null;
  const { id, kind, state, assignmentId, level, levels } = application;
  const { caseId, cityId, lastSeq } = fact;
  const { districtId, streetId, communityId, categoryId, conditionId } = fact;
  const known = applications.get(id) ?? {
    caseId,
    applicationId: id,
    cityId,
    kind,
    state: 'pending',
    assignmentId,
    unitId: assignments.get(assignmentId ?? '')?.unitId ?? fact.departmentId,
    postId,
    districtId,
    streetId,
    communityId,
    categoryId,
    conditionId,
    askedAt: at,
    askedDay: day,
    decidedAt: null,
    decidedDay: null,
  };
  // Work that is resumed names what it was suspended by: that stays decided when it was.
  const decided =
    state !== 'pending' && known.state === 'pending' ? { decidedAt: at, decidedDay: day } : null;
  return { ...known, state, level, levels, ...decided, lastSeq };
}

/** Tasks that wait, or wait for somebody else or until another moment, from now on. */
export function waiting({ payload: { opened = [], moved = [], rescheduled = [] } }: EventBody): EventTask[] {
  return [...opened, ...moved, ...rescheduled];
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
  day: string,
): TaskFact {
  // The task that was acted on is its actor's; what was closed along with it stays with whom it waited for.
  const acted = event.payload.task?.id === task.id;
  return {
    ...openTask(fact, task),
    unitId: task.unitId ?? (acted ? event.unitId : null),
    postId: (acted ? event.postId : null) ?? task.postId,
    action: task.action,
    doneAt: event.at,
    doneDay: day,
    overdue: task.overdue,
  };
}
