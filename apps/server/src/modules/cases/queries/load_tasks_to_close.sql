select a.n::int as n, c.id, c.city_id, c.case_no, c.seq, c.head, c.stage, c.outcome, c.source, c.kind, c.category_id, c.condition_id,
  c.manual_id, c.unit_grid_id, c.patrol_grid_id, c.district_id, c.street_id, c.community_id, c.grade, c.asset_id,
  c.owner_id, c.department_id, c.collector_post_id, c.report_count, c.self_handled, c.rating, c.merged_into_id,
  c.process_id, c.tokens, st_x(c.geom) as lon, st_y(c.geom) as lat,
  c.reported_at, c.filed_at, c.ended_at, 
  t.id as t_id, t.assignment_id as t_assignment_id, t.application_id as t_application_id, t.node as t_node,
  t.token as t_token, t.scope as t_scope, t.step as t_step,
  t.role as t_role, t.unit_id as t_unit_id, t.post_id as t_post_id, t.claimed_post_id as t_claimed_post_id,
  t.claimed_at as t_claimed_at, t.opened_at as t_opened_at, t.warn_at as t_warn_at, t.due_at as t_due_at, t.not_before as t_not_before,
  t.limit_value::float8 as t_limit_value, t.limit_unit as t_limit_unit, t.calendar as t_calendar, t.done_at as t_done_at,
  t.done_post_id as t_done_post_id, t.done_action as t_done_action, t.overdue as t_overdue, 
  (select jsonb_agg(jsonb_build_object(
      'id', a.id, 'parentId', a.parent_id, 'part', a.part, 'form', a.form, 'unitId', a.unit_id, 'crewId', a.crew_id, 'crewPostId', a.crew_post_id, 'state', a.state,
      'limitValue', a.limit_value, 'limitUnit', a.limit_unit, 'calendar', a.calendar, 'clock', a.clock,
      'dispatchedAt', (extract(epoch from a.dispatched_at) * 1000)::bigint,
      'dueAt', (extract(epoch from a.due_at) * 1000)::bigint,
      'signedAt', (extract(epoch from a.signed_at) * 1000)::bigint,
      'respondedAt', (extract(epoch from a.responded_at) * 1000)::bigint,
      'passedAt', (extract(epoch from a.passed_at) * 1000)::bigint,
      'endedAt', (extract(epoch from a.ended_at) * 1000)::bigint,
      'failedCount', a.failed_count, 'extensions', a.extensions, 'overdue', a.overdue, 'exempt', a.exempt) order by a.id)
   from (select * from assignment where case_id = c.id offset 0) a) as assignments, 
  case when jsonb_array_length(c.tokens->'t') > 1 then 
    (select jsonb_agg(jsonb_build_object(
        'id', o.id, 'token', o.token, 'node', o.node, 'step', o.step, 'role', o.role, 'unitId', o.unit_id,
        'postId', o.post_id, 'assignmentId', o.assignment_id, 'applicationId', o.application_id,
        'openedAt', (extract(epoch from o.opened_at) * 1000)::bigint,
        'warnAt', (extract(epoch from o.warn_at) * 1000)::bigint,
        'dueAt', (extract(epoch from o.due_at) * 1000)::bigint, 'limitValue', o.limit_value,
        'limitUnit', o.limit_unit, 'calendar', o.calendar, 'overdue', o.overdue) order by o.due_key, o.id)
     from (select * from task where case_id = c.id offset 0) o where o.done_at is null and o.id <> t.id) end as others,
  case when t.assignment_id is not null or t.application_id is not null or jsonb_array_length(c.tokens->'t') > 1
    then 
    (select jsonb_agg(jsonb_build_object(
        'id', p.id, 'assignmentId', p.assignment_id, 'kind', p.kind, 'state', p.state, 'level', p.level,
        'levels', p.levels, 'ask', p.ask, 'granted', p.granted,
        'askedAt', (extract(epoch from p.asked_at) * 1000)::bigint, 'askedPostId', p.asked_post_id,
        'askedPersonId', p.asked_person_id, 'askedUnitId', p.asked_unit_id,
        'decidedAt', (extract(epoch from p.decided_at) * 1000)::bigint,
        'decidedPostId', p.decided_post_id) order by p.id)
     from (select * from application where case_id = c.id offset 0) p) end as applications,
  (select jsonb_build_object('hash', encode(m.hash, 'hex'), 'answer', m.answer)
   from command m where m.person_id = a.person_id and m.key = a.key) as replay,
  exists (
    select 1 from case_event e where e.case_id = c.id and e.person_id = a.person_id
      and e.type in ('case.dispatched', 'case.redispatched', 'case.reworked', 'case.departmentAdded', 'case.sentToDistrict')) as dispatched_by_actor
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) with ordinality as a(task_id, city_id, person_id, key, n)
join task t on t.id = a.task_id and t.id = any($1::uuid[])
join "case" c on c.id = t.case_id and c.city_id = a.city_id
