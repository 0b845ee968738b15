import { sql, type RawBuilder } from 'kysely';
import type { Db, Trx } from '#platform/pool';
import type { Batch, BatchCounts, BatchKind, BatchMode, BatchState, Reject } from './batch.ts';

const COLUMNS = sql`b.id, b.city_id as "cityId", b.kind, b.register, b.file_name as "fileName",
  b.file_bytes as "fileBytes", encode(b.file_sha256, 'hex') as "fileSha256", b.mapping, b.mode, b.state, b.problem,
  b.read, b.accepted, b.rejected, b.already, b.warned, b.position, b.total, b.counts,
  b.started_by as "startedBy", b.started_at as "startedAt", b.updated_at as "updatedAt", b.ended_at as "endedAt",
  b.undone_at as "undoneAt", b.columns`;

export async function findBatch(db: Db | Trx, cityId: string, id: string): Promise<Batch | null> {
  const { rows } = await sql<Batch>`
    select ${COLUMNS} from import_batch b where b.city_id = ${cityId}::uuid and b.id = ${id}::uuid`.execute(
    db,
  );
  return rows[0] ?? null;
}

/** The batch that writes a kind into the city now, or was killed while it did. */
export async function runningBatch(
  db: Db | Trx,
  cityId: string,
  kind: BatchKind,
): Promise<(Batch & { mappingSha256: string }) | null> {
  const { rows } = await sql<Batch & { mappingSha256: string }>`
    select ${COLUMNS}, encode(b.mapping_sha256, 'hex') as "mappingSha256" from import_batch b
     where b.city_id = ${cityId}::uuid and b.kind = ${kind} and b.state in ('running', 'undoing')
       and b.mode = 'real'`.execute(db);
  return rows[0] ?? null;
}

export async function listBatches(
  db: Db | Trx,
  cityId: string,
  { kind, before, limit }: { kind?: BatchKind | undefined; before?: string | undefined; limit: number },
): Promise<Batch[]> {
  const { rows } = await sql<Batch>`
    select ${COLUMNS} from import_batch b
     where b.city_id = ${cityId}::uuid and (${kind ?? null}::text is null or b.kind = ${kind ?? null})
       and (${before ?? null}::uuid is null or b.id < ${before ?? null}::uuid)
     order by b.id desc limit ${limit}`.execute(db);
  return rows;
}

export interface NewBatch {
  readonly id: string;
  readonly cityId: string;
  readonly kind: BatchKind;
  readonly register: string;
  readonly fileName: string;
  readonly fileBytes: number;
  readonly fileSha256: string;
  readonly mapping: unknown;
  readonly mappingSha256: string;
  readonly mode: BatchMode;
  readonly total: number | null;
  readonly columns: readonly string[] | null;
  readonly startedBy: string | null;
  readonly at: number;
}

/** False: another one of its kind runs in the city; nothing was written, and the transaction goes on. */
export async function insertBatch(db: Db | Trx, one: NewBatch): Promise<boolean> {
  const at = new Date(one.at);
  const { numAffectedRows } = await sql`
    insert into import_batch (id, city_id, kind, register, file_name, file_bytes, file_sha256, mapping,
      mapping_sha256, mode, state, total, columns, started_by, started_at, updated_at)
    values (${one.id}::uuid, ${one.cityId}::uuid, ${one.kind}, ${one.register}, ${one.fileName}, ${one.fileBytes},
      decode(${one.fileSha256}, 'hex'), ${JSON.stringify(one.mapping)}::jsonb, decode(${one.mappingSha256}, 'hex'),
      ${one.mode}, 'running', ${one.total}, ${one.columns === null ? null : [...one.columns]}::text[], ${one.startedBy}::uuid, ${at}, ${at})
    on conflict do nothing`.execute(db);
  return numAffectedRows === 1n;
}

/** Moves a running batch on; false where it is not at that position (any more). */
export async function moveBatch(
  db: Db | Trx,
  batchId: string,
  from: number,
  { read, accepted, rejected, already, warned, counts }: BatchCounts,
  at: number,
): Promise<boolean> {
  // Counts by name add up: what is there and what comes.
  const { numAffectedRows } = await sql`
    update import_batch b set read = b.read + ${read}, accepted = b.accepted + ${accepted},
      rejected = b.rejected + ${rejected}, already = b.already + ${already}, warned = b.warned + ${warned},
      position = b.position + ${read}, updated_at = ${new Date(at)},
      counts = (select coalesce(jsonb_object_agg(key, n), '{}') from (
        select key, sum(value::numeric) as n from (
          select * from jsonb_each_text(b.counts) union all select * from jsonb_each_text(${JSON.stringify(counts)}::jsonb)
        ) x(key, value) group by key) s)
     where b.id = ${batchId}::uuid and b.state = 'running' and b.position = ${from}`.execute(db);
  return numAffectedRows === 1n;
}

