export { routes } from './routes.ts';
export { openDayJob, statisticsRelay } from './jobs.ts';
export { dropEmptyCells, READER, rebuildDaily, rebuildFacts, rollUp } from './rebuild.ts';
export { writeHistoryFacts } from './history.ts';
export { withdrawFacts } from './withdraw.ts';
