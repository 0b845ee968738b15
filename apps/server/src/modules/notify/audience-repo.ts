import { sql } from 'kysely';
import type { Db, Trx } from '#platform/pool';

export interface WaitingTask {
  readonly id: string;
  readonly role: string;
  readonly unitId: string | null;
  /** Who has claimed it, else whom it waits for by name. */
  readonly postId: string | null;
}

/** Of these tasks, those that are still open. */
export async function openTasks(db: Db | Trx, ids: readonly string[]): Promise<Map<string, WaitingTask>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<WaitingTask>`
    select id, role, unit_id as "unitId", coalesce(claimed_post_id, post_id) as "postId"
      from task where id = any(${[...ids]}::uuid[]) and done_at is null`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}

export interface ReporterPost {
  readonly postId: string;
  readonly collector: boolean;
}

/**
 * The posts that brought in the reports of these cases, those of the cases that were merged into them too; and
 * whether as a collector or for somebody else.
 */
export async function reporterPosts(
  db: Db | Trx,
  caseIds: readonly string[],
): Promise<Map<string, ReporterPost[]>> {
  if (caseIds.length === 0) return new Map();
  const { rows } = await sql<ReporterPost & { caseId: string }>`
    with recursive family(root, id) as (
      select id, id from unnest(${[...caseIds]}::uuid[]) as x(id)
      union
      select f.root, c.id from family f join "case" c on c.merged_into_id = f.id
    )
    select f.root as "caseId", r.post_id as "postId", bool_or(r.source = 'collector') as collector
      from family f join report r on r.case_id = f.id where r.post_id is not null group by 1, 2
    union
    select f.root, c.collector_post_id, true
      from family f join "case" c on c.id = f.id where c.collector_post_id is not null`.execute(db);
  const found = new Map<string, ReporterPost[]>();
  for (const { caseId, ...post } of rows) found.set(caseId, [...(found.get(caseId) ?? []), post]);
  return found;
}

/** Who asked for these. */
export async function applicantsOf(db: Db | Trx, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: string; postId: string }>`
    select id, asked_post_id as "postId" from application where id = any(${[...ids]}::uuid[])`.execute(db);
  return new Map(rows.map((row) => [row.id, row.postId]));
}

export interface CaseWork {
  readonly caseId: string;
  readonly tasks: readonly WaitingTask[];
  /** That have it in work. */
  readonly units: readonly string[];
}

/** What is open in these cases. */
export async function openWork(db: Db | Trx, caseIds: readonly string[]): Promise<Map<string, CaseWork>> {
  if (caseIds.length === 0) return new Map();
  const { rows } = await sql<CaseWork>`
    select k.id as "caseId",
      coalesce((select jsonb_agg(jsonb_build_object('id', t.id, 'role', t.role, 'unitId', t.unit_id,
          'postId', coalesce(t.claimed_post_id, t.post_id)) order by t.id)
        from task t where t.case_id = k.id and t.done_at is null and t.step <> ''), '[]') as tasks,
      array(select distinct a.unit_id from assignment a
        where a.case_id = k.id and a.ended_at is null)::text[] as units
    from unnest(${[...caseIds]}::uuid[]) as k(id)`.execute(db);
  return new Map(rows.map((row) => [row.caseId, row]));
}

/**
 * The posts of a role in the unit itself or the nearest one above it; where none of them has any, those of the role
 * that see the whole city.
 */
export async function postsAbove(
  db: Db | Trx,
  { cityId, unitId, role, at }: { cityId: string; unitId: string; role: string; at: Date },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with recursive up(id, far) as (
      select ${unitId}::uuid, 0
      union all
      select u.parent_id, up.far + 1 from up join unit u on u.id = up.id
       where u.parent_id is not null and up.far < 20
    ), held as (
      select p.id, p.unit_id, p.scope from post p join role r on r.id = p.role_id
       where p.city_id = ${cityId}::uuid and r.code = ${role}
         and p.valid_from <= ${at} and (p.valid_to is null or p.valid_to > ${at})
    ), near as (
      select h.id, rank() over (order by min(up.far)) as nearest
        from held h join up on up.id = h.unit_id group by h.id
    )
    select id from near where nearest = 1
    union all
    select id from held where scope = 'city' and not exists (select 1 from near)
    order by id`.execute(db);
  return rows.map((row) => row.id);
}

/** Where a case lies. */
export type CasePlace = Readonly<Record<'districtId' | 'streetId' | 'communityId', string | null>>;

export async function casePlaces(
  db: Db | Trx,
  caseIds: readonly string[],
): Promise<ReadonlyMap<string, CasePlace>> {
  if (caseIds.length === 0) return new Map();
  const { rows } = await sql<CasePlace & { id: string }>`/*= notify.places */
    select id, district_id as "districtId", street_id as "streetId", community_id as "communityId"
      from "case" where id = any(${[...caseIds]}::uuid[])`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Of these posts, the region of each that sees one region only. */
export async function regionsOfPosts(
  db: Db | Trx,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const { rows } = await sql<{ id: string; regionId: string | null }>`/*= notify.scopes */
    select id, scope_region_id as "regionId" from post
     where id = any(${[...ids]}::uuid[]) and scope = 'region'`.execute(db);
  return new Map(rows.map((row) => [row.id, row.regionId]));
}
