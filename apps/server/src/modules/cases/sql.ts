/**
 * The hot path: a command is one read without a lock and one autocommit write, guarded by `seq = expected`
 * (two round trips; stack-server.md §2.5). Both statements are named, so that PostgreSQL plans them once per
 * connection (without: 4.2 against 1.7 ms). Here is what is written; what is read before stands in sql-load.ts.
 * Everything else of the module goes through Kysely (lists.ts).
 */

/**
 * What a write may consist of beside the case's own row. Every part hangs on the guard (a lost race writes nothing at
 * all) and reads its rows from one parameter. A command's statement has the parts that it needs and no other:
 * opening a table and its indexes costs as much as writing a row.
 */
const PARTS = {
  assigned: `
assigned as (
  insert into assignment (id, city_id, case_id, parent_id, part, form, unit_id, crew_id, crew_post_id, state,
    limit_value, limit_unit, calendar, clock, dispatched_at, due_at, signed_at, responded_at, passed_at, ended_at,
    failed_count, extensions, overdue, exempt)
  select x.id, g.city_id, g.id, x.parent_id, x.part, x.form, x.unit_id, x.crew_id, x.crew_post_id, x.state,
    x.limit_value, x.limit_unit, x.calendar, x.clock, x.dispatched_at, x.due_at, x.signed_at, x.responded_at,
    x.passed_at, x.ended_at, x.failed_count, x.extensions, x.overdue, x.exempt
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, id uuid, parent_id uuid, part text, form text, unit_id uuid,
    crew_id uuid, crew_post_id uuid, extensions int, exempt boolean, state text, limit_value numeric, limit_unit text, calendar text, clock jsonb, dispatched_at timestamptz,
    due_at timestamptz, signed_at timestamptz, responded_at timestamptz, passed_at timestamptz,
    ended_at timestamptz, failed_count int, overdue boolean) on x.case_id = g.id
  on conflict (id) do update set crew_id = excluded.crew_id, crew_post_id = excluded.crew_post_id,
    state = excluded.state, clock = excluded.clock, due_at = excluded.due_at, signed_at = excluded.signed_at,
    responded_at = excluded.responded_at, passed_at = excluded.passed_at, ended_at = excluded.ended_at,
    failed_count = excluded.failed_count, extensions = excluded.extensions, overdue = excluded.overdue,
    exempt = excluded.exempt
  returning 1
)`,
  opened: `
opened as (
  insert into task (id, city_id, case_id, assignment_id, application_id, node, token, scope, step, role, unit_id, post_id,
    claimed_post_id, claimed_at, opened_at, not_before, warn_at, due_at, due_key, limit_value, limit_unit, calendar,
    done_at, done_post_id, done_action, overdue)
  select x.id, g.city_id, g.id, x.assignment_id, x.application_id, x.node, x.token, x.scope, x.step, x.role, x.unit_id, x.post_id,
    x.claimed_post_id, x.claimed_at, x.opened_at, x.not_before, x.warn_at, x.due_at, x.due_key, x.limit_value, x.limit_unit, x.calendar,
    x.done_at, x.done_post_id, x.done_action, x.overdue
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, id uuid, assignment_id uuid, application_id uuid, node text, token int, scope int, step text,
    role text, unit_id uuid, post_id uuid, claimed_post_id uuid, claimed_at timestamptz, opened_at timestamptz,
    not_before timestamptz, warn_at timestamptz, due_at timestamptz, due_key timestamptz, limit_value numeric, limit_unit text, calendar text,
    done_at timestamptz, done_post_id uuid, done_action text, overdue boolean) on x.case_id = g.id
  returning 1
)`,
  timed: `
timed as (
  insert into timer (task_id, fire, city_id, case_id, due_at, since)
  select x.task_id, x.fire, g.city_id, g.id, x.due_at, x.since
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, task_id uuid, fire text, due_at timestamptz, since timestamptz) on x.case_id = g.id
  on conflict (task_id, fire) do update set due_at = excluded.due_at
  returning 1
)`,
  logged: `
logged as (
  insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
  select g.id, x.seq, g.city_id, x.type, x.at, x.post_id, x.person_id, x.body, decode(x.hash, 'hex'), x.algorithm
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, seq int, type text, at timestamptz, post_id uuid,
    person_id uuid, body text, hash text, algorithm text) on x.case_id = g.id
  returning 1
), sent as (
  insert into outbox (city_id, at, topic, case_id, seq)
  select g.city_id, x.at, 'case', g.id, x.seq
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, seq int, at timestamptz) on x.case_id = g.id
  order by x.seq
  returning 1
)`,
  pictured: `
pictured as (
  insert into case_media (case_id, media_id, city_id, purpose, seq, at)
  select g.id, x.media_id, g.city_id, x.purpose, x.seq, x.at
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, media_id uuid, purpose text, seq int, at timestamptz) on x.case_id = g.id
  on conflict do nothing
  returning 1
)`,
  audited: `
audited as (
  insert into audit (id, city_id, at, person_id, post_id, action, entity, entity_id, outcome, request_id, ip)
  select x.id, g.city_id, x.at, x.person_id, x.post_id, x.action, 'case', g.id, 'ok', x.request_id, x.ip
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, id uuid, at timestamptz, person_id uuid, post_id uuid,
    action text, request_id text, ip inet) on x.case_id = g.id
  returning 1
)`,
  answered: `
answered as (
  insert into command (person_id, key, city_id, hash, status, answer, at)
  select x.person_id, x.key, g.city_id, decode(x.hash, 'hex'), x.status,
    case when g.case_no is null then x.answer else jsonb_set(x.answer, '{case,caseNo}', to_jsonb(g.case_no)) end, x.at
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, person_id uuid, key text, hash text, status smallint,
    answer jsonb, at timestamptz) on x.case_id = g.id
  returning 1
)`,
  // Timers first fall, then stand anew.
  rescheduled: `
rescheduled as (
  update task set warn_at = x.warn_at, due_at = x.due_at, due_key = x.due_key
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, id uuid, warn_at timestamptz, due_at timestamptz,
    due_key timestamptz) on x.case_id = g.id
  where task.id = x.id and task.case_id = g.id
  returning 1
)`,
  // By its key: joined to its rows, all timers of all cities would be read where few are expected.
  disarmed: `
disarmed as (
  delete from timer
  where task_id = any(array(select x.task_id from jsonb_to_recordset($rows::jsonb) as x(task_id uuid)))
    and case_id in (select id from guard)
    and exists (select 1 from jsonb_to_recordset($rows::jsonb) as x(task_id uuid, fire text)
      where x.task_id = timer.task_id and x.fire = timer.fire)
  returning 1
)`,
  applied: `
applied as (
  insert into application (id, city_id, case_id, assignment_id, kind, state, level, levels, ask, granted, asked_at,
    asked_post_id, asked_person_id, asked_unit_id, decided_at, decided_post_id)
  select x.id, g.city_id, g.id, x.assignment_id, x.kind, x.state, x.level, x.levels, x.ask, x.granted, x.asked_at,
    x.asked_post_id, x.asked_person_id, x.asked_unit_id, x.decided_at, x.decided_post_id
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, id uuid, assignment_id uuid, kind text, state text,
    level smallint, levels smallint, ask jsonb, granted jsonb, asked_at timestamptz, asked_post_id uuid,
    asked_person_id uuid, asked_unit_id uuid, decided_at timestamptz, decided_post_id uuid) on x.case_id = g.id
  on conflict (id) do update set state = excluded.state, level = excluded.level, granted = excluded.granted,
    decided_at = excluded.decided_at, decided_post_id = excluded.decided_post_id
  returning 1
)`,
  marked: `
marked as (
  insert into case_mark (id, city_id, case_id, kind, post_id, at, due_at, note)
  select x.id, g.city_id, g.id, x.kind, x.post_id, x.at, x.due_at, x.note
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, id uuid, kind text, post_id uuid, at timestamptz,
    due_at timestamptz, note text) on x.case_id = g.id
  returning 1
)`,
  linked: `
linked as (
  insert into case_link (from_id, to_id, kind, city_id, at)
  select x.from_id, x.to_id, x.kind, g.city_id, x.at
  from guard g join jsonb_to_recordset($rows::jsonb) as x(case_id uuid, from_id uuid, to_id uuid, kind text, at timestamptz) on x.case_id = g.id
  on conflict do nothing
  returning 1
)`,
} as const;

