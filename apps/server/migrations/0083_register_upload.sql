-- 历史台账: a register of old cases that comes in over the console. Its file is looked through, tried and brought in by a
-- worker; a killed one goes on where it stood. What becomes of its rows is the batch's, as on the command line.
create table register_upload (
  id uuid primary key,
  city_id uuid not null references city,
  file_name text not null,
  file_bytes bigint not null,
  -- In the store of files; null: erased when its time was over.
  sha256 bytea,
  state text not null check (state in
    ('inspecting', 'ready', 'trying', 'tried', 'importing', 'paused', 'done', 'failed', 'cancelled')),
  -- Why it failed: a code. `stage` is what it was at.
  problem text,
  stage text,
  -- Rows of the file, as soon as it was looked through.
  total int,
  -- Of what is being done: rows, the share of the file, and where it began, so that its pace is that of now.
  read int not null default 0,
  share real not null default 0,
  began_at timestamptz not null,
  began_share real not null default 0,
  -- What was seen of its columns, without a cell of a person's.
  inspection jsonb,
  mapping jsonb,
  -- What the dry run came to.
  trial jsonb,
  batch_id uuid references import_batch,
  -- Whoever sent it, and by which post; the key of the request, so that the same one sent twice is one.
  person_id uuid not null,
  post_id uuid not null,
  key text,
  started_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz,
  check ((state = 'failed') = (problem is not null)),
  check ((state in ('done', 'failed', 'cancelled')) = (ended_at is not null))
);
create index register_upload_city on register_upload (city_id, id);
create index register_upload_batch on register_upload (batch_id) where batch_id is not null;
create index register_upload_sha on register_upload (sha256) where sha256 is not null;
create index register_upload_waiting on register_upload (id) where state in ('inspecting', 'trying', 'importing');
create unique index register_upload_key on register_upload (person_id, key) where key is not null;
