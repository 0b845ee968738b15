import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import {
  Id,
  type DutyNowQuery,
  type DutyPost,
  type MyDuty,
  type MyDutyQuery,
  type OnDuty,
  type Text,
} from '@wanmi/contracts';
import { cityOf, unitsInReach } from '#modules/org';
import type { Actor } from '#platform/actor';
import { addDays, cityDay } from '#platform/clock';
import { decodeCursor, pageOf, type Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { myAbsences } from './absences.ts';
import { DUTY_POST, onDutySql, periodAt, POST_JOINS } from './on-duty.ts';
import { checkDays, rosterOf } from './roster.ts';

const Key = z.tuple([Id, Id]);

interface Row {
  post: DutyPost;
  shift: { id: string; code: string; name: Text };
  day: string;
  from: Date;
  to: Date;
}

/** Who is on duty, of the units in reach: `onDuty` with names, for screens. */
export async function listOnDuty(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof DutyNowQuery>,
): Promise<Page<OnDuty>> {
  const after = decodeCursor(query.cursor, Key);
  const at = query.at === undefined ? platform.clock.now() : Date.parse(query.at);
  const reach = await unitsInReach(platform, actor);
  const conditions: RawBuilder<unknown>[] = [onDutySql(actor.cityId, at, query)];
  if (reach !== null) conditions.push(sql`p.unit_id = any(${[...reach]}::uuid[])`);
  if (after) conditions.push(sql`(p.id, s.id) > (${after[0]}::uuid, ${after[1]}::uuid)`);
  const { rows } = await sql<Row>`
    select ${DUTY_POST} as post, jsonb_build_object('id', s.id, 'code', s.code, 'name', s.name) as shift, r.day,
           lower(x.period) as "from", upper(x.period) as "to"
      from roster r ${periodAt(at)} join shift s on s.id = r.shift_id join post p on p.id = r.post_id ${POST_JOINS}
     where ${sql.join(conditions, sql` and `)}
     order by p.id, s.id limit ${query.limit + 1}`.execute(platform.db);
  const items = rows.map((row) => ({ ...row, from: row.from.toISOString(), to: row.to.toISOString() }));
  return pageOf(items, query.limit, ({ post, shift }) => [post.id, shift.id]);
}

/** What I work, when I am away, for whom I act. */
export async function myDuty(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof MyDutyQuery>,
): Promise<MyDuty> {
  const { timeZone } = await cityOf(platform, actor.cityId);
  const today = cityDay(platform.clock.now(), timeZone);
  const from = query.from ?? addDays(query.to && query.to < today ? query.to : today, -1);
  const to = query.to ?? addDays(from > today ? from : today, 14);
  checkDays(from, to);
  const [shifts, absences, standingIn] = await Promise.all([
    rosterOf(platform.db, actor, { from, to }),
    myAbsences(platform, actor, 'absent'),
    myAbsences(platform, actor, 'standingIn'),
  ]);
  const now = platform.clock.now();
  const { rows } = await sql`
    select 1 from roster r join post p on p.id = r.post_id join role ro on ro.id = p.role_id
      join person q on q.id = p.person_id
     where ${onDutySql(actor.cityId, now, {})} and p.id = ${actor.postId}::uuid limit 1`.execute(platform.db);
  return { onDuty: rows.length > 0, shifts, absences, standingIn };
}
