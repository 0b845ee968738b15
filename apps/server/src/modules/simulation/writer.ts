import { Kysely, PostgresDialect } from 'kysely';
import type { PoolClient } from 'pg';
import type { ReportRow } from '#modules/cases';
import { foldAll, openDays, type Folded, type Known, type OpenFact } from '#modules/statistics';
import { addDays, cityDay, cityDayStart } from '#platform/clock';
import { copyRows, type CopyValue } from '#platform/copy';
import type { Trx } from '#platform/pool';
import type { Kept, LiveCase } from './life.ts';
import type { MadeMedia } from './pictures.ts';
import { writeFacts } from './facts.ts';
import { SimulationError } from './scenario.ts';

type Rows = (readonly CopyValue[])[];
const NO_LIMIT = Date.UTC(9999, 0, 1);
const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));
const json = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);
const pointText = (lon: number | null, lat: number | null): string | null =>
  lon === null || lat === null ? null : `SRID=4326;POINT(${lon} ${lat})`;

const COLUMNS = {
  media:
    'id city_id sha256 served_sha256 thumbnail_sha256 mime bytes width height taken_at geom post_id created_at served_mime',
  case: 'id city_id case_no seq head stage outcome source kind category_id condition_id manual_id description address geom unit_grid_id patrol_grid_id district_id street_id community_id grade asset_id owner_id department_id report_count process_id tokens merged_into_id collector_post_id reported_at filed_at ended_at self_handled rating',
  case_text: 'case_id city_id text bigrams',
  reporter: 'id city_id name phone wants_reply created_at',
  report:
    'id city_id case_id kind source external_ref category_id description address geom input_crs accuracy asset_id reporter_id post_id reported_at received_at street_id community_id patrol_grid_id',
  assignment:
    'id city_id case_id parent_id part form unit_id crew_id crew_post_id state limit_value limit_unit calendar clock dispatched_at due_at signed_at responded_at passed_at ended_at failed_count extensions overdue exempt',
  task: 'id city_id case_id assignment_id application_id node token scope step role unit_id post_id claimed_post_id claimed_at opened_at not_before warn_at due_at due_key limit_value limit_unit calendar done_at done_post_id done_action overdue',
  application:
    'id city_id case_id assignment_id kind state level levels ask granted asked_at asked_post_id asked_person_id asked_unit_id decided_at decided_post_id',
  case_mark: 'id city_id case_id kind post_id at due_at note',
  case_event: 'case_id seq city_id type at post_id person_id body hash algorithm',
  case_media: 'case_id media_id city_id purpose seq at',
  case_link: 'from_id to_id kind city_id at',
  simulation_timer: 'task_id fire city_id case_id due_at since',
  fact_open: 'city_id day case_id stage district_id street_id department_id category_id overdue',
} as const;
type Table = keyof typeof COLUMNS;
/** Rows refer to rows of tables further up. */
const ORDER = Object.keys(COLUMNS) as Table[];

/** What a stretch of days amounts to, frozen: the run goes on while it is written. */
export interface Stretch {
  readonly copies: ReadonlyMap<Table, Rows>;
  readonly cases: object[];
  readonly tasks: object[];
  readonly assignments: object[];
  readonly applications: object[];
  /** Cases whose clocks stand anew. */
  readonly clocksOf: string[];
  readonly before: ReadonlyMap<string, Known>;
  readonly folded: Folded;
  readonly numbers: readonly { series: string; period: string; last: number }[];
}

/**
 * Freezes what the run has not written: every row once, as it stands now. What has ended and is done with leaves the
 * memory. `lastDay` is the last whole day; facts of what was open are written from `firstOpenDay` to it.
 */
