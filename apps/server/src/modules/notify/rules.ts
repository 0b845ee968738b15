import { createHash } from 'node:crypto';
import type { EventBody } from '@wanmi/contracts';

/** What is to be told, and to whom; who that is may still have to be looked up. */
export interface Announcement {
  readonly kind: string;
  readonly event: EventBody;
  readonly taskId: string | null;
  readonly step: string | null;
  readonly to:
    | { readonly post: string }
    /** Whoever the task waits for when this is told. */
    | { readonly waitingFor: string }
    | { readonly collectorOf: string };
}

/**
 * Which entries of the log are told to somebody. A task that waits for a whole centre is told to nobody by name:
 * its people have it in their box, and the live frame says that the box has changed.
 */
export function announce(event: EventBody): Announcement[] {
  const { payload, type } = event;
  const told: Announcement[] = [];
  for (const task of [...(payload.opened ?? []), ...(payload.moved ?? [])]) {
    if (task.postId === null) continue;
    told.push({ kind: 'task.opened', event, taskId: task.id, step: task.step, to: { post: task.postId } });
  }
  if ((type === 'task.warned' || type === 'task.overdue') && payload.task) {
    const { id, step } = payload.task;
    told.push({ kind: type, event, taskId: id, step, to: { waitingFor: id } });
  }
  if (payload.outcome) {
    told.push({ kind: type, event, taskId: null, step: null, to: { collectorOf: event.caseId } });
  }
  // Who did it knows it.
  return told.filter(({ to }) => !('post' in to) || to.post !== event.postId);
}

/**
 * The id of a notice, made from what it tells to whom: an entry that is seen twice tells nobody twice. A UUIDv7 of
 * the entry's time, so that a post's notices order by it.
 */
export function noticeId({ kind, event, taskId }: Announcement, postId: string): string {
  const ms = Date.parse(event.at).toString(16).padStart(12, '0');
  const rest = createHash('sha256')
    .update([event.caseId, event.seq, kind, taskId, postId].join(' '))
    .digest('hex');
  const variant = ((Number.parseInt(rest[3]!, 16) & 0x3) | 0x8).toString(16);
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${rest.slice(0, 3)}-${variant}${rest.slice(4, 7)}-${rest.slice(7, 19)}`;
}
