import { sql } from 'kysely';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { DISPATCHES } from './sql-load.ts';

/**
 * 派遣 and 结案 of one case are never one person's, by whatever action a city's drawing ends it. The bare `close` is
 * asked about where its task is read.
 * @throws permission.sameCentre
 */
export async function requireOtherHands({ db }: Platform, actor: Actor, caseId: string): Promise<void> {
  const { rows } = await sql`
    select 1 from case_event
     where case_id = ${caseId}::uuid and person_id = ${actor.personId}::uuid and type = any(${DISPATCHES}::text[])
     limit 1`.execute(db);
  if (rows.length > 0) throw problem('permission.sameCentre');
}
