import {
  createContext,
  useContext,
  useEffect,
  useEffectEvent,
  useRef,
  type ComponentType,
  type ReactNode,
} from 'react';
import { Controller, useForm, useWatch, type Resolver } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { useText } from '../i18n/text.ts';
import styles from './form.module.css';
import { isConditional } from './conditions.ts';
import {
  answersOf,
  defaultsOf,
  fieldsOf,
  shownFields,
  type Field,
  type JsonSchema,
  type WidgetName,
} from './schema.ts';
import { validate, type Fault } from './validate.ts';

export interface WidgetProps {
  id: string;
  field: Field;
  value: unknown;
  onChange: (value: unknown) => void;
  onBlur: () => void;
  /** While something of this field is still on its way: a form sent now would leave it out. */
  onBusy: (busy: boolean) => void;
  invalid: boolean;
  describedBy: string | undefined;
  autoFocus: boolean;
}

export type Widgets = Record<WidgetName, ComponentType<WidgetProps>>;

/** What the widgets know of the thing that the form is about. */
export interface FormSubject {
  action: string;
  categoryId?: string | undefined;
  caseId?: string | undefined;
}
const Subject = createContext<FormSubject>({ action: '' });

export function useFormSubject(): FormSubject {
  return useContext(Subject);
}

export interface ServerFieldError {
  path: string;
  code: string;
}

type Values = Record<string, unknown>;

/**
 * A form drawn from JSON Schema. The kit's widgets are handed in, so that console and field draw the same form
 * with their own controls.
 */
export function SchemaForm({
  id,
  schema,
  widgets,
  subject,
  initial,
  serverErrors,
  onSubmit,
  onChange,
  onBusy,
  children,
  autoFocus = false,
}: {
  id: string;
  schema: JsonSchema;
  widgets: Widgets;
  subject: FormSubject;
  initial?: Values | undefined;
  serverErrors?: ServerFieldError[] | undefined;
  onSubmit: (data: Values) => void;
  onChange?: ((data: Values) => void) | undefined;
  onBusy?: ((busy: boolean) => void) | undefined;
  children?: ReactNode;
  autoFocus?: boolean;
}) {
  const { t } = useTranslation();
  const text = useText();
  const fields = fieldsOf(schema);
  const names = new Map(fields.map((field) => [field.name, text(field.label)]));

  function message({ keyword, limit }: Fault): string {
    if (keyword === 'exclusiveMinimum') return message({ keyword: 'above', limit });
    const known = (knownFaults as readonly string[]).includes(keyword) ? (keyword as KnownFault) : 'other';
    return t(`form.${known}`, { limit: typeof limit === 'number' || typeof limit === 'string' ? limit : '' });
  }

  const resolver: Resolver<Values> = (values) => {
    const data = answersOf(schema, values);
    const faults = validate(schema, data);
    const errors = Object.fromEntries(
      Object.entries(faults.fields).map(([name, fault]) => [
        name,
        { type: fault.keyword, message: message(fault) },
      ]),
    );
    if (faults.oneOfFields) {
      const choice = faults.oneOfFields.map((name) => names.get(name) ?? name).join(t('form.or'));
      errors[faults.oneOfFields[0]!] ??= { type: 'anyOf', message: t('form.anyOf', { fields: choice }) };
    }
    return Object.keys(errors).length > 0 ? { values: {}, errors } : { values: data, errors: {} };
  };

  const { control, handleSubmit, setError, subscribe } = useForm<Values>({
    defaultValues: { ...defaultsOf(schema), ...initial },
    resolver,
    mode: 'onTouched',
  });

  const underWay = useRef(new Set<string>());
  function tellBusy(name: string, busy: boolean) {
    if (busy) underWay.current.add(name);
    else underWay.current.delete(name);
    onBusy?.(underWay.current.size > 0);
  }

  const changed = useEffectEvent((values: Values) => onChange?.(answersOf(schema, values)));
  useEffect(
    () => subscribe({ formState: { values: true }, callback: ({ values }) => changed(values) }),
    [subscribe],
  );

  const show = useEffectEvent((errors: ServerFieldError[]) => {
    for (const { path, code } of errors) {
      const name = path.split('/')[1];
      if (name && names.has(name)) setError(name, { type: code, message: message({ keyword: code }) });
    }
  });
  useEffect(() => {
    if (serverErrors) show(serverErrors);
  }, [serverErrors]);

  // A plain form is drawn once; only one with conditions follows what is answered.
  const answers = useWatch({ control, disabled: !isConditional(schema) });
  const shown = shownFields(schema, answers);
  const first = shown.find((field) => field.required) ?? shown[0];
  return (
    <Subject.Provider value={subject}>
      <form
        id={id}
        className={styles.form}
        noValidate
        onSubmit={(event) => void handleSubmit((data) => onSubmit(data))(event)}
      >
        {shown.map((field) => (
          <Controller
            key={field.name}
            name={field.name}
            control={control}
            render={({ field: input, fieldState }) => (
              <FieldFrame
                id={`${id}-${field.name}`}
                field={field}
                error={fieldState.error?.message}
                widget={widgets[field.widget]}
                value={amongChoices(field, input.value)}
                onChange={input.onChange}
                onBlur={input.onBlur}
                onBusy={(busy) => tellBusy(field.name, busy)}
                autoFocus={autoFocus && field.name === first?.name}
              />
            )}
          />
        ))}
        {children}
      </form>
    </Subject.Provider>
  );
}

/** An answer that another one has ruled out is none: it is neither shown as chosen nor by its bare id. */
function amongChoices({ widget, choices }: Field, value: unknown): unknown {
  const isOne = widget === 'unit' || widget === 'condition' || widget === 'select';
  if (!isOne || choices.length === 0 || value === undefined) return value;
  return choices.some((choice) => choice.value === value) ? value : undefined;
}

const knownFaults = [
  'required',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'above',
  'minItems',
  'maxItems',
  'uniqueItems',
  'pattern',
  'format',
  'oneOf',
  'enum',
  'type',
  // The server's own, of units
  'sameDepartment',
  'notOnDuty',
  'otherRegion',
  'servesHere',
] as const;
type KnownFault = (typeof knownFaults)[number] | 'other';

function FieldFrame({
  id,
  field,
  error,
  widget: Widget,
  value,
  onChange,
  onBlur,
  onBusy,
  autoFocus,
}: {
  id: string;
  field: Field;
  error: string | undefined;
  widget: ComponentType<WidgetProps>;
  value: unknown;
  onChange: (value: unknown) => void;
  onBlur: () => void;
  onBusy: (busy: boolean) => void;
  autoFocus: boolean;
}) {
  const { t } = useTranslation();
  const text = useText();
  const describedBy = [field.help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className={styles.field} data-widget={field.widget}>
      <label className={styles.label} htmlFor={id} id={`${id}-label`}>
        {text(field.label)}
        {field.required ? (
          <span className={styles.required}>{t('form.mustFill')}</span>
        ) : (
          <span className={styles.optional}>{t('form.optional')}</span>
        )}
      </label>
      <Widget
        id={id}
        field={field}
        value={value}
        onChange={onChange}
        onBlur={onBlur}
        onBusy={onBusy}
        invalid={error !== undefined}
        describedBy={describedBy || undefined}
        autoFocus={autoFocus}
      />
      {field.help && (
        <p id={`${id}-help`} className={styles.help}>
          {text(field.help)}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
