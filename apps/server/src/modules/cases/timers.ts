import type { PoolClient } from 'pg';
import type { Platform } from '#platform/platform';
import { loadTask } from './repo.ts';
import { strandedHeir } from './handover.ts';
import { fireProcessTimer } from './process-timer.ts';
import { ringsLater } from './recomputing.ts';
import type { Loaded } from './rows.ts';
import {
  appendEvent,
  eventAssignment,
  eventTask,
  type AssignmentState,
  type LoggedEvent,
  type TaskState,
} from './state.ts';

/** A due row of `timer`, claimed by the loop inside its transaction. */
export interface DueTimer {
  readonly taskId: string;
  readonly caseId: string;
  readonly cityId: string;
  readonly fire: string;
  readonly dueAt: Date;
}

/**
 * A clock that ran out: 80 % of a limit (`warn`) or all of it (`overdue`). Writes the fact to the log, marks the
 * task and its assignment, and re-arms or removes the timer, all in the loop's transaction. A task that was done
 * meanwhile only loses its timer.
 */
export async function fireTimer(platform: Platform, trx: PoolClient, timer: DueTimer): Promise<void> {
  await trx.query('select 1 from "case" where id = $1 for update', [timer.caseId]);
  if (timer.fire.startsWith('process:')) return fireProcessTimer(platform, trx, timer);
  const loaded = await loadTask(trx, {
    taskId: timer.taskId,
    cityId: timer.cityId,
    personId: null,
    key: null,
    forClosing: false,
  });
  const task = loaded?.task;
  const at = platform.clock.now();
  const waits = loaded && task?.doneAt === null;
  if (waits && (await ringsLater(platform, trx, loaded, timer.fire, at))) return;
  await trx.query('delete from timer where task_id = $1 and fire = $2', [timer.taskId, timer.fire]);
  if (!loaded || !task || task.doneAt !== null) return;
  const { state } = loaded;
  const { event, heir, overdue, assignment } = await ring(platform, { ...loaded, task }, timer.fire);
  await trx.query(
    `insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
     values ($1, $2, $3, $4, $5, null, null, $6, $7, $8)`,
    [
      state.id,
      event.seq,
      state.cityId,
      event.type,
      new Date(event.at),
      event.body,
      event.hash,
      event.algorithm,
    ],
  );
  await trx.query('update "case" set seq = $2, head = $3 where id = $1', [state.id, state.seq, state.head]);
  await trx.query(`insert into outbox (city_id, at, topic, case_id, seq) values ($1, $2, 'case', $3, $4)`, [
    state.cityId,
    new Date(event.at),
    state.id,
    event.seq,
  ]);
  if (heir) {
    await trx.query('update task set unit_id = $2, post_id = $3, claimed_post_id = null where id = $1', [
      task.id,
      heir.unitId,
      heir.postId,
    ]);
  }
  if (overdue) {
    await trx.query('update task set overdue = true where id = $1', [task.id]);
    if (assignment) await trx.query('update assignment set overdue = true where id = $1', [assignment.id]);
  } else if (task.dueAt !== null) {
    await trx.query(
      `insert into timer (task_id, fire, city_id, case_id, due_at) values ($1, 'overdue', $2, $3, $4)`,
      [task.id, timer.cityId, timer.caseId, new Date(task.dueAt)],
    );
  }
}

/** What a clock that ran out says of its task, and of the assignment that hangs on it: nothing is written yet. */
export async function ring(
  platform: Platform,
  { state, task, assignments }: Pick<Loaded, 'state' | 'assignments'> & { task: TaskState },
  fire: string,
): Promise<{
  event: LoggedEvent;
  heir: { postId: string | null; unitId: string | null } | null;
  overdue: boolean;
  assignment: AssignmentState | undefined;
}> {
  const overdue = fire === 'overdue';
  if (overdue) task.overdue = true;
  const assignment =
    overdue && task.step === 'dispose'
      ? assignments.find((a) => a.id === task.assignmentId && !a.overdue)
      : undefined;
  if (assignment) assignment.overdue = true;
  const heir = await strandedHeir(platform, task, state);
  if (heir) Object.assign(task, heir, { claimedPostId: null });
  const event = appendEvent(state, {
    type: overdue ? 'task.overdue' : 'task.warned',
    at: platform.clock.now(),
    author: null,
    from: state.stage,
    to: state.stage,
    payload: {
      task: { id: task.id, step: task.step, action: fire },
      ...(heir ? { moved: [eventTask(task)] } : {}),
      ...(assignment ? { assignments: [eventAssignment(assignment)] } : {}),
    },
  });
  return { event, heir, overdue, assignment };
}
