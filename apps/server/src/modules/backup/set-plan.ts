import type { Platform } from '#platform/platform';
import { auditAll } from './base.ts';
import { BackupError } from './errors.ts';
import { Plan } from './plan.ts';
import { readPlan, write } from './state.ts';

/** Changes when backups are made and how long they are kept; the running worker sees it at its next turn. */
export async function setPlan(platform: Platform, change: Partial<Plan>): Promise<Plan> {
  const before = await readPlan(platform.db);
  const parsed = Plan.safeParse({ ...before, ...change });
  if (!parsed.success) {
    const what = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
    throw new BackupError('backup_plan', `the plan cannot be used: ${what}`);
  }
  await write(platform.db, 'backup.plan', parsed.data);
  await auditAll(platform, 'backup.plan', 'ok', { before, after: parsed.data });
  return parsed.data;
}
