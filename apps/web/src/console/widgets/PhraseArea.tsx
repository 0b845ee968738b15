import type { Text } from '@wanmi/contracts';
import { useRef, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import styles from './widgets.module.css';

/**
 * A text area that offers the city's common phrases: a click, or Alt and the number, adds one. The browser's own: the kit's
 * measures its height with inline styles, which the CSP refuses.
 */
export function PhraseArea({
  id,
  value,
  onChange,
  onBlur,
  invalid = false,
  describedBy,
  autoFocus = false,
  maxLength,
  phrases,
  rows = 2,
}: {
  id: string;
  value: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
  invalid?: boolean;
  describedBy?: string | undefined;
  autoFocus?: boolean;
  maxLength?: number | undefined;
  phrases: Text[];
  rows?: number;
}) {
  const { t } = useTranslation();
  const text = useText();
  const area = useRef<HTMLTextAreaElement>(null);
  const offered = phrases.slice(0, 9);

  function add(phrase: string) {
    const glue = value === '' || /[\s，。；、,.;]$/.test(value) ? '' : t('list.semicolon');
    onChange(value + glue + phrase);
    area.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    const phrase =
      event.altKey && /^Digit[1-9]$/.test(event.code) ? offered[Number(event.code.slice(5)) - 1] : undefined;
    if (!phrase) return;
    event.preventDefault();
    add(text(phrase));
  }

  return (
    <div className={styles.phrases}>
      <textarea
        id={id}
        ref={area}
        className={styles.area}
        rows={rows}
        data-rows={rows}
        value={value}
        autoFocus={autoFocus}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        onChange={(event) => onChange(event.target.value)}
        onBlur={onBlur}
        onKeyDown={onKeyDown}
      />
      {maxLength !== undefined && value.length > maxLength * 0.8 && (
        <p className={styles.count} data-over={value.length > maxLength}>
          {value.length} / {maxLength}
        </p>
      )}
      {offered.length > 0 && (
        <ul className={styles.offered} aria-label={t('form.phrases')}>
          {offered.map((phrase, index) => (
            <li key={phrase['zh-CN']}>
              {/* Alt and the number do the same: nine more stops would stand in the way of the next field. */}
              <button
                type="button"
                tabIndex={-1}
                title={`Alt ${index + 1}`}
                onClick={() => add(text(phrase))}
              >
                {text(phrase)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
