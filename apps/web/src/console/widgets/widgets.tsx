import { Input, InputNumber, Select, Switch } from 'antd';
import { useTranslation } from 'react-i18next';
import { Boxes } from '../../shared/form/Boxes.tsx';
import { Choices } from '../../shared/form/Choices.tsx';
import type { WidgetProps, Widgets } from '../../shared/form/SchemaForm.tsx';
import { useText } from '../../shared/i18n/text.ts';
import { MediaField } from '../../shared/photos/MediaField.tsx';
import { useFormat, useTimeZone } from '../../shared/time/useFormat.ts';
import { instantOfWall, wallOfInstant } from '../../shared/time/format.ts';
import { CaseLookUp } from './CaseLookUp.tsx';
import { PhraseArea } from './PhraseArea.tsx';
import { PositionField } from './PositionField.tsx';
import { LookUp } from './LookUp.tsx';
import styles from './widgets.module.css';

/** Up to this many choices are all in sight; more are searched. */
const IN_SIGHT = 8;

/** Up to seven characters of Chinese, or fourteen of Latin, are short; twice that still stands two in a row. */
function sizeOf(labels: string[]): 'short' | 'middle' | 'long' {
  const widest = Math.max(...labels.map((label) => label.replaceAll(/[^\u0000-\u00ff]/g, 'xx').length));
  if (widest <= 14) return 'short';
  return widest <= 28 ? 'middle' : 'long';
}

const status = (invalid: boolean) => (invalid ? { status: 'error' as const } : {});
const stringOf = (value: unknown) => (typeof value === 'string' ? value : '');

function TextWidget({ id, value, onChange, onBlur, invalid, describedBy, autoFocus, field }: WidgetProps) {
  const pattern = field.schema['format'] === 'email' ? 'email' : 'text';
  return (
    <Input
      id={id}
      type={pattern}
      value={stringOf(value)}
      autoFocus={autoFocus}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      {...status(invalid)}
      onChange={(event) => onChange(event.target.value)}
      onBlur={onBlur}
    />
  );
}

function AreaWidget(props: WidgetProps) {
  const { id, value, onChange, onBlur, invalid, describedBy, autoFocus, field } = props;
  return (
    <PhraseArea
      id={id}
      value={stringOf(value)}
      onChange={onChange}
      onBlur={onBlur}
      invalid={invalid}
      describedBy={describedBy}
      autoFocus={autoFocus}
      maxLength={Number(field.schema['maxLength'] ?? 0) || undefined}
      phrases={field.phrases}
    />
  );
}

/** Choices that the form carries: few in sight, many searched; a condition shows closing rule and limit. */
function ChoiceWidget(props: WidgetProps) {
  const { id, field, value, onChange, onBlur, invalid, describedBy, autoFocus } = props;
  const text = useText();
  const format = useFormat();
  const { t } = useTranslation();
  if (field.choices.length === 0) return <LookUp {...props} />;
  if (field.choices.length <= IN_SIGHT) {
    return (
      <Choices
        id={id}
        // What is explained needs the width.
        size={
          field.choices.some((choice) => choice.help ?? choice.limit)
            ? 'long'
            : sizeOf(field.choices.map((choice) => text(choice.label)))
        }
        items={field.choices.map((choice) => ({
          value: choice.value,
          label: text(choice.label),
          note: [
            choice.limit && t('action.limit', { limit: format.limit(choice.limit) }),
            choice.help && text(choice.help),
          ]
            .filter(Boolean)
            .join(' · '),
        }))}
        value={value}
        onChange={onChange}
        onBlur={onBlur}
        describedBy={describedBy}
        invalid={invalid}
        autoFocus={autoFocus}
      />
    );
  }
  const proposed = field.schema['default'];
  return (
    <Select
      id={id}
      showSearch={{ optionFilterProp: 'label' }}
      value={(value as string | undefined) ?? null}
      autoFocus={autoFocus}
      allowClear={!field.required}
      placeholder={t('form.pick')}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      {...status(invalid)}
      options={field.choices.map((choice) => ({
        value: choice.value,
        label:
          text(choice.label) +
          (choice.limit ? ` · ${format.limit(choice.limit)}` : '') +
          (choice.value === proposed ? ` · ${t('form.proposed')}` : ''),
      }))}
      onChange={(next: unknown) => onChange(next ?? undefined)}
      onBlur={onBlur}
    />
  );
}

function SwitchWidget({ id, value, onChange, describedBy }: WidgetProps) {
  return (
    <span>
      <Switch id={id} checked={value === true} aria-describedby={describedBy} onChange={onChange} />
    </span>
  );
}

