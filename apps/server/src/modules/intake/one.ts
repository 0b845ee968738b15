import type { EraseReply, ReportDetail } from '@wanmi/contracts';
import type { z } from 'zod';
import { audit } from '#modules/audit';
import { BLIND_ROLES } from '#modules/cases';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { maskPersonal } from '#platform/personal';
import type { Platform } from '#platform/platform';
import { eraseReporter, findReport, readAnswer } from './repo.ts';
import { controlsOfReport } from './submit.ts';

/** One report of a case in scope, with what was told. @throws notFound */
export async function reportDetail(
  platform: Platform,
  actor: Actor,
  reportId: string,
): Promise<ReportDetail> {
  const report = await findReport(platform, actor, reportId);
  if (!report) throw problem('notFound');
  const told = await readAnswer(platform.db, report.caseId);
  return {
    ...report,
    answer: told && { ...told, at: told.at.toISOString() },
    controls: await controlsOfReport(platform, actor.cityId, reportId),
  };
}

/**
 * Erases who reported: name and number, for ever. The words of the report stay, and so does the log, in which they
 * never stood. Erased once is erased: asked again, it answers with the first moment.
 * @throws notFound, permission.denied
 */
export async function eraseReporterOf(
  platform: Platform,
  actor: Actor,
  reportId: string,
  reason: string,
  meta: Pick<CommandMeta, 'requestId' | 'ip'>,
): Promise<z.output<typeof EraseReply>> {
  // Whatever a city grants them (domain.md).
  if (BLIND_ROLES.has(actor.role)) throw problem('permission.denied');
  if (!(await findReport(platform, actor, reportId))) throw problem('notFound');
  const at = new Date(platform.clock.now());
  const erasedAt = await platform.db.transaction().execute(async (trx) => {
    const erased = await eraseReporter(trx, actor.cityId, reportId, at);
    await audit(trx, platform, {
      actor,
      action: 'reporter.erase',
      entity: 'report',
      entityId: reportId,
      outcome: 'ok',
      requestId: meta.requestId,
      ip: meta.ip,
      detail: { reason: maskPersonal(reason), named: erased !== null },
    });
    return erased;
  });
  return { erasedAt: erasedAt?.toISOString() ?? null };
}
