import { Link, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useMay } from '../me.ts';
import { Absences } from './Absences.tsx';
import styles from './duty.module.css';
import { Handovers } from './Handovers.tsx';
import { Mine } from './Mine.tsx';
import { Now } from './Now.tsx';
import { Roster } from './Roster.tsx';

export const DUTY_TABS = ['mine', 'now', 'roster', 'absences', 'handovers'] as const;
export type DutyTab = (typeof DUTY_TABS)[number];

/** 值守: my shifts, who is on duty, the roster of a unit, who is away, what was handed over. */
export function Duty() {
  const { t } = useTranslation();
  const { tab = 'mine' } = useSearch({ from: '/duty' });
  const reads = useMay('duty.read');
  const tabs = DUTY_TABS.filter((one) => reads || one === 'mine');
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t('room.duty')}</h1>
        <nav className={styles.tabs} aria-label={t('duty.views')}>
          {tabs.map((one) => (
            <Link
              key={one}
              to="/duty"
              search={one === 'mine' ? {} : { tab: one }}
              activeOptions={{ exact: true, includeSearch: true }}
            >
              {t(`duty.tab.${one}`)}
            </Link>
          ))}
        </nav>
      </header>
      {tab === 'mine' && <Mine />}
      {tab === 'now' && <Now />}
      {tab === 'roster' && <Roster />}
      {tab === 'absences' && <Absences />}
      {tab === 'handovers' && <Handovers />}
    </div>
  );
}
