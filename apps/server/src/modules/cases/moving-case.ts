import type { EventPayload, MoveChangeCode, MoveProblemCode } from '@wanmi/contracts';
import type { Effect, Graph, Mover, ProcessState } from '@wanmi/process';
import { Problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { emptyWrites } from './command.ts';
import { applyEffects, withdrawnTask, type EffectTarget, type Surroundings } from './effects.ts';
import type { Loaded, Writes } from './rows.ts';
import { appendEvent, type CaseState, type OpenTask } from './state.ts';
import { varsOf } from './vars.ts';

/** From which version to which, and by which map. */
export interface Moving {
  readonly platform: Platform;
  readonly around: Surroundings;
  readonly cityId: string;
  readonly fromId: string;
  readonly toId: string;
  readonly from: Graph;
  readonly to: Graph;
  readonly mover: Mover;
  readonly mapHash: string;
}

export interface Found<Code> {
  readonly code: Code;
  readonly node: string | null;
  readonly to: string | null;
}

/** What moving one case would write; or why it stays. */
export type CaseMove =
  | {
      readonly state: CaseState;
      readonly writes: Writes;
      /** Open tasks that stay with who has them, on a node of another name. */
      readonly renamed: readonly { readonly id: string; readonly node: string }[];
      readonly changes: readonly Found<MoveChangeCode>[];
      readonly problems: readonly [];
    }
  | { readonly state: null; readonly problems: readonly Found<MoveProblemCode>[] };

/** Steps nothing and writes nothing: the trial and the move itself ask the same. */
export async function moveOfCase(moving: Moving, loaded: Loaded, at: number): Promise<CaseMove> {
  const { around, mover } = moving;
  const { assignments } = loaded;
  const state = { ...loaded.state };
  const { vars, itemVars } = varsOf({ catalog: around.catalog, state, assignments });
  const result = mover.move(state.tokens as ProcessState, vars, { itemVars });
  if (!result.moved) return { state: null, problems: result.problems };
  const { moved } = result;
  const taskOf = new Map(loaded.others.map((task) => [task.token, task]));
  const reopened = new Set(moved.reopened.map(({ token }) => token));
  const { stage } = state;
  const writes = emptyWrites();
  const payload: EventPayload = {
    process: { from: moving.fromId, to: moving.toId, mapHash: moving.mapHash },
  };
  const target: EffectTarget = {
    platform: moving.platform,
    around,
    state,
    assignments: assignments.map((a) => ({ ...a })),
    others: loaded.others.filter(({ token }) => !reopened.has(token)),
    application: null,
    at,
    payload,
    writes,
  };
  for (const effect of moved.reopened) {
    try {
      await reopen(target, loaded, taskOf.get(effect.token), effect, moved.state);
    } catch (error) {
      // Nobody there to wait for; everything else is a fault of ours.
      if (!(error instanceof Problem)) throw error;
      return { state: null, problems: [{ code: 'nobody', node: effect.node, to: effect.node }] };
    }
  }
  const timers: Effect[] = [
    ...moved.disarmed.map((token) => ({ type: 'disarmTimer' as const, token })),
    ...moved.armed,
  ];
  const others = [...target.others, ...writes.opened];
  await applyEffects({ ...target, others }, { state: moved.state, effects: timers });
  writes.events.push(
    appendEvent(state, { type: 'process.migrated', at, author: null, from: stage, to: state.stage, payload }),
  );
  const renamed = moved.tasks.flatMap(({ token, from, to }) => {
    const task = taskOf.get(token);
    return task && from !== to && !reopened.has(token) ? [{ id: task.id, node: to }] : [];
  });
  return { state, writes, renamed, changes: moved.changes, problems: [] };
}

/** Another piece of work takes the place of the one that lay there: that one is nobody's any more. */
async function reopen(
  target: EffectTarget,
  loaded: Loaded,
  old: OpenTask | undefined,
  effect: Effect,
  state: ProcessState,
): Promise<void> {
  const { payload, writes, at } = target;
  const application = loaded.applications.find((one) => one.id === old?.applicationId) ?? null;
  await applyEffects({ ...target, application }, { state, effects: [effect] });
  if (!old) return;
  writes.withdrawn.push(old.id);
  payload.closed = [...(payload.closed ?? []), withdrawnTask(old, at)];
}
