export { routes } from './routes.ts';
export { actOnTask } from './act.ts';
export { commandHash, emptyWrites, isUniqueViolation, replayed, type CommandMeta } from './command.ts';
export {
  joinCase,
  openCase,
  type KeptReply,
  type KeptSimilar,
  type Opening,
  type OpeningDecision,
  type Place,
} from './open.ts';
export { findReplays } from './repo.ts';
export type { ReportRow } from './rows.ts';
export { caseScopeSql, caseVisibleTo, requireVisibleCase, visibleCaseSql, type CaseKeys } from './scope.ts';
export { eachOf } from './newest.ts';
export { VARIABLES } from './vars.ts';
export { BLIND_ROLES } from './policy.ts';
export {
  heldCounts,
  mayTake,
  moveTasks,
  moveWork,
  tasksHeldBy,
  type HeldTask,
  type TaskMove,
} from './handover.ts';
export { departmentsOnDuty, providePlannedDepartments, type PlannedDepartment } from './on-duty.ts';
export { fireTimer, type DueTimer } from './timers.ts';
export { recomputeClocks } from './recomputing.ts';
export { beginMove, checkMove, type MoveAsk } from './moving.ts';
export { tryMove } from './moving-report.ts';
export { listProcesses, readMove } from './moving-repo.ts';
export { movingLoop, runMoves } from './moving-run.ts';
export { appendEvent, LOG_ALGORITHM } from './state.ts';
// Pure: what tries rules on cases of the past asks the same questions as a command.
export { lengthOf, mayAsk } from './applications.ts';
export { approvalFor, dispatchesItself } from './decisions.ts';
export { SIDE_STEPS } from './effects.ts';
export { mayStillDecline } from './prepare.ts';
export { varsOf, type ApplicationFacts, type AssignmentFacts } from './vars.ts';
export {
  addHistory,
  LIVED,
  textHash,
  type HistoryAssignment,
  type HistoryCase,
  type HistoryEntry,
} from './history.ts';
export { adoptCases, tryAdopting } from './adopting.ts';
// What a command amounts to, without writing it: years of a city are generated in memory.
export { awaitedBy } from './awaited.ts';
export { formContextOf } from './case-actions.ts';
export { surroundingsOf } from './effects.ts';
export { draftFollowUp } from './follow-up.ts';
export { draftCase, draftJoin, type CaseDraft } from './open.ts';
export { tellOther } from './merging.ts';
export { prepare, type Command } from './prepare.ts';
export { ringDrawn } from './process-timer.ts';
export { loadCases } from './repo.ts';
export type { Loaded, Writes } from './rows.ts';
export type { ApplicationState, AssignmentState, CaseState, MarkState, TaskState } from './state.ts';
export { ring } from './timers.ts';
