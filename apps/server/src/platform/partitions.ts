import { sql } from 'kysely';
import type { Platform } from './platform.ts';

/**
 * Monthly partitions of every ranged table for the months of [from, to]; returns how many were made. Called each
 * day for the months to come, and by an import for those of its history before it writes.
 */
export async function ensurePartitions(
  platform: Pick<Platform, 'db'>,
  { from, to }: { from: number; to: number },
): Promise<number> {
  return platform.db.transaction().execute(async (trx) => {
    // A new partition locks its table for a moment: whoever cannot have that lock soon must not queue everybody.
    await sql`set local lock_timeout = '3s'`.execute(trx);
    const found = await sql<{ made: number }>`
      select ensure_partitions(${new Date(from)}, ${new Date(to)}) as made`.execute(trx);
    return found.rows[0]!.made;
  });
}
