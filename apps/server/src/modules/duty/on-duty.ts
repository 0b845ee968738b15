import { sql, type RawBuilder } from 'kysely';
import type { DutyPost } from '@wanmi/contracts';
import { heldCounts } from '#modules/cases';
import type { PostHolder } from '#modules/org';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';

export interface DutyFilter {
  readonly unitId?: string | undefined;
  readonly role?: string | undefined;
  /** Patrol grid: whose beat it is. */
  readonly gridId?: string | undefined;
}

/** A post at work: in a shift of the roster, held, and not absent. */
export interface OnDutyPost extends PostHolder {
  readonly role: string;
  readonly shiftId: string;
  /** Of the city, on which the shift began. */
  readonly day: string;
  readonly from: number;
  readonly to: number;
}

/** The post with this id is away at a moment. */
export function absentSql(postId: RawBuilder<unknown>, at: number): RawBuilder<boolean> {
  const time = new Date(at);
  return sql<boolean>`exists (select 1 from absence ab
    where ab.post_id = ${postId} and ab.from_at <= ${time} and ab.to_at > ${time})`;
}

export const heldSql = (at: number): RawBuilder<boolean> => {
  const time = new Date(at);
  return sql<boolean>`p.valid_from <= ${time} and (p.valid_to is null or p.valid_to > ${time})
    and (q.valid_to is null or q.valid_to > ${time})`;
};

/** The tables of a post `p`: its role `ro`, unit `u`, person `q` and that one's name `f`. */
export const POST_JOINS = sql`
  join role ro on ro.id = p.role_id join person q on q.id = p.person_id
  join person_profile f on f.person_id = q.id join unit u on u.id = p.unit_id`;

export const DUTY_POST = sql<DutyPost>`jsonb_build_object('id', p.id, 'name', f.name, 'role', ro.code,
  'unit', jsonb_build_object('id', u.id, 'code', u.code, 'name', u.name))`;

/** Conditions on `roster r`, `post p`, `role ro`, `person q` and the period `x.period` at a moment. */
export function onDutySql(cityId: string, at: number, filter: DutyFilter): RawBuilder<boolean> {
  const time = new Date(at);
  const parts: RawBuilder<unknown>[] = [
    sql`r.periods @> ${time}::timestamptz and r.city_id = ${cityId}::uuid and ${heldSql(at)}`,
    sql`not ${absentSql(sql`p.id`, at)}`,
  ];
  if (filter.unitId !== undefined) parts.push(sql`p.unit_id = ${filter.unitId}::uuid`);
  if (filter.role !== undefined) parts.push(sql`ro.code = ${filter.role}`);
  if (filter.gridId !== undefined) {
    parts.push(sql`exists (select 1 from post_grid g where g.post_id = p.id and g.grid_id = ${filter.gridId}::uuid
      and g.valid_from <= ${time} and (g.valid_to is null or g.valid_to > ${time}))`);
  }
  return sql<boolean>`${sql.join(parts, sql` and `)}`;
}

/** The part of a shift in which a moment lies. */
export const periodAt = (at: number): RawBuilder<unknown> => sql`cross join lateral (
  select period from unnest(r.periods) period where period @> ${new Date(at)}::timestamptz) x`;

export function onDutyQuery(cityId: string, at: number, filter: DutyFilter): RawBuilder<OnDutyRow> {
  return sql<OnDutyRow>`
    select p.id as "postId", p.unit_id as "unitId", p.person_id as "personId", ro.code as role,
           r.shift_id as "shiftId", r.day, lower(x.period) as "from", upper(x.period) as "to"
      from roster r ${periodAt(at)}
      join post p on p.id = r.post_id join role ro on ro.id = p.role_id join person q on q.id = p.person_id
     where ${onDutySql(cityId, at, filter)}
     order by p.id, r.shift_id`;
}

type OnDutyRow = Omit<OnDutyPost, 'from' | 'to'> & { readonly from: Date; readonly to: Date };

/** Who is on duty at a moment, by the roster, but for the absent ones. */
export async function onDuty(
  { db }: { readonly db: Db | Trx },
  cityId: string,
  at: number,
  filter: DutyFilter = {},
): Promise<OnDutyPost[]> {
  const { rows } = await onDutyQuery(cityId, at, filter).execute(db);
  return rows.map((row) => ({ ...row, from: row.from.getTime(), to: row.to.getTime() }));
}

/**
 * 同时段: the departments for which shifts are planned around a moment, their crews' among them, and whether one of these
 * posts is on duty then. It begins with the departments' posts, which are few: a city's roster is its collectors'.
 */
export async function plannedDepartments(
  { db }: { readonly db: Db | Trx },
  cityId: string,
  at: number,
): Promise<{ unitId: string; onDuty: boolean }[]> {
  const time = new Date(at);
  const day = (days: number): string => new Date(at + days * 86_400_000).toISOString().slice(0, 10);
  const { rows } = await sql<{ unitId: string; onDuty: boolean }>`/*= duty.planned_departments */
    select case when u.kind = 'crew' then u.parent_id else u.id end as "unitId",
           bool_or(r.periods @> ${time}::timestamptz and not ${absentSql(sql`p.id`, at)}) as "onDuty"
      from unit u join post p on p.unit_id = u.id join person q on q.id = p.person_id
      join roster r on r.post_id = p.id and r.day between ${day(-2)}::date and ${day(2)}::date
     where u.city_id = ${cityId}::uuid and u.kind in ('department', 'crew')
       and (u.kind = 'department' or u.parent_id is not null) and ${heldSql(at)}
     group by 1 order by 1`.execute(db);
  return rows;
}

