import type { DailyJob } from '#platform/jobs';
import { uuidv7Floor } from '#platform/ids';
import { createRelay, type OutboxRow, type Relay } from '#platform/outbox';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { Audiences } from './audience.ts';
import {
  deleteNotices,
  heldPosts,
  insertNotices,
  loadEntries,
  type EntryKey,
  type NewNotice,
} from './repo.ts';
import { announce, noticeId, type Announcement } from './rules.ts';
import { tellReporters } from './told.ts';

export const READER = 'notify';

const KEEP_DAYS = 180;
const DAY = 86_400_000;

/** Turns the log into notices for posts, and into what reporters are told. */
export function notifyRelay(platform: Platform): Relay {
  return createRelay(platform, { reader: READER, handle: (trx, rows) => notifyRows(trx, rows) });
}

/** Handler of the relay; entries that are seen twice tell nobody twice. */
export async function notifyRows(trx: Trx, rows: readonly OutboxRow[]): Promise<void> {
  const keys: EntryKey[] = [];
  for (const { topic, caseId, seq } of rows) {
    if (topic === 'case' && caseId !== null && seq !== null) keys.push({ caseId, seq });
  }
  if (keys.length === 0) return;
  const events = await loadEntries(trx, keys);
  await tellReporters(trx, events);
  const told = events.flatMap((event) => announce(event));
  if (told.length === 0) return;
  await insertNotices(trx, await addressed(trx, told));
}

/** One notice per announcement and post that it goes to. */
async function addressed(trx: Trx, told: readonly Announcement[]): Promise<NewNotice[]> {
  const audiences = await Audiences.of(trx, told);
  const notices: NewNotice[] = [];
  for (const one of told) {
    for (const postId of await audiences.postsOf(one)) {
      const { event, kind, taskId, step } = one;
      const { cityId, caseId, at } = event;
      notices.push({ id: noticeId(one, postId), cityId, postId, kind, caseId, taskId, step, at });
    }
  }
  const held = await heldAt(trx, notices);
  return notices.filter((notice) => held.has(notice.postId));
}

async function heldAt(trx: Trx, notices: readonly NewNotice[]): Promise<Set<string>> {
  const latest = notices.reduce((at, notice) => (notice.at > at ? notice.at : at), '');
  const ids = [...new Set(notices.map((notice) => notice.postId))];
  return heldPosts(trx, ids, new Date(latest || 0));
}

/** Half a year on, nobody looks a notice up: the case has it all. */
export const pruneNoticesJob: DailyJob = {
  name: 'notify.prune',
  scope: 'instance',
  run: async ({ db, clock }) => deleteNotices(db, uuidv7Floor(clock.now() - KEEP_DAYS * DAY)),
};
