import { sql } from 'kysely';
import { cityOf, type OrgChange } from '#modules/org';
import { cityDay } from '#platform/clock';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';

/**
 * Plans go where their post or unit went, in the transaction of that change; a post that ends for good is planned for
 * no more. What was worked before stays with the post of then.
 */
export async function movePlans(trx: Trx, platform: Platform, change: OrgChange): Promise<void> {
  const at = new Date(change.at);
  const { timeZone } = await cityOf(platform, change.actor.cityId);
  const today = cityDay(change.at, timeZone);
  const posts = JSON.stringify(change.posts);
  const heirs = sql`jsonb_to_recordset(${posts}::jsonb) as x("from" uuid, "to" uuid)`;
  if (change.posts.length > 0) {
    await sql`update roster r set post_id = x."to" from ${heirs}
      where r.post_id = x."from" and x."to" is not null and upper(r.periods) > ${at}`.execute(trx);
    await sql`delete from roster r using ${heirs}
      where r.post_id = x."from" and x."to" is null and r.day > ${today}::date`.execute(trx);
    await sql`update absence a set post_id = x."to" from ${heirs}
      where a.post_id = x."from" and x."to" is not null and a.to_at > ${at}`.execute(trx);
    await sql`update absence a set to_at = greatest(a.from_at, ${at}) from ${heirs}
      where a.post_id = x."from" and x."to" is null and a.to_at > ${at}`.execute(trx);
    await sql`update absence a set substitute_post_id = x."to" from ${heirs}
      where a.substitute_post_id = x."from" and a.to_at > ${at}`.execute(trx);
  }
  if (change.units.length > 0) {
    // A shift is the unit's plan, no fact: it goes on under the new name.
    await sql`update shift s set unit_id = x."to"
      from jsonb_to_recordset(${JSON.stringify(change.units)}::jsonb) as x("from" uuid, "to" uuid)
      where s.unit_id = x."from" and x."to" is not null and (s.valid_to is null or s.valid_to >= ${today}::date)`.execute(
      trx,
    );
  }
}
