import { invalid, type FieldError } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { catalogOf } from './catalogue.ts';
import { formWithChoices } from './choices.ts';
import { emptyForm, formErrors, type JsonSchema } from './forms.ts';
import type { Catalog } from './model.ts';
import { unitKindOf, type FormContext } from './unit-choices.ts';

/** The form of an action for this case, choices filled in; an action without a form has an empty one. */
export async function formFor(
  platform: Platform,
  cityId: string,
  action: string,
  context: FormContext,
): Promise<Record<string, unknown>> {
  return formWithChoices(await catalogOf(platform, cityId), action, context);
}

/** @throws form.invalid with one error per field that does not fit, unknown conditions and units among them */
export async function validateForm(
  platform: Platform,
  cityId: string,
  action: string,
  data: unknown,
): Promise<void> {
  const catalog = await catalogOf(platform, cityId);
  const form = catalog.forms.get(action) ?? emptyForm;
  const errors = formErrors(form, data);
  if (errors.length === 0)
    errors.push(...unknownIds(catalog, action, form.schema, data as Record<string, unknown>));
  if (errors.length > 0) throw invalid(errors, 'form.invalid');
}

/** Ids that fit the format but name nothing of this city, something of another kind, or no longer in force. */
function unknownIds(
  catalog: Catalog,
  action: string,
  schema: JsonSchema,
  data: Record<string, unknown>,
): FieldError[] {
  const properties = (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
  return Object.entries(properties).flatMap(([name, property]) => {
    const value = data[name];
    const isKnown = (id: string): boolean => names(catalog, action, property, id);
    if (typeof value === 'string') return isKnown(value) ? [] : [unknown(`/${name}`)];
    if (!Array.isArray(value)) return [];
    return (value as unknown[]).flatMap((id, index) =>
      typeof id !== 'string' || isKnown(id) ? [] : [unknown(`/${name}/${index}`)],
    );
  });
}

function names(catalog: Catalog, action: string, property: Record<string, unknown>, id: string): boolean {
  switch (property['x-widget']) {
    case 'condition':
      return catalog.condition(id)?.inForce ?? false;
    case 'unit':
    case 'units': {
      const unit = catalog.unitById.get(id);
      return unit !== undefined && unit.inForce && unit.kind === unitKindOf(action, property);
    }
    default:
      return true;
  }
}

const unknown = (path: string): FieldError => ({ path, code: 'unknown', message: 'names nothing in force' });
