// Facts in the words of their tables. Times are ISO 8601 as in the log, days are the city's.

export interface CaseFact {
  caseId: string;
  cityId: string;
  source: string;
  kind: string;
  categoryId: string | null;
  conditionId: string | null;
  districtId: string | null;
  streetId: string | null;
  communityId: string | null;
  unitGridId: string | null;
  patrolGridId: string | null;
  grade: string | null;
  departmentId: string | null;
  /** null while it is open, also when it is open again: see `ReopeningFact`. */
  outcome: string | null;
  onTime: boolean | null;
  /** The case it was merged into. */
  mergedIntoId: string | null;
  selfHandled: boolean;
  rating: number | null;
  reportedAt: string;
  reportedDay: string;
  filedAt: string | null;
  filedDay: string | null;
  dispatchedAt: string | null;
  dispatchedDay: string | null;
  endedAt: string | null;
  endedDay: string | null;
  dispatches: number;
  failedChecks: number;
  reopened: number;
  /** Returns and extensions that were approved. */
  returned: number;
  extended: number;
  supervised: number;
  urged: number;
  instructed: number;
  lastSeq: number;
}

export interface ReportFact {
  reportId: string;
  caseId: string;
  cityId: string;
  kind: string;
  source: string;
  categoryId: string | null;
  districtId: string | null;
  streetId: string | null;
  communityId: string | null;
  patrolGridId: string | null;
  postId: string | null;
  joined: boolean;
  reportedAt: string;
  reportedDay: string;
}

export interface AssignmentFact {
  assignmentId: string;
  caseId: string;
  cityId: string;
  parentId: string | null;
  unitId: string;
  crewId: string | null;
  part: string;
  form: string;
  districtId: string | null;
  streetId: string | null;
  communityId: string | null;
  categoryId: string | null;
  conditionId: string | null;
  state: string;
  dispatchedAt: string;
  dispatchedDay: string;
  dueAt: string | null;
  signedAt: string | null;
  respondedAt: string | null;
  respondedDay: string | null;
  endedAt: string | null;
  failedCount: number;
  extensions: number;
  returned: number;
  suspended: boolean;
  /** A fact for ever; `exempt` stands beside it. */
  overdue: boolean;
  exempt: boolean;
  lastSeq: number;
}

export interface TaskFact {
  taskId: string;
  caseId: string;
  cityId: string;
  step: string;
  role: string;
  unitId: string | null;
  postId: string | null;
  action: string | null;
  openedAt: string;
  dueAt: string | null;
  doneAt: string | null;
  doneDay: string | null;
  overdue: boolean;
}

export interface ApplicationFact {
  caseId: string;
  applicationId: string;
  cityId: string;
  kind: string;
  state: string;
  assignmentId: string | null;
  /** Whose work it is about: the assignment's unit, else the department that answers for the case. */
  unitId: string | null;
  /** Who applied. */
  postId: string | null;
  districtId: string | null;
  streetId: string | null;
  communityId: string | null;
  categoryId: string | null;
  conditionId: string | null;
  level: number;
  levels: number;
  askedAt: string;
  askedDay: string;
  decidedAt: string | null;
  decidedDay: string | null;
  lastSeq: number;
}

/** An end that was undone: how and when the case had ended, and as whose it counted then. */
export interface ReopeningFact {
  caseId: string;
  seq: number;
  cityId: string;
  at: string;
  day: string;
  outcome: string;
  onTime: boolean | null;
  endedAt: string;
  endedDay: string;
  source: string;
  categoryId: string | null;
  conditionId: string | null;
  districtId: string | null;
  streetId: string | null;
  communityId: string | null;
  departmentId: string | null;
}