function NumberWidget({ id, value, onChange, onBlur, invalid, describedBy, autoFocus }: WidgetProps) {
  return (
    <InputNumber
      id={id}
      value={typeof value === 'number' ? value : null}
      autoFocus={autoFocus}
      aria-describedby={describedBy}
      {...status(invalid)}
      onChange={(next) => onChange(next ?? undefined)}
      onBlur={onBlur}
    />
  );
}

/** Several of the form's choices: departments that work together, units that are consulted. */
function SeveralWidget(props: WidgetProps) {
  const { id, field, value, onChange, onBlur, invalid, describedBy, autoFocus } = props;
  const text = useText();
  const { t } = useTranslation();
  if (field.choices.length === 0) return <LookUp {...props} />;
  const chosen = Array.isArray(value) ? (value as (string | number)[]) : [];
  if (field.choices.length <= IN_SIGHT) {
    return (
      <Boxes
        id={id}
        items={field.choices.map((choice) => ({
          value: choice.value,
          label: text(choice.label),
          note: choice.help && text(choice.help),
        }))}
        value={chosen}
        onChange={onChange}
        onBlur={onBlur}
        describedBy={describedBy}
        invalid={invalid}
        autoFocus={autoFocus}
      />
    );
  }
  return (
    <Select
      id={id}
      mode="multiple"
      showSearch={{ optionFilterProp: 'label' }}
      value={chosen}
      autoFocus={autoFocus}
      allowClear
      placeholder={t('form.pickSeveral')}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      {...status(invalid)}
      options={field.choices.map((choice) => ({ value: choice.value, label: text(choice.label) }))}
      onChange={(next: unknown) => onChange(next)}
      onBlur={onBlur}
    />
  );
}

/** One to five, said in words too. */
function RatingWidget({ id, field, value, onChange, onBlur, describedBy, autoFocus }: WidgetProps) {
  const { t } = useTranslation();
  const text = useText();
  const most = Number(field.schema['maximum'] ?? 5);
  const steps = field.choices.length
    ? field.choices.map((choice) => ({ value: Number(choice.value), word: text(choice.label) }))
    : Array.from({ length: most }, (_, index) => ({
        value: index + 1,
        word: t('form.stars', { n: index + 1, of: most }),
      }));
  const word = steps.find((step) => step.value === value)?.word;
  return (
    <div
      id={id}
      className={styles.stars}
      role="radiogroup"
      aria-labelledby={`${id}-label`}
      aria-describedby={describedBy}
      onBlur={onBlur}
    >
      {steps.map((step, index) => (
        <label key={step.value} title={step.word} data-on={typeof value === 'number' && value >= step.value}>
          <input
            type="radio"
            name={id}
            aria-label={step.word}
            checked={value === step.value}
            autoFocus={autoFocus && index === 0}
            onChange={() => onChange(step.value)}
          />
          <span aria-hidden>★</span>
        </label>
      ))}
      {word && <span className={styles.starWord}>{word}</span>}
    </div>
  );
}

/** A day, or a moment by the city's clock. */
function DateWidget({ id, field, value, onChange, onBlur, invalid, describedBy, autoFocus }: WidgetProps) {
  const timeZone = useTimeZone();
  const moment = field.schema['format'] === 'date-time';
  const typed = stringOf(value);
  return (
    <Input
      id={id}
      type={moment ? 'datetime-local' : 'date'}
      value={moment ? wallOfInstant(typed, timeZone) : typed}
      autoFocus={autoFocus}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      {...status(invalid)}
      onChange={(event) =>
        onChange(moment ? instantOfWall(event.target.value, timeZone) : event.target.value || undefined)
      }
      onBlur={onBlur}
    />
  );
}

function MediaWidget({ id, field, value, onChange, onBusy, invalid, describedBy, autoFocus }: WidgetProps) {
  return (
    <MediaField
      id={id}
      value={Array.isArray(value) ? (value as string[]) : []}
      onChange={onChange}
      onBusy={onBusy}
      max={Number(field.schema['maxItems'] ?? 9)}
      invalid={invalid}
      describedBy={describedBy}
      autoFocus={autoFocus}
    />
  );
}

export const widgets: Widgets = {
  text: TextWidget,
  textarea: AreaWidget,
  phrases: AreaWidget,
  select: ChoiceWidget,
  condition: ChoiceWidget,
  unit: ChoiceWidget,
  units: SeveralWidget,
  case: CaseLookUp,
  rating: RatingWidget,
  person: ChoiceWidget,
  category: ChoiceWidget,
  asset: ChoiceWidget,
  switch: SwitchWidget,
  number: NumberWidget,
  date: DateWidget,
  media: MediaWidget,
  position: PositionField,
};
