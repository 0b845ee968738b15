import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillForm, type FormSchema } from './fill.ts';
import { createRandom } from './geo/random.ts';

const folder = new URL('../../../config/form/', import.meta.url);
const forms = readdirSync(folder).map((file) => ({
  action: file.replace('.schema.json', ''),
  schema: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as FormSchema,
}));

const ajv = new Ajv2020({ strict: false, allErrors: true, multipleOfPrecision: 6 });
addFormats.default(ajv);
/** Without its name: one Ajv would take two forms of one name for a mistake. */
const checkOf = (schema: FormSchema) =>
  ajv.compile(Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$id')));
const UUID = '019ab2c4-7f00-7abc-8def-0123456789ab';

describe('every shipped form', () => {
  test.each(forms)('$action is filled validly, whatever the dice say', ({ schema }) => {
    const check = checkOf(schema);
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, optional) => {
        const data = fillForm(schema, createRandom(seed, 'fill'), { optional });
        expect(check(data), JSON.stringify([data, check.errors])).toBe(true);
      }),
    );
  });

  test.each(forms)('$action takes photos where it asks for them', ({ schema }) => {
    const data = fillForm(schema, createRandom(1, 'fill'), { mediaIds: [UUID, UUID] });
    const asks = 'mediaIds' in ((schema['properties'] ?? {}) as object);
    expect(data['mediaIds']).toEqual(asks ? [UUID] : undefined);
    expect(checkOf(schema)(data)).toBe(true);
  });
});

test('what the form proposes is taken before what it offers', () => {
  const unitId = {
    type: 'string',
    format: 'uuid',
    oneOf: [{ const: UUID }, { const: 'other' }],
    default: UUID,
  };
  const schema = { type: 'object', properties: { unitId }, required: ['unitId'] };
  for (let seed = 0; seed < 20; seed += 1)
    expect(fillForm(schema, createRandom(seed, 'fill'))).toEqual({ unitId: UUID });
});

test('what a screen would hide with these answers is not sent', () => {
  const properties = {
    form: { type: 'string', default: 'flat' },
    unitId: { type: 'string', default: UUID, 'x-show-if': { field: 'form', in: ['single'] } },
    crewId: { type: 'string', default: 'crew', 'x-show-if': { field: 'form', in: ['flat'] } },
  };
  const schema = { type: 'object', properties };
  expect(fillForm(schema, createRandom(1, 'fill'))).toEqual({ form: 'flat', crewId: 'crew' });
  const single = { values: { form: 'single' } };
  expect(fillForm(schema, createRandom(1, 'fill'), single)).toEqual({ form: 'single', unitId: UUID });
  // The form itself has the last word.
  const asks = { ...schema, required: ['unitId'] };
  expect(fillForm(asks, createRandom(1, 'fill'))).toEqual({ form: 'flat', crewId: 'crew', unitId: UUID });
});

test('of two ways the one is taken whose choices the form offers', () => {
  const properties = {
    postId: { type: 'string', format: 'uuid', 'x-widget': 'person' },
    unitId: { type: 'string', format: 'uuid', oneOf: [{ const: UUID }] },
  };
  const anyOf = [{ required: ['postId'] }, { required: ['unitId'] }];
  expect(fillForm({ type: 'object', properties, anyOf }, createRandom(1, 'fill'))).toEqual({ unitId: UUID });
});

test('phrases of the city are spoken in its language', () => {
  const result = {
    type: 'string',
    minLength: 1,
    'x-phrases': [{ 'zh-CN': '已更换。', en: 'Replaced.' }],
  };
  const schema = { type: 'object', properties: { result }, required: ['result'] };
  expect(fillForm(schema, createRandom(1, 'fill'))).toEqual({ result: '已更换。' });
  expect(fillForm(schema, createRandom(1, 'fill'), { language: 'en' })).toEqual({ result: 'Replaced.' });
});

test('any reasonable form is filled validly', () => {
  const text = fc.record(
    { type: fc.constant('string'), minLength: fc.integer({ min: 0, max: 90 }) },
    { requiredKeys: ['type'] },
  );
  const choice = fc
    .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 })
    .chain((values) =>
      fc.constantFrom(
        { type: 'string', enum: values },
        { type: 'string', oneOf: values.map((value) => ({ const: value })) },
        { type: 'string', enum: values, default: values[0] },
      ),
    );
  const whole = fc
    .tuple(fc.integer({ min: -1000, max: 1000 }), fc.nat(500))
    .map(([minimum, span]) => ({ type: 'integer', minimum, maximum: minimum + span }));
  const real = fc
    .tuple(fc.integer({ min: -90, max: 90 }), fc.integer({ min: 1, max: 90 }))
    .map(([low, span]) => ({ type: 'number', exclusiveMinimum: low, exclusiveMaximum: low + span }));
  const format = fc
    .constantFrom('uuid', 'date', 'date-time', 'email', 'uri')
    .map((name) => ({ type: 'string', format: name }));
  const array = fc
    .tuple(format, fc.nat(3))
    .map(([items, minItems]) => ({ type: 'array', items, minItems, uniqueItems: true }));
  const leaf = fc.oneof(text, choice, whole, real, format, array, fc.constant({ type: 'boolean' }));
  const object = (value: fc.Arbitrary<object>) =>
    fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), value, { maxKeys: 5 }).chain((properties) =>
      fc.subarray(Object.keys(properties)).map((required) => ({
        type: 'object',
        properties,
        required,
        additionalProperties: false,
      })),
    );
  fc.assert(
    fc.property(object(fc.oneof(leaf, object(leaf))), fc.integer(), fc.boolean(), (schema, seed, full) => {
      const data = fillForm(schema, createRandom(seed, 'fill'), { optional: full ? 1 : 0 });
      const check = checkOf(schema);
      expect(check(data), JSON.stringify([schema, data, check.errors])).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('what an answer leaves of the choices of another one is kept to', () => {
  const ids = ['a', 'b', 'c'];
  const only = (form: string, units: string[], others: string[]) => ({
    if: { properties: { form: { const: form } }, required: ['form'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a literal with JSON Schema's `then` is taken for a thenable; it is no function, and never awaited
    then: { properties: { unitId: { enum: units } } },
    else: { properties: { unitId: { enum: others } } },
  });
  const schema = {
    type: 'object',
    properties: {
      form: { type: 'string', oneOf: [{ const: 'single' }, { const: 'crossRegion' }] },
      unitId: { type: 'string', oneOf: ids.map((id) => ({ const: id })) },
    },
    required: ['form', 'unitId'],
    allOf: [only('crossRegion', ['c'], ['a', 'b'])],
  };
  const given = new Set<string>();
  for (let seed = 1; seed <= 40; seed += 1) {
    const { form, unitId } = fillForm(schema, createRandom(seed, 'fill')) as { form: string; unitId: string };
    expect(form === 'crossRegion' ? ['c'] : ['a', 'b']).toContain(unitId);
    given.add(unitId);
  }
  expect(given).toEqual(new Set(ids));
  // What was said beforehand is said
  expect(fillForm(schema, createRandom(1, 'fill'), { values: { form: 'single', unitId: 'c' } })).toEqual({
    form: 'single',
    unitId: 'c',
  });
});
