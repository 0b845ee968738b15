import type { Handover } from '@wanmi/contracts';
import { ROLE_NAMES, STEP_NAMES } from '@wanmi/contracts/words';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useText, wordOf } from '../../shared/i18n/text.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import table from '../admin/admin.module.css';
import { More } from '../admin/More.tsx';
import { pagesQuery } from '../admin/usePages.ts';
import styles from './duty.module.css';
import { DUTY } from './queries.ts';

/** What was handed over, newest first. */
export function Handovers() {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const list = useInfiniteQuery({
    ...pagesQuery<Handover>('/duty/handovers', {}),
    queryKey: [...DUTY, 'handovers', 'pages'],
  });
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className={styles.scroll} aria-label={t('duty.tab.handovers')} tabIndex={0}>
      {list.isPending && <Loading rows={8} />}
      {list.error && rows.length === 0 && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && rows.length === 0 && (
        <Empty title={t('handover.none')} hint={t('handover.noneHint')} />
      )}
      {rows.length > 0 && (
        <>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">{t('handover.at')}</th>
                <th scope="col">{t('people.unit')}</th>
                <th scope="col">{t('handover.from')}</th>
                <th scope="col">{t('handover.to')}</th>
                <th scope="col">{t('handover.work')}</th>
                <th scope="col">{t('handover.note')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <tr key={one.id}>
                  <td className={table.nowrap}>{format.instant(one.at)}</td>
                  <td>
                    {text(one.unit.name)} <span className={table.quiet}>{text(ROLE_NAMES[one.role])}</span>
                  </td>
                  <td className={table.nowrap}>{one.from.name}</td>
                  <td className={table.nowrap}>{one.to?.name ?? t('handover.toUnit')}</td>
                  <td>
                    {one.steps
                      .map(({ step, count }) => `${text(wordOf(STEP_NAMES, step))} ${format.number(count)}`)
                      .join(t('list.comma')) || '—'}
                  </td>
                  <td className={styles.noteCell}>{one.note ?? '—'}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <More list={list} />
        </>
      )}
    </section>
  );
}
