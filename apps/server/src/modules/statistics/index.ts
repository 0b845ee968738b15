export { routes } from './routes.ts';
export { openDayJob, statisticsRelay } from './jobs.ts';
export { dropEmptyCells, rebuildDaily, rebuildFacts, rollUp } from './rebuild.ts';
export { addFacts, addHistoryFacts } from './history.ts';
export { writeOpenDaysOf } from './open-day.ts';
export { withdrawFacts, withdrawOpen } from './withdraw.ts';
// The same fold for what is written in bulk.
export { deltaOf, foldAll, touched, writeRows, type Counted, type Folded } from './apply.ts';
export { NOTHING, type Known } from './fold.ts';
export { addDaily } from './write-repo.ts';
export type { ApplicationFact, AssignmentFact, CaseFact, ReportFact, TaskFact } from './facts.ts';
export { openDays, type OpenFact } from './open-day.ts';
export { loadEvents, loadKnown, READER } from './repo.ts';