export function freeze(
  live: Map<string, LiveCase>,
  of: {
    cityId: string;
    timeZone: string;
    firstOpenDay: string;
    lastDay: string;
    media: readonly MadeMedia[];
    numbers: ReadonlyMap<string, number>;
  },
): Stretch {
  const { cityId, timeZone } = of;
  const copies = new Map<Table, Rows>(ORDER.map((table) => [table, []]));
  const to = (table: Table): Rows => copies.get(table)!;
  const cases: object[] = [];
  const tasks: object[] = [];
  const assignments: object[] = [];
  const applications: object[] = [];
  const clocksOf: string[] = [];
  const before = new Map<string, Known>();
  const folding: LiveCase[] = [];

  for (const one of of.media) to('media').push(mediaRow(cityId, one));
  for (const c of live.values()) {
    const { state } = c;
    if (c.dirty) {
      const { id } = state;
      if (c.isNew) {
        to('case').push(caseRow(c));
        to('case_text').push([id, cityId, c.search!.text, c.search!.bigrams]);
      } else cases.push(caseChange(c));
      for (const report of c.reports) reportRows(c, report, to('reporter'), to('report'));
      split(
        c.assignments,
        to('assignment'),
        assignments,
        (a) => assignmentRow(cityId, id, a),
        assignmentChange,
      );
      split(c.tasks, to('task'), tasks, (t) => taskRow(cityId, id, t), taskChange);
      split(
        c.applications,
        to('application'),
        applications,
        (a) => applicationRow(cityId, id, a),
        applicationChange,
      );
      for (const m of c.marks)
        to('case_mark').push([m.id, cityId, id, m.kind, m.postId, iso(m.at), isoOrNull(m.dueAt), m.note]);
      for (const e of c.events) {
        to('case_event').push([
          id,
          e.seq,
          cityId,
          e.type,
          iso(e.at),
          e.postId,
          e.personId,
          e.body,
          e.hash,
          e.algorithm,
        ]);
      }
      for (const m of c.media) to('case_media').push([id, m.mediaId, cityId, m.purpose, m.seq, iso(m.at)]);
      for (const l of c.links) to('case_link').push([l.fromId, l.toId, l.kind, cityId, iso(l.at)]);
      if (c.timersChanged) {
        clocksOf.push(id);
        for (const t of c.timers.values()) {
          to('simulation_timer').push([t.taskId, t.fire, cityId, id, iso(t.dueAt), isoOrNull(t.since)]);
        }
      }
      before.set(id, c.known);
      folding.push(c);
    }
    openRows(c, of, to('fact_open'));
  }
  const folded = foldAll(
    before,
    folding.flatMap((c) => c.unfolded),
    () => timeZone,
  );
  for (const c of folding) {
    c.known = knownAfter(c, folded);
    clean(c);
  }
  for (const c of live.values()) if (!c.open && c.planned === 0) live.delete(c.state.id);
  const numbers = [...of.numbers].map(([key, last]) => {
    const [series = '', period = ''] = key.split(' ');
    return { series, period, last };
  });
  return { copies, cases, tasks, assignments, applications, clocksOf, before, folded, numbers };
}

function clean(c: LiveCase): void {
  for (const map of [c.assignments, c.tasks, c.applications] as Map<string, Kept<unknown>>[]) {
    for (const kept of map.values()) kept.isNew = kept.changed = false;
  }
  Object.assign(c, {
    isNew: false,
    dirty: false,
    timersChanged: false,
    search: null,
    writtenSeq: c.state.seq,
  });
  Object.assign(c, { reports: [], events: [], media: [], marks: [], links: [], unfolded: [] });
}

/** What is known of a case after its entries were folded. */
function knownAfter(c: LiveCase, folded: Folded): Known {
  const assignments = new Map(c.known.assignments);
  for (const id of c.assignments.keys()) {
    const fact = folded.assignments.get(id);
    if (fact) assignments.set(id, fact);
  }
  const applications = new Map(c.known.applications);
  for (const id of c.applications.keys()) {
    const fact = folded.applications.get(id);
    if (fact) applications.set(id, fact);
  }
  return { case: folded.cases.get(c.state.id) ?? c.known.case, assignments, applications };
}

