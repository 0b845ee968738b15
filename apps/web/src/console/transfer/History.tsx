import { TRANSFER_KIND_NAMES, TRANSFER_KINDS, type TransferKind } from '@wanmi/contracts/words';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { batchesQuery } from './queries.ts';
import styles from './transfer.module.css';
import { stateOf } from './words.ts';

/** Every file that was tried or imported, the newest first. */
export function History() {
  const { t } = useTranslation('transfer');
  const text = useText();
  const format = useFormat();
  const [kind, setKind] = useState<TransferKind | ''>('');
  const list = useInfiniteQuery(batchesQuery(kind));
  const batches = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className={styles.scroll}>
      <div className={styles.actions}>
        <Select
          aria-label={t('of.kind')}
          className={styles.select!}
          value={kind}
          options={[
            { value: '' as TransferKind | '', label: t('anyKind') },
            ...TRANSFER_KINDS.map((one) => ({ value: one, label: text(TRANSFER_KIND_NAMES[one]) })),
          ]}
          onChange={setKind}
        />
      </div>
      {list.isPending && <Loading rows={8} />}
      {list.error && batches.length === 0 && (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isSuccess && batches.length === 0 && <Empty title={t('none')} hint={t('noneHint')} />}
      {batches.length > 0 && (
        <div className={styles.tableBox} tabIndex={0} role="region" aria-label={t('tab.history')}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('of.file')}</th>
                <th scope="col">{t('of.kind')}</th>
                <th scope="col">{t('of.at')}</th>
                <th scope="col">{t('of.state')}</th>
                <th scope="col" className={styles.number}>
                  {t('count.created')}
                </th>
                <th scope="col" className={styles.number}>
                  {t('count.changed')}
                </th>
                <th scope="col" className={styles.number}>
                  {t('count.unchanged')}
                </th>
                <th scope="col" className={styles.number}>
                  {t('count.rejected')}
                </th>
              </tr>
            </thead>
            <tbody>
              {batches.map((batch) => (
                <tr key={batch.id}>
                  <th scope="row">
                    <Link to="/transfer" search={{ tab: 'history', batch: batch.id }}>
                      {batch.fileName}
                    </Link>
                  </th>
                  <td>{text(TRANSFER_KIND_NAMES[batch.kind])}</td>
                  <td className={styles.nowrap}>{format.instant(batch.startedAt)}</td>
                  <td>
                    <span className={styles.state} data-state={batch.state}>
                      {t(`state.${stateOf(batch)}`)}
                    </span>
                  </td>
                  {(['created', 'changed', 'unchanged', 'rejected'] as const).map((name) => (
                    <td key={name} className={styles.number}>
                      {format.number(batch[name])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          <More list={list} />
        </div>
      )}
    </div>
  );
}
