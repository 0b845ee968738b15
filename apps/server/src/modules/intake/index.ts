export { routes } from './routes.ts';
export { submitReport } from './submit.ts';
// For whoever makes cases without writing them one by one.
export { openingOf } from './opening.ts';
export { controlsOf, requireCollected } from './submit.ts';
