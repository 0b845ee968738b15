/** What a command reads, in one statement without a lock; what several read, in one as well. What it writes: sql.ts. */

const CASE_COLUMNS = `
  c.id, c.city_id, c.case_no, c.seq, c.head, c.stage, c.outcome, c.source, c.kind, c.category_id, c.condition_id,
  c.manual_id, c.unit_grid_id, c.patrol_grid_id, c.district_id, c.street_id, c.community_id, c.grade, c.asset_id,
  c.owner_id, c.department_id, c.collector_post_id, c.report_count, c.self_handled, c.rating, c.merged_into_id,
  c.process_id, c.tokens, st_x(c.geom) as lon, st_y(c.geom) as lat,
  c.reported_at, c.filed_at, c.ended_at`;

const TASK_COLUMNS = `
  t.id as t_id, t.assignment_id as t_assignment_id, t.application_id as t_application_id, t.node as t_node,
  t.token as t_token, t.scope as t_scope, t.step as t_step,
  t.role as t_role, t.unit_id as t_unit_id, t.post_id as t_post_id, t.claimed_post_id as t_claimed_post_id,
  t.claimed_at as t_claimed_at, t.opened_at as t_opened_at, t.warn_at as t_warn_at, t.due_at as t_due_at, t.not_before as t_not_before,
  t.limit_value::float8 as t_limit_value, t.limit_unit as t_limit_unit, t.calendar as t_calendar, t.done_at as t_done_at,
  t.done_post_id as t_done_post_id, t.done_action as t_done_action, t.overdue as t_overdue`;

// Epoch milliseconds, because a timestamptz inside jsonb comes out as text. `offset 0`: as for APPLICATIONS.
const ASSIGNMENTS = `
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
   from (select * from assignment where case_id = c.id offset 0) a)`;

// `offset 0`: with statistics of a city in which nothing is open, all open tasks of the city would be walked for it.
const OTHER_TASKS = `
    (select jsonb_agg(jsonb_build_object(
        'id', o.id, 'token', o.token, 'node', o.node, 'step', o.step, 'role', o.role, 'unitId', o.unit_id,
        'postId', o.post_id, 'assignmentId', o.assignment_id, 'applicationId', o.application_id,
        'openedAt', (extract(epoch from o.opened_at) * 1000)::bigint,
        'warnAt', (extract(epoch from o.warn_at) * 1000)::bigint,
        'dueAt', (extract(epoch from o.due_at) * 1000)::bigint, 'limitValue', o.limit_value,
        'limitUnit', o.limit_unit, 'calendar', o.calendar, 'overdue', o.overdue) order by o.due_key, o.id)
     from (select * from task where case_id = c.id offset 0) o where o.done_at is null`;

// Only where the process has forked: else the task that is acted on is the only one that is open.
const OTHERS = `
  case when jsonb_array_length(c.tokens->'t') > 1 then ${OTHER_TASKS} and o.id <> t.id) end`;

// A step beside the line knows its application; the disposal it hangs on must know whether another one pauses it.
// `offset 0`: for an order by id PostgreSQL 16 and newer would walk all applications of the city by their keys.
const APPLICATIONS = `
    (select jsonb_agg(jsonb_build_object(
        'id', p.id, 'assignmentId', p.assignment_id, 'kind', p.kind, 'state', p.state, 'level', p.level,
        'levels', p.levels, 'ask', p.ask, 'granted', p.granted,
        'askedAt', (extract(epoch from p.asked_at) * 1000)::bigint, 'askedPostId', p.asked_post_id,
        'askedPersonId', p.asked_person_id, 'askedUnitId', p.asked_unit_id,
        'decidedAt', (extract(epoch from p.decided_at) * 1000)::bigint,
        'decidedPostId', p.decided_post_id) order by p.id)
     from (select * from application where case_id = c.id offset 0) p)`;

/** What a command on a task reads; `asker` and `key` are whose answer of which key is looked for. */
const loadTaskText = (asker: string, key: string, closing: boolean): string => `
  ${CASE_COLUMNS}, ${TASK_COLUMNS}, ${ASSIGNMENTS} as assignments, ${OTHERS} as others,
  case when t.assignment_id is not null or t.application_id is not null or jsonb_array_length(c.tokens->'t') > 1
    then ${APPLICATIONS} end as applications,
  (select jsonb_build_object('hash', encode(m.hash, 'hex'), 'answer', m.answer)
   from command m where m.person_id = ${asker} and m.key = ${key}) as replay,
  ${closing ? dispatchedBy(asker) : 'false'} as dispatched_by_actor`;

/** By which somebody gives responsibility. */
export const DISPATCHES = [
  'case.dispatched',
  'case.redispatched',
  'case.reworked',
  'case.departmentAdded',
  'case.sentToDistrict',
];

// Asks the log as well, each of whose months is opened for it: that costs as much as all the rest.
const dispatchedBy = (asker: string): string => `exists (
    select 1 from case_event e where e.case_id = c.id and e.person_id = ${asker}
      and e.type in (${DISPATCHES.map((type) => `'${type}'`).join(', ')}))`;

const loadOne = (closing: boolean): string => `
select ${loadTaskText('$3', '$4', closing).trim()}
from task t join "case" c on c.id = t.case_id
where t.id = $1 and c.city_id = $2`;

/** Of several commands at once; `n` is which of them. Parameters: as for one, each a list. */
const loadSeveral = (closing: boolean): string => `
select a.n::int as n, ${loadTaskText('a.person_id', 'a.key', closing).trim()}
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) with ordinality as a(task_id, city_id, person_id, key, n)
join task t on t.id = a.task_id and t.id = any($1::uuid[])
join "case" c on c.id = t.case_id and c.city_id = a.city_id`;

export const SQL_LOAD_TASK = loadOne(false);
export const SQL_LOAD_TASK_TO_CLOSE = loadOne(true);
export const SQL_LOAD_TASKS = loadSeveral(false);
export const SQL_LOAD_TASKS_TO_CLOSE = loadSeveral(true);

/** For an action on the case itself: everything that is open in it. */
export const SQL_LOAD_CASE = `
select ${CASE_COLUMNS}, ${ASSIGNMENTS} as assignments, ${OTHER_TASKS}) as others, ${APPLICATIONS} as applications,
  (select jsonb_build_object('hash', encode(m.hash, 'hex'), 'answer', m.answer)
   from command m where m.person_id = $3 and m.key = $4) as replay
from "case" c where c.id = $1 and c.city_id = $2`;

/** Of several cases, with their timers: for what the system itself does to all that are open. */
export const SQL_LOAD_CASES = `
select ${CASE_COLUMNS}, ${ASSIGNMENTS} as assignments, ${OTHER_TASKS}) as others, ${APPLICATIONS} as applications,
  (select jsonb_agg(jsonb_build_object('taskId', m.task_id, 'fire', m.fire,
      'dueAt', (extract(epoch from m.due_at) * 1000)::bigint, 'since', (extract(epoch from m.since) * 1000)::bigint))
   from timer m where m.task_id = any(
     array_append(array(select o.id from task o where o.case_id = c.id and o.done_at is null), c.id))) as timers
from "case" c where c.id = any($1::uuid[]) and c.city_id = $2 order by c.id`;

export const SQL_REPLAY = `
select encode(hash, 'hex') as hash, answer from command where person_id = $1 and key = any($2::text[])`;
