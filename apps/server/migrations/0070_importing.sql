-- 导入: what comes in from files, and is already there in another form. A batch is one file under one mapping; its
-- position moves in the transaction of the rows it counts, so that a killed import goes on where it stood, and every
-- row that was read is accepted, rejected or known from before.
create table import_batch (
  id uuid primary key,
  city_id uuid not null references city,
  kind text not null check (kind in ('case', 'unit', 'person', 'post', 'asset', 'manual', 'category', 'region', 'grid')),
  -- Whose numbers the ids of the rows are: the same id of another register is another thing.
  register text not null default '',
  file_name text not null,
  file_bytes bigint not null,
  file_sha256 bytea not null,
  mapping jsonb not null,
  mapping_sha256 bytea not null,
  mode text not null check (mode in ('dry', 'real')),
  state text not null check (state in ('running', 'done', 'failed', 'cancelled', 'undoing', 'undone')),
  -- Why it failed: a code.
  problem text,
  read int not null default 0,
  accepted int not null default 0,
  rejected int not null default 0,
  already int not null default 0,
  -- Accepted, with something that had to be said.
  warned int not null default 0,
  -- Rows of the file that are behind it; `total` as soon as they are counted.
  position int not null default 0,
  total int,
  -- Rows whose facts are in the rollups: counted once, at the end.
  rolled int not null default 0,
  -- Rejections and warnings by reason, and what else is counted on the way.
  counts jsonb not null default '{}',
  -- People; null: the command line.
  started_by uuid,
  started_at timestamptz not null,
  updated_at timestamptz not null,
  ended_by uuid,
  ended_at timestamptz,
  undone_by uuid,
  undone_at timestamptz,
  check (read = accepted + rejected + already),
  check ((state = 'failed') = (problem is not null)),
  check ((state = 'running') = (ended_at is null))
);
create index import_batch_city on import_batch (city_id, id);
create index import_batch_file on import_batch (city_id, file_sha256);
-- One at a time writes a kind into a city; what only tries may run beside it.
create unique index import_batch_running on import_batch (city_id, kind)
  where state in ('running', 'undoing') and mode = 'real';

-- What was not taken, as it stood in the file: `cells` in the order of the columns. May hold personal data: it goes
-- with its batch.
create table import_reject (
  batch_id uuid not null references import_batch on delete cascade,
  -- Number of the row in the file from 1, the heading not counted; `line` is where it begins.
  row int not null,
  line int not null,
  city_id uuid not null,
  source_id text,
  -- A stable code; `field` says of what.
  reason text not null,
  field text,
  cells jsonb not null,
  primary key (batch_id, row)
);

-- What became of a row that was taken. By (register, source_id) it is recognised when it comes again.
create table import_row (
  city_id uuid not null,
  kind text not null,
  register text not null,
  source_id text not null,
  batch_id uuid not null references import_batch,
  row int not null,
  entity_id uuid not null,
  -- Of a case: the last entry of its log that the import wrote.
  seq int,
  -- The register's own words beside ours: flag, due date, status. No personal data.
  kept jsonb,
  primary key (city_id, kind, register, source_id)
);
create unique index import_row_batch on import_row (batch_id, row);
create index import_row_entity on import_row (entity_id);

-- What had to be made for it: units and categories that the city did not have. Goes with the batch where nobody uses it.
create table import_made (
  batch_id uuid not null references import_batch,
  kind text not null check (kind in ('unit', 'scheme', 'category')),
  entity_id uuid not null,
  city_id uuid not null,
  primary key (batch_id, kind, entity_id)
);

-- Cases of an undone import whose heads a daily root had covered already: the root stays true, and says of what.
create table import_withdrawn (
  case_id uuid primary key,
  city_id uuid not null references city,
  batch_id uuid not null references import_batch,
  seq int not null,
  head bytea not null,
  at timestamptz not null
);
create index import_withdrawn_city on import_withdrawn (city_id, case_id);

-- The log is append-only; history that was brought in can be taken back whole as long as nobody has touched it.
create or replace function refuse_change() returns trigger language plpgsql as $$
declare
  callers text;
begin
  if tg_op = 'DELETE' and tg_table_name like 'case\_event%' then
    get diagnostics callers = pg_context;
    if callers like '%function withdraw_import(%' then
      return old;
    end if;
  end if;
  -- Making a month's partition takes its early rows out of the default one, in the same statement's transaction.
  if tg_op = 'DELETE' and tg_table_name like '%\_default' then
    get diagnostics callers = pg_context;
    if callers like '%function ensure_partitions(%' then
      return old;
    end if;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger import_withdrawn_append_only before update or delete on import_withdrawn
  for each row execute function refuse_change();

-- Takes imported cases of a batch back, the log included: only those of a batch that is being undone, and only while
-- the import's entry is their last. Answers with how many.
create function withdraw_import(batch uuid, cases uuid[], at_time timestamptz) returns int
language plpgsql as $$
declare
  taken uuid[];
begin
  if not exists (select 1 from import_batch where id = batch and state = 'undoing' and kind = 'case') then
    raise exception 'import % is not being undone', batch using errcode = 'restrict_violation';
  end if;
  select array_agg(c.id) into taken from (
    select c.id from import_row r join "case" c on c.id = r.entity_id and c.seq = r.seq
     where r.batch_id = batch and r.entity_id = any(cases) for update of c) c;
  if coalesce(cardinality(taken), 0) <> cardinality(cases) then
    raise exception 'a case of import % was touched', batch using errcode = 'restrict_violation';
  end if;
  insert into import_withdrawn (case_id, city_id, batch_id, seq, head, at)
    select c.id, c.city_id, batch, c.seq, c.head, at_time from "case" c
     where c.id = any(taken) and exists (select 1 from log_head h where h.case_id = c.id);
  delete from case_event where case_id = any(taken);
  delete from assignment where case_id = any(taken);
  delete from case_text where case_id = any(taken);
  with gone as (delete from report where case_id = any(taken) returning reporter_id)
    delete from reporter where id in (select reporter_id from gone where reporter_id is not null);
  delete from import_row where batch_id = batch and entity_id = any(taken);
  delete from "case" where id = any(taken);
  return cardinality(taken);
end $$;
