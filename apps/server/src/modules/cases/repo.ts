import type { Pool, PoolClient } from 'pg';
import type { AssignmentState, CaseState, LoggedEvent, TaskState } from './state.ts';
import { NO_LIMIT } from './state.ts';

/**
 * The hot path: a command is one read without a lock and one autocommit write, guarded by `seq = expected`
 * (two round trips; stack-server.md §2.5). Both statements are named, so that PostgreSQL plans them once per
 * connection (without: 4.2 against 1.7 ms). Everything else of the module goes through Kysely (lists.ts).
 */
type Client = Pool | PoolClient;

const CASE_COLUMNS = `
  c.id, c.city_id, c.case_no, c.seq, c.head, c.stage, c.outcome, c.source, c.kind, c.category_id, c.condition_id,
  c.manual_id, c.unit_grid_id, c.patrol_grid_id, c.district_id, c.street_id, c.community_id, c.grade, c.asset_id,
  c.owner_id, c.department_id, c.collector_post_id, c.report_count, c.process_id, c.tokens,
  c.reported_at, c.filed_at, c.ended_at`;

const TASK_COLUMNS = `
  t.id as t_id, t.assignment_id as t_assignment_id, t.node as t_node, t.token as t_token, t.step as t_step,
  t.role as t_role, t.unit_id as t_unit_id, t.post_id as t_post_id, t.claimed_post_id as t_claimed_post_id,
  t.claimed_at as t_claimed_at, t.opened_at as t_opened_at, t.warn_at as t_warn_at, t.due_at as t_due_at,
  t.limit_value::float8 as t_limit_value, t.limit_unit as t_limit_unit, t.done_at as t_done_at,
  t.done_post_id as t_done_post_id, t.done_action as t_done_action, t.overdue as t_overdue`;

// Epoch milliseconds, because a timestamptz inside jsonb comes out as text.
const ASSIGNMENTS = `
  (select jsonb_agg(jsonb_build_object(
      'id', a.id, 'unitId', a.unit_id, 'crewId', a.crew_id, 'crewPostId', a.crew_post_id, 'state', a.state,
      'limitValue', a.limit_value, 'limitUnit', a.limit_unit, 'calendar', a.calendar, 'clock', a.clock,
      'dispatchedAt', (extract(epoch from a.dispatched_at) * 1000)::bigint,
      'dueAt', (extract(epoch from a.due_at) * 1000)::bigint,
      'signedAt', (extract(epoch from a.signed_at) * 1000)::bigint,
      'respondedAt', (extract(epoch from a.responded_at) * 1000)::bigint,
      'passedAt', (extract(epoch from a.passed_at) * 1000)::bigint,
      'endedAt', (extract(epoch from a.ended_at) * 1000)::bigint,
      'failedCount', a.failed_count, 'overdue', a.overdue) order by a.id)
   from assignment a where a.case_id = c.id)`;

export const SQL_LOAD_TASK = `
select ${CASE_COLUMNS}, ${TASK_COLUMNS}, ${ASSIGNMENTS} as assignments,
  (select jsonb_build_object('hash', encode(m.hash, 'hex'), 'answer', m.answer)
   from command m where m.person_id = $3 and m.key = $4) as replay,
  case when $5 then exists (
    select 1 from case_event e where e.case_id = c.id and e.person_id = $3
      and e.type in ('case.dispatched', 'case.redispatched', 'case.reworked')) else false end as dispatched_by_actor
from task t join "case" c on c.id = t.case_id
where t.id = $1 and c.city_id = $2`;

export const SQL_LOAD_CASE = `
select ${CASE_COLUMNS}, ${ASSIGNMENTS} as assignments from "case" c where c.id = $1 and c.city_id = $2`;

export const SQL_REPLAY = `
select encode(hash, 'hex') as hash, answer from command where person_id = $1 and key = $2`;

