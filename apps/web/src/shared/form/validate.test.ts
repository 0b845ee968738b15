import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultsOf, fieldsOf, withoutEmpty, WIDGETS, type JsonSchema } from './schema.ts';
import { validate } from './validate.ts';

const folder = path.resolve(import.meta.dirname, '../../../../../config/form');
const shipped = readdirSync(folder).map((file) => ({
  file,
  schema: JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as JsonSchema,
}));

// The server's checker, as the judge of ours.
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

const id = '019ab2c4-7f00-7abc-8def-0123456789ab';
const anything = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constant(id),
  fc.constant('a'.repeat(600)),
  fc.constantFrom('notFound', 'other', 'belowStandard', 'A'),
  fc.array(fc.constantFrom(id, 'no-uuid'), { maxLength: 11 }),
  fc.boolean(),
);

describe.each(shipped)('$file', ({ schema }) => {
  const fields = fieldsOf(schema);

  test('draws every field with a control that exists, named in both languages', () => {
    expect(fields.length).toBe(Object.keys(schema['properties'] as object).length);
    for (const field of fields) {
      expect(WIDGETS).toContain(field.widget);
      expect(field.label['zh-CN'] && field.label.en).toBeTruthy();
    }
  });

  test('is refused here exactly when the server refuses it', () => {
    const judge = ajv.compile(schema);
    const names = fields.map((field) => field.name);
    const forms = fc.record(Object.fromEntries(names.map((name) => [name, anything])), { requiredKeys: [] });
    fc.assert(
      fc.property(forms, (values) => {
        const data = withoutEmpty(values);
        const { fields: faults, oneOfFields } = validate(schema, data);
        const accepted = Object.keys(faults).length === 0 && oneOfFields === null;
        expect(accepted).toBe(judge(data));
      }),
      { numRuns: 200 },
    );
  });
});

test('fields stand in the order of the form', () => {
  const schema = {
    properties: { last: { 'x-order': 20 }, loose: {}, first: { 'x-order': 10 } },
  };
  expect(fieldsOf(schema).map((field) => field.name)).toEqual(['first', 'last', 'loose']);
});

test('a plain schema without notes gives a usable form', () => {
  const schema = {
    required: ['grade'],
    properties: {
      grade: { enum: ['A', 'B'] },
      long: { type: 'string', maxLength: 500 },
      day: { type: 'string', format: 'date' },
      yes: { type: 'boolean' },
    },
  };
  expect(fieldsOf(schema).map(({ widget, required }) => [widget, required])).toEqual([
    ['select', true],
    ['textarea', false],
    ['date', false],
    ['switch', false],
  ]);
});

test('what the form proposes is taken up', () => {
  expect(defaultsOf({ properties: { unitId: { default: id }, note: {} } })).toEqual({ unitId: id });
});

test('what is left empty is absent', () => {
  expect(withoutEmpty({ a: '', b: '  ', c: [], d: null, e: undefined, f: false, g: 0, h: ' x ' })).toEqual({
    f: false,
    g: 0,
    h: 'x',
  });
});

test('the keyword and its limit are told', () => {
  const schema = { type: 'object', properties: { note: { type: 'string', maxLength: 5 } } };
  expect(validate(schema, { note: 'far too long' }).fields).toEqual({
    note: { keyword: 'maxLength', limit: 5 },
  });
});
