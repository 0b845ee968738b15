import { TRANSFER_KINDS, type TransferKind } from '@wanmi/contracts';
import { sql } from 'kysely';
import type { Batch, BatchKind } from '#modules/importing';
import type { Db, Trx } from '#platform/pool';
import type { Change } from './importer.ts';

export const BATCH_KIND: Readonly<Record<TransferKind, BatchKind>> = {
  units: 'unit',
  people: 'person',
  posts: 'post',
  assets: 'asset',
  manual: 'manual',
};
const KINDS = Object.values(BATCH_KIND);

export function kindOf(kind: string): TransferKind {
  return TRANSFER_KINDS.find((one) => BATCH_KIND[one] === kind)!;
}

/** A batch of `importing` with what a transfer keeps beside it. */
export interface TransferRow extends Batch {
  readonly file: string | null;
  readonly columns: readonly string[];
  readonly personId: string;
  readonly postId: string;
  readonly realId: string | null;
  readonly draftId: string | null;
  readonly undoneChanges: number;
  readonly keptChanges: number;
}

const COLUMNS = sql`b.id, b.city_id as "cityId", b.kind, b.register, b.file_name as "fileName",
  b.file_bytes as "fileBytes", encode(b.file_sha256, 'hex') as "fileSha256", b.mapping, b.mode, b.state, b.problem,
  b.read, b.accepted, b.rejected, b.already, b.warned, b.position, b.total, b.counts,
  b.started_by as "startedBy", b.started_at as "startedAt", b.updated_at as "updatedAt", b.ended_at as "endedAt",
  b.undone_at as "undoneAt", encode(f.sha256, 'hex') as file, f.columns, f.person_id as "personId", f.post_id as "postId",
  f.real_id as "realId", f.draft_id as "draftId",
  case when b.state in ('undoing', 'undone') then (select count(*)::int from transfer_change c where c.batch_id = b.id and c.undone = 'undone') else 0 end as "undoneChanges",
  case when b.state in ('undoing', 'undone') then (select count(*)::int from transfer_change c where c.batch_id = b.id and c.undone = 'kept') else 0 end as "keptChanges"`;

export async function readTransfer(db: Db | Trx, cityId: string, id: string): Promise<TransferRow | null> {
  const { rows } = await sql<TransferRow>`
    select ${COLUMNS} from import_batch b join transfer_file f on f.batch_id = b.id
     where b.city_id = ${cityId}::uuid and b.id = ${id}::uuid`.execute(db);
  return rows[0] ?? null;
}

/** The newest first. */
export async function listTransfers(
  db: Db | Trx,
  cityId: string,
  { kind, before, limit }: { kind: TransferKind | null; before: string | null; limit: number },
): Promise<TransferRow[]> {
  const { rows } = await sql<TransferRow>`
    select ${COLUMNS} from import_batch b join transfer_file f on f.batch_id = b.id
     where b.city_id = ${cityId}::uuid and (${kind === null ? null : BATCH_KIND[kind]}::text is null or b.kind = ${kind === null ? null : BATCH_KIND[kind]})
       and (${before}::uuid is null or b.id < ${before}::uuid)
     order by b.id desc limit ${limit}`.execute(db);
  return rows;
}

/** What a worker has to do, in every city: imports that were asked for or interrupted, and those to be taken back. */
export async function waitingTransfers(db: Db): Promise<{ id: string; cityId: string }[]> {
  const { rows } = await sql<{ id: string; cityId: string }>`
    select b.id, b.city_id as "cityId" from import_batch b join transfer_file f on f.batch_id = b.id
     where b.state in ('running', 'undoing') and b.kind = any(${[...KINDS]}::text[]) order by b.id`.execute(
    db,
  );
  return rows;
}

export interface NewFile {
  readonly batchId: string;
  readonly cityId: string;
  readonly sha256: string | null;
  readonly personId: string;
  readonly postId: string;
}

