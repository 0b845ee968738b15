import type { DailyJob } from '#platform/jobs';
import { uuidv7Floor } from '#platform/ids';
import { createRelay, type OutboxRow, type Relay } from '#platform/outbox';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { postsFor } from '#modules/org';
import {
  collectorsOf,
  deleteNotices,
  heldPosts,
  insertNotices,
  loadEntries,
  openTasks,
  type EntryKey,
  type NewNotice,
  type WaitingTask,
} from './repo.ts';
import { announce, noticeId, type Announcement } from './rules.ts';

export const READER = 'notify';

/** More posts than this are a crowd: they see it in their box. */
const MAX_POSTS = 20;
const KEEP_DAYS = 180;
const DAY = 86_400_000;

/** Turns the log into notices for posts. */
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
  const told = (await loadEntries(trx, keys)).flatMap((event) => announce(event));
  if (told.length === 0) return;
  await insertNotices(trx, await addressed(trx, told));
}

/** One notice per announcement and post that it goes to. */
async function addressed(trx: Trx, told: readonly Announcement[]): Promise<NewNotice[]> {
  const tasks = await openTasks(
    trx,
    told.flatMap(({ to }) => ('waitingFor' in to ? [to.waitingFor] : [])),
  );
  const collectors = await collectorsOf(
    trx,
    told.flatMap(({ to }) => ('collectorOf' in to ? [to.collectorOf] : [])),
  );
  const crowds = new Map<string, Promise<string[]>>();
  const notices: NewNotice[] = [];
  for (const one of told) {
    for (const postId of await postsOf(trx, one, tasks, collectors, crowds)) {
      const { event, kind, taskId, step } = one;
      const { cityId, caseId, at } = event;
      notices.push({ id: noticeId(one, postId), cityId, postId, kind, caseId, taskId, step, at });
    }
  }
  const held = await heldAt(trx, notices);
  return notices.filter((notice) => held.has(notice.postId));
}

async function postsOf(
  trx: Trx,
  { to, event }: Announcement,
  tasks: ReadonlyMap<string, WaitingTask>,
  collectors: ReadonlyMap<string, string>,
  crowds: Map<string, Promise<string[]>>,
): Promise<string[]> {
  if ('post' in to) return [to.post];
  if ('collectorOf' in to) {
    const postId = collectors.get(to.collectorOf);
    return postId === undefined || postId === event.postId ? [] : [postId];
  }
  const task = tasks.get(to.waitingFor);
  if (!task) return []; // done meanwhile
  if (task.postId !== null) return [task.postId];
  const { unitId, role } = task;
  if (unitId === null) return [];
  const key = `${unitId} ${role}`;
  let crowd = crowds.get(key);
  if (!crowd) {
    crowd = postsFor(trx, { unitId, role, at: Date.parse(event.at) }).then((posts) =>
      posts.map((post) => post.postId),
    );
    crowds.set(key, crowd);
  }
  const posts = await crowd;
  return posts.length > MAX_POSTS ? [] : posts;
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