// Every part hangs on the guard: a lost race writes nothing at all.
const WRITE_REST = `
, assigned as (
  insert into assignment (id, city_id, case_id, unit_id, crew_id, crew_post_id, state, limit_value, limit_unit,
    calendar, clock, dispatched_at, due_at, signed_at, responded_at, passed_at, ended_at, failed_count, overdue)
  select x.id, g.city_id, g.id, x.unit_id, x.crew_id, x.crew_post_id, x.state, x.limit_value, x.limit_unit,
    x.calendar, x.clock, x.dispatched_at, x.due_at, x.signed_at, x.responded_at, x.passed_at, x.ended_at,
    x.failed_count, x.overdue
  from guard g, jsonb_to_recordset($A::jsonb) as x(id uuid, unit_id uuid, crew_id uuid, crew_post_id uuid,
    state text, limit_value numeric, limit_unit text, calendar text, clock jsonb, dispatched_at timestamptz,
    due_at timestamptz, signed_at timestamptz, responded_at timestamptz, passed_at timestamptz,
    ended_at timestamptz, failed_count int, overdue boolean)
  on conflict (id) do update set crew_id = excluded.crew_id, crew_post_id = excluded.crew_post_id,
    state = excluded.state, clock = excluded.clock, due_at = excluded.due_at, signed_at = excluded.signed_at,
    responded_at = excluded.responded_at, passed_at = excluded.passed_at, ended_at = excluded.ended_at,
    failed_count = excluded.failed_count, overdue = excluded.overdue
  returning 1
), opened as (
  insert into task (id, city_id, case_id, assignment_id, node, token, step, role, unit_id, post_id,
    claimed_post_id, claimed_at, opened_at, warn_at, due_at, due_key, limit_value, limit_unit,
    done_at, done_post_id, done_action, overdue)
  select x.id, g.city_id, g.id, x.assignment_id, x.node, x.token, x.step, x.role, x.unit_id, x.post_id,
    x.claimed_post_id, x.claimed_at, x.opened_at, x.warn_at, x.due_at, x.due_key, x.limit_value, x.limit_unit,
    x.done_at, x.done_post_id, x.done_action, x.overdue
  from guard g, jsonb_to_recordset($B::jsonb) as x(id uuid, assignment_id uuid, node text, token int, step text,
    role text, unit_id uuid, post_id uuid, claimed_post_id uuid, claimed_at timestamptz, opened_at timestamptz,
    warn_at timestamptz, due_at timestamptz, due_key timestamptz, limit_value numeric, limit_unit text,
    done_at timestamptz, done_post_id uuid, done_action text, overdue boolean)
  returning 1
), timed as (
  insert into timer (task_id, fire, city_id, case_id, due_at)
  select x.task_id, x.fire, g.city_id, g.id, x.due_at
  from guard g, jsonb_to_recordset($C::jsonb) as x(task_id uuid, fire text, due_at timestamptz)
  returning 1
), logged as (
  insert into case_event (case_id, seq, city_id, type, at, post_id, person_id, body, hash, algorithm)
  select g.id, x.seq, g.city_id, x.type, x.at, x.post_id, x.person_id, x.body, decode(x.hash, 'hex'), x.algorithm
  from guard g, jsonb_to_recordset($D::jsonb) as x(seq int, type text, at timestamptz, post_id uuid,
    person_id uuid, body text, hash text, algorithm text)
  returning 1
), sent as (
  insert into outbox (city_id, at, topic, case_id, seq)
  select g.city_id, x.at, 'case', g.id, x.seq
  from guard g, jsonb_to_recordset($D::jsonb) as x(seq int, at timestamptz)
  order by x.seq
  returning 1
), pictured as (
  insert into case_media (case_id, media_id, city_id, purpose, seq, at)
  select g.id, x.media_id, g.city_id, x.purpose, x.seq, x.at
  from guard g, jsonb_to_recordset($E::jsonb) as x(media_id uuid, purpose text, seq int, at timestamptz)
  on conflict do nothing
  returning 1
), audited as (
  insert into audit (id, city_id, at, person_id, post_id, action, entity, entity_id, outcome, request_id, ip)
  select x.id, g.city_id, x.at, x.person_id, x.post_id, x.action, 'case', g.id, 'ok', x.request_id, x.ip
  from guard g, jsonb_to_recordset($F::jsonb) as x(id uuid, at timestamptz, person_id uuid, post_id uuid,
    action text, request_id text, ip inet)
  returning 1
), answered as (
  insert into command (person_id, key, city_id, hash, status, answer, at)
  select x.person_id, x.key, g.city_id, decode(x.hash, 'hex'), x.status,
    case when g.case_no is null then x.answer else jsonb_set(x.answer, '{case,caseNo}', to_jsonb(g.case_no)) end, x.at
  from guard g, jsonb_to_recordset($G::jsonb) as x(person_id uuid, key text, hash text, status smallint,
    answer jsonb, at timestamptz)
  returning 1
)`;