export async function insertFile(db: Db | Trx, file: NewFile): Promise<void> {
  await sql`
    insert into transfer_file (batch_id, city_id, sha256, person_id, post_id)
    values (${file.batchId}::uuid, ${file.cityId}::uuid, decode(${file.sha256}, 'hex'), ${file.personId}::uuid, ${file.postId}::uuid)
    on conflict (batch_id) do nothing`.execute(db);
}

export async function setColumns(db: Db | Trx, batchId: string, columns: readonly string[]): Promise<void> {
  await sql`update transfer_file set columns = ${[...columns]}::text[] where batch_id = ${batchId}::uuid`.execute(
    db,
  );
}

/** Who acts from now on: it is taken back in the name of whoever asks for that. */
export async function setActor(
  db: Db | Trx,
  batchId: string,
  { personId, postId }: Pick<NewFile, 'personId' | 'postId'>,
): Promise<void> {
  await sql`update transfer_file set person_id = ${personId}::uuid, post_id = ${postId}::uuid
     where batch_id = ${batchId}::uuid`.execute(db);
}

export async function setReal(db: Db | Trx, batchId: string, realId: string): Promise<void> {
  await sql`update transfer_file set real_id = ${realId}::uuid where batch_id = ${batchId}::uuid`.execute(db);
}

export async function setDraft(db: Db | Trx, batchId: string, draftId: string): Promise<void> {
  await sql`update transfer_file set draft_id = ${draftId}::uuid where batch_id = ${batchId}::uuid`.execute(
    db,
  );
}

export async function insertChanges(
  trx: Trx,
  batch: Pick<Batch, 'id' | 'cityId'>,
  changes: readonly Change[],
): Promise<void> {
  if (changes.length === 0) return;
  await sql`
    insert into transfer_change (batch_id, row, city_id, entity, entity_id, before_id, what)
    select ${batch.id}::uuid, x.row, ${batch.cityId}::uuid, x.entity, x."entityId", x."beforeId", x.what
      from json_to_recordset(${JSON.stringify(changes)}::json)
        as x(row int, entity text, "entityId" uuid, "beforeId" uuid, what text)`.execute(trx);
}

/** The last changes that are not taken back yet, the newest first: what stands on another goes before it. */
export async function changesToUndo(trx: Trx, batchId: string, limit: number): Promise<Change[]> {
  const { rows } = await sql<Change>`
    select row, entity, entity_id as "entityId", before_id as "beforeId", what from transfer_change
     where batch_id = ${batchId}::uuid and undone is null order by entity_id desc, row desc limit ${limit} for update`.execute(
    trx,
  );
  return rows;
}

export async function markUndone(
  trx: Trx,
  batchId: string,
  rows: readonly number[],
  how: 'undone' | 'kept',
): Promise<void> {
  if (rows.length === 0) return;
  await sql`update transfer_change set undone = ${how} where batch_id = ${batchId}::uuid and row = any(${[...rows]}::int[])`.execute(
    trx,
  );
}

/** Files whose time is over, or that no batch needs any more; each goes only where nothing else has the same bytes. */
export async function expiredFiles(
  db: Db,
  before: Date,
): Promise<{ batchId: string; sha256: string; shared: boolean }[]> {
  const { rows } = await sql<{ batchId: string; sha256: string; shared: boolean }>`
    select f.batch_id as "batchId", encode(f.sha256, 'hex') as sha256,
           exists (select 1 from transfer_file o join import_batch ob on ob.id = o.batch_id
                    where o.sha256 = f.sha256 and o.batch_id <> f.batch_id and ob.started_at >= ${before})
           or exists (select 1 from register_upload u where u.sha256 = f.sha256)
           or exists (select 1 from media m where m.sha256 = f.sha256) as shared
      from transfer_file f join import_batch b on b.id = f.batch_id
     where f.sha256 is not null and b.started_at < ${before} and b.state not in ('running', 'undoing') limit 100`.execute(
    db,
  );
  return rows;
}

export async function forgetFile(db: Db, batchId: string): Promise<void> {
  await sql`update transfer_file set sha256 = null where batch_id = ${batchId}::uuid`.execute(db);
}
