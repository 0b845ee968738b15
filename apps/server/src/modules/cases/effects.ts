import { STEPS, type EventPayload } from '@wanmi/contracts';
import {
  addLimit,
  warningOf,
  type ClockState,
  type Effect,
  type Calendar,
  type Limit,
  type LimitUnit,
  type StepResult,
} from '@wanmi/process';
import { catalogOf, type Catalog } from '#modules/catalog';
import { actingFor, collectorOfGrid, unitsOf, type UnitInfo } from '#modules/org';
import { problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { checkFrom } from './check-hours.ts';
import type { Writes } from './rows.ts';
import {
  eventTask,
  type ApplicationState,
  type AssignmentState,
  type CaseState,
  type OpenTask,
  type TaskState,
} from './state.ts';

type OpenEffect = Extract<Effect, { type: 'openTask' }>;

/** Everything a command looks up by key before it steps; no further query is needed to turn effects into rows. */
export interface Surroundings {
  readonly catalog: Catalog;
  readonly units: ReadonlyMap<string, UnitInfo>;
}

export async function surroundingsOf(platform: Platform, cityId: string): Promise<Surroundings> {
  const [catalog, units] = await Promise.all([catalogOf(platform, cityId), unitsOf(platform, cityId)]);
  return { catalog, units };
}

const CENTRES: readonly string[] = ['supervisionCentre', 'commandCentre', 'enforcementCentre'];

/**
 * The centre of that kind that serves a case: its district's own, else the city's. Which levels have a centre is
 * the city's configuration (domain.md, "Two centres"); one centre that is there does the work of both.
 */
function centreFor(
  around: Surroundings,
  kind: string,
  state: CaseState,
  level: 'any' | 'city' | 'district' = 'any',
): string {
  let ofCity: string | null = null;
  let first: string | null = null;
  for (const unit of around.units.values()) {
    if (unit.kind !== kind || unit.closed) continue;
    const own = unit.regionId !== null && unit.regionId === state.districtId;
    if (own && level !== 'city') return unit.id;
    first ??= unit.id;
    if (ofCity === null && !around.units.get(unit.parentId ?? '')?.kind.endsWith('Centre')) ofCity = unit.id;
  }
  // Patrol teams stand under a centre: a case of no known district goes to the first of them.
  const found = ofCity ?? first;
  if (found !== null) return found;
  const other = CENTRES.includes(kind) ? CENTRES.find((one) => hasUnit(around, one)) : undefined;
  if (other === undefined) throw problem('config.noUnit', { kind });
  return centreFor(around, other, state, level);
}

function hasUnit({ units }: Surroundings, kind: string): boolean {
  for (const unit of units.values()) if (unit.kind === kind && !unit.closed) return true;
  return false;
}

/** The district's command centre, where the case's district has one. */
export function districtCentre(around: Surroundings, state: CaseState): string | null {
  for (const unit of around.units.values()) {
    const own = unit.regionId !== null && unit.regionId === state.districtId;
    if (own && unit.kind === 'commandCentre' && !unit.closed) return unit.id;
  }
  return null;
}

const CENTRE_OF_ROLE: Readonly<Record<string, string>> = {
  operator: 'supervisionCentre',
  shiftLeader: 'supervisionCentre',
  inspector: 'supervisionCentre',
  dispatcher: 'commandCentre',
};

interface Waiting {
  unitId: string;
  postId: string | null;
}

/** The crew; where one of it was named, that one or who acts for him, also out of another unit. */
export async function crewOf(
  platform: Platform,
  unitId: string,
  postId: string | null,
  at: number,
): Promise<Waiting> {
  const acting = postId === null ? null : await actingFor(platform.db, postId, at);
  return acting ? { unitId: acting.unitId, postId: acting.postId } : { unitId, postId: null };
}

/** The unit, and where it is certain the post, that a step waits for. */
async function waitingFor(
  target: EffectTarget,
  assignment: AssignmentState | undefined,
  effect: OpenEffect,
): Promise<Waiting> {
  const { platform, around, state, at, application } = target;
  const centre = (level: 'any' | 'city' | 'district'): Waiting => ({
    unitId: centreFor(around, CENTRE_OF_ROLE[effect.role] ?? 'supervisionCentre', state, level),
    postId: null,
  });
  switch (effect.assign) {
    case 'collectorOfGrid': {
      const collector =
        state.patrolGridId === null ? null : await collectorOfGrid(platform, state.patrolGridId, at);
      // A place without a collector of its own (no position, nobody posted): the district's team picks it up.
      return collector ?? { unitId: centreFor(around, 'patrolTeam', state), postId: null };
    }
    case 'unitOfAssignment':
      if (!assignment) throw problem('internal');
      return { unitId: assignment.unitId, postId: null };
    case 'crewOfAssignment':
      if (!assignment?.crewId) throw problem('internal');
      return crewOf(platform, assignment.crewId, assignment.crewPostId, at);
    case 'unitOfInstance': {
      const unitId = assignment?.unitId ?? effect.instance;
      if (!unitId) throw problem('internal');
      return { unitId, postId: null };
    }
    case 'unitOfCase':
      return state.departmentId === null ? centre('any') : { unitId: state.departmentId, postId: null };
    case 'applicant':
      return application?.askedUnitId ? { unitId: application.askedUnitId, postId: null } : centre('any');
    case 'cityRole':
      return centre('city');
    case 'districtRole':
      return centre('district');
    default:
      return centre('any');
  }
}

/** The calendar a limit names. @throws config.noCalendar: nobody may be late by a calendar that is not there */
export function calendarOf(around: Surroundings, code: string): Calendar {
  const calendar = around.catalog.calendars.get(code);
  if (!calendar) throw problem('config.noCalendar', { code });
  return calendar;
}

/** What of the limit is gone when the lamp turns yellow (domain.md, "Clocks"). */
const WARN_SHARE = 0.8;

/** When the disposal of an assignment turns yellow and red; never while its clock stands. */
export function scheduleOf(
  around: Surroundings,
  a: AssignmentState,
): { warnAt: number | null; dueAt: number | null } {
  const clock = a.clock as ClockState;
  if (a.dueAt === null || clock.pausedAt !== null) return { warnAt: null, dueAt: null };
  return { warnAt: warningOf(calendarOf(around, a.calendar), clock), dueAt: a.dueAt };
}

/** The clock of a stage: its limit in its calendar from `at`; the disposal step runs on its assignment's clock. */
function limitOf(
  around: Surroundings,
  effect: OpenEffect,
  assignment: AssignmentState | undefined,
  at: number,
): Pick<TaskState, 'warnAt' | 'dueAt' | 'limitValue' | 'limitUnit' | 'calendar'> {
  if (effect.limit === 'dispose' && assignment) {
    return {
      ...scheduleOf(around, assignment),
      limitValue: assignment.limitValue,
      limitUnit: assignment.limitUnit,
      calendar: assignment.calendar,
    };
  }
  const stage = effect.limit ? around.catalog.stageLimits.get(effect.limit) : undefined;
  if (!stage) return { warnAt: null, dueAt: null, limitValue: null, limitUnit: null, calendar: null };
  const { value, unit } = stage;
  return {
    ...momentsOf(calendarOf(around, stage.calendar), at, stage),
    limitValue: value,
    limitUnit: unit,
    calendar: stage.calendar,
  };
}

/** When a step that was opened at `at` turns yellow and red. */
export function momentsOf(
  calendar: Calendar,
  at: number,
  { value, unit }: Limit,
): { warnAt: number; dueAt: number } {
  return {
    warnAt: addLimit(calendar, at, { value: value * WARN_SHARE, unit }),
    dueAt: addLimit(calendar, at, { value, unit }),
  };
}

/** The assignment that a step is about: that of its instance; where the drawing has none, the one in work. */
function assignmentOf({ state, assignments }: EffectTarget, effect: OpenEffect): AssignmentState | undefined {
  if (effect.items === 'assignments') return assignments.find((a) => a.id === effect.instance);
  if (effect.assign === 'districtRole') {
    return assignments.findLast((a) => a.part === 'district' && a.endedAt === null);
  }
  if (effect.assign !== 'unitOfAssignment' && effect.assign !== 'crewOfAssignment') return undefined;
  return (
    assignments.findLast((a) => a.endedAt === null && a.unitId === state.departmentId) ??
    assignments.findLast((a) => a.endedAt === null)
  );
}

/** Turns one openTask effect of the stepper into the row of a waiting task. */
async function taskFor(target: EffectTarget, effect: OpenEffect): Promise<TaskState> {
  const { around, state, at, application } = target;
  const assignment = assignmentOf(target, effect);
  const notBefore =
    effect.step === 'check' ? await checkFrom(target.platform, around.catalog, state, at) : null;
  const start = notBefore ?? at;
  const waiting = await waitingFor({ ...target, at: start }, assignment, effect);
  return {
    id: uuidv7(at),
    caseId: state.id,
    assignmentId: assignment?.id ?? null,
    applicationId: SIDE_STEPS.has(effect.step) ? (application?.id ?? null) : null,
    node: effect.node,
    token: effect.token,
    scope: effect.scope,
    step: effect.step,
    role: effect.role,
    unitId: waiting.unitId,
    postId: waiting.postId,
    claimedPostId: null,
    claimedAt: null,
    openedAt: at,
    notBefore,
    ...limitOf(around, effect, assignment, start),
    doneAt: null,
    donePostId: null,
    doneAction: null,
    overdue: false,
  };
}

/** The first thing that its clock will do: turn yellow, or red where yellow is already past. */
export function timerFor(task: TaskState): { taskId: string; fire: string; dueAt: number } | null {
  if (task.dueAt === null) return null;
  return task.warnAt !== null && task.warnAt > task.openedAt
    ? { taskId: task.id, fire: 'warn', dueAt: task.warnAt }
    : { taskId: task.id, fire: 'overdue', dueAt: task.dueAt };
}

/** Done by this post now. Overdue is a fact, whether or not the timer was there first. */
export function finishTask(task: TaskState, actor: { postId: string }, action: string, at: number): void {
  task.claimedPostId ??= actor.postId;
  task.claimedAt ??= at;
  task.doneAt = at;
  task.donePostId = actor.postId;
  task.doneAction = action;
  task.overdue ||= task.dueAt !== null && at > task.dueAt;
}

export interface EffectTarget {
  platform: Platform;
  around: Surroundings;
  state: CaseState;
  assignments: AssignmentState[];
  /** Open before the step, but for the task that was acted on. */
  others: readonly OpenTask[];
  /** What is asked for or decided now: steps beside the line hang on it. */
  application: ApplicationState | null;
  at: number;
  payload: EventPayload;
  writes: Writes;
}

/** Steps beside the line: none of them says where the case stands. */
export const SIDE_STEPS: ReadonlySet<string> = new Set([
  'approve',
  'suspend',
  'consult',
  'reopen',
  'appeal',
  'keyPatrol',
]);

/**
 * Turns the stepper's effects into the next tasks, their timers, the stage and the end of the case. A case that
 * ended leaves nothing of its main strand open: tasks are withdrawn, assignments end. Answers with the assignments
 * that it ended.
 */
export async function applyEffects(target: EffectTarget, stepped: StepResult): Promise<AssignmentState[]> {
  const { state, assignments, others, at, payload, writes } = target;
  state.tokens = stepped.state;
  const gone = new Set(
    stepped.effects.map((e) => (e.type === 'closeTask' && e.action === null ? e.token : 0)),
  );
  const opened: TaskState[] = [];
  for (const effect of stepped.effects) {
    if (effect.type === 'openTask' && !gone.has(effect.token)) opened.push(await taskFor(target, effect));
    else if (effect.type === 'end') {
      state.outcome = effect.outcome;
      state.endedAt = at;
      payload.outcome = effect.outcome;
    }
  }
  if (opened.length > 0) {
    payload.opened = [...(payload.opened ?? []), ...opened.map((t) => eventTask(t))];
    writes.opened.push(...opened);
    writes.timers.push(...opened.map((t) => timerFor(t)).filter((t) => t !== null));
  }
  armTimers(target, stepped, opened);
  const withdrawn = others.filter((t) => gone.has(t.token));
  writes.withdrawn.push(...withdrawn.map((t) => t.id));
  if (withdrawn.length > 0) {
    payload.closed = [...(payload.closed ?? []), ...withdrawn.map((t) => withdrawnTask(t, at))];
  }
  if (state.endedAt === null) {
    state.stage = stageOf([...opened, ...others.filter((t) => !gone.has(t.token))]) ?? state.stage;
    return [];
  }
  state.stage = 'ended';
  const left = assignments.filter((a) => a.endedAt === null);
  for (const a of left) endAssignment(a, 'withdrawn', at);
  return left;
}

/** Where a case stands whose departments are not equally far: at the step that is furthest from the end. */
function stageOf(open: readonly { step: string }[]): string | undefined {
  const rank = (step: string): number => {
    const found = STEPS.indexOf(step as (typeof STEPS)[number]);
    return found === -1 ? STEPS.length : found;
  };
  return open
    .map(({ step }) => step)
    .filter((step) => !SIDE_STEPS.has(step))
    .toSorted((a, b) => rank(a) - rank(b))[0];
}

/** Timers of the drawing itself (not the reminders of a task) hang on the case: what fires is their token. */
function armTimers(target: EffectTarget, stepped: StepResult, opened: readonly TaskState[]): void {
  const { around, state, assignments, others, at, writes } = target;
  for (const effect of stepped.effects) {
    if (effect.type === 'disarmTimer') {
      writes.disarmed.push({ taskId: state.id, fire: processTimer(effect.token) });
    } else if (effect.type === 'armTimer') {
      const task = [...opened, ...others].find((t) => t.token === effect.task);
      const assignment = assignments.find((a) => a.id === (effect.instance ?? task?.assignmentId));
      const dueAt = momentOf(around, effect, assignment, at);
      if (dueAt !== null) {
        const since = effect.at.kind === 'fraction' ? { since: at } : {};
        writes.timers.push({ taskId: state.id, fire: processTimer(effect.token), dueAt, ...since });
      }
    }
  }
}

export const processTimer = (token: number): string => `process:${token}`;

/** When a timer of the drawing that was armed at `at` is due; null where its limit is not known. */
export function momentOf(
  around: Surroundings,
  { at: when, limit }: Pick<Extract<Effect, { type: 'armTimer' }>, 'at' | 'limit'>,
  assignment: AssignmentState | undefined,
  at: number,
): number | null {
  switch (when.kind) {
    case 'moment':
      return Math.max(when.ms, at);
    case 'duration':
      return at + when.ms;
    case 'fraction': {
      if (limit === 'dispose' && assignment) {
        const value = assignment.limitValue * when.value;
        const unit = assignment.limitUnit as LimitUnit;
        return addLimit(calendarOf(around, assignment.calendar), at, { value, unit });
      }
      const stage = limit === null ? undefined : around.catalog.stageLimits.get(limit);
      if (!stage) return null;
      const { value, unit } = stage;
      return addLimit(calendarOf(around, stage.calendar), at, { value: value * when.value, unit });
    }
  }
}

/** An open task that nobody does any more, as the log tells it. */
export function withdrawnTask(task: OpenTask, at: number): NonNullable<EventPayload['closed']>[number] {
  const overdue = task.overdue || (task.dueAt !== null && at > task.dueAt);
  return { ...eventTask(task), action: 'withdraw', overdue };
}

/** Ends an assignment that was not passed: declined, withdrawn, left over. What was overdue stays a fact. */
export function endAssignment(a: AssignmentState, state: string, at: number): void {
  a.overdue ||= a.respondedAt === null && a.dueAt !== null && at > a.dueAt;
  a.state = state;
  a.endedAt = at;
}
