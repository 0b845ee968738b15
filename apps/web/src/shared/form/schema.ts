import type { Limit, Text } from '@wanmi/contracts';
import { branchProperties, hiddenOf, leftTo, requiredOf } from './conditions.ts';

/**
 * A form of the city is JSON Schema 2020-12 with `x-` notes for the screen (config/README.md). This reads the
 * notes; what nobody annotated is guessed from its type, so that a plain schema also gives a usable form.
 */
export type JsonSchema = Record<string, unknown>;

export const WIDGETS = [
  'text',
  'textarea',
  'phrases',
  'select',
  'switch',
  'number',
  'date',
  'condition',
  'unit',
  'units',
  'case',
  'rating',
  'person',
  'media',
  'position',
  'category',
  'asset',
] as const;
export type WidgetName = (typeof WIDGETS)[number];

export interface Choice {
  value: string | number;
  label: Text;
  /** One sentence more: the closing rule of a condition. */
  help: Text | null;
  limit: Limit | null;
}

export interface Field {
  name: string;
  schema: JsonSchema;
  label: Text;
  help: Text | null;
  widget: WidgetName;
  required: boolean;
  choices: Choice[];
  phrases: Text[];
}

/** The fields that the form asks for now; some hang on the answers before them. */
export function shownFields(schema: JsonSchema, values: Record<string, unknown>): Field[] {
  const answers = withoutEmpty(values);
  const hidden = hiddenOf(schema, answers);
  const required = new Set(requiredOf(schema, answers));
  const left = leftTo(schema, answers);
  const isLeft = (name: string, { value }: Choice): boolean => left.get(name)?.includes(value) ?? true;
  return fieldsOf(schema)
    .filter((field) => !hidden.has(field.name))
    .map((field) => ({
      ...field,
      required: required.has(field.name),
      choices: field.choices.filter((choice) => isLeft(field.name, choice)),
    }));
}

/** What is sent: neither what was left empty nor what is not asked for. */
export function answersOf(schema: JsonSchema, values: Record<string, unknown>): Record<string, unknown> {
  const answers = withoutEmpty(values);
  const hidden = hiddenOf(schema, answers);
  return Object.fromEntries(Object.entries(answers).filter(([name]) => !hidden.has(name)));
}

/** Every field of the form, shown or not. */
export function fieldsOf(schema: JsonSchema): Field[] {
  const own = objectOf(schema['properties']);
  const properties = { ...own, ...branchProperties(schema), ...own };
  const required = new Set(arrayOf(schema['required']).map(String));
  return Object.entries(properties)
    .map(([name, property], index) => ({ name, property: objectOf(property), index }))
    .sort((a, b) => orderOf(a.property, a.index) - orderOf(b.property, b.index))
    .map(({ name, property }) => ({
      name,
      schema: property,
      label: labelOf(property, name),
      help: textOf(property['x-help']),
      widget: widgetOf(property),
      required: required.has(name),
      choices: choicesOf(property),
      phrases: arrayOf(property['x-phrases']).flatMap((phrase) => textOf(phrase) ?? []),
    }));
}

function orderOf(property: JsonSchema, index: number): number {
  return typeof property['x-order'] === 'number' ? property['x-order'] : 10_000 + index;
}

function widgetOf(property: JsonSchema): WidgetName {
  const named = property['x-widget'];
  if (WIDGETS.includes(named as WidgetName)) return named as WidgetName;
  if (choicesOf(property).length > 0) return property['type'] === 'array' ? 'units' : 'select';
  switch (property['type']) {
    case 'boolean':
      return 'switch';
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return 'media';
    case 'object':
      return 'position';
    default:
      if (property['format'] === 'date' || property['format'] === 'date-time') return 'date';
      return Number(property['maxLength'] ?? 0) > 100 ? 'textarea' : 'text';
  }
}

function choicesOf(property: JsonSchema): Choice[] {
  // Several may be chosen: the choices are those of one entry.
  if (property['type'] === 'array') return choicesOf(objectOf(property['items']));
  const oneOf = arrayOf(property['oneOf'])
    .map(objectOf)
    .filter((choice) => 'const' in choice)
    .map((choice) => ({
      value: choice['const'] as string | number,
      label: labelOf(choice, String(choice['const'])),
      help: textOf(choice['x-help']),
      limit: limitOf(choice['x-limit']),
    }));
  if (oneOf.length > 0) return oneOf;
  return arrayOf(property['enum']).map((value) => ({
    value: value as string | number,
    label: { 'zh-CN': String(value), en: String(value) },
    help: null,
    limit: null,
  }));
}

function limitOf(value: unknown): Limit | null {
  const limit = objectOf(value);
  return typeof limit['value'] === 'number' && typeof limit['unit'] === 'string' ? (limit as Limit) : null;
}

function labelOf(schema: JsonSchema, name: string): Text {
  const title = typeof schema['title'] === 'string' ? schema['title'] : name;
  return textOf(schema['x-label']) ?? { 'zh-CN': title, en: title };
}

function textOf(value: unknown): Text | null {
  const text = objectOf(value);
  return typeof text['zh-CN'] === 'string' && typeof text['en'] === 'string' ? (text as Text) : null;
}

function objectOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}

function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Values that the schema proposes (`default`), for instance the department of the manual. */
export function defaultsOf(schema: JsonSchema): Record<string, unknown> {
  const entries = fieldsOf(schema)
    .filter((field) => 'default' in field.schema)
    .map((field) => [field.name, field.schema['default']] as const);
  return Object.fromEntries(entries);
}

/** What was left empty is absent: an empty text is no answer, and `required` must see it so. */
export function withoutEmpty(values: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(values)
    .map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value] as const)
    .filter(([, value]) => !(value === undefined || value === null || value === ''))
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(kept);
}
