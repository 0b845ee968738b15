/** Request bodies and parameters that no client should send, made from the interface's own description. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  minLength?: number;
  minItems?: number;
  default?: unknown;
}

export interface Operation {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly permission: string | undefined;
  readonly isPublic: boolean;
  readonly params: readonly Parameter[];
  readonly query: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly multipart: boolean;
}

interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Document {
  paths: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, Schema> };
}

interface RawOperation {
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  security?: unknown[];
  'x-permission'?: string;
}

export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, raw]): Operation => {
      const of = (where: string): Parameter[] =>
        (raw.parameters ?? [])
          .filter((one) => one.in === where)
          .map(({ name, required = false, schema }) => ({ name, required, schema: schema ?? {} }));
      const content = raw.requestBody?.content ?? {};
      return {
        route: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        path,
        permission: raw['x-permission'],
        isPublic: raw.security?.length === 0,
        params: of('path'),
        query: of('query'),
        body: content['application/json']?.schema,
        multipart: 'multipart/form-data' in content || path === '/api/v1/media',
      };
    }),
  );
}

/** Pseudo-random numbers in [0, 1) from a seed (mulberry32): the same requests on every run. */
export function randomOf(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A value that fits the schema; `known` has values for properties by their names. */
export function sampleOf(
  schema: Schema,
  document: Document,
  known: Readonly<Record<string, unknown>>,
  name = '',
): unknown {
  if (name in known) return known[name];
  if (schema.$ref !== undefined) {
    const found = document.components?.schemas?.[schema.$ref.split('/').at(-1)!];
    return found ? sampleOf(found, document, known, name) : null;
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const either = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (either?.[0] && schema.type === undefined) return sampleOf(either[0], document, known, name);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, one]) => [
          key,
          sampleOf(one, document, known, key),
        ]),
      );
    case 'array':
      return schema.items && (schema.minItems ?? 0) > 0 ? [sampleOf(schema.items, document, known)] : [];
    case 'integer':
    case 'number':
      return schema.default ?? Math.max(1, schema.minimum ?? 1);
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      if (schema.format === 'uuid') return '019ab2c4-7f00-7abc-8def-0123456789ab';
      if (schema.format === 'date-time') return '2026-03-03T02:00:00.000Z';
      if (schema.format === 'date') return '2026-03-03';
      return 'abcdefghijklmnop'.slice(0, Math.max(4, schema.minLength ?? 0));
  }
}

const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
};

/** Texts that have broken programs. */
export const TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udfffb',
  '\u202egnp.exe\u202c',
  '👩‍👩‍👧‍👦🏳️‍🌈',
  'Z̶͎̫͇͙͚̪̯̟͆̆̒a̴l̷g̵o̸',
  '\ufeff',
  '\u2028\u2029',
  '\r\nset-cookie: a=b',
  "' or 1=1 --",
  '\'); drop table "case"; --',
  '%s%n%x',
  '${7*7}{{7*7}}',
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '-1',
  '1e999',
  '٣',
  '0x10',
  '99999999999999999999999999',
  '2026-13-45T99:99:99Z',
  '0000-00-00T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '9999-12-31T23:59:59.999+23:59',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '𝟘𝟙𝟚',
  '(((((((((((((((((((((a*)*)*)*)*)*)*)*',
  'é'.repeat(300),
  'x'.repeat(5000),
];

/** Values of every kind in the place of a field. */
export const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  -0,
  1e308,
  -1e308,
  2 ** 53 + 2,
  2 ** 31,
  2 ** 63,
  5e-324,
  [],
  {},
  [null],
  [[]],
  [1, 'a', {}],
  { $ref: '#' },
  { toString: 1, length: -1 },
  JSON.parse('{"__proto__": {"admin": true}, "constructor": {"prototype": {"admin": true}}}') as unknown,
  deep(200),
  Array.from({ length: 2000 }, (_, i) => i),
  ...TEXTS,
];

/** Whole bodies, as bytes on the wire. */
export const RAW_BODIES: readonly (readonly [what: string, body: Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['half an object', Buffer.from('{"a": ')],
  ['two values', Buffer.from('{} {}')],
  ['a comma too many', Buffer.from('{"a": 1,}')],
  ['not JSON', Buffer.from('a=b&c=d')],
  ['NaN', Buffer.from('{"a": NaN}')],
  ['a number too large', Buffer.from('{"version": 1e400, "lon": -1e400}')],
  ['a byte order mark', Buffer.from('\ufeff{}')],
  ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['half a surrogate', Buffer.from('{"description": "\\ud800", "username": "\\udfff\\ud800"}')],
  ['a NUL', Buffer.from('{"description": "a\\u0000b", "username": "\\u0000", "data": {"note": "\\u0000"}}')],
  ['the same key twice', Buffer.from('{"data": 1, "data": {}, "version": 1, "version": -1}')],
  ['a poisoned prototype', Buffer.from('{"__proto__": {"x": 1}, "constructor": {"prototype": {}}}')],
  ['deep arrays', Buffer.from('['.repeat(20_000) + ']'.repeat(20_000))],
  ['deep objects', Buffer.from('{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000))],
  ['deep data', Buffer.from(`{"data": ${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`)],
  [
    'many keys',
    Buffer.from(JSON.stringify(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])))),
  ],
  [
    'a long text',
    Buffer.from(JSON.stringify({ description: 'x'.repeat(900_000), username: 'y'.repeat(900) })),
  ],
  ['more than is taken', Buffer.from(JSON.stringify({ description: 'x'.repeat(1_100_000) }))],
  ['null', Buffer.from('null')],
  ['a list', Buffer.from('[]')],
  ['a text', Buffer.from('"text"')],
  ['a number', Buffer.from('1')],
];

export const CONTENT_TYPES: readonly (string | undefined)[] = [
  undefined,
  '',
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'application/json; charset=utf-16',
  'application/json; charset=x'.repeat(20),
  'application/jsonx',
  '🙂',
];

export const KEYS: readonly string[] = ['', ' ', 'a b', 'é', '\u0001', 'k'.repeat(129), 'ok-key', '{}'];