/** Numbers the shared part's letters from `first` on: the statements differ in what comes before it. */
function numbered(text: string, first: number): string {
  return text.replace(/\$([A-G])/g, (_all, letter: string) => `$${first + letter.charCodeAt(0) - 65}`);
}

export const SQL_WRITE_CASE = `
with guard as (
  update "case" set seq = $3, head = $4, stage = $5, outcome = $6, tokens = $7, category_id = $8,
    condition_id = $9, manual_id = $10, department_id = $11, report_count = $12, filed_at = $13, ended_at = $14
  where id = $1 and seq = $2
  returning id, city_id, null::text as case_no
), touched as (
  update task set claimed_post_id = $16, claimed_at = $17, done_at = $18, done_post_id = $19, done_action = $20,
    overdue = $21
  where id = $15 and exists (select 1 from guard)
  returning id
), untimed as (
  delete from timer where task_id = $15 and $18::timestamptz is not null and exists (select 1 from guard)
  returning 1
)${numbered(WRITE_REST, 22)}
select count(*)::int as n from guard`;

export const SQL_OPEN_CASE = `
with num as (
  insert into numbering (city_id, series, period, last) values ($1, 'case', $2, 1)
  on conflict (city_id, series, period) do update set last = numbering.last + 1
  returning last
), guard as (
  insert into "case" (id, city_id, case_no, seq, head, stage, outcome, source, kind, category_id, description,
    address, geom, unit_grid_id, patrol_grid_id, district_id, street_id, community_id, grade, asset_id, owner_id,
    collector_post_id, process_id, tokens, reported_at, ended_at)
  select $3, $1, $2 || '-' || lpad(num.last::text, greatest(5, length(num.last::text)), '0'), $4, $5, $6, $7, $8,
    $9, $10, $11, $12, case when $13::float8 is null then null
      else st_setsrid(st_makepoint($13::float8, $14::float8), 4326) end,
    $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27
  from num
  returning id, city_id, case_no
), worded as (
  insert into case_text (case_id, city_id, text, bigrams) select id, city_id, $28, $29::text[] from guard
  returning 1
), told as (
  insert into reporter (id, city_id, name, phone, wants_reply, created_at)
  select x.id, g.city_id, x.name, x.phone, x.wants_reply, x.created_at
  from guard g, jsonb_to_recordset($30::jsonb) as x(id uuid, name text, phone text, wants_reply boolean,
    created_at timestamptz)
  returning id
), reported as (
  insert into report (id, city_id, case_id, kind, source, external_ref, category_id, description, address, geom,
    input_crs, accuracy, asset_id, reporter_id, post_id, reported_at, received_at)
  select x.id, g.city_id, g.id, x.kind, x.source, x.external_ref, x.category_id, x.description, x.address,
    case when x.lon is null then null else st_setsrid(st_makepoint(x.lon, x.lat), 4326) end,
    x.input_crs, x.accuracy, x.asset_id, (select id from told), x.post_id, x.reported_at, x.received_at
  from guard g, jsonb_to_recordset($31::jsonb) as x(id uuid, kind text, source text, external_ref text,
    category_id uuid, description text, address text, lon float8, lat float8, input_crs text, accuracy real,
    asset_id uuid, post_id uuid, reported_at timestamptz, received_at timestamptz)
  returning 1
)${numbered(WRITE_REST, 32)}
select id, case_no from guard`;

/** A later report of the same problem: the guard is the open case that it joins. */
export const SQL_JOIN_CASE = `
with guard as (
  update "case" set seq = $3, head = $4, report_count = report_count + 1
  where id = $1 and seq = $2 and ended_at is null
  returning id, city_id, null::text as case_no
), told as (
  insert into reporter (id, city_id, name, phone, wants_reply, created_at)
  select x.id, g.city_id, x.name, x.phone, x.wants_reply, x.created_at
  from guard g, jsonb_to_recordset($5::jsonb) as x(id uuid, name text, phone text, wants_reply boolean,
    created_at timestamptz)
  returning id
), reported as (
  insert into report (id, city_id, case_id, kind, source, external_ref, category_id, description, address, geom,
    input_crs, accuracy, asset_id, reporter_id, post_id, reported_at, received_at)
  select x.id, g.city_id, g.id, x.kind, x.source, x.external_ref, x.category_id, x.description, x.address,
    case when x.lon is null then null else st_setsrid(st_makepoint(x.lon, x.lat), 4326) end,
    x.input_crs, x.accuracy, x.asset_id, (select id from told), x.post_id, x.reported_at, x.received_at
  from guard g, jsonb_to_recordset($6::jsonb) as x(id uuid, kind text, source text, external_ref text,
    category_id uuid, description text, address text, lon float8, lat float8, input_crs text, accuracy real,
    asset_id uuid, post_id uuid, reported_at timestamptz, received_at timestamptz)
  returning 1
)${numbered(WRITE_REST, 7)}
select count(*)::int as n from guard`;

