-- 执法发现: what an enforcement unit found is its own from the first moment, before anybody is responsible for it.
alter table report add column unit_id uuid;
create index report_unit on report (unit_id, case_id) where unit_id is not null;

-- The shipped grant for the roles that cities have; it counts in enforcement units alone.
update role set permissions = permissions || '{report.find}'
 where code in ('department', 'crew') and not permissions @> '{report.find}';