/** The parts of a write, in the order in which they stand in its statement. */
export type Part = keyof typeof PARTS;

const partsText = (parts: readonly Part[], first: number): string =>
  parts.map((part, i) => `, ${PARTS[part].trim().replaceAll('$rows', `$${first + i}`)}`).join('');

/** What happens to tasks that were open: to the one that was acted on, and to those that nobody does any more. */
export interface Ended {
  readonly touched: boolean;
  readonly withdrawn: boolean;
  readonly untimed: boolean;
}

const GUARD = `
with guard as (
  update "case" set seq = $3, head = $4, stage = $5, outcome = $6, tokens = $7, category_id = $8,
    condition_id = $9, manual_id = $10, department_id = $11, report_count = $12, filed_at = $13, ended_at = $14,
    self_handled = $15, rating = $16, merged_into_id = $17, grade = $18
  where id = $1 and seq = $2
  returning id, city_id, null::text as case_no
)`;
const GUARD_PARAMETERS = 18;

const texts = new Map<string, { name: string; text: string }>();

/** One of these statements, made once; `name` is its own, so that each connection plans it once. */
function statement(kind: string, key: string, make: () => string): { name: string; text: string } {
  const id = `${kind}:${key}`;
  let found = texts.get(id);
  if (!found) texts.set(id, (found = { name: `cases.${kind}${texts.size}`, text: make() }));
  return found;
}

