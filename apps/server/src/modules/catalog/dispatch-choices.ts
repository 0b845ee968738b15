import type { JsonSchema } from './forms.ts';
import type { Catalog } from './model.ts';
import {
  departmentsAcross,
  isTaken,
  unitChoice,
  unitKindOf,
  withChoices,
  type Choice,
  type FormContext,
  type Property,
} from './unit-choices.ts';

/**
 * 派遣形式: of the departments that a form of dispatch offers, each form has its own: 跨区域 those beyond the place,
 * 同时段 those on duty now, all others those that the task's unit dispatches to. It is said in JSON Schema's own words, so
 * that a client which knows nothing of dispatching fills it as well; a form that nobody can take is not offered.
 */
export function withDispatchForms(
  catalog: Catalog,
  action: string,
  context: FormContext,
  schema: JsonSchema,
): JsonSchema {
  const properties = schema['properties'] as Record<string, Property>;
  const { form, unitId } = properties;
  if (!form || unitId?.['x-widget'] !== 'unit' || unitKindOf(action, unitId) !== 'department') return schema;
  const forms = constsOf(form);
  const own = constsOf(unitId);
  if (own.length === 0 || !(forms.includes('crossRegion') || forms.includes('samePeriod'))) return schema;
  const across = departmentsAcross(catalog, context).filter((unit) => !isTaken(action, context, unit));
  const more = forms.includes('crossRegion') ? across.filter(({ id }) => !own.includes(id)) : [];
  const all = withChoices(
    unitId,
    [...(unitId['oneOf'] as Choice[]), ...more.map(unitChoice)],
    proposalOf(unitId),
  );
  // Of very many departments not all are shown
  const shown = new Set(constsOf(all));
  const beyond = across.map(({ id }) => id).filter((id) => shown.has(id));
  const onDuty = context.onDuty ? own.filter((id) => context.onDuty?.includes(id)) : own;
  const open = (one: string): boolean =>
    forms.includes(one) &&
    (one === 'crossRegion' ? beyond.length > 0 : one !== 'samePeriod' || onDuty.length > 0);
  const rules = [
    ...(open('crossRegion') && !isSame(beyond, own) ? [onlyFor('crossRegion', beyond, own)] : []),
    ...(open('samePeriod') && !isSame(onDuty, own) ? [onlyFor('samePeriod', onDuty)] : []),
  ];
  return {
    ...schema,
    properties: { ...properties, form: withForms(form, open), unitId: all },
    ...(rules.length === 0 ? {} : { allOf: [...((schema['allOf'] ?? []) as JsonSchema[]), ...rules] }),
  };
}

/** Whether a form asks who is on duty now. */
export function offersSamePeriod(catalog: Catalog, form: string): boolean {
  const properties = catalog.forms.get(form)?.schema['properties'] as Record<string, Property> | undefined;
  return properties?.['form'] !== undefined && constsOf(properties['form']).includes('samePeriod');
}

/** The forms that somebody can take now; one that nobody can take is not proposed either. An empty `oneOf` is no schema. */
function withForms(form: Property, open: (one: string) => boolean): Property {
  const { default: proposed, ...rest } = form;
  const choices = (form['oneOf'] as Choice[]).filter((choice) => open(choice.const));
  if (choices.length === 0) return form;
  const isOpen = typeof proposed === 'string' && open(proposed);
  return { ...rest, oneOf: choices, ...(isOpen ? { default: proposed } : {}) };
}

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((one) => others.includes(one));

const proposalOf = (property: Property): string | undefined =>
  typeof property['default'] === 'string' ? property['default'] : undefined;

/** Which units one form of dispatch may name, and which all others; left out: that is said elsewhere. */
function onlyFor(form: string, ids: readonly string[], others?: readonly string[]): JsonSchema {
  const unit = (names: readonly string[]): JsonSchema => ({ properties: { unitId: { enum: names } } });
  return {
    if: { properties: { form: { const: form } }, required: ['form'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a literal with JSON Schema's `then` is taken for a thenable; it is no function, and never awaited
    then: unit(ids),
    ...(others ? { else: unit(others) } : {}),
  };
}

function constsOf(property: Property): string[] {
  const choices = property['oneOf'];
  return Array.isArray(choices) ? (choices as Choice[]).map((choice) => choice.const) : [];
}
