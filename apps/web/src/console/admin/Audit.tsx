import type { AuditOutcome, AuditRow, Person } from '@wanmi/contracts';
import { AUDIT_OUTCOMES } from '@wanmi/contracts/words';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Input, Select } from 'antd';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty, Failure, Loading } from '../../shared/states/states.tsx';
import { dayStart, nextDay } from '../../shared/time/format.ts';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { useMay } from '../me.ts';
import type { AuditSearch } from '../router.tsx';
import { DayRange } from '../widgets/DayRange.tsx';
import styles from './admin.module.css';
import { More } from './More.tsx';
import { pagesQuery } from './usePages.ts';

/** Who did what, newest first: writes, refusals, looks at a reporter's identity. */
export function Audit() {
  const { t } = useTranslation();
  const format = useFormat();
  const timeZone = useTimeZone();
  const search = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const [action, setAction] = useState(search.action ?? '');
  const list = useInfiniteQuery(
    pagesQuery<AuditRow>('/audit', {
      ...search,
      from: search.from ? new Date(dayStart(search.from, timeZone)).toISOString() : undefined,
      to: search.to ? new Date(dayStart(nextDay(search.to), timeZone)).toISOString() : undefined,
    }),
  );
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  const names = usePeopleNames();

  function change(next: { [K in keyof AuditSearch]?: string | undefined }) {
    const merged = Object.entries({ ...search, ...next }).filter(([, value]) => value);
    void navigate({ search: Object.fromEntries(merged), replace: true });
  }

  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t('room.audit')}</h1>
        <div className={styles.filters}>
          <Input
            allowClear
            aria-label={t('audit.action')}
            placeholder={t('audit.actionHint')}
            value={action}
            onChange={(event) => setAction(event.target.value)}
            onBlur={() => change({ action: action.trim() || undefined })}
            onPressEnter={() => change({ action: action.trim() || undefined })}
          />
          <Select
            aria-label={t('audit.outcome')}
            value={search.outcome ?? ''}
            options={[
              { value: '', label: t('audit.anyOutcome') },
              ...AUDIT_OUTCOMES.map((one) => ({ value: one as string, label: t(`audit.outcomes.${one}`) })),
            ]}
            onChange={(outcome: string) => change({ outcome: outcome || undefined })}
          />
          <DayRange
            id="audit-days"
            from={search.from}
            to={search.to}
            onChange={(from, to) => change({ from, to })}
          />
          {search.personId && (
            <button type="button" className={styles.more} onClick={() => change({ personId: undefined })}>
              {t('audit.person', { name: names.get(search.personId) ?? search.personId })} ×
            </button>
          )}
          {search.entityId && (
            <button type="button" className={styles.more} onClick={() => change({ entityId: undefined })}>
              {search.entityId} ×
            </button>
          )}
        </div>
      </header>
      {list.error && rows.length === 0 && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Loading rows={10} />}
      {list.isSuccess && rows.length === 0 && <Empty title={t('audit.none')} hint={t('cases.noMatchHint')} />}
      {rows.length > 0 && (
        <section className={styles.scroll} aria-label={t('room.audit')} tabIndex={0}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('audit.at')}</th>
                <th scope="col">{t('audit.who')}</th>
                <th scope="col">{t('audit.action')}</th>
                <th scope="col">{t('audit.outcome')}</th>
                <th scope="col">{t('audit.entity')}</th>
                <th scope="col">{t('audit.from')}</th>
                <th scope="col">{t('audit.detail')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id} data-outcome={row.outcome}>
                  <td className={styles.nowrap}>{format.instant(row.at, true)}</td>
                  <td className={styles.nowrap}>
                    {row.personId ? (
                      <button
                        type="button"
                        className={styles.textButton}
                        onClick={() => change({ personId: row.personId ?? undefined })}
                      >
                        {names.get(row.personId) ?? row.personId.slice(0, 8)}
                      </button>
                    ) : (
                      t('timeline.system')
                    )}
                  </td>
                  <td>
                    <code>{row.action}</code>
                  </td>
                  <td>
                    <Outcome outcome={row.outcome} />
                  </td>
                  <td>
                    <Entity row={row} />
                  </td>
                  <td className={styles.nowrap}>{row.ip ?? '—'}</td>
                  <td className={styles.detail}>{detailText(row.detail)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <More list={list} />
        </section>
      )}
    </div>
  );
}

function Outcome({ outcome }: { outcome: AuditOutcome }) {
  const { t } = useTranslation();
  return (
    <span className={styles.outcome} data-outcome={outcome}>
      {t(`audit.outcomes.${outcome}`)}
    </span>
  );
}

function Entity({ row }: { row: AuditRow }) {
  if (!row.entity) return '—';
  if (row.entity === 'case' && row.entityId) {
    return (
      <Link to="/cases/$caseId" params={{ caseId: row.entityId }} preload={false}>
        {row.entity}
      </Link>
    );
  }
  return row.entity;
}

function detailText(detail: AuditRow['detail']): string {
  if (!detail) return '—';
  return Object.entries(detail)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');
}

/** Names of the people in the log, for those who may read the organisation. */
function usePeopleNames(): ReadonlyMap<string, string> {
  const may = useMay('org.write');
  const people = useInfiniteQuery({
    ...pagesQuery<Person>('/people', { limit: 200 }),
    enabled: may,
    staleTime: 300_000,
  });
  return useMemo(
    () => new Map(people.data?.pages.flatMap((page) => page.items.map((one) => [one.id, one.name] as const))),
    [people.data],
  );
}
