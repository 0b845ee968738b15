import type {
  ApplicationState,
  AssignmentState,
  CaseState,
  LoggedEvent,
  MarkState,
  OpenTask,
  TaskState,
} from './state.ts';
import type { Part } from './sql.ts';
import { NO_LIMIT } from './state.ts';

export interface Loaded {
  state: CaseState;
  task: TaskState | null;
  assignments: AssignmentState[];
  /** Those that are pending, and those that a waiting task hangs on. */
  applications: ApplicationState[];
  /** Its other open tasks, the most urgent first. */
  others: OpenTask[];
  replay: { hash: string; answer: unknown } | null;
  dispatchedByActor: boolean;
}

export type Row = Record<string, unknown>;
const ms = (value: unknown): number => (value as Date).getTime();
const msOrNull = (value: unknown): number | null => (value === null ? null : (value as Date).getTime());

export function toState(r: Row): CaseState {
  return {
    id: r['id'] as string,
    cityId: r['city_id'] as string,
    caseNo: r['case_no'] as string,
    seq: r['seq'] as number,
    head: r['head'] as Buffer,
    point: r['lon'] === null ? null : { lon: r['lon'] as number, lat: r['lat'] as number },
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
    selfHandled: r['self_handled'] as boolean,
    rating: r['rating'] as number | null,
    mergedIntoId: r['merged_into_id'] as string | null,
    processId: r['process_id'] as string,
    tokens: r['tokens'],
    reportedAt: ms(r['reported_at']),
    filedAt: msOrNull(r['filed_at']),
    endedAt: msOrNull(r['ended_at']),
  };
}

export function toTask(r: Row, caseId: string): TaskState {
  return {
    id: r['t_id'] as string,
    caseId,
    assignmentId: r['t_assignment_id'] as string | null,
    applicationId: r['t_application_id'] as string | null,
    node: r['t_node'] as string,
    token: r['t_token'] as number,
    scope: r['t_scope'] as number,
    step: r['t_step'] as string,
    role: r['t_role'] as string,
    unitId: r['t_unit_id'] as string | null,
    postId: r['t_post_id'] as string | null,
    claimedPostId: r['t_claimed_post_id'] as string | null,
    claimedAt: msOrNull(r['t_claimed_at']),
    openedAt: ms(r['t_opened_at']),
    notBefore: msOrNull(r['t_not_before']),
    warnAt: msOrNull(r['t_warn_at']),
    dueAt: msOrNull(r['t_due_at']),
    limitValue: r['t_limit_value'] as number | null,
    limitUnit: r['t_limit_unit'] as string | null,
    calendar: r['t_calendar'] as string | null,
    doneAt: msOrNull(r['t_done_at']),
    donePostId: r['t_done_post_id'] as string | null,
    doneAction: r['t_done_action'] as string | null,
    overdue: r['t_overdue'] as boolean,
  };
}

