import type { Text } from '@wanmi/contracts';
import { Input } from 'antd';
import type { TextAreaRef } from 'antd/es/input/TextArea';
import { useRef, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useText } from '../../shared/i18n/text.ts';
import styles from './widgets.module.css';

/** A text area that offers the city's common phrases: a click, or Alt and the number, adds one. */
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
  const area = useRef<TextAreaRef>(null);
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
      <Input.TextArea
        id={id}
        ref={area}
        value={value}
        autoFocus={autoFocus}
        autoSize={{ minRows: rows, maxRows: 8 }}
        aria-describedby={describedBy}
        aria-invalid={invalid}
        {...(invalid ? { status: 'error' as const } : {})}
        {...(maxLength && value.length > maxLength * 0.8 ? { count: { show: true, max: maxLength } } : {})}
        onChange={(event) => onChange(event.target.value)}
        onBlur={onBlur}
        onKeyDown={onKeyDown}
      />
      {offered.length > 0 && (
        <ul className={styles.offered} aria-label={t('form.phrases')}>
          {offered.map((phrase, index) => (
            <li key={phrase['zh-CN']}>
              <button type="button" title={`Alt ${index + 1}`} onClick={() => add(text(phrase))}>
                {text(phrase)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
