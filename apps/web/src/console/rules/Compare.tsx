import type { Publication } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { DiffView } from './DiffView.tsx';
import { publicationDiffQuery } from './queries.ts';
import styles from './rules.module.css';

/** What a publication changed, or how any two differ. */
export function Compare({
  publications,
  from,
  to,
  onChange,
  onClose,
}: {
  publications: readonly Publication[];
  from: string | undefined;
  to: string;
  onChange: (next: { from?: string | undefined; to: string }) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  const diff = useQuery(publicationDiffQuery(to, from));
  const options = publications.map((one) => ({
    value: one.id,
    label: t('version', { n: one.version }),
  }));
  return (
    <section className={styles.card} aria-label={t('history.compare')}>
      <div className={styles.filters}>
        <Select
          aria-label={t('history.compareFrom')}
          className={styles.versionSelect!}
          value={from ?? ''}
          options={[{ value: '', label: t('history.before') }, ...options.filter((one) => one.value !== to)]}
          onChange={(next: string) => onChange({ from: next || undefined, to })}
        />
        <span aria-hidden>→</span>
        <Select
          aria-label={t('history.compareTo')}
          className={styles.versionSelect!}
          value={to}
          options={options}
          onChange={(next: string) => onChange({ from: from === next ? undefined : from, to: next })}
        />
        {diff.data && diff.data.files.length > 0 && (
          <span className={styles.quiet} role="status">
            {t('difference.countPlain', { n: format.number(diff.data.files.length) })}
          </span>
        )}
        <span className={styles.lineActions}>
          <button type="button" className={styles.close} aria-label={t('history.close')} onClick={onClose}>
            ×
          </button>
        </span>
      </div>
      {diff.error && <Failure error={diff.error} onRetry={() => void diff.refetch()} />}
      {diff.isPending && <Loading rows={4} />}
      {diff.data &&
        (diff.data.files.length === 0 ? (
          <Empty title={t('history.same')} hint={t('history.sameHint')} />
        ) : (
          <DiffView diff={diff.data} />
        ))}
    </section>
  );
}
