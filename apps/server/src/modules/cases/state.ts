import type {
  ApplicationKind,
  EventAssignment,
  EventBody,
  EventPayload,
  EventTask,
  MarkKind,
} from '@wanmi/contracts';
import { chainHash, canonicalJson, type HashAlgorithm } from '#platform/canonical';

/** The algorithm of new links; every row names its own, so that a city may change it. */
export const LOG_ALGORITHM: HashAlgorithm = 'sha256';

/** The current state of a case as a command reads and rewrites it. Times are epoch milliseconds. */
export interface CaseState {
  id: string;
  cityId: string;
  caseNo: string;
  seq: number;
  head: Buffer | null;
  /** WGS 84. */
  point: { lon: number; lat: number } | null;
  stage: string;
  outcome: string | null;
  source: string;
  kind: string;
  categoryId: string | null;
  conditionId: string | null;
  manualId: string | null;
  unitGridId: string | null;
  patrolGridId: string | null;
  districtId: string | null;
  streetId: string | null;
  communityId: string | null;
  grade: string | null;
  assetId: string | null;
  ownerId: string | null;
  departmentId: string | null;
  collectorPostId: string | null;
  reportCount: number;
  selfHandled: boolean;
  rating: number | null;
  mergedIntoId: string | null;
  processId: string;
  tokens: unknown;
  reportedAt: number;
  filedAt: number | null;
  endedAt: number | null;
}

/** 派遣单 as a command sees it. `clock` is the running value of @wanmi/process. */
export interface AssignmentState {
  id: string;
  /** The district's assignment that it is a part of. */
  parentId: string | null;
  /** main, assist, safe or district. */
  part: string;
  /** 派遣形式. */
  form: string;
  unitId: string;
  crewId: string | null;
  crewPostId: string | null;
  state: string;
  limitValue: number;
  limitUnit: string;
  calendar: string;
  clock: unknown;
  dispatchedAt: number;
  dueAt: number | null;
  signedAt: number | null;
  respondedAt: number | null;
  passedAt: number | null;
  endedAt: number | null;
  failedCount: number;
  extensions: number;
  overdue: boolean;
  exempt: boolean;
}

/** 申请 as a command sees it: `ask` is the form without free text. */
export interface ApplicationState {
  id: string;
  assignmentId: string | null;
  kind: ApplicationKind;
  state: 'pending' | 'approved' | 'refused' | 'withdrawn';
  level: number;
  levels: number;
  ask: Record<string, unknown>;
  granted: Record<string, unknown> | null;
  askedAt: number;
  askedPostId: string;
  askedPersonId: string;
  askedUnitId: string | null;
  decidedAt: number | null;
  decidedPostId: string | null;
}

/** 督办 催办 批示. */
export interface MarkState {
  id: string;
  kind: MarkKind;
  postId: string;
  at: number;
  dueAt: number | null;
  note: string | null;
}

/** 待办. `dueKey` orders the open list: what has no limit comes last. */
export interface TaskState {
  id: string;
  caseId: string;
  assignmentId: string | null;
  applicationId: string | null;
  node: string;
  token: number;
  /** Scope of the process in which it stands. */
  scope: number;
  step: string;
  role: string;
  unitId: string | null;
  postId: string | null;
  claimedPostId: string | null;
  claimedAt: number | null;
  openedAt: number;
  /** 同时段核查: nobody does it before the hours of the find; null: at once. */
  notBefore: number | null;
  warnAt: number | null;
  dueAt: number | null;
  limitValue: number | null;
  limitUnit: string | null;
  /** By which calendar the limit counts; null: none, or that of its stage. */
  calendar: string | null;
  doneAt: number | null;
  donePostId: string | null;
  doneAction: string | null;
  overdue: boolean;
}

/** What is known of an open task that is not the one that is acted on. */
export type OpenTask = Pick<
  TaskState,
  | 'id'
  | 'token'
  | 'node'
  | 'step'
  | 'role'
  | 'unitId'
  | 'postId'
  | 'assignmentId'
  | 'applicationId'
  | 'openedAt'
  | 'warnAt'
  | 'dueAt'
  | 'limitValue'
  | 'limitUnit'
  | 'calendar'
  | 'overdue'
>;

/** Far enough that a task without a limit sorts after every other; a timestamptz that JavaScript can hold. */
export const NO_LIMIT = Date.UTC(9999, 0, 1);

export interface LoggedEvent {
  seq: number;
  type: string;
  at: number;
  postId: string | null;
  personId: string | null;
  /** What is said, and its canonical JSON as it is kept. */
  entry: EventBody;
  body: string;
  hash: Buffer;
  algorithm: HashAlgorithm;
}

/** Who an entry of the log speaks of; null is the system. */
export interface Author {
  readonly personId: string;
  readonly postId: string;
  readonly unitId: string;
  readonly role: string;
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

export function eventTask(
  task: Pick<OpenTask, 'id' | 'step' | 'role' | 'unitId' | 'postId' | 'assignmentId' | 'openedAt' | 'dueAt'>,
): EventTask {
  return {
    id: task.id,
    step: task.step,
    role: task.role as EventTask['role'],
    unitId: task.unitId,
    postId: task.postId,
    assignmentId: task.assignmentId,
    openedAt: iso(task.openedAt),
    dueAt: isoOrNull(task.dueAt),
  };
}

export function eventAssignment(a: AssignmentState): EventAssignment {
  return {
    id: a.id,
    unitId: a.unitId,
    crewId: a.crewId,
    state: a.state,
    dispatchedAt: iso(a.dispatchedAt),
    dueAt: isoOrNull(a.dueAt),
    signedAt: isoOrNull(a.signedAt),
    respondedAt: isoOrNull(a.respondedAt),
    passedAt: isoOrNull(a.passedAt),
    endedAt: isoOrNull(a.endedAt),
    failedCount: a.failedCount,
    overdue: a.overdue,
    limit: { value: a.limitValue, unit: a.limitUnit as EventAssignment['limit']['unit'] },
    parentId: a.parentId,
    part: a.part,
    form: a.form,
    exempt: a.exempt,
    extensions: a.extensions,
  };
}

/**
 * Appends one entry: moves `seq` and `head` of the state on and returns the row. The body is the canonical JSON
 * (RFC 8785) whose bytes are hashed onto the previous hash.
 */
export function appendEvent(
  state: Pick<CaseState, 'id' | 'cityId' | 'seq' | 'head'>,
  entry: {
    type: string;
    at: number;
    author: Author | null;
    from: string | null;
    to: string;
    payload: EventPayload;
  },
): LoggedEvent {
  const seq = state.seq + 1;
  const body: EventBody = {
    v: 1,
    cityId: state.cityId,
    caseId: state.id,
    seq,
    type: entry.type,
    at: iso(entry.at),
    personId: entry.author?.personId ?? null,
    postId: entry.author?.postId ?? null,
    unitId: entry.author?.unitId ?? null,
    role: (entry.author?.role ?? null) as EventBody['role'],
    from: entry.from,
    to: entry.to,
    payload: entry.payload,
  };
  const text = canonicalJson(body);
  const hash = chainHash(state.head, text, LOG_ALGORITHM);
  state.seq = seq;
  state.head = hash;
  return {
    seq,
    type: entry.type,
    at: entry.at,
    postId: body.postId,
    personId: body.personId,
    entry: body,
    body: text,
    hash,
    algorithm: LOG_ALGORITHM,
  };
}

export function eventApplication(a: ApplicationState): NonNullable<EventPayload['application']> {
  const { id, kind, state, assignmentId, level, levels } = a;
  return { id, kind, state, assignmentId, level, levels };
}
