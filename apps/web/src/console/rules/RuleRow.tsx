import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import {
  addRule,
  removeRule,
  setEntry,
  swapRules,
  type DecisionColumn,
  type DecisionGrid,
} from './decision.ts';
import styles from './rules.module.css';

/** As it stands on the screen. */
export interface RuleColumn {
  /** Null: a note, which is asked by nobody. */
  readonly head: DecisionColumn | null;
  readonly name: string;
  readonly part: 'input' | 'output' | 'note';
  /** In letters. */
  readonly width: number;
}

interface Wrong {
  readonly column: number | null;
  readonly text: string;
  readonly grave: boolean;
}

/** A rule of a decision table, and below it what the check says of it. */
export function RuleRow({
  id,
  grid,
  index,
  columns,
  wrong,
  text,
  onChange,
  onKeyDown,
}: {
  id: string;
  grid: DecisionGrid;
  index: number;
  columns: readonly RuleColumn[];
  wrong: readonly Wrong[];
  text: string;
  onChange: ((text: string) => void) | undefined;
  onKeyDown: (event: KeyboardEvent, place: number) => void;
}) {
  const { t } = useTranslation('rules');
  const rule = grid.rules[index]!;
  return (
    <>
      <tr data-wrong={wrong.some((one) => one.grave) ? 'error' : undefined}>
        <th scope="row" className={styles.rowNumber}>
          {index + 1}
        </th>
        {columns.map(({ name, part, width }, place) => (
          <td key={place} data-part={part}>
            <Cell
              width={width}
              place={`${index}-${place}`}
              value={rule.texts[place] ?? ''}
              label={t('decision.cell', { n: index + 1, column: name })}
              invalid={wrong.some((one) => one.column === place)}
              describedBy={wrong.length > 0 ? id : undefined}
              onKeyDown={(event) => onKeyDown(event, place)}
              onSet={onChange && ((value) => onChange(setEntry(text, grid, index, place, value)))}
            />
          </td>
        ))}
        {onChange && (
          <td className={styles.rowTools}>
            <RowTools grid={grid} index={index} text={text} onChange={onChange} />
          </td>
        )}
      </tr>
      {wrong.length > 0 && (
        <tr className={styles.wrongRow}>
          <td colSpan={columns.length + 2} id={id}>
            {wrong.map((one, n) => (
              <span key={n} className={one.grave ? styles.wrong : styles.warned}>
                {one.text}
              </span>
            ))}
          </td>
        </tr>
      )}
    </>
  );
}

/** A rule goes up and down where the order of the rules counts; it is copied and taken away anywhere. */
function RowTools({
  grid,
  index,
  text,
  onChange,
}: {
  grid: DecisionGrid;
  index: number;
  text: string;
  onChange: (text: string) => void;
}) {
  const { t } = useTranslation('rules');
  const ordered = ['FIRST', 'RULE ORDER', 'COLLECT'].includes(grid.policy);
  return (
    <>
      {ordered && (
        <>
          <button
            type="button"
            aria-label={t('decision.up', { n: index + 1 })}
            disabled={index === 0}
            onClick={() => onChange(swapRules(text, grid, index - 1, index))}
          >
            ↑
          </button>
          <button
            type="button"
            aria-label={t('decision.down', { n: index + 1 })}
            disabled={index === grid.rules.length - 1}
            onClick={() => onChange(swapRules(text, grid, index, index + 1))}
          >
            ↓
          </button>
        </>
      )}
      <button
        type="button"
        aria-label={t('decision.copy', { n: index + 1 })}
        title={t('decision.copy', { n: index + 1 })}
        onClick={() => onChange(addRule(text, grid, index, index))}
      >
        ＋
      </button>
      <button
        type="button"
        aria-label={t('decision.remove', { n: index + 1 })}
        title={t('decision.remove', { n: index + 1 })}
        onClick={() => onChange(removeRule(text, grid, index))}
      >
        ×
      </button>
    </>
  );
}

/** A cell is typed in place; what is typed counts when the cell is left. */
function Cell({
  width,
  place,
  value,
  label,
  invalid,
  describedBy,
  onKeyDown,
  onSet,
}: {
  /** In letters. */
  width: number;
  place: string;
  value: string;
  label: string;
  invalid: boolean;
  describedBy: string | undefined;
  onKeyDown: (event: KeyboardEvent) => void;
  onSet: ((value: string) => void) | undefined;
}) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <input
      data-cell={place}
      style={{ minWidth: `${width}ch` }}
      aria-label={label}
      aria-invalid={invalid || undefined}
      aria-describedby={describedBy}
      readOnly={!onSet}
      spellCheck={false}
      title={value}
      value={typed ?? value}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={() => {
        if (typed !== null && typed.trim() !== value) onSet?.(typed.trim());
        setTyped(null);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') setTyped(null);
        onKeyDown(event);
      }}
    />
  );
}
