-- Years of a city that were generated, so that a run can go on where it was ended, and what is made up stays known.
create table simulation (
  id uuid primary key,
  city_id uuid not null references city,
  scenario text not null,
  -- The scenario as it was read, its base included.
  content jsonb not null,
  seed text not null,
  from_day date not null,
  to_day date not null,
  -- Expected reports of the whole period.
  reports_planned int not null,
  state text not null check (state in ('running', 'done')),
  -- The last day that is written whole; null: none yet.
  done_day date,
  -- What is written: cases that were opened, reports (joined ones too), entries of logs.
  cases int not null default 0,
  reports int not null default 0,
  events int not null default 0,
  started_at timestamptz not null,
  ended_at timestamptz
);
create index simulation_city on simulation (city_id, id);
-- One at a time: two would take the same case numbers.
create unique index simulation_running on simulation (city_id) where state = 'running';

-- The clocks of open cases while their year is still being generated: in `timer` the worker would ring them at once.
create table simulation_timer (
  task_id uuid not null,
  fire text not null,
  city_id uuid not null,
  case_id uuid not null,
  due_at timestamptz not null,
  since timestamptz,
  primary key (task_id, fire)
);
create index simulation_timer_case on simulation_timer (case_id);
