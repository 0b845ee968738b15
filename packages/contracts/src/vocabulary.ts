/**
 * The fixed words of the domain (docs: domain.md). Clocks, facts and the log use these codes and never an
 * element id of a drawing; a city's own additions start with `x-`.
 */

/** 来源: where a report came from. */
export const SOURCES = [
  'collector',
  'hotline12319',
  'hotline12345',
  'publicApp',
  'website',
  'media',
  'leader',
  'superior',
  'video',
  'sensor',
  'vehicle',
  'enforcement',
  'otherPlatform',
] as const;
export type Source = (typeof SOURCES)[number];

/** What one report is: only a problem is ever filed. */
export const REPORT_KINDS = ['problem', 'consultation', 'suggestion', 'praise'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** Steps of a case: the codes behind stage limits, tasks and the facts of grain `task`. */
export const STEPS = [
  'accept',
  'verify',
  'file',
  'dispatch',
  'sign',
  'dispose',
  'sendCheck',
  'check',
  'close',
  // beside the line
  'answer',
  'approve',
  'suspend',
  'consult',
  'inspect',
  'reopen',
  'appeal',
  'keyPatrol',
] as const;
export type Step = (typeof STEPS)[number];

/** How a case ended (`null` while it is open). */
export const OUTCOMES = [
  'closed',
  'declined',
  'rejected',
  'voided',
  'merged',
  'answered',
  'transferred',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Roles = lanes of the process. */
export const ROLES = [
  'collector',
  'operator',
  'shiftLeader',
  'dispatcher',
  'department',
  'crew',
  'inspector',
  'assessor',
  'leader',
  'admin',
] as const;
export type Role = (typeof ROLES)[number];

/** Bare verbs: what a person may do with a task. */
export const ACTIONS = [
  'claim',
  'release',
  'accept',
  'reject',
  'sendVerify',
  'confirm',
  'deny',
  'file',
  'declineFiling',
  'dispatch',
  'redispatch',
  'rework',
  'sign',
  'decline',
  'assign',
  'respond',
  'sendCheck',
  'pass',
  'fail',
  'close',
  'answer',
  'transferOut',
  'sendDistrict',
  'addDepartment',
  'applyReturn',
  'applyExtend',
  'applySuspend',
  'applyDefer',
  'applyVoid',
  'approve',
  'refuse',
  'resume',
  'void',
  'merge',
  'unmerge',
  'supervise',
  'urge',
  'instruct',
  'consult',
  'selfHandle',
  'appeal',
  'rate',
  'notSolved',
  'reopen',
] as const;
export type Action = (typeof ACTIONS)[number];

/** The event that an action leaves in the log: the verb in the past. */
export const EVENT_OF_ACTION: Record<Action, string> = {
  claim: 'task.claimed',
  release: 'task.released',
  accept: 'case.accepted',
  reject: 'case.rejected',
  sendVerify: 'case.verifySent',
  confirm: 'case.confirmed',
  deny: 'case.denied',
  file: 'case.filed',
  declineFiling: 'case.filingDeclined',
  dispatch: 'case.dispatched',
  redispatch: 'case.redispatched',
  rework: 'case.reworked',
  sign: 'assignment.signed',
  decline: 'assignment.declined',
  assign: 'assignment.assigned',
  respond: 'assignment.responded',
  sendCheck: 'case.checkSent',
  pass: 'case.passed',
  fail: 'case.failed',
  close: 'case.closed',
  answer: 'case.answered',
  transferOut: 'case.transferredOut',
  sendDistrict: 'case.sentToDistrict',
  addDepartment: 'case.departmentAdded',
  applyReturn: 'assignment.returnApplied',
  applyExtend: 'assignment.extendApplied',
  applySuspend: 'assignment.suspendApplied',
  applyDefer: 'assignment.deferApplied',
  applyVoid: 'case.voidApplied',
  approve: 'application.approved',
  refuse: 'application.refused',
  resume: 'assignment.resumed',
  void: 'case.voided',
  merge: 'case.merged',
  unmerge: 'case.unmerged',
  supervise: 'case.supervised',
  urge: 'case.urged',
  instruct: 'case.instructed',
  consult: 'case.consulted',
  selfHandle: 'case.selfHandled',
  appeal: 'assignment.appealed',
  rate: 'case.rated',
  notSolved: 'case.notSolved',
  reopen: 'case.reopened',
};

export const EVENT_TYPES = [
  'case.reported',
  'case.reportJoined',
  ...Object.values(EVENT_OF_ACTION),
  'task.moved',
  'task.warned',
  'task.overdue',
  // Done by the system itself
  'case.absorbed',
  'case.parted',
  'case.linked',
  'case.recurred',
  'task.escalated',
  'clock.recomputed',
  'process.migrated',
  // An imported case goes on as one of ours
  'case.adopted',
] as const;

/** 派遣形式: the six forms of dispatch (Shandong guide), and the plain one. */
export const DISPATCH_FORMS = [
  'single',
  'flat',
  'doubleFlow',
  'crossRegion',
  'samePeriod',
  'mainAssist',
  'several',
] as const;
export type DispatchForm = (typeof DISPATCH_FORMS)[number];

/** What an assignment is among its siblings: the district's (it has the children), a make-safe now, assisting. */
export const ASSIGNMENT_PARTS = ['main', 'assist', 'safe', 'district'] as const;
export type AssignmentPart = (typeof ASSIGNMENT_PARTS)[number];

/** 申请: what is applied for beside the work. */
export const APPLICATION_KINDS = [
  'return',
  'extend',
  'suspend',
  'defer',
  'void',
  'reopen',
  'appeal',
] as const;
export type ApplicationKind = (typeof APPLICATION_KINDS)[number];
export const APPLICATION_STATES = ['pending', 'approved', 'refused', 'withdrawn'] as const;
export type ApplicationState = (typeof APPLICATION_STATES)[number];

/** What somebody above the work says of a case. */
export const MARK_KINDS = ['supervise', 'urge', 'instruct'] as const;
export type MarkKind = (typeof MARK_KINDS)[number];

/** How two cases belong together. */
export const LINK_KINDS = ['merged', 'followUp', 'recurrence'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

/** Red is overdue, yellow is past 80 % of the limit; `paused` while the clock stands. */
export const LAMPS = ['green', 'yellow', 'red', 'paused'] as const;
export type Lamp = (typeof LAMPS)[number];

export const LIMIT_UNITS = [
  'urgentMinute',
  'urgentHour',
  'urgentDay',
  'naturalDay',
  'workingHour',
  'workingDay',
] as const;
export type LimitUnit = (typeof LIMIT_UNITS)[number];

export const CATEGORY_KINDS = ['asset', 'event'] as const;
export type CategoryKind = (typeof CATEGORY_KINDS)[number];

export const GRID_KINDS = ['unit', 'patrol', 'disposal'] as const;
export type GridKind = (typeof GRID_KINDS)[number];

export const REGION_KINDS = ['city', 'district', 'street', 'community', 'zone'] as const;
export type RegionKind = (typeof REGION_KINDS)[number];

export const UNIT_KINDS = [
  'supervisionCentre',
  'commandCentre',
  'enforcementCentre',
  'department',
  'crew',
  'patrolTeam',
  'office',
] as const;
export type UnitKind = (typeof UNIT_KINDS)[number];

/** Accuracy of a photo's role in a case. */
export const MEDIA_PURPOSES = ['before', 'verify', 'after', 'check', 'attachment'] as const;
export type MediaPurpose = (typeof MEDIA_PURPOSES)[number];

/** Coordinate systems accepted at the door; everything is stored as WGS 84 (EPSG:4326). */
export const CRS = ['wgs84', 'gcj02', 'bd09'] as const;
export type Crs = (typeof CRS)[number];

/** How far a post may see and act. `region` = its region's tree, `unit` = its unit's tree, `own` = its own items. */
export const SCOPE_KINDS = ['city', 'region', 'unit', 'own'] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/** How an attempt that the audit records ended. */
export const AUDIT_OUTCOMES = ['ok', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** 缺勤事由: why a post is not at work. */
export const ABSENCE_REASONS = ['leave', 'sick', 'training', 'business', 'other'] as const;
export type AbsenceReason = (typeof ABSENCE_REASONS)[number];
