import { createHash } from 'node:crypto';
import { EVENT_OF_ACTION, type ActionReply, type EventPayload, type MediaPurpose } from '@wanmi/contracts';
import { actionsOf, step, type ProcessState, type StepResult } from '@wanmi/process';
import { processOf, validateForm } from '#modules/catalog';
import { usableMedia } from '#modules/media';
import type { Actor } from '#platform/actor';
import { canonicalJson } from '#platform/canonical';
import { problem } from '#platform/errors';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { processVars, surroundingsOf, taskFor, timerFor, type Surroundings } from './effects.ts';
import { MEANING } from './meaning.ts';
import { mayActOn } from './policy.ts';
import { findReplay, firstAfter, loadTask, writeCase, type Loaded, type Writes } from './repo.ts';
import { isVisibleCase, type caseVisibleTo } from './scope.ts';
import {
  appendEvent,
  eventAssignment,
  eventTask,
  type AssignmentState,
  type CaseState,
  type TaskState,
} from './state.ts';

/** How a command came in: its key makes it repeatable, the rest is for the audit. */
export interface CommandMeta {
  readonly key: string | null;
  readonly requestId: string | null;
  readonly ip: string | null;
}

export interface ActionAsk {
  readonly version?: number | undefined;
  readonly data: Record<string, unknown>;
}

/** SHA-256 over what was asked: the same key with another body is a mistake of the client. */
export function commandHash(...parts: unknown[]): string {
  return createHash('sha256').update(canonicalJson(parts)).digest('hex');
}

/** The answer of the first time. @throws idempotency.mismatch when the body differs. */
export function replayed<T>(found: { hash: string; answer: unknown }, hash: string): T {
  if (found.hash !== hash) throw problem('idempotency.mismatch');
  return found.answer as T;
}

export const isUniqueViolation = (error: unknown, constraint: string): boolean =>
  (error as { code?: string }).code === '23505' &&
  String((error as { constraint?: string }).constraint).startsWith(constraint);

const ATTEMPTS = 3;

/**
 * One action on one task: authorize, validate, step the process, write state, log, tasks, timers, audit, outbox
 * and answer in one statement. A lost race is read again where the client named no version, else it is 409.
 * @throws notFound, permission.denied, task.done, task.claimed, conflict.version, action.notAllowed, form.invalid
 */
export async function actOnTask(
  platform: Platform,
  actor: Actor,
  taskId: string,
  action: string,
  ask: ActionAsk,
  meta: CommandMeta,
): Promise<ActionReply> {
  const hash = meta.key === null ? '' : commandHash(taskId, action, ask.version ?? null, ask.data);
  for (let attempt = 1; ; attempt += 1) {
    const loaded = await loadTask(platform.pool, {
      taskId,
      cityId: actor.cityId,
      personId: actor.personId,
      key: meta.key,
      forClosing: action === 'close',
    });
    if (loaded?.replay) return replayed(loaded.replay, hash);
    if (!loaded?.task) throw problem('notFound');
    const { task } = loaded;
    await requireTurn(platform, actor, loaded, task, action, ask.version);
    const command = await prepare(platform, actor, loaded, task, action, ask, meta, hash);
    try {
      const written = await writeCase(
        platform.pool,
        command.expectedSeq,
        command.state,
        command.task,
        command.writes,
      );
      if (written) return command.reply;
    } catch (error) {
      // The same key twice at once: the second waits for the first one's commit and takes its answer.
      if (meta.key === null || !isUniqueViolation(error, 'command_pkey')) throw error;
      const first = await findReplay(platform.pool, actor.personId, meta.key);
      if (!first) throw error;
      return replayed(first, hash);
    }
    if (ask.version !== undefined || attempt === ATTEMPTS) throw problem('conflict.race');
  }
}

/** Whose turn it is; what somebody may not see is not found. */
async function requireTurn(
  platform: Platform,
  actor: Actor,
  loaded: Loaded,
  task: TaskState,
  action: string,
  version: number | undefined,
): Promise<void> {
  const { state } = loaded;
  if (!mayActOn(actor, task, state)) {
    throw problem((await isVisibleCase(platform.db, actor, state.id)) ? 'permission.denied' : 'notFound');
  }
  if (task.doneAt !== null) {
    throw problem('task.done', {
      action: task.doneAction,
      mine: task.donePostId === actor.postId,
      version: state.seq,
    });
  }
  if (task.claimedPostId !== null && task.claimedPostId !== actor.postId) {
    throw problem('task.claimed', { postId: task.claimedPostId });
  }
  if (version !== undefined && version !== state.seq) {
    const first = await firstAfter(platform.pool, state.id, version);
    // A clock that rang meanwhile is nobody's act: what the user saw still holds.
    if (first || version > state.seq) {
      throw problem('conflict.version', { seen: version, current: state.seq, ...first });
    }
  }
  // 派遣 and 结案 of one case are never one person's (domain.md, "Two centres").
  if (action === 'close' && loaded.dispatchedByActor) throw problem('permission.sameCentre');
}

export function keysOf({ state, task, assignments }: Loaded): Parameters<typeof caseVisibleTo>[1] {
  return {
    cityId: state.cityId,
    districtId: state.districtId,
    streetId: state.streetId,
    communityId: state.communityId,
    patrolGridId: state.patrolGridId,
    unitIds: assignments.flatMap((a) => (a.crewId ? [a.unitId, a.crewId] : [a.unitId])),
    postIds: [state.collectorPostId, task?.postId ?? null].filter((id) => id !== null),
  };
}

interface Command {
  expectedSeq: number;
  state: CaseState;
  task: TaskState;
  writes: Writes;
  reply: ActionReply;
}

