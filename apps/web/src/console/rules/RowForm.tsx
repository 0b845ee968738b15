import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { columnSpec } from './columns.ts';
import type { Table } from './csv.ts';
import type { LookUps } from './lookUps.ts';
import { useColumnName, useValueName } from './names.ts';
import styles from './rules.module.css';
import type { CellProblem } from './tableProblems.ts';

/** The whole row, cell under cell: for long texts and small screens. */
export function RowForm({
  code,
  table,
  row,
  lookUps,
  problemsAt,
  onSet,
  onClose,
}: {
  code: string;
  table: Table;
  row: number;
  lookUps: LookUps;
  problemsAt: (column: number) => readonly CellProblem[];
  onSet: ((column: number, value: string) => void) | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const id = useId();
  const { cells } = table.rows[row]!;
  return (
    <aside className={styles.rowForm} aria-label={t('table.row', { n: row + 1 })}>
      <header>
        <h3>{t('table.row', { n: row + 1 })}</h3>
        <button type="button" className={styles.close} aria-label={common('common.close')} onClick={onClose}>
          ×
        </button>
      </header>
      {table.columns.map((column, index) => (
        <Field
          key={column}
          id={`${id}-${index}`}
          code={code}
          column={column}
          value={cells[index] ?? ''}
          label={lookUps.label(cells, index)}
          options={lookUps.options(cells, index)}
          problems={problemsAt(index).filter((one) => one.column === column)}
          onSet={onSet && ((value) => onSet(index, value))}
        />
      ))}
    </aside>
  );
}

function Field({
  id,
  code,
  column,
  value,
  label,
  options,
  problems,
  onSet,
}: {
  id: string;
  code: string;
  column: string;
  value: string;
  label: string;
  options: readonly { value: string; label: string }[];
  problems: readonly { text: string; grave: boolean }[];
  onSet: ((value: string) => void) | undefined;
}) {
  const columnName = useColumnName();
  const valueName = useValueName();
  const spec = columnSpec(code, column);
  const [typed, setTyped] = useState<string | null>(null);
  const now = typed ?? value;
  const take = () => {
    if (typed !== null) onSet?.(typed.trim());
    setTyped(null);
  };
  const choices =
    spec.kind === 'flag' ? ['true', 'false'] : spec.kind === 'choice' ? (spec.choices ?? []) : undefined;
  const shared = { id, disabled: !onSet, 'aria-describedby': `${id}-note` };
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{columnName(column)}</label>
      {choices ? (
        <select {...shared} value={value} onChange={(event) => onSet?.(event.target.value)}>
          {[...new Set([...(spec.maybe || value === '' ? [''] : []), ...choices, value])].map((one) => (
            <option key={one} value={one}>
              {one === '' ? '—' : valueName(code, column, one)}
            </option>
          ))}
        </select>
      ) : spec.kind === 'text' ? (
        <textarea
          {...shared}
          rows={2}
          value={now}
          onChange={(event) => setTyped(event.target.value.replaceAll('\n', ' '))}
          onBlur={take}
        />
      ) : (
        <input
          {...shared}
          list={options.length > 0 ? `${id}-list` : undefined}
          value={now}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={take}
          onKeyDown={(event) => {
            if (event.key === 'Enter') take();
          }}
        />
      )}
      {options.length > 0 && (
        <datalist id={`${id}-list`}>
          {options.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </datalist>
      )}
      <p id={`${id}-note`}>
        {spec.names && label !== value && (
          <span className={styles.quiet}>{label.slice(value.length + 1)}</span>
        )}
        {problems.map((one, index) => (
          <span key={index} className={one.grave ? styles.wrong : styles.warned}>
            {one.text}
          </span>
        ))}
      </p>
    </div>
  );
}
