import type { ReportRow } from '#modules/cases';
import type { OpenFact } from '#modules/statistics';
import type { CopyValue } from '#platform/copy';
import type { Kept, LiveCase } from './life.ts';
import type { MadeMedia } from './pictures.ts';

export type Rows = (readonly CopyValue[])[];
const NO_LIMIT = Date.UTC(9999, 0, 1);
export const iso = (at: number): string => new Date(at).toISOString();
export const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));
const json = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);
const pointText = (lon: number | null, lat: number | null): string | null =>
  lon === null || lat === null ? null : `SRID=4326;POINT(${lon} ${lat})`;

/** Tables that a run writes, each with its columns in the order of the rows made here. */
export const COLUMNS = {
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
export type Table = keyof typeof COLUMNS;
/** Rows refer to rows of tables further up. */
export const ORDER = Object.keys(COLUMNS) as Table[];

export const openRow = (o: OpenFact): CopyValue[] => [
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

export function mediaRow(cityId: string, m: MadeMedia): CopyValue[] {
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

export function caseRow({ state: s, words }: LiveCase): CopyValue[] {
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

export function caseChange({ state: s, writtenSeq }: LiveCase): object {
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

export function reportRows({ state: s }: LiveCase, r: ReportRow, reporters: Rows, reports: Rows): void {
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

export const assignmentRow = (cityId: string, caseId: string, a: Assignment): CopyValue[] => [
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

export const assignmentChange = (a: Assignment): object => ({
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

export const taskRow = (cityId: string, caseId: string, t: Task): CopyValue[] => [
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

export const taskChange = (t: Task): object => ({
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

export const applicationRow = (cityId: string, caseId: string, a: Application): CopyValue[] => [
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

export const applicationChange = (a: Application): object => ({
  id: a.id,
  state: a.state,
  level: a.level,
  granted: a.granted,
  decided_at: isoOrNull(a.decidedAt),
  decided_post_id: a.decidedPostId,
});
