with asked as (
  select x.*, row_number() over (partition by x.city_id, x.series, x.period order by x.ord) as nth,
    count(*) over (partition by x.city_id, x.series, x.period) as many
  from jsonb_to_recordset($1::jsonb) as x(ord int, city_id uuid, series text, period text, before text, width int,
    after text, id uuid, seq int, head text, stage text, outcome text, source text, kind text, category_id uuid,
    description text, address text, lon float8, lat float8, unit_grid_id uuid, patrol_grid_id uuid, district_id uuid,
    street_id uuid, community_id uuid, grade text, asset_id uuid, owner_id uuid, collector_post_id uuid,
    process_id uuid, tokens jsonb, reported_at timestamptz, ended_at timestamptz, self_handled boolean,
    condition_id uuid, text text, bigrams text[])
), num as (
  insert into numbering (city_id, series, period, last)
  select city_id, series, period, count(*) from asked group by 1, 2, 3 order by 1, 2, 3
  on conflict (city_id, series, period) do update set last = numbering.last + excluded.last
  returning city_id, series, period, last
), guard as (
  insert into "case" (id, city_id, case_no, seq, head, stage, outcome, source, kind, category_id, description,
    address, geom, unit_grid_id, patrol_grid_id, district_id, street_id, community_id, grade, asset_id, owner_id,
    collector_post_id, process_id, tokens, reported_at, ended_at, self_handled, condition_id)
  select a.id, a.city_id, a.before || lpad((num.last - a.many + a.nth)::text, greatest(a.width, length((num.last - a.many + a.nth)::text)), '0') || a.after,
    a.seq, decode(a.head, 'hex'), a.stage, a.outcome, a.source, a.kind, a.category_id, a.description, a.address,
    case when a.lon is null then null else st_setsrid(st_makepoint(a.lon, a.lat), 4326) end,
    a.unit_grid_id, a.patrol_grid_id, a.district_id, a.street_id, a.community_id, a.grade, a.asset_id, a.owner_id,
    a.collector_post_id, a.process_id, a.tokens, a.reported_at, a.ended_at, a.self_handled, a.condition_id
  from asked a join num on num.city_id = a.city_id and num.series = a.series and num.period = a.period
  order by a.ord
  returning id, city_id, case_no, street_id, community_id, patrol_grid_id
), worded as (
  insert into case_text (case_id, city_id, text, bigrams)
  select g.id, g.city_id, a.text, a.bigrams from guard g join asked a on a.id = g.id
  returning 1
), told as (
  insert into reporter (id, city_id, name, phone, wants_reply, created_at)
  select x.id, g.city_id, x.name, x.phone, x.wants_reply, x.created_at
  from guard g join jsonb_to_recordset($2::jsonb) as x(case_id uuid, id uuid, name text, phone text,
    wants_reply boolean, created_at timestamptz) on x.case_id = g.id
  returning 1
), reported as (
  insert into report (id, city_id, case_id, kind, source, external_ref, category_id, description, address, geom,
    input_crs, accuracy, asset_id, reporter_id, post_id, reported_at, received_at, street_id, community_id,
    patrol_grid_id, unit_id)
  select x.id, g.city_id, g.id, x.kind, x.source, x.external_ref, x.category_id, x.description, x.address,
    case when x.lon is null then null else st_setsrid(st_makepoint(x.lon, x.lat), 4326) end,
    x.input_crs, x.accuracy, x.asset_id, x.reporter_id, x.post_id, x.reported_at, x.received_at,
    g.street_id, g.community_id, g.patrol_grid_id, x.unit_id
  from guard g join jsonb_to_recordset($3::jsonb) as x(case_id uuid, reporter_id uuid, id uuid, kind text, source text, external_ref text,
    category_id uuid, description text, address text, lon float8, lat float8, input_crs text, accuracy real,
    asset_id uuid, post_id uuid, unit_id uuid, reported_at timestamptz, received_at timestamptz) on x.case_id = g.id
  returning 1
), assigned as (
  insert into assignment (id, city_id, case_id, parent_id, part, form, unit_id, crew_id, crew_post_id, state,
    limit_value, limit_unit, calendar, clock, dispatched_at, due_at, signed_at, responded_at, passed_at, ended_at,
    failed_count, extensions, overdue, exempt)
  select x.id, g.city_id, g.id, x.parent_id, x.part, x.form, x.unit_id, x.crew_id, x.crew_post_id, x.state,
    x.limit_value, x.limit_unit, x.calendar, x.clock, x.dispatched_at, x.due_at, x.signed_at, x.responded_at,
    x.passed_at, x.ended_at, x.failed_count, x.extensions, x.overdue, x.exempt
  from guard g join jsonb_to_recordset($4::jsonb) as x(case_id uuid, id uuid, parent_id uuid, part text, form text, unit_id uuid,
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
  from guard g join jsonb_to_recordset($5::jsonb) as x(case_id uuid, id uuid, assignment_id uuid, application_id uuid, node text, token int, scope int, step text,
    role text, unit_id uuid, post_id uuid, claimed_post_id uuid, claimed_at timestamptz, opened_at timestamptz,
    not_before timestamptz, warn_at timestamptz, due_at timestamptz, due_key timestamptz, limit_value numeric, limit_unit text, calendar text,
    done_at timestamptz, done_post_id uuid, done_action text, overdue boolean) on x.case_id = g.id
  returning 1
), timed as (
  insert into timer (task_id, fire, city_id, case_id, due_at, since)
  select x.task_id, x.fire, g.city_id, g.id, x.due_at, x.since
  from guard g join jsonb_to_recordset($6::jsonb) as x(case_id uuid, task_id uuid, fire text, due_at timestamptz, since timestamptz) on x.case_id = g.id
  on conflict (task_id, fire) do update set due_at = excluded.due_at
  returning 1
), logged as (
  insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
  select g.id, x.seq, g.city_id, x.type, x.at, x.post_id, x.person_id, x.body, decode(x.hash, 'hex'), x.algorithm
  from guard g join jsonb_to_recordset($7::jsonb) as x(case_id uuid, seq int, type text, at timestamptz, post_id uuid,
    person_id uuid, body text, hash text, algorithm text) on x.case_id = g.id
  returning 1
), sent as (
  insert into outbox (city_id, at, topic, case_id, seq)
  select g.city_id, x.at, 'case', g.id, x.seq
  from guard g join jsonb_to_recordset($7::jsonb) as x(case_id uuid, seq int, at timestamptz) on x.case_id = g.id
  order by x.seq
  returning 1
), pictured as (
  insert into case_media (case_id, media_id, city_id, purpose, seq, at)
  select g.id, x.media_id, g.city_id, x.purpose, x.seq, x.at
  from guard g join jsonb_to_recordset($8::jsonb) as x(case_id uuid, media_id uuid, purpose text, seq int, at timestamptz) on x.case_id = g.id
  on conflict do nothing
  returning 1
), audited as (
  insert into audit (id, city_id, at, person_id, post_id, action, entity, entity_id, outcome, request_id, ip)
  select x.id, g.city_id, x.at, x.person_id, x.post_id, x.action, 'case', g.id, 'ok', x.request_id, x.ip
  from guard g join jsonb_to_recordset($9::jsonb) as x(case_id uuid, id uuid, at timestamptz, person_id uuid, post_id uuid,
    action text, request_id text, ip inet) on x.case_id = g.id
  returning 1
), answered as (
  insert into command (person_id, key, city_id, hash, status, answer, at)
  select x.person_id, x.key, g.city_id, decode(x.hash, 'hex'), x.status,
    case when g.case_no is null then x.answer else jsonb_set(x.answer, '{case,caseNo}', to_jsonb(g.case_no)) end, x.at
  from guard g join jsonb_to_recordset($10::jsonb) as x(case_id uuid, person_id uuid, key text, hash text, status smallint,
    answer jsonb, at timestamptz) on x.case_id = g.id
  returning 1
)
select id, case_no from guard
