import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FieldError } from '#platform/errors';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A form of the city, compiled once per version. */
export interface FormRule {
  readonly id: string;
  readonly code: string;
  readonly version: number;
  readonly schema: JsonSchema;
  readonly validate: ValidateFunction;
}

const EMPTY: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };

// Our keywords are notes for the screen (config/README.md); any other unknown keyword is a mistake of the form.
const NOTES = ['x-label', 'x-help', 'x-order', 'x-widget', 'x-phrases', 'x-unit-kind', 'x-show-if'];

// A form is written by the city's people: patterns and formats run on what users type, so errors are collected
// only up to a bounded number of fields, and `$data` or remote references do not exist.
function createAjv(): Ajv2020 {
  const made = new Ajv2020({
    strict: true,
    // `required` inside `anyOf` branches names properties of the parent ("unit or person")
    strictRequired: false,
    strictTypes: false,
    allErrors: true,
    addUsedSchema: false,
    validateFormats: true,
    // 1.1 yuan is a multiple of 0.01, though not of its double
    multipleOfPrecision: 6,
  });
  addFormats.default(made);
  for (const keyword of NOTES) made.addKeyword({ keyword });
  return made;
}

// One for all: each would compile the meta-schema anew (0.1 s).
const ajv = createAjv();

/** Compiles the schema of one form; throws where it is no schema or has a keyword that nobody knows. */
export function compileForm(rule: { id: string; code: string; version: number }, content: string): FormRule {
  const schema = JSON.parse(content) as JsonSchema;
  // A word of the validator's own: its answer would be a promise, and whatever is filled in would fit
  if (schema['$async'] !== undefined) throw new Error('unknown keyword: "$async"');
  try {
    return { ...rule, schema, validate: ajv.compile(schema) };
  } finally {
    // A form is kept by who asked for it; another of the same id is another form
    ajv.removeSchema(schema);
  }
}

export interface FormFault {
  /** JSON pointer of the part of the schema that does not fit. */
  readonly path: string;
  readonly message: string;
}

/** Why a form does not compile, each reason with its place in the schema; empty where it does. */
export function formFaults(schema: JsonSchema): FormFault[] {
  const message = whyNot(schema);
  if (message === null) return [];
  // What breaks the rules of JSON Schema says where it stands, and each of the branches above it says so too
  const told = metaErrors(schema).map((error) => ({
    path: error.instancePath,
    message: [error.message, ...listOf(error.params['allowedValues'])].join(' '),
  }));
  const deepest = told.filter(
    ({ path }, index) =>
      !told.some((other) => other.path.startsWith(`${path}/`)) &&
      told.findIndex((other) => other.path === path) === index,
  );
  return deepest.length > 0 ? deepest : [{ path: placeOf(schema, message), message }];
}

/** None where the form names a `$schema` that there is not: then it is that one's fault. */
function metaErrors(schema: JsonSchema): readonly ErrorObject[] {
  try {
    void ajv.validateSchema(schema);
    return ajv.errors ?? [];
  } catch {
    return [];
  }
}

const listOf = (values: unknown): string[] => (Array.isArray(values) ? [values.join(', ')] : []);

function whyNot(schema: JsonSchema): string | null {
  try {
    compileForm({ id: '', code: '', version: 0 }, JSON.stringify(schema));
    return null;
  } catch (error) {
    // Where the compiler stood is looked for here, part by part: each of them has another name
    const message = error instanceof Error ? error.message : String(error);
    return message.replace(/ (in schema )?at path ".*"$| from id .*$/, '');
  }
}

const PARTS_BY_NAME = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'];
const PARTS_IN_LIST = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const PARTS = ['items', 'contains', 'not', 'if', 'then', 'else', 'additionalProperties', 'propertyNames'];

/** The smallest part that is refused for the same reason when it stands alone, and the keyword that is to blame. */
function placeOf(schema: JsonSchema, message: string): string {
  const part = partsOf(schema).find(({ schema: one }) => whyNot(one) === message);
  if (part) return part.at + placeOf(part.schema, message);
  const keyword = Object.keys(schema).find((key) => {
    const { [key]: _without, ...others } = schema;
    return whyNot(others) !== message;
  });
  return keyword === undefined ? '' : `/${escapePointer(keyword)}`;
}

function partsOf(schema: JsonSchema): { at: string; schema: JsonSchema }[] {
  const isSchema = (value: unknown): value is JsonSchema =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  return Object.entries(schema).flatMap(([key, value]) => {
    const parts: [string, unknown][] = PARTS.includes(key)
      ? [[`/${key}`, value]]
      : (PARTS_BY_NAME.includes(key) && isSchema(value)) ||
          (PARTS_IN_LIST.includes(key) && Array.isArray(value))
        ? Object.entries(value).map(([name, one]) => [`/${key}/${escapePointer(name)}`, one])
        : [];
    return parts.flatMap(([at, one]) => (isSchema(one) ? [{ at, schema: one }] : []));
  });
}

export const emptyForm: FormRule = {
  id: '',
  code: '',
  version: 0,
  schema: EMPTY,
  validate: ajv.compile(EMPTY),
};

/** What is wrong with the data, by field; empty when it fits. Values are never repeated. */
export function formErrors(form: FormRule, data: unknown): FieldError[] {
  if (form.validate(data)) return [];
  return unique((form.validate.errors ?? []).map((error) => fieldError(error)));
}

function fieldError(error: ErrorObject): FieldError {
  const missing = error.keyword === 'required' ? stringParam(error, 'missingProperty') : undefined;
  const extra =
    error.keyword === 'additionalProperties' ? stringParam(error, 'additionalProperty') : undefined;
  const field = missing ?? extra;
  return {
    path: field === undefined ? error.instancePath : `${error.instancePath}/${escapePointer(field)}`,
    // A field that another answer rules out (`crewId: false` where it is not dispatched flat)
    code: error.keyword === 'false schema' ? 'notAllowed' : error.keyword,
    message: error.message ?? '',
  };
}

function stringParam(error: ErrorObject, key: string): string | undefined {
  const value: unknown = (error.params as Record<string, unknown>)[key];
  return typeof value === 'string' ? value : undefined;
}

/** A choice that does not fit says so once per branch (`const`, `const` … `oneOf`): the last one is enough. */
function unique(errors: FieldError[]): FieldError[] {
  const chosen = new Set(errors.filter((error) => error.code === 'oneOf').map((error) => error.path));
  const seen = new Set<string>();
  return errors.filter((error) => {
    if (error.code === 'const' && chosen.has(error.path)) return false;
    // Only says that the branch below it failed, which says so itself
    if (error.code === 'if') return false;
    const key = `${error.path} ${error.code}`;
    return !seen.has(key) && seen.add(key);
  });
}

function escapePointer(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}