/** From one state to the next; false where it is in another. */
export async function setBatchState(
  db: Db | Trx,
  batchId: string,
  from: readonly BatchState[],
  to: BatchState,
  { at, by, problem }: { at: number; by: string | null; problem: string | null },
): Promise<boolean> {
  const time = new Date(at);
  const undone = to === 'undone';
  const { numAffectedRows } = await sql`
    update import_batch set state = ${to}, problem = ${problem}, updated_at = ${time},
      ended_at = case when ${to} = 'running' then null else coalesce(ended_at, ${time}) end,
      ended_by = case when ${to} = 'running' then null else coalesce(ended_by, ${by}::uuid) end,
      undone_at = case when ${undone} then ${time} else undone_at end,
      undone_by = case when ${undone} then ${by}::uuid else undone_by end
     where id = ${batchId}::uuid and state = any(${[...from]}::text[])`.execute(db);
  return numAffectedRows === 1n;
}

/** The headings of its file, of an import that did not keep them. */
export async function setColumns(db: Db | Trx, batchId: string, columns: readonly string[]): Promise<void> {
  await sql`update import_batch set columns = ${[...columns]}::text[] where id = ${batchId}::uuid and columns is null`.execute(
    db,
  );
}

export async function setTotal(db: Db | Trx, batchId: string, total: number): Promise<void> {
  await sql`update import_batch set total = ${total} where id = ${batchId}::uuid`.execute(db);
}

export async function insertRejects(
  db: Db | Trx,
  { id, cityId }: Pick<Batch, 'id' | 'cityId'>,
  rejects: readonly Reject[],
): Promise<void> {
  if (rejects.length === 0) return;
  await sql`
    insert into import_reject (batch_id, row, line, city_id, source_id, reason, field, cells)
    select ${id}::uuid, x.row, x.line, ${cityId}::uuid, x."sourceId", x.reason, x.field, x.cells
      from jsonb_to_recordset(${JSON.stringify(rejects)}::jsonb)
        as x(row int, line int, "sourceId" text, reason text, field text, cells jsonb)`.execute(db);
}

/** Rejects of a batch in the order of the file, a page after that row. */
export async function rejectsAfter(
  db: Db | Trx,
  batchId: string,
  after: number,
  limit: number,
): Promise<Reject[]> {
  const { rows } = await sql<Reject>`
    select row, line, source_id as "sourceId", reason, field, cells from import_reject
     where batch_id = ${batchId}::uuid and row > ${after} order by row limit ${limit}`.execute(db);
  return rows;
}

/** Which of these ids the city has from that register, and what they became. */
export async function knownRows(
  db: Db | Trx,
  { cityId, kind, register }: Pick<Batch, 'cityId' | 'kind' | 'register'>,
  sourceIds: readonly string[],
): Promise<Map<string, { entityId: string; batchId: string }>> {
  if (sourceIds.length === 0) return new Map();
  const { rows } = await sql<{ sourceId: string; entityId: string; batchId: string }>`
    select source_id as "sourceId", entity_id as "entityId", batch_id as "batchId" from import_row
     where city_id = ${cityId}::uuid and kind = ${kind} and register = ${register}
       and source_id = any(${[...sourceIds]}::text[])`.execute(db);
  return new Map(rows.map(({ sourceId, ...row }) => [sourceId, row]));
}

export interface TakenRow {
  readonly row: number;
  readonly sourceId: string;
  readonly entityId: string;
  readonly seq?: number | null;
  readonly kept?: object | null;
}

export async function rememberRows(
  db: Db | Trx,
  { id, cityId, kind, register }: Pick<Batch, 'id' | 'cityId' | 'kind' | 'register'>,
  rows: readonly TakenRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into import_row (city_id, kind, register, source_id, batch_id, row, entity_id, seq, kept)
    select ${cityId}::uuid, ${kind}, ${register}, x."sourceId", ${id}::uuid, x.row, x."entityId", x.seq, x.kept
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as x(row int, "sourceId" text, "entityId" uuid, seq int, kept jsonb)`.execute(db);
}

/**
 * Facts `f` of the rows that the rollups do not count yet; from now on they count as counted. Under the batch's row
 * lock, so that nobody counts them twice.
 */
export async function rolledUpTo(trx: Trx, batchId: string): Promise<RawBuilder<unknown>> {
  const { rows } = await sql<{ rolled: number }>`
    select rolled from import_batch where id = ${batchId}::uuid for update`.execute(trx);
  await sql`update import_batch set rolled = position where id = ${batchId}::uuid`.execute(trx);
  return sql`f.case_id in (select r.entity_id from import_row r
    where r.batch_id = ${batchId}::uuid and r.row > ${rows[0]!.rolled})`;
}

/** Facts `f` of these cases, where the rollups count them. */
export function countedOf(batchId: string, caseIds: readonly string[]): RawBuilder<unknown> {
  return sql`f.case_id in (select r.entity_id from import_row r join import_batch b on b.id = r.batch_id
    where r.batch_id = ${batchId}::uuid and r.row <= b.rolled and r.entity_id = any(${[...caseIds]}::uuid[]))`;
}
