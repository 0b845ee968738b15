import type { PoolClient } from 'pg';
import type { EventPayload } from '@wanmi/contracts';
import { armedOf, step, type ProcessState } from '@wanmi/process';
import { processOf } from '#modules/catalog';
import type { Platform } from '#platform/platform';
import { resumeWork } from './applications.ts';
import type { Situation } from './change.ts';
import { emptyWrites } from './command.ts';
import { applyEffects, surroundingsOf } from './effects.ts';
import { loadCase, writeCase } from './repo.ts';
import type { Loaded, Writes } from './rows.ts';
import { appendEvent, eventAssignment, eventTask } from './state.ts';
import type { DueTimer } from './timers.ts';
import { varsOf } from './vars.ts';

/**
 * A timer of the drawing itself: an escalation, the end of a suspension. Runs in the loop's transaction, under the
 * case's row lock; one that is not armed any more only loses its row.
 */
export async function fireProcessTimer(platform: Platform, trx: PoolClient, timer: DueTimer): Promise<void> {
  await trx.query('delete from timer where task_id = $1 and fire = $2', [timer.taskId, timer.fire]);
  const loaded = await loadCase(trx, timer.caseId, timer.cityId);
  if (!loaded) return;
  const expected = loaded.state.seq;
  const writes = await ringDrawn(platform, loaded, timer.fire);
  if (writes) await writeCase(trx, expected, loaded.state, null, writes);
}

/** What a timer of the drawing changes, `state` included; null where it is not armed any more. */
export async function ringDrawn(
  platform: Platform,
  { state, assignments, applications, others }: Loaded,
  fire: string,
): Promise<Writes | null> {
  const token = Number(fire.slice('process:'.length));
  const [around, graph] = await Promise.all([
    surroundingsOf(platform, state.cityId),
    processOf(platform, state.processId),
  ]);
  if (!armedOf(graph, state.tokens as ProcessState).some((armed) => armed.token === token)) return null;
  const at = platform.clock.now();
  const { stage } = state;
  const writes = emptyWrites();
  const { vars, itemVars } = varsOf({ catalog: around.catalog, state, assignments });
  const stepped = step(graph, state.tokens as ProcessState, { timer: token }, vars, { itemVars });
  const ended = new Set(stepped.effects.flatMap((e) => (e.type === 'closeTask' ? [e.token] : [])));
  const payload: EventPayload = {};
  const situation: Situation = {
    platform,
    around,
    at,
    state,
    task: null,
    assignment: null,
    assignments,
    applications,
    others,
    data: {},
    writes,
    changed: new Set(),
    application: null,
    add: {},
  };
  for (const task of others) {
    const application = applications.find((a) => a.id === task.applicationId);
    // The time that was granted is over: work goes on by itself.
    if (task.step === 'suspend' && ended.has(task.token) && application) {
      Object.assign(payload, resumeWork(situation, application));
    }
  }
  const target = {
    platform,
    around,
    state,
    assignments,
    others,
    application: situation.application,
    at,
    payload,
    writes,
  };
  for (const one of await applyEffects(target, stepped)) situation.changed.add(one);
  writes.assignments.push(...situation.changed);
  if (situation.changed.size > 0) {
    payload.assignments = [...situation.changed].map((a) => eventAssignment(a));
  }
  if (writes.rescheduled.length > 0) {
    payload.rescheduled = writes.rescheduled.flatMap(({ id, dueAt }) => {
      const task = others.find((t) => t.id === id);
      return task ? [eventTask({ ...task, dueAt })] : [];
    });
  }
  const type = payload.application ? 'assignment.resumed' : 'task.escalated';
  writes.events.push(appendEvent(state, { type, at, author: null, from: stage, to: state.stage, payload }));
  return writes;
}