/**
 * A command's write. Parameters: the guard's 18; task, claimed post, claimed at, done at, done post, action, overdue
 * where a task was acted on; ids and time of what is withdrawn; ids of tasks whose timers fall; one JSON for each part.
 */
export function writeStatement(ended: Ended, parts: readonly Part[]): { name: string; text: string } {
  const { touched, withdrawn, untimed } = ended;
  const key = `${touched ? 't' : ''}${withdrawn ? 'w' : ''}${untimed ? 'u' : ''} ${parts.join(' ')}`;
  return statement('write', key, () => {
    let n = GUARD_PARAMETERS;
    const next = () => `$${(n += 1)}`;
    const tasks: string[] = [];
    if (touched) {
      const id = next();
      tasks.push(`, touched as (
  update task set claimed_post_id = ${next()}, claimed_at = ${next()}, done_at = ${next()}, done_post_id = ${next()},
    done_action = ${next()}, overdue = ${next()}
  where id = ${id} and exists (select 1 from guard)
  returning 1
)`);
    }
    if (withdrawn) {
      const ids = next();
      const at = next();
      tasks.push(`, withdrawn as (
  update task set done_at = ${at}, done_action = 'withdraw', overdue = overdue or coalesce(due_at < ${at}, false)
  where id = any(${ids}::uuid[]) and exists (select 1 from guard)
  returning 1
)`);
    }
    if (untimed) {
      tasks.push(`, untimed as (
  delete from timer where task_id = any(${next()}::uuid[]) and exists (select 1 from guard)
  returning 1
)`);
    }
    return `${GUARD}${tasks.join('')}${partsText(parts, n + 1)}\nselect count(*)::int as n from guard`;
  });
}

/** The columns of a command's guard as the rows of many have them. */
const GUARD_ROWS = `jsonb_to_recordset($2::jsonb) as x(id uuid, expected int, seq int, head text, stage text,
    outcome text, tokens jsonb, category_id uuid, condition_id uuid, manual_id uuid, department_id uuid,
    report_count int, filed_at timestamptz, ended_at timestamptz, self_handled boolean, rating smallint,
    merged_into_id uuid, grade text)`;

/**
 * The writes of several commands on as many cases, in one statement: each hangs on its own guard. A case that somebody
 * holds at the moment is passed over, so that no command waits for another's case; the answer names those that are
 * written. Tasks and timers are met by their keys alone, whatever the statistics say of a city in which nothing is
 * open. Parameters: ids of the cases; rows of the guards, of the tasks that were acted on, of those that nobody does
 * any more, of those whose timers fall; one JSON for each part.
 */
export function writeSeveralStatement(parts: readonly Part[]): { name: string; text: string } {
  return statement(
    'writeSeveral',
    parts.join(' '),
    () =>
      `
with held as (
  select c.id from "case" c join ${GUARD_ROWS} on x.id = c.id and x.expected = c.seq
  where c.id = any($1::uuid[])
  for update of c skip locked
), guard as (
  update "case" c set seq = x.seq, head = decode(x.head, 'hex'), stage = x.stage, outcome = x.outcome,
    tokens = x.tokens, category_id = x.category_id, condition_id = x.condition_id, manual_id = x.manual_id,
    department_id = x.department_id, report_count = x.report_count, filed_at = x.filed_at, ended_at = x.ended_at,
    self_handled = x.self_handled, rating = x.rating, merged_into_id = x.merged_into_id, grade = x.grade
  from ${GUARD_ROWS}
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
)${partsText(parts, 6)}
select id from guard`,
  );
}

