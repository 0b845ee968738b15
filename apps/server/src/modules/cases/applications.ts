import type { ApplicationKind, EventPayload } from '@wanmi/contracts';
import {
  deadlineOf,
  extendClock,
  limitMs,
  pauseClock,
  resumeClock,
  type ClockState,
  type LimitUnit,
} from '@wanmi/process';
import { invalid, problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import { assignmentOf, reschedule, type Change, type Meaning, type Situation } from './change.ts';
import { approvalFor } from './decisions.ts';
import { calendarOf, endAssignment } from './effects.ts';
import { eventApplication, type ApplicationState, type AssignmentState } from './state.ts';

const DAY = 24 * 3600_000;
/** Of these an assignment has one that is pending at the most; the case itself one to be voided, or reopened. */
const OF_ASSIGNMENT: ReadonlySet<ApplicationKind> = new Set([
  'return',
  'extend',
  'suspend',
  'defer',
  'appeal',
]);
/** Free text and pictures stay in the form, which the log keeps masked. */
const NOT_ASKED: ReadonlySet<string> = new Set(['note', 'mediaIds', 'result']);

const wrong = (path: string, code: string): never => {
  throw invalid([{ path, code, message: code }], 'form.invalid');
};

/**
 * 申请: asked for beside the work, which goes on. The city's table says whether it may be asked for once more or for
 * so long, and how many have to say yes.
 * @throws application.pending, application.cap, form.invalid
 */
export function apply(kind: ApplicationKind): Meaning {
  return (change) => {
    const { actor, at, data, applications } = change;
    const assignment = OF_ASSIGNMENT.has(kind) ? assignmentOf(change) : null;
    const ofKind = applications.filter((a) => a.kind === kind);
    const same = ofKind.filter((a) => a.assignmentId === (assignment?.id ?? null));
    if (same.some((a) => a.state === 'pending')) throw problem('application.pending', { kind });
    if (kind === 'suspend' || kind === 'defer') requireRunning(assignment!, applications);
    const ask = Object.fromEntries(Object.entries(data).filter(([name]) => !NOT_ASKED.has(name)));
    const { share, days } = lengthOf(change, assignment, ask);
    // Refused ones do not count: nothing was granted. What was given back goes on as another assignment: of the case.
    const count = (kind === 'return' ? ofKind : same).filter((a) => a.state === 'approved').length + 1;
    const { allowed, levels } = approvalFor(change.around.catalog, { kind, count, share, days });
    if (!allowed) throw problem('application.cap', { kind, count });
    const application: ApplicationState = {
      id: uuidv7(at),
      assignmentId: assignment?.id ?? null,
      kind,
      state: 'pending',
      level: 0,
      levels,
      ask,
      granted: null,
      askedAt: at,
      askedPostId: actor.postId,
      askedPersonId: actor.personId,
      askedUnitId: actor.unitId,
      decidedAt: null,
      decidedPostId: null,
    };
    change.application = application;
    applications.push(application);
    change.writes.applications.push(application);
    // Given back is not worked on: its clock stands until somebody decides (domain.md, "Clocks").
    if (kind === 'return') stand(change, assignment!);
    return { application: eventApplication(application) };
  };
}

/** Suspended once, it is not suspended again, nor deferred. */
function requireRunning(a: AssignmentState, applications: readonly ApplicationState[]): void {
  if (isSuspended(a, applications)) throw problem('application.pending', { kind: 'suspend' });
}

/** Approved and not yet resumed: `granted.resumedAt` says that it was. */
export function isSuspended(a: AssignmentState, applications: readonly ApplicationState[]): boolean {
  return applications.some((one) => one.assignmentId === a.id && holds(one));
}

const holds = ({ kind, state, granted }: ApplicationState): boolean =>
  (kind === 'suspend' || kind === 'defer') && state === 'approved' && granted?.['resumedAt'] === undefined;

const ASKED_WITH: Readonly<Record<string, ApplicationKind>> = {
  applyReturn: 'return',
  applyExtend: 'extend',
  applySuspend: 'suspend',
  applyDefer: 'defer',
  applyVoid: 'void',
  appeal: 'appeal',
};

/** Whether an application can be asked for now, as far as it hangs on others: what waits is not asked for twice. */
export function mayAsk(
  action: string,
  assignmentId: string | null,
  applications: readonly ApplicationState[],
): boolean {
  const kind = ASKED_WITH[action];
  if (kind === undefined) return true;
  const about = OF_ASSIGNMENT.has(kind) ? assignmentId : null;
  const own = applications.filter((a) => a.assignmentId === about);
  if (own.some((a) => a.kind === kind && a.state === 'pending')) return false;
  return (kind !== 'suspend' && kind !== 'defer') || !own.some((a) => holds(a));
}

/** How much is asked for, as a share of the limit and in days. @throws form.invalid */
export function lengthOf(
  { around, at }: Pick<Situation, 'around' | 'at'>,
  assignment: Pick<AssignmentState, 'calendar' | 'limitValue' | 'limitUnit'> | null,
  ask: Record<string, unknown>,
): { share: number; days: number } {
  if (typeof ask['value'] === 'number' && assignment) {
    const calendar = calendarOf(around, assignment.calendar);
    const unit = (ask['unit'] ?? assignment.limitUnit) as LimitUnit;
    const asked = limitMs(calendar, { value: ask['value'], unit });
    const own = limitMs(calendar, {
      value: assignment.limitValue,
      unit: assignment.limitUnit as LimitUnit,
    });
    return { share: own === 0 ? 0 : asked / own, days: asked / DAY };
  }
  if (typeof ask['until'] === 'string') {
    const until = Date.parse(ask['until']);
    if (!(until > at)) wrong('/until', 'notInFuture');
    return { share: 0, days: (until - at) / DAY };
  }
  return { share: 0, days: 0 };
}

function stand(change: Situation, a: AssignmentState): void {
  a.clock = pauseClock(a.clock as ClockState, change.at);
  reschedule(change, a);
}

/** Lets the clock run on, unless something else holds it: a response that is being checked, a suspension. */
function run(change: Situation, a: AssignmentState): void {
  if (a.endedAt !== null || a.state === 'responded' || isSuspended(a, change.applications)) return;
  if (
    change.applications.some(
      (one) => one.assignmentId === a.id && one.kind === 'return' && one.state === 'pending',
    )
  )
    return;
  const calendar = calendarOf(change.around, a.calendar);
  a.clock = resumeClock(a.clock as ClockState, change.at, calendar);
  a.dueAt = deadlineOf(calendar, a.clock as ClockState);
  reschedule(change, a);
}

/** The application that the task decides. Nobody decides what they asked for. @throws permission.ownApplication */
function decided(change: Change): ApplicationState {
  const id = change.task?.applicationId;
  const found = change.applications.find((a) => a.id === id);
  if (!found) throw problem('internal');
  if (found.askedPersonId === change.actor.personId) throw problem('permission.ownApplication');
  change.application = found;
  change.writes.applications.push(found);
  return found;
}

const about = (change: Situation, { assignmentId }: ApplicationState): AssignmentState | null =>
  change.assignments.find((a) => a.id === assignmentId) ?? null;

/** 同意: at the last level it takes effect. The grant may be less than what was asked for. */
export const approve: Meaning = (change) => {
  const application = decided(change);
  // A second level is a second pair of eyes
  if (application.level > 0 && application.decidedPostId === change.actor.postId) {
    throw problem('application.sameDecider');
  }
  const granted = grantOf(change, application);
  application.level += 1;
  application.decidedPostId = change.actor.postId;
  // What one level cuts stays cut unless the next one says another figure
  if (Object.keys(granted).length > 0 || application.granted) {
    application.granted = { ...application.ask, ...application.granted, ...granted };
  }
  if (application.level < application.levels) return { application: eventApplication(application) };
  application.state = 'approved';
  application.decidedAt = change.at;
  application.granted ??= { ...application.ask };
  const assignment = about(change, application);
  if (assignment) {
    change.changed.add(assignment);
    takeEffect(change, application, assignment);
  }
  return { application: eventApplication(application) };
};

function grantOf({ data, at }: Change, { ask }: ApplicationState): Record<string, unknown> {
  const granted: Record<string, unknown> = {};
  if (typeof data['value'] === 'number') {
    if (typeof ask['value'] !== 'number') wrong('/value', 'notAllowed');
    Object.assign(granted, { value: data['value'], unit: data['unit'] ?? ask['unit'] });
  }
  if (typeof data['until'] === 'string') {
    if (typeof ask['until'] !== 'string') wrong('/until', 'notAllowed');
    if (!(Date.parse(data['until']) > at)) wrong('/until', 'notInFuture');
    granted['until'] = data['until'];
  }
  return granted;
}

function takeEffect(change: Situation, { kind, granted }: ApplicationState, a: AssignmentState): void {
  switch (kind) {
    case 'return':
      endAssignment(a, 'returned', change.at);
      break;
    case 'extend': {
      const unit = (granted?.['unit'] ?? a.limitUnit) as LimitUnit;
      a.clock = extendClock(a.clock as ClockState, { value: Number(granted?.['value']), unit });
      a.dueAt = deadlineOf(calendarOf(change.around, a.calendar), a.clock as ClockState);
      a.extensions += 1;
      reschedule(change, a);
      break;
    }
    case 'suspend':
    case 'defer':
      stand(change, a);
      break;
    case 'appeal':
      // Not counted any more; that it was late stays a fact (domain.md, "Clocks").
      a.exempt = true;
      break;
    default:
  }
}

/** 不同意: as if it had not been asked for. */
export const refuse: Meaning = (change) => {
  // The question whether to reopen has no application: refused, the case stays as it ended.
  if (!change.task?.applicationId) return {};
  const application = decided(change);
  application.state = 'refused';
  application.granted = null;
  application.decidedAt = change.at;
  application.decidedPostId = change.actor.postId;
  const assignment = about(change, application);
  if (assignment && application.kind === 'return') {
    change.changed.add(assignment);
    run(change, assignment);
  }
  return { application: eventApplication(application) };
};

/** 恢复: by a person, or by the clock at the moment that was granted. */
export const resume: Meaning = (change) => {
  const application = change.applications.find((a) => a.id === change.task?.applicationId);
  if (!application) throw problem('internal');
  return resumeWork(change, application);
};

export function resumeWork(change: Situation, application: ApplicationState): Partial<EventPayload> {
  application.granted = { ...application.granted, resumedAt: new Date(change.at).toISOString() };
  change.application = application;
  change.writes.applications.push(application);
  const assignment = about(change, application);
  if (assignment) {
    change.changed.add(assignment);
    run(change, assignment);
  }
  return { application: eventApplication(application) };
}
