import type { TransferBatch } from '@wanmi/contracts';
import { DownloadOutlined } from '@ant-design/icons';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { rejectsQuery } from './queries.ts';
import styles from './transfer.module.css';
import { download } from '../../shared/api/upload.ts';
import { fieldText, reasonText } from './words.ts';

/** Rows that were not taken: how many of each reason, then each with what stood in it. */
export function Rejects({ batch }: { batch: TransferBatch }) {
  const { t } = useTranslation('transfer');
  const text = useText();
  const format = useFormat();
  const list = useInfiniteQuery({ ...rejectsQuery(batch.id, batch.read), enabled: batch.rejected > 0 });
  if (batch.rejected === 0) return <p className={styles.quiet}>{t('noRejects')}</p>;
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row.cells)))];
  const words = (reason: string) => {
    const known = reasonText(reason);
    return known ? text(known) : reason;
  };
  return (
    <section className={styles.rejects} aria-label={t('rejects')}>
      <div className={styles.actions}>
        <h3>{t('rejects')}</h3>
        <Button
          icon={<DownloadOutlined aria-hidden />}
          onClick={() => download(`/transfer/imports/${batch.id}/rejects.csv`)}
        >
          {t('download')}
        </Button>
        <span className={styles.quiet}>{t('rejectsHint')}</span>
      </div>
      <ul className={styles.reasons} aria-label={t('reasons')}>
        {Object.entries(batch.reasons)
          .sort((a, b) => b[1] - a[1])
          .map(([reason, count]) => (
            <li key={reason}>
              <strong>{format.number(count)}</strong> {words(reason)}
            </li>
          ))}
      </ul>
      {list.isPending && <Loading rows={4} />}
      {list.error && rows.length === 0 && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {rows.length > 0 && (
        <div className={styles.tableBox} tabIndex={0} role="region" aria-label={t('rejects')}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('line')}</th>
                <th scope="col">{t('reason')}</th>
                {columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.row}>
                  <td>{row.line}</td>
                  <td className={styles.why}>
                    {row.field !== null && <b>{text(fieldText(batch.kind, row.field))}</b>}{' '}
                    {words(row.reason)}
                    <code>{row.reason}</code>
                  </td>
                  {columns.map((column) => (
                    <td key={column} className={styles.cell}>
                      {row.cells[column] ?? ''}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          <More list={list} />
        </div>
      )}
    </section>
  );
}