/** Which photo purpose an action's pictures have. */
const PURPOSE_OF_ACTION: Readonly<Record<string, MediaPurpose>> = {
  confirm: 'verify',
  deny: 'verify',
  respond: 'after',
  pass: 'check',
  fail: 'check',
};

async function prepare(
  platform: Platform,
  actor: Actor,
  loaded: Loaded,
  before: TaskState,
  action: string,
  ask: ActionAsk,
  meta: CommandMeta,
  hash: string,
): Promise<Command> {
  const at = platform.clock.now();
  const expectedSeq = loaded.state.seq;
  const state = { ...loaded.state };
  const task = { ...before };
  const writes: Writes = {
    assignments: [],
    opened: [],
    timers: [],
    events: [],
    media: [],
    audit: [auditRow(actor, action, at, meta)],
    command: [],
  };

  if (action === 'claim' || action === 'release') {
    claimOrRelease(actor, task, action, at);
    writes.events.push(
      appendEvent(state, {
        type: EVENT_OF_ACTION[action],
        at,
        author: actor,
        from: state.stage,
        to: state.stage,
        payload: { task: { id: task.id, step: task.step, action } },
      }),
    );
  } else {
    const around = await surroundingsOf(platform, state.cityId);
    const graph = await processOf(platform, state.processId);
    const vars = processVars(around, state);
    const offered = actionsOf(graph, task.node, vars).find((one) => one.action === action);
    if (!offered) throw problem('action.notAllowed', { action, step: task.step });
    await validateForm(platform, state.cityId, action, ask.data);
    const mediaIds = mediaIdsOf(ask.data);
    if (mediaIds.length > 0) await usableMedia(platform.db, actor, mediaIds);

    const assignments = loaded.assignments.map((a) => ({ ...a }));
    const change = {
      platform,
      around,
      actor,
      at,
      state,
      task,
      assignments,
      data: ask.data,
      changed: new Set<AssignmentState>(),
    };
    const payload: EventPayload = {
      task: { id: task.id, step: task.step, action },
      data: ask.data,
      ...(await MEANING[action]?.(change)),
    };
    const stepped = step(
      graph,
      state.tokens as ProcessState,
      { token: task.token, action, data: ask.data },
      { ...vars, ...state },
    );
    finishTask(task, actor, action, at);
    const from = state.stage;
    await applyEffects({ platform, around, state, assignments, at, payload, writes }, stepped);
    payload.closed = [{ ...eventTask(task), action, overdue: task.overdue }];
    if (change.changed.size > 0) {
      writes.assignments.push(...change.changed);
      payload.assignments = [...change.changed].map((a) => eventAssignment(a));
    }
    writes.events.push(
      appendEvent(state, {
        type: EVENT_OF_ACTION[action as keyof typeof EVENT_OF_ACTION] ?? `case.${action}`,
        at,
        author: actor,
        from,
        to: state.stage,
        payload,
      }),
    );
    const purpose = PURPOSE_OF_ACTION[action] ?? 'attachment';
    writes.media.push(...mediaIds.map((mediaId) => ({ mediaId, purpose, seq: state.seq, at })));
  }

  const reply: ActionReply = {
    case: {
      id: state.id,
      caseNo: state.caseNo,
      version: state.seq,
      stage: state.stage,
      outcome: state.outcome as ActionReply['case']['outcome'],
    },
    task: { id: task.id, open: task.doneAt === null },
    opened: openedOf(writes.opened),
  };
  if (meta.key !== null) {
    writes.command.push({ personId: actor.personId, key: meta.key, hash, status: 200, answer: reply, at });
  }
  return { expectedSeq, state, task, writes, reply };
}

/** The tasks that wait now because of a command. */
export function openedOf(tasks: readonly TaskState[]): ActionReply['opened'] {
  return tasks
    .filter((t) => t.doneAt === null)
    .map((t) => ({
      id: t.id,
      step: t.step,
      role: t.role as ActionReply['opened'][number]['role'],
      dueAt: t.dueAt === null ? null : new Date(t.dueAt).toISOString(),
    }));
}

export function auditRow(
  actor: Actor,
  action: string,
  at: number,
  meta: CommandMeta,
): Writes['audit'][number] {
  return {
    id: uuidv7(at),
    at,
    personId: actor.personId,
    postId: actor.postId,
    action: `case.${action}`,
    requestId: meta.requestId,
    ip: meta.ip,
  };
}

function claimOrRelease(actor: Actor, task: TaskState, action: string, at: number): void {
  if (action === 'claim') {
    task.claimedPostId = actor.postId;
    task.claimedAt = at;
  } else {
    if (task.claimedPostId === null) throw problem('action.notAllowed', { action, step: task.step });
    task.claimedPostId = null;
    task.claimedAt = null;
  }
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

export function mediaIdsOf(data: Record<string, unknown>): string[] {
  const ids = data['mediaIds'];
  return Array.isArray(ids) ? [...new Set(ids as string[])] : [];
}

interface EffectTarget {
  platform: Platform;
  around: Surroundings;
  state: CaseState;
  assignments: AssignmentState[];
  at: number;
  payload: EventPayload;
  writes: Writes;
}

/** Turns the stepper's effects into the next tasks, their timers, the stage and the end of the case. */
export async function applyEffects(target: EffectTarget, stepped: StepResult): Promise<void> {
  const { platform, around, state, assignments, at, payload, writes } = target;
  state.tokens = stepped.state;
  const opened: TaskState[] = [];
  for (const effect of stepped.effects) {
    if (effect.type === 'openTask') {
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
    state.stage = opened[0]!.step;
  }
  if (state.endedAt !== null) state.stage = 'ended';
}
