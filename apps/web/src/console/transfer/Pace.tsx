import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './transfer.module.css';

/** How far something is, how fast it goes, and how long it takes yet. */
export function Pace({
  label,
  done,
  of,
  words,
  rate,
  secondsLeft,
  children,
}: {
  label: string;
  done: number;
  /** Null: nobody knows yet of how much. */
  of: number | null;
  words: string;
  rate: string | null;
  secondsLeft: number | null;
  children?: ReactNode;
}) {
  const { t } = useTranslation('transfer');
  const format = useFormat();
  return (
    <div className={styles.moving}>
      <progress
        className={styles.progress}
        aria-label={label}
        {...(of === null ? {} : { value: done, max: of })}
      />
      <p role="status" className={styles.line}>
        <span>{words}</span>
        {rate !== null && <span className={styles.quiet}>{rate}</span>}
        {secondsLeft !== null && (
          <span className={styles.quiet}>{t('left', { duration: format.duration(secondsLeft * 1000) })}</span>
        )}
      </p>
      {children}
    </div>
  );
}
