import type { Overview } from '@wanmi/contracts';
import { SOURCE_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Select } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { overviewQuery, regionsQuery } from '../../shared/api/queries.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import type { CaseSearch } from '../cases/search.ts';
import { DayRange } from '../widgets/DayRange.tsx';
import { Bars, Days } from './Charts.tsx';
import styles from './statistics.module.css';

/** The figures of a period. Each one opens the list behind it, where the list can be asked for the same thing. */
export function Statistics() {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const search = useSearch({ from: '/statistics' });
  const navigate = useNavigate({ from: '/statistics' });
  const overview = useQuery({ ...overviewQuery(search), placeholderData: (before) => before });
  const regions = useQuery(regionsQuery);

  function change(next: { [K in 'from' | 'to' | 'regionId']?: string | undefined }) {
    const merged = Object.entries({ ...search, ...next }).filter(([, value]) => value);
    void navigate({ search: Object.fromEntries(merged), replace: true });
  }

  const data = overview.data;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t('room.statistics')}</h1>
        {data && (
          <span className={styles.quiet}>
            {t('statistics.period', { from: data.from, to: data.to, asOf: format.instant(data.asOf) })}
          </span>
        )}
        <div className={styles.filters}>
          <DayRange
            id="statistics-days"
            from={search.from ?? data?.from}
            to={search.to ?? data?.to}
            onChange={(from, to) => change({ from, to })}
          />
          <Select
            aria-label={t('fact.region')}
            className={styles.region ?? ''}
            value={search.regionId ?? ''}
            showSearch={{ optionFilterProp: 'label' }}
            options={[
              { value: '', label: t('statistics.wholeCity') },
              ...(regions.data ?? [])
                .filter((one) => one.kind === 'district' || one.kind === 'street')
                .map((one) => ({ value: one.id, label: text(one.name) })),
            ]}
            onChange={(regionId: string) => change({ regionId: regionId || undefined })}
          />
        </div>
      </header>
      {overview.error && !data && <Failure error={overview.error} onRetry={() => void overview.refetch()} />}
      {overview.isPending && <Loading rows={10} />}
      {data && <Figures data={data} regionId={search.regionId} />}
    </div>
  );
}

function Figures({ data, regionId }: { data: Overview; regionId: string | undefined }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const here: CaseSearch = regionId ? { regionId } : {};
  const period: CaseSearch = { ...here, from: data.from, to: data.to };
  return (
    <>
      <dl className={styles.figures}>
        <Figure name={t('statistics.reported')} value={format.number(data.reported)} to={period} />
        <Figure name={t('statistics.filed')} value={format.number(data.filed)} />
        <Figure name={t('statistics.dispatched')} value={format.number(data.dispatched)} />
        <Figure name={t('statistics.closed')} value={format.number(data.closed)} />
        <Figure
          name={t('statistics.onTime')}
          value={format.percent(data.closedOnTime, data.closed)}
          note={t('statistics.of', { n: format.number(data.closedOnTime), of: format.number(data.closed) })}
        />
        <Figure name={t('statistics.open')} value={format.number(data.open)} to={{ ...here, open: 'true' }} />
        <Figure
          name={t('statistics.openOverdue')}
          value={format.number(data.openOverdue)}
          note={t('statistics.now')}
        />
      </dl>
      <Panel title={t('statistics.byDay')} wide>
        <Days days={data.byDay} />
      </Panel>
      <div className={styles.grid}>
        <Panel title={t('statistics.byCategory')}>
          <Bars
            rows={data.byCategory.slice(0, 12).map((one) => ({
              key: one.category.id,
              name: text(one.category.name),
              value: one.reported,
              to: { ...period, categoryId: one.category.id },
            }))}
          />
        </Panel>
        <Panel title={t('statistics.bySource')}>
          <Bars
            rows={data.bySource.map((one) => ({
              key: one.source,
              name: text(SOURCE_NAMES[one.source]),
              value: one.reported,
              to: { ...period, source: one.source },
            }))}
          />
        </Panel>
      </div>
      <Panel title={t('statistics.byDepartment')} wide>
        <Departments data={data} here={here} />
      </Panel>
      <Panel title={t('statistics.byDistrict')} wide>
        <Districts data={data} period={period} />
      </Panel>
    </>
  );
}

function Figure({ name, value, note, to }: { name: string; value: string; note?: string; to?: CaseSearch }) {
  return (
    <div className={styles.figure}>
      <dt>{name}</dt>
      <dd>
        {to ? (
          <Link to="/cases" search={to}>
            {value}
          </Link>
        ) : (
          value
        )}
        {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

function Panel({ title, children }: { title: string; wide?: boolean; children: ReactNode }) {
  return (
    <section className={styles.panel} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Departments({ data, here }: { data: Overview; here: CaseSearch }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  if (data.byDepartment.length === 0) return <p className={styles.quiet}>{t('statistics.nothing')}</p>;
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('fact.department')}</th>
            <th scope="col">{t('statistics.dispatched')}</th>
            <th scope="col">{t('statistics.responded')}</th>
            <th scope="col">{t('statistics.respondedOnTime')}</th>
            <th scope="col">{t('statistics.rate')}</th>
            <th scope="col">{t('statistics.overdue')}</th>
            <th scope="col">{t('statistics.open')}</th>
          </tr>
        </thead>
        <tbody>
          {data.byDepartment.map((one) => (
            <tr key={one.unit.id}>
              <th scope="row">{text(one.unit.name)}</th>
              <td>{format.number(one.dispatched)}</td>
              <td>{format.number(one.responded)}</td>
              <td>{format.number(one.onTime)}</td>
              <td>
                <span className={styles.share} aria-hidden>
                  <svg viewBox="0 0 100 6" preserveAspectRatio="none">
                    <rect width="100" height="6" className={styles.track} />
                    <rect
                      width={one.responded === 0 ? 0 : (100 * one.onTime) / one.responded}
                      height="6"
                      className={styles.bar}
                    />
                  </svg>
                </span>
                {format.percent(one.onTime, one.responded)}
              </td>
              <td>{format.number(one.overdue)}</td>
              <td>
                <Link to="/cases" search={{ ...here, unitId: one.unit.id, open: 'true' }}>
                  {format.number(one.open)}
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Districts({ data, period }: { data: Overview; period: CaseSearch }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  if (data.byDistrict.length === 0) return <p className={styles.quiet}>{t('statistics.nothing')}</p>;
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('fact.region')}</th>
            <th scope="col">{t('statistics.reported')}</th>
            <th scope="col">{t('statistics.filed')}</th>
            <th scope="col">{t('statistics.closed')}</th>
          </tr>
        </thead>
        <tbody>
          {data.byDistrict.map((one) => (
            <tr key={one.region.id}>
              <th scope="row">{text(one.region.name)}</th>
              <td>
                <Link to="/cases" search={{ ...period, regionId: one.region.id }}>
                  {format.number(one.reported)}
                </Link>
              </td>
              <td>{format.number(one.filed)}</td>
              <td>{format.number(one.closed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
