import { sql, type RawBuilder } from 'kysely';
import type { z } from 'zod';
import {
  Id,
  type DutyPost,
  type Handover,
  type HandoverBody,
  type HandoverQuery,
  type Ref,
  type Role,
} from '@wanmi/contracts';
import { audit } from '#modules/audit';
import { holdersOf, unitsInReach, type Holder } from '#modules/org';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import { decodeCursor, pageOf, type Page } from '#platform/paging';
import { maskPersonal } from '#platform/personal';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { once } from './command.ts';
import { shareOut, summed } from './move.ts';
import { absentSql, DUTY_POST, POST_JOINS } from './on-duty.ts';

/**
 * The end of a shift: what I have claimed goes to a colleague of my unit and role, or back to the unit.
 * @throws notFound (no such colleague), duty.substitute (who is absent)
 */
export async function handOver(
  platform: Platform,
  actor: Actor,
  body: z.output<typeof HandoverBody>,
  meta: CommandMeta,
): Promise<Handover> {
  const { id } = await once(platform, actor, meta, ['duty.handover', body], async (trx, at) => {
    const to = body.toPostId === undefined ? null : await colleague(trx, platform, actor, body.toPostId, at);
    const gone = await shareOut(trx, platform, actor, to ? [to] : [], actor, at, {
      which: (task) => task.claimed || body.waiting,
    });
    const { moved, returned } = summed([gone]);
    const steps = new Map<string, number>();
    for (const { step } of gone.tasks) steps.set(step, (steps.get(step) ?? 0) + 1);
    const counts = [...steps].map(([step, count]) => ({ step, count })).toSorted((a, b) => b.count - a.count);
    const handoverId = uuidv7(at);
    await sql`insert into handover (id, city_id, unit_id, role, from_post_id, to_post_id, at, moved, returned, steps,
        note)
      values (${handoverId}::uuid, ${actor.cityId}::uuid, ${actor.unitId}::uuid, ${actor.role},
        ${actor.postId}::uuid, ${to?.postId ?? null}::uuid, ${new Date(at)}, ${moved}, ${returned},
        ${JSON.stringify(counts)}::jsonb, ${body.note ? maskPersonal(body.note) : null})`.execute(trx);
    await audit(trx, platform, {
      actor,
      action: 'duty.handover',
      entity: 'handover',
      entityId: handoverId,
      outcome: 'ok',
      requestId: meta.requestId,
      ip: meta.ip,
      detail: { toPostId: to?.postId ?? null, moved, returned },
    });
    return { id: handoverId };
  });
  const [made] = await selectHandovers(platform, actor, [sql`h.id = ${id}::uuid`], 1);
  if (!made) throw problem('notFound');
  return made;
}

async function colleague(
  trx: Trx,
  platform: Platform,
  actor: Actor,
  postId: string,
  at: number,
): Promise<Holder> {
  const filter = { postIds: [postId], unitIds: [actor.unitId], role: actor.role };
  const found = (await holdersOf(platform, actor.cityId, filter, at, trx)).get(postId);
  if (!found || postId === actor.postId) throw problem('notFound', { what: 'post' });
  const { rows } = await sql`select 1 from post p
    where id = ${postId}::uuid and ${absentSql(sql`p.id`, at)}`.execute(trx);
  if (rows.length > 0) throw problem('duty.substitute', { reason: 'absent' });
  return found;
}

interface HandoverRow {
  id: string;
  at: Date;
  unit: Ref;
  role: Role;
  from: DutyPost;
  to: DutyPost | null;
  moved: number;
  returned: number;
  steps: { step: string; count: number }[];
  note: string | null;
}

/** Of the units in reach, and those in which one had a part. */
async function selectHandovers(
  platform: Platform,
  actor: Actor,
  conditions: readonly RawBuilder<unknown>[],
  limit: number,
): Promise<Handover[]> {
  const units = await unitsInReach(platform, actor);
  const inReach =
    units === null
      ? sql`true`
      : sql`(h.unit_id = any(${[...units]}::uuid[]) or h.from_post_id = ${actor.postId}::uuid
          or h.to_post_id = ${actor.postId}::uuid)`;
  const { rows } = await sql<HandoverRow>`
    select h.id, h.at, h.role, h.moved, h.returned, h.steps, h.note, a.post as "from", b.post as "to",
           jsonb_build_object('id', hu.id, 'code', hu.code, 'name', hu.name) as unit
      from handover h join unit hu on hu.id = h.unit_id
      cross join lateral (select ${DUTY_POST} as post from post p ${POST_JOINS} where p.id = h.from_post_id) a
      left join lateral (select ${DUTY_POST} as post from post p ${POST_JOINS} where p.id = h.to_post_id) b on true
     where h.city_id = ${actor.cityId}::uuid and ${inReach}
       and ${sql.join([sql`true`, ...conditions], sql` and `)}
     order by h.id desc limit ${limit}`.execute(platform.db);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** The newest first. */
export async function listHandovers(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof HandoverQuery>,
): Promise<Page<Handover>> {
  const before = decodeCursor(query.cursor, Id);
  const conditions: RawBuilder<unknown>[] = [];
  if (before !== undefined) conditions.push(sql`h.id < ${before}::uuid`);
  if (query.unitId !== undefined) conditions.push(sql`h.unit_id = ${query.unitId}::uuid`);
  if (query.postId !== undefined) {
    conditions.push(sql`${query.postId}::uuid in (h.from_post_id, h.to_post_id)`);
  }
  const rows = await selectHandovers(platform, actor, conditions, query.limit + 1);
  return pageOf(rows, query.limit, (last) => last.id);
}
