import type { CaseDetail, Task, TaskAction } from '@wanmi/contracts';

/**
 * What an action is about: a task that waits for this person, or the case itself (perhaps one assignment of it).
 * The version is that of the case which the person saw.
 */
export type Subject =
  | { kind: 'task'; id: string; caseId: string; version: number; task: Task }
  | { kind: 'case'; id: string; caseId: string; version: number; assignmentId: string | null };

/** An action whose form is open, about the thing as it was when the form was opened. */
export interface Asked {
  action: TaskAction;
  subject: Subject;
}

export function ofTask(task: Task): Subject {
  return { kind: 'task', id: task.id, caseId: task.caseId, version: task.version, task };
}

export function ofCase(detail: CaseDetail, assignmentId: string | null): Subject {
  return { kind: 'case', id: detail.id, caseId: detail.id, version: detail.version, assignmentId };
}

/** The same thing as it is now; nothing when it can no longer be acted on. */
export function subjectNow(asked: Asked, detail: CaseDetail): Subject | undefined {
  const { subject, action } = asked;
  if (subject.kind === 'task') {
    const now = detail.tasks.find((task) => task.id === subject.id);
    return now?.actions.some((one) => one.action === action.action) ? ofTask(now) : undefined;
  }
  const offered = detail.actions.some(
    (one) => one.action === action.action && one.assignmentId === subject.assignmentId,
  );
  return offered ? ofCase(detail, subject.assignmentId) : undefined;
}

export const keyOf = ({ action, subject }: Asked): string =>
  [subject.id, subject.kind === 'case' ? (subject.assignmentId ?? '') : '', action.action].join(':');
