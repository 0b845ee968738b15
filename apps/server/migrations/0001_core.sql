-- The house's ground floor: what never changes later (architecture.md, "What changes and what never does").
-- Ids are UUIDv7 made by the program; every table of a city's data carries city_id; codes and names have
-- validity and successors; no default is ever now(): time comes from the injected clock.

-- ---------------------------------------------------------------- platform

create table city (
  id uuid primary key,
  code text not null unique,
  name jsonb not null,
  time_zone text not null,
  geom geometry(MultiPolygon, 4326),
  created_at timestamptz not null
);

-- Settings of a city (automatic steps, limits of lists …), each a small JSON value with its history in audit.
create table setting (
  city_id uuid not null references city,
  key text not null,
  value jsonb not null,
  updated_at timestamptz not null,
  primary key (city_id, key)
);

-- State of this installation, not of a city: secrets, the virtual clock of a demo.
create table instance (
  key text primary key,
  value jsonb not null
);

-- Commands write rows here; the relay reads only below pg_snapshot_xmin, in (xid, pos) order, so that a late
-- commit is never skipped (identity order is not commit order).
create table outbox (
  pos bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  city_id uuid not null,
  at timestamptz not null,
  topic text not null,
  case_id uuid,
  seq int,
  payload jsonb,
  primary key (xid, pos)
);

create table outbox_cursor (
  reader text primary key,
  xid xid8 not null,
  pos bigint not null,
  updated_at timestamptz not null
);

-- The same key again gets the same answer; with another body it is an error. Kept 180 days.
create table command (
  person_id uuid not null,
  key text not null,
  city_id uuid not null,
  hash bytea not null,
  status smallint not null,
  answer jsonb not null,
  at timestamptz not null,
  primary key (person_id, key)
);
create index command_at on command using brin (at);

-- One row per open clock; the loop claims due rows and re-arms or deletes them. `fire` names what happens.
create table timer (
  task_id uuid not null,
  fire text not null,
  city_id uuid not null,
  case_id uuid not null,
  due_at timestamptz not null,
  primary key (task_id, fire)
);
create index timer_due on timer (due_at);

-- Every write, every look at a reporter's identity, every export and every refused attempt.
create table audit (
  id uuid not null,
  city_id uuid not null,
  at timestamptz not null,
  person_id uuid,
  post_id uuid,
  action text not null,
  entity text,
  entity_id uuid,
  outcome text not null,
  request_id text,
  ip inet,
  detail jsonb,
  primary key (id)
) partition by range (id);
create table audit_default partition of audit default;
create index audit_city on audit (city_id, id);
create index audit_entity on audit (entity_id) where entity_id is not null;

-- Daily Merkle root over all case heads, also written outside the database and published.
create table log_root (
  city_id uuid not null references city,
  day date not null,
  algorithm text not null,
  cases int not null,
  root bytea not null,
  previous bytea,
  at timestamptz not null,
  primary key (city_id, day)
);

-- Rules are immutable versions: process, form, decision, calendar, indicator … `content` is the open format.
create table rule_version (
  id uuid primary key,
  city_id uuid not null references city,
  kind text not null,
  code text not null,
  version int not null,
  content text not null,
  content_hash bytea not null,
  state text not null check (state in ('draft', 'published', 'retired')),
  valid_from timestamptz,
  reason text,
  published_by uuid,
  created_at timestamptz not null,
  unique (city_id, kind, code, version)
);
create index rule_version_in_force on rule_version (city_id, kind, code, valid_from desc) where state = 'published';

-- Numbers of a series (案卷号, 文号); the row lock is the series' queue, so it is taken last.
create table numbering (
  city_id uuid not null references city,
  series text not null,
  period text not null,
  last int not null,
  primary key (city_id, series, period)
);

-- ---------------------------------------------------------------- org

create table region (
  id uuid primary key,
  city_id uuid not null references city,
  parent_id uuid references region,
  kind text not null check (kind in ('city', 'district', 'street', 'community', 'zone')),
  code text not null,
  name jsonb not null,
  geom geometry(MultiPolygon, 4326),
  valid_from timestamptz not null,
  valid_to timestamptz
);
create unique index region_code on region (city_id, code) where valid_to is null;
create index region_parent on region (parent_id);
create index region_geom on region using gist (geom);

create table unit (
  id uuid primary key,
  city_id uuid not null references city,
  parent_id uuid references unit,
  region_id uuid references region,
  kind text not null,
  code text not null,
  name jsonb not null,
  valid_from timestamptz not null,
  valid_to timestamptz
);
create unique index unit_code on unit (city_id, code) where valid_to is null;
create index unit_parent on unit (parent_id);

