import { EVENT_OF_ACTION, type ActionReply, type EventPayload, type MediaPurpose } from '@wanmi/contracts';
import {
  actionsOf,
  addLimit,
  messagesOf,
  ProcessError,
  step,
  type Action,
  type Graph,
  type ProcessState,
  type StepCommand,
  type StepResult,
} from '@wanmi/process';
import { manualFor, processOf, validateForm } from '#modules/catalog';
import { usableMedia } from '#modules/media';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import { maskedForm } from '#platform/personal';
import type { Platform } from '#platform/platform';
import type { AwaitedMessage } from './awaited.ts';
import type { Change } from './change.ts';
import { auditRow, emptyWrites, openedOf, type CommandMeta } from './command.ts';
import { dispatchesItself } from './decisions.ts';
import { assignTo } from './dispatching.ts';
import { applyEffects, calendarOf, finishTask, surroundingsOf, type Surroundings } from './effects.ts';
import { requireOtherHands } from './hands.ts';
import { MEANING, whereOf } from './meaning.ts';
import { withOf, type With } from './merging.ts';
import { hasComeBack } from './recurrence.ts';
import type { Loaded, Writes } from './rows.ts';
import {
  appendEvent,
  eventApplication,
  eventAssignment,
  eventTask,
  type CaseState,
  type LoggedEvent,
  type OpenTask,
  type TaskState,
} from './state.ts';
import { varsOf, type CaseVars } from './vars.ts';

export interface ActionAsk {
  readonly version?: number | undefined;
  readonly data: Record<string, unknown>;
}

/** What one action makes of what was read: the rows to write and the answer. */
export interface Command {
  expectedSeq: number;
  state: CaseState;
  task: TaskState | null;
  writes: Writes;
  reply: ActionReply;
  /** What it does to a second case in the same transaction. */
  with: With | null;
}

/** An answer to a task, or a message that something in the process waits for. */
export type Target =
  | { readonly task: TaskState; readonly message: null }
  | { readonly task: TaskState | null; readonly message: AwaitedMessage };

/** What is made while the command is prepared; `loaded` stays as it was read. */
interface Draft {
  readonly platform: Platform;
  readonly actor: Actor;
  readonly at: number;
  readonly loaded: Loaded;
  readonly action: string;
  readonly data: Record<string, unknown>;
  readonly state: CaseState;
  readonly task: TaskState | null;
  readonly message: AwaitedMessage | null;
  readonly writes: Writes;
}

/** Steps the process in memory: nothing is written yet. @throws action.notAllowed, form.invalid */
export async function prepare(
  platform: Platform,
  actor: Actor,
  loaded: Loaded,
  target: Target,
  action: string,
  ask: ActionAsk,
  meta: CommandMeta,
  hash: string,
): Promise<Command> {
  const at = platform.clock.now();
  const state = { ...loaded.state };
  // A message leaves the task that it was sent from as it is.
  const task = target.message || !target.task ? null : { ...target.task };
  const writes: Writes = { ...emptyWrites(), audit: [auditRow(actor, action, at, meta)] };
  const { message } = target;
  const draft = { platform, actor, at, loaded, action, data: ask.data, state, task, message, writes };
  let other: With | null = null;
  if (task && (action === 'claim' || action === 'release')) hold({ ...draft, task }, action);
  else other = await take(draft);
  const closes = loaded.state.outcome === null && state.outcome === 'closed';
  if (closes && action !== 'close') await requireOtherHands(platform, actor, state.id);
  const reply: ActionReply = {
    case: {
      id: state.id,
      caseNo: state.caseNo,
      version: state.seq,
      stage: state.stage,
      outcome: state.outcome as ActionReply['case']['outcome'],
    },
    task: answeredTask(target, writes),
    opened: openedOf(writes.opened),
  };
  if (meta.key !== null) {
    writes.command.push({ personId: actor.personId, key: meta.key, hash, status: 200, answer: reply, at });
  }
  return { expectedSeq: loaded.state.seq, state, task, writes, reply, with: other };
}

function answeredTask({ task, message }: Target, writes: Writes): ActionReply['task'] {
  if (task === null) return null;
  const open = message
    ? !writes.withdrawn.includes(task.id)
    : writes.events.some((e) => e.type === 'task.claimed' || e.type === 'task.released');
  return { id: task.id, open };
}

/** Takes a task that waits for several into one's hands, or gives it back: the process stays where it is. */
function hold(
  { actor, at, state, task, writes }: Draft & { task: TaskState },
  action: 'claim' | 'release',
): void {
  if (action === 'release' && task.claimedPostId === null) {
    throw problem('action.notAllowed', { action, step: task.step });
  }
  task.claimedPostId = action === 'claim' ? actor.postId : null;
  task.claimedAt = action === 'claim' ? at : null;
  const payload: EventPayload = { task: { id: task.id, step: task.step, action } };
  const { stage } = state;
  const type = EVENT_OF_ACTION[action];
  writes.events.push(appendEvent(state, { type, at, author: actor, from: stage, to: stage, payload }));
}

