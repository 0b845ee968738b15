import type { Point } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { gridAtQuery } from '../../shared/api/queries.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import styles from './report.module.css';

/** What follows from the point: regions, grids, area grade; or that it lies outside. */
export function PlaceCard({ point }: { point: Point | null }) {
  const { t } = useTranslation();
  const text = useText();
  const place = useQuery({ ...gridAtQuery(point ?? { lon: 0, lat: 0 }), enabled: point !== null });
  if (!point) return <p className={styles.quiet}>{t('place.none')}</p>;
  if (place.error) return <Failure error={place.error} compact onRetry={() => void place.refetch()} />;
  if (!place.data) return <p className={styles.quiet}>{t('state.loading')}</p>;
  const { district, street, community, unitGrid, patrolGrid, grade, insideCity } = place.data;
  if (!insideCity) return <p className={styles.warning}>{t('place.outside')}</p>;
  return (
    <p className={styles.placeFacts}>
      <strong>
        {[district, street, community].flatMap((one) => (one ? [text(one.name)] : [])).join(' ')}
      </strong>
      {unitGrid && <span>{t('place.unitGrid', { code: unitGrid.code })}</span>}
      {patrolGrid && <span>{text(patrolGrid.name)}</span>}
      {grade && <span>{t('fact.gradeOf', { grade })}</span>}
    </p>
  );
}
