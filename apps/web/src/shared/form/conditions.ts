import { Validator, type Schema } from '@cfworker/json-schema';
import type { JsonSchema } from './schema.ts';

/**
 * Parts of a form that hang on an answer: JSON Schema's own `if`/`then`/`else` (also below `allOf`), and for the
 * screen alone `x-show-if: {field, in: [...]}`. What is hidden is neither asked for nor sent.
 */
export function isConditional(schema: JsonSchema): boolean {
  return (
    branching(schema).length > 0 ||
    Object.entries(objectOf(schema['properties'])).some(
      ([name, property]) => showIf(schema, name, objectOf(property)) !== null,
    )
  );
}

/** The branches that hold for these answers, and those that do not. */
function branches(schema: JsonSchema, value: Record<string, unknown>) {
  const active: JsonSchema[] = [];
  const passive: JsonSchema[] = [];
  for (const one of branching(schema)) {
    const holds = new Validator(one['if'] as Schema, '2020-12', true).validate(value).valid;
    for (const [key, on] of [
      ['then', holds],
      ['else', !holds],
    ] as const) {
      if (one[key] !== undefined) (on ? active : passive).push(objectOf(one[key]));
    }
  }
  return { active, passive };
}

export function requiredOf(schema: JsonSchema, value: Record<string, unknown>): string[] {
  const all = [schema, ...branches(schema, value).active].flatMap((one) => arrayOf(one['required']));
  return [...new Set(all.map(String))];
}

/** Names of the fields that these answers take out of the form. */
export function hiddenOf(schema: JsonSchema, value: Record<string, unknown>): ReadonlySet<string> {
  const { active, passive } = branches(schema, value);
  const own = objectOf(schema['properties']);
  const hidden = new Set<string>();
  for (const [name, property] of Object.entries(own)) {
    const rule = showIf(schema, name, objectOf(property));
    if (rule && !meets(rule, value)) hidden.add(name);
  }
  for (const branch of active) {
    for (const [name, property] of Object.entries(objectOf(branch['properties'])))
      if (property === false) hidden.add(name);
    const banned = arrayOf(objectOf(branch['not'])['required']);
    if (banned.length === 1) hidden.add(String(banned[0]));
  }
  const asked = new Set(active.flatMap((branch) => Object.keys(objectOf(branch['properties']))));
  for (const name of passive.flatMap((branch) => Object.keys(objectOf(branch['properties']))))
    if (!(name in own) && !asked.has(name)) hidden.add(name);
  return hidden;
}

/** The answers that the branches which hold leave to a field, where they leave out some. */
export function leftTo(
  schema: JsonSchema,
  value: Record<string, unknown>,
): ReadonlyMap<string, readonly unknown[]> {
  const left = new Map<string, readonly unknown[]>();
  for (const branch of branches(schema, value).active) {
    for (const [name, property] of Object.entries(objectOf(branch['properties']))) {
      const named = objectOf(property)['enum'];
      if (!Array.isArray(named)) continue;
      const before = left.get(name);
      left.set(name, before ? before.filter((one) => named.includes(one)) : named);
    }
  }
  return left;
}

/** Fields that only branches describe, so that every field of the form has its description. */
export function branchProperties(schema: JsonSchema): Record<string, unknown> {
  const found = branching(schema).flatMap((one) =>
    [one['then'], one['else']].flatMap((branch) => Object.entries(objectOf(objectOf(branch)['properties']))),
  );
  return Object.fromEntries(found.filter(([, property]) => property !== false && property !== true));
}

interface ShowIf {
  field: string;
  in: readonly unknown[];
}

/** What belongs to a form of dispatch alone, also where the form's author did not say so. */
const OF_DISPATCH: Record<string, readonly string[]> = {
  otherIds: ['several', 'mainAssist', 'doubleFlow'],
  crewId: ['flat'],
};

function showIf(schema: JsonSchema, name: string, property: JsonSchema): ShowIf | null {
  const noted = objectOf(property['x-show-if']);
  if (typeof noted['field'] === 'string') return { field: noted['field'], in: arrayOf(noted['in']) };
  const forms = OF_DISPATCH[name];
  return forms && 'form' in objectOf(schema['properties']) ? { field: 'form', in: forms } : null;
}

function meets(rule: ShowIf, value: Record<string, unknown>): boolean {
  const answer = value[rule.field];
  return Array.isArray(answer) ? answer.some((one) => rule.in.includes(one)) : rule.in.includes(answer);
}

function branching(schema: JsonSchema): JsonSchema[] {
  return [schema, ...arrayOf(schema['allOf']).map(objectOf)].filter((one) => one['if'] !== undefined);
}

function objectOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}

function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
