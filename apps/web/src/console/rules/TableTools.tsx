import { Button, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './rules.module.css';

/** Which rows of a table are shown. */
export type Which = 'all' | 'changed' | 'wrong';

interface Switch {
  readonly on: boolean;
  readonly set: (on: boolean) => void;
}

/** Above a table: what is looked for, how much of it is shown, and what is done with its rows. */
export function TableTools({
  words,
  onWords,
  only,
  onOnly,
  shown,
  of,
  every,
  form,
  rows,
}: {
  words: string;
  onWords: (words: string) => void;
  only: Which;
  onOnly: (only: Which) => void;
  /** So many rows, of all. */
  shown: number;
  of: number;
  /** Undefined: every column is shown anyway. */
  every: Switch | undefined;
  form: Switch;
  /** Undefined: nothing may be changed. */
  rows:
    | { readonly onAdd: (copy: boolean) => void; readonly onRemove: () => void; readonly chosen: boolean }
    | undefined;
}) {
  const { t } = useTranslation('rules');
  const format = useFormat();
  return (
    <div className={styles.tableTools}>
      <Input
        allowClear
        aria-label={t('table.find')}
        placeholder={t('table.find')}
        value={words}
        onChange={(event) => onWords(event.target.value)}
      />
      <span className={styles.segments} role="group" aria-label={t('table.which')}>
        {(['all', 'changed', 'wrong'] as const).map((one) => (
          <button key={one} type="button" aria-pressed={only === one} onClick={() => onOnly(one)}>
            {t(`table.${one}`)}
          </button>
        ))}
      </span>
      <span className={styles.quiet} role="status">
        {t('table.rows', { n: format.number(shown), of: format.number(of) })}
      </span>
      <span className={styles.lineActions}>
        {every && (
          <Button aria-pressed={every.on} onClick={() => every.set(!every.on)}>
            {t(every.on ? 'table.usual' : 'table.every')}
          </Button>
        )}
        <Button aria-pressed={form.on} onClick={() => form.set(!form.on)}>
          {t('table.form')}
        </Button>
        {rows && (
          <>
            <Button onClick={() => rows.onAdd(false)}>{t('table.add')}</Button>
            <Button disabled={!rows.chosen} onClick={() => rows.onAdd(true)}>
              {t('table.copy')}
            </Button>
            <Button disabled={!rows.chosen} onClick={rows.onRemove}>
              {t('table.remove')}
            </Button>
          </>
        )}
      </span>
    </div>
  );
}
