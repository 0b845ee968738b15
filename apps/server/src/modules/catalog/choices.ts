import type { Text } from '@wanmi/contracts';
import { emptyForm, type JsonSchema } from './forms.ts';
import { limitFor, manualFor } from './manual.ts';
import type { Catalog, CatalogCondition, CatalogUnit } from './model.ts';

/** What is known of the case and the task whose form is asked for. */
export interface FormContext {
  readonly categoryId: string | null;
  readonly conditionId: string | null;
  /** The regions of the place, the smallest first. */
  readonly regionIds: readonly string[];
  readonly ownerId: string | null;
  readonly grade: string | null;
  /** The unit that the task waits for. */
  readonly unitId: string | null;
  /** The department that is responsible now, if any. */
  readonly departmentId: string | null;
}

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

type Property = Record<string, unknown>;
interface Choice {
  const: string;
  title: string;
  'x-label': Text;
  'x-help'?: Text;
  'x-limit'?: { value: number; unit: string };
}

const MAX_CHOICES = 200;
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

function fill(catalog: Catalog, action: string, context: FormContext): JsonSchema {
  const { schema } = catalog.forms.get(action) ?? emptyForm;
  const properties = schema['properties'];
  if (typeof properties !== 'object' || properties === null) return schema;
  const filled = Object.entries(properties as Record<string, Property>).map(([name, property]) => [
    name,
    fillProperty(catalog, action, context, property),
  ]);
  return { ...schema, properties: Object.fromEntries(filled) as Record<string, Property> };
}

function fillProperty(catalog: Catalog, action: string, context: FormContext, property: Property): Property {
  switch (property['x-widget']) {
    case 'condition':
      return withConditions(catalog, context, property);
    case 'unit':
      return withUnits(catalog, action, context, property);
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

function withUnits(catalog: Catalog, action: string, context: FormContext, property: Property): Property {
  // Within a department work is handed to its crews, everywhere else to departments.
  const toCrews = (property['x-unit-kind'] ?? (action === 'assign' ? 'crew' : 'department')) === 'crew';
  if (toCrews)
    return withChoices(property, (catalog.crewsOf.get(context.unitId ?? '') ?? []).map(unitChoice));
  // Given anew it goes to another department: the one that has it is no choice.
  const units = catalog.departments.filter((unit) => unit.id !== context.departmentId);
  return withChoices(property, units.map(unitChoice), proposedDepartment(catalog, context, units));
}

function proposedDepartment(
  catalog: Catalog,
  context: FormContext,
  units: readonly CatalogUnit[],
): string | undefined {
  if (context.conditionId === null) return undefined;
  const answer = manualFor(catalog, { ...context, conditionId: context.conditionId });
  return units.find((unit) => unit.id === answer?.departmentId)?.id;
}

function unitChoice(unit: CatalogUnit): Choice {
  return { const: unit.id, title: unit.name['zh-CN'], 'x-label': unit.name };
}

/** An empty `oneOf` is no schema, so without choices the property stays as it is. */
function withChoices(property: Property, choices: readonly Choice[], proposed?: string): Property {
  if (choices.length === 0) return property;
  const first = choices.filter((choice) => choice.const === proposed);
  const shown = [...first, ...choices.filter((choice) => choice.const !== proposed)].slice(0, MAX_CHOICES);
  return { ...property, oneOf: shown, ...(proposed === undefined ? {} : { default: proposed }) };
}