/** How it stood at the ends of the days that have become whole. */
function openRows(
  c: LiveCase,
  { timeZone, firstOpenDay, lastDay }: { timeZone: string; firstOpenDay: string; lastDay: string },
  into: Rows,
): void {
  const reported = cityDay(Date.parse(c.bodies[0]!.at), timeZone);
  const from = c.openUntil ?? (reported > firstOpenDay ? reported : firstOpenDay);
  if (from > lastDay) return;
  c.openUntil = addDays(lastDay, 1);
  // What ended on the day it came was never open at an end of a day.
  if (
    !c.open &&
    c.bodies.at(-1)!.payload.outcome &&
    Date.parse(c.bodies.at(-1)!.at) < cityDayStart(addDays(from, 1), timeZone)
  )
    return;
  for (const row of openDays(c.bodies, timeZone, from, lastDay)) into.push(openRow(row));
}

const openRow = (o: OpenFact): CopyValue[] => [
  o.cityId,
  o.day,
  o.caseId,
  o.stage,
  o.districtId,
  o.streetId,
  o.departmentId,
  o.categoryId,
  o.overdue,
];

function split<T>(
  kept: ReadonlyMap<string, Kept<T>>,
  made: Rows,
  changed: object[],
  row: (of: T) => readonly CopyValue[],
  change: (of: T) => object,
): void {
  for (const one of kept.values()) {
    if (one.isNew) made.push(row(one.row));
    else if (one.changed) changed.push(change(one.row));
  }
}

function mediaRow(cityId: string, m: MadeMedia): CopyValue[] {
  const bytes = (hex: string | null): Buffer | null => (hex === null ? null : Buffer.from(hex, 'hex'));
  const hashes = [bytes(m.sha256), bytes(m.servedSha256), bytes(m.thumbnailSha256)];
  const at = iso(m.at);
  return [
    m.id,
    cityId,
    ...hashes,
    m.mime,
    m.bytes,
    m.width,
    m.height,
    at,
    pointText(m.lon, m.lat),
    m.postId,
    at,
    m.servedMime,
  ];
}

function caseRow({ state: s, words }: LiveCase): CopyValue[] {
  return [
    s.id,
    s.cityId,
    s.caseNo,
    s.seq,
    s.head,
    s.stage,
    s.outcome,
    s.source,
    s.kind,
    s.categoryId,
    s.conditionId,
    s.manualId,
    words.description,
    words.address,
    pointText(words.lon, words.lat),
    s.unitGridId,
    s.patrolGridId,
    s.districtId,
    s.streetId,
    s.communityId,
    s.grade,
    s.assetId,
    s.ownerId,
    s.departmentId,
    s.reportCount,
    s.processId,
    json(s.tokens),
    s.mergedIntoId,
    s.collectorPostId,
    iso(s.reportedAt),
    isoOrNull(s.filedAt),
    isoOrNull(s.endedAt),
    s.selfHandled,
    s.rating,
  ];
}

function caseChange({ state: s, writtenSeq }: LiveCase): object {
  return {
    id: s.id,
    expected: writtenSeq,
    seq: s.seq,
    head: s.head!.toString('hex'),
    stage: s.stage,
    outcome: s.outcome,
    tokens: s.tokens,
    category_id: s.categoryId,
    condition_id: s.conditionId,
    manual_id: s.manualId,
    department_id: s.departmentId,
    report_count: s.reportCount,
    filed_at: isoOrNull(s.filedAt),
    ended_at: isoOrNull(s.endedAt),
    self_handled: s.selfHandled,
    rating: s.rating,
    merged_into_id: s.mergedIntoId,
    grade: s.grade,
  };
}

function reportRows({ state: s }: LiveCase, r: ReportRow, reporters: Rows, reports: Rows): void {
  const { reporter } = r;
  if (reporter) {
    reporters.push([
      reporter.id,
      s.cityId,
      reporter.name,
      reporter.phone,
      reporter.wantsReply,
      iso(r.receivedAt),
    ]);
  }
  reports.push([
    r.id,
    s.cityId,
    s.id,
    r.kind,
    r.source,
    r.externalRef,
    r.categoryId,
    r.description,
    r.address,
    pointText(r.point?.lon ?? null, r.point?.lat ?? null),
    r.inputCrs,
    r.accuracy,
    r.assetId,
    reporter?.id ?? null,
    r.postId,
    iso(r.reportedAt),
    iso(r.receivedAt),
    s.streetId,
    s.communityId,
    s.patrolGridId,
  ]);
}

