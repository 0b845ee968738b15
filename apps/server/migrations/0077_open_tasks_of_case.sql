-- What waits in a case, from an index of its own: by statistics of a city with a past, in which nearly nothing waits, all
-- that is open in the city was walked for each card of a list (measured at a million cases: 6 ms a card). Of two small
-- indexes of open tasks the same statistics would take this one for a desk's list too, and walk it whole (30 ms): so only
-- a query that says `step <> ''`, as those for one case do, may have it.
create index task_open_case on task (case_id) where done_at is null and step <> '';

-- What is done stays in the indexes of what is open until a vacuum; by default that comes after a fifth of a table's rows
-- have changed, which is a year's work. The part of the pages that a few days touch is too small for it to look at the
-- indexes unless it is told to.
alter table task set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.01,
  vacuum_index_cleanup = on);
alter table "case" set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02,
  vacuum_index_cleanup = on);
alter table assignment set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02,
  vacuum_index_cleanup = on);
