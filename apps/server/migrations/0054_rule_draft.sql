-- 草稿: a rule set in the making. `version` rises with every change, so that two authors do not overwrite each other.
create table rule_draft (
  id uuid primary key,
  city_id uuid not null references city,
  name text not null,
  base_id uuid references publication,
  author_id uuid,
  version int not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  checked_version int,
  problems jsonb not null default '[]',
  -- Shipped texts that the city takes, or keeps its own against, when the draft is published (by path).
  shipped jsonb
);
create index rule_draft_city on rule_draft (city_id, id);

create table rule_draft_file (
  draft_id uuid not null references rule_draft on delete cascade,
  city_id uuid not null,
  path text not null,
  content text not null,
  primary key (draft_id, path)
);