/** Of these posts, the absent ones: post → substitute, if one was named. */
async function absentAmong(
  db: Db | Trx,
  postIds: readonly string[],
  at: number,
): Promise<Map<string, string | null>> {
  const time = new Date(at);
  const { rows } = await sql<{ postId: string; substituteId: string | null }>`/*= duty.absent */
    select post_id as "postId", substitute_post_id as "substituteId" from absence
     where post_id = any(${[...postIds]}::uuid[]) and from_at <= ${time} and to_at > ${time}`.execute(db);
  return new Map(rows.map((row) => [row.postId, row.substituteId]));
}

/**
 * Which of these posts is at work (org asks for every step that waits for one post): of several, the one on duty.
 * Where all are absent: the first one's substitute, or theirs; else the next on duty of the same unit and role, who
 * has the least in hand.
 */
export async function atWork(
  db: Db | Trx,
  holders: readonly PostHolder[],
  at: number,
): Promise<PostHolder | null> {
  const absent = await absentAmong(
    db,
    holders.map((one) => one.postId),
    at,
  );
  const present = holders.filter((one) => !absent.has(one.postId));
  if (present.length === 1) return present[0]!;
  if (present.length > 1) return (await inShift(db, present, at)) ?? present[0]!;
  for (const holder of holders) {
    const found = (await substituteOf(db, holder.postId, at)) ?? (await nextOnDuty(db, holder.postId, at));
    if (found) return found;
  }
  return null;
}

async function inShift(db: Db | Trx, holders: readonly PostHolder[], at: number): Promise<PostHolder | null> {
  const { rows } = await sql<{ id: string }>`/*= duty.inShift */
    select post_id as id from roster where post_id = any(${holders.map((one) => one.postId)}::uuid[])
       and periods @> ${new Date(at)}::timestamptz`.execute(db);
  const ids = new Set(rows.map((row) => row.id));
  return holders.find((one) => ids.has(one.postId)) ?? null;
}

/** Who was named to act for an absent post; where that one is absent too, theirs. Null where nobody is left. */
export async function substituteOf(db: Db | Trx, postId: string, at: number): Promise<PostHolder | null> {
  const { rows } = await sql<PostHolder>`
    with recursive chain(post_id, depth, seen) as (
      select ab.substitute_post_id, 1, array[ab.post_id] from absence ab
       where ab.post_id = ${postId}::uuid and ab.from_at <= ${new Date(at)} and ab.to_at > ${new Date(at)}
      union all
      select ab.substitute_post_id, c.depth + 1, c.seen || ab.post_id from chain c
        join absence ab on ab.post_id = c.post_id and ab.from_at <= ${new Date(at)} and ab.to_at > ${new Date(at)}
       where ab.post_id <> all(c.seen))
    select p.id as "postId", p.unit_id as "unitId", p.person_id as "personId"
      from chain c join post p on p.id = c.post_id join person q on q.id = p.person_id
     where ${heldSql(at)} and not ${absentSql(sql`p.id`, at)}
     order by c.depth limit 1`.execute(db);
  return rows[0] ?? null;
}

async function nextOnDuty(db: Db | Trx, postId: string, at: number): Promise<PostHolder | null> {
  const colleagues = await colleaguesAtWork(db, postId, at);
  if (colleagues.length < 2) return colleagues[0] ?? null;
  const { unitId, role } = colleagues[0]!;
  const inHand = await heldCounts(db, unitId, role);
  const load = (one: PostHolder): number => inHand.get(one.postId) ?? 0;
  return colleagues.toSorted((a, b) => load(a) - load(b) || (a.postId < b.postId ? -1 : 1))[0]!;
}

const HALF_DAY = 12 * 3_600_000;

/**
 * The others of a post's unit and role who are at work at a moment: on duty by the roster. A unit that keeps no
 * roster for that role around that moment has all of them at work who are not absent.
 */
export async function colleaguesAtWork(
  db: Db | Trx,
  postId: string,
  at: number,
): Promise<(PostHolder & { readonly role: string })[]> {
  const around = sql`tstzrange(${new Date(at - HALF_DAY)}, ${new Date(at + HALF_DAY)})`;
  const { rows } = await sql<PostHolder & { role: string }>`
    with own as (select unit_id, role_id from post where id = ${postId}::uuid),
    planned as (
      select exists (select 1 from roster r join post p on p.id = r.post_id join own o on o.unit_id = p.unit_id
         and o.role_id = p.role_id where r.periods && ${around}) as yes)
    select p.id as "postId", p.unit_id as "unitId", p.person_id as "personId", ro.code as role
      from own o join post p on p.unit_id = o.unit_id and p.role_id = o.role_id
      join role ro on ro.id = p.role_id join person q on q.id = p.person_id
     where p.id <> ${postId}::uuid and ${heldSql(at)} and not ${absentSql(sql`p.id`, at)}
       and (not (select yes from planned) or exists (
         select 1 from roster r where r.post_id = p.id and r.periods @> ${new Date(at)}::timestamptz))
     order by p.id`.execute(db);
  return rows;
}

export type Reader = Pick<Platform, 'db' | 'clock'>;
