import { Link, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../shared/api/problem.ts';
import { Failure } from '../../shared/states/states.tsx';
import { useMay } from '../me.ts';
import { Batch } from './Batch.tsx';
import { Cases } from './Cases.tsx';
import { Exports } from './Exports.tsx';
import { History } from './History.tsx';
import { Import } from './Import.tsx';
import { Register } from './Register.tsx';
import styles from './transfer.module.css';
import { Upload } from './Upload.tsx';

const TABS = ['import', 'history', 'cases', 'export'] as const;

/** 导入导出: tables that come in, what came in, and everything that the city owns going out. */
export function Transfer() {
  const { t } = useTranslation('transfer');
  const { tab = 'import', batch, upload } = useSearch({ from: '/transfer' });
  const exports = useMay('data.export');
  const imports = useMay('data.import');
  const may = (one: (typeof TABS)[number]): boolean => (one === 'export' ? exports : imports);
  const tabs = TABS.filter(may);
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t('title')}</h1>
        <nav className={styles.tabs} aria-label={t('views')}>
          {tabs.map((one) => (
            <Link
              key={one}
              to="/transfer"
              search={one === 'import' ? {} : { tab: one }}
              // The router would call every address below this one active.
              activeOptions={{ exact: true, includeSearch: true }}
              aria-current={one === tab ? 'page' : undefined}
            >
              {t(`tab.${one}`)}
            </Link>
          ))}
        </nav>
      </header>
      {!may(tab) && <Failure error={new ApiError('permission.denied', 403)} />}
      {may(tab) && tab === 'import' && (batch ? <Batch key={batch} id={batch} /> : <Import />)}
      {may(tab) && tab === 'history' && (batch ? <Batch key={batch} id={batch} /> : <History />)}
      {may(tab) && tab === 'cases' && batch && <Register key={batch} id={batch} />}
      {may(tab) && tab === 'cases' && !batch && (upload ? <Upload key={upload} id={upload} /> : <Cases />)}
      {may(tab) && tab === 'export' && <Exports />}
    </div>
  );
}
