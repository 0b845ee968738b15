import { sql, type RawBuilder } from 'kysely';
import type { z } from 'zod';
import {
  Id,
  type Absence,
  type AbsenceQuery,
  type AbsenceReason,
  type DutyPost,
  type NewAbsence,
} from '@wanmi/contracts';
import { recorder } from '#modules/audit';
import { holdersOf, runsUnit, unitsInReach } from '#modules/org';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import { decodeCursor, pageOf, type Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { applyAbsence } from './apply.ts';
import { once } from './command.ts';
import { checkTaker } from './move.ts';
import { POST_JOINS, DUTY_POST } from './on-duty.ts';

const record = recorder('absence');

/**
 * Somebody will not be at work. Where it has begun already, the work in hand goes to others at once; else the worker
 * does it when it begins.
 * @throws notFound, duty.absent where it overlaps another one, duty.substitute
 */
export async function addAbsence(
  platform: Platform,
  actor: Actor,
  input: z.output<typeof NewAbsence>,
  meta: CommandMeta,
): Promise<Absence> {
  const from = new Date(input.from);
  const to = new Date(input.to);
  const { id } = await once(platform, actor, meta, ['absence.create', input], async (trx, at) => {
    const substituteId = input.substitutePostId ?? null;
    const postIds = substituteId === null ? [input.postId] : [input.postId, substituteId];
    const holders = await holdersOf(platform, actor.cityId, { postIds }, at, trx);
    const post = holders.get(input.postId);
    if (!post || !(await runsUnit(platform, actor, post.unitId))) throw problem('notFound', { what: 'post' });
    if (substituteId !== null) await checkTaker(platform, actor, post, holders.get(substituteId));
    // Two who plan the same people at once wait for each other here.
    await sql`select 1 from post where id = any(${postIds}::uuid[]) order by id for no key update`.execute(
      trx,
    );
    if (await isAway(trx, input.postId, from, to)) throw problem('duty.absent');
    if (substituteId !== null && (await isAway(trx, substituteId, from, to))) {
      throw problem('duty.substitute', { reason: 'absent' });
    }
    const absenceId = uuidv7(at);
    await sql`insert into absence (id, city_id, post_id, from_at, to_at, planned_to, reason, substitute_post_id,
        created_at, created_post_id)
      values (${absenceId}::uuid, ${actor.cityId}::uuid, ${input.postId}::uuid, ${from}, ${to}, ${to},
        ${input.reason}, ${substituteId}::uuid, ${new Date(at)}, ${actor.postId}::uuid)`.execute(trx);
    await record(trx, platform, actor, 'absence.create', absenceId, meta, {
      postId: input.postId,
      substitutePostId: substituteId,
    });
    return { id: absenceId };
  });
  while ((await applyAbsence(platform, id, actor)) === 'more');
  return readAbsence(platform, actor, id);
}

async function isAway(db: Trx, postId: string, from: Date, to: Date): Promise<boolean> {
  const { rows } = await sql`select 1 from absence
    where post_id = ${postId}::uuid and from_at < ${to} and to_at > ${from} and to_at > from_at`.execute(db);
  return rows.length > 0;
}

/** The post is back now, or will not be away at all. What has gone to others stays with them. @throws notFound */
export async function endAbsence(
  platform: Platform,
  actor: Actor,
  id: string,
  meta: CommandMeta,
): Promise<Absence> {
  const absence = await readAbsence(platform, actor, id);
  if (!(await runsUnit(platform, actor, absence.post.unit.id)))
    throw problem('permission.denied', { reason: 'scope' });
  await platform.db.transaction().execute(async (trx) => {
    const now = new Date(platform.clock.now());
    const { rows } = await sql`update absence set to_at = greatest(from_at, ${now})
      where id = ${id}::uuid and to_at > ${now} and to_at > from_at returning id`.execute(trx);
    if (rows.length > 0)
      await record(trx, platform, actor, 'absence.end', id, meta, { postId: absence.post.id });
  });
  return readAbsence(platform, actor, id);
}

interface AbsenceRow {
  id: string;
  post: DutyPost;
  substitute: DutyPost | null;
  from_at: Date;
  to_at: Date;
  reason: AbsenceReason;
  created_at: Date;
  applied_at: Date | null;
  moved: number;
  may_know: boolean;
}

/** Rows that an actor sees: of the units that he plans, and those in which he has a part. */
async function selectAbsences(
  platform: Platform,
  db: Db | Trx,
  actor: Actor,
  conditions: readonly RawBuilder<unknown>[],
  limit: number,
): Promise<Absence[]> {
  const units = actor.permissions.has('duty.write')
    ? await unitsInReach(platform, actor, false)
    : new Set<string>();
  const planned = units === null ? sql<boolean>`true` : sql<boolean>`u.id = any(${[...units]}::uuid[])`;
  const own = sql<boolean>`q.id = ${actor.personId}::uuid`;
  const standsIn = sql`ab.substitute_post_id in (select id from post where person_id = ${actor.personId}::uuid)`;
  const { rows } = await sql<AbsenceRow>`
    select ab.id, ${DUTY_POST} as post, s.post as substitute, ab.from_at, ab.to_at, ab.reason, ab.created_at,
           ab.applied_at, ab.moved, (${planned} or ${own}) as may_know
      from absence ab join post p on p.id = ab.post_id ${POST_JOINS}
      left join lateral (select ${DUTY_POST} as post from post p ${POST_JOINS} where p.id = ab.substitute_post_id) s
        on true
     where ab.city_id = ${actor.cityId}::uuid and (${planned} or ${own} or ${standsIn})
       and ${sql.join([sql`true`, ...conditions], sql` and `)}
     order by ab.id desc limit ${limit}`.execute(db);
  return rows.map((row) => ({
    id: row.id,
    post: row.post,
    substitute: row.substitute,
    from: row.from_at.toISOString(),
    to: row.to_at.toISOString(),
    // Who stands in need not know of an illness.
    reason: row.may_know ? row.reason : null,
    createdAt: row.created_at.toISOString(),
    appliedAt: row.applied_at?.toISOString() ?? null,
    moved: row.moved,
  }));
}

/** @throws notFound, for one out of reach too */
async function readAbsence(platform: Platform, actor: Actor, id: string): Promise<Absence> {
  const [found] = await selectAbsences(platform, platform.db, actor, [sql`ab.id = ${id}::uuid`], 1);
  if (!found) throw problem('notFound');
  return found;
}

/** The newest first. */
export async function listAbsences(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof AbsenceQuery>,
): Promise<Page<Absence>> {
  const before = decodeCursor(query.cursor, Id);
  const conditions: RawBuilder<unknown>[] = [];
  if (before !== undefined) conditions.push(sql`ab.id < ${before}::uuid`);
  if (query.unitId !== undefined) conditions.push(sql`p.unit_id = ${query.unitId}::uuid`);
  if (query.postId !== undefined) conditions.push(sql`ab.post_id = ${query.postId}::uuid`);
  if (query.from !== undefined) conditions.push(sql`ab.to_at > ${new Date(query.from)}`);
  if (query.to !== undefined) conditions.push(sql`ab.from_at < ${new Date(query.to)}`);
  const rows = await selectAbsences(platform, platform.db, actor, conditions, query.limit + 1);
  return pageOf(rows, query.limit, (last) => last.id);
}

/** Those of one's own posts, and those in which they stand in, that are not over. */
export async function myAbsences(
  platform: Platform,
  actor: Actor,
  part: 'absent' | 'standingIn',
): Promise<Absence[]> {
  const posts = sql`(select id from post where person_id = ${actor.personId}::uuid)`;
  const mine = part === 'absent' ? sql`ab.post_id in ${posts}` : sql`ab.substitute_post_id in ${posts}`;
  const now = new Date(platform.clock.now());
  return selectAbsences(platform, platform.db, actor, [mine, sql`ab.to_at > ${now}`], 100);
}
