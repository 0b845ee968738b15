export { audit, onRefused, recorder } from './record.ts';
export type { AuditEntry } from './record.ts';
export { routes } from './routes.ts';
