-- What the facts know of the whole life: several assignments of one case, what is asked for beside the work, marks,
-- ends that were undone. Entries that were folded before have none of it, so that these defaults are right for them.
alter table fact_case
  -- 并案: where it points for ever.
  add column merged_into_id uuid,
  add column self_handled boolean not null default false,
  add column rating smallint,
  add column reopened int not null default 0,
  add column returned int not null default 0,
  add column extended int not null default 0,
  add column supervised int not null default 0,
  add column urged int not null default 0,
  add column instructed int not null default 0;

alter table fact_assignment
  add column parent_id uuid,
  add column part text not null default 'main',
  add column form text not null default 'single',
  -- Overdue stays a fact; exempt says that it is not held against anybody.
  add column exempt boolean not null default false,
  add column suspended boolean not null default false,
  add column extensions int not null default 0,
  add column returned int not null default 0;
create index fact_assignment_suspended on fact_assignment (city_id) where suspended;

-- 申请, one row each: partitioned by its case, so that a case's rows are found in one month.
create table fact_application (
  case_id uuid not null,
  application_id uuid not null,
  city_id uuid not null,
  kind text not null,
  state text not null,
  assignment_id uuid,
  unit_id uuid,
  post_id uuid,
  district_id uuid,
  street_id uuid,
  community_id uuid,
  category_id uuid,
  condition_id uuid,
  level int not null,
  levels int not null,
  asked_at timestamptz not null,
  asked_day date not null,
  decided_at timestamptz,
  decided_day date,
  last_seq int not null,
  primary key (case_id, application_id)
) partition by range (case_id);
create table fact_application_default partition of fact_application default;
create index fact_application_decided on fact_application (city_id, decided_day, kind) where decided_day is not null;
create index fact_application_street on fact_application (street_id) where street_id is not null;
create index fact_application_community on fact_application (community_id) where community_id is not null;

-- An end that was undone. The live figures know the case as open; this row keeps how and when it had ended.
create table fact_reopening (
  case_id uuid not null,
  seq int not null,
  city_id uuid not null,
  at timestamptz not null,
  day date not null,
  outcome text not null,
  on_time boolean,
  ended_at timestamptz not null,
  ended_day date not null,
  source text not null,
  category_id uuid,
  condition_id uuid,
  district_id uuid,
  street_id uuid,
  community_id uuid,
  department_id uuid,
  primary key (case_id, seq)
) partition by range (case_id);
create table fact_reopening_default partition of fact_reopening default;
create index fact_reopening_day on fact_reopening (city_id, day);
create index fact_reopening_street on fact_reopening (street_id) where street_id is not null;
create index fact_reopening_community on fact_reopening (community_id) where community_id is not null;

-- A disposal's limit is its assignment's, which may move or stand still while the task waits: what is late is asked of
-- tasks without it.
drop index fact_task_open;
create index fact_task_open on fact_task (city_id, due_at) include (case_id) where done_at is null and step <> 'dispose';

alter table daily_source
  add column rejected int not null default 0,
  add column declined int not null default 0,
  add column voided int not null default 0,
  add column merged int not null default 0,
  add column answered int not null default 0,
  add column transferred int not null default 0,
  add column self_handled int not null default 0,
  add column reopened int not null default 0;
alter table daily_department
  add column exempt int not null default 0,
  add column returned int not null default 0,
  add column extended int not null default 0;

-- The same counts by month: a period is its whole months and the days at both ends, so that two years cost what two
-- months did (measured at a million cases a year: 700 ms by days).
create table monthly_source (like daily_source including defaults) with (fillfactor = 70);
alter table monthly_source rename column day to month;
alter table monthly_source add primary key (scope_id, month, source), add foreign key (city_id) references city;
create table monthly_category (like daily_category including defaults) with (fillfactor = 70);
alter table monthly_category rename column day to month;
alter table monthly_category add primary key (scope_id, month, category_id), add foreign key (city_id) references city;
create table monthly_department (like daily_department including defaults) with (fillfactor = 70);
alter table monthly_department rename column day to month;
alter table monthly_department add primary key (scope_id, month, unit_id), add foreign key (city_id) references city;

