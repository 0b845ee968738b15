import { useTranslation } from 'react-i18next';
import { serverNow } from '../../shared/time/clock.ts';
import { cityDay } from '../../shared/time/format.ts';
import { useTimeZone } from '../../shared/time/useFormat.ts';
import { useMe } from '../me.ts';
import { Field, TextFields, useProblemsAt, wordAt } from './fields.tsx';
import type { JsonProps } from './JsonEditor.tsx';
import styles from './rules.module.css';

/** How a number looks: the pattern, and the next number by it. */
export function NumberingEditor(props: JsonProps) {
  const { value, set, problems } = props;
  const { t } = useTranslation('rules');
  const { city } = useMe();
  const day = cityDay(serverNow(), useTimeZone());
  const problemsAt = useProblemsAt(problems);
  const pattern = wordAt(value, ['pattern']);
  return (
    <div className={styles.formBody}>
      <TextFields json={props} path={['name']} label={t('nameField')} />
      <Field
        label={t('numbering.pattern')}
        value={pattern}
        onSet={set && ((next) => set(['pattern'], next))}
        hint={t('numbering.hint')}
      />
      {problemsAt(['pattern'])}
      <p>
        {t('numbering.example')}{' '}
        <strong className={styles.example}>{exampleOf(pattern, day, city.code)}</strong>
      </p>
    </div>
  );
}

/** The first number of a day by a pattern. */
export function exampleOf(pattern: string, day: string, city: string): string {
  const [year = '', month = '', date = ''] = day.split('-');
  const parts: Record<string, string> = { yyyy: year, yy: year.slice(2), MM: month, dd: date, city };
  return pattern
    .replaceAll(/\{serial:(\d{1,2})\}/g, (_, digits: string) => '1'.padStart(Number(digits), '0'))
    .replaceAll(/\{(yyyy|yy|MM|dd|city)\}/g, (_, name: string) => parts[name] ?? '');
}
