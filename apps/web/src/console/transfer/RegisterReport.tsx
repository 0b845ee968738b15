import type { CaseBatch, CaseBatchReport, Source } from '@wanmi/contracts';
import { SOURCE_NAMES } from '@wanmi/contracts/words';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { Failure, Loading } from '../../shared/states/states.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import { Reasons } from './Counts.tsx';
import { reportQuery } from './queries.ts';
import styles from './transfer.module.css';

const GROUPS = ['byMonth', 'byType', 'byAgency', 'bySource', 'byOurSource', 'byStatus'] as const;

/** What a register brought: on time as it says and as its dates say, then how many of each. */
export function RegisterReport({ batch }: { batch: CaseBatch }) {
  const { t } = useTranslation('transfer');
  const id = useId();
  const one = useQuery(reportQuery(batch));
  return (
    <section className={styles.rejects} aria-labelledby={id}>
      <h3 id={id} className={styles.title}>
        {t('cases.report.title')}
      </h3>
      {one.isPending && <Loading rows={4} />}
      {one.error && !one.data && <Failure error={one.error} onRetry={() => void one.refetch()} />}
      {one.data && <Known report={one.data} />}
    </section>
  );
}

function Known({ report }: { report: CaseBatchReport }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const text = useText();
  const nameOf = (group: (typeof GROUPS)[number], name: string): string => {
    if (name === '') return t('cases.report.empty');
    return group === 'byOurSource' && Object.hasOwn(SOURCE_NAMES, name)
      ? text(SOURCE_NAMES[name as Source])
      : name;
  };
  return (
    <>
      <dl className={styles.counts}>
        {(
          [
            ['ended', report.closed],
            ['open', report.open],
            ['withPosition', report.withPosition],
            ['withoutPosition', report.withoutPosition],
          ] as const
        ).map(([name, n]) => (
          <div key={name}>
            <dt>{t(`cases.report.${name}`)}</dt>
            <dd>{format.number(n)}</dd>
          </div>
        ))}
      </dl>
      <OnTime onTime={report.onTime} />
      <div className={styles.groups}>
        {GROUPS.filter((group) => report[group].items.length > 0).map((group) => (
          <details key={group}>
            <summary>
              {t(`cases.report.by.${group}`)}{' '}
              <span className={styles.quiet}>
                {format.number(report[group].items.length + report[group].more)}
              </span>
            </summary>
            <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">{t('cases.report.name')}</th>
                  <th scope="col" className={styles.number}>
                    {t('cases.report.rows')}
                  </th>
                  <th scope="col" className={styles.number}>
                    {t('cases.report.open')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {report[group].items.map(({ name, rows, open }) => (
                  <tr key={name}>
                    <th scope="row">{nameOf(group, name)}</th>
                    <td className={styles.number}>{format.number(rows)}</td>
                    <td className={styles.number}>{format.number(open)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {report[group].more > 0 && (
              <p className={styles.quiet}>
                {t('cases.report.more', {
                  n: format.number(report[group].more),
                  rows: format.number(report[group].moreRows),
                })}
              </p>
            )}
          </details>
        ))}
      </div>
      <Reasons title={t('cases.report.marks')} counts={report.marks} />
    </>
  );
}

const JUDGED = ['onTime', 'late', 'running', 'none'] as const;
const DOUBTS = ['saidOnTime', 'saidLate', 'silent', 'withoutDue'] as const;

function OnTime({ onTime }: { onTime: CaseBatchReport['onTime'] }) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  const { ours, theirs, table, compared, disagree } = onTime;
  const rate = (name: 'theirs' | 'ours', good: number, late: number, note: string) => (
    <div data-count={name}>
      <dt>{t(`cases.report.${name}`)}</dt>
      <dd>{format.percent(good, good + late)}</dd>
      <dd className={styles.quiet}>
        {t('cases.report.share', { n: format.number(good), of: format.number(good + late) })}
        {note !== '' && ` · ${note}`}
      </dd>
    </div>
  );
  const notOurs = [
    ...(ours.running > 0 ? [t('cases.report.running', { n: format.number(ours.running) })] : []),
    ...(ours.none > 0 ? [t('cases.report.nonePromised', { n: format.number(ours.none) })] : []),
  ].join(' · ');
  const words = [...new Set(table.map(({ said }) => said))];
  const count = (said: string, judged: string): number =>
    table.filter((row) => row.said === said && row.ours === judged).reduce((sum, { rows }) => sum + rows, 0);
  return (
    <section className={styles.rejects} aria-label={t('cases.report.onTime')}>
      <h4 className={styles.title}>{t('cases.report.onTime')}</h4>
      <dl className={styles.counts}>
        {theirs ? (
          rate('theirs', theirs.onTime, theirs.late, '')
        ) : (
          <div data-count="theirs">
            <dt>{t('cases.report.theirs')}</dt>
            <dd>—</dd>
            <dd className={styles.quiet}>{t('cases.report.noFlag')}</dd>
          </div>
        )}
        {rate('ours', ours.onTime, ours.late, notOurs)}
        {theirs && (
          <div data-count="disagree" data-some={disagree > 0}>
            <dt>{t('cases.report.disagree')}</dt>
            <dd>{format.number(disagree)}</dd>
            <dd className={styles.quiet}>{t('cases.report.compared', { n: format.number(compared) })}</dd>
          </div>
        )}
      </dl>
      {theirs && (
        <>
          <ul className={styles.reasons}>
            {DOUBTS.filter((name) => onTime[name] > 0).map((name) => (
              <li key={name}>
                <strong>{format.number(onTime[name])}</strong> {t(`cases.report.${name}`)}
              </li>
            ))}
          </ul>
          <div className={styles.tableBox} tabIndex={0} role="region" aria-label={t('cases.report.said')}>
            <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">{t('cases.report.said')}</th>
                  {JUDGED.map((judged) => (
                    <th key={judged} scope="col" className={styles.number}>
                      {t(`cases.report.judged.${judged}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {words.map((said) => (
                  <tr key={said}>
                    <th scope="row">{said || t('cases.report.empty')}</th>
                    {JUDGED.map((judged) => (
                      <td key={judged} className={styles.number}>
                        {format.number(count(said, judged))}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
}
