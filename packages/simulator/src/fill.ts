import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Random } from './geo/random.ts';

export type FormSchema = Readonly<Record<string, unknown>>;

export interface FillOptions {
  /** Values known beforehand, by property; taken where the schema has such a property. */
  values?: Readonly<Record<string, unknown>>;
  /** Photos to hand in wherever the form asks for media. */
  mediaIds?: readonly string[];
  /** Which language phrases are taken in. */
  language?: 'zh-CN' | 'en';
  /** How often a field that may stay empty is filled. */
  optional?: number;
}

/**
 * Data that is valid against a form, whatever city wrote it: what is proposed (`default`) before what may be
 * chosen, choices before free values. A client that knows nothing of a city drives a case with it.
 */
export function fillForm(
  schema: FormSchema,
  random: Random,
  options: FillOptions = {},
): Record<string, unknown> {
  const data = fillObject(schema, random, options, true);
  const properties = (schema['properties'] ?? {}) as Record<string, FormSchema>;
  // What one condition adds or forbids may meet another one's `if`: until nothing changes, or they contradict
  for (let round = 0; round < 10; round += 1) {
    if (!settle(schema, data, properties, random, options)) break;
  }
  return withoutHidden(schema, data, properties);
}

/** What a screen would not show with these answers (`x-show-if`) is not sent. */
function withoutHidden(
  schema: FormSchema,
  data: Record<string, unknown>,
  properties: Record<string, FormSchema>,
): Record<string, unknown> {
  const shown = Object.entries(data).filter(([name]) => {
    const rule = properties[name]?.['x-show-if'] as { field?: string; in?: unknown[] } | undefined;
    if (rule?.field === undefined || !(rule.field in data)) return true;
    const answer = data[rule.field];
    return (Array.isArray(answer) ? answer : [answer]).some((one) => rule.in?.includes(one));
  });
  if (shown.length === Object.keys(data).length) return data;
  const asked = new Set(partsFor(schema, data).flatMap((part) => names(part['required'])));
  const kept = new Set(shown.map(([name]) => name));
  return Object.fromEntries(Object.entries(data).filter(([name]) => kept.has(name) || asked.has(name)));
}

/** Adds what the form asks for of data like this, takes away what it forbids; whether there was anything. */
function settle(
  schema: FormSchema,
  data: Record<string, unknown>,
  properties: Record<string, FormSchema>,
  random: Random,
  options: FillOptions,
): boolean {
  let changed = false;
  for (const part of partsFor(schema, data)) {
    const own = (part['properties'] ?? {}) as Record<string, FormSchema | boolean>;
    for (const [name, property] of Object.entries(own)) {
      if (!(name in data)) continue;
      if (property === false) delete data[name];
      else {
        const left = choicesLeft(property, data[name]);
        if (left === null || options.values?.[name] !== undefined) continue;
        data[name] = random.pick(left);
      }
      changed = true;
    }
    const dependent = (part['dependentRequired'] ?? {}) as Record<string, string[]>;
    const asked = Object.entries(dependent).flatMap(([name, others]) => (name in data ? others : []));
    for (const name of [...names(part['required']), ...branch(part, properties), ...asked]) {
      if (name in data) continue;
      const added = own[name];
      const value = typeof added === 'object' ? { ...properties[name], ...added } : (properties[name] ?? {});
      data[name] = options.values?.[name] ?? fillValue(value, random, options);
      changed = true;
    }
  }
  return changed;
}

/** What conditions leave of a field's choices where these values stand in the form; null: none of them speaks of it. */
export function choicesFor(schema: FormSchema, name: string, data: object): readonly string[] | null {
  const left = partsFor(schema, data).flatMap((part) => {
    const property = ((part['properties'] ?? {}) as Record<string, FormSchema | boolean>)[name];
    const ids = typeof property === 'object' ? property['enum'] : undefined;
    return Array.isArray(ids) ? [ids as string[]] : [];
  });
  const [first, ...others] = left;
  return first?.filter((id) => others.every((ids) => ids.includes(id))) ?? null;
}

/** What a condition leaves of the choices, where it does not leave what was chosen; null: it does, or leaves nothing. */
function choicesLeft(property: FormSchema | boolean, chosen: unknown): readonly unknown[] | null {
  const left = typeof property === 'object' ? property['enum'] : undefined;
  return Array.isArray(left) && left.length > 0 && !left.includes(chosen) ? (left as unknown[]) : null;
}

