import { EVENT_OF_ACTION, type ActionReply, type EventPayload, type MediaPurpose } from '@wanmi/contracts';
import { actionsOf, step, type ProcessState } from '@wanmi/process';
import { processOf, validateForm } from '#modules/catalog';
import { usableMedia } from '#modules/media';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { auditRow, emptyWrites, openedOf, type CommandMeta } from './command.ts';
import { applyEffects, finishTask, processVars, surroundingsOf } from './effects.ts';
import { MEANING } from './meaning.ts';
import type { Loaded, Writes } from './rows.ts';
import {
  appendEvent,
  eventAssignment,
  eventTask,
  type AssignmentState,
  type CaseState,
  type TaskState,
} from './state.ts';

export interface ActionAsk {
  readonly version?: number | undefined;
  readonly data: Record<string, unknown>;
}

/** What one action makes of what was read: the rows to write and the answer. */
export interface Command {
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

/** Steps the process in memory: nothing is written yet. @throws action.notAllowed, form.invalid */
export async function prepare(
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
  const writes: Writes = { ...emptyWrites(), audit: [auditRow(actor, action, at, meta)] };

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

function mediaIdsOf(data: Record<string, unknown>): string[] {
  const ids = data['mediaIds'];
  return Array.isArray(ids) ? [...new Set(ids as string[])] : [];
}