create table role (
  id uuid primary key,
  city_id uuid not null references city,
  code text not null,
  name jsonb not null,
  permissions text[] not null,
  unique (city_id, code)
);

create table person (
  id uuid primary key,
  city_id uuid not null references city,
  username text not null,
  password_hash text,
  locale text not null default 'zh-CN',
  failed_logins int not null default 0,
  locked_until timestamptz,
  valid_from timestamptz not null,
  valid_to timestamptz
);
create unique index person_username on person (lower(username));

-- Personal data of staff, apart from what logs and facts refer to.
create table person_profile (
  person_id uuid primary key references person,
  city_id uuid not null references city,
  name text not null,
  phone text
);

create table post (
  id uuid primary key,
  city_id uuid not null references city,
  person_id uuid not null references person,
  unit_id uuid not null references unit,
  role_id uuid not null references role,
  name jsonb not null,
  scope text not null check (scope in ('city', 'region', 'unit', 'own')),
  scope_region_id uuid references region,
  valid_from timestamptz not null,
  valid_to timestamptz,
  check (scope <> 'region' or scope_region_id is not null)
);
create index post_person on post (person_id);
create index post_unit on post (unit_id, role_id);

-- What became of a region, unit, post, grid or category: rename, merge, split, move.
create table succession (
  kind text not null check (kind in ('region', 'unit', 'post', 'grid', 'category', 'asset')),
  from_id uuid not null,
  to_id uuid not null,
  city_id uuid not null references city,
  how text not null check (how in ('rename', 'merge', 'split', 'move')),
  at timestamptz not null,
  primary key (kind, from_id, to_id)
);

create table session (
  token_hash bytea primary key,
  city_id uuid not null references city,
  person_id uuid not null references person,
  post_id uuid not null references post,
  kind text not null check (kind in ('cookie', 'bearer')),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  ip inet,
  agent text
);
create index session_person on session (person_id);

-- ---------------------------------------------------------------- catalog

create table scheme (
  id uuid primary key,
  city_id uuid not null references city,
  code text not null,
  name jsonb not null,
  unique (city_id, code)
);

create table category (
  id uuid primary key,
  city_id uuid not null references city,
  scheme_id uuid not null references scheme,
  kind text not null check (kind in ('asset', 'event')),
  code text not null,
  level smallint not null,
  parent_id uuid references category,
  name jsonb not null,
  similar_metres int not null default 50,
  similar_hours int not null default 24,
  valid_from timestamptz not null,
  valid_to timestamptz
);
create unique index category_code on category (city_id, scheme_id, kind, code) where valid_to is null;

-- 立案条件. Limit and closing rule hang on it; limit_a/b/c override by area grade.
create table condition (
  id uuid primary key,
  city_id uuid not null references city,
  category_id uuid not null references category,
  code text not null,
  name jsonb not null,
  closing jsonb not null,
  limit_value numeric not null,
  limit_unit text not null,
  limit_a numeric,
  limit_b numeric,
  limit_c numeric,
  department_kind text,
  is_default boolean not null default false,
  valid_from timestamptz not null,
  valid_to timestamptz
);
create unique index condition_code on condition (city_id, code) where valid_to is null;
create index condition_category on condition (category_id);

-- 监督指挥手册: immutable versions; a case pins the one in force when it is filed.
create table manual (
  id uuid primary key,
  city_id uuid not null references city,
  version int not null,
  valid_from timestamptz not null,
  reason text,
  unique (city_id, version)
);

-- condition × area × owner → responsible department. The most specific row wins; two of equal weight are an error.
create table manual_row (
  manual_id uuid not null references manual,
  city_id uuid not null references city,
  condition_id uuid not null references condition,
  region_id uuid references region,
  owner_id uuid references unit,
  department_id uuid not null references unit
);
create unique index manual_row_key on manual_row (manual_id, condition_id, region_id, owner_id) nulls not distinct;

create table source (
  city_id uuid not null references city,
  code text not null,
  name jsonb not null,
  verify boolean not null,
  sort int not null,
  primary key (city_id, code)
);

create table stage_limit (
  city_id uuid not null references city,
  code text not null,
  value numeric not null,
  unit text not null,
  calendar text not null,
  primary key (city_id, code)
);

create table phrase (
  city_id uuid not null references city,
  action text not null,
  sort int not null,
  text jsonb not null,
  primary key (city_id, action, sort)
);

-- ---------------------------------------------------------------- grid, asset

