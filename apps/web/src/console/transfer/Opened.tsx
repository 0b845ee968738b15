import { ArrowLeftOutlined } from '@ant-design/icons';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Loading } from '../../shared/states/states.tsx';
import styles from './transfer.module.css';

/** What was opened out of the list of registers, with the way back to it. */
export function Opened<T>({ one, children }: { one: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  const { t } = useTranslation('transfer');
  return (
    <div className={styles.scroll}>
      <p className={styles.line}>
        <Link to="/transfer" search={{ tab: 'cases' }}>
          <ArrowLeftOutlined aria-hidden /> {t('cases.back')}
        </Link>
      </p>
      {one.isPending && <Loading rows={8} />}
      {one.error && !one.data && <Failure error={one.error} onRetry={() => void one.refetch()} />}
      {one.data && children(one.data)}
    </div>
  );
}
