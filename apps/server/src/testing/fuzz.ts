import { brotliCompressSync, gzipSync } from 'node:zlib';

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
  ['ten megabytes', Buffer.alloc(10_000_000, '{"a":"')],
  ['a long number', Buffer.from(`{"version": ${'9'.repeat(300_000)}}`)],
  ['a long key', Buffer.from(`{"${'k'.repeat(500_000)}": 1}`)],
  ['an overlong NUL', Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
  ['UTF-16', Buffer.from('{"description": "x"}', 'utf16le')],
  ['null', Buffer.from('null')],
  ['a list', Buffer.from('[]')],
  ['a text', Buffer.from('"text"')],
  ['a number', Buffer.from('1')],
];

/** What a field that holds more than one value holds, at any depth: its path in the body, and its schema. */
export function* fieldsOf(
  schema: Schema,
  document: Document,
  known: Readonly<Record<string, unknown>>,
  path: readonly (string | number)[] = [],
): Iterable<{ path: readonly (string | number)[]; schema: Schema; sample: unknown }> {
  const found = resolved(schema, document);
  if (path.length > 6) return;
  const choices = found.anyOf ?? found.oneOf ?? found.allOf ?? [];
  for (const choice of choices) yield* fieldsOf(choice, document, known, path);
  for (const [name, one] of Object.entries(found.properties ?? {})) {
    const at = [...path, name];
    const inner = resolved(one, document);
    yield { path: at, schema: inner, sample: sampleOf(one, document, known) };
    yield* fieldsOf(inner, document, known, at);
  }
  if (found.items) {
    const inner = resolved(found.items, document);
    yield { path: [...path, 0], schema: inner, sample: sampleOf(inner, document, known) };
    yield* fieldsOf(inner, document, known, [...path, 0]);
  }
}

export function resolved(schema: Schema, document: Document): Schema {
  if (schema.$ref === undefined) return schema;
  return document.components?.schemas?.[schema.$ref.split('/').at(-1)!] ?? schema;
}

/** Whether a value of this schema can be an id, by itself or as one of its choices. */
export function isId(schema: Schema, document: Document): boolean {
  const found = resolved(schema, document);
  if (found.format === 'uuid') return true;
  return [...(found.anyOf ?? []), ...(found.oneOf ?? [])].some((one) => isId(one, document));
}

/** A copy with another value at a path; what is missing on the way is made. */
export function withAt(body: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const inner = (body as Record<string | number, unknown> | null | undefined)?.[step];
  const next = withAt(inner, rest, value);
  if (typeof step === 'number') return [next];
  const whole = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  return { ...whole, [step]: next };
}

/** Headers that programs and proxies send, with what no program should say in them. */
export const HEADERS: readonly (readonly [name: string, value: string])[] = [
  ...['x', 'zh;q=1e999', 'en,'.repeat(2000), '\u00ff\u00fe', '../../etc/passwd'].map(
    (value) => ['accept-language', value] as const,
  ),
  ...['*', '"x"', 'W/"1"', '"99999999999999999999"', '"-1"', '1', '"1", "2"', '"\u00ff"'].flatMap((value) => [
    ['if-match', value] as const,
    ['if-none-match', value] as const,
  ]),
  ['x-request-id', 'a'.repeat(5000)],
  ['x-request-id', '${jndi:ldap://127.0.0.1/a}'],
  ['x-forwarded-for', "' or 1=1 --"],
  ['x-forwarded-for', '::1'],
  ['x-forwarded-host', 'evil.example'],
  ['x-forwarded-proto', 'javascript'],
  ['forwarded', 'for=127.0.0.1;host=evil.example'],
  ['x-http-method-override', 'DELETE'],
  ['x-original-url', '/api/v1/audit'],
  ['user-agent', `<script>alert(1)</script>${'u'.repeat(4000)}`],
  ['user-agent', "'; select pg_sleep(9); --"],
  ['referer', 'javascript:alert(1)'],
  ['origin', 'null'],
  ['cookie', 'wanmi_session=x; wanmi_session=y; =; ;;'],
  ['cookie', `a=${'b'.repeat(9000)}`],
  ['last-event-id', '-1'],
  ['range', 'bytes=0-,-1,9-'],
  ['accept', 'application/xml;q=0.9, */*;q=0'],
  ['accept-encoding', 'gzip;q=1e9, br, zstd, identity;q=0'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'x'],
  ['expect', '200-maybe'],
  ['prefer', 'return=minimal'],
  ['te', 'trailers, deflate;q=0.5'],
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

/** Bodies that say that they are packed. Nothing is unpacked for anybody: a megabyte could be a terabyte. */
export const PACKED: readonly (readonly [what: string, encoding: string, body: Buffer])[] = [
  ['packed', 'gzip', gzipSync('{}')],
  ['packed a thousandfold', 'gzip', gzipSync(Buffer.alloc(50_000_000, 32))],
  ['packed twice', 'gzip, gzip', gzipSync(gzipSync('{}'))],
  ['packed otherwise', 'br', brotliCompressSync('{}')],
  ['not packed as it says', 'deflate', Buffer.from('{}')],
];

export const KEYS: readonly string[] = ['', ' ', 'a b', 'é', '\u0001', 'k'.repeat(129), 'ok-key', '{}'];
