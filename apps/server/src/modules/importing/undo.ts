import { sql } from 'kysely';
import { dropEmptyCells, rollUp, withdrawFacts, withdrawOpen } from '#modules/statistics';
import { problem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { findBatch, rolledBack, setBatchState } from './batch-repo.ts';
import { analyze } from './run.ts';

export interface Undone {
  readonly cases: number;
  readonly units: number;
  readonly categories: number;
}

const CHUNK = 500;

/**
 * Takes an import of cases back, some at a time: rows, words, logs, facts, and what had been made for it and nobody
 * uses. Killed on the way it goes on with the next call.
 * @throws notFound, import.state, import.touched: a case was adopted, or worked on in another way
 */
export async function undoBatch(
  platform: Platform,
  cityId: string,
  batchId: string,
  options: { by?: string | null; onProgress?: (progress: { done: number; total: number }) => void } = {},
): Promise<Undone> {
  const { db, clock } = platform;
  const { by = null, onProgress } = options;
  const batch = await findBatch(db, cityId, batchId);
  if (!batch) throw problem('notFound');
  if (batch.kind !== 'case' || batch.mode !== 'real') throw problem('import.state', { batch: batchId });
  if (batch.state !== 'undoing') {
    const touched = await touchedOf(platform, batchId);
    if (touched > 0) throw problem('import.touched', { cases: touched });
    const from = ['done', 'failed', 'cancelled', 'running'] as const;
    await db.transaction().execute(async (trx) => {
      if (!(await setBatchState(trx, batchId, from, 'undoing', { at: clock.now(), by, problem: null })))
        throw problem('import.state', { batch: batchId });
      await rollUp(trx, await rolledBack(trx, batchId), -1);
      await dropEmptyCells(trx, cityId);
      await withdrawOpen(
        trx,
        cityId,
        sql`select entity_id from import_row where batch_id = ${batchId}::uuid`,
      );
    });
  }
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from import_row where batch_id = ${batchId}::uuid`.execute(db);
  const total = rows[0]!.n;
  let done = 0;
  for (;;) {
    const taken = await db.transaction().execute((trx) => takeBack(trx, batchId, clock.now()));
    if (taken === 0) break;
    done += taken;
    onProgress?.({ done, total });
  }
  const made = await db.transaction().execute(async (trx) => {
    const removed = await removeMade(trx, batchId);
    await sql`delete from import_reject where batch_id = ${batchId}::uuid`.execute(trx);
    if (!(await setBatchState(trx, batchId, ['undoing'], 'undone', { at: clock.now(), by, problem: null })))
      throw problem('import.state', { batch: batchId });
    return removed;
  });
  await analyze(db);
  return { cases: done, ...made };
}

/** Cases whose log has gone on since the import, or that are linked or shown elsewhere. */
async function touchedOf({ db }: Platform, batchId: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from import_row r left join "case" c on c.id = r.entity_id
     where r.batch_id = ${batchId}::uuid and (c.id is null or c.seq <> r.seq
       or exists (select 1 from task t where t.case_id = r.entity_id)
       or exists (select 1 from case_media m where m.case_id = r.entity_id)
       or exists (select 1 from case_link l where l.from_id = r.entity_id or l.to_id = r.entity_id))`.execute(
    db,
  );
  return rows[0]!.n;
}

async function takeBack(trx: Trx, batchId: string, at: number): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    select entity_id as id from import_row where batch_id = ${batchId}::uuid order by row limit ${CHUNK}`.execute(
    trx,
  );
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  await withdrawFacts(trx, ids);
  await sql`select withdraw_import(${batchId}::uuid, ${ids}::uuid[], ${new Date(at)})`
    .execute(trx)
    .catch((error: unknown) => {
      if ((error as { code?: string }).code === '23001')
        throw problem('import.touched', {}, { cause: error });
      throw error;
    });
  return ids.length;
}

/** Units and categories that were made for it, the last first; what is used meanwhile stays. */
async function removeMade(trx: Trx, batchId: string): Promise<Pick<Undone, 'units' | 'categories'>> {
  const units = await sql`
    delete from unit u using import_made m
     where m.batch_id = ${batchId}::uuid and m.kind = 'unit' and u.id = m.entity_id
       and not exists (select 1 from unit x where x.parent_id = u.id)
       and not exists (select 1 from post x where x.unit_id = u.id)
       and not exists (select 1 from assignment x where x.unit_id = u.id or x.crew_id = u.id)
       and not exists (select 1 from "case" x where x.department_id = u.id or x.owner_id = u.id)
       and not exists (select 1 from manual_row x where x.department_id = u.id or x.owner_id = u.id)
       and not exists (select 1 from asset x where x.owner_id = u.id)
       and not exists (select 1 from succession x where x.from_id = u.id or x.to_id = u.id)`.execute(trx);
  let categories = 0n;
  // Below first, then what stood above it.
  for (const level of [2, 1]) {
    const gone = await sql`
      delete from category c using import_made m
       where m.batch_id = ${batchId}::uuid and m.kind = 'category' and c.id = m.entity_id and c.level = ${level}
         and not exists (select 1 from category x where x.parent_id = c.id)
         and not exists (select 1 from condition x where x.category_id = c.id)
         and not exists (select 1 from "case" x where x.category_id = c.id)
         and not exists (select 1 from report x where x.category_id = c.id)
         and not exists (select 1 from asset x where x.category_id = c.id)
         and not exists (select 1 from succession x where x.from_id = c.id or x.to_id = c.id)`.execute(trx);
    categories += gone.numAffectedRows ?? 0n;
  }
  await sql`
    delete from scheme s using import_made m
     where m.batch_id = ${batchId}::uuid and m.kind = 'scheme' and s.id = m.entity_id
       and not exists (select 1 from category x where x.scheme_id = s.id)`.execute(trx);
  await sql`delete from import_made where batch_id = ${batchId}::uuid`.execute(trx);
  return { units: Number(units.numAffectedRows ?? 0n), categories: Number(categories) };
}
