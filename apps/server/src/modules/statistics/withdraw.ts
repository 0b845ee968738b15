import { sql } from 'kysely';
import type { Trx } from '#platform/pool';
import { deleteFacts } from './write-repo.ts';

/**
 * Takes the facts of cases away that never were the city's, the days' books included. The rollups are told apart
 * (`rollUp` with -1), while the facts are still there.
 */
export async function withdrawFacts(trx: Trx, caseIds: readonly string[]): Promise<void> {
  await deleteFacts(trx, caseIds);
  await sql`delete from fact_open where case_id = any(${[...caseIds]}::uuid[])`.execute(trx);
}