-- 单元 / 责任 / 处置网格. Patrol and disposal grid and the grade follow from the unit grid by key.
create table grid (
  id uuid primary key,
  city_id uuid not null references city,
  kind text not null check (kind in ('unit', 'patrol', 'disposal')),
  code text not null,
  name jsonb not null,
  district_id uuid references region,
  street_id uuid references region,
  community_id uuid references region,
  patrol_grid_id uuid references grid,
  disposal_grid_id uuid references grid,
  grade text check (grade in ('A', 'B', 'C')),
  geom geometry(MultiPolygon, 4326) not null,
  valid_from timestamptz not null,
  valid_to timestamptz
);
create unique index grid_code on grid (city_id, kind, code) where valid_to is null;
create index grid_unit_geom on grid using gist (geom) where kind = 'unit';
create index grid_other_geom on grid using gist (geom) where kind <> 'unit';

-- A collector's beats.
create table post_grid (
  post_id uuid not null references post,
  grid_id uuid not null references grid,
  city_id uuid not null references city,
  valid_from timestamptz not null,
  valid_to timestamptz,
  primary key (post_id, grid_id, valid_from)
);
create index post_grid_grid on post_grid (grid_id);

create table asset (
  id uuid primary key,
  city_id uuid not null references city,
  category_id uuid not null references category,
  code text not null,
  name jsonb not null,
  owner_id uuid references unit,
  unit_grid_id uuid references grid,
  address text,
  state text not null,
  attributes jsonb not null default '{}',
  geom geometry(Geometry, 4326) not null,
  valid_from timestamptz not null,
  valid_to timestamptz
);
create unique index asset_code on asset (city_id, code) where valid_to is null;
create index asset_geom on asset using gist (geom);
create index asset_category on asset (city_id, category_id, id);

-- The base map: our own vector data, no online service.
create table base_feature (
  id uuid primary key,
  city_id uuid not null references city,
  layer text not null,
  name jsonb,
  rank smallint not null default 0,
  geom geometry(Geometry, 4326) not null
);
create index base_feature_geom on base_feature using gist (geom);

-- ---------------------------------------------------------------- media

create table media (
  id uuid primary key,
  city_id uuid not null references city,
  sha256 bytea not null,
  served_sha256 bytea,
  thumbnail_sha256 bytea,
  phash bigint,
  mime text not null,
  bytes int not null,
  width int,
  height int,
  taken_at timestamptz,
  geom geometry(Point, 4326),
  post_id uuid,
  created_at timestamptz not null
);
create index media_sha on media (city_id, sha256);
create index media_phash on media (city_id, phash) where phash is not null;

create table case_media (
  case_id uuid not null,
  media_id uuid not null references media,
  city_id uuid not null,
  purpose text not null,
  seq int not null,
  at timestamptz not null,
  primary key (case_id, media_id)
);
create index case_media_media on case_media (media_id);

-- ---------------------------------------------------------------- intake

-- Personal data: who reported. Masked, erasable, never in log, facts or URLs.
create table reporter (
  id uuid primary key,
  city_id uuid not null references city,
  name text,
  phone text,
  wants_reply boolean not null default false,
  created_at timestamptz not null,
  erased_at timestamptz
);

-- What came in, untouched.
create table report (
  id uuid primary key,
  city_id uuid not null references city,
  case_id uuid not null,
  kind text not null,
  source text not null,
  external_ref text,
  category_id uuid,
  description text not null,
  address text,
  geom geometry(Point, 4326),
  input_crs text,
  accuracy real,
  asset_id uuid,
  reporter_id uuid references reporter,
  post_id uuid,
  reported_at timestamptz not null,
  received_at timestamptz not null
);
create index report_case on report (case_id);
create index report_city on report (city_id, id);
create unique index report_external on report (city_id, source, external_ref) where external_ref is not null;

-- ---------------------------------------------------------------- cases

-- Rule for indexes here: none on a column that changes with each step (stage, seq, tokens, head), or every
-- update stops being HOT (measured: twice the CPU). Open work is found through task. The id carries the time.
create table "case" (
  id uuid primary key,
  city_id uuid not null references city,
  case_no text not null,
  seq int not null,
  head bytea not null,
  stage text not null,
  outcome text,
  source text not null,
  kind text not null,
  category_id uuid,
  condition_id uuid,
  manual_id uuid,
  description text not null,
  address text,
  geom geometry(Point, 4326),
  unit_grid_id uuid,
  patrol_grid_id uuid,
  district_id uuid,
  street_id uuid,
  community_id uuid,
  grade text,
  asset_id uuid,
  owner_id uuid,
  department_id uuid,
  report_count int not null default 1,
  process_id uuid not null references rule_version,
  tokens jsonb not null,
  merged_into_id uuid,
  collector_post_id uuid,
  reported_at timestamptz not null,
  filed_at timestamptz,
  ended_at timestamptz,
  unique (city_id, case_no)
) with (fillfactor = 80);
create index case_city on "case" (city_id, id);
create index case_district on "case" (district_id, id);
create index case_street on "case" (street_id, id);
create index case_department on "case" (department_id, id) where department_id is not null;
create index case_category on "case" (category_id, id);
create index case_collector on "case" (collector_post_id, id) where collector_post_id is not null;
create index case_open on "case" (city_id, id) where ended_at is null;
create index case_geom on "case" using gist (geom);

