import { Button } from 'antd';
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
        {holidays.length > 0 && (
          <table className={styles.plainTable}>
            <thead>
              <tr>
                <th scope="col">{t('calendar.from')}</th>
                <th scope="col">{t('calendar.to')}</th>
                <th scope="col">{t('languages.zh-CN', { label: t('nameField') })}</th>
                <th scope="col">{t('languages.en', { label: t('nameField') })}</th>
                <th scope="col">
                  <span className="visuallyHidden">{t('more')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {holidays.map((_, index) => {
                const row = t('calendar.holiday', { n: index + 1 });
                const problem = problemsAt(['holidays', index]);
                return (
                  <tr key={index}>
                    {(['from', 'to'] as const).map((key) => (
                      <td key={key}>
                        <input
                          type="date"
                          aria-label={`${row} ${t(`calendar.${key}`)}`}
                          readOnly={!set}
                          value={wordAt(value, ['holidays', index, key])}
                          onChange={(event) => {
                            if (event.target.value) set?.(['holidays', index, key], event.target.value);
                          }}
                        />
                        {key === 'from' && problem}
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
                    <td className={styles.rowTools}>
                      {remove && (
                        <button
                          type="button"
                          aria-label={t('removeItem', { name: row })}
                          onClick={() => remove(['holidays', index])}
                        >
                          ×
                        </button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
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
        {workdays.length > 0 && (
          <table className={styles.plainTable}>
            <thead>
              <tr>
                <th scope="col">{t('calendar.date')}</th>
                <th scope="col">{t('calendar.periods')}</th>
                <th scope="col">
                  <span className="visuallyHidden">{t('more')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {workdays.map((_, index) => {
                const row = t('calendar.workday', { n: index + 1 });
                return (
                  <tr key={index}>
                    <td>
                      <input
                        type="date"
                        aria-label={`${row} ${t('calendar.date')}`}
                        readOnly={!set}
                        value={wordAt(value, ['workdays', index, 'date'])}
                        onChange={(event) => {
                          if (event.target.value) set?.(['workdays', index, 'date'], event.target.value);
                        }}
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
                    <td className={styles.rowTools}>
                      {remove && (
                        <button
                          type="button"
                          aria-label={t('removeItem', { name: row })}
                          onClick={() => remove(['workdays', index])}
                        >
                          ×
                        </button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
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