/** The schemas that hold for this data: the form's own, all of its parts, and of its conditions the side that is met. */
function partsFor(schema: FormSchema, data: object): FormSchema[] {
  const side = schema['if'] === undefined ? undefined : schema[conditionOf(schema)(data) ? 'then' : 'else'];
  const within = [...list(schema['allOf']), ...(side === undefined ? [] : [side as FormSchema])];
  return [schema, ...within.flatMap((part) => partsFor(part, data))];
}

const ajv = new Ajv2020({ strict: false });
const conditions = new WeakMap<FormSchema, ValidateFunction>();

function conditionOf(schema: FormSchema): ValidateFunction {
  const known = conditions.get(schema);
  if (known) return known;
  const made = ajv.compile(schema['if'] as FormSchema);
  conditions.set(schema, made);
  return made;
}

function fillObject(
  schema: FormSchema,
  random: Random,
  options: FillOptions,
  root: boolean,
): Record<string, unknown> {
  const properties = (schema['properties'] ?? {}) as Record<string, FormSchema>;
  const required = new Set([...names(schema['required']), ...branch(schema, properties)]);
  const filled: [string, unknown][] = [];
  for (const [name, property] of Object.entries(properties)) {
    const given = root ? options.values?.[name] : undefined;
    if (given !== undefined) filled.push([name, given]);
    else if (required.has(name) || wanted(property, random, options))
      filled.push([name, fillValue(property, random, options)]);
  }
  for (const name of required) if (!(name in properties)) filled.push([name, fillValue({}, random, options)]);
  return Object.fromEntries(filled);
}

/** Of alternatives (`anyOf`, `oneOf` over `required`) one is met: the one whose choices the form itself offers. */
function branch(schema: FormSchema, properties: Record<string, FormSchema>): string[] {
  const branches = [...list(schema['anyOf']), ...list(schema['oneOf'])].filter((one) =>
    Array.isArray(one['required']),
  );
  const offered = (one: FormSchema): boolean =>
    names(one['required']).every((name) => choices(properties[name] ?? {}).length > 0);
  return names((branches.find(offered) ?? branches[0])?.['required']);
}

/** Fields that may stay empty: what is proposed is taken, photos are handed in where there are any. */
function wanted(property: FormSchema, random: Random, options: FillOptions): boolean {
  if (property['default'] !== undefined) return true;
  if (property['x-widget'] === 'media') return (options.mediaIds?.length ?? 0) > 0;
  // A reference that the form gives no choices for cannot be known: better none than one that names nothing.
  if (property['format'] === 'uuid' && choices(property).length === 0) return false;
  return random.chance(options.optional ?? 0);
}

function fillValue(schema: FormSchema, random: Random, options: FillOptions): unknown {
  if (schema['const'] !== undefined) return schema['const'];
  if (schema['default'] !== undefined) return schema['default'];
  const offered = choices(schema);
  if (offered.length > 0) return random.pick(offered);
  const alternatives = [...list(schema['oneOf']), ...list(schema['anyOf'])];
  if (alternatives.length > 0 && schema['type'] === undefined)
    return fillValue(random.pick(alternatives), random, options);
  const type = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  switch (type) {
    case 'object':
      return fillObject(schema, random, options, false);
    case 'array':
      return fillArray(schema, random, options);
    case 'boolean':
      return random.chance(0.5);
    case 'integer':
    case 'number':
      return fillNumber(schema, random, type === 'integer');
    case 'null':
      return null;
    default:
      return fillText(schema, random, options);
  }
}

function fillArray(schema: FormSchema, random: Random, options: FillOptions): unknown[] {
  const least = number(schema['minItems'], 0);
  const most = number(schema['maxItems'], Math.max(least, 9));
  if (schema['x-widget'] === 'media' && (options.mediaIds?.length ?? 0) >= least)
    return [...new Set(options.mediaIds)].slice(0, most);
  const items = (schema['items'] ?? {}) as FormSchema;
  const made: unknown[] = [];
  const seen = new Set<string>();
  // 100 tries a piece: an enumeration may offer fewer different things than are asked for.
  for (let i = 0; made.length < least && i < 100 * (least + 1); i += 1) {
    const value = fillValue(items, random, options);
    const text = JSON.stringify(value);
    if (schema['uniqueItems'] === true && seen.has(text)) continue;
    seen.add(text);
    made.push(value);
  }
  return made;
}