-- Chinese full-text search by bigrams made in the program; a table of its own, so that no step pays for GIN.
create table case_text (
  case_id uuid primary key,
  city_id uuid not null,
  text text not null,
  bigrams text[] not null
);
create index case_text_bigrams on case_text using gin (bigrams);

create table assignment (
  id uuid primary key,
  city_id uuid not null,
  case_id uuid not null references "case",
  parent_id uuid references assignment,
  unit_id uuid not null references unit,
  crew_id uuid references unit,
  crew_post_id uuid references post,
  state text not null,
  limit_value numeric not null,
  limit_unit text not null,
  calendar text not null,
  clock jsonb not null,
  dispatched_at timestamptz not null,
  due_at timestamptz,
  signed_at timestamptz,
  responded_at timestamptz,
  passed_at timestamptz,
  ended_at timestamptz,
  failed_count int not null default 0,
  overdue boolean not null default false,
  exempt boolean not null default false
) with (fillfactor = 80);
create index assignment_case on assignment (case_id);
create index assignment_unit on assignment (unit_id, case_id);
create index assignment_crew on assignment (crew_id, case_id) where crew_id is not null;

-- 待办. Written twice (open, done), so few indexes. Update by primary key only: the partial index is a plan trap.
create table task (
  id uuid primary key,
  city_id uuid not null,
  case_id uuid not null references "case",
  assignment_id uuid,
  node text not null,
  token int not null,
  step text not null,
  role text not null,
  unit_id uuid,
  post_id uuid,
  region_id uuid,
  claimed_post_id uuid,
  claimed_at timestamptz,
  opened_at timestamptz not null,
  warn_at timestamptz,
  due_at timestamptz,
  due_key timestamptz not null,
  limit_value numeric,
  limit_unit text,
  done_at timestamptz,
  done_post_id uuid,
  done_action text,
  overdue boolean not null default false
) with (fillfactor = 80);
create index task_case on task (case_id);
create index task_open_unit on task (unit_id, role, due_key, id) where done_at is null;
create index task_open_post on task (post_id, due_key, id) where done_at is null and post_id is not null;
create index task_done on task (done_post_id, done_at desc, id desc) where done_at is not null;

-- The append-only life of a case. `body` is the canonical JSON (RFC 8785) whose bytes were hashed:
-- hash = H(previous hash || body). Partitioned by the case's own time: (case_id, seq) stays unique.
create table case_event (
  case_id uuid not null,
  seq int not null,
  city_id uuid not null,
  type text not null,
  at timestamptz not null,
  post_id uuid,
  person_id uuid,
  body text not null,
  hash bytea not null,
  algorithm text not null,
  primary key (case_id, seq)
) partition by range (case_id);
create table case_event_default partition of case_event default;

create table case_link (
  from_id uuid not null references "case",
  to_id uuid not null references "case",
  kind text not null,
  city_id uuid not null,
  at timestamptz not null,
  primary key (from_id, to_id, kind)
);

-- ---------------------------------------------------------------- notify

create table notice (
  id uuid primary key,
  city_id uuid not null,
  post_id uuid not null,
  kind text not null,
  case_id uuid,
  task_id uuid,
  step text,
  at timestamptz not null,
  read_at timestamptz
);
create index notice_post on notice (post_id, id desc);

-- ---------------------------------------------------------------- statistics: five grains of facts
-- Folded from the log by the relay; the same fold rebuilds them. Days are the city's.

create table fact_report (
  report_id uuid not null,
  case_id uuid not null,
  city_id uuid not null,
  kind text not null,
  source text not null,
  category_id uuid,
  district_id uuid,
  street_id uuid,
  community_id uuid,
  patrol_grid_id uuid,
  post_id uuid,
  joined boolean not null,
  reported_at timestamptz not null,
  reported_day date not null,
  primary key (report_id)
) partition by range (report_id);
create table fact_report_default partition of fact_report default;
create index fact_report_day on fact_report (city_id, reported_day);

