import { useTranslation } from 'react-i18next';
import styles from './admin.module.css';

export function More({
  list,
}: {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}) {
  const { t } = useTranslation();
  if (!list.hasNextPage) return <p className={styles.end}>{t('cases.end')}</p>;
  return (
    <p className={styles.end}>
      <button
        type="button"
        className={styles.more}
        disabled={list.isFetchingNextPage}
        onClick={() => void list.fetchNextPage()}
      >
        {t('list.more')}
      </button>
    </p>
  );
}
