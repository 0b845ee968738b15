import { sql } from 'kysely';
import type { EventBody } from '@wanmi/contracts';
import type { Db, Trx } from '#platform/pool';

export interface EntryKey {
  readonly caseId: string;
  readonly seq: number;
}

/** Entries of the log by their keys. */
export async function loadEntries(db: Db | Trx, keys: readonly EntryKey[]): Promise<EventBody[]> {
  const ids = keys.map((key) => key.caseId);
  const { rows } = await sql<{ body: string }>`
    select e.body from unnest(${ids}::uuid[], ${keys.map((key) => key.seq)}::int[]) as k(case_id, seq)
      join case_event e on e.case_id = k.case_id and e.seq = k.seq
     where e.case_id = any(${ids}::uuid[])`.execute(db);
  return rows.map((row) => JSON.parse(row.body) as EventBody);
}

/** Of these posts, those that somebody holds at that time. */
export async function heldPosts(db: Db | Trx, ids: readonly string[], at: Date): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    select id from post where id = any(${[...ids]}::uuid[])
      and valid_from <= ${at} and (valid_to is null or valid_to > ${at})`.execute(db);
  return new Set(rows.map((row) => row.id));
}

export interface NewNotice {
  readonly id: string;
  readonly cityId: string;
  readonly postId: string;
  readonly kind: string;
  readonly caseId: string;
  readonly taskId: string | null;
  readonly step: string | null;
  readonly at: string;
}

/** Adds those that are new, and one outbox row per entry and kind, which carries them to live screens. */
export async function insertNotices(trx: Trx, notices: readonly NewNotice[]): Promise<void> {
  if (notices.length === 0) return;
  await sql`
    with added as (
      insert into notice (id, city_id, post_id, kind, case_id, task_id, step, at)
      select id, "cityId", "postId", kind, "caseId", "taskId", step, at
        from jsonb_to_recordset(${JSON.stringify(notices)}::jsonb) as x(id uuid, "cityId" uuid, "postId" uuid,
          kind text, "caseId" uuid, "taskId" uuid, step text, at timestamptz)
      on conflict (id) do nothing
      returning city_id, post_id, kind, case_id, at
    )
    insert into outbox (city_id, at, topic, case_id, payload)
    select city_id, at, 'notice', case_id, jsonb_build_object('kind', kind, 'postIds', jsonb_agg(post_id))
      from added group by city_id, at, case_id, kind order by at, case_id`.execute(trx);
}

export interface NoticeRow {
  id: string;
  kind: string;
  caseId: string | null;
  caseNo: string | null;
  taskId: string | null;
  step: string | null;
  at: Date;
  readAt: Date | null;
}

/** A post's notices, the latest first. */
export async function listNotices(
  db: Db,
  { postId, before, limit }: { postId: string; before: string | undefined; limit: number },
): Promise<NoticeRow[]> {
  const { rows } = await sql<NoticeRow>`
    select n.id, n.kind, n.case_id as "caseId", c.case_no as "caseNo", n.task_id as "taskId", n.step, n.at,
      n.read_at as "readAt"
    from notice n left join "case" c on c.id = n.case_id
    where n.post_id = ${postId}::uuid ${before === undefined ? sql`` : sql`and n.id < ${before}::uuid`}
    order by n.id desc limit ${limit}`.execute(db);
  return rows;
}

export async function countUnread(db: Db, postId: string, limit: number): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from (
      select 1 from notice where post_id = ${postId}::uuid and read_at is null limit ${limit}) x`.execute(db);
  return rows[0]!.n;
}

/** False where this post has no such notice. Read once is read: the first time stays. */
export async function markRead(db: Db, postId: string, id: string, at: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update notice set read_at = coalesce(read_at, ${at})
     where id = ${id}::uuid and post_id = ${postId}::uuid`.execute(db);
  return numAffectedRows === 1n;
}

export async function markAllRead(db: Db, postId: string, at: Date): Promise<void> {
  await sql`update notice set read_at = ${at} where post_id = ${postId}::uuid and read_at is null`.execute(
    db,
  );
}

const BATCH = 10_000;

export async function deleteNotices(db: Db, before: string): Promise<void> {
  for (;;) {
    const { numAffectedRows = 0n } = await sql`
      delete from notice where id in (select id from notice where id < ${before}::uuid limit ${BATCH})`.execute(
      db,
    );
    if (numAffectedRows < BATCH) return;
  }
}

/** Where a case lies and who works on it: what decides who may hear of it. */
export interface Whereabouts {
  readonly caseId: string;
  readonly cityId: string;
  readonly districtId: string | null;
  readonly streetId: string | null;
  readonly communityId: string | null;
  readonly patrolGridId: string | null;
  readonly unitIds: string[];
  readonly postIds: string[];
  readonly desks: { readonly unitId: string | null; readonly role: string; readonly postId: string | null }[];
}

/** `since`: tasks that were done from then on count too, so that they vanish from the boxes where they were. */
export async function whereabouts(
  db: Db,
  caseIds: readonly string[],
  since: Date,
): Promise<Map<string, Whereabouts>> {
  const { rows } = await sql<Whereabouts>`
    /*= notify.whereabouts */ select c.id as "caseId", c.city_id as "cityId", c.district_id as "districtId", c.street_id as "streetId",
      c.community_id as "communityId", c.patrol_grid_id as "patrolGridId",
      array(select a.unit_id from assignment a where a.case_id = c.id
        union select a.crew_id from assignment a where a.case_id = c.id and a.crew_id is not null
        union select r.unit_id from report r where r.case_id = c.id and r.unit_id is not null
          and c.source = 'enforcement')::text[] as "unitIds",
      array(select c.collector_post_id where c.collector_post_id is not null
        union select t.post_id from task t where t.case_id = c.id and t.post_id is not null
        union select t.done_post_id from task t where t.case_id = c.id and t.done_post_id is not null
      )::text[] as "postIds",
      coalesce((select jsonb_agg(distinct jsonb_build_object('unitId', t.unit_id, 'role', t.role, 'postId', t.post_id))
        from task t where t.case_id = c.id and (t.done_at is null or t.done_at >= ${since})), '[]') as desks
    from "case" c where c.id = any(${[...caseIds]}::uuid[])`.execute(db);
  return new Map(rows.map((row) => [row.caseId, row]));
}

/** Types of entries, by `case seq`. */
export async function entryTypes(db: Db, keys: readonly EntryKey[]): Promise<Map<string, string>> {
  const ids = keys.map((key) => key.caseId);
  const { rows } = await sql<{ caseId: string; seq: number; type: string }>`
    /*= notify.entryTypes */ select e.case_id as "caseId", e.seq, e.type
      from unnest(${ids}::uuid[], ${keys.map((key) => key.seq)}::int[]) as k(case_id, seq)
      join case_event e on e.case_id = k.case_id and e.seq = k.seq
     where e.case_id = any(${ids}::uuid[])`.execute(db);
  return new Map(rows.map((row) => [`${row.caseId} ${row.seq}`, row.type]));
}