create table fact_case (
  case_id uuid not null,
  city_id uuid not null,
  source text not null,
  kind text not null,
  category_id uuid,
  condition_id uuid,
  district_id uuid,
  street_id uuid,
  community_id uuid,
  unit_grid_id uuid,
  patrol_grid_id uuid,
  grade text,
  department_id uuid,
  outcome text,
  on_time boolean,
  reported_at timestamptz not null,
  reported_day date not null,
  filed_at timestamptz,
  filed_day date,
  dispatched_at timestamptz,
  dispatched_day date,
  ended_at timestamptz,
  ended_day date,
  dispatches int not null default 0,
  failed_checks int not null default 0,
  last_seq int not null,
  primary key (case_id)
) partition by range (case_id);
create table fact_case_default partition of fact_case default;
create index fact_case_reported on fact_case (city_id, reported_day);
create index fact_case_filed on fact_case (city_id, filed_day) where filed_day is not null;
create index fact_case_ended on fact_case (city_id, ended_day) where ended_day is not null;

create table fact_assignment (
  assignment_id uuid not null,
  case_id uuid not null,
  city_id uuid not null,
  unit_id uuid not null,
  crew_id uuid,
  district_id uuid,
  category_id uuid,
  condition_id uuid,
  state text not null,
  dispatched_at timestamptz not null,
  dispatched_day date not null,
  due_at timestamptz,
  signed_at timestamptz,
  responded_at timestamptz,
  responded_day date,
  ended_at timestamptz,
  failed_count int not null default 0,
  overdue boolean not null default false,
  last_seq int not null,
  primary key (assignment_id)
) partition by range (assignment_id);
create table fact_assignment_default partition of fact_assignment default;
create index fact_assignment_unit on fact_assignment (city_id, unit_id, dispatched_day);
create index fact_assignment_responded on fact_assignment (city_id, responded_day) where responded_day is not null;

create table fact_task (
  task_id uuid not null,
  case_id uuid not null,
  city_id uuid not null,
  step text not null,
  role text not null,
  unit_id uuid,
  post_id uuid,
  action text,
  opened_at timestamptz not null,
  due_at timestamptz,
  done_at timestamptz,
  done_day date,
  overdue boolean not null default false,
  primary key (task_id)
) partition by range (task_id);
create table fact_task_default partition of fact_task default;
create index fact_task_done on fact_task (city_id, done_day, step) where done_day is not null;

-- Open at the day's end: one row per case that was open when the city's day closed.
create table fact_open (
  city_id uuid not null,
  day date not null,
  case_id uuid not null,
  stage text not null,
  district_id uuid,
  street_id uuid,
  department_id uuid,
  category_id uuid,
  overdue boolean not null,
  primary key (city_id, day, case_id)
) partition by range (day);
create table fact_open_default partition of fact_open default;

-- Monthly partitions of every ranged table, for the months of [from, to]. Keys are UUIDv7: a month starts at
-- the smallest id of its first UTC millisecond. Safe to call twice and from two processes.
create function ensure_partitions(from_time timestamptz, to_time timestamptz) returns int
language plpgsql as $$
declare
  m timestamptz := date_trunc('month', from_time at time zone 'UTC') at time zone 'UTC';
  n timestamptz;
  made int := 0;
  t text;
  p text;
begin
  perform pg_advisory_xact_lock(hashtext('wanmi.ensure_partitions'));
  while m <= to_time loop
    n := ((m at time zone 'UTC') + interval '1 month') at time zone 'UTC';
    foreach t in array array['case_event', 'audit', 'fact_report', 'fact_case', 'fact_assignment', 'fact_task'] loop
      p := t || '_' || to_char(m at time zone 'UTC', 'YYYYMM');
      if to_regclass(p) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L)',
          p, t, uuidv7_floor(m), uuidv7_floor(n));
        made := made + 1;
      end if;
    end loop;
    p := 'fact_open_' || to_char(m at time zone 'UTC', 'YYYYMM');
    if to_regclass(p) is null then
      execute format('create table %I partition of fact_open for values from (%L) to (%L)',
        p, (m at time zone 'UTC')::date, (n at time zone 'UTC')::date);
      made := made + 1;
    end if;
    m := n;
  end loop;
  return made;
end $$;

-- The smallest UUIDv7 of a moment: range filters by time become filters by id.
create function uuidv7_floor(t timestamptz) returns uuid
language sql immutable strict as $$
  select (lpad(to_hex((extract(epoch from t) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;