export interface Loaded {
  state: CaseState;
  task: TaskState | null;
  assignments: AssignmentState[];
  replay: { hash: string; answer: unknown } | null;
  dispatchedByActor: boolean;
}

type Row = Record<string, unknown>;
const ms = (value: unknown): number => (value as Date).getTime();
const msOrNull = (value: unknown): number | null => (value === null ? null : (value as Date).getTime());

function toState(r: Row): CaseState {
  return {
    id: r['id'] as string,
    cityId: r['city_id'] as string,
    caseNo: r['case_no'] as string,
    seq: r['seq'] as number,
    head: r['head'] as Buffer,
    stage: r['stage'] as string,
    outcome: r['outcome'] as string | null,
    source: r['source'] as string,
    kind: r['kind'] as string,
    categoryId: r['category_id'] as string | null,
    conditionId: r['condition_id'] as string | null,
    manualId: r['manual_id'] as string | null,
    unitGridId: r['unit_grid_id'] as string | null,
    patrolGridId: r['patrol_grid_id'] as string | null,
    districtId: r['district_id'] as string | null,
    streetId: r['street_id'] as string | null,
    communityId: r['community_id'] as string | null,
    grade: r['grade'] as string | null,
    assetId: r['asset_id'] as string | null,
    ownerId: r['owner_id'] as string | null,
    departmentId: r['department_id'] as string | null,
    collectorPostId: r['collector_post_id'] as string | null,
    reportCount: r['report_count'] as number,
    processId: r['process_id'] as string,
    tokens: r['tokens'],
    reportedAt: ms(r['reported_at']),
    filedAt: msOrNull(r['filed_at']),
    endedAt: msOrNull(r['ended_at']),
  };
}

function toTask(r: Row, caseId: string): TaskState {
  return {
    id: r['t_id'] as string,
    caseId,
    assignmentId: r['t_assignment_id'] as string | null,
    node: r['t_node'] as string,
    token: r['t_token'] as number,
    step: r['t_step'] as string,
    role: r['t_role'] as string,
    unitId: r['t_unit_id'] as string | null,
    postId: r['t_post_id'] as string | null,
    claimedPostId: r['t_claimed_post_id'] as string | null,
    claimedAt: msOrNull(r['t_claimed_at']),
    openedAt: ms(r['t_opened_at']),
    warnAt: msOrNull(r['t_warn_at']),
    dueAt: msOrNull(r['t_due_at']),
    limitValue: r['t_limit_value'] as number | null,
    limitUnit: r['t_limit_unit'] as string | null,
    doneAt: msOrNull(r['t_done_at']),
    donePostId: r['t_done_post_id'] as string | null,
    doneAction: r['t_done_action'] as string | null,
    overdue: r['t_overdue'] as boolean,
  };
}

/** The task with its case, its assignments and, for a repeated key, the answer of the first time. */
export async function loadTask(
  db: Client,
  ask: { taskId: string; cityId: string; personId: string | null; key: string | null; forClosing: boolean },
): Promise<Loaded | null> {
  const found = await db.query<Row>({
    name: 'cases.loadTask',
    text: SQL_LOAD_TASK,
    values: [ask.taskId, ask.cityId, ask.personId, ask.key, ask.forClosing],
  });
  const row = found.rows[0];
  if (!row) return null;
  const state = toState(row);
  return {
    state,
    task: toTask(row, state.id),
    assignments: (row['assignments'] as AssignmentState[] | null) ?? [],
    replay: row['replay'] as Loaded['replay'],
    dispatchedByActor: row['dispatched_by_actor'] as boolean,
  };
}

