import { sql } from 'kysely';
import type { Actor } from '#platform/actor';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { shareOut, takersFor, type From } from './move.ts';

/** Tasks that move in one transaction: their cases wait meanwhile. */
const LIMIT = 200;

/**
 * What waits for an absent post, or lies in its hands, goes to the substitute, or evenly to the others on duty: once,
 * when the absence has begun, and a transaction's worth at a time ('more' is left). Null where there is nothing to do
 * now, or another worker is at it. It may be broken off at any point and begun again: what has moved has moved.
 */
export async function applyAbsence(
  platform: Platform,
  id: string,
  author: Actor | null,
): Promise<'done' | 'more' | null> {
  const at = platform.clock.now();
  return platform.db.transaction().execute(async (trx) => {
    const absence = await hold(trx, id, at);
    if (!absence) return null;
    let gone = { found: 0, moved: 0 };
    if (!absence.over) {
      const takers = await takersFor(platform, trx, absence.cityId, absence, at);
      const shared = await shareOut(trx, platform, absence, takers, author, at, { limit: LIMIT });
      gone = { found: shared.found, moved: shared.tasks.length };
    }
    // A batch of which nothing moved was done by somebody else meanwhile.
    const more = gone.found === LIMIT && gone.moved > 0;
    await sql`update absence set moved = moved + ${gone.moved},
        applied_at = ${more ? null : new Date(at)} where id = ${id}::uuid`.execute(trx);
    return more ? 'more' : 'done';
  });
}

async function hold(
  trx: Trx,
  id: string,
  at: number,
): Promise<(From & { cityId: string; over: boolean }) | undefined> {
  const time = new Date(at);
  const { rows } = await sql<From & { cityId: string; over: boolean }>`
    select ab.city_id as "cityId", ab.post_id as "postId", p.unit_id as "unitId", ro.code as role,
           ab.to_at <= ${time} as over
      from absence ab join post p on p.id = ab.post_id join role ro on ro.id = p.role_id
     where ab.id = ${id}::uuid and ab.applied_at is null and ab.from_at <= ${time}
       for update of ab skip locked`.execute(trx);
  return rows[0];
}

/** Absences that have begun and whose work nobody has moved yet. */
export async function dueAbsences(
  { db, clock }: Pick<Platform, 'db' | 'clock'>,
  limit: number,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from absence where applied_at is null and from_at <= ${new Date(clock.now())}
     order by from_at limit ${limit}`.execute(db);
  return rows.map((row) => row.id);
}