/** What one command writes beside the case row itself. */
export interface Writes {
  assignments: AssignmentState[];
  opened: TaskState[];
  /** Open tasks that nobody does any more, because the whole case ended. */
  withdrawn: string[];
  /** `since`: when a timer of the drawing was armed, whose due moment is a share of a limit. */
  timers: { taskId: string; fire: string; dueAt: number; since?: number }[];
  /** Open tasks whose deadline moved: extension, suspension, resumption. */
  rescheduled: { id: string; warnAt: number | null; dueAt: number | null }[];
  /** Clocks that stand still or are not needed any more. */
  disarmed: { taskId: string; fire: string }[];
  applications: ApplicationState[];
  marks: MarkState[];
  links: { fromId: string; toId: string; kind: string; at: number }[];
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

export const iso = (at: number): string => new Date(at).toISOString();
export const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

/** The rows of a write, part by part (sql.ts); a part of no rows is not written. */
const ROWS_OF: Readonly<Record<Part, (w: Writes) => object[]>> = {
  assigned: (w) =>
    w.assignments.map((a) => ({
      id: a.id,
      unit_id: a.unitId,
      crew_id: a.crewId,
      crew_post_id: a.crewPostId,
      parent_id: a.parentId,
      part: a.part,
      form: a.form,
      extensions: a.extensions,
      exempt: a.exempt,
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
  opened: (w) =>
    w.opened.map((t) => ({
      id: t.id,
      assignment_id: t.assignmentId,
      application_id: t.applicationId,
      node: t.node,
      token: t.token,
      scope: t.scope,
      step: t.step,
      role: t.role,
      unit_id: t.unitId,
      post_id: t.postId,
      claimed_post_id: t.claimedPostId,
      claimed_at: isoOrNull(t.claimedAt),
      opened_at: iso(t.openedAt),
      not_before: isoOrNull(t.notBefore),
      warn_at: isoOrNull(t.warnAt),
      due_at: isoOrNull(t.dueAt),
      due_key: iso(t.dueAt ?? NO_LIMIT),
      limit_value: t.limitValue,
      limit_unit: t.limitUnit,
      calendar: t.calendar,
      done_at: isoOrNull(t.doneAt),
      done_post_id: t.donePostId,
      done_action: t.doneAction,
      overdue: t.overdue,
    })),
  timed: (w) =>
    w.timers.map((t) => ({
      task_id: t.taskId,
      fire: t.fire,
      due_at: iso(t.dueAt),
      since: isoOrNull(t.since ?? null),
    })),
  logged: (w) =>
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
  pictured: (w) =>
    w.media.map((m) => ({ media_id: m.mediaId, purpose: m.purpose, seq: m.seq, at: iso(m.at) })),
  audited: (w) =>
    w.audit.map((a) => ({
      id: a.id,
      at: iso(a.at),
      person_id: a.personId,
      post_id: a.postId,
      action: a.action,
      request_id: a.requestId,
      ip: a.ip,
    })),
  answered: (w) =>
    w.command.map((c) => ({
      person_id: c.personId,
      key: c.key,
      hash: c.hash,
      status: c.status,
      answer: c.answer,
      at: iso(c.at),
    })),
  rescheduled: (w) =>
    w.rescheduled.map((t) => ({
      id: t.id,
      warn_at: isoOrNull(t.warnAt),
      due_at: isoOrNull(t.dueAt),
      due_key: iso(t.dueAt ?? NO_LIMIT),
    })),
  disarmed: (w) => w.disarmed.map((t) => ({ task_id: t.taskId, fire: t.fire })),
  applied: (w) =>
    w.applications.map((a) => ({
      id: a.id,
      assignment_id: a.assignmentId,
      kind: a.kind,
      state: a.state,
      level: a.level,
      levels: a.levels,
      ask: a.ask,
      granted: a.granted,
      asked_at: iso(a.askedAt),
      asked_post_id: a.askedPostId,
      asked_person_id: a.askedPersonId,
      asked_unit_id: a.askedUnitId,
      decided_at: isoOrNull(a.decidedAt),
      decided_post_id: a.decidedPostId,
    })),
  marked: (w) =>
    w.marks.map((m) => ({
      id: m.id,
      kind: m.kind,
      post_id: m.postId,
      at: iso(m.at),
      due_at: isoOrNull(m.dueAt),
      note: m.note,
    })),
  linked: (w) => w.links.map((l) => ({ from_id: l.fromId, to_id: l.toId, kind: l.kind, at: iso(l.at) })),
};

const PARTS = Object.keys(ROWS_OF) as Part[];

/** What one command writes beside the case row itself: parts, and for each of them its rows as one JSON. */
export function partsOf(caseId: string, w: Writes): { parts: Part[]; values: string[] } {
  return partsOfAll([{ caseId, writes: w }], []);
}

/** The same of commands on several cases; `always` are parts that are there even where nobody has rows for them. */
export function partsOfAll(
  all: readonly { caseId: string; writes: Writes }[],
  always: readonly Part[],
): { parts: Part[]; values: string[] } {
  const parts: Part[] = [];
  const values: string[] = [];
  for (const part of PARTS) {
    const rows = all.flatMap(({ caseId, writes }) =>
      ROWS_OF[part](writes).map((row) => ({ case_id: caseId, ...row })),
    );
    if (rows.length === 0 && !always.includes(part)) continue;
    parts.push(part);
    values.push(JSON.stringify(rows));
  }
  return { parts, values };
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
  /** 执法发现: the unit that found it by itself, and sees the case from then on. */
  unitId?: string;
  reportedAt: number;
  receivedAt: number;
  reporter: { id: string; name: string | null; phone: string | null; wantsReply: boolean } | null;
}

/** The report's row and, where somebody is known, the reporter's, as one JSON each. */
export function reportValues(report: ReportRow): string[] {
  const teller = tellerRow(report);
  return teller
    ? [JSON.stringify([reportRow(report)]), JSON.stringify([teller])]
    : [JSON.stringify([reportRow(report)])];
}

export const reportRow = (report: ReportRow): object => ({
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
  unit_id: report.unitId ?? null,
  reported_at: iso(report.reportedAt),
  received_at: iso(report.receivedAt),
});

export function tellerRow({ reporter, receivedAt }: ReportRow): object | null {
  if (!reporter) return null;
  const { id, name, phone, wantsReply } = reporter;
  return { id, name, phone, wants_reply: wantsReply, created_at: iso(receivedAt) };
}
