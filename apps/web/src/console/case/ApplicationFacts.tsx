import type { Application, CaseDetail, Limit } from '@wanmi/contracts';
import i18next from 'i18next';
import { useTranslation } from 'react-i18next';
import { fieldsOf, type Field } from '../../shared/form/schema.ts';
import { useText } from '../../shared/i18n/text.ts';
import { useFormat } from '../../shared/time/useFormat.ts';
import styles from './case.module.css';

const INSTANT = /^\d{4}-\d\d-\d\dT/;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

/** What is applied for, as it was filled in: in the words of the form where the form is at hand. */
export function ApplicationFacts({ application, detail }: { application: Application; detail: CaseDetail }) {
  const { t } = useTranslation();
  const text = useText();
  const format = useFormat();
  const fields = formOf(application, detail);

  const rows = Object.entries(together(application.data)).flatMap(([name, value]): [string, string][] => {
    const field = fields.find((one) => one.name === name);
    const key = `application.field.${name}`;
    const label = field ? text(field.label) : i18next.exists(key) ? t(key as 'application.field.note') : name;
    const shown = show(value, field);
    return shown === null ? [] : [[label, shown]];
  });
  const pictures = detail.media.filter((one) =>
    Object.values(application.data).some((value) => Array.isArray(value) && value.includes(one.id)),
  );
  if (rows.length === 0 && pictures.length === 0) return null;
  return (
    <>
      <dl className={styles.answers}>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {pictures.length > 0 && (
        <p className={styles.pictures}>
          {pictures.map((one) => (
            <img
              key={one.id}
              src={one.thumbnailUrl ?? one.url}
              alt={t(`media.purpose.${one.purpose}`)}
              loading="lazy"
            />
          ))}
        </p>
      )}
    </>
  );

  function show(value: unknown, field: Field | undefined): string | null {
    const choice = field?.choices.find((one) => one.value === value);
    if (choice) return text(choice.label);
    if (typeof value === 'number') return format.number(value);
    if (typeof value === 'string') {
      if (ID.test(value)) return unitName(value);
      if (INSTANT.test(value)) return format.instant(value);
      const key = `application.reason.${value}`;
      return i18next.exists(key) ? t(key as 'application.reason.other') : value;
    }
    if (typeof value === 'object' && value !== null && 'unit' in value && 'value' in value)
      return format.limit(value as Limit);
    return null;
  }

  function unitName(id: string): string | null {
    const units = detail.assignments.flatMap((one) => (one.crew ? [one.unit, one.crew] : [one.unit]));
    const unit = units.find((one) => one.id === id);
    return unit ? text(unit.name) : null;
  }
}

/** A figure and its unit are one limit. */
function together(data: Record<string, unknown>): Record<string, unknown> {
  const { value, unit, ...others } = data;
  return typeof value === 'number' && typeof unit === 'string' ? { value: { value, unit }, ...others } : data;
}

/** The form that it was asked with, if this person could ask so too. */
function formOf({ kind }: Application, detail: CaseDetail): Field[] {
  const action =
    kind === 'appeal'
      ? 'appeal'
      : kind === 'reopen'
        ? 'notSolved'
        : `apply${kind[0]!.toUpperCase()}${kind.slice(1)}`;
  const offered = [...detail.tasks.flatMap((task) => task.actions), ...detail.actions];
  const form = offered.find((one) => one.action === action)?.form;
  return form ? fieldsOf(form) : [];
}
