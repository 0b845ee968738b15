import { sql, type RawBuilder } from 'kysely';
import type { Trx } from '#platform/pool';
import { deleteFacts } from './write-repo.ts';

/**
 * Takes the facts of cases away that never were the city's. The rollups are told apart (`rollUp` with -1) while the
 * facts are still there, and so are the days' books.
 */
export const withdrawFacts = (trx: Trx, caseIds: readonly string[]): Promise<void> =>
  deleteFacts(trx, caseIds);

/** Takes cases out of the days' books: all at once, for these are in the order of the days. */
export async function withdrawOpen(trx: Trx, cityId: string, caseIds: RawBuilder<unknown>): Promise<void> {
  await sql`delete from fact_open o where o.city_id = ${cityId}::uuid and o.case_id in (${caseIds})`.execute(
    trx,
  );
}
