import type { EventPayload } from '@wanmi/contracts';
import { deadlineOf, pauseClock, resumeClock, startClock } from '@wanmi/process';
import { limitFor, manualFor } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { calendarOf, endAssignment, type Surroundings } from './effects.ts';
import type { AssignmentState, CaseState, TaskState } from './state.ts';

/** What an action may change beside walking the process on. */
export interface Change {
  readonly platform: Platform;
  readonly around: Surroundings;
  readonly actor: Actor;
  readonly at: number;
  readonly state: CaseState;
  readonly task: TaskState;
  readonly assignments: AssignmentState[];
  readonly data: Record<string, unknown>;
  /** Assignments to write. */
  readonly changed: Set<AssignmentState>;
}

type Meaning = (change: Change) => Promise<Partial<EventPayload>> | Partial<EventPayload>;

/**
 * The assignment in work: with one department there is at most one. Where the shift leader had it checked once
 * more before closing, it is the one that had passed.
 */
function openAssignment(change: Change): AssignmentState {
  const { assignments } = change;
  const open =
    assignments.findLast((a) => a.endedAt === null) ?? assignments.findLast((a) => a.state === 'passed');
  if (!open) throw problem('internal');
  change.changed.add(open);
  return open;
}

const wrong = (path: string, code: string): never => {
  throw invalid([{ path, code, message: code }], 'form.invalid');
};

/** 立案: pins condition and manual; the limit and the responsible department follow from them. */
const file: Meaning = ({ around, state, data, at }) => {
  const condition = around.catalog.conditionById.get(data['conditionId'] as string);
  if (!condition?.inForce) return wrong('/conditionId', 'unknown');
  state.conditionId = condition.id;
  state.categoryId = condition.categoryId;
  if (typeof data['grade'] === 'string') state.grade = data['grade'];
  const row = manualFor(around.catalog, { conditionId: condition.id, ...whereOf(state) });
  state.manualId = row?.manualId ?? around.catalog.manual?.id ?? null;
  state.filedAt = at;
  return {
    condition: { id: condition.id, categoryId: condition.categoryId, manualId: state.manualId },
  };
};

/** The regions of a case from the narrowest up, as the manual asks for them. */
export function whereOf(state: CaseState): { regionIds: string[]; ownerId: string | null } {
  return {
    regionIds: [state.communityId, state.streetId, state.districtId].filter((id) => id !== null),
    ownerId: state.ownerId,
  };
}

/** 派遣: one department's responsibility begins, and with it the disposal clock. */
const dispatch: Meaning = (change) => {
  const { around, state, data, at } = change;
  const unit = around.units.get(data['unitId'] as string);
  if (!unit || unit.closed || unit.kind !== 'department') return wrong('/unitId', 'unknown');
  const condition = around.catalog.conditionById.get(state.conditionId ?? '');
  if (!condition) throw problem('internal');
  const limit = limitFor(condition, state.grade);
  const calendar =
    around.catalog.unitById.get(unit.id)?.calendar ??
    around.catalog.stageLimits.get('dispose')?.calendar ??
    'department';
  const clock = startClock(at, limit);
  const assignment: AssignmentState = {
    id: uuidv7(at),
    unitId: unit.id,
    crewId: null,
    crewPostId: null,
    state: 'dispatched',
    limitValue: limit.value,
    limitUnit: limit.unit,
    calendar,
    clock,
    dispatchedAt: at,
    dueAt: deadlineOf(calendarOf(around, calendar), clock),
    signedAt: null,
    respondedAt: null,
    passedAt: null,
    endedAt: null,
    failedCount: 0,
    overdue: false,
  };
  change.assignments.push(assignment);
  change.changed.add(assignment);
  state.departmentId = unit.id;
  return {};
};

const redispatch: Meaning = async (change) => {
  const unitId = change.data['unitId'];
  const open = openAssignment(change);
  if (open.unitId === unitId) wrong('/unitId', 'sameDepartment');
  endAssignment(open, 'withdrawn', change.at);
  return dispatch(change);
};

/** 返工: the same department once more; its clock went on when the check failed. */
const rework: Meaning = (change) => {
  const a = openAssignment(change);
  a.state = 'dispatched';
  a.signedAt = null;
  a.respondedAt = null;
  return {};
};

const sign: Meaning = (change) => {
  const a = openAssignment(change);
  a.state = 'signed';
  a.signedAt = change.at;
  return {};
};

const decline: Meaning = (change) => {
  endAssignment(openAssignment(change), 'declined', change.at);
  change.state.departmentId = null;
  return {};
};

const assign: Meaning = (change) => {
  const { around, data } = change;
  const a = openAssignment(change);
  const crew = around.units.get(data['unitId'] as string);
  if (!crew || crew.closed || crew.kind !== 'crew' || crew.parentId !== a.unitId) wrong('/unitId', 'unknown');
  a.crewId = crew!.id;
  a.crewPostId = null;
  return {};
};

/** 反馈: the disposal clock stands until the check has passed or failed. */
const respond: Meaning = (change) => {
  const { at } = change;
  const a = openAssignment(change);
  a.state = 'responded';
  a.respondedAt = at;
  a.overdue ||= a.dueAt !== null && at > a.dueAt;
  a.clock = pauseClock(a.clock as never, at);
  return {};
};

const pass: Meaning = (change) => {
  const a = openAssignment(change);
  // Passed once, it stays passed at that time: the second look only confirms it.
  if (a.state === 'passed') return {};
  a.state = 'passed';
  a.passedAt = change.at;
  a.endedAt = change.at;
  return {};
};

/** A failed check: paused, not given back. The time between response and check does not count (domain.md). */
const fail: Meaning = (change) => {
  const { around, at } = change;
  const a = openAssignment(change);
  const calendar = calendarOf(around, a.calendar);
  a.clock = resumeClock(a.clock as never, at, calendar);
  a.dueAt = deadlineOf(calendar, a.clock as never);
  a.failedCount += 1;
  a.passedAt = null;
  a.endedAt = null;
  return {};
};

const close: Meaning = ({ assignments }) => ({
  onTime: assignments.every((a) => a.state !== 'passed' || !a.overdue),
});

/** What the domain's actions mean beside their place in the process; an action not named here only walks on. */
export const MEANING: Readonly<Record<string, Meaning>> = {
  file,
  dispatch,
  redispatch,
  rework,
  sign,
  decline,
  assign,
  respond,
  pass,
  fail,
  close,
};
