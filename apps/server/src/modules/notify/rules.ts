import { createHash } from 'node:crypto';
import type { EventBody, Outcome } from '@wanmi/contracts';

/** Who is told; who that is may still have to be looked up. */
export type Audience =
  | { readonly post: string }
  /** Whoever the task waits for when this is told. */
  | { readonly waitingFor: string }
  /** The collectors whose reports are in the case, or everybody who brought one of them in. */
  | { readonly reportersOf: string; readonly all: boolean }
  | { readonly applicant: string }
  /** The posts that its open tasks wait for, and the departments that have it. */
  | { readonly workersOf: string }
  | { readonly holdersOf: string }
  /** Whose word counts for more than that of those whom its open tasks wait for. */
  | { readonly aboveHoldersOf: string };

/** What is to be told, and to whom. */
export interface Announcement {
  readonly kind: string;
  readonly event: EventBody;
  readonly taskId: string | null;
  readonly step: string | null;
  readonly to: Audience;
}

/** How the end of a case is called, whichever action or timer ended it. */
const KIND_OF_OUTCOME: Record<Outcome, string> = {
  closed: 'case.closed',
  declined: 'case.filingDeclined',
  rejected: 'case.rejected',
  voided: 'case.voided',
  merged: 'case.merged',
  answered: 'case.answered',
  transferred: 'case.transferredOut',
};

const MARKS: ReadonlySet<string> = new Set(['case.supervised', 'case.urged', 'case.instructed']);

/**
 * Which entries of the log are told to somebody. A task that waits for a whole centre is told to nobody by name:
 * its people have it in their box, and the live frame says that the box has changed. What somebody applies for waits
 * in a box of those who decide, in the same way.
 */
export function announce(event: EventBody): Announcement[] {
  const { payload, type, caseId } = event;
  const told: Announcement[] = [];
  const say = (kind: string, to: Audience, task: { id: string; step: string } | null = null): void => {
    told.push({ kind, event, taskId: task?.id ?? null, step: task?.step ?? null, to });
  };
  for (const task of payload.opened ?? [])
    if (task.postId !== null) say('task.opened', { post: task.postId }, task);
  for (const task of payload.moved ?? []) {
    const post = task.postId ?? task.claimedPostId ?? null;
    if (post !== null) say('task.opened', { post }, task);
    if (task.fromPostId !== undefined && task.fromPostId !== post) {
      say('task.moved', { post: task.fromPostId }, task);
    }
  }
  if ((type === 'task.warned' || type === 'task.overdue') && payload.task) {
    say(type, { waitingFor: payload.task.id }, payload.task);
  }
  const { application } = payload;
  if (application && (type === 'application.approved' || type === 'application.refused')) {
    // One level of several says nothing yet.
    if (application.state !== 'pending') say(type, { applicant: application.id });
  }
  if (MARKS.has(type)) say(type, { workersOf: caseId });
  if (type === 'task.escalated' || type === 'case.recurred') {
    const opened = (payload.opened ?? []).filter((task) => task.postId === null);
    for (const task of opened) say(type, { waitingFor: task.id }, task);
    if (type === 'task.escalated' && opened.length === 0) say(type, { aboveHoldersOf: caseId });
  }
  if (type === 'clock.recomputed') say(type, { holdersOf: caseId });
  if (payload.outcome) {
    const { outcome } = payload;
    say(KIND_OF_OUTCOME[outcome], { reportersOf: caseId, all: outcome === 'merged' });
  }
  return told;
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
