with held as (
  select c.id from "case" c join jsonb_to_recordset($2::jsonb) as x(id uuid, expected int, seq int, head text, stage text,
    outcome text, tokens jsonb, category_id uuid, condition_id uuid, manual_id uuid, department_id uuid,
    report_count int, filed_at timestamptz, ended_at timestamptz, self_handled boolean, rating smallint,
    merged_into_id uuid, grade text) on x.id = c.id and x.expected = c.seq
  where c.id = any($1::uuid[])
  for update of c skip locked
), guard as (
  update "case" c set seq = x.seq, head = decode(x.head, 'hex'), stage = x.stage, outcome = x.outcome,
    tokens = x.tokens, category_id = x.category_id, condition_id = x.condition_id, manual_id = x.manual_id,
    department_id = x.department_id, report_count = x.report_count, filed_at = x.filed_at, ended_at = x.ended_at,
    self_handled = x.self_handled, rating = x.rating, merged_into_id = x.merged_into_id, grade = x.grade
  from jsonb_to_recordset($2::jsonb) as x(id uuid, expected int, seq int, head text, stage text,
    outcome text, tokens jsonb, category_id uuid, condition_id uuid, manual_id uuid, department_id uuid,
    report_count int, filed_at timestamptz, ended_at timestamptz, self_handled boolean, rating smallint,
    merged_into_id uuid, grade text)
  where c.id = any($1::uuid[]) and c.id = x.id and c.id in (select id from held)
  returning c.id, c.city_id, null::text as case_no
), touched as (
  update task t set claimed_post_id = x.claimed_post_id, claimed_at = x.claimed_at, done_at = x.done_at,
    done_post_id = x.done_post_id, done_action = x.done_action, overdue = x.overdue
  from jsonb_to_recordset($3::jsonb) as x(case_id uuid, id uuid, claimed_post_id uuid, claimed_at timestamptz,
    done_at timestamptz, done_post_id uuid, done_action text, overdue boolean)
  where t.id = any(array(select k.id from jsonb_to_recordset($3::jsonb) as k(id uuid))) and t.id = x.id
    and x.case_id in (select id from guard)
  returning 1
), withdrawn as (
  update task t set done_at = x.at, done_action = 'withdraw', overdue = t.overdue or coalesce(t.due_at < x.at, false)
  from jsonb_to_recordset($4::jsonb) as x(case_id uuid, id uuid, at timestamptz)
  where t.id = any(array(select k.id from jsonb_to_recordset($4::jsonb) as k(id uuid))) and t.id = x.id
    and x.case_id in (select id from guard)
  returning 1
), untimed as (
  delete from timer where task_id = any(array(
    select x.id from jsonb_to_recordset($5::jsonb) as x(case_id uuid, id uuid)
    where x.case_id in (select id from guard)))
  returning 1
), assigned as (
  insert into assignment (id, city_id, case_id, parent_id, part, form, unit_id, crew_id, crew_post_id, state,
    limit_value, limit_unit, calendar, clock, dispatched_at, due_at, signed_at, responded_at, passed_at, ended_at,
    failed_count, extensions, overdue, exempt)
  select x.id, g.city_id, g.id, x.parent_id, x.part, x.form, x.unit_id, x.crew_id, x.crew_post_id, x.state,
    x.limit_value, x.limit_unit, x.calendar, x.clock, x.dispatched_at, x.due_at, x.signed_at, x.responded_at,
    x.passed_at, x.ended_at, x.failed_count, x.extensions, x.overdue, x.exempt
  from guard g join jsonb_to_recordset($6::jsonb) as x(case_id uuid, id uuid, parent_id uuid, part text, form text, unit_id uuid,
    crew_id uuid, crew_post_id uuid, extensions int, exempt boolean, state text, limit_value numeric, limit_unit text, calendar text, clock jsonb, dispatched_at timestamptz,
    due_at timestamptz, signed_at timestamptz, responded_at timestamptz, passed_at timestamptz,
    ended_at timestamptz, failed_count int, overdue boolean) on x.case_id = g.id
  on conflict (id) do update set crew_id = excluded.crew_id, crew_post_id = excluded.crew_post_id,
    state = excluded.state, clock = excluded.clock, due_at = excluded.due_at, signed_at = excluded.signed_at,
    responded_at = excluded.responded_at, passed_at = excluded.passed_at, ended_at = excluded.ended_at,
    failed_count = excluded.failed_count, extensions = excluded.extensions, overdue = excluded.overdue,
    exempt = excluded.exempt
  returning 1
), opened as (
  insert into task (id, city_id, case_id, assignment_id, application_id, node, token, scope, step, role, unit_id, post_id,
    claimed_post_id, claimed_at, opened_at, not_before, warn_at, due_at, due_key, limit_value, limit_unit, calendar,
    done_at, done_post_id, done_action, overdue)
  select x.id, g.city_id, g.id, x.assignment_id, x.application_id, x.node, x.token, x.scope, x.step, x.role, x.unit_id, x.post_id,
    x.claimed_post_id, x.claimed_at, x.opened_at, x.not_before, x.warn_at, x.due_at, x.due_key, x.limit_value, x.limit_unit, x.calendar,
    x.done_at, x.done_post_id, x.done_action, x.overdue
  from guard g join jsonb_to_recordset($7::jsonb) as x(case_id uuid, id uuid, assignment_id uuid, application_id uuid, node text, token int, scope int, step text,
    role text, unit_id uuid, post_id uuid, claimed_post_id uuid, claimed_at timestamptz, opened_at timestamptz,
    not_before timestamptz, warn_at timestamptz, due_at timestamptz, due_key timestamptz, limit_value numeric, limit_unit text, calendar text,
    done_at timestamptz, done_post_id uuid, done_action text, overdue boolean) on x.case_id = g.id
  returning 1
), timed as (
  insert into timer (task_id, fire, city_id, case_id, due_at, since)
  select x.task_id, x.fire, g.city_id, g.id, x.due_at, x.since
  from guard g join jsonb_to_recordset($8::jsonb) as x(case_id uuid, task_id uuid, fire text, due_at timestamptz, since timestamptz) on x.case_id = g.id
  on conflict (task_id, fire) do update set due_at = excluded.due_at
  returning 1
), logged as (
  insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
  select g.id, x.seq, g.city_id, x.type, x.at, x.post_id, x.person_id, x.body, decode(x.hash, 'hex'), x.algorithm
  from guard g join jsonb_to_recordset($9::jsonb) as x(case_id uuid, seq int, type text, at timestamptz, post_id uuid,
    person_id uuid, body text, hash text, algorithm text) on x.case_id = g.id
  returning 1
), sent as (
  insert into outbox (city_id, at, topic, case_id, seq)
  select g.city_id, x.at, 'case', g.id, x.seq
  from guard g join jsonb_to_recordset($9::jsonb) as x(case_id uuid, seq int, at timestamptz) on x.case_id = g.id
  order by x.seq
  returning 1
), pictured as (
  insert into case_media (case_id, media_id, city_id, purpose, seq, at)
  select g.id, x.media_id, g.city_id, x.purpose, x.seq, x.at
  from guard g join jsonb_to_recordset($10::jsonb) as x(case_id uuid, media_id uuid, purpose text, seq int, at timestamptz) on x.case_id = g.id
  on conflict do nothing
  returning 1
), audited as (
  insert into audit (id, city_id, at, person_id, post_id, action, entity, entity_id, outcome, request_id, ip)
  select x.id, g.city_id, x.at, x.person_id, x.post_id, x.action, 'case', g.id, 'ok', x.request_id, x.ip
  from guard g join jsonb_to_recordset($11::jsonb) as x(case_id uuid, id uuid, at timestamptz, person_id uuid, post_id uuid,
    action text, request_id text, ip inet) on x.case_id = g.id
  returning 1
), answered as (
  insert into command (person_id, key, city_id, hash, status, answer, at)
  select x.person_id, x.key, g.city_id, decode(x.hash, 'hex'), x.status,
    case when g.case_no is null then x.answer else jsonb_set(x.answer, '{case,caseNo}', to_jsonb(g.case_no)) end, x.at
  from guard g join jsonb_to_recordset($12::jsonb) as x(case_id uuid, person_id uuid, key text, hash text, status smallint,
    answer jsonb, at timestamptz) on x.case_id = g.id
  returning 1
), rescheduled as (
  update task set warn_at = x.warn_at, due_at = x.due_at, due_key = x.due_key
  from guard g join jsonb_to_recordset($13::jsonb) as x(case_id uuid, id uuid, warn_at timestamptz, due_at timestamptz,
    due_key timestamptz) on x.case_id = g.id
  where task.id = x.id and task.case_id = g.id
  returning 1
), disarmed as (
  delete from timer
  where task_id = any(array(select x.task_id from jsonb_to_recordset($14::jsonb) as x(task_id uuid)))
    and case_id in (select id from guard)
    and exists (select 1 from jsonb_to_recordset($14::jsonb) as x(task_id uuid, fire text)
      where x.task_id = timer.task_id and x.fire = timer.fire)
  returning 1
), applied as (
  insert into application (id, city_id, case_id, assignment_id, kind, state, level, levels, ask, granted, asked_at,
    asked_post_id, asked_person_id, asked_unit_id, decided_at, decided_post_id)
  select x.id, g.city_id, g.id, x.assignment_id, x.kind, x.state, x.level, x.levels, x.ask, x.granted, x.asked_at,
    x.asked_post_id, x.asked_person_id, x.asked_unit_id, x.decided_at, x.decided_post_id
  from guard g join jsonb_to_recordset($15::jsonb) as x(case_id uuid, id uuid, assignment_id uuid, kind text, state text,
    level smallint, levels smallint, ask jsonb, granted jsonb, asked_at timestamptz, asked_post_id uuid,
    asked_person_id uuid, asked_unit_id uuid, decided_at timestamptz, decided_post_id uuid) on x.case_id = g.id
  on conflict (id) do update set state = excluded.state, level = excluded.level, granted = excluded.granted,
    decided_at = excluded.decided_at, decided_post_id = excluded.decided_post_id
  returning 1
), marked as (
  insert into case_mark (id, city_id, case_id, kind, post_id, at, due_at, note)
  select x.id, g.city_id, g.id, x.kind, x.post_id, x.at, x.due_at, x.note
  from guard g join jsonb_to_recordset($16::jsonb) as x(case_id uuid, id uuid, kind text, post_id uuid, at timestamptz,
    due_at timestamptz, note text) on x.case_id = g.id
  returning 1
), linked as (
  insert into case_link (from_id, to_id, kind, city_id, at)
  select x.from_id, x.to_id, x.kind, g.city_id, x.at
  from guard g join jsonb_to_recordset($17::jsonb) as x(case_id uuid, from_id uuid, to_id uuid, kind text, at timestamptz) on x.case_id = g.id
  on conflict do nothing
  returning 1
)
select id from guard