/** The reporter, where one is known, and the report itself; `$told` and `$reported` are their rows. */
const TOLD = `
told as (
  insert into reporter (id, city_id, name, phone, wants_reply, created_at)
  select x.id, g.city_id, x.name, x.phone, x.wants_reply, x.created_at
  from guard g, jsonb_to_recordset($told::jsonb) as x(id uuid, name text, phone text, wants_reply boolean,
    created_at timestamptz)
  returning id
)`;
const REPORTED = `
reported as (
  insert into report (id, city_id, case_id, kind, source, external_ref, category_id, description, address, geom,
    input_crs, accuracy, asset_id, reporter_id, post_id, reported_at, received_at, street_id, community_id,
    patrol_grid_id, unit_id)
  select x.id, g.city_id, g.id, x.kind, x.source, x.external_ref, x.category_id, x.description, x.address,
    case when x.lon is null then null else st_setsrid(st_makepoint(x.lon, x.lat), 4326) end,
    x.input_crs, x.accuracy, x.asset_id, $teller, x.post_id, x.reported_at, x.received_at,
    g.street_id, g.community_id, g.patrol_grid_id, x.unit_id
  from guard g, jsonb_to_recordset($reported::jsonb) as x(id uuid, kind text, source text, external_ref text,
    category_id uuid, description text, address text, lon float8, lat float8, input_crs text, accuracy real,
    asset_id uuid, post_id uuid, unit_id uuid, reported_at timestamptz, received_at timestamptz)
  returning 1
)`;

function reportText(told: boolean, first: number): string {
  const reporter = told ? `, ${TOLD.trim().replace('$told', `$${first + 1}`)}` : '';
  const report = REPORTED.trim()
    .replace('$reported', `$${first}`)
    .replace('$teller', told ? '(select id from told)' : 'null');
  return `${reporter}, ${report}`;
}

/** A new case with its first report. Parameters: the 35 below; the report's row, the reporter's; one JSON a part. */
export function openStatement(told: boolean, parts: readonly Part[]): { name: string; text: string } {
  return statement('open', `${told ? 'told ' : ''}${parts.join(' ')}`, () => {
    const first = 36;
    return `
with num as (
  insert into numbering (city_id, series, period, last) values ($1, $32, $2, 1)
  on conflict (city_id, series, period) do update set last = numbering.last + 1
  returning last
), guard as (
  insert into "case" (id, city_id, case_no, seq, head, stage, outcome, source, kind, category_id, description,
    address, geom, unit_grid_id, patrol_grid_id, district_id, street_id, community_id, grade, asset_id, owner_id,
    collector_post_id, process_id, tokens, reported_at, ended_at, self_handled, condition_id)
  select $3, $1, $33::text || lpad(num.last::text, greatest($34::int, length(num.last::text)), '0') || $35::text, $4, $5, $6, $7, $8,
    $9, $10, $11, $12, case when $13::float8 is null then null
      else st_setsrid(st_makepoint($13::float8, $14::float8), 4326) end,
    $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $30, $31
  from num
  returning id, city_id, case_no, street_id, community_id, patrol_grid_id
), worded as (
  insert into case_text (case_id, city_id, text, bigrams) select id, city_id, $28, $29::text[] from guard
  returning 1
)${reportText(told, first)}${partsText(parts, first + (told ? 2 : 1))}
select id, case_no from guard`;
  });
}

/**
 * Several new cases with their first reports, in one statement: of each series as many numbers are taken at once as it
 * has cases here, given in their order. Parameters: rows of the cases, of the reporters, of the reports; one JSON a part.
 */
export function openSeveralStatement(parts: readonly Part[]): { name: string; text: string } {
  return statement('openSeveral', parts.join(' '), () => {
    const number = '(num.last - a.many + a.nth)::text';
    return `
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
  select a.id, a.city_id, a.before || lpad(${number}, greatest(a.width, length(${number})), '0') || a.after,
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
), ${REPORTED.trim()
      .replace(
        'from guard g, jsonb_to_recordset($reported::jsonb) as x(',
        'from guard g join jsonb_to_recordset($3::jsonb) as x(case_id uuid, reporter_id uuid, ',
      )
      .replace('received_at timestamptz)', 'received_at timestamptz) on x.case_id = g.id')
      .replace('$teller', 'x.reporter_id')}${partsText(parts, 4)}
select id, case_no from guard`;
  });
}

/** A later report of the same problem: the guard is the open case that it joins. Parameters: 4, then as above. */
export function joinStatement(told: boolean, parts: readonly Part[]): { name: string; text: string } {
  return statement('join', `${told ? 'told ' : ''}${parts.join(' ')}`, () => {
    const first = 5;
    return `
with guard as (
  update "case" set seq = $3, head = $4, report_count = report_count + 1
  where id = $1 and seq = $2 and ended_at is null
  returning id, city_id, null::text as case_no, street_id, community_id, patrol_grid_id
)${reportText(told, first)}${partsText(parts, first + (told ? 2 : 1))}
select count(*)::int as n from guard`;
  });
}
