import { Link, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Drafts } from './Drafts.tsx';
import { History } from './History.tsx';
import { InForce } from './InForce.tsx';
import { Running } from './Running.tsx';
import { Upgrade } from './Upgrade.tsx';
import styles from './rules.module.css';

const TABS = ['inForce', 'drafts', 'history', 'upgrade', 'running'] as const;

/** 规则: what is in force, drafts of what comes next, every publication, what the program brings. */
export function Rules() {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const { tab = 'inForce' } = useSearch({ from: '/rules' });
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{common('room.rules')}</h1>
        <nav className={styles.tabs} aria-label={t('views')}>
          {TABS.map((one) => (
            <Link
              key={one}
              to="/rules"
              search={one === 'inForce' ? {} : { tab: one }}
              data-current={one === tab}
              aria-current={one === tab ? 'page' : undefined}
            >
              {t(`tab.${one}`)}
            </Link>
          ))}
        </nav>
      </header>
      {tab === 'inForce' && <InForce />}
      {tab === 'drafts' && <Drafts />}
      {tab === 'history' && <History />}
      {tab === 'upgrade' && <Upgrade />}
      {tab === 'running' && <Running />}
    </div>
  );
}
