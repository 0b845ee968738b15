-- What the shipped catalogue says about units, sources and conditions beside the ground floor's columns.
alter table unit
  -- Calendar in which this unit's limits count (code of a rule of kind calendar); null: that of its parent.
  add column calendar text,
  -- What a department answers for: the word that conditions and manuals name (municipalWorks, sanitation …).
  add column duty text;

alter table source
  add column direct_filing boolean not null default false,
  add column group_code text,
  add column group_name jsonb,
  add column valid_to timestamptz;

alter table condition add column next_id uuid references condition;

alter table category add column geometry text check (geometry in ('point', 'line', 'polygon'));

-- One number per city that rises with every write to a table that the in-memory catalogue holds, whoever
-- writes: other processes see by one key look-up that they must load again.
create table catalog_stamp (
  city_id uuid primary key references city on delete cascade,
  stamp bigint not null
);

create function raise_catalog_stamp() returns trigger
language plpgsql as $$
begin
  insert into catalog_stamp as s (city_id, stamp)
    select distinct city_id, 1::bigint from changed order by city_id
    on conflict (city_id) do update set stamp = s.stamp + 1;
  return null;
end $$;

do $$
declare
  t text;
begin
  foreach t in array array['setting', 'unit', 'scheme', 'category', 'condition', 'manual', 'manual_row',
                           'source', 'stage_limit', 'phrase', 'rule_version'] loop
    execute format('create trigger %I after insert on %I referencing new table as changed
      for each statement execute function raise_catalog_stamp()', t || '_stamp_insert', t);
    execute format('create trigger %I after update on %I referencing new table as changed
      for each statement execute function raise_catalog_stamp()', t || '_stamp_update', t);
    execute format('create trigger %I after delete on %I referencing old table as changed
      for each statement execute function raise_catalog_stamp()', t || '_stamp_delete', t);
  end loop;
end $$;
