import { invalid, type FieldError } from '#platform/errors';
import type { Platform } from '#platform/platform';
import { catalogOf } from './catalogue.ts';
import { formWithChoices, type FormContext } from './choices.ts';
import { emptyForm, formErrors, type JsonSchema } from './forms.ts';
import type { Catalog } from './model.ts';

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
  if (errors.length === 0) errors.push(...unknownIds(catalog, form.schema, data as Record<string, unknown>));
  if (errors.length > 0) throw invalid(errors, 'form.invalid');
}

/** Ids that fit the format but name nothing of this city, or something that is no longer in force. */
function unknownIds(catalog: Catalog, schema: JsonSchema, data: Record<string, unknown>): FieldError[] {
  const properties = (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
  const errors: FieldError[] = [];
  for (const [name, property] of Object.entries(properties)) {
    const id = data[name];
    if (typeof id !== 'string') continue;
    const found =
      property['x-widget'] === 'condition'
        ? catalog.condition(id)
        : property['x-widget'] === 'unit'
          ? catalog.unitById.get(id)
          : { inForce: true };
    if (!found?.inForce)
      errors.push({ path: `/${name}`, code: 'unknown', message: 'names nothing in force' });
  }
  return errors;
}
