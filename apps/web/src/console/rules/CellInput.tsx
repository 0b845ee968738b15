import { useId, useRef, useState, type KeyboardEvent } from 'react';
import type { ColumnSpec } from './columns.ts';
import { useValueName } from './names.ts';
import styles from './rules.module.css';

type Then = 'stay' | 'down' | 'right' | 'left';

/** What is typed into a cell: Enter takes it and goes down, Tab to the right, Escape leaves it as it was. */
export function CellInput({
  table,
  column,
  spec,
  value,
  options,
  label,
  onCommit,
  onCancel,
}: {
  table: string;
  column: string;
  spec: ColumnSpec;
  value: string;
  options: readonly { value: string; label: string }[];
  label: string;
  onCommit: (value: string, then: Then) => void;
  onCancel: () => void;
}) {
  const valueName = useValueName();
  const id = useId();
  const [now, setNow] = useState(value);
  const done = useRef(false);

  function finish(next: string, then: Then) {
    if (done.current) return;
    done.current = true;
    onCommit(next, then);
  }

  function onKeyDown(event: KeyboardEvent) {
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') {
      done.current = true;
      onCancel();
    } else if (event.key === 'Enter') finish(now, 'down');
    else if (event.key === 'Tab') finish(now, event.shiftKey ? 'left' : 'right');
    else return;
    event.preventDefault();
  }

  if (spec.kind === 'choice') {
    const choices = [...new Set([...(spec.maybe ? [''] : []), ...spec.choices!, now])];
    return (
      <select
        autoFocus
        className={styles.cellInput}
        aria-label={label}
        value={now}
        onChange={(event) => {
          setNow(event.target.value);
          finish(event.target.value, 'stay');
        }}
        onKeyDown={onKeyDown}
        onBlur={() => finish(now, 'stay')}
      >
        {choices.map((one) => (
          <option key={one} value={one}>
            {one === '' ? '—' : valueName(table, column, one)}
          </option>
        ))}
      </select>
    );
  }
  return (
    <>
      <input
        autoFocus
        className={styles.cellInput}
        aria-label={label}
        inputMode={spec.kind === 'number' ? 'decimal' : undefined}
        list={options.length > 0 ? id : undefined}
        value={now}
        onFocus={(event) => {
          const { length } = event.target.value;
          event.target.setSelectionRange(length, length);
        }}
        onChange={(event) => setNow(event.target.value)}
        onKeyDown={onKeyDown}
        onBlur={() => finish(now, 'stay')}
      />
      {options.length > 0 && (
        <datalist id={id}>
          {options.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </datalist>
      )}
    </>
  );
}
