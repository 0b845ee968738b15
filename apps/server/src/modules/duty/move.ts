import type { Moved, RedistributeBody } from '@wanmi/contracts';
import { sql } from 'kysely';
import type { z } from 'zod';
import { audit } from '#modules/audit';
import { heldCounts, mayTake, moveTasks, tasksHeldBy, type HeldTask, type TaskMove } from '#modules/cases';
import { holdersOf, runsUnit, type Holder } from '#modules/org';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { once } from './command.ts';
import { absentSql, colleaguesAtWork, heldSql, substituteOf } from './on-duty.ts';
import { spread } from './spread.ts';

/** A post whose work goes to others. */
export interface From {
  readonly postId: string;
  readonly unitId: string;
  readonly role: string;
}

type Author = Pick<Actor, 'personId' | 'postId' | 'unitId' | 'role'>;

/** More than anybody has in hand; what is left over is asked for again. */
const MANY = 5000;

/** Who gets the work of a post at a moment: the substitute, else the others on duty of the same unit and role. */
export async function takersFor(
  platform: Platform,
  db: Db | Trx,
  cityId: string,
  from: From,
  at: number,
): Promise<Holder[]> {
  const substitute = await substituteOf(db, from.postId, at);
  const found = substitute ? [substitute] : await colleaguesAtWork(db, from.postId, at);
  const postIds = found.map((one) => one.postId);
  return postIds.length === 0 ? [] : [...(await holdersOf(platform, cityId, { postIds }, at, db)).values()];
}

/** What was in a post's hands, and where it is now. */
export interface Gone {
  readonly found: number;
  readonly tasks: readonly { readonly step: string; readonly to: string | null }[];
}

/**
 * Shares out what a post has in hand, or the part that `which` takes: evenly, the longest wait first; what nobody of
 * them may take waits for the whole unit. In one transaction, up to `limit` tasks; `given` goes on to the next one.
 */
export async function shareOut(
  trx: Trx,
  platform: Platform,
  from: From & { readonly cityId: string },
  takers: readonly Holder[],
  author: Author | null,
  at: number,
  options: {
    readonly limit?: number;
    readonly given?: Map<string, number>;
    readonly which?: (task: HeldTask) => boolean;
  } = {},
): Promise<Gone> {
  const { limit = MANY, given, which = () => true } = options;
  const held = (await tasksHeldBy(trx, from, limit)).filter((task) => which(task));
  const loads = new Map<string, number>();
  for (const unitId of new Set(takers.map((one) => one.unitId))) {
    for (const [postId, load] of await heldCounts(trx, unitId, from.role)) loads.set(postId, load);
  }
  const byPost = new Map(takers.map((one) => [one.postId, one]));
  const shares = spread(
    held,
    takers.map(({ postId }) => ({ postId, load: loads.get(postId) ?? 0 })),
    ({ postId }, task) => mayTake({ ...byPost.get(postId)!, cityId: from.cityId }, task),
    given,
  );
  const moves = held.map((task): TaskMove => {
    const to = byPost.get(shares.get(task.id) ?? '');
    return {
      taskId: task.id,
      from: from.postId,
      to: to ? { postId: to.postId, unitId: to.unitId } : null,
    };
  });
  const moved = new Set(await moveTasks(trx, platform, moves, author, at));
  return {
    found: held.length,
    tasks: held
      .filter((task) => moved.has(task.id))
      .map(({ id, step }) => ({ step, to: shares.get(id) ?? null })),
  };
}

export function summed(gone: readonly Gone[]): Moved {
  const tasks = gone.flatMap((one) => one.tasks);
  const counts = new Map<string, number>();
  for (const { to } of tasks) if (to !== null) counts.set(to, (counts.get(to) ?? 0) + 1);
  return {
    moved: tasks.length,
    returned: tasks.filter(({ to }) => to === null).length,
    to: [...counts].map(([postId, count]) => ({ postId, count })).toSorted((a, b) => b.count - a.count),
  };
}

