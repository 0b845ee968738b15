-- 试运行: cases of the past run again in memory against a draft; what was found. Nothing here is what happened.
create table rule_try_out (
  id uuid primary key,
  city_id uuid not null references city,
  -- The draft and its version as they were tried; the draft may be gone by now.
  draft_id uuid not null,
  draft_version int not null,
  name text not null,
  -- The rules in force that it was compared with; null: a city that never published.
  publication_id uuid references publication,
  state text not null check (state in ('running', 'done', 'cancelled', 'failed')),
  reason text,
  -- Somebody works on it: a lock of that process says whether it still does.
  begun boolean not null default false,
  asked_cases int not null,
  asked_from timestamptz,
  asked_to timestamptz,
  started_at timestamptz not null,
  started_by uuid,
  finished_at timestamptz,
  total int not null default 0,
  done int not null default 0,
  changed int not null default 0,
  per_second real,
  summary jsonb,
  check ((state = 'failed') = (reason is not null)),
  check ((state = 'running') = (finished_at is null))
);
create index rule_try_out_city on rule_try_out (city_id, id);
create index rule_try_out_draft on rule_try_out (draft_id, id);
-- One at a time: whoever asks second is told.
create unique index rule_try_out_running on rule_try_out (city_id) where state = 'running';

-- Cases that would be others. No person stands in it.
create table rule_try_out_case (
  try_out_id uuid not null references rule_try_out on delete cascade,
  case_id uuid not null,
  city_id uuid not null,
  kinds text[] not null,
  changes jsonb not null,
  primary key (try_out_id, case_id)
);
