import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { integrityQuery } from '../../shared/api/queries.ts';
import { Failure } from '../../shared/states/states.tsx';
import styles from './case.module.css';

/** On request: is the log whole, by which algorithm, and does the day's root agree. */
export function IntegrityBadge({ caseId }: { caseId: string }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const check = useQuery({ ...integrityQuery(caseId), enabled: asked });
  if (!asked) {
    return (
      <button type="button" className={styles.textButton} onClick={() => setAsked(true)}>
        {t('integrity.check')}
      </button>
    );
  }
  if (check.error) return <Failure error={check.error} compact onRetry={() => void check.refetch()} />;
  if (!check.data) return <span className={styles.quiet}>{t('integrity.checking')}</span>;
  const { whole, events, algorithm, head, brokenAt, lastRoot } = check.data;
  return (
    <span className={styles.integrity} data-whole={whole} title={head}>
      <strong>{whole ? t('integrity.whole') : t('integrity.broken', { seq: brokenAt ?? '—' })}</strong>
      <span>{t('integrity.facts', { n: events, algorithm, head: head.slice(0, 12) })}</span>
      {lastRoot && (
        <span>
          {t(lastRoot.included ? 'integrity.rooted' : 'integrity.notRooted', { day: lastRoot.day })}
        </span>
      )}
    </span>
  );
}