/** Which photo purpose an action's pictures have. */
const PURPOSE_OF_ACTION: Readonly<Record<string, MediaPurpose>> = {
  confirm: 'verify',
  deny: 'verify',
  respond: 'after',
  pass: 'check',
  fail: 'check',
};

/**
 * What the action means for case and assignments, then the walk to the next tasks or the end.
 * @throws task.notYet before the hours in which it is to be done
 */
async function take(draft: Draft): Promise<With | null> {
  const { platform, actor, at, loaded, action, data, state, task, message, writes } = draft;
  const around = await surroundingsOf(platform, state.cityId);
  const graph = await processOf(platform, state.processId);
  const assignments = loaded.assignments.map((a) => ({ ...a }));
  const applications = loaded.applications.map((a) => ({ ...a }));
  const assignmentId = task?.assignmentId ?? message?.assignmentId ?? null;
  const assignment = assignments.find((a) => a.id === assignmentId) ?? null;
  const others = task ? loaded.others : [...loaded.others, ...(draft.loaded.task ? [draft.loaded.task] : [])];
  const change: Change = {
    platform,
    around,
    actor,
    at,
    state,
    task,
    assignment,
    assignments,
    applications,
    others,
    data,
    writes,
    changed: new Set(),
    application: applications.find((a) => a.id === task?.applicationId) ?? null,
    add: {},
  };
  // A message is judged by the case that it found: one that brings it back to life (unmerge) came after its end.
  const { endedAt, outcome } = loaded.state;
  const asItWas = message ? { ended: endedAt !== null, outcome } : {};
  const now = (): CaseVars =>
    varsOf({
      catalog: around.catalog,
      state,
      assignments,
      application: change.application,
      data,
      inWindow: task === null || mayStillDecline(around, task, at),
      more: { autoDispatch: automaticDispatch(change, action), ...asItWas },
    });
  if (task?.notBefore && task.notBefore > at) {
    throw problem('task.notYet', { from: new Date(task.notBefore).toISOString() });
  }
  const drawn = task ? requireOffered(graph, task, action, now()) : message;
  await validateForm(platform, state.cityId, drawn?.form ?? action, data);
  const mediaIds = mediaIdsOf(data);
  if (mediaIds.length > 0) await usableMedia(platform.db, actor, mediaIds);

  const from = state.stage;
  const payload: EventPayload = {
    ...(task ? { task: { id: task.id, step: task.step, action } } : {}),
    // Nothing can be erased from the log, and departments read it.
    data: maskedForm(data),
    ...(await MEANING[action]?.(change)),
  };
  const { dispatched } = dispatchItself(change, action);
  const stepped = walk(graph, draft, change, now());
  if (task) finishTask(task, actor, action, at);
  const { application } = change;
  const target = { platform, around, state, assignments, others, application, at, payload, writes };
  for (const ended of await applyEffects(target, stepped)) change.changed.add(ended);
  dropApplications(change, payload);
  if (task) {
    payload.closed = [{ ...eventTask(task), action, overdue: task.overdue }, ...(payload.closed ?? [])];
  }
  if (writes.rescheduled.length > 0) payload.rescheduled = rescheduledTasks(others, writes);
  writes.assignments.push(...change.changed);
  const type = EVENT_OF_ACTION[action as keyof typeof EVENT_OF_ACTION] ?? `case.${action}`;
  const log = (
    entry: Pick<LoggedEvent, 'type'> & { author: Actor | null; to: string; payload: EventPayload },
  ) => writes.events.push(appendEvent(state, { at, from, ...entry }));
  if (dispatched) {
    // Two things happened: a person filed, and the system dispatched.
    const { opened, ...filed } = payload;
    log({ type, author: actor, to: 'dispatch', payload: filed });
    const own = {
      assignments: [...change.changed].map((a) => eventAssignment(a)),
      ...(opened ? { opened } : {}),
    };
    log({ type: EVENT_OF_ACTION.dispatch, author: null, to: state.stage, payload: own });
  } else {
    if (change.changed.size > 0) payload.assignments = [...change.changed].map((a) => eventAssignment(a));
    log({ type, author: actor, to: state.stage, payload });
  }
  const purpose = PURPOSE_OF_ACTION[action] ?? 'attachment';
  writes.media.push(...mediaIds.map((mediaId) => ({ mediaId, purpose, seq: state.seq, at })));
  if (dispatched || action === 'dispatch') await comeBack(change, graph, now());
  return withOf(loaded.state, change, action);
}

