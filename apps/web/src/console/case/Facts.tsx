import type { CaseDetail } from '@wanmi/contracts';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './case.module.css';

type Row = [name: string, value: string, wide?: boolean];

export function Facts({ detail }: { detail: CaseDetail }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const { place, conditionDetail: condition } = detail;
  const region = [place.district, place.street, place.community].flatMap((one) =>
    one ? [text(one.name)] : [],
  );
  const grids = [place.unitGrid?.code, place.patrolGrid && text(place.patrolGrid.name)];
  const category = [detail.parentCategory, detail.category].flatMap((one) => (one ? [text(one.name)] : []));
  // What cannot be known yet (a condition before filing) has no row; what is missing has "—".
  const rows: Row[] = [
    [t('fact.category'), category.join(' › ') || '—', detail.department === null],
    ...(detail.department ? [[t('fact.department'), text(detail.department.name)] satisfies Row] : []),
    ...(condition
      ? ([
          [t('fact.condition'), text(condition.name), true],
          [t('fact.closing'), text(condition.closing)],
          [t('fact.limit'), format.limit(condition.limit)],
        ] satisfies Row[])
      : []),
    [t('fact.address'), detail.address ?? '—', true],
    [t('fact.region'), region.join(' ') || '—'],
    [t('fact.grade'), place.grade ? t('fact.gradeOf', { grade: place.grade }) : '—'],
    [t('fact.grids'), grids.filter(Boolean).join(' · ') || '—'],
    [t('fact.point'), format.point(detail.point)],
    ...(detail.asset
      ? [[t('fact.asset'), `${text(detail.asset.name)} ${detail.asset.code}`, true] satisfies Row]
      : []),
    [t('fact.reportedAt'), format.instant(detail.reportedAt)],
    ...(detail.filedAt ? [[t('fact.filedAt'), format.instant(detail.filedAt)] satisfies Row] : []),
    ...(detail.endedAt ? [[t('fact.endedAt'), format.instant(detail.endedAt)] satisfies Row] : []),
  ];
  return (
    <section aria-label={t('fact.title')}>
      <dl className={styles.facts}>
        {rows.map(([name, value, wide]) => (
          <div key={name} data-wide={wide ?? false}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
