import { sql } from 'kysely';

// What one row of facts counts for, by day: the same for the rollups and for what is counted from facts.

/** Of `fact_case f`; rows without a day count for nothing. */
export const caseDays = sql`cross join lateral (values
    (f.reported_day, 1, 0, 0, 0, 0, 0),
    (f.filed_day, 0, 1, 0, 0, 0, 0),
    (f.dispatched_day, 0, 0, 1, 0, 0, 0),
    (f.ended_day, 0, 0, 0, (f.outcome = 'closed')::int, (f.outcome = 'closed' and f.on_time is true)::int, 1)
  ) d(day, reported, filed, dispatched, closed, closed_on_time, ended)`;

/** Of `fact_assignment f`. */
export const assignmentDays = sql`cross join lateral (values
    (f.dispatched_day, 1, f.overdue::int, 0, 0),
    (f.responded_day, 0, 0, 1, (not f.overdue)::int)
  ) d(day, dispatched, overdue, responded, responded_on_time)`;
