import type { RegisterInspection, RegisterTrial } from '@wanmi/contracts';
import { sql } from 'kysely';
import type { Db, Trx } from '#platform/pool';

export type UploadState =
  | 'inspecting'
  | 'ready'
  | 'trying'
  | 'tried'
  | 'importing'
  | 'paused'
  | 'done'
  | 'failed'
  | 'cancelled';

/** A register that somebody sends over the console. */
export interface UploadRow {
  readonly id: string;
  readonly cityId: string;
  readonly fileName: string;
  readonly fileBytes: number;
  readonly sha256: string | null;
  readonly state: UploadState;
  readonly problem: string | null;
  readonly stage: string | null;
  readonly total: number | null;
  readonly read: number;
  readonly share: number;
  readonly beganAt: Date;
  readonly beganShare: number;
  readonly inspection: RegisterInspection | null;
  readonly mapping: unknown;
  readonly trial: RegisterTrial | null;
  readonly batchId: string | null;
  readonly personId: string;
  readonly postId: string;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

const COMMON = sql`id, city_id as "cityId", file_name as "fileName", file_bytes as "fileBytes",
  encode(sha256, 'hex') as sha256, state, problem, stage, total, read, share, began_at as "beganAt",
  began_share as "beganShare", batch_id as "batchId", person_id as "personId", post_id as "postId",
  started_at as "startedAt", updated_at as "updatedAt", ended_at as "endedAt"`;
const COLUMNS = sql`${COMMON}, trial, inspection, mapping`;

export interface NewUpload extends Pick<
  UploadRow,
  'id' | 'cityId' | 'fileName' | 'fileBytes' | 'sha256' | 'personId' | 'postId'
> {
  readonly key: string | null;
  readonly at: number;
}

/** False: the key was used already. */
export async function insertUpload(trx: Trx, one: NewUpload): Promise<boolean> {
  const at = new Date(one.at);
  const { numAffectedRows } = await sql`
    insert into register_upload (id, city_id, file_name, file_bytes, sha256, state, began_at, person_id, post_id, key,
      started_at, updated_at)
    values (${one.id}::uuid, ${one.cityId}::uuid, ${one.fileName}, ${one.fileBytes}, decode(${one.sha256}, 'hex'),
      'inspecting', ${at}, ${one.personId}::uuid, ${one.postId}::uuid, ${one.key}, ${at}, ${at})
    on conflict do nothing`.execute(trx);
  return numAffectedRows === 1n;
}

export async function readUpload(db: Db | Trx, id: string): Promise<UploadRow | null> {
  const { rows } = await sql<UploadRow>`
    select ${COLUMNS} from register_upload where id = ${id}::uuid`.execute(db);
  return rows[0] ?? null;
}

export async function uploadOfKey(db: Db, personId: string, key: string): Promise<UploadRow | null> {
  const { rows } = await sql<UploadRow>`
    select ${COLUMNS} from register_upload where person_id = ${personId}::uuid and key = ${key}`.execute(db);
  return rows[0] ?? null;
}

/** Of a city, the newest first; without what was seen of the columns and rows. */
export async function listUploads(
  db: Db,
  cityId: string,
  { before, open, limit }: { before: string | null; open: boolean; limit: number },
): Promise<UploadRow[]> {
  const { rows } = await sql<UploadRow>`
    select ${COMMON}, jsonb_set(trial, '{rejects}', '[]') as trial, null as inspection, null as mapping from register_upload
     where city_id = ${cityId}::uuid and (${before}::uuid is null or id < ${before}::uuid)
       and (not ${open}::boolean or state not in ('done', 'cancelled'))
     order by id desc limit ${limit}`.execute(db);
  return rows;
}

/** What a worker has to do, in every city. */
export async function waitingUploads(db: Db): Promise<{ id: string }[]> {
  const { rows } = await sql<{ id: string }>`
    select id from register_upload where state in ('inspecting', 'trying', 'importing') order by id`.execute(
    db,
  );
  return rows;
}

/** The state alone, as it stands now. */
export async function stateOfUpload(db: Db, id: string): Promise<UploadState | null> {
  const { rows } = await sql<{ state: UploadState }>`
    select state from register_upload where id = ${id}::uuid`.execute(db);
  return rows[0]?.state ?? null;
}

export interface UploadChange {
  readonly problem?: string | null;
  /** Rows of the file, all of which are read. */
  readonly read?: number;
  readonly total?: number;
  readonly inspection?: RegisterInspection;
  readonly mapping?: object;
  readonly trial?: RegisterTrial | null;
}

const ENDED: readonly UploadState[] = ['done', 'failed', 'cancelled'];

/** From one state to the next; false where it is in another. What begins anew begins at nothing. */
export async function setUpload(
  db: Db | Trx,
  id: string,
  from: readonly UploadState[],
  to: UploadState,
  at: number,
  { problem = null, read, total, inspection, mapping, trial }: UploadChange = {},
): Promise<boolean> {
  const time = new Date(at);
  const json = (value: unknown): string | null =>
    value === undefined || value === null ? null : JSON.stringify(value);
  const { numAffectedRows } = await sql`
    update register_upload set state = ${to}, problem = ${problem}, stage = case when ${to === 'failed'} then state end,
      updated_at = ${time}, ended_at = ${ENDED.includes(to) ? time : null}::timestamptz,
      total = coalesce(${total ?? null}::int, total),
      inspection = coalesce(${json(inspection)}::jsonb, inspection),
      mapping = coalesce(${json(mapping)}::jsonb, mapping),
      trial = case when ${trial === undefined} then trial else ${json(trial)}::jsonb end,
      began_at = case when ${to === 'trying' || to === 'importing'} then ${time}::timestamptz else began_at end,
      began_share = case when ${to === 'importing'} then share else 0 end,
      share = case when ${to === 'trying'} then 0 when ${to === 'importing'} and state <> 'paused' then 0 else share end,
      read = coalesce(${read ?? null}::int, case when ${to === 'trying'} then 0 when ${to === 'importing'} and state <> 'paused' then 0 else read end)
     where id = ${id}::uuid and state = any(${[...from]}::text[])`.execute(db);
  return numAffectedRows === 1n;
}

/** How far it is. A process that goes on after a kill begins to count its pace anew. */
export async function moveUpload(
  db: Db,
  id: string,
  { read, share, at, anew }: { read: number; share: number; at: number; anew: boolean },
): Promise<void> {
  const time = new Date(at);
  await sql`
    update register_upload set read = ${read}, share = ${share}, updated_at = ${time},
      began_at = case when ${anew} then ${time}::timestamptz else began_at end,
      began_share = case when ${anew} then ${share}::real else began_share end
     where id = ${id}::uuid and state in ('inspecting', 'trying', 'importing')`.execute(db);
}

export async function setUploadBatch(db: Db | Trx, id: string, batchId: string): Promise<void> {
  await sql`update register_upload set batch_id = ${batchId}::uuid where id = ${id}::uuid`.execute(db);
}

/** Files whose time is over. */
export async function expiredUploads(db: Db, before: Date): Promise<{ id: string }[]> {
  const { rows } = await sql<{ id: string }>`
    select u.id from register_upload u
     where u.sha256 is not null and u.updated_at < ${before}
       and u.state not in ('inspecting', 'trying', 'importing') order by u.id limit 100`.execute(db);
  return rows;
}

/**
 * One of them as it stands now, kept from whoever would go on with it; `shared`: something else has the same bytes.
 * null: somebody was first.
 */
export async function lockExpired(
  trx: Trx,
  id: string,
  before: Date,
): Promise<{ sha256: string; state: UploadState; shared: boolean } | null> {
  const { rows } = await sql<{ sha256: string; state: UploadState; shared: boolean }>`
    select encode(u.sha256, 'hex') as sha256, u.state,
           exists (select 1 from register_upload o where o.sha256 = u.sha256 and o.id <> u.id)
           or exists (select 1 from transfer_file f where f.sha256 = u.sha256)
           or exists (select 1 from media m where m.sha256 = u.sha256) as shared
      from register_upload u
     where u.id = ${id}::uuid and u.sha256 is not null and u.updated_at < ${before}
       and u.state not in ('inspecting', 'trying', 'importing') for update`.execute(trx);
  return rows[0] ?? null;
}

/** The file is gone, and with it what was shown of it. */
export async function forgetUpload(db: Db | Trx, id: string, at: number): Promise<void> {
  const time = new Date(at);
  await sql`
    update register_upload set sha256 = null, inspection = null, trial = null,
      state = case when state in ('done', 'failed', 'cancelled') then state else 'cancelled' end,
      ended_at = coalesce(ended_at, ${time}::timestamptz)
     where id = ${id}::uuid`.execute(db);
}
