import { Link, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Loading } from '../../shared/states/states.tsx';
import { Drafts } from './Drafts.tsx';
import { History } from './History.tsx';
import { InForce } from './InForce.tsx';
import styles from './rules.module.css';

const Running = lazy(async () => ({ default: (await import('./Running.tsx')).Running }));
const Upgrade = lazy(async () => ({ default: (await import('./Upgrade.tsx')).Upgrade }));

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
              // The router would call every address below this one active.
              activeOptions={{ exact: true, includeSearch: true }}
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
      <Suspense fallback={<Loading rows={8} />}>
        {tab === 'upgrade' && <Upgrade />}
        {tab === 'running' && <Running />}
      </Suspense>
    </div>
  );
}
