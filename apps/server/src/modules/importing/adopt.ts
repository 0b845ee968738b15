import { sql } from 'kysely';
import { adoptCase } from '#modules/cases';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { findBatch } from './batch-repo.ts';

export interface AdoptAsk {
  /** Of the register; left out: all that are open. */
  readonly sourceIds?: readonly string[];
  /** Only those reported since. */
  readonly since?: number | null;
  /** Only of these types, in the register's words. */
  readonly types?: readonly string[];
  readonly limit?: number;
  readonly dry?: boolean;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * Open cases of an import become running ones, each in its own transaction: a second call goes on with those that are
 * left.
 * @throws notFound, import.state
 */
export async function adoptOpen(
  platform: Platform,
  cityId: string,
  batchId: string,
  { sourceIds, since = null, types, limit = 1_000_000, dry = false, onProgress }: AdoptAsk,
): Promise<{ open: number; adopted: number }> {
  const batch = await findBatch(platform.db, cityId, batchId);
  if (!batch || batch.kind !== 'case') throw problem('notFound');
  if (batch.state !== 'done') throw problem('import.state', { batch: batchId });
  const { rows } = await sql<{ id: string }>`
    select c.id from import_row r join "case" c on c.id = r.entity_id
     where r.batch_id = ${batchId}::uuid and c.ended_at is null and c.seq = r.seq
       and (${sourceIds === undefined} or r.source_id = any(${[...(sourceIds ?? [])]}::text[]))
       and (${types === undefined} or r.kept->>'type' = any(${[...(types ?? [])]}::text[]))
       and (${since === null ? null : new Date(since)}::timestamptz is null
         or c.reported_at >= ${since === null ? null : new Date(since)}::timestamptz)
     order by c.id limit ${limit}`.execute(platform.db);
  let adopted = 0;
  if (dry) return { open: rows.length, adopted };
  for (const [index, { id }] of rows.entries()) {
    if (await adoptCase(platform, cityId, id)) adopted += 1;
    onProgress?.({ done: index + 1, total: rows.length });
  }
  return { open: rows.length, adopted };
}