function fillNumber(schema: FormSchema, random: Random, whole: boolean): number {
  const step = number(schema['multipleOf'], whole ? 1 : 0);
  const gap = step || 1e-3;
  const low = Math.max(
    number(schema['minimum'], -Infinity),
    number(schema['exclusiveMinimum'], -Infinity) + gap,
  );
  const high = Math.min(
    number(schema['maximum'], Infinity),
    number(schema['exclusiveMaximum'], Infinity) - gap,
  );
  const from = Number.isFinite(low) ? low : Number.isFinite(high) ? high - 100 : 0;
  const to = Number.isFinite(high) ? high : from + 100;
  const value = random.between(from, to);
  if (step === 0) return Math.min(to, Math.max(from, Math.round(value * 1000) / 1000));
  const first = Math.ceil(from / step);
  return Math.min(Math.max(first, Math.round(value / step)), Math.floor(to / step)) * step;
}

/** Enough words for any field of a form that has no phrases of its own. */
const WORDS = { 'zh-CN': '现场已核对，按要求办理。', en: 'Seen on the spot, handled as required. ' };

function fillText(schema: FormSchema, random: Random, options: FillOptions): string {
  const language = options.language ?? 'zh-CN';
  if (typeof schema['format'] === 'string') return formatted(schema['format'], random);
  if (typeof schema['pattern'] === 'string') return digitsFor(schema['pattern'], schema, random);
  const phrases = list(schema['x-phrases']).map((phrase) => String(phrase[language]));
  const least = number(schema['minLength'], 0);
  const most = number(schema['maxLength'], 2000);
  const fitting = phrases.filter((phrase) => length(phrase) >= least && length(phrase) <= most);
  let text = fitting.length > 0 ? random.pick(fitting) : WORDS[language];
  while (length(text) < least) text += WORDS[language];
  return Array.from(text).slice(0, most).join('');
}

/** The formats that forms use; an unknown one is left to the form's own check. */
function formatted(format: string, random: Random): string {
  const hex = (n: number): string => Array.from({ length: n }, () => random.int(0, 15).toString(16)).join('');
  const two = (from: number, to: number): string => String(random.int(from, to)).padStart(2, '0');
  const date = `20${two(20, 35)}-${two(1, 12)}-${two(1, 28)}`;
  const time = `${two(0, 23)}:${two(0, 59)}:${two(0, 59)}Z`;
  switch (format) {
    case 'uuid':
      return `${hex(8)}-${hex(4)}-4${hex(3)}-${random.pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
    case 'date':
      return date;
    case 'time':
      return time;
    case 'date-time':
      return `${date}T${time}`;
    case 'email':
      return `u${hex(6)}@example.com`;
    case 'uri':
      return `https://example.com/${hex(6)}`;
    default:
      return hex(8);
  }
}

/** Patterns in forms ask for numbers of some kind; the first length of digits that fits is taken. */
function digitsFor(pattern: string, schema: FormSchema, random: Random): string {
  const fits = new RegExp(pattern, 'u');
  const least = Math.max(1, number(schema['minLength'], 1));
  for (let n = least; n <= number(schema['maxLength'], 40); n += 1) {
    const digits = Array.from({ length: n }, () => String(random.int(1, 9))).join('');
    for (const text of [digits, `1${digits.slice(1)}`, `a${digits.slice(1)}`])
      if (fits.test(text)) return text;
  }
  throw new RangeError(`no value known for the pattern ${pattern}`);
}

function choices(schema: FormSchema): unknown[] {
  if (Array.isArray(schema['enum'])) return schema['enum'] as unknown[];
  return list(schema['oneOf'])
    .filter((one) => one['const'] !== undefined)
    .map((one) => one['const']);
}

const list = (value: unknown): FormSchema[] => (Array.isArray(value) ? (value as FormSchema[]) : []);
const names = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : []);
const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
/** JSON Schema counts code points. */
const length = (text: string): number => Array.from(text).length;
