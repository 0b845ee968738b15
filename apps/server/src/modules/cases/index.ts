export { routes } from './routes.ts';
export { actOnTask } from './act.ts';
export { commandHash, replayed, type CommandMeta } from './command.ts';
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
export { fireTimer, type DueTimer } from './timers.ts';
export { appendEvent, LOG_ALGORITHM } from './state.ts';
