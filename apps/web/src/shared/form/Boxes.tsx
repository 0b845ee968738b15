import type { ChoiceItem } from './Choices.tsx';
import styles from './form.module.css';

/** A short list to pick several from, all of it in sight. */
export function Boxes({
  id,
  items,
  value,
  onChange,
  onBlur,
  describedBy,
  invalid = false,
  autoFocus = false,
}: {
  id: string;
  items: ChoiceItem[];
  value: readonly unknown[];
  onChange: (value: (string | number)[]) => void;
  onBlur?: () => void;
  describedBy?: string | undefined;
  invalid?: boolean;
  autoFocus?: boolean;
}) {
  return (
    <div
      id={id}
      className={styles.choices}
      data-size="middle"
      role="group"
      aria-labelledby={`${id}-label`}
      aria-describedby={describedBy}
      data-invalid={invalid}
      onBlur={onBlur}
    >
      {items.map((item, index) => (
        <label key={item.value} className={styles.choice}>
          <input
            type="checkbox"
            checked={value.includes(item.value)}
            onChange={(event) =>
              // In the order of the list: the order of the clicks says nothing.
              onChange(
                items
                  .map((one) => one.value)
                  .filter((one) => (one === item.value ? event.target.checked : value.includes(one))),
              )
            }
            autoFocus={autoFocus && index === 0}
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
