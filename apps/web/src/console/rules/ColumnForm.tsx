import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { TYPES, type ColumnPart, type DecisionColumn } from './decision.ts';
import styles from './rules.module.css';
import { Typed } from './Typed.tsx';

/** What a column of a decision table asks or answers: its name, its type, its values, its place. */
export function ColumnForm({
  id,
  title,
  head,
  onSet,
  moves,
  onMove,
  onRemove,
  onClose,
}: {
  id: string;
  title: string;
  head: DecisionColumn;
  /** Ways to a neighbour of its kind. */
  moves: readonly (-1 | 1)[];
  onMove: (by: -1 | 1) => void;
  onSet: ((what: ColumnPart, value: string) => void) | undefined;
  /** Undefined: nothing may be changed, or it is the last of its kind. */
  onRemove: (() => void) | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation('rules');
  const common = useTranslation().t;
  const isInput = head.element.local === 'input';
  const fields = isInput
    ? (['label', 'name', 'values'] as const)
    : (['label', 'name', 'values', 'fallback'] as const);
  return (
    <section className={styles.columnForm} aria-label={title}>
      {fields.map((what) => (
        <div key={what} className={styles.field}>
          <label htmlFor={`${id}-${what}`}>
            {t(what === 'name' && isInput ? 'decision.expression' : `decision.column.${what}`)}
          </label>
          <Typed id={`${id}-${what}`} value={head[what]} onSet={onSet && ((value) => onSet(what, value))} />
        </div>
      ))}
      <div className={styles.field}>
        <label htmlFor={`${id}-type`}>{t('decision.type')}</label>
        <select
          id={`${id}-type`}
          value={head.type}
          disabled={!onSet}
          onChange={(event) => onSet?.('type', event.target.value)}
        >
          {[...new Set([head.type, ...TYPES])].map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </div>
      {moves.map((by) => (
        <Button key={by} onClick={() => onMove(by)}>
          {t(by < 0 ? 'decision.moveLeft' : 'decision.moveRight')}
        </Button>
      ))}
      {onRemove && (
        <Button danger onClick={onRemove}>
          {t('decision.removeColumn', { column: title })}
        </Button>
      )}
      <button type="button" className={styles.close} aria-label={common('common.close')} onClick={onClose}>
        ×
      </button>
    </section>
  );
}
