export { routes } from './routes.ts';
export { actOnTask, commandHash, replayed, type CommandMeta } from './act.ts';
export { joinCase, openCase, type Opening, type Place } from './open.ts';
export { findReplay, type ReportRow } from './repo.ts';
export { caseScopeSql, caseVisibleTo, requireVisibleCase, visibleCaseSql, type CaseKeys } from './scope.ts';
export { searchSql } from './lists.ts';
export { fireTimer, type DueTimer } from './timers.ts';
export { appendEvent, LOG_ALGORITHM } from './state.ts';
