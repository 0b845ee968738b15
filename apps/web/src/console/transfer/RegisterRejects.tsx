import type { CaseBatch } from '@wanmi/contracts';
import { DownloadOutlined } from '@ant-design/icons';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { download } from '../../shared/api/upload.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { More } from '../admin/More.tsx';
import { useMay } from '../me.ts';
import { registerRejectsQuery } from './queries.ts';
import styles from './transfer.module.css';
import { codeText } from './words.ts';

/** Rows of a register that were not taken: how many of each reason, then each with what stood in it, masked. */
export function RegisterRejects({ batch }: { batch: CaseBatch }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const mayRaw = useMay('data.exportPersonal');
  const list = useInfiniteQuery(registerRejectsQuery(batch));
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row.cells)))];
  const file = `/transfer/cases/${batch.id}/rejects.csv`;
  return (
    <section className={styles.rejects} aria-label={t('rejects')}>
      <h3 className={styles.title}>{t('rejects')}</h3>
      <ul className={styles.reasons} aria-label={t('cases.reasonsOf')}>
        {Object.entries(batch.reasons)
          .toSorted((a, b) => b[1] - a[1])
          .map(([code, n]) => (
            <li key={code}>
              <strong>{format.number(n)}</strong> {codeText(code)} <code>{code}</code>
            </li>
          ))}
      </ul>
      <div className={styles.actions}>
        <Button icon={<DownloadOutlined aria-hidden />} onClick={() => download(file)}>
          {t('download')}
        </Button>
        {mayRaw && (
          <Button icon={<DownloadOutlined aria-hidden />} onClick={() => download(`${file}?personal=true`)}>
            {t('cases.rejectsRaw')}
          </Button>
        )}
        <span className={styles.quiet}>
          {mayRaw ? t('cases.rejectsRawHint') : t('cases.rejectsRawDenied')}
        </span>
      </div>
      <p className={styles.quiet}>{t('cases.rejectsHint')}</p>
      {columns[0]?.startsWith('#') && <p className={styles.quiet}>{t('cases.noHeadings')}</p>}
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
                  <td>{format.number(row.line)}</td>
                  <td className={styles.why}>
                    {codeText(row.reason)}
                    <code>
                      {row.reason}
                      {row.field !== null && ` · ${row.field}`}
                    </code>
                  </td>
                  {columns.map((column) => (
                    <td key={column}>
                      <div className={styles.cellText}>{row.cells[column] ?? ''}</div>
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
