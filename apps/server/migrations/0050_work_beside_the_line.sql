-- Work beside the line of tasks: several assignments of one case, applications, what leaders say, what belongs together.
alter table assignment
  -- What it is among its siblings: main, assist, safe (make safe now), district (has the children).
  add column part text not null default 'main',
  -- 派遣形式 by which the case came to it.
  add column form text not null default 'single',
  add column extensions int not null default 0;
create index assignment_parent on assignment (parent_id) where parent_id is not null;

alter table task
  -- Scope of the process in which it stands; 0 is the main strand's own.
  add column scope int not null default 0,
  add column application_id uuid;

alter table "case"
  -- Fixed by the collector on the spot: counted apart.
  add column self_handled boolean not null default false,
  add column rating smallint;

-- 回退、延期、挂账、缓办、作废、复核、申诉: asked for beside the work, decided at one or more levels.
create table application (
  id uuid primary key,
  city_id uuid not null,
  case_id uuid not null references "case",
  assignment_id uuid references assignment,
  kind text not null,
  state text not null check (state in ('pending', 'approved', 'refused', 'withdrawn')),
  level smallint not null default 0,
  levels smallint not null default 1,
  -- What is asked for, as the form has it without free text; and what was granted.
  ask jsonb not null,
  granted jsonb,
  asked_at timestamptz not null,
  asked_post_id uuid not null,
  asked_person_id uuid not null,
  asked_unit_id uuid,
  decided_at timestamptz,
  decided_post_id uuid
) with (fillfactor = 80);
create index application_case on application (case_id);
create index application_city on application (city_id, id);

-- 督办、催办、批示.
create table case_mark (
  id uuid primary key,
  city_id uuid not null,
  case_id uuid not null references "case",
  kind text not null check (kind in ('supervise', 'urge', 'instruct')),
  post_id uuid not null,
  at timestamptz not null,
  due_at timestamptz,
  note text
);
create index case_mark_case on case_mark (case_id);
create index case_mark_city on case_mark (city_id, id);

create index case_link_to on case_link (to_id);
create index case_merged on "case" (merged_into_id) where merged_into_id is not null;