-- How the ends that are there already spread, and what the days amount to.
update daily_source d set rejected = n.rejected, declined = n.declined, voided = n.voided, merged = n.merged
  from (select s.scope_id, f.ended_day as day, f.source,
          count(*) filter (where f.outcome = 'rejected') as rejected,
          count(*) filter (where f.outcome = 'declined') as declined,
          count(*) filter (where f.outcome = 'voided') as voided,
          count(*) filter (where f.outcome = 'merged') as merged
        from fact_case f
        cross join lateral (select distinct x.scope_id from
          (values (f.city_id), (f.district_id), (f.department_id)) x(scope_id)) s
        where f.outcome <> 'closed' and s.scope_id is not null group by 1, 2, 3) n
 where d.scope_id = n.scope_id and d.day = n.day and d.source = n.source;
insert into monthly_source (scope_id, month, source, city_id, reported, filed, dispatched, closed, closed_on_time,
    ended, rejected, declined, voided, merged)
  select scope_id, date_trunc('month', day)::date, source, city_id, sum(reported), sum(filed), sum(dispatched),
    sum(closed), sum(closed_on_time), sum(ended), sum(rejected), sum(declined), sum(voided), sum(merged)
  from daily_source group by 1, 2, 3, 4;
insert into monthly_category (scope_id, month, category_id, city_id, reported, filed, closed)
  select scope_id, date_trunc('month', day)::date, category_id, city_id, sum(reported), sum(filed), sum(closed)
  from daily_category group by 1, 2, 3, 4;
insert into monthly_department (scope_id, month, unit_id, city_id, dispatched, overdue, responded, responded_on_time)
  select scope_id, date_trunc('month', day)::date, unit_id, city_id, sum(dispatched), sum(overdue), sum(responded),
    sum(responded_on_time)
  from daily_department group by 1, 2, 3, 4;

-- What became of each report, told or to be told to whoever made it: one row per report and entry of the log.
-- Who that is stands in `reporter` alone.
create table reporter_message (
  report_id uuid not null,
  case_id uuid not null,
  seq int not null,
  city_id uuid not null references city,
  kind text not null,
  at timestamptz not null,
  channel text not null check (channel in ('none', 'inApp')),
  state text not null check (state in ('sent', 'waiting', 'none')),
  primary key (report_id, case_id, seq)
);
create index reporter_message_case on reporter_message (case_id);
create index reporter_message_waiting on reporter_message (city_id, at) where state = 'waiting';

-- The heads of one day, in the order of their cases: the daily roots are checked day by day.
create index log_head_day on log_head (city_id, day, case_id);

-- As before, with the two new ranged tables.
create or replace function ensure_partitions(from_time timestamptz, to_time timestamptz) returns int
language plpgsql as $$
declare
  m timestamptz := date_trunc('month', from_time at time zone 'UTC') at time zone 'UTC';
  n timestamptz;
  made int := 0;
  t text;
  k text;
  lo text;
  hi text;
  p text;
  early boolean;
begin
  perform pg_advisory_xact_lock(hashtext('wanmi.ensure_partitions'));
  while m <= to_time loop
    n := ((m at time zone 'UTC') + interval '1 month') at time zone 'UTC';
    foreach t in array array['case_event', 'audit', 'fact_report', 'fact_case', 'fact_assignment', 'fact_task',
                             'fact_application', 'fact_reopening', 'fact_open'] loop
      p := t || '_' || to_char(m at time zone 'UTC', 'YYYYMM');
      continue when to_regclass(p) is not null;
      if t = 'fact_open' then
        k := 'day';
        lo := (m at time zone 'UTC')::date;
        hi := (n at time zone 'UTC')::date;
      else
        k := case t when 'audit' then 'id' when 'fact_report' then 'report_id'
                    when 'fact_assignment' then 'assignment_id' when 'fact_task' then 'task_id' else 'case_id' end;
        lo := uuidv7_floor(m);
        hi := uuidv7_floor(n);
      end if;
      execute format('select exists (select 1 from %I where %I >= %L and %I < %L)', t || '_default', k, lo, k, hi)
        into early;
      -- Detached, because an append-only table lets go of no row.
      if early then
        execute format('alter table %I detach partition %I', t, t || '_default');
      end if;
      execute format('create table %I partition of %I for values from (%L) to (%L) with (fillfactor = %s)', p, t,
        lo, hi, case when t in ('fact_case', 'fact_assignment') then 70 when t in ('fact_task', 'fact_application')
          then 85 else 100 end);
      if early then
        execute format('insert into %I select * from %I where %I >= %L and %I < %L', p, t || '_default', k, lo, k, hi);
        execute format('delete from %I where %I >= %L and %I < %L', t || '_default', k, lo, k, hi);
        execute format('alter table %I attach partition %I default', t, t || '_default');
      end if;
      made := made + 1;
    end loop;
    m := n;
  end loop;
  return made;
end $$;
