-- What open clocks must know to be counted anew when a calendar is published late: by which calendar a task's limit
-- counts, and since when a timer of the drawing runs. Tasks from before follow the stage of their node.
alter table task add column calendar text;
alter table timer add column since timestamptz;

-- A version of a process pins the versions that it calls; compiled once, it is the same for ever.
create table rule_call (
  caller_id uuid not null references rule_version,
  -- Code of the called process, also of one that is called by a called one.
  code text not null,
  called_id uuid not null references rule_version,
  city_id uuid not null references city,
  primary key (caller_id, code)
);

-- 迁移: the open cases of one version of a process go on in another, case by case. A worker that was killed goes on
-- after `reached`: what was moved is not on the old version any more.
create table process_move (
  id uuid primary key,
  city_id uuid not null references city,
  from_id uuid not null references rule_version,
  to_id uuid not null references rule_version,
  map jsonb not null,
  map_hash bytea not null,
  reason text not null,
  state text not null check (state in ('running', 'done', 'cancelled')),
  total int not null,
  moved int not null default 0,
  stayed int not null default 0,
  -- The last case that was looked at.
  reached uuid,
  -- Why cases stayed: code, node, counts and the first of them.
  problems jsonb not null default '[]',
  started_at timestamptz not null,
  started_by uuid,
  finished_at timestamptz,
  check (from_id <> to_id)
);
create index process_move_city on process_move (city_id, id);
-- One at a time of a version: two maps would race for the same cases.
create unique index process_move_running on process_move (from_id) where state = 'running';

-- Which cases are open on a version. The version of a case changes only when it is moved.
create index case_open_process on "case" (process_id, id) where ended_at is null;
