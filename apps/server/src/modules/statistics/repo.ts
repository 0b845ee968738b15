import { sql } from 'kysely';
import type { EventBody } from '@wanmi/contracts';
import type { Db, Trx } from '#platform/pool';
import type { Cell, DailyDelta } from './daily.ts';
import type { AssignmentFact, CaseFact, ReportFact, TaskFact } from './fold.ts';

const iso = (at: Date): string => at.toISOString();
const isoOrNull = (at: Date | null): string | null => (at === null ? null : at.toISOString());

/** The facts of cases as they stand. */
export async function loadCaseFacts(
  db: Db | Trx,
  caseIds: readonly string[],
): Promise<Map<string, CaseFact>> {
  const rows = await db.selectFrom('fact_case').selectAll().where('case_id', 'in', caseIds).execute();
  return new Map(
    rows.map((row) => [
      row.case_id,
      {
        caseId: row.case_id,
        cityId: row.city_id,
        source: row.source,
        kind: row.kind,
        categoryId: row.category_id,
        conditionId: row.condition_id,
        districtId: row.district_id,
        streetId: row.street_id,
        communityId: row.community_id,
        unitGridId: row.unit_grid_id,
        patrolGridId: row.patrol_grid_id,
        grade: row.grade,
        departmentId: row.department_id,
        outcome: row.outcome,
        onTime: row.on_time,
        reportedAt: iso(row.reported_at),
        reportedDay: row.reported_day,
        filedAt: isoOrNull(row.filed_at),
        filedDay: row.filed_day,
        dispatchedAt: isoOrNull(row.dispatched_at),
        dispatchedDay: row.dispatched_day,
        endedAt: isoOrNull(row.ended_at),
        endedDay: row.ended_day,
        dispatches: row.dispatches,
        failedChecks: row.failed_checks,
        lastSeq: row.last_seq,
      },
    ]),
  );
}

interface AssignmentRow extends Omit<
  AssignmentFact,
  'dispatchedAt' | 'dueAt' | 'signedAt' | 'respondedAt' | 'endedAt'
> {
  dispatchedAt: Date;
  dueAt: Date | null;
  signedAt: Date | null;
  respondedAt: Date | null;
  endedAt: Date | null;
}

async function loadAssignments(
  db: Db | Trx,
  column: string,
  ids: readonly string[],
): Promise<AssignmentFact[]> {
  const { rows } = await sql<AssignmentRow>`
    select assignment_id as "assignmentId", case_id as "caseId", city_id as "cityId", unit_id as "unitId",
      crew_id as "crewId", district_id as "districtId", street_id as "streetId", community_id as "communityId",
      category_id as "categoryId", condition_id as "conditionId", state, dispatched_at as "dispatchedAt",
      dispatched_day as "dispatchedDay", due_at as "dueAt", signed_at as "signedAt",
      responded_at as "respondedAt", responded_day as "respondedDay", ended_at as "endedAt",
      failed_count as "failedCount", overdue, last_seq as "lastSeq"
    from fact_assignment where ${sql.ref(column)} = any(${[...ids]}::uuid[])`.execute(db);
  return rows.map((row) => ({
    ...row,
    dispatchedAt: iso(row.dispatchedAt),
    dueAt: isoOrNull(row.dueAt),
    signedAt: isoOrNull(row.signedAt),
    respondedAt: isoOrNull(row.respondedAt),
    endedAt: isoOrNull(row.endedAt),
  }));
}

export const loadAssignmentFacts = (db: Db | Trx, ids: readonly string[]): Promise<AssignmentFact[]> =>
  loadAssignments(db, 'assignment_id', ids);

export const loadAssignmentFactsOfCases = (
  db: Db | Trx,
  caseIds: readonly string[],
): Promise<AssignmentFact[]> => loadAssignments(db, 'case_id', caseIds);

export interface Stretch {
  readonly caseId: string;
  /** The last entry that is known. */
  readonly after: number;
  /** The last entry that is wanted. */
  readonly upTo: number;
}

/** Log entries of cases, each case's in order. */
export async function loadEvents(db: Db | Trx, stretches: readonly Stretch[]): Promise<EventBody[]> {
  const ids = stretches.map((one) => one.caseId);
  const { rows } = await sql<{ body: string }>`
    select e.body
      from unnest(${ids}::uuid[], ${stretches.map((one) => one.after)}::int[],
                  ${stretches.map((one) => one.upTo)}::int[]) as k(case_id, after, up_to)
      join case_event e on e.case_id = k.case_id and e.seq > k.after and e.seq <= k.up_to
     where e.case_id = any(${ids}::uuid[])
     order by e.case_id, e.seq`.execute(db);
  return rows.map((row) => JSON.parse(row.body) as EventBody);
}

const snakes = new Map<string, string>();
function snake(name: string): string {
  let found = snakes.get(name);
  if (!found) snakes.set(name, (found = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)));
  return found;
}

/** Rows as one parameter: `jsonb_populate_recordset(null::fact_x, …)` reads them by the table's own columns. */
function asRows(facts: readonly object[]): string {
  return JSON.stringify(
    facts.map((fact) =>
      Object.fromEntries(Object.entries(fact).map(([name, value]) => [snake(name), value])),
    ),
  );
}

export async function insertReportFacts(trx: Trx, facts: readonly ReportFact[]): Promise<void> {
  if (facts.length === 0) return;
  await sql`insert into fact_report
    select * from jsonb_populate_recordset(null::fact_report, ${asRows(facts)}::jsonb)
    on conflict (report_id) do nothing`.execute(trx);
}

