import type { EventPayload } from '@wanmi/contracts';
import {
  addLimit,
  warningOf,
  type ClockState,
  type Effect,
  type Calendar,
  type StepResult,
} from '@wanmi/process';
import { catalogOf, type Catalog } from '#modules/catalog';
import { collectorOfGrid, unitsOf, type UnitInfo } from '#modules/org';
import { problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { Writes } from './rows.ts';
import { eventTask, type AssignmentState, type CaseState, type OpenTask, type TaskState } from './state.ts';

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

/**
 * The centre of that kind that serves a case: its district's own, else the city's. Which levels have a centre is
 * the city's configuration (domain.md, "Two centres").
 */
function centreFor(around: Surroundings, kind: string, state: CaseState): string {
  let ofCity: string | null = null;
  let first: string | null = null;
  for (const unit of around.units.values()) {
    if (unit.kind !== kind || unit.closed) continue;
    if (unit.regionId !== null && unit.regionId === state.districtId) return unit.id;
    first ??= unit.id;
    if (ofCity === null && !around.units.get(unit.parentId ?? '')?.kind.endsWith('Centre')) ofCity = unit.id;
  }
  // Patrol teams stand under a centre: a case of no known district goes to the first of them.
  const found = ofCity ?? first;
  if (found === null) throw problem('config.noUnit', { kind });
  return found;
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

/** The unit, and where it is certain the post, that a step waits for. */
async function waitingFor(
  platform: Platform,
  around: Surroundings,
  state: CaseState,
  assignment: AssignmentState | undefined,
  effect: OpenEffect,
  at: number,
): Promise<Waiting> {
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
      return { unitId: assignment.crewId, postId: assignment.crewPostId };
    default:
      return {
        unitId: centreFor(around, CENTRE_OF_ROLE[effect.role] ?? 'supervisionCentre', state),
        postId: null,
      };
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

/** The clock of a stage: its limit in its calendar from `at`; the disposal step runs on its assignment's clock. */
function limitOf(
  around: Surroundings,
  effect: OpenEffect,
  assignment: AssignmentState | undefined,
  at: number,
): Pick<TaskState, 'warnAt' | 'dueAt' | 'limitValue' | 'limitUnit'> {
  if (effect.limit === 'dispose' && assignment) {
    const calendar = calendarOf(around, assignment.calendar);
    return {
      warnAt: assignment.dueAt === null ? null : warningOf(calendar, assignment.clock as ClockState),
      dueAt: assignment.dueAt,
      limitValue: assignment.limitValue,
      limitUnit: assignment.limitUnit,
    };
  }
  const stage = effect.limit ? around.catalog.stageLimits.get(effect.limit) : undefined;
  if (!stage) return { warnAt: null, dueAt: null, limitValue: null, limitUnit: null };
  const calendar = calendarOf(around, stage.calendar);
  const { value, unit } = stage;
  return {
    warnAt: addLimit(calendar, at, { value: value * WARN_SHARE, unit }),
    dueAt: addLimit(calendar, at, { value, unit }),
    limitValue: value,
    limitUnit: unit,
  };
}

/** Turns one openTask effect of the stepper into the row of a waiting task. */
export async function taskFor(
  platform: Platform,
  around: Surroundings,
  state: CaseState,
  assignment: AssignmentState | undefined,
  effect: OpenEffect,
  at: number,
): Promise<TaskState> {
  const waiting = await waitingFor(platform, around, state, assignment, effect, at);
  return {
    id: uuidv7(at),
    caseId: state.id,
    assignmentId:
      effect.assign === 'unitOfAssignment' || effect.assign === 'crewOfAssignment'
        ? (assignment?.id ?? null)
        : null,
    node: effect.node,
    token: effect.token,
    step: effect.step,
    role: effect.role,
    unitId: waiting.unitId,
    postId: waiting.postId,
    claimedPostId: null,
    claimedAt: null,
    openedAt: at,
    ...limitOf(around, effect, assignment, at),
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

/** The variables that flows of the process may ask for. */
export function processVars(
  around: Surroundings,
  state: Pick<CaseState, 'source' | 'kind'>,
): Record<string, unknown> {
  const { catalog } = around;
  return {
    source: state.source,
    kind: state.kind,
    verify: catalog.sources.get(state.source)?.verify ?? true,
    autoAccept: catalog.settings.autoAccept,
    autoSendVerify: catalog.settings.autoSendVerify,
    autoSendCheck: catalog.settings.autoSendCheck,
  };
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

interface EffectTarget {
  platform: Platform;
  around: Surroundings;
  state: CaseState;
  assignments: AssignmentState[];
  /** Open before the step, but for the task that was acted on. */
  others: readonly OpenTask[];
  at: number;
  payload: EventPayload;
  writes: Writes;
}

/**
 * Turns the stepper's effects into the next tasks, their timers, the stage and the end of the case. A case that
 * ended leaves nothing open: tasks are withdrawn, assignments end. Answers with the assignments that it ended.
 */
export async function applyEffects(target: EffectTarget, stepped: StepResult): Promise<AssignmentState[]> {
  const { platform, around, state, assignments, others, at, payload, writes } = target;
  state.tokens = stepped.state;
  const gone = new Set(
    stepped.effects.map((e) => (e.type === 'closeTask' && e.action === null ? e.token : 0)),
  );
  const opened: TaskState[] = [];
  for (const effect of stepped.effects) {
    if (effect.type === 'openTask' && !gone.has(effect.token)) {
      const assignment = assignments.findLast((a) => a.endedAt === null);
      opened.push(await taskFor(platform, around, state, assignment, effect, at));
    } else if (effect.type === 'end') {
      state.outcome = effect.outcome;
      state.endedAt = at;
      payload.outcome = effect.outcome as NonNullable<EventPayload['outcome']>;
    }
  }
  if (opened.length > 0) {
    payload.opened = opened.map((t) => eventTask(t));
    writes.opened.push(...opened);
    writes.timers.push(...opened.map((t) => timerFor(t)).filter((t) => t !== null));
  }
  const withdrawn = others.filter((t) => gone.has(t.token));
  writes.withdrawn.push(...withdrawn.map((t) => t.id));
  if (withdrawn.length > 0) payload.closed = withdrawn.map((t) => withdrawnTask(t, at));
  if (state.endedAt === null) {
    // Where the process forked, a branch may end while another waits: that is where the case stands.
    state.stage = (opened[0] ?? others.find((t) => !gone.has(t.token)))?.step ?? state.stage;
    return [];
  }
  state.stage = 'ended';
  const left = assignments.filter((a) => a.endedAt === null);
  for (const a of left) endAssignment(a, 'withdrawn', at);
  return left;
}

function withdrawnTask(task: OpenTask, at: number): NonNullable<EventPayload['closed']>[number] {
  const overdue = task.overdue || (task.dueAt !== null && at > task.dueAt);
  return { ...eventTask(task), action: 'withdraw', overdue };
}

/** Ends an assignment that was not passed: declined, withdrawn, left over. What was overdue stays a fact. */
export function endAssignment(a: AssignmentState, state: string, at: number): void {
  a.overdue ||= a.respondedAt === null && a.dueAt !== null && at > a.dueAt;
  a.state = state;
  a.endedAt = at;
}