export async function loadCase(db: Client, caseId: string, cityId: string): Promise<Loaded | null> {
  const found = await db.query<Row>({
    name: 'cases.loadCase',
    text: SQL_LOAD_CASE,
    values: [caseId, cityId],
  });
  const row = found.rows[0];
  if (!row) return null;
  return {
    state: toState(row),
    task: null,
    assignments: (row['assignments'] as AssignmentState[] | null) ?? [],
    replay: null,
    dispatchedByActor: false,
  };
}

/** The stored answer of a command with this key, if there is one. */
export async function findReplay(
  db: Client,
  personId: string,
  key: string,
): Promise<{ hash: string; answer: unknown } | null> {
  const found = await db.query<{ hash: string; answer: unknown }>({
    name: 'cases.replay',
    text: SQL_REPLAY,
    values: [personId, key],
  });
  return found.rows[0] ?? null;
}

/** The first thing that a person did to a case after `seq`: who was first, as post and event. */
export async function firstAfter(
  db: Client,
  caseId: string,
  seq: number,
): Promise<{ type: string; postId: string } | null> {
  const found = await db.query<{ type: string; postId: string }>(
    `select type, post_id as "postId" from case_event
     where case_id = $1 and seq > $2 and person_id is not null order by seq limit 1`,
    [caseId, seq],
  );
  return found.rows[0] ?? null;
}

/** What one command writes beside the case row itself. */
export interface Writes {
  assignments: AssignmentState[];
  opened: TaskState[];
  timers: { taskId: string; fire: string; dueAt: number }[];
  events: LoggedEvent[];
  media: { mediaId: string; purpose: string; seq: number; at: number }[];
  audit: {
    id: string;
    at: number;
    personId: string;
    postId: string;
    action: string;
    requestId: string | null;
    ip: string | null;
  }[];
  command: { personId: string; key: string; hash: string; status: number; answer: unknown; at: number }[];
}

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

function restValues(w: Writes): string[] {
  return [
    w.assignments.map((a) => ({
      id: a.id,
      unit_id: a.unitId,
      crew_id: a.crewId,
      crew_post_id: a.crewPostId,
      state: a.state,
      limit_value: a.limitValue,
      limit_unit: a.limitUnit,
      calendar: a.calendar,
      clock: a.clock,
      dispatched_at: iso(a.dispatchedAt),
      due_at: isoOrNull(a.dueAt),
      signed_at: isoOrNull(a.signedAt),
      responded_at: isoOrNull(a.respondedAt),
      passed_at: isoOrNull(a.passedAt),
      ended_at: isoOrNull(a.endedAt),
      failed_count: a.failedCount,
      overdue: a.overdue,
    })),
    w.opened.map((t) => ({
      id: t.id,
      assignment_id: t.assignmentId,
      node: t.node,
      token: t.token,
      step: t.step,
      role: t.role,
      unit_id: t.unitId,
      post_id: t.postId,
      claimed_post_id: t.claimedPostId,
      claimed_at: isoOrNull(t.claimedAt),
      opened_at: iso(t.openedAt),
      warn_at: isoOrNull(t.warnAt),
      due_at: isoOrNull(t.dueAt),
      due_key: iso(t.dueAt ?? NO_LIMIT),
      limit_value: t.limitValue,
      limit_unit: t.limitUnit,
      done_at: isoOrNull(t.doneAt),
      done_post_id: t.donePostId,
      done_action: t.doneAction,
      overdue: t.overdue,
    })),
    w.timers.map((t) => ({ task_id: t.taskId, fire: t.fire, due_at: iso(t.dueAt) })),
    w.events.map((e) => ({
      seq: e.seq,
      type: e.type,
      at: iso(e.at),
      post_id: e.postId,
      person_id: e.personId,
      body: e.body,
      hash: e.hash.toString('hex'),
      algorithm: e.algorithm,
    })),
    w.media.map((m) => ({ media_id: m.mediaId, purpose: m.purpose, seq: m.seq, at: iso(m.at) })),
    w.audit.map((a) => ({
      id: a.id,
      at: iso(a.at),
      person_id: a.personId,
      post_id: a.postId,
      action: a.action,
      request_id: a.requestId,
      ip: a.ip,
    })),
    w.command.map((c) => ({
      person_id: c.personId,
      key: c.key,
      hash: c.hash,
      status: c.status,
      answer: c.answer,
      at: iso(c.at),
    })),
  ].map((rows) => JSON.stringify(rows));
}

