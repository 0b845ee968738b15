export { routes } from './routes.ts';
export { sweepUnusedMedia, workerBackground } from './jobs.ts';
export { mediaOfCase, usableMedia } from './service.ts';
export { provideCaseScope, type CaseScope } from './visibility.ts';
