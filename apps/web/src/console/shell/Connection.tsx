import { useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useLive } from '../../shared/api/stream.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './shell.module.css';

const PATIENCE = 8000;

/** Offline, or the live stream broken: says so, and how old what one sees may be. */
export function Connection() {
  const { t } = useTranslation();
  const format = useFormat();
  const online = useSyncExternalStore(watch, () => navigator.onLine);
  const live = useLive();
  const [now, setNow] = useState(() => Date.now());
  const broken = live.since !== null;
  const age = live.since === null ? 0 : now - live.since;

  useEffect(() => {
    if (!broken) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [broken]);

  if (!online) {
    return (
      <p className={styles.strip} role="status">
        {t('state.offline')}
      </p>
    );
  }
  if (age < PATIENCE) return null;
  return (
    <p className={styles.strip} role="status">
      {t('state.stale', { age: format.duration(age) })}
    </p>
  );
}

function watch(listener: () => void): () => void {
  window.addEventListener('online', listener);
  window.addEventListener('offline', listener);
  return () => {
    window.removeEventListener('online', listener);
    window.removeEventListener('offline', listener);
  };
}
