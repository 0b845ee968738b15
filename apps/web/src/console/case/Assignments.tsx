import type { Assignment } from '@wanmi/contracts';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import { ClockLamp, Countdown } from '../../shared/time/Countdown.tsx';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './case.module.css';

const ENDED: ReadonlySet<Assignment['state']> = new Set(['passed', 'declined', 'returned', 'withdrawn']);

/** 派遣单: who has had the responsibility, in which state, with which clock. */
export function Assignments({ assignments }: { assignments: Assignment[] }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  return (
    <section aria-label={t('assignment.title')}>
      <h2>{t('assignment.title')}</h2>
      <ul className={styles.assignments}>
        {assignments.map((one) => (
          <li key={one.id} data-ended={ENDED.has(one.state)}>
            {!ENDED.has(one.state) && <ClockLamp clock={one.clock} />}
            <strong>{text(one.unit.name)}</strong>
            {one.crew && <span>{text(one.crew.name)}</span>}
            <span>{t(`assignment.state.${one.state}`)}</span>
            {!ENDED.has(one.state) && <Countdown clock={one.clock} />}
            {one.overdue && <span className={styles.overdue}>{t('assignment.wasOverdue')}</span>}
            {one.failedCount > 0 && <span>{t('assignment.failed', { n: one.failedCount })}</span>}
            <span className={styles.quiet}>
              {[
                t('assignment.dispatchedAt', { at: format.instant(one.dispatchedAt) }),
                one.respondedAt && t('assignment.respondedAt', { at: format.instant(one.respondedAt) }),
                one.clock.limit && t('action.limit', { limit: format.limit(one.clock.limit) }),
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
