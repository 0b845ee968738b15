import type { CaseDetail } from '@wanmi/contracts';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './case.module.css';

export function Facts({ detail }: { detail: CaseDetail }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const { place, conditionDetail: condition } = detail;
  const region = [place.district, place.street, place.community].flatMap((one) =>
    one ? [text(one.name)] : [],
  );
  const rows: [string, ReactNode, wide?: true][] = [
    [
      t('fact.category'),
      [detail.parentCategory, detail.category].flatMap((one) => (one ? [text(one.name)] : [])).join(' › ') ||
        '—',
    ],
    [t('fact.department'), text(detail.department?.name)],
    [t('fact.condition'), condition ? text(condition.name) : '—', true],
    [t('fact.closing'), condition ? text(condition.closing) : '—'],
    [t('fact.limit'), format.limit(condition?.limit)],
    [t('fact.address'), detail.address ?? '—', true],
    [t('fact.region'), region.join(' ') || '—'],
    [t('fact.grade'), place.grade ? t('fact.gradeOf', { grade: place.grade }) : '—'],
    [t('fact.unitGrid'), place.unitGrid?.code ?? '—'],
    [t('fact.patrolGrid'), place.patrolGrid ? text(place.patrolGrid.name) : '—'],
    [t('fact.asset'), detail.asset ? `${text(detail.asset.name)} ${detail.asset.code}` : '—'],
    [t('fact.point'), format.point(detail.point)],
    [t('fact.reportedAt'), format.instant(detail.reportedAt)],
    [t('fact.filedAt'), format.instant(detail.filedAt)],
    ...(detail.endedAt ? [[t('fact.endedAt'), format.instant(detail.endedAt)] as [string, ReactNode]] : []),
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
