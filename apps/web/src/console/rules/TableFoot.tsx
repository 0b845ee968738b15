import { useTranslation } from 'react-i18next';
import type { Table } from './csv.ts';
import { useColumnName } from './names.ts';
import styles from './rules.module.css';
import type { CellProblem } from './tableProblems.ts';

/** Below a table: the cell under the cursor in full, what it was, and what the check says of it. */
export function TableFoot({
  table,
  cursor,
  label,
  before,
  problems,
  writable,
}: {
  table: Table;
  /** In the table, whatever is filtered. */
  cursor: { readonly row: number; readonly column: number };
  /** The value in words; empty where there is nothing to say. */
  label: string;
  before: string | undefined;
  problems: readonly CellProblem[];
  writable: boolean;
}) {
  const { t } = useTranslation('rules');
  const columnName = useColumnName();
  const row = table.rows[cursor.row];
  const value = row?.cells[cursor.column] ?? '';
  return (
    <footer className={styles.tableFoot}>
      {row && (
        <>
          <strong>{columnName(table.columns[cursor.column] ?? '')}</strong>
          <span className={styles.whole}>{label || value || '—'}</span>
          {before !== undefined && before !== value && (
            <span className={styles.was}>{t('table.was', { value: before || '—' })}</span>
          )}
          {problems.map((one, index) => (
            <span key={index} className={one.grave ? styles.wrong : styles.warned}>
              {one.text}
            </span>
          ))}
        </>
      )}
      {writable && <span className={styles.keysHint}>{t('table.keys')}</span>}
    </footer>
  );
}
