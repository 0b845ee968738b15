import { Button } from 'antd';
import { useEffect, useEffectEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldsOf, WIDGETS, type Field as FormField, type JsonSchema } from '../../shared/form/schema.ts';
import { useText } from '../../shared/i18n/text.ts';
import { Field, TextFields, useProblemsAt, wordAt } from './fields.tsx';
import { FormPreview } from './FormPreview.tsx';
import { at, isRecord, listOf, removeJson, setJson, type JsonPath, type JsonValue } from './json.ts';
import type { JsonProps } from './JsonEditor.tsx';
import styles from './rules.module.css';

/** A form: its fields in their order, and beside them the form as it will be filled in. */
export function FormEditor(props: JsonProps) {
  const { value, set, problems, code } = props;
  const { t } = useTranslation('rules');
  const text = useText();
  const problemsAt = useProblemsAt(problems);
  const [chosen, setChosen] = useState<string | null>(null);
  const [name, setName] = useState('');
  const fields = fieldsOf(value as JsonSchema);
  const own = isRecord(value['properties']) ? Object.keys(value['properties']) : [];
  const field = fields.find((one) => one.name === chosen);

  const jump = useEffectEvent((place: string) => {
    const found = /^\/properties\/([^/]+)/.exec(place)?.[1];
    if (found && own.includes(found)) setChosen(found);
  });
  useEffect(() => {
    if (!props.at) return;
    const soon = requestAnimationFrame(() => jump(props.at!));
    return () => cancelAnimationFrame(soon);
  }, [props.at]);

  return (
    <div className={styles.formEditor}>
      <div className={styles.formFields}>
        <TextFields json={props} path={['x-label']} label={t('form.title')} />
        {problemsAt(['x-label'])}
        <h3>{t('form.fields')}</h3>
        {fields.length === 0 && <p className={styles.quiet}>{t('form.none')}</p>}
        <ul className={styles.fieldList}>
          {fields.map((one) => (
            <li key={one.name}>
              <button
                type="button"
                aria-expanded={one.name === chosen}
                onClick={() => setChosen(one.name === chosen ? null : one.name)}
              >
                <span className={styles.fieldName}>{text(one.label)}</span>
                <code className={styles.path}>{one.name}</code>
                <span className={styles.quiet}>{t(`form.widgets.${one.widget}`)}</span>
                {one.required && <span className={styles.tag}>{t('form.required')}</span>}
              </button>
              {problemsAt(['properties', one.name])}
              {one.name === chosen && field && own.includes(one.name) && (
                <FieldForm {...props} field={field} onGone={() => setChosen(null)} />
              )}
              {one.name === chosen && !own.includes(one.name) && (
                <p className={styles.quiet}>{t('form.conditional')}</p>
              )}
            </li>
          ))}
        </ul>
        {set && (
          <form
            className={styles.rowFields}
            onSubmit={(event) => {
              event.preventDefault();
              const order = Math.max(0, ...fields.map((one) => Number(one.schema['x-order'] ?? 0))) + 10;
              const label = { 'zh-CN': name, en: name };
              const schema = {
                type: 'string',
                maxLength: 200,
                'x-label': label,
                'x-widget': 'text',
                'x-order': order,
              };
              if (isRecord(value['properties'])) set(['properties', name], schema);
              else set(['properties'], { [name]: schema });
              setChosen(name);
              setName('');
            }}
          >
            <Field label={t('form.add')} value={name} onSet={undefined} hint={t('form.addHint')}>
              {(id) => (
                <input id={id} value={name} onChange={(event) => setName(event.target.value.trim())} />
              )}
            </Field>
            <Button htmlType="submit" disabled={!/^[a-z][A-Za-z0-9]*$/.test(name) || own.includes(name)}>
              {t('add')}
            </Button>
          </form>
        )}
      </div>
      <section className={styles.formPreview} aria-label={t('form.preview')}>
        <h3>{t('form.preview')}</h3>
        <FormPreview key={props.text} code={code} schema={value as JsonSchema} />
      </section>
    </div>
  );
}

