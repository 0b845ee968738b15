import { useId, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Typed } from './Typed.tsx';
import { at, type JsonPath, type JsonValue } from './json.ts';
import type { JsonProps } from './JsonEditor.tsx';
import { useProblemText } from './problemText.ts';
import styles from './rules.module.css';

/** The problems at one place of a JSON file. */
export function useProblemsAt(problems: JsonProps['problems']) {
  const problemText = useProblemText();
  return (path: JsonPath): ReactNode => {
    const pointer = path.map((step) => `/${String(step)}`).join('');
    return problems
      .filter((one) => one.element === pointer || (pointer !== '' && one.element?.startsWith(`${pointer}/`)))
      .map((one, index) => (
        <span key={index} className={one.severity === 'error' ? styles.wrong : styles.warned}>
          {problemText(one)}
        </span>
      ));
  };
}

/** A text in both languages. */
export function TextFields({
  json,
  path,
  label,
}: {
  json: Pick<JsonProps, 'value' | 'set'>;
  path: JsonPath;
  label: string;
}) {
  const { t } = useTranslation('rules');
  const id = useId();
  return (
    <div className={styles.pair}>
      {(['zh-CN', 'en'] as const).map((language) => (
        <div key={language} className={styles.field}>
          <label htmlFor={`${id}-${language}`}>{t(`languages.${language}`, { label })}</label>
          <Typed
            id={`${id}-${language}`}
            value={wordAt(json.value, [...path, language])}
            onSet={
              json.set &&
              ((next) => {
                const own = at(json.value, path);
                if (typeof own === 'object' && own !== null) json.set?.([...path, language], next);
                else json.set?.(path, { 'zh-CN': next, en: next });
              })
            }
          />
        </div>
      ))}
    </div>
  );
}

export function wordAt(value: JsonValue, path: JsonPath): string {
  const found = at(value, path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

export function Field({
  label,
  hint,
  value,
  onSet,
  children,
}: {
  label: string;
  hint?: ReactNode;
  value: string;
  onSet: ((value: string) => void) | undefined;
  children?: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children ? (
        children(id)
      ) : (
        <Typed id={id} value={value} onSet={onSet} describedBy={hint ? `${id}-hint` : undefined} />
      )}
      {hint && (
        <p id={`${id}-hint`} className={styles.quiet}>
          {hint}
        </p>
      )}
    </div>
  );
}
