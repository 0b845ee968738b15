import { useEffect, useEffectEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { EditorProps } from './Editor.tsx';
import styles from './rules.module.css';

/** The file as it stands: the last resort for everything. */
export function TextEditor({ text, at, onChange }: EditorProps) {
  const { t } = useTranslation('rules');
  const area = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLPreElement>(null);
  const lines = text.split('\n').length;

  const jump = useEffectEvent((place: string) => {
    const [from, to] = rangeOf(text, place);
    const field = area.current;
    if (!field || to === 0) return;
    field.focus();
    field.setSelectionRange(from, to);
    const line = text.slice(0, from).split('\n').length;
    field.scrollTop = Math.max(0, (line - 6) * 20);
  });
  useEffect(() => {
    if (at) jump(at);
  }, [at]);

  return (
    <div className={styles.textEditor}>
      <pre ref={numbers} aria-hidden>
        {Array.from({ length: lines }, (_, index) => index + 1).join('\n')}
      </pre>
      <textarea
        ref={area}
        data-raw
        aria-label={t('rawText')}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        readOnly={!onChange}
        value={text}
        onChange={(event) => onChange?.(event.target.value)}
        onScroll={(event) => {
          if (numbers.current) numbers.current.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
}

/** The stretch that a place means: a line of a table, an element by its id, the last step of a JSON pointer. */
function rangeOf(text: string, place: string): readonly [number, number] {
  const line = /^(\d+)(?:\/|$)/.exec(place)?.[1];
  if (line !== undefined) {
    const lines = text.split('\n');
    const start = lines.slice(0, Number(line) - 1).join('\n').length + (line === '1' ? 0 : 1);
    return [start, start + (lines[Number(line) - 1]?.length ?? 0)];
  }
  const last = place.split('/').at(-1) ?? place;
  for (const needle of [`id="${place}"`, `"${last}"`, place]) {
    const found = text.indexOf(needle);
    if (found >= 0) return [found, found + needle.length];
  }
  return [0, 0];
}
