import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { categoriesQuery, conditionsQuery, postsQuery, unitsQuery } from '../../shared/api/queries.ts';
import { useFormSubject, type WidgetProps } from '../../shared/form/SchemaForm.tsx';
import { useText } from '../../shared/i18n/text.ts';
import { Failure } from '../../shared/states/states.tsx';

/** Where the form carries no choices they are read from the catalogue: units, conditions, categories. */
export function LookUp({ id, field, value, onChange, onBlur, invalid, describedBy, autoFocus }: WidgetProps) {
  const { t } = useTranslation();
  const text = useText();
  const subject = useFormSubject();
  const units = useQuery({ ...unitsQuery, enabled: field.widget === 'unit' || field.widget === 'units' });
  const conditions = useQuery({
    ...conditionsQuery(subject.categoryId ?? ''),
    enabled: field.widget === 'condition' && subject.categoryId !== undefined,
  });
  const categories = useQuery({ ...categoriesQuery, enabled: field.widget === 'category' });
  const posts = useQuery({
    // Within a department work is handed to its crews.
    ...postsQuery(subject.action === 'assign' ? 'crew' : undefined),
    enabled: field.widget === 'person',
  });
  const sources: Partial<
    Record<string, typeof units | typeof conditions | typeof categories | typeof posts>
  > = {
    unit: units,
    units,
    condition: conditions,
    category: categories,
    person: posts,
  };
  const query = sources[field.widget];

  // A form of the city may ask for an asset before there is a list to pick from: say so.
  if (!query || (field.widget === 'condition' && !subject.categoryId)) {
    return <p id={id}>{t('form.noChoices')}</p>;
  }
  if (query.error) return <Failure error={query.error} compact onRetry={() => void query.refetch()} />;
  const several = field.widget === 'units';
  // A form may ask for units of one kind: crews alone.
  const kind = field.schema['x-unit-kind'];
  const items = (query.data ?? []).filter(
    (one) => typeof kind !== 'string' || !('kind' in one) || one.kind === kind,
  );
  return (
    <Select
      id={id}
      {...(several ? { mode: 'multiple' as const } : {})}
      showSearch={{ optionFilterProp: 'label' }}
      loading={query.isPending}
      value={several ? ((value as string[] | undefined) ?? []) : ((value as string | undefined) ?? null)}
      autoFocus={autoFocus}
      allowClear={!field.required}
      placeholder={t(several ? 'form.pickSeveral' : 'form.pick')}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      {...(invalid ? { status: 'error' as const } : {})}
      options={items.map((one) => ({ value: one.id, label: `${one.code} ${text(one.name)}` }))}
      onChange={(next: unknown) => onChange(next ?? undefined)}
      onBlur={onBlur}
    />
  );
}
