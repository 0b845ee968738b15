import { Validator, type Schema } from '@cfworker/json-schema';
import { requiredOf } from './conditions.ts';
import type { JsonSchema } from './schema.ts';

/** What is wrong with one field: the keyword that refused it, and that keyword's limit for the words. */
export interface Fault {
  keyword: string;
  limit?: unknown;
}

export interface Faults {
  fields: Record<string, Fault>;
  /** Alternatives of which none is given (`anyOf` of `required`), or null. */
  oneOfFields: string[] | null;
}

/** The same schema as on the server, checked without generated code: the CSP forbids eval. */
export function validate(schema: JsonSchema, value: Record<string, unknown>): Faults {
  const fields: Record<string, Fault> = {};
  for (const name of requiredOf(schema, value))
    if (value[name] === undefined) fields[name] = { keyword: 'required' };

  const { errors, valid } = new Validator(schema as Schema, '2020-12', false).validate(value);
  for (const error of errors) {
    const [name] = error.instanceLocation.replace(/^#\/?/, '').split('/');
    if (!name || fields[name] || skipped.has(error.keyword)) continue;
    const field = unescapePointer(name);
    fields[field] = { keyword: error.keyword, limit: limitOf(schema, error.keywordLocation) };
  }
  const oneOfFields = missingAlternatives(schema, value);
  // Refused as a whole, by no field in particular: said at the first, for it must be said somewhere.
  const first = Object.keys((schema['properties'] as object | undefined) ?? {})[0];
  if (!valid && first && Object.keys(fields).length === 0 && oneOfFields === null)
    fields[first] = { keyword: 'other' };
  return { fields, oneOfFields };
}

/** These only repeat what an error below them says. */
const skipped = new Set([
  'properties',
  'items',
  'additionalProperties',
  '$ref',
  'allOf',
  'const',
  'if',
  'then',
  'else',
]);

function limitOf(schema: JsonSchema, location: string): unknown {
  let at: unknown = schema;
  for (const step of location.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string, unknown>)[unescapePointer(step)];
  }
  return typeof at === 'object' ? undefined : at;
}

function missingAlternatives(schema: JsonSchema, value: Record<string, unknown>): string[] | null {
  const branches = Array.isArray(schema['anyOf']) ? (schema['anyOf'] as JsonSchema[]) : [];
  const names = branches.flatMap((branch) =>
    Array.isArray(branch['required']) ? (branch['required'] as string[]) : [],
  );
  const satisfied = branches.some((branch) =>
    ((branch['required'] as string[] | undefined) ?? []).every((name) => value[name] !== undefined),
  );
  return branches.length > 0 && names.length > 0 && !satisfied ? names : null;
}

function unescapePointer(step: string): string {
  return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
}
