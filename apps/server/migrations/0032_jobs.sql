-- The last day for which a daily job is done; the nil uuid is the installation, whose days are UTC.
create table daily_job (
  city_id uuid not null,
  job text not null,
  day date not null,
  at timestamptz not null,
  primary key (city_id, job)
);

-- As before, with two changes. A month whose rows came before its partition (a clock that was moved far ahead)
-- takes them out of the default partition; PostgreSQL would refuse the partition instead. And facts that are
-- rewritten with each step of a case leave room on their page, so that most updates touch no index.
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
                             'fact_open'] loop
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
        lo, hi, case when t in ('fact_case', 'fact_assignment') then 70 when t = 'fact_task' then 85 else 100 end);
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
