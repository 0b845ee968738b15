export { routes } from './routes.ts';
export { atWork, onDuty, plannedDepartments } from './on-duty.ts';
export type { DutyFilter, OnDutyPost } from './on-duty.ts';
export { absenceLoop, type AbsenceLoop } from './jobs.ts';
export { movePlans } from './org-changes.ts';
export { seedDuty } from './seed.ts';