/**
 * Writes a command in one statement. False: somebody was first (`expectedSeq` is no longer true), nothing is
 * written.
 */
export async function writeCase(
  db: Client,
  expectedSeq: number,
  state: CaseState,
  task: TaskState | null,
  writes: Writes,
): Promise<boolean> {
  const done = await db.query<{ n: number }>({
    name: 'cases.write',
    text: SQL_WRITE_CASE,
    values: [
      state.id,
      expectedSeq,
      state.seq,
      state.head,
      state.stage,
      state.outcome,
      JSON.stringify(state.tokens),
      state.categoryId,
      state.conditionId,
      state.manualId,
      state.departmentId,
      state.reportCount,
      isoOrNull(state.filedAt),
      isoOrNull(state.endedAt),
      task?.id ?? null,
      task?.claimedPostId ?? null,
      isoOrNull(task?.claimedAt ?? null),
      isoOrNull(task?.doneAt ?? null),
      task?.donePostId ?? null,
      task?.doneAction ?? null,
      task?.overdue ?? false,
      ...restValues(writes),
    ],
  });
  return done.rows[0]?.n === 1;
}

/** What a report row holds beside its case; personal data only in `reporter`. */
export interface ReportRow {
  id: string;
  kind: string;
  source: string;
  externalRef: string | null;
  categoryId: string | null;
  description: string;
  address: string | null;
  point: { lon: number; lat: number } | null;
  inputCrs: string | null;
  accuracy: number | null;
  assetId: string | null;
  postId: string | null;
  reportedAt: number;
  receivedAt: number;
  reporter: { id: string; name: string | null; phone: string | null; wantsReply: boolean } | null;
}

function reportValues(report: ReportRow): string[] {
  const { reporter } = report;
  return [
    JSON.stringify(
      reporter
        ? [
            {
              id: reporter.id,
              name: reporter.name,
              phone: reporter.phone,
              wants_reply: reporter.wantsReply,
              created_at: iso(report.receivedAt),
            },
          ]
        : [],
    ),
    JSON.stringify([
      {
        id: report.id,
        kind: report.kind,
        source: report.source,
        external_ref: report.externalRef,
        category_id: report.categoryId,
        description: report.description,
        address: report.address,
        lon: report.point?.lon ?? null,
        lat: report.point?.lat ?? null,
        input_crs: report.inputCrs,
        accuracy: report.accuracy,
        asset_id: report.assetId,
        post_id: report.postId,
        reported_at: iso(report.reportedAt),
        received_at: iso(report.receivedAt),
      },
    ]),
  ];
}

/** Writes a new case with its first report; answers with its number (taken in this statement, per city and day). */
export async function insertCase(
  db: Client,
  state: CaseState,
  ask: { period: string; text: string; bigrams: string[]; report: ReportRow },
  writes: Writes,
): Promise<string> {
  const { report } = ask;
  const done = await db.query<{ id: string; case_no: string }>({
    name: 'cases.open',
    text: SQL_OPEN_CASE,
    values: [
      state.cityId,
      ask.period,
      state.id,
      state.seq,
      state.head,
      state.stage,
      state.outcome,
      state.source,
      state.kind,
      state.categoryId,
      report.description,
      report.address,
      report.point?.lon ?? null,
      report.point?.lat ?? null,
      state.unitGridId,
      state.patrolGridId,
      state.districtId,
      state.streetId,
      state.communityId,
      state.grade,
      state.assetId,
      state.ownerId,
      state.collectorPostId,
      state.processId,
      JSON.stringify(state.tokens),
      iso(state.reportedAt),
      isoOrNull(state.endedAt),
      ask.text,
      ask.bigrams,
      ...reportValues(report),
      ...restValues(writes),
    ],
  });
  const row = done.rows[0];
  if (!row) throw new Error('the new case was not written');
  return row.case_no;
}

/** Adds a report to an open case. False: the case moved on meanwhile. */
export async function insertJoin(
  db: Client,
  expectedSeq: number,
  state: CaseState,
  report: ReportRow,
  writes: Writes,
): Promise<boolean> {
  const done = await db.query<{ n: number }>({
    name: 'cases.join',
    text: SQL_JOIN_CASE,
    values: [state.id, expectedSeq, state.seq, state.head, ...reportValues(report), ...restValues(writes)],
  });
  return done.rows[0]?.n === 1;
}
