import type { CaseBatch } from '@wanmi/contracts';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { sizeText } from '../../shared/size.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { Reasons, RowCounts } from './Counts.tsx';
import { FileCard } from './FileHead.tsx';
import { casesQuery, isComing, uploadsQuery } from './queries.ts';
import { Doing } from './RegisterOrder.tsx';
import styles from './transfer.module.css';
import { Uploads } from './Uploads.tsx';

/** 历史案卷: registers of old cases that are sent and brought in, and what became of their rows. */
export function Cases() {
  const { t } = useTranslation('transfer');
  const list = useInfiniteQuery(casesQuery);
  const uploads = useInfiniteQuery(uploadsQuery);
  // One that still comes in is told of among what was sent, where it is paused and stopped.
  const coming = new Set(
    uploads.data?.pages.flatMap((page) =>
      page.items.flatMap((one) => (isComing(one) && one.batchId ? [one.batchId] : [])),
    ),
  );
  const batches = (list.data?.pages.flatMap((page) => page.items) ?? []).filter(({ id }) => !coming.has(id));
  return (
    <div className={styles.scroll}>
      <p className={styles.hint}>{t('cases.hint')}</p>
      <Uploads />
      {list.isPending && <Loading rows={8} />}
      {list.error && batches.length === 0 && (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isSuccess && batches.length === 0 && coming.size === 0 && (
        <Empty title={t('cases.none')} hint={t('cases.noneHint')} />
      )}
      {batches.length > 0 && (
        <section className={styles.rejects} aria-label={t('cases.in')}>
          <h3 className={styles.title}>{t('cases.in')}</h3>
          <ul className={styles.exports}>
            {batches.map((batch) => (
              <One key={batch.id} batch={batch} />
            ))}
          </ul>
          <More list={list} />
        </section>
      )}
    </div>
  );
}

function One({ batch }: { batch: CaseBatch }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  return (
    <FileCard
      name={batch.fileName}
      to={{ batch: batch.id }}
      state={{ code: batch.state, word: t(`state.${batch.state}`) }}
      said={`${batch.register} · ${sizeText(batch.fileBytes)} · ${format.instant(batch.startedAt)}`}
    >
      {batch.order?.state === 'running' && <Doing order={batch.order} />}
      <RowCounts of={batch} />
      <Reasons title={t('reasons')} counts={batch.reasons} />
      <Reasons title={t('cases.remarks')} counts={batch.remarks} />
      <code className={styles.quiet}>{batch.id}</code>
    </FileCard>
  );
}
