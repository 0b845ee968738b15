import { fillForm, type FormSchema, type Random } from '@wanmi/simulator';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

// Whatever notes a city's form carries for the screen: a client that does not know them passes over them.
const ajv = new Ajv2020({ strict: false, allErrors: true, addUsedSchema: false });
addFormats.default(ajv);

export interface Filling {
  readonly now: number;
  readonly random: Random;
  /** Answers a case other than this one, as somebody who knows it would name it. */
  readonly otherCase: () => Promise<string | null>;
  readonly upload: () => Promise<string>;
  /** Of several answers to one question, the one that was given least. */
  readonly leastGiven: (field: string, values: readonly string[]) => string;
}

const DAY = 24 * 3600_000;
const ROUNDS = 12;

/**
 * Fills an action's own form by its schema alone, then mends what the schema itself finds wrong (`if` / `then`,
 * `dependentRequired`) until it is valid. Null: the form cannot be filled here (it asks for a case, there is none).
 */
export async function fillOwnForm(
  form: FormSchema,
  filling: Filling,
): Promise<Record<string, unknown> | null> {
  const properties = (form['properties'] ?? {}) as Record<string, FormSchema>;
  const values: Record<string, unknown> = {};
  const mediaIds: string[] = [];
  for (const [name, property] of Object.entries(properties)) {
    const isAsked = names(form['required']).includes(name) || property['default'] !== undefined;
    const chosen = await valueFor(name, property, isAsked, filling);
    if (chosen === null) return null;
    if (chosen !== undefined) values[name] = chosen;
    if (property['x-widget'] === 'media' && (isAsked || filling.random.chance(0.2))) {
      mediaIds.push(await filling.upload());
    }
  }
  const options = { values, mediaIds };
  const data = fillForm(form, filling.random, options);
  const validate = ajv.compile(form);
  for (let round = 0; round < ROUNDS && !validate(data); round += 1) {
    for (const error of validate.errors ?? []) await mend(data, error, properties, filling);
  }
  if (!validate(data))
    throw new Error(`no way to fill ${JSON.stringify(form)}: ${ajv.errorsText(validate.errors)}`);
  return data;
}

/** Undefined: left to the schema. Null: there is nothing to name. */
async function valueFor(
  name: string,
  property: FormSchema,
  isAsked: boolean,
  filling: Filling,
): Promise<unknown> {
  const { random, now } = filling;
  if (!isAsked && !random.chance(0.1)) return undefined;
  if (property['x-widget'] === 'case') return filling.otherCase();
  if (property['format'] === 'date-time')
    return new Date(now + random.pick([1, 3, 10, 40, 100]) * DAY).toISOString();
  if (property['type'] === 'number') {
    const most = typeof property['maximum'] === 'number' ? property['maximum'] : 8;
    return Math.min(most, random.pick([0.5, 1, 2, 8]));
  }
  const choices = constsOf(property);
  if (choices.length === 0) return undefined;
  if (property['format'] !== 'uuid') return filling.leastGiven(name, choices);
  // What the city proposes, and now and then something else
  const proposed = property['default'];
  return typeof proposed === 'string' && random.chance(0.7) ? proposed : random.pick(choices);
}

async function mend(
  data: Record<string, unknown>,
  { keyword, instancePath, params }: ErrorObject,
  properties: Record<string, FormSchema>,
  filling: Filling,
): Promise<void> {
  const [, field] = instancePath.split('/');
  const missing = (params as { missingProperty?: string }).missingProperty;
  const allowed = (params as { allowedValues?: unknown[] }).allowedValues;
  if (keyword === 'enum' && field !== undefined && allowed) {
    data[field] = filling.random.pick(allowed);
    return;
  }
  if (missing !== undefined && field === undefined) {
    const property = properties[missing] ?? {};
    const given = (await valueFor(missing, property, true, filling)) ?? undefined;
    const mediaIds = property['x-widget'] === 'media' ? [await filling.upload()] : [];
    const one = { type: 'object', properties: { [missing]: property }, required: [missing] };
    Object.assign(data, fillForm(one, filling.random, { values: { [missing]: given }, mediaIds }));
  } else if (keyword === 'false schema' && field !== undefined) delete data[field];
  else if (keyword === 'additionalProperties') {
    delete data[(params as { additionalProperty: string }).additionalProperty];
  } else if (field !== undefined && keyword !== 'if') delete data[field];
}

const names = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : []);

function constsOf(property: FormSchema): string[] {
  const offered = property['oneOf'];
  if (!Array.isArray(offered)) return [];
  return (offered as FormSchema[]).flatMap((one) => (typeof one['const'] === 'string' ? [one['const']] : []));
}
