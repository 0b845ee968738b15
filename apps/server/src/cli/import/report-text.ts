import type { ImportReport } from '#modules/importing';

type Counted = ImportReport['byType'][number];

/** The report as text for a terminal or a page. */
export function reportText(report: ImportReport): string {
  const { read, accepted, already, rejected, warned, onTime } = report;
  const pairs = (counts: Readonly<Record<string, number>>): string[] =>
    Object.entries(counts)
      .sort((a, b) => b[1] - a[1])
      .map(([name, n]) => `  ${name}  ${n}`);
  const list = (title: string, rows: readonly Counted[]): string[] => [
    '',
    `${title} (rows, open)`,
    ...rows.map(({ name, rows: n, open }) => `  ${name || '(empty)'}  ${n}  ${open}`),
  ];
  return [
    `${report.file}  sha256 ${report.sha256}`,
    `batch ${report.batch}, ${report.state}, ${report.startedAt} to ${report.endedAt ?? '-'}`,
    `${read} read = ${accepted} accepted + ${already} known from before + ${rejected} rejected`,
    ...pairs(report.rejects),
    `${warned} accepted with a remark`,
    ...pairs(report.warnings),
    'counted',
    ...pairs(report.marks),
    `${report.closed} ended, ${report.open} open; ${report.withPosition} with a position, ${report.withoutPosition} without`,
    '',
    `on time by the dates: ${onTime.ours.onTime}; late: ${onTime.ours.late}; open and not yet due: ${onTime.ours.running}; nothing promised: ${onTime.ours.none}`,
    `the register's flag compared in ${onTime.compared} rows: ${onTime.disagree} disagree (on time by the flag and late by the dates ${onTime.saidOnTime}, the other way round ${onTime.saidLate}, no flag where the dates judge ${onTime.silent})`,
    `the flag stands where nothing was promised: ${onTime.withoutDue}`,
    ...onTime.table.map(
      ({ said, ours, open, rows }) => `  ${said || '(empty)'}  ${ours}  ${open ? 'open' : 'ended'}  ${rows}`,
    ),
    ...list('by month', report.byMonth),
    ...list('by source', report.bySource),
    ...list('by our source', report.byOurSource),
    ...list('by agency', report.byAgency),
    ...list('by status', report.byStatus),
    ...list('by type', report.byType),
  ].join('\n');
}
