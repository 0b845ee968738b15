import { sql } from 'kysely';
import { commandHash, findReplays, replayed } from '#modules/cases';
import type { Actor } from '#platform/actor';
import type { CommandMeta } from '#platform/http';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';

/**
 * Does something once for each Idempotency-Key of a person: the same key again gets the same answer, also when both
 * come at once. @throws idempotency.mismatch where the body differs
 */
export async function once<T>(
  platform: Platform,
  actor: Actor,
  meta: CommandMeta,
  ask: readonly unknown[],
  work: (trx: Trx, at: number) => Promise<T>,
): Promise<T> {
  const { key } = meta;
  const at = platform.clock.now();
  if (key === null) return platform.db.transaction().execute((trx) => work(trx, at));
  const hash = commandHash(...ask);
  const again = async (): Promise<{ answer: T } | null> => {
    const [first] = await findReplays(platform.pool, actor.personId, [key]);
    return first ? { answer: replayed<T>(first, hash) } : null;
  };
  const known = await again();
  if (known) return known.answer;
  try {
    return await platform.db.transaction().execute(async (trx) => {
      // The key first: who comes second waits here, and does nothing.
      await sql`insert into command (person_id, key, city_id, hash, status, answer, at)
        values (${actor.personId}::uuid, ${key}, ${actor.cityId}::uuid, decode(${hash}, 'hex'), 200, 'null',
          ${new Date(at)})`.execute(trx);
      const answer = await work(trx, at);
      await sql`update command set answer = ${JSON.stringify(answer)}::jsonb
        where person_id = ${actor.personId}::uuid and key = ${key}`.execute(trx);
      return answer;
    });
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string };
    const first = code === '23505' && constraint === 'command_pkey' ? await again() : null;
    if (!first) throw error;
    return first.answer;
  }
}
