-- 历史台账: what is done with a register of old cases after it came in. Taking it back and adopting its open cases take
-- minutes: they are asked for, a worker carries them out, and a killed one goes on where it stood.
create table register_order (
  id uuid primary key,
  city_id uuid not null references city,
  batch_id uuid not null references import_batch,
  kind text not null check (kind in ('undo', 'adopt')),
  state text not null check (state in ('running', 'done', 'failed', 'cancelled')),
  -- Why it failed: a code.
  problem text,
  -- Why it was asked for; null: the command line.
  reason text,
  -- Which of the open cases are adopted, in the register's words.
  which jsonb not null default '{}',
  -- Cases; `kept`: of an undoing, those that somebody worked on while it ran.
  total int not null,
  done int not null default 0,
  kept int not null default 0,
  -- Of an undoing: departments and types that were made for it and went with it.
  units int not null default 0,
  categories int not null default 0,
  -- People; null: the command line. The key of the request, so that the same one sent twice is one.
  person_id uuid,
  post_id uuid,
  key text,
  started_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz,
  check ((state = 'failed') = (problem is not null)),
  check ((state = 'running') = (ended_at is null))
);
create index register_order_batch on register_order (batch_id, id);
-- One at a time works on a register: nobody adopts what is being taken back.
create unique index register_order_running on register_order (batch_id) where state = 'running';
create unique index register_order_key on register_order (person_id, key) where key is not null;

-- The headings of the file, so that the rows that were not taken can be shown under them; null: of an import from before.
alter table import_batch add column columns text[];
