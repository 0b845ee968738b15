import type { CaseDetail, Report } from '@wanmi/contracts';
import { KIND_NAMES, SOURCE_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { caseReportsQuery } from '../../shared/api/queries.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './case.module.css';
import { Reveal, type Revealed } from './Reveal.tsx';

/** The messages behind the case; who sent them is masked until somebody says why they must know. */
export function Reports({ detail }: { detail: CaseDetail }) {
  const { t } = useTranslation();
  const reports = useQuery(caseReportsQuery(detail.id));
  const [asking, setAsking] = useState(false);
  const [revealed, setRevealed] = useState<Revealed[]>([]);
  const someone = reports.data?.items.some((one) => one.reporter?.masked) ?? false;
  return (
    <section aria-label={t('report.title')}>
      <header className={styles.sectionHead}>
        <h2>{t('report.title')}</h2>
        {someone && detail.can.revealReporter && revealed.length === 0 && (
          <button type="button" className={styles.textButton} onClick={() => setAsking(true)}>
            {t('reveal.ask')}
          </button>
        )}
      </header>
      {reports.error && <Failure error={reports.error} compact onRetry={() => void reports.refetch()} />}
      <ul className={styles.reports}>
        {reports.data?.items.map((report) => (
          <ReportRow
            key={report.id}
            report={report}
            same={report.description === detail.description}
            revealed={revealed.find((one) => one.reportId === report.id)}
          />
        ))}
      </ul>
      {asking && (
        <Reveal
          caseId={detail.id}
          onClose={() => setAsking(false)}
          onRevealed={(items) => {
            setRevealed(items);
            setAsking(false);
          }}
        />
      )}
    </section>
  );
}

function ReportRow({
  report,
  same,
  revealed,
}: {
  report: Report;
  same: boolean;
  revealed: Revealed | undefined;
}) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const reporter = revealed ?? report.reporter;
  return (
    <li>
      <p className={styles.reportLine}>
        <span>{format.instant(report.reportedAt)}</span>
        <span>{text(SOURCE_NAMES[report.source])}</span>
        {report.kind !== 'problem' && <span>{text(KIND_NAMES[report.kind])}</span>}
        {reporter && (
          <span data-revealed={revealed !== undefined} className={styles.reporter}>
            {[reporter.name, reporter.phone].filter(Boolean).join(' ') ||
              t(report.reporter?.erased ? 'report.erased' : 'report.anonymous')}
          </span>
        )}
        {report.externalRef && (
          <span className={styles.quiet}>{t('report.externalRef', { ref: report.externalRef })}</span>
        )}
      </p>
      {!same && <p>{report.description}</p>}
    </li>
  );
}
