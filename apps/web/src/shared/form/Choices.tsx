import type { ReactNode } from 'react';
import styles from './form.module.css';

export interface ChoiceItem {
  value: string | number;
  label: ReactNode;
  note?: ReactNode;
}

/** A short list to pick from, all of it in sight: arrows move, one click picks. */
export function Choices({
  id,
  items,
  value,
  onChange,
  onBlur,
  describedBy,
  invalid = false,
  autoFocus = false,
  size = 'long',
  labelledBy,
}: {
  id: string;
  items: ChoiceItem[];
  value: unknown;
  onChange: (value: string | number) => void;
  onBlur?: () => void;
  describedBy?: string | undefined;
  invalid?: boolean;
  autoFocus?: boolean;
  /** How long the choices are: short ones stand side by side. */
  size?: 'short' | 'middle' | 'long';
  labelledBy?: string;
}) {
  return (
    <div
      id={id}
      className={styles.choices}
      data-size={size}
      role="radiogroup"
      aria-labelledby={labelledBy ?? `${id}-label`}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      onBlur={onBlur}
    >
      {items.map((item, index) => (
        <label key={item.value} className={styles.choice}>
          <input
            type="radio"
            name={id}
            value={item.value}
            checked={item.value === value}
            onChange={() => onChange(item.value)}
            // Focus goes where the answer is expected: the form was opened by a key of the person at it.
            autoFocus={autoFocus && (value === undefined ? index === 0 : item.value === value)}
          />
          <span className={styles.choiceBody}>
            <span>{item.label}</span>
            {item.note && <span className={styles.choiceNote}>{item.note}</span>}
          </span>
        </label>
      ))}
    </div>
  );
}
