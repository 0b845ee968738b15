import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { toApiError } from '../api/problem.ts';
import { problemText } from './problemText.ts';
import styles from './states.module.css';

/** Grey bars in the shape of what comes; nothing is shown for the first 300 ms. */
export function Loading({ rows = 6, label }: { rows?: number; label?: string }) {
  const { t } = useTranslation();
  return (
    <div className={styles.loading} role="status" aria-label={label ?? t('state.loading')}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={styles.bar} data-row={row % 4} />
      ))}
    </div>
  );
}

/** Nothing here: why, and the next step. */
export function Empty({ title, hint, action }: { title: string; hint?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.state}>
      <p className={styles.title}>{title}</p>
      {hint && <p className={styles.hint}>{hint}</p>}
      {action && <div className={styles.action}>{action}</div>}
    </div>
  );
}

/** What happened, what to do, its code; a refusal names whom to ask. */
export function Failure({
  error,
  onRetry,
  compact = false,
}: {
  error: unknown;
  onRetry?: (() => void) | undefined;
  compact?: boolean;
}) {
  const { t } = useTranslation();
  const { text, code } = problemText(error, t);
  const { status, problem } = toApiError(error);
  const refused = status === 403;
  return (
    <div className={compact ? styles.inline : styles.state} role="alert">
      <p className={styles.title}>{text}</p>
      {refused && <p className={styles.hint}>{t('state.askAdmin')}</p>}
      <p className={styles.code}>
        {t('state.code', { code })}
        {problem.requestId ? ` · ${problem.requestId}` : ''}
      </p>
      {onRetry && !refused && (
        <button type="button" className={styles.retry} onClick={onRetry}>
          {t('state.retry')}
        </button>
      )}
    </div>
  );
}
