import type { CaseBatch } from '@wanmi/contracts';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { sizeText } from '../../shared/size.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { casesQuery } from './queries.ts';
import { Doing } from './RegisterOrder.tsx';
import styles from './transfer.module.css';
import { Uploads } from './Uploads.tsx';
import { codeText } from './words.ts';

const COUNTS = ['read', 'accepted', 'already', 'rejected', 'remarked'] as const;

/** 历史案卷: registers of old cases that are sent and brought in, and what became of their rows. */
export function Cases() {
  const { t } = useTranslation('transfer');
  const list = useInfiniteQuery(casesQuery);
  const batches = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className={styles.scroll}>
      <p className={styles.hint}>{t('cases.hint')}</p>
      <Uploads />
      {list.isPending && <Loading rows={8} />}
      {list.error && batches.length === 0 && (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isSuccess && batches.length === 0 && <Empty title={t('cases.none')} hint={t('cases.noneHint')} />}
      {batches.length > 0 && (
        <ul className={styles.exports}>
          {batches.map((batch) => (
            <One key={batch.id} batch={batch} />
          ))}
        </ul>
      )}
      {batches.length > 0 && <More list={list} />}
    </div>
  );
}

function One({ batch }: { batch: CaseBatch }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  return (
    <li className={styles.card}>
      <div className={styles.line}>
        <strong>
          <Link to="/transfer" search={{ tab: 'cases', batch: batch.id }}>
            {batch.fileName}
          </Link>
        </strong>
        <span className={styles.state} data-state={batch.state}>
          {t(`state.${batch.state}`)}
        </span>
        <span className={styles.quiet}>
          {batch.register} · {sizeText(batch.fileBytes)} · {format.instant(batch.startedAt)}
        </span>
      </div>
      {batch.order?.state === 'running' && <Doing order={batch.order} />}
      <RowCounts batch={batch} />
      <Reasons title={t('reasons')} counts={batch.reasons} />
      <Reasons title={t('cases.remarks')} counts={batch.remarks} />
      <code className={styles.quiet}>{batch.id}</code>
    </li>
  );
}

/** What became of the rows of a register. */
export function RowCounts({ batch }: { batch: CaseBatch }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  return (
    <dl className={styles.counts}>
      {COUNTS.map((name) => (
        <div key={name} data-count={name} data-some={batch[name] > 0}>
          <dt>{t(`cases.count.${name}`)}</dt>
          <dd>{format.number(batch[name])}</dd>
        </div>
      ))}
    </dl>
  );
}

/** In words, with the codes that the reject file and the manual speak of. */
export function Reasons({ title, counts }: { title: string; counts: Readonly<Record<string, number>> }) {
  const format = useFormat();
  const sorted = Object.entries(counts).toSorted((a, b) => b[1] - a[1]);
  if (sorted.length === 0) return null;
  return (
    <p className={styles.line}>
      <span className={styles.quiet}>{title}</span>
      {sorted.map(([code, n]) => (
        <span key={code} className={styles.code}>
          {codeText(code)} <code>{code}</code> <b>{format.number(n)}</b>
        </span>
      ))}
    </p>
  );
}
