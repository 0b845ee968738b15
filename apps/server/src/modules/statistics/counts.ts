import { sql } from 'kysely';

// What one row of facts counts for, by day: the same for the rollups and for what is counted from facts.

/** Columns of `daily_source` that are counts, in their order below. */
export const SOURCE_COUNTS = [
  'reported',
  'filed',
  'dispatched',
  'closed',
  'closed_on_time',
  'ended',
  'rejected',
  'declined',
  'voided',
  'merged',
  'answered',
  'transferred',
  'self_handled',
  'reopened',
] as const;
export const CATEGORY_COUNTS = ['reported', 'filed', 'closed'] as const;
export const DEPARTMENT_COUNTS = [
  'dispatched',
  'overdue',
  'exempt',
  'responded',
  'responded_on_time',
  'returned',
  'extended',
] as const;

/** Of `fact_case f`; rows without a day count for nothing. */
export const caseDays = sql`cross join lateral (values
    (f.reported_day, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (case when not f.self_handled then f.filed_day end, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (case when not f.self_handled then f.dispatched_day end, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    (f.ended_day, 0, 0, 0, (f.outcome = 'closed' and not f.self_handled)::int,
      (f.outcome = 'closed' and not f.self_handled and f.on_time is true)::int, 1, (f.outcome = 'rejected')::int,
      (f.outcome = 'declined')::int, (f.outcome = 'voided')::int, (f.outcome = 'merged')::int,
      (f.outcome = 'answered')::int, (f.outcome = 'transferred')::int,
      (f.outcome = 'closed' and f.self_handled)::int, 0)
  ) d(day, ${sql.raw(SOURCE_COUNTS.join(', '))})`;

/** Of `fact_reopening f`. */
export const reopeningDays = sql`cross join lateral (values
    (f.day, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
  ) d(day, ${sql.raw(SOURCE_COUNTS.join(', '))})`;

/** Of `fact_assignment f`; a district's own counts as those of its departments. */
export const assignmentDays = sql`cross join lateral (values
    (case when f.part <> 'district' then f.dispatched_day end, 1, f.overdue::int, (f.overdue and f.exempt)::int, 0, 0,
      0, 0),
    (case when f.part <> 'district' then f.responded_day end, 0, 0, 0, 1, (not f.overdue)::int, 0, 0)
  ) d(day, ${sql.raw(DEPARTMENT_COUNTS.join(', '))})`;

/** Of `fact_application f`: returns and extensions on the day they were approved. */
export const applicationDays = sql`cross join lateral (values
    (case when f.state = 'approved' and f.kind in ('return', 'extend') and f.unit_id is not null then f.decided_day end,
      0, 0, 0, 0, 0, (f.kind = 'return')::int, (f.kind = 'extend')::int)
  ) d(day, ${sql.raw(DEPARTMENT_COUNTS.join(', '))})`;
