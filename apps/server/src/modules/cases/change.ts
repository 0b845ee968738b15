import type { EventPayload } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { scheduleOf, type Surroundings } from './effects.ts';
import type { Writes } from './rows.ts';
import type { ApplicationState, AssignmentState, CaseState, OpenTask, TaskState } from './state.ts';

/** What a command, or a clock, may change beside walking the process on. */
export interface Situation {
  readonly platform: Platform;
  readonly around: Surroundings;
  readonly at: number;
  readonly state: CaseState;
  /** The task that is answered; null where the action is on the case itself. */
  readonly task: TaskState | null;
  /** The assignment that it is about, where it is certain. */
  readonly assignment: AssignmentState | null;
  readonly assignments: AssignmentState[];
  readonly applications: ApplicationState[];
  readonly others: readonly OpenTask[];
  readonly data: Record<string, unknown>;
  readonly writes: Writes;
  /** Assignments to write. */
  readonly changed: Set<AssignmentState>;
  /** What is asked for or decided; steps beside the line hang on it. */
  application: ApplicationState | null;
  /** New instances of activities that run. */
  add: Record<string, string[]>;
}

/** Somebody does it. */
export interface Change extends Situation {
  readonly actor: Actor;
}

export type Meaning = (change: Change) => Promise<Partial<EventPayload>> | Partial<EventPayload>;

/**
 * The assignment that the action is about. Where the shift leader had it checked once more before closing, it is the
 * one that had passed.
 */
export function assignmentOf(change: Situation): AssignmentState {
  const { assignments, assignment } = change;
  const found =
    assignment ??
    assignments.findLast((a) => a.endedAt === null && a.part !== 'district') ??
    assignments.findLast((a) => a.state === 'passed');
  // A city's own drawing may offer it before anything was dispatched
  if (!found) throw problem('action.notAllowed', { reason: 'noAssignment' });
  change.changed.add(found);
  return found;
}

/** The deadline of a disposal has moved, or stands: its open task and its timers follow. */
export function reschedule(change: Situation, a: AssignmentState): void {
  const { around, at, others, writes } = change;
  const { warnAt, dueAt } = scheduleOf(around, a);
  for (const task of others) {
    if (task.assignmentId !== a.id || task.step !== 'dispose') continue;
    writes.rescheduled.push({ id: task.id, warnAt, dueAt });
    // Rung once is rung: what is overdue stays a fact, and does not ring again for a deadline that has passed.
    const fire = dueAt === null || at >= dueAt ? null : warnAt !== null && at < warnAt ? 'warn' : 'overdue';
    if (fire !== null && dueAt !== null) {
      writes.timers.push({ taskId: task.id, fire, dueAt: fire === 'warn' ? warnAt! : dueAt });
    }
    for (const other of ['warn', 'overdue']) {
      if (other !== fire) writes.disarmed.push({ taskId: task.id, fire: other });
    }
  }
}
