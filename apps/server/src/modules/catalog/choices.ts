import { emptyForm, type JsonSchema } from './forms.ts';
import { limitFor } from './manual.ts';
import type { Catalog, CatalogCondition } from './model.ts';
import { withDispatchForms } from './dispatch-choices.ts';
import { unitChoices, withChoices, type Choice, type FormContext, type Property } from './unit-choices.ts';

/** No context: a form outside a case. */
export const noContext: FormContext = {
  categoryId: null,
  conditionId: null,
  regionIds: [],
  ownerId: null,
  grade: null,
  unitId: null,
  departmentId: null,
};

const MAX_MEMO = 5000;
// Pages of tasks ask for the same few forms again and again; a new catalogue starts an empty memo.
const memos = new WeakMap<Catalog, Map<string, JsonSchema>>();

/**
 * The action's form with the city's choices filled in, so that a client which knows nothing of the city can fill
 * it: conditions of the case's category, departments with the manual's proposal, crews of the unit, phrases.
 */
export function formWithChoices(catalog: Catalog, action: string, context: FormContext): JsonSchema {
  let memo = memos.get(catalog);
  if (!memo) memos.set(catalog, (memo = new Map()));
  const key = JSON.stringify([action, context]);
  const known = memo.get(key);
  if (known) return known;
  const made = fill(catalog, action, context);
  if (memo.size >= MAX_MEMO) memo.clear();
  memo.set(key, made);
  return made;
}

/** What an approval may grant: of each, no more than was asked for (cases, applications). */
export const GRANTS: readonly string[] = ['value', 'unit', 'until'];

/**
 * The form of a decision without what this application does not ask for: a return is granted or not, an extension by
 * so much, a suspension until then. What else a city asks of its deciders stays.
 */
function asAsked(schema: JsonSchema, { asked }: FormContext): JsonSchema {
  const { properties, required, dependentRequired, ...rest } = schema;
  if (!asked || typeof properties !== 'object' || properties === null) return schema;
  const offered = (name: string): boolean => !GRANTS.includes(name) || asked.includes(name);
  const kept = Object.entries(properties).filter(([name]) => offered(name));
  if (kept.length === Object.keys(properties).length) return schema;
  const names = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((name) => typeof name === 'string' && offered(name)) : [];
  const together = Object.entries((dependentRequired ?? {}) as Record<string, unknown>).flatMap(
    ([name, others]) => (offered(name) && names(others).length > 0 ? [[name, names(others)]] : []),
  );
  return {
    ...rest,
    properties: Object.fromEntries(kept) as Record<string, Property>,
    ...(required === undefined ? {} : { required: names(required) }),
    ...(together.length === 0 ? {} : { dependentRequired: Object.fromEntries(together) }),
  };
}

function fill(catalog: Catalog, action: string, context: FormContext): JsonSchema {
  const schema = asAsked((catalog.forms.get(action) ?? emptyForm).schema, context);
  const properties = schema['properties'];
  if (typeof properties !== 'object' || properties === null) return schema;
  const filled = Object.entries(properties as Record<string, Property>).flatMap(([name, property]) => {
    const made =
      property['x-widget'] === 'followUp'
        ? withFollowUp(catalog, context, property)
        : fillProperty(catalog, action, context, property);
    return made === null ? [] : [[name, made]];
  });
  const shown = { ...schema, properties: Object.fromEntries(filled) as Record<string, Property> };
  return withDispatchForms(catalog, action, context, shown);
}

/** Asked only where something follows: which condition it is stands beside the switch. */
function withFollowUp(catalog: Catalog, context: FormContext, property: Property): Property | null {
  const nextId = catalog.condition(context.conditionId ?? '')?.nextId;
  const next = catalog.condition(nextId ?? '');
  if (!next?.inForce) return null;
  return { ...property, 'x-widget': 'switch', 'x-help': next.name, default: true };
}

function fillProperty(catalog: Catalog, action: string, context: FormContext, property: Property): Property {
  switch (property['x-widget']) {
    case 'condition':
      return withConditions(catalog, context, property);
    case 'unit': {
      const { choices, proposed } = unitChoices(catalog, action, context, property);
      return withChoices(property, choices, proposed);
    }
    case 'units': {
      // Several of them: the choices are those of one entry
      const { choices } = unitChoices(catalog, action, context, property);
      return { ...property, items: withChoices((property['items'] ?? {}) as Property, choices) };
    }
    case 'phrases': {
      const phrases = catalog.phrases.get(action) ?? [];
      return phrases.length > 0 ? { ...property, 'x-phrases': phrases } : property;
    }
    default:
      return property;
  }
}

function withConditions(catalog: Catalog, context: FormContext, property: Property): Property {
  const conditions =
    context.categoryId === null
      ? defaultConditions(catalog)
      : (catalog.conditionsOfCategory.get(context.categoryId) ?? []);
  const proposed =
    conditions.find((condition) => condition.id === context.conditionId) ??
    (context.categoryId === null ? undefined : conditions.find((condition) => condition.isDefault));
  return withChoices(
    property,
    conditions.map((condition) => conditionChoice(condition, context.grade)),
    proposed?.id,
  );
}

/** A report without a category can still be filed: one condition for each category of the city. */
function defaultConditions(catalog: Catalog): CatalogCondition[] {
  return [...catalog.conditionsOfCategory.values()].map((conditions) => conditions[0]!);
}

function conditionChoice(condition: CatalogCondition, grade: string | null): Choice {
  return {
    const: condition.id,
    title: condition.name['zh-CN'],
    'x-label': condition.name,
    'x-help': condition.closing,
    'x-limit': limitFor(condition, grade),
  };
}
