import { createHash } from 'node:crypto';
import type { ActionReply } from '@wanmi/contracts';
import type { Actor } from '#platform/actor';
import { canonicalJson } from '#platform/canonical';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import type { Writes } from './rows.ts';
import type { TaskState } from './state.ts';

export type { CommandMeta };

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

export const emptyWrites = (): Writes => ({
  assignments: [],
  opened: [],
  withdrawn: [],
  timers: [],
  rescheduled: [],
  disarmed: [],
  applications: [],
  marks: [],
  links: [],
  events: [],
  media: [],
  audit: [],
  command: [],
});

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