/**
 * `POST /duty/redistribute`: the work of a post, or of all who are absent of a unit and role, goes to others.
 * @throws notFound where the unit is not the planner's, duty.substitute
 */
export async function redistribute(
  platform: Platform,
  actor: Actor,
  body: z.output<typeof RedistributeBody>,
  meta: CommandMeta,
): Promise<Moved> {
  return once(platform, actor, meta, ['duty.redistribute', body], async (trx, at) => {
    const gone: Gone[] = [];
    const sources = await sourcesOf(trx, platform, actor, body, at);
    const named = body.toPostIds
      ? await namedTakers(trx, platform, actor, sources[0]!, body.toPostIds, at)
      : null;
    const given = new Map<string, number>();
    for (const from of sources) {
      const takers = named ?? (await takersFor(platform, trx, actor.cityId, from, at));
      gone.push(
        await shareOut(trx, platform, { ...from, cityId: actor.cityId }, takers, actor, at, { given }),
      );
    }
    const reply = summed(gone);
    await audit(trx, platform, {
      actor,
      action: 'duty.redistribute',
      entity: body.postId === undefined ? 'unit' : 'post',
      entityId: body.postId ?? body.unitId!,
      outcome: 'ok',
      requestId: meta.requestId,
      ip: meta.ip,
      detail: { ...reply, role: sources[0]?.role ?? body.role },
    });
    return reply;
  });
}

async function sourcesOf(
  trx: Trx,
  platform: Platform,
  actor: Actor,
  { postId, unitId, role }: z.output<typeof RedistributeBody>,
  at: number,
): Promise<From[]> {
  if (postId !== undefined) {
    const post = (await holdersOf(platform, actor.cityId, { postIds: [postId] }, at, trx)).get(postId);
    if (!post || !(await runsUnit(platform, actor, post.unitId))) throw problem('notFound', { what: 'post' });
    return [post];
  }
  if (!(await runsUnit(platform, actor, unitId!))) throw problem('notFound', { what: 'unit' });
  const { rows } = await sql<From>`
    select p.id as "postId", p.unit_id as "unitId", ro.code as role
      from post p join role ro on ro.id = p.role_id join person q on q.id = p.person_id
     where p.unit_id = ${unitId}::uuid and ro.code = ${role} and ${heldSql(at)} and ${absentSql(sql`p.id`, at)}
     order by p.id`.execute(trx);
  return rows;
}

/** @throws notFound, duty.substitute */
async function namedTakers(
  trx: Trx,
  platform: Platform,
  actor: Actor,
  from: From,
  postIds: readonly string[],
  at: number,
): Promise<Holder[]> {
  const found = await holdersOf(platform, actor.cityId, { postIds }, at, trx);
  for (const postId of postIds) await checkTaker(platform, actor, from, found.get(postId));
  const { rows } = await sql<{ id: string }>`
    select id from post p where id = any(${[...postIds]}::uuid[]) and ${absentSql(sql`p.id`, at)}`.execute(
    trx,
  );
  if (rows.length > 0) throw problem('duty.substitute', { reason: 'absent' });
  return [...found.values()];
}

/**
 * Whether somebody may act for a post: of the same role and the same unit; a collector may come from another team.
 * @throws notFound where the planner does not run that one's unit, duty.substitute
 */
export async function checkTaker(
  platform: Platform,
  actor: Actor,
  from: From & { readonly personId?: string },
  taker: Holder | undefined,
): Promise<void> {
  if (!taker || !(await runsUnit(platform, actor, taker.unitId))) throw problem('notFound', { what: 'post' });
  if (taker.postId === from.postId || taker.personId === from.personId) {
    throw problem('duty.substitute', { reason: 'self' });
  }
  if (taker.role !== from.role) throw problem('duty.substitute', { reason: 'role' });
  if (taker.unitId !== from.unitId && taker.role !== 'collector') {
    throw problem('duty.substitute', { reason: 'unit' });
  }
}