/** What each kind of control holds. */
const TYPES: Readonly<Record<string, { type: string; items?: JsonValue; format?: string }>> = {
  number: { type: 'number' },
  rating: { type: 'integer' },
  switch: { type: 'boolean' },
  followUp: { type: 'boolean' },
  media: { type: 'array', items: { type: 'string', format: 'uuid' } },
  units: { type: 'array', items: { type: 'string', format: 'uuid' } },
  date: { type: 'string', format: 'date' },
};

function FieldForm(props: JsonProps & { field: FormField; onGone: () => void }) {
  const { value, set, remove, field, onGone } = props;
  const { t } = useTranslation('rules');
  const path: JsonPath = ['properties', field.name];
  const required = listOf(value['required']).map(String);
  const choices = listOf(at(value, [...path, 'oneOf']));
  const canChoose = choices.length > 0 || field.widget === 'select';

  function setRequired(on: boolean) {
    const rest = required.filter((one) => one !== field.name);
    set?.(['required'], on ? [...rest, field.name] : rest);
  }

  function setWidget(widget: string) {
    const own = at(value, path);
    if (!isRecord(own)) return;
    const { type: _type, items: _items, format: _format, ...rest } = own;
    const fits = TYPES[widget] ?? { type: 'string' };
    // The check knows a yes-or-no as a checkbox.
    set?.(path, { ...fits, ...rest, 'x-widget': widget === 'switch' ? 'checkbox' : widget });
  }

  const number = (key: string) => (next: string) =>
    next === ''
      ? remove?.([...path, key])
      : set?.([...path, key], Number.isFinite(Number(next)) ? Number(next) : next);
  return (
    <div className={styles.fieldForm}>
      <TextFields json={props} path={[...path, 'x-label']} label={t('form.label')} />
      <TextFields json={props} path={[...path, 'x-help']} label={t('form.help')} />
      <div className={styles.pair}>
        <Field label={t('form.widget')} value={field.widget} onSet={undefined}>
          {(id) => (
            <select
              id={id}
              value={field.widget}
              disabled={!set}
              onChange={(event) => setWidget(event.target.value)}
            >
              {WIDGETS.map((one) => (
                <option key={one} value={one}>
                  {t(`form.widgets.${one}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label={t('form.order')}
          value={wordAt(value, [...path, 'x-order'])}
          onSet={set && number('x-order')}
        />
        {field.schema['type'] === 'string' && (
          <Field
            label={t('form.maxLength')}
            value={wordAt(value, [...path, 'maxLength'])}
            onSet={set && number('maxLength')}
          />
        )}
      </div>
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={required.includes(field.name)}
          disabled={!set}
          onChange={(event) => setRequired(event.target.checked)}
        />
        {t('form.required')}
      </label>
      {canChoose && (
        <>
          <h4>{t('form.choices')}</h4>
          {choices.map((_, index) => (
            <div key={index} className={styles.rowFields}>
              <Field
                label={t('form.choiceValue')}
                value={wordAt(value, [...path, 'oneOf', index, 'const'])}
                onSet={set && ((next) => set([...path, 'oneOf', index, 'const'], next))}
              />
              <TextFields json={props} path={[...path, 'oneOf', index, 'x-label']} label={t('form.label')} />
              {remove && (
                <button
                  type="button"
                  className={styles.close}
                  aria-label={t('removeItem', { name: wordAt(value, [...path, 'oneOf', index, 'const']) })}
                  onClick={() => remove([...path, 'oneOf', index])}
                >
                  ×
                </button>
              )}
            </div>
          ))}
          {set && (
            <Button
              onClick={() =>
                set(
                  [...path, 'oneOf'],
                  [
                    ...choices,
                    {
                      const: `choice${choices.length + 1}`,
                      title: `choice${choices.length + 1}`,
                      'x-label': { 'zh-CN': '', en: '' },
                    },
                  ],
                )
              }
            >
              {t('form.addChoice')}
            </Button>
          )}
        </>
      )}
      {remove && set && (
        <p>
          <Button
            danger
            onClick={() => {
              onGone();
              // One change, one step back.
              const others = required.filter((one) => one !== field.name);
              const without = removeJson(props.text, path);
              props.onChange?.(
                others.length < required.length ? setJson(without, ['required'], others) : without,
              );
            }}
          >
            {t('form.remove')}
          </Button>
        </p>
      )}
    </div>
  );
}
