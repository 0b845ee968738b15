import type { BackupItem, BackupReport } from '@wanmi/contracts';
import { queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { get } from '../../shared/api/client.ts';
import { sizeText } from '../../shared/size.ts';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './backups.module.css';
import { More } from './More.tsx';
import { pagesQuery } from './usePages.ts';

/** Archive and alarms are looked at anew by themselves: this screen may stand open on somebody's second monitor. */
const REFRESH_MS = 15_000;

const reportQuery = queryOptions({
  queryKey: ['backups'],
  queryFn: ({ signal }) => get<BackupReport>('/backups', { signal }),
  refetchInterval: REFRESH_MS,
});

/** 备份: how they stand, what is wrong and what to do about it, and which there are. */
export function Backups() {
  const { t } = useTranslation('backups');
  const report = useQuery(reportQuery);
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t('title')}</h1>
        {report.data?.on && <Plan plan={report.data.plan} />}
      </header>
      <div className={styles.scroll}>
        {report.isPending && <Loading rows={4} />}
        {report.error && !report.data && (
          <Failure error={report.error} onRetry={() => void report.refetch()} />
        )}
        {report.data && <Standing report={report.data} />}
        {report.data && <List now={Date.parse(report.data.now)} last={report.data.last?.id ?? null} />}
      </div>
    </div>
  );
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

function Plan({ plan }: { plan: BackupReport['plan'] }) {
  const { t } = useTranslation('backups');
  const { at, keepDays, keep } = plan;
  const days = DAYS.filter((day) => plan.days.includes(day))
    .map((day) => t(`day.${day}`))
    .join(t('dayJoin'));
  return (
    <p className={styles.quiet}>
      {at === null ? t('plan.off') : days === '' ? t('plan.daily', { at }) : t('plan.weekly', { at, days })}
      {' · '}
      {t('plan.keep', { days: keepDays, n: keep })}
    </p>
  );
}

function Standing({ report }: { report: BackupReport }) {
  const { t } = useTranslation('backups');
  const format = useFormat();
  const { alarms, failures, last, next, archive, check, on, now } = report;
  const ago = (at: string): string =>
    t('ago', { duration: format.duration(Math.max(0, Date.parse(now) - Date.parse(at))) });
  return (
    <>
      {alarms.length === 0 ? (
        <p className={styles.fine} role="status">
          {t('fine')}
        </p>
      ) : (
        <ul className={styles.alarms} aria-label={t('alarms')}>
          {alarms.map((alarm) => (
            <li key={alarm}>
              <strong>{t(`alarm.${alarm}`)}</strong>
              <p>{t(`todo.${alarm}`)}</p>
            </li>
          ))}
        </ul>
      )}
      {on && (
        <dl className={styles.figures}>
          <Figure name={t('last')} note={last && `${format.instant(last.endedAt)} · ${sizeText(last.bytes)}`}>
            {last ? ago(last.endedAt) : t('never')}
          </Figure>
          <Figure name={t('next')}>{format.instant(next)}</Figure>
          <Figure
            name={t('archive')}
            note={archive && archive.bytes > 0 ? t('behind', { size: sizeText(archive.bytes) }) : null}
          >
            {archive?.connected ? t('live') : t('broken')}
          </Figure>
          <Figure name={t('check')} note={check && ago(check.at)}>
            {!check ? t('never') : check.faults === 0 ? t('whole') : t('faults', { n: check.faults })}
          </Figure>
        </dl>
      )}
      {failures.length > 0 && (
        <section aria-label={t('failures')}>
          <h2>{t('failures')}</h2>
          <ul className={styles.failures}>
            {failures.map(({ part, code, since }) => (
              <li key={part}>
                {t('failing', { part: t(`part.${partOf(part)}`), code, since: format.instant(since) })}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

const PARTS = ['backup', 'schedule', 'archive', 'files', 'pack'] as const;
const partOf = (part: string) => PARTS.find((one) => one === part) ?? 'other';

function Figure({ name, note, children }: { name: string; note?: string | null; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
      {note && <dd className={styles.quiet}>{note}</dd>}
    </div>
  );
}

/** `last`: with a new backup the list is another one. */
function List({ now, last }: { now: number; last: string | null }) {
  const { t } = useTranslation('backups');
  const list = useInfiniteQuery({
    ...pagesQuery<BackupItem>('/backups/items', {}),
    queryKey: ['pages', '/backups/items', { last: last ?? undefined }],
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className={styles.list} aria-label={t('list')}>
      <h2>{t('list')}</h2>
      <p className={styles.quiet}>{t('hint')}</p>
      {list.isPending && <Loading rows={5} />}
      {list.error && items.length === 0 && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && items.length === 0 && <Empty title={t('none')} hint={t('noneHint')} />}
      {items.length > 0 && (
        <>
          <div className={styles.tableBox} tabIndex={0}>
            <table className={styles.table}>
              <thead>
                <tr>
                  {(['at', 'age', 'bytes', 'check', 'cause', 'took', 'files'] as const).map((column) => (
                    <th key={column} scope="col">
                      {t(`of.${column}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {items.map((item) => (
                  <Row key={item.id} item={item} now={now} />
                ))}
              </tbody>
            </table>
          </div>
          <More list={list} />
        </>
      )}
    </section>
  );
}

function Row({ item, now }: { item: BackupItem; now: number }) {
  const { t } = useTranslation('backups');
  const format = useFormat();
  const ended = Date.parse(item.endedAt);
  return (
    <tr>
      <th scope="row">{format.instant(item.endedAt)}</th>
      <td className={styles.nowrap}>{t('ago', { duration: format.duration(Math.max(0, now - ended)) })}</td>
      <td className={styles.nowrap}>{sizeText(item.bytes)}</td>
      <td>
        <span className={styles.outcome} data-check={item.check}>
          {t(`checked.${item.check}`)}
        </span>
      </td>
      <td className={styles.nowrap}>{t(`cause.${item.cause}`)}</td>
      <td className={styles.nowrap}>{format.duration(ended - Date.parse(item.startedAt))}</td>
      <td>{format.number(item.files)}</td>
    </tr>
  );
}
