export { routes } from './routes.ts';
export { submitReport } from './submit.ts';
