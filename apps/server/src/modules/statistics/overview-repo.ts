import { sql, type RawBuilder } from 'kysely';
import type { Ref, Source } from '@wanmi/contracts';
import type { Db } from '#platform/pool';
import {
  applicationDays,
  assignmentDays,
  caseDays,
  CATEGORY_COUNTS,
  DEPARTMENT_COUNTS,
  reopeningDays,
  SOURCE_COUNTS,
} from './counts.ts';
import { NO_CATEGORY, type SourceCounts } from './daily.ts';
import { splitByMonth, type Period } from './period.ts';
import type { Reach } from './reach.ts';

export type { Period } from './period.ts';

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

const names = (columns: readonly string[]): RawBuilder<unknown> =>
  sql.join(columns.map((column) => sql.ref(column)));

/** A rollup's rows of a period: its whole months, and the days at both ends. */
function rolledUp(
  grain: 'source' | 'category' | 'department',
  columns: readonly string[],
  scopeIds: readonly string[],
  period: Period,
): RawBuilder<unknown> {
  const { months, days } = splitByMonth(period);
  const scopes = sql`scope_id = any(${[...scopeIds]}::uuid[])`;
  const parts = days.map(
    ({ from, to }) => sql`select ${names(columns)} from ${sql.table(`daily_${grain}`)}
        where ${scopes} and day between ${from}::date and ${to}::date`,
  );
  if (months) {
    parts.push(sql`select ${names(columns)} from ${sql.table(`monthly_${grain}`)}
        where ${scopes} and month between ${months.from}::date and ${months.to}::date`);
  }
  return sql`(${sql.join(parts, sql` union all `)}) n`;
}

/** Counts of cases as rows: from the rollup, or of each fact where the reach is small. */
function bySourceRows(reach: Reach, period: Period): RawBuilder<unknown> {
  if (reach.scopeIds) return rolledUp('source', ['source', ...SOURCE_COUNTS], reach.scopeIds, period);
  return sql`(select f.source, d.* from fact_case f ${caseDays} where ${below(reach)} and ${inPeriod(period)}
      union all
      select f.source, d.* from fact_reopening f ${reopeningDays} where ${below(reach)} and ${inPeriod(period)}) n`;
}

function byCategoryRows(reach: Reach, period: Period): RawBuilder<unknown> {
  if (reach.scopeIds) {
    return rolledUp('category', ['category_id', ...CATEGORY_COUNTS], reach.scopeIds, period);
  }
  return sql`(select f.category_id, d.* from fact_case f ${caseDays}
        where ${below(reach)} and ${inPeriod(period)}) n`;
}

function byDepartmentRows(reach: Reach, period: Period): RawBuilder<unknown> {
  if (reach.scopeIds) {
    return rolledUp('department', ['unit_id', ...DEPARTMENT_COUNTS], reach.scopeIds, period);
  }
  return sql`(select f.unit_id, d.* from fact_assignment f ${assignmentDays}
        where ${below(reach)} and ${inPeriod(period)}
      union all
      select f.unit_id, d.* from fact_application f ${applicationDays}
        where ${below(reach)} and ${inPeriod(period)}) n`;
}

export interface DayRow {
  day: string;
  reported: number;
  filed: number;
  closed: number;
}

export async function countByDay(db: Db, reach: Reach, period: Period): Promise<DayRow[]> {
  const rows = reach.scopeIds
    ? sql`daily_source where scope_id = any(${[...reach.scopeIds]}::uuid[])
        and day between ${period.from}::date and ${period.to}::date`
    : sql`fact_case f ${caseDays} where ${below(reach)} and ${inPeriod(period)}`;
  const found = await sql<DayRow>`
    select day, sum(reported)::int as reported, sum(filed)::int as filed, sum(closed)::int as closed
    from ${rows} group by day order by day`.execute(db);
  return found.rows;
}

export interface SourceRow extends SourceCounts {
  source: Source;
}