/** 重点巡查: the drawing says what follows where a place has come back too often. */
async function comeBack(change: Change, graph: Graph, { vars, itemVars }: CaseVars): Promise<void> {
  const { platform, around, state, assignments, application, at, writes } = change;
  const tokens = state.tokens as ProcessState;
  const awaited = messagesOf(graph, tokens, vars, { itemVars }).some((one) => one.message === 'recurred');
  if (!awaited || !(await hasComeBack(change))) return;
  const payload: EventPayload = {};
  const stepped = step(graph, tokens, { message: 'recurred' }, vars, { itemVars });
  const others = [...change.others, ...writes.opened];
  const { stage } = state;
  const target = { platform, around, state, assignments, others, application, at, payload, writes };
  await applyEffects(target, stepped);
  writes.events.push(
    appendEvent(state, { type: 'case.recurred', at, author: null, from: stage, to: state.stage, payload }),
  );
}

/** The action as it is drawn. @throws action.notAllowed */
function requireOffered(graph: Graph, task: TaskState, action: string, { vars, itemVars }: CaseVars): Action {
  const own = task.assignmentId === null ? {} : itemVars('assignments', task.assignmentId);
  const offered = actionsOf(graph, task.node, { ...vars, ...own });
  const drawn = offered.find((one) => one.action === action);
  if (!drawn) throw problem('action.notAllowed', { action, step: task.step });
  return drawn;
}

/** Whether the city dispatches by itself what is filed now. */
function automaticDispatch(change: Change, action: string): boolean {
  if (action !== 'file') return false;
  const { around, state, data } = change;
  const conditionId = (state.conditionId ?? data['conditionId']) as string | null;
  if (typeof conditionId !== 'string') return false;
  const row = manualFor(around.catalog, { conditionId, ...whereOf(state) });
  const { source, grade } = state;
  const kind = around.catalog.categoryById.get(state.categoryId ?? '')?.kind ?? 'event';
  return dispatchesItself(around.catalog, { source, kind, grade, certain: row !== null });
}

/** The system dispatches to the department that the manual names, in the same command. */
function dispatchItself(change: Change, action: string): { dispatched: boolean } {
  if (!automaticDispatch(change, action)) return { dispatched: false };
  const { around, state } = change;
  const row = manualFor(around.catalog, { conditionId: state.conditionId!, ...whereOf(state) });
  const unit = around.units.get(row?.departmentId ?? '');
  if (!unit || unit.closed) return { dispatched: false };
  assignTo(change, { unit, part: 'main', form: 'single' });
  return { dispatched: true };
}

/** What waited to be decided, and nobody needs to decide any more. */
function dropApplications(change: Change, payload: EventPayload): void {
  const gone = new Set(change.writes.withdrawn);
  for (const task of change.others) {
    if (!gone.has(task.id) || task.step !== 'approve') continue;
    const application = change.applications.find((a) => a.id === task.applicationId && a.state === 'pending');
    if (!application) continue;
    application.state = 'withdrawn';
    application.decidedAt = change.at;
    if (!change.writes.applications.includes(application)) change.writes.applications.push(application);
    payload.application ??= eventApplication(application);
  }
}

function rescheduledTasks(
  others: readonly OpenTask[],
  { rescheduled }: Writes,
): NonNullable<EventPayload['rescheduled']> {
  return rescheduled.flatMap(({ id, dueAt }) => {
    const task = others.find((t) => t.id === id);
    return task ? [eventTask({ ...task, dueAt })] : [];
  });
}

/** 拒签 has its window: a stage limit `decline` from the arrival; a city without one lets it be declined until signed. */
export function mayStillDecline(
  around: Surroundings,
  task: Pick<TaskState, 'step' | 'openedAt'>,
  at: number,
): boolean {
  if (task.step !== 'sign') return true;
  const window = around.catalog.stageLimits.get('decline');
  if (!window) return true;
  const { value, unit } = window;
  return at <= addLimit(calendarOf(around, window.calendar), task.openedAt, { value, unit });
}

/** @throws action.notAllowed where the drawing has no way for what the form says, or nothing waits for it */
function walk(graph: Graph, draft: Draft, change: Change, { vars, itemVars }: CaseVars): StepResult {
  const { action, data, state, task, message } = draft;
  const add = Object.keys(change.add).length > 0 ? { add: change.add } : {};
  const command: StepCommand = task
    ? { token: task.token, action, data, ...add }
    : {
        message: action,
        node: message!.node,
        ...(message!.instance === null ? {} : { instance: message!.instance }),
        data,
        ...add,
      };
  try {
    return step(graph, state.tokens as ProcessState, command, vars, { itemVars });
  } catch (error) {
    if (error instanceof ProcessError && NOT_ALLOWED.has(error.code)) {
      throw problem('action.notAllowed', { action, step: task?.step ?? state.stage }, { cause: error });
    }
    throw error;
  }
}

const NOT_ALLOWED: ReadonlySet<string> = new Set([
  'process.noFlow',
  'process.actionNotAllowed',
  'process.notRunning',
  'process.messageNotAwaited',
]);

function mediaIdsOf(data: Record<string, unknown>): string[] {
  const ids = data['mediaIds'];
  return Array.isArray(ids) ? [...new Set(ids as string[])] : [];
}
