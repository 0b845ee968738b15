-- A city's rules are published as a whole: the archive is what was checked, tried and decided, byte by byte; the
-- rows of the catalogue's tables and the versions of the rules are what follows from it.
create table publication (
  id uuid primary key,
  city_id uuid not null references city,
  version int not null,
  state text not null check (state in ('scheduled', 'inForce', 'superseded', 'rolledBack', 'cancelled')),
  reason text not null,
  effective_at timestamptz not null,
  published_at timestamptz not null,
  -- The post; null: the program, when the city was set up.
  published_by uuid,
  -- A rule set packed as tar and gzip. `hash` is over paths and texts, whatever the packing.
  archive bytea not null,
  hash bytea not null,
  files int not null,
  supersedes uuid references publication,
  -- The earlier publication that this one brings back.
  restores uuid references publication,
  -- Calendars that came into force with it and by which open deadlines are still to be computed anew.
  recompute text[],
  unique (city_id, version)
);
-- One counts and at most one waits: whoever publishes second, loses.
create unique index publication_in_force on publication (city_id) where state = 'inForce';
create unique index publication_scheduled on publication (city_id) where state = 'scheduled';
create index publication_recompute on publication (city_id) where recompute is not null;

-- What was published stays as it was; only whether it counts changes.
create function refuse_publication_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE'
    and (new.id, new.city_id, new.version, new.reason, new.published_at, new.published_by, new.archive, new.hash,
         new.supersedes, new.restores)
      is not distinct from
      (old.id, old.city_id, old.version, old.reason, old.published_at, old.published_by, old.archive, old.hash,
       old.supersedes, old.restores) then
    return new;
  end if;
  raise exception 'publication % is immutable', old.id using errcode = 'restrict_violation';
end $$;
create trigger publication_immutable before update or delete on publication
  for each row execute function refuse_publication_change();
create trigger publication_no_truncate before truncate on publication
  for each statement execute function refuse_change();

-- What the program brought and the city took, file by file: an upgrade compares with it (three ways).
create table shipped_file (
  city_id uuid not null references city,
  path text not null,
  content text not null,
  at timestamptz not null,
  primary key (city_id, path)
);
