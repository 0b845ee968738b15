-- The record is append-only for everybody, a mistaken program included. (An owner of the database may still
-- drop a trigger: the daily roots outside of it show that.)

create function refuse_change() returns trigger language plpgsql as $$
declare
  callers text;
begin
  -- Making a month's partition takes its early rows out of the default one, in the same statement's transaction.
  if tg_op = 'DELETE' and tg_table_name like '%\_default' then
    get diagnostics callers = pg_context;
    if callers like '%function ensure_partitions(%' then
      return old;
    end if;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger audit_append_only before update or delete on audit
  for each row execute function refuse_change();
create trigger audit_no_truncate before truncate on audit
  for each statement execute function refuse_change();
create trigger case_event_append_only before update or delete on case_event
  for each row execute function refuse_change();
create trigger case_event_no_truncate before truncate on case_event
  for each statement execute function refuse_change();
create trigger log_root_append_only before update or delete on log_root
  for each row execute function refuse_change();
create trigger log_root_no_truncate before truncate on log_root
  for each statement execute function refuse_change();

-- A rule's content is fixed once it has left the draft; what may change is whether and when it is in force.
create function refuse_rule_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.state = 'draft' then
      return old;
    end if;
  elsif old.state = 'draft' and new.id = old.id and new.city_id = old.city_id then
    return new;
  elsif new.state <> 'draft'
    and (new.id, new.city_id, new.kind, new.code, new.version, new.content, new.content_hash, new.created_at)
      is not distinct from
      (old.id, old.city_id, old.kind, old.code, old.version, old.content, old.content_hash, old.created_at) then
    return new;
  end if;
  raise exception 'rule_version % is immutable', old.id using errcode = 'restrict_violation';
end $$;

create trigger rule_version_immutable before update or delete on rule_version
  for each row execute function refuse_rule_change();
create trigger rule_version_no_truncate before truncate on rule_version
  for each statement execute function refuse_change();

-- Who came before a region, unit or grid.
create index succession_to on succession (kind, to_id);
-- An administrator's usual questions: what this person did, what happened of this kind.
create index audit_person on audit (person_id, id) where person_id is not null;
create index audit_action on audit (city_id, action text_pattern_ops, id);
