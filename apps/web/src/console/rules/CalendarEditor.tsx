import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, TextFields, useProblemsAt, wordAt } from './fields.tsx';
import { at, isRecord, listOf, type JsonValue } from './json.ts';
import type { JsonProps } from './JsonEditor.tsx';
import { periodsOf, periodsText } from './periods.ts';
import styles from './rules.module.css';

const DAYS = ['1', '2', '3', '4', '5', '6', '7'] as const;

/** A working calendar: hours of a week, holidays, and days that are worked all the same. */
export function CalendarEditor(props: JsonProps) {
  const { value, set, remove, problems } = props;
  const { t } = useTranslation('rules');
  const problemsAt = useProblemsAt(problems);
  const holidays = listOf(value['holidays']);
  const workdays = listOf(value['workdays']);
  const lastDay = (list: readonly JsonValue[], key: string): string =>
    list
      .map((one) => wordAt(one, [key]))
      .toSorted()
      .at(-1) ?? '';

  return (
    <div className={styles.formBody}>
      <TextFields json={props} path={['name']} label={t('nameField')} />
      <div className={styles.pair}>
        <Field
          label={t('calendar.timeZone')}
          value={wordAt(value, ['timeZone'])}
          onSet={set && ((next) => set(['timeZone'], next))}
          hint={problemsAt(['timeZone'])}
        />
        <Field
          label={t('calendar.hoursPerDay')}
          value={wordAt(value, ['hoursPerDay'])}
          onSet={
            set &&
            ((next) =>
              set(['hoursPerDay'], Number.isFinite(Number(next)) && next !== '' ? Number(next) : next))
          }
          hint={t('calendar.hoursHint')}
        />
      </div>

      <section aria-label={t('calendar.weekly')}>
        <h3>{t('calendar.weekly')}</h3>
        <p className={styles.quiet}>{t('calendar.periodsHint')}</p>
        <div className={styles.week}>
          {DAYS.map((day) => (
            <Field
              key={day}
              label={t(`calendar.day.${day}`)}
              value={periodsText(at(value, ['weekly', day]))}
              onSet={
                set &&
                ((next) => {
                  const periods = periodsOf(next) as unknown as JsonValue;
                  if (isRecord(value['weekly'])) set(['weekly', day], periods);
                  else set(['weekly'], { [day]: periods });
                })
              }
            />
          ))}
        </div>
        {problemsAt(['weekly'])}
      </section>

      <section aria-label={t('calendar.holidays')}>
        <h3>
          {t('calendar.holidays')} <span className={styles.quiet}>{holidays.length}</span>
        </h3>
        <Days
          heads={[
            t('calendar.from'),
            t('calendar.to'),
            t('languages.zh-CN', { label: t('nameField') }),
            t('languages.en', { label: t('nameField') }),
          ]}
          rows={holidays.map((_, index) => t('calendar.holiday', { n: index + 1 }))}
          onRemove={remove && ((index) => remove(['holidays', index]))}
        >
          {(row, index) => (
            <>
              {(['from', 'to'] as const).map((key) => (
                <td key={key}>
                  <DayInput
                    label={`${row} ${t(`calendar.${key}`)}`}
                    value={wordAt(value, ['holidays', index, key])}
                    onSet={set && ((next) => set(['holidays', index, key], next))}
                  />
                  {key === 'from' && problemsAt(['holidays', index])}
                </td>
              ))}
              {(['zh-CN', 'en'] as const).map((language) => (
                <td key={language}>
                  <CellText
                    label={`${row} ${t(`languages.${language}`, { label: t('nameField') })}`}
                    value={wordAt(value, ['holidays', index, 'name', language])}
                    onSet={set && ((next) => set(['holidays', index, 'name', language], next))}
                  />
                </td>
              ))}
            </>
          )}
        </Days>
        {set && (
          <p>
            <Button
              onClick={() => {
                const day = lastDay(holidays, 'to') || '2027-01-01';
                const name = { 'zh-CN': t('calendar.newHoliday'), en: t('calendar.newHoliday') };
                set(['holidays'], [...holidays, { from: day, to: day, name }]);
              }}
            >
              {t('calendar.addHoliday')}
            </Button>
          </p>
        )}
      </section>

      <section aria-label={t('calendar.workdays')}>
        <h3>
          {t('calendar.workdays')} <span className={styles.quiet}>{workdays.length}</span>
        </h3>
        <p className={styles.quiet}>{t('calendar.workdaysHint')}</p>
        <Days
          heads={[t('calendar.date'), t('calendar.periods')]}
          rows={workdays.map((_, index) => t('calendar.workday', { n: index + 1 }))}
          onRemove={remove && ((index) => remove(['workdays', index]))}
        >
          {(row, index) => (
            <>
              <td>
                <DayInput
                  label={`${row} ${t('calendar.date')}`}
                  value={wordAt(value, ['workdays', index, 'date'])}
                  onSet={set && ((next) => set(['workdays', index, 'date'], next))}
                />
                {problemsAt(['workdays', index])}
              </td>
              <td>
                <CellText
                  label={`${row} ${t('calendar.periods')}`}
                  value={periodsText(at(value, ['workdays', index, 'periods']))}
                  onSet={
                    set &&
                    remove &&
                    ((next) =>
                      next === ''
                        ? remove(['workdays', index, 'periods'])
                        : set(['workdays', index, 'periods'], periodsOf(next) as unknown as JsonValue))
                  }
                />
              </td>
            </>
          )}
        </Days>
        {set && (
          <p>
            <Button
              onClick={() =>
                set(['workdays'], [...workdays, { date: lastDay(workdays, 'date') || '2027-01-01' }])
              }
            >
              {t('calendar.addWorkday')}
            </Button>
          </p>
        )}
      </section>
    </div>
  );
}

/** One line for each day or run of days, named for who cannot see the table, with a way to take it out. */
function Days({
  heads,
  rows,
  onRemove,
  children,
}: {
  heads: readonly string[];
  rows: readonly string[];
  onRemove: ((index: number) => void) | undefined;
  children: (row: string, index: number) => ReactNode;
}) {
  const { t } = useTranslation('rules');
  if (rows.length === 0) return null;
  return (
    <table className={styles.plainTable}>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
          <th scope="col">
            <span className="visuallyHidden">{t('more')}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={row}>
            {children(row, index)}
            <td className={styles.rowTools}>
              {onRemove && (
                <button
                  type="button"
                  aria-label={t('removeItem', { name: row })}
                  onClick={() => onRemove(index)}
                >
                  ×
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function DayInput({
  label,
  value,
  onSet,
}: {
  label: string;
  value: string;
  onSet: ((value: string) => void) | undefined;
}) {
  return (
    <input
      type="date"
      aria-label={label}
      readOnly={!onSet}
      value={value}
      onChange={(event) => {
        if (event.target.value) onSet?.(event.target.value);
      }}
    />
  );
}

function CellText({
  label,
  value,
  onSet,
}: {
  label: string;
  value: string;
  onSet: ((value: string) => void) | undefined;
}) {
  return (
    <input
      key={value}
      aria-label={label}
      defaultValue={value}
      readOnly={!onSet}
      onBlur={(event) => {
        if (event.target.value.trim() !== value) onSet?.(event.target.value.trim());
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
      }}
    />
  );
}
