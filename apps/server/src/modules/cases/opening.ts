import { createHash } from 'node:crypto';
import type { EventPayload } from '@wanmi/contracts';
import type { ReportRow } from './rows.ts';

/** A report as the log has it. */
export function reportOf(report: ReportRow, joined: boolean): NonNullable<EventPayload['report']> {
  return {
    id: report.id,
    kind: report.kind as 'problem',
    source: report.source as 'collector',
    categoryId: report.categoryId,
    assetId: report.assetId,
    postId: report.postId,
    reportedAt: new Date(report.reportedAt).toISOString(),
    // The words may name people: the log keeps only proof that they were not changed.
    textHash: createHash('sha256').update(report.description).digest('hex'),
    joined,
  };
}
