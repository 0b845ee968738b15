-- 导入导出. An import of units, people, posts, assets or the manual is a batch of `importing`; here is what such a batch
-- needs beyond it: where its file is, who asked, and what it changed, so that it can be taken back.
create table transfer_file (
  batch_id uuid primary key references import_batch,
  city_id uuid not null references city,
  -- In the store of files; null: erased when its time was over, or read from where the command line had it.
  sha256 bytea,
  -- Masked in `import_reject`; the file itself has them as they stood.
  columns text[] not null default '{}',
  person_id uuid not null,
  post_id uuid not null,
  -- Of a try: the import that it became. Of a manual: the draft that was made.
  real_id uuid references import_batch,
  draft_id uuid
);
create index transfer_file_sha on transfer_file (sha256) where sha256 is not null;
create index transfer_file_real on transfer_file (real_id) where real_id is not null;

create table transfer_change (
  batch_id uuid not null references import_batch,
  row int not null,
  city_id uuid not null references city,
  entity text not null check (entity in ('unit', 'person', 'post', 'asset', 'draft')),
  -- The row that the import made; of a person, who is never another one, that person.
  entity_id uuid not null,
  -- The row that it follows; null: new.
  before_id uuid,
  what text not null check (what in ('created', 'changed')),
  undone text check (undone in ('undone', 'kept')),
  primary key (batch_id, row)
);
create index transfer_change_entity on transfer_change (entity_id);

-- 全量导出: everything that a city owns as one archive.
create table city_export (
  id uuid primary key,
  city_id uuid not null references city,
  state text not null check (state in ('running', 'done', 'failed', 'cancelled', 'expired')),
  problem text,
  personal boolean not null,
  media boolean not null,
  part text,
  done int not null default 0,
  total int not null default 0,
  bytes bigint,
  sha256 bytea,
  started_at timestamptz not null,
  started_person uuid not null,
  started_post uuid not null,
  updated_at timestamptz not null,
  ended_at timestamptz,
  check ((state = 'running') = (ended_at is null))
);
create index city_export_city on city_export (city_id, id);
create unique index city_export_running on city_export (city_id) where state = 'running';

-- The administrators of cities that are there already get the new rights; personal data goes out by a right that a
-- city gives on purpose.
update role set permissions = permissions || array['data.import', 'data.export']
 where code = 'admin' and not permissions && array['data.import', 'data.export'];