/** Everything that is counted of cases, by source: its sums are the period's. */
export async function countBySource(db: Db, reach: Reach, period: Period): Promise<SourceRow[]> {
  const { rows } = await sql<SourceRow>`
    select source, sum(reported)::int as reported, sum(filed)::int as filed, sum(dispatched)::int as dispatched,
      sum(closed)::int as closed, sum(closed_on_time)::int as "closedOnTime", sum(ended)::int as ended,
      sum(rejected)::int as rejected, sum(declined)::int as declined, sum(voided)::int as voided,
      sum(merged)::int as merged, sum(answered)::int as answered, sum(transferred)::int as transferred,
      sum(self_handled)::int as "selfHandled", sum(reopened)::int as reopened
    from ${bySourceRows(reach, period)} group by source order by 2 desc, 1`.execute(db);
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
          from ${byCategoryRows(reach, period)}
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
  exempt: number;
  returned: number;
  extended: number;
}

export async function countByDepartment(db: Db, reach: Reach, period: Period): Promise<DepartmentRow[]> {
  const { rows } = await sql<DepartmentRow>`
    select unit_id as "unitId", sum(dispatched)::int as dispatched, sum(responded)::int as responded,
      sum(responded_on_time)::int as "onTime", sum(overdue)::int as overdue, sum(exempt)::int as exempt,
      sum(returned)::int as returned, sum(extended)::int as extended
    from ${byDepartmentRows(reach, period)} group by unit_id`.execute(db);
  return rows;
}

/** Assignments open now, by department; a district's own are those of its departments. */
export async function openByDepartment(db: Db, reach: Reach): Promise<{ unitId: string; open: number }[]> {
  const { rows } = await sql<{ unitId: string; open: number }>`
    select f.unit_id as "unitId", count(*)::int as open from fact_assignment f
    where f.ended_at is null and f.part <> 'district' and ${inReach(reach, 'unit_id')}
    group by f.unit_id`.execute(db);
  return rows;
}

export async function countByDistrict(
  db: Db,
  reach: Reach,
  period: Period,
): Promise<{ regionId: string; reported: number; filed: number; closed: number }[]> {
  const districts = reach.districts.map((region) => region.id);
  const columns = ['scope_id', 'reported', 'filed', 'closed'];
  const { rows } = await sql<{ regionId: string; reported: number; filed: number; closed: number }>`
    select scope_id as "regionId", sum(reported)::int as reported, sum(filed)::int as filed,
      sum(closed)::int as closed
    from ${rolledUp('source', columns, districts, period)} group by scope_id`.execute(db);
  return rows;
}

/** Cases open now, those of them that stand past a limit or were answered past it, and those that are suspended. */
export async function countOpen(
  db: Db,
  reach: Reach,
  now: Date,
): Promise<{ open: number; openOverdue: number; suspended: number }> {
  const { rows } = await sql<{ open: number; openOverdue: number; suspended: number }>`
    with late as (
      select t.case_id from fact_task t
       where t.city_id = ${reach.cityId}::uuid and t.done_at is null and t.step <> 'dispose' and t.due_at < ${now}
      union
      select a.case_id from fact_assignment a
       where a.city_id = ${reach.cityId}::uuid and a.ended_at is null
         and (a.overdue
           or (a.due_at < coalesce(a.responded_at, ${now}) and not a.suspended and not exists (
             select 1 from fact_application p where p.case_id = a.case_id and p.assignment_id = a.assignment_id
                and p.kind = 'return' and p.state = 'pending')))
    ), standing as (
      select distinct a.case_id from fact_assignment a
       where a.city_id = ${reach.cityId}::uuid and a.suspended and a.ended_at is null
    ), open as (
      select f.case_id from fact_case f where f.ended_at is null and ${inReach(reach, 'department_id')}
    )
    select (select count(*)::int from open) as open,
      (select count(*)::int from open join late using (case_id)) as "openOverdue",
      (select count(*)::int from open join standing using (case_id)) as suspended`.execute(db);
  return rows[0]!;
}
