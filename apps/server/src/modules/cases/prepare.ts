import { EVENT_OF_ACTION, type ActionReply, type EventPayload, type MediaPurpose } from '@wanmi/contracts';
import {
  actionsOf,
  ProcessError,
  step,
  type Graph,
  type ProcessState,
  type StepResult,
} from '@wanmi/process';
import { processOf, validateForm } from '#modules/catalog';
import { usableMedia } from '#modules/media';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import { maskedForm } from '#platform/personal';
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

/** What is made while the command is prepared; `loaded` stays as it was read. */
interface Draft {
  readonly platform: Platform;
  readonly actor: Actor;
  readonly at: number;
  readonly loaded: Loaded;
  readonly action: string;
  readonly data: Record<string, unknown>;
  readonly state: CaseState;
  readonly task: TaskState;
  readonly writes: Writes;
}

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
  const state = { ...loaded.state };
  const task = { ...before };
  const writes: Writes = { ...emptyWrites(), audit: [auditRow(actor, action, at, meta)] };
  const draft = { platform, actor, at, loaded, action, data: ask.data, state, task, writes };
  if (action === 'claim' || action === 'release') hold(draft, action);
  else await take(draft);
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
  return { expectedSeq: loaded.state.seq, state, task, writes, reply };
}

/** Takes a task that waits for several into one's hands, or gives it back: the process stays where it is. */
function hold({ actor, at, state, task, writes }: Draft, action: 'claim' | 'release'): void {
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

/** Does the task: what the action means for case and assignments, then the walk to the next tasks or the end. */
async function take({
  platform,
  actor,
  at,
  loaded,
  action,
  data,
  state,
  task,
  writes,
}: Draft): Promise<void> {
  const around = await surroundingsOf(platform, state.cityId);
  const graph = await processOf(platform, state.processId);
  const vars = processVars(around, state);
  const offered = actionsOf(graph, task.node, vars).some((one) => one.action === action);
  if (!offered) throw problem('action.notAllowed', { action, step: task.step });
  await validateForm(platform, state.cityId, action, data);
  const mediaIds = mediaIdsOf(data);
  if (mediaIds.length > 0) await usableMedia(platform.db, actor, mediaIds);

  const from = state.stage;
  const assignments = loaded.assignments.map((a) => ({ ...a }));
  const changed = new Set<AssignmentState>();
  const change = { platform, around, actor, at, state, task, assignments, data, changed };
  const payload: EventPayload = {
    task: { id: task.id, step: task.step, action },
    // Nothing can be erased from the log, and departments read it.
    data: maskedForm(data),
    ...(await MEANING[action]?.(change)),
  };
  const stepped = walk(graph, state, task, action, data, vars);
  finishTask(task, actor, action, at);
  const { others } = loaded;
  const target = { platform, around, state, assignments, others, at, payload, writes };
  for (const ended of await applyEffects(target, stepped)) changed.add(ended);
  payload.closed = [{ ...eventTask(task), action, overdue: task.overdue }, ...(payload.closed ?? [])];
  if (changed.size > 0) {
    writes.assignments.push(...changed);
    payload.assignments = [...changed].map((a) => eventAssignment(a));
  }
  const type = EVENT_OF_ACTION[action as keyof typeof EVENT_OF_ACTION] ?? `case.${action}`;
  writes.events.push(appendEvent(state, { type, at, author: actor, from, to: state.stage, payload }));
  const purpose = PURPOSE_OF_ACTION[action] ?? 'attachment';
  writes.media.push(...mediaIds.map((mediaId) => ({ mediaId, purpose, seq: state.seq, at })));
}

/** @throws action.notAllowed where the drawing has no way for what the form says */
function walk(
  graph: Graph,
  state: CaseState,
  task: TaskState,
  action: string,
  data: Record<string, unknown>,
  vars: Record<string, unknown>,
): StepResult {
  const command = { token: task.token, action, data };
  try {
    return step(graph, state.tokens as ProcessState, command, { ...vars, ...state });
  } catch (error) {
    if (error instanceof ProcessError && error.code === 'process.noFlow') {
      throw problem('action.notAllowed', { action, step: task.step }, { cause: error });
    }
    throw error;
  }
}

function mediaIdsOf(data: Record<string, unknown>): string[] {
  const ids = data['mediaIds'];
  return Array.isArray(ids) ? [...new Set(ids as string[])] : [];
}
