import type { ActionReply } from '@wanmi/contracts';
import { nodeOf } from '@wanmi/process';
import { processOf } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { awaitedBy, type AwaitedMessage } from './awaited.ts';
import { commandHash, isUniqueViolation, replayed, type CommandMeta } from './command.ts';
import { surroundingsOf } from './effects.ts';
import { writeBoth } from './merging.ts';
import { mayActOn } from './policy.ts';
import { prepare, type ActionAsk, type Command, type Target } from './prepare.ts';
import { findReplays, firstAfter, loadCase } from './repo.ts';
import type { Loaded } from './rows.ts';
import { isVisibleCase } from './scope.ts';
import type { TaskState } from './state.ts';
import { loadTaskSoon, writeCaseSoon } from './together.ts';
import { varsOf } from './vars.ts';

const ATTEMPTS = 5;

/**
 * One action on one task: authorize, validate, step the process, write state, log, tasks, timers, audit, outbox
 * and answer in one statement. What is asked for beside the task (an extension, say) may be sent from it too.
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
  return insist(platform, actor, meta, hash, async () => {
    const loaded = await loadTaskSoon(platform.pool, {
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
    const target = await targetOf(platform, actor, loaded, task, action);
    return prepare(platform, actor, loaded, target, action, ask, meta, hash);
  });
}

/**
 * One action on the case itself: something beside the tasks that its process waits for (supervise, apply, merge,
 * void, reopen …). `assignmentId` says which assignment it is about where the actor answers for several.
 * @throws notFound, action.notAllowed, action.whichAssignment, conflict.version, form.invalid
 */
export async function actOnCase(
  platform: Platform,
  actor: Actor,
  caseId: string,
  action: string,
  ask: ActionAsk & { assignmentId?: string | undefined },
  meta: CommandMeta,
): Promise<ActionReply> {
  const { assignmentId = null } = ask;
  const hash =
    meta.key === null ? '' : commandHash(caseId, action, ask.version ?? null, assignmentId, ask.data);
  return insist(platform, actor, meta, hash, async () => {
    const loaded = await loadCase(platform.pool, caseId, actor.cityId, {
      personId: actor.personId,
      key: meta.key,
    });
    if (loaded?.replay) return replayed(loaded.replay, hash);
    if (!loaded || !(await isVisibleCase(platform.db, actor, caseId))) throw problem('notFound');
    await requireSeen(platform, loaded, ask.version);
    const awaited = (await messagesFor(platform, actor, loaded)).filter((one) => one.action === action);
    const [message, ...more] =
      assignmentId === null ? awaited : awaited.filter((one) => one.assignmentId === assignmentId);
    if (!message) throw problem('action.notAllowed', { action, step: loaded.state.stage });
    if (more.length > 0) throw problem('action.whichAssignment', { action });
    return prepare(platform, actor, loaded, { task: null, message }, action, ask, meta, hash);
  });
}

/** A lost race is read again: a clock, the same key's first request, or somebody whose act makes this a conflict. */
async function insist(
  platform: Platform,
  actor: Actor,
  meta: CommandMeta,
  hash: string,
  attempt: () => Promise<Command | ActionReply>,
): Promise<ActionReply> {
  for (let n = 1; ; n += 1) {
    const command = await attempt();
    if (!('writes' in command)) return command;
    try {
      if (await write(platform, actor, command)) return command.reply;
    } catch (error) {
      // The same key twice at once: the second waits for the first one's commit and takes its answer.
      if (meta.key === null || !isUniqueViolation(error, 'command_pkey')) throw error;
      const [first] = await findReplays(platform.pool, actor.personId, [meta.key]);
      if (!first) throw error;
      return replayed(first, hash);
    }
    if (n === ATTEMPTS) throw problem('conflict.race');
  }
}

function write(platform: Platform, actor: Actor, command: Command): Promise<boolean> {
  return command.with ? writeBoth(platform, actor, command) : writeCaseSoon(platform.pool, command);
}

/** Whether the action answers the task, or is something else that its process waits for meanwhile. */
async function targetOf(
  platform: Platform,
  actor: Actor,
  loaded: Loaded,
  task: TaskState,
  action: string,
): Promise<Target> {
  if (action === 'claim' || action === 'release') return { task, message: null };
  const graph = await processOf(platform, loaded.state.processId);
  const node = nodeOf(graph, task.node);
  if (node?.kind === 'task' && node.actions.some((one) => one.action === action))
    return { task, message: null };
  const awaited = (await messagesFor(platform, actor, loaded)).filter((one) => one.action === action);
  const message =
    awaited.find((one) => one.assignmentId === task.assignmentId) ??
    (awaited.length === 1 ? awaited[0] : undefined);
  if (!message) throw problem('action.notAllowed', { action, step: task.step });
  return { task, message };
}

async function messagesFor(platform: Platform, actor: Actor, loaded: Loaded): Promise<AwaitedMessage[]> {
  const { state, assignments } = loaded;
  const [around, graph] = await Promise.all([
    surroundingsOf(platform, state.cityId),
    processOf(platform, state.processId),
  ]);
  return awaitedBy(actor, graph, state, assignments, varsOf({ catalog: around.catalog, state, assignments }));
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
  await requireSeen(platform, loaded, version);
  // 派遣 and 结案 of one case are never one person's (domain.md, "Two centres").
  if (action === 'close' && loaded.dispatchedByActor) throw problem('permission.sameCentre');
}

async function requireSeen(
  platform: Platform,
  { state }: Loaded,
  version: number | undefined,
): Promise<void> {
  if (version === undefined || version === state.seq) return;
  const first = await firstAfter(platform.pool, state.id, version, state.seq);
  // A clock that rang meanwhile is nobody's act: what the user saw still holds.
  if (first || version > state.seq) {
    throw problem('conflict.version', { seen: version, current: state.seq, ...first });
  }
}
