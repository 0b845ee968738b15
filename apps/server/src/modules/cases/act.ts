import type { ActionReply } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { commandHash, isUniqueViolation, replayed, type CommandMeta } from './command.ts';
import { mayActOn } from './policy.ts';
import { prepare, type ActionAsk } from './prepare.ts';
import { findReplays, firstAfter, loadTask, writeCase } from './repo.ts';
import type { Loaded } from './rows.ts';
import { isVisibleCase } from './scope.ts';
import type { TaskState } from './state.ts';

const ATTEMPTS = 5;

/**
 * One action on one task: authorize, validate, step the process, write state, log, tasks, timers, audit, outbox
 * and answer in one statement. A lost race is read again: it may have been a clock, the same key's first request,
 * or somebody whose act makes this one a conflict.
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
      const [first] = await findReplays(platform.pool, actor.personId, [meta.key]);
      if (!first) throw error;
      return replayed(first, hash);
    }
    if (attempt === ATTEMPTS) throw problem('conflict.race');
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
