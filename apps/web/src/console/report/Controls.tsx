import type { ControlHint, Point } from '@wanmi/contracts';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { controlsAtQuery } from '../../shared/api/queries.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';
import styles from './report.module.css';

/** Zones and hours that speak of this place and category: told before it is sent, not after. */
export function Controls({
  point,
  categoryId,
  collector,
}: {
  point: Point;
  categoryId: string | undefined;
  collector: boolean;
}) {
  const { t } = useTranslation();
  const controls = useQuery(controlsAtQuery(point, categoryId));
  if (controls.error)
    return <Failure error={controls.error} compact onRetry={() => void controls.refetch()} />;
  const { items, collected } = controls.data ?? { items: [], collected: true };
  if (items.length === 0) return null;
  return (
    <section
      className={styles.controls}
      aria-label={t('control.title')}
      data-refused={collector && !collected}
    >
      {!collected && <p>{t(collector ? 'control.refused' : 'control.notCollected')}</p>}
      <ControlList items={items} />
    </section>
  );
}

export function ControlList({ items }: { items: ControlHint[] }) {
  const { t } = useTranslation();
  const text = useText();
  return (
    <ul>
      {items.map((one) => (
        <li key={one.id}>
          <strong>{t(`control.kind.${one.kind}`)}</strong> {text(one.name)}
          {one.hours && (
            <span className={styles.quiet}>
              {' '}
              {t('control.hours', { from: one.hours.from, to: one.hours.to })}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
