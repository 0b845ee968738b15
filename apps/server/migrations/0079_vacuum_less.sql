-- The thresholds of migration 0077 let a busy city of a million cases vacuum its eighteen indexes of cases every 2,500 life
-- cycles: measured at saturation, up to half of the database's time for as long as one took. Done work still leaves the
-- indexes of open work within days: a city of that size does some 3,000 cases a day.
alter table task set (autovacuum_vacuum_scale_factor = 0.03, autovacuum_analyze_scale_factor = 0.03);
alter table "case" set (autovacuum_vacuum_scale_factor = 0.06, autovacuum_analyze_scale_factor = 0.06);
alter table assignment set (autovacuum_vacuum_scale_factor = 0.06, autovacuum_analyze_scale_factor = 0.06);