export async function upsertCaseFacts(trx: Trx, facts: readonly CaseFact[]): Promise<void> {
  if (facts.length === 0) return;
  await sql`insert into fact_case as f
    select * from jsonb_populate_recordset(null::fact_case, ${asRows(facts)}::jsonb)
    on conflict (case_id) do update set category_id = excluded.category_id, condition_id = excluded.condition_id,
      department_id = excluded.department_id, outcome = excluded.outcome, on_time = excluded.on_time,
      filed_at = excluded.filed_at, filed_day = excluded.filed_day, dispatched_at = excluded.dispatched_at,
      dispatched_day = excluded.dispatched_day, ended_at = excluded.ended_at, ended_day = excluded.ended_day,
      dispatches = excluded.dispatches, failed_checks = excluded.failed_checks, last_seq = excluded.last_seq
    where f.last_seq < excluded.last_seq`.execute(trx);
}

export async function upsertAssignmentFacts(trx: Trx, facts: readonly AssignmentFact[]): Promise<void> {
  if (facts.length === 0) return;
  await sql`insert into fact_assignment as f
    select * from jsonb_populate_recordset(null::fact_assignment, ${asRows(facts)}::jsonb)
    on conflict (assignment_id) do update set crew_id = excluded.crew_id, state = excluded.state,
      due_at = excluded.due_at, signed_at = excluded.signed_at, responded_at = excluded.responded_at,
      responded_day = excluded.responded_day, ended_at = excluded.ended_at, failed_count = excluded.failed_count,
      overdue = excluded.overdue, last_seq = excluded.last_seq
    where f.last_seq < excluded.last_seq`.execute(trx);
}

export async function upsertTaskFacts(trx: Trx, facts: readonly TaskFact[]): Promise<void> {
  if (facts.length === 0) return;
  await sql`insert into fact_task as f
    select * from jsonb_populate_recordset(null::fact_task, ${asRows(facts)}::jsonb)
    on conflict (task_id) do update set unit_id = excluded.unit_id, post_id = excluded.post_id,
      action = excluded.action, due_at = excluded.due_at, done_at = excluded.done_at,
      done_day = excluded.done_day, overdue = f.overdue or excluded.overdue`.execute(trx);
}

export async function markTasksOverdue(trx: Trx, taskIds: readonly string[]): Promise<void> {
  if (taskIds.length === 0) return;
  await sql`update fact_task set overdue = true where task_id = any(${[...taskIds]}::uuid[])`.execute(trx);
}

function cellRows(cells: readonly Cell<object>[], key: string): string {
  return JSON.stringify(
    cells.map(({ cityId, scopeId, day, key: value, counts }) => ({
      city_id: cityId,
      scope_id: scopeId,
      day,
      [key]: value,
      ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [snake(name), count as number])),
    })),
  );
}

export async function addDaily(trx: Trx, delta: DailyDelta): Promise<void> {
  const source = delta.source.changed();
  if (source.length > 0) {
    await sql`insert into daily_source as d
        (scope_id, day, source, city_id, reported, filed, dispatched, closed, closed_on_time, ended)
      select scope_id, day, source, city_id, coalesce(reported, 0), coalesce(filed, 0), coalesce(dispatched, 0),
        coalesce(closed, 0), coalesce(closed_on_time, 0), coalesce(ended, 0)
      from jsonb_populate_recordset(null::daily_source, ${cellRows(source, 'source')}::jsonb)
      on conflict (scope_id, day, source) do update set reported = d.reported + excluded.reported,
        filed = d.filed + excluded.filed, dispatched = d.dispatched + excluded.dispatched,
        closed = d.closed + excluded.closed, closed_on_time = d.closed_on_time + excluded.closed_on_time,
        ended = d.ended + excluded.ended`.execute(trx);
  }
  const category = delta.category.changed();
  if (category.length > 0) {
    await sql`insert into daily_category as d (scope_id, day, category_id, city_id, reported, filed, closed)
      select scope_id, day, category_id, city_id, coalesce(reported, 0), coalesce(filed, 0), coalesce(closed, 0)
      from jsonb_populate_recordset(null::daily_category, ${cellRows(category, 'category_id')}::jsonb)
      on conflict (scope_id, day, category_id) do update set reported = d.reported + excluded.reported,
        filed = d.filed + excluded.filed, closed = d.closed + excluded.closed`.execute(trx);
  }
  const department = delta.department.changed();
  if (department.length > 0) {
    await sql`insert into daily_department as d
        (scope_id, day, unit_id, city_id, dispatched, overdue, responded, responded_on_time)
      select scope_id, day, unit_id, city_id, coalesce(dispatched, 0), coalesce(overdue, 0),
        coalesce(responded, 0), coalesce(responded_on_time, 0)
      from jsonb_populate_recordset(null::daily_department, ${cellRows(department, 'unit_id')}::jsonb)
      on conflict (scope_id, day, unit_id) do update set dispatched = d.dispatched + excluded.dispatched,
        overdue = d.overdue + excluded.overdue, responded = d.responded + excluded.responded,
        responded_on_time = d.responded_on_time + excluded.responded_on_time`.execute(trx);
  }
}

/** All facts of these cases but what was open on past days. */
export async function deleteFacts(trx: Trx, caseIds: readonly string[]): Promise<void> {
  for (const table of ['fact_report', 'fact_case', 'fact_assignment', 'fact_task'] as const) {
    await sql`delete from ${sql.table(table)} where case_id = any(${[...caseIds]}::uuid[])`.execute(trx);
  }
}
