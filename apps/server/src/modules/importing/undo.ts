import { sql, type RawBuilder } from 'kysely';
import { dropEmptyCells, rollUp, withdrawFacts, withdrawOpen } from '#modules/statistics';
import { problem, toProblem } from '#platform/errors';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { countedOf, findBatch, setBatchState } from './batch-repo.ts';
import { analyze } from './run.ts';

export interface Undone {
  readonly cases: number;
  /** Cases that somebody worked on while it ran: they stay. */
  readonly kept: number;
  readonly units: number;
  readonly categories: number;
}

export interface UndoOptions {
  readonly by?: string | null;
  readonly signal?: AbortSignal | undefined;
  /** In the transaction that takes these cases back. */
  readonly also?: (trx: Trx, cases: number) => Promise<void>;
  /** In the transaction that ends it. */
  readonly ended?: (trx: Trx, undone: Omit<Undone, 'cases'>) => Promise<void>;
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * The figures' cells are written once a lot, so that a great lot costs less a case; but whoever counts in the same cells
 * waits for it. A lot is as great as is done in that time, on a machine that is not always as fast as a moment ago.
 */
const LOT_MS = 60;
const FIRST_LOT = 100;
const LOTS = { least: 20, most: 1000 } as const;
const nextSize = (size: number, ms: number): number =>
  Math.round(Math.max(LOTS.least, Math.min(LOTS.most, size * 1.25, (size * LOT_MS) / Math.max(ms, 1))));
const FROM = ['done', 'failed', 'cancelled', 'running'] as const;

/**
 * Takes an import of cases back, some at a time: rows, words, logs, facts, and what had been made for it and nobody
 * uses. Killed on the way it goes on with the next call.
 * @throws notFound, import.state, import.running, import.touched: a case was adopted, or worked on in another way
 */
export async function undoBatch(
  platform: Platform,
  cityId: string,
  batchId: string,
  options: UndoOptions = {},
): Promise<Undone> {
  const { by = null } = options;
  const state = await undoableBatch(platform.db, cityId, batchId);
  if (state !== 'undoing') {
    await platform.db.transaction().execute((trx) => beginUndo(trx, batchId, platform.clock.now(), by));
  }
  const undone = await goOnUndoing(platform, cityId, batchId, options);
  if (!undone) throw problem('import.state', { batch: batchId });
  return undone;
}

/** The state of a register of cases. @throws notFound, import.state: it was only tried */
export async function undoableBatch(db: Db | Trx, cityId: string, batchId: string): Promise<string> {
  const batch = await findBatch(db, cityId, batchId);
  if (!batch || batch.kind !== 'case') throw problem('notFound');
  if (batch.mode !== 'real') throw problem('import.state', { batch: batchId });
  return batch.state;
}

/**
 * From now on it is being taken back. Nothing is lost yet.
 * @throws import.state, import.running: the city imports another register, import.touched
 */
export async function beginUndo(trx: Trx, batchId: string, at: number, by: string | null): Promise<void> {
  const set = await setBatchState(trx, batchId, FROM, 'undoing', { at, by, problem: null }).catch(
    (error: unknown) => {
      throw toProblem(error).code === 'conflict.taken' ? problem('import.running') : error;
    },
  );
  if (!set) throw problem('import.state', { batch: batchId });
  // After the state: who adopts or imports has ended, or finds it changed.
  const { cases } = await touchedCases(trx, batchId, 0);
  if (cases > 0) throw problem('import.touched', { cases });
}

/** The rest of a batch that is being taken back; null: it was stopped on the way. */
export async function goOnUndoing(
  platform: Platform,
  cityId: string,
  batchId: string,
  { by = null, signal, also, ended, onProgress }: UndoOptions,
): Promise<Undone | null> {
  const { db, clock } = platform;
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from import_row where batch_id = ${batchId}::uuid`.execute(db);
  const total = rows[0]!.n;
  let done = 0;
  let size = FIRST_LOT;
  for (let after = -1; ;) {
    if (signal?.aborted) return null;
    const began = performance.now();
    const chunk = await db.transaction().execute(async (trx) => {
      const taken = await takeBack(trx, { cityId, batchId, after, size }, clock.now());
      if (taken.cases > 0) await also?.(trx, taken.cases);
      return taken;
    });
    if (chunk.reached === null) break;
    after = chunk.reached;
    done += chunk.cases;
    onProgress?.({ done, total });
    size = nextSize(size, performance.now() - began);
  }
  const rest = await db.transaction().execute(async (trx) => {
    const made = await removeMade(trx, batchId);
    await dropEmptyCells(trx, cityId);
    await sql`delete from import_reject where batch_id = ${batchId}::uuid`.execute(trx);
    if (!(await setBatchState(trx, batchId, ['undoing'], 'undone', { at: clock.now(), by, problem: null })))
      throw problem('import.state', { batch: batchId });
    const undone = { kept: total - done, ...made };
    await ended?.(trx, undone);
    return undone;
  });
  await analyze(db);
  return { cases: done, ...rest };
}

/** Of rows `r` with their cases `c`: the log has gone on since the import, or they are linked or shown elsewhere. */
const TOUCHED = sql`(c.id is null or c.seq <> r.seq
  or exists (select 1 from task t where t.case_id = r.entity_id)
  or exists (select 1 from case_media m where m.case_id = r.entity_id)
  or exists (select 1 from case_link l where l.from_id = r.entity_id or l.to_id = r.entity_id))`;

export interface Touched {
  readonly cases: number;
  readonly adopted: number;
  /** The first of them, in the order of the register. */
  readonly examples: readonly {
    readonly id: string;
    readonly caseNo: string;
    readonly adopted: boolean;
  }[];
}

/** What keeps a register from being taken back. */
export async function touchedCases(db: Db | Trx, batchId: string, examples: number): Promise<Touched> {
  const { rows } = await sql<{ cases: number; adopted: number; examples: Touched['examples'] | null }>`
    with touched as (
      select r.row, r.entity_id as id, c.case_no as "caseNo",
             exists (select 1 from case_event e where e.case_id = c.id and e.type = 'case.adopted') as adopted
        from import_row r left join "case" c on c.id = r.entity_id
       where r.batch_id = ${batchId}::uuid and ${TOUCHED})
    select count(*)::int as cases, count(*) filter (where adopted)::int as adopted,
           (select json_agg(json_build_object('id', x.id, 'caseNo', coalesce(x."caseNo", ''), 'adopted', x.adopted) order by x.row)
              from (select * from touched order by row limit ${examples}) x) as examples
      from touched`.execute(db);
  const { cases, adopted, examples: some } = rows[0]!;
  return { cases, adopted, examples: some ?? [] };
}

export interface Vanishing {
  readonly cases: number;
  readonly open: number;
  /** Whose name or number goes with them. */
  readonly reporters: number;
  readonly rejects: number;
  /** Made for it; what is used meanwhile stays. */
  readonly units: number;
  readonly categories: number;
}

/** What goes when a register is taken back. */
export async function vanishing(db: Db | Trx, batchId: string): Promise<Vanishing> {
  const made = (kind: string): RawBuilder<number> =>
    sql`(select count(*)::int from import_made where batch_id = ${batchId}::uuid and kind = ${kind})`;
  const { rows } = await sql<Vanishing>`
    select count(*)::int as cases, count(*) filter (where c.ended_at is null)::int as open,
           (select count(p.reporter_id)::int from import_row r join report p on p.case_id = r.entity_id
             where r.batch_id = ${batchId}::uuid) as reporters,
           (select count(*)::int from import_reject where batch_id = ${batchId}::uuid) as rejects,
           ${made('unit')} as units, ${made('category')} as categories
      from import_row r left join "case" c on c.id = r.entity_id
     where r.batch_id = ${batchId}::uuid`.execute(db);
  return rows[0]!;
}

interface Batch {
  readonly cityId: string;
  readonly batchId: string;
}

/**
 * The next rows after that one, with all that hangs on their cases. `reached` is null behind the last. A case that
 * somebody works on in this moment is waited for, and then stays.
 */
async function takeBack(
  trx: Trx,
  { cityId, batchId, after, size }: Batch & { after: number; size: number },
  at: number,
): Promise<{ cases: number; reached: number | null }> {
  const { rows } = await sql<{ id: string; row: number }>`
    select entity_id as id, row from import_row
     where batch_id = ${batchId}::uuid and row > ${after} order by row limit ${size}`.execute(trx);
  const reached = rows.at(-1)?.row ?? null;
  if (reached === null) return { cases: 0, reached };
  await sql`select 1 from "case" where id = any(${rows.map(({ id }) => id)}::uuid[]) order by id for update`.execute(
    trx,
  );
  const free = await sql<{ id: string }>`
    select c.id from import_row r join "case" c on c.id = r.entity_id
     where r.batch_id = ${batchId}::uuid and r.row > ${after} and r.row <= ${reached} and not ${TOUCHED}`.execute(
    trx,
  );
  const ids = free.rows.map(({ id }) => id);
  if (ids.length === 0) return { cases: 0, reached };
  await rollUp(trx, countedOf(batchId, ids), -1);
  await withdrawOpen(trx, cityId, sql`select unnest(${ids}::uuid[])`);
  await withdrawFacts(trx, ids);
  await sql`select withdraw_import(${batchId}::uuid, ${ids}::uuid[], ${new Date(at)})`.execute(trx);
  return { cases: ids.length, reached };
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
