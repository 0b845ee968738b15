import { sql, type RawBuilder } from 'kysely';
import type { Ref, Source } from '@wanmi/contracts';
import type { Db } from '#platform/pool';
import { assignmentDays, caseDays } from './counts.ts';
import { NO_CATEGORY } from './daily.ts';
import type { Reach } from './reach.ts';

export interface Period {
  readonly from: string;
  readonly to: string;
}

const inRollup = ({ scopeIds }: Reach, { from, to }: Period): RawBuilder<boolean> =>
  sql<boolean>`scope_id = any(${[...(scopeIds ?? [])]}::uuid[]) and day between ${from}::date and ${to}::date`;

/** The rows of a fact table named `f` that are in reach. */
function inReach({ cityId, only }: Reach, department: 'department_id' | 'unit_id'): RawBuilder<boolean> {
  if (!only) return sql<boolean>`f.city_id = ${cityId}::uuid`;
  const ids = sql`${[...only.ids]}::uuid[]`;
  return only.by === 'department'
    ? sql<boolean>`f.city_id = ${cityId}::uuid and f.${sql.ref(department)} = any(${ids})`
    : sql<boolean>`f.city_id = ${cityId}::uuid
        and (f.district_id = any(${ids}) or f.street_id = any(${ids}) or f.community_id = any(${ids}))`;
}

/** The facts of some streets or communities, by their indexes. */
function below({ cityId, only }: Reach): RawBuilder<boolean> {
  const ids = sql`${[...(only?.ids ?? [])]}::uuid[]`;
  return sql<boolean>`f.city_id = ${cityId}::uuid and (f.street_id = any(${ids}) or f.community_id = any(${ids}))`;
}

const inPeriod = ({ from, to }: Period): RawBuilder<boolean> =>
  sql<boolean>`d.day between ${from}::date and ${to}::date`;

/** Counts of cases as rows: from the rollup, or of each fact where the reach is small. */
function caseCounts(
  rollup: 'daily_source' | 'daily_category',
  reach: Reach,
  period: Period,
): RawBuilder<unknown> {
  return reach.scopeIds
    ? sql`(select * from ${sql.table(rollup)} where ${inRollup(reach, period)}) n`
    : sql`(select f.source, f.category_id, d.* from fact_case f ${caseDays}
        where ${below(reach)} and ${inPeriod(period)}) n`;
}

function assignmentCounts(reach: Reach, period: Period): RawBuilder<unknown> {
  return reach.scopeIds
    ? sql`(select * from daily_department where ${inRollup(reach, period)}) n`
    : sql`(select f.unit_id, d.* from fact_assignment f ${assignmentDays}
        where ${below(reach)} and ${inPeriod(period)}) n`;
}

export interface DayRow {
  day: string;
  reported: number;
  filed: number;
  dispatched: number;
  closed: number;
  closedOnTime: number;
  ended: number;
}

export async function countByDay(db: Db, reach: Reach, period: Period): Promise<DayRow[]> {
  const { rows } = await sql<DayRow>`
    select day, sum(reported)::int as reported, sum(filed)::int as filed, sum(dispatched)::int as dispatched,
      sum(closed)::int as closed, sum(closed_on_time)::int as "closedOnTime", sum(ended)::int as ended
    from ${caseCounts('daily_source', reach, period)} group by day order by day`.execute(db);
  return rows;
}

export async function countBySource(
  db: Db,
  reach: Reach,
  period: Period,
): Promise<{ source: Source; reported: number }[]> {
  const { rows } = await sql<{ source: Source; reported: number }>`
    select source, sum(reported)::int as reported from ${caseCounts('daily_source', reach, period)}
    group by source having sum(reported) > 0 order by 2 desc, 1`.execute(db);
  return rows;
}

/** The most frequent first, a hundred at most. */
export async function countByCategory(
  db: Db,
  reach: Reach,
  period: Period,
): Promise<{ category: Ref; reported: number }[]> {
  const { rows } = await sql<{ category: Ref; reported: number }>`
    select jsonb_build_object('id', c.id, 'code', c.code, 'name', c.name) as category, n.reported
      from (
        select category_id, sum(reported)::int as reported 
          from ${caseCounts('daily_category', reach, period)}
         where category_id <> ${NO_CATEGORY}::uuid
         group by category_id having sum(reported) > 0 order by 2 desc, 1 limit 100) n
      join category c on c.id = n.category_id
     order by n.reported desc, c.code`.execute(db);
  return rows;
}

export interface DepartmentRow {
  unitId: string;
  dispatched: number;
  responded: number;
  onTime: number;
  overdue: number;
}

export async function countByDepartment(db: Db, reach: Reach, period: Period): Promise<DepartmentRow[]> {
  const { rows } = await sql<DepartmentRow>`
    select unit_id as "unitId", sum(dispatched)::int as dispatched, sum(responded)::int as responded,
      sum(responded_on_time)::int as "onTime", sum(overdue)::int as overdue
    from ${assignmentCounts(reach, period)} group by unit_id`.execute(db);
  return rows;
}

/** Assignments open now, by department. */
export async function openByDepartment(db: Db, reach: Reach): Promise<{ unitId: string; open: number }[]> {
  const { rows } = await sql<{ unitId: string; open: number }>`
    select f.unit_id as "unitId", count(*)::int as open from fact_assignment f
    where f.ended_at is null and ${inReach(reach, 'unit_id')} group by f.unit_id`.execute(db);
  return rows;
}

export async function countByDistrict(
  db: Db,
  reach: Reach,
  period: Period,
): Promise<{ regionId: string; reported: number; filed: number; closed: number }[]> {
  const districts: Reach = { ...reach, scopeIds: reach.districts.map((region) => region.id) };
  const { rows } = await sql<{ regionId: string; reported: number; filed: number; closed: number }>`
    select scope_id as "regionId", sum(reported)::int as reported, sum(filed)::int as filed,
      sum(closed)::int as closed
    from daily_source where ${inRollup(districts, period)} group by scope_id`.execute(db);
  return rows;
}

/** Cases open now, and those of them that stand past a limit or were answered past it. */
export async function countOpen(
  db: Db,
  reach: Reach,
  now: Date,
): Promise<{ open: number; openOverdue: number }> {
  const { rows } = await sql<{ open: number; openOverdue: number }>`
    with late as (
      select t.case_id from fact_task t
       where t.city_id = ${reach.cityId}::uuid and t.done_at is null and t.due_at < ${now}
      union
      select a.case_id from fact_assignment a
       where a.city_id = ${reach.cityId}::uuid and a.ended_at is null
         and (a.overdue or a.due_at < coalesce(a.responded_at, ${now}))
    ), open as (
      select f.case_id from fact_case f where f.ended_at is null and ${inReach(reach, 'department_id')}
    )
    select (select count(*)::int from open) as open,
      (select count(*)::int from open join late using (case_id)) as "openOverdue"`.execute(db);
  return rows[0]!;
}