type Assignment = LiveCase['assignments'] extends Map<string, Kept<infer T>> ? T : never;
type Task = LiveCase['tasks'] extends Map<string, Kept<infer T>> ? T : never;
type Application = LiveCase['applications'] extends Map<string, Kept<infer T>> ? T : never;

const assignmentRow = (cityId: string, caseId: string, a: Assignment): CopyValue[] => [
  a.id,
  cityId,
  caseId,
  a.parentId,
  a.part,
  a.form,
  a.unitId,
  a.crewId,
  a.crewPostId,
  a.state,
  a.limitValue,
  a.limitUnit,
  a.calendar,
  json(a.clock),
  iso(a.dispatchedAt),
  isoOrNull(a.dueAt),
  isoOrNull(a.signedAt),
  isoOrNull(a.respondedAt),
  isoOrNull(a.passedAt),
  isoOrNull(a.endedAt),
  a.failedCount,
  a.extensions,
  a.overdue,
  a.exempt,
];

const assignmentChange = (a: Assignment): object => ({
  id: a.id,
  crew_id: a.crewId,
  crew_post_id: a.crewPostId,
  state: a.state,
  clock: a.clock,
  due_at: isoOrNull(a.dueAt),
  signed_at: isoOrNull(a.signedAt),
  responded_at: isoOrNull(a.respondedAt),
  passed_at: isoOrNull(a.passedAt),
  ended_at: isoOrNull(a.endedAt),
  failed_count: a.failedCount,
  extensions: a.extensions,
  overdue: a.overdue,
  exempt: a.exempt,
});

const taskRow = (cityId: string, caseId: string, t: Task): CopyValue[] => [
  t.id,
  cityId,
  caseId,
  t.assignmentId,
  t.applicationId,
  t.node,
  t.token,
  t.scope,
  t.step,
  t.role,
  t.unitId,
  t.postId,
  t.claimedPostId,
  isoOrNull(t.claimedAt),
  iso(t.openedAt),
  isoOrNull(t.notBefore),
  isoOrNull(t.warnAt),
  isoOrNull(t.dueAt),
  iso(t.dueAt ?? NO_LIMIT),
  t.limitValue,
  t.limitUnit,
  t.calendar,
  isoOrNull(t.doneAt),
  t.donePostId,
  t.doneAction,
  t.overdue,
];

const taskChange = (t: Task): object => ({
  id: t.id,
  unit_id: t.unitId,
  post_id: t.postId,
  claimed_post_id: t.claimedPostId,
  claimed_at: isoOrNull(t.claimedAt),
  warn_at: isoOrNull(t.warnAt),
  due_at: isoOrNull(t.dueAt),
  due_key: iso(t.dueAt ?? NO_LIMIT),
  done_at: isoOrNull(t.doneAt),
  done_post_id: t.donePostId,
  done_action: t.doneAction,
  overdue: t.overdue,
});

const applicationRow = (cityId: string, caseId: string, a: Application): CopyValue[] => [
  a.id,
  cityId,
  caseId,
  a.assignmentId,
  a.kind,
  a.state,
  a.level,
  a.levels,
  json(a.ask),
  json(a.granted),
  iso(a.askedAt),
  a.askedPostId,
  a.askedPersonId,
  a.askedUnitId,
  isoOrNull(a.decidedAt),
  a.decidedPostId,
];

const applicationChange = (a: Application): object => ({
  id: a.id,
  state: a.state,
  level: a.level,
  granted: a.granted,
  decided_at: isoOrNull(a.decidedAt),
  decided_post_id: a.decidedPostId,
});

// By key, and only where nobody was faster: a case that somebody has touched meanwhile is not written over.
const SQL_CASES = `
update "case" c set seq = x.seq, head = decode(x.head, 'hex'), stage = x.stage, outcome = x.outcome, tokens = x.tokens,
  category_id = x.category_id, condition_id = x.condition_id, manual_id = x.manual_id, department_id = x.department_id,
  report_count = x.report_count, filed_at = x.filed_at, ended_at = x.ended_at, self_handled = x.self_handled,
  rating = x.rating, merged_into_id = x.merged_into_id, grade = x.grade
from json_to_recordset($1::json) as x(id uuid, expected int, seq int, head text, stage text, outcome text, tokens jsonb,
  category_id uuid, condition_id uuid, manual_id uuid, department_id uuid, report_count int, filed_at timestamptz,
  ended_at timestamptz, self_handled boolean, rating smallint, merged_into_id uuid, grade text)
where c.id = x.id and c.seq = x.expected`;
const SQL_TASKS = `
update task t set unit_id = x.unit_id, post_id = x.post_id, claimed_post_id = x.claimed_post_id,
  claimed_at = x.claimed_at, warn_at = x.warn_at, due_at = x.due_at, due_key = x.due_key, done_at = x.done_at,
  done_post_id = x.done_post_id, done_action = x.done_action, overdue = x.overdue
from json_populate_recordset(null::task, $1::json) x where t.id = x.id`;
const SQL_ASSIGNMENTS = `
update assignment a set crew_id = x.crew_id, crew_post_id = x.crew_post_id, state = x.state, clock = x.clock,
  due_at = x.due_at, signed_at = x.signed_at, responded_at = x.responded_at, passed_at = x.passed_at,
  ended_at = x.ended_at, failed_count = x.failed_count, extensions = x.extensions, overdue = x.overdue,
  exempt = x.exempt
from json_populate_recordset(null::assignment, $1::json) x where a.id = x.id`;
const SQL_APPLICATIONS = `
update application a set state = x.state, level = x.level, granted = x.granted, decided_at = x.decided_at,
  decided_post_id = x.decided_post_id
from json_populate_recordset(null::application, $1::json) x where a.id = x.id`;
const SQL_NUMBERS = `
insert into numbering (city_id, series, period, last)
select $1, x.series, x.period, x.last
  from json_to_recordset($2::json) as x(series text, period text, last int)
on conflict (city_id, series, period) do update set last = greatest(numbering.last, excluded.last)`;

/** Writes a stretch within the transaction that the client is in. @throws SimulationError where a case was touched */
export async function writeStretch(client: PoolClient, cityId: string, stretch: Stretch): Promise<void> {
  const { copies, cases, tasks, assignments, applications, clocksOf } = stretch;
  if (clocksOf.length > 0) {
    await client.query('delete from simulation_timer where case_id = any($1::uuid[])', [clocksOf]);
  }
  for (const table of ORDER) await copyRows(client, table, COLUMNS[table].split(' '), copies.get(table)!);
  if (cases.length > 0) {
    const { rowCount } = await client.query(SQL_CASES, [JSON.stringify(cases)]);
    if (rowCount !== cases.length) {
      throw new SimulationError(
        'somebody works on cases that are still being generated: nothing of this day is written',
      );
    }
  }
  const changes = [
    [SQL_ASSIGNMENTS, assignments],
    [SQL_TASKS, tasks],
    [SQL_APPLICATIONS, applications],
  ] as const;
  for (const [text, rows] of changes) if (rows.length > 0) await client.query(text, [JSON.stringify(rows)]);
  await client.query(SQL_NUMBERS, [cityId, JSON.stringify(stretch.numbers)]);
  await writeFacts(client, trxOn(client), stretch.before, stretch.folded);
}

/** The same connection, in the same transaction, for statements of the query builder. */
function trxOn(client: PoolClient): Trx {
  const one = { query: client.query.bind(client), release(): void {} };
  const pool = { connect: () => Promise.resolve(one), end: () => Promise.resolve() };
  return new Kysely({ dialect: new PostgresDialect({ pool: pool as never }) }) as unknown as Trx;
}
