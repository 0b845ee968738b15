import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hiddenOf, isConditional, requiredOf } from './conditions.ts';
import { answersOf, fieldsOf, shownFields, withoutEmpty } from './schema.ts';
import { validate } from './validate.ts';

const dispatch = {
  type: 'object',
  properties: {
    form: { type: 'string', enum: ['single', 'several', 'flat'], default: 'single' },
    unitId: { type: 'string' },
    otherIds: { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, uniqueItems: true },
    crewId: { type: 'string' },
  },
  required: ['form', 'unitId'],
  allOf: [
    {
      if: { properties: { form: { const: 'several' } }, required: ['form'] },
      // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's `then` in a literal that nobody awaits
      then: { required: ['otherIds'], properties: { otherIds: { minItems: 1 } } },
      else: { properties: { otherIds: false } },
    },
    {
      if: { properties: { form: { const: 'flat' } }, required: ['form'] },
      // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's `then` in a literal that nobody awaits
      then: { required: ['crewId'] },
      else: { not: { required: ['crewId'] } },
    },
  ],
  additionalProperties: false,
};

const names = (values: Record<string, unknown>) => shownFields(dispatch, values).map((field) => field.name);

test('what hangs on an answer is asked for with that answer only', () => {
  expect(names({ form: 'single' })).toEqual(['form', 'unitId']);
  expect(names({ form: 'several' })).toEqual(['form', 'unitId', 'otherIds']);
  expect(names({ form: 'flat' })).toEqual(['form', 'unitId', 'crewId']);
  expect(requiredOf(dispatch, { form: 'several' })).toContain('otherIds');
});

test('what is not asked for is not sent, though it was filled in before', () => {
  expect(answersOf(dispatch, { form: 'single', unitId: 'u', otherIds: ['a'], crewId: 'c' })).toEqual({
    form: 'single',
    unitId: 'u',
  });
});

test('x-show-if does the same for the screen alone; several answers count each', () => {
  const schema = {
    properties: {
      kinds: { type: 'array', items: { type: 'string' } },
      why: { 'x-show-if': { field: 'kinds', in: ['other'] } },
    },
  };
  expect([...hiddenOf(schema, {})]).toEqual(['why']);
  expect([...hiddenOf(schema, { kinds: ['x', 'other'] })]).toEqual([]);
});

test('a form of dispatch shows what belongs to it, also where its author noted nothing', () => {
  const plain = { properties: { form: { type: 'string' }, otherIds: { type: 'array' }, crewId: {} } };
  expect([...hiddenOf(plain, { form: 'single' })]).toEqual(['otherIds', 'crewId']);
  expect([...hiddenOf(plain, { form: 'mainAssist' })]).toEqual(['crewId']);
  expect([...hiddenOf(plain, { form: 'flat' })]).toEqual(['otherIds']);
  // Without a form of dispatch the same names are fields like others.
  expect([...hiddenOf({ properties: { otherIds: {} } }, {})]).toEqual([]);
});

test('an answer leaves another one a part of its choices; what is ruled out is not sent unseen', () => {
  const choice = (id: string) => ({ const: id, title: id });
  const only = (form: string, units: string[], others?: string[]) => ({
    if: { properties: { form: { const: form } }, required: ['form'] },
    // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's `then` in a literal that nobody awaits
    then: { properties: { unitId: { enum: units } } },
    ...(others ? { else: { properties: { unitId: { enum: others } } } } : {}),
  });
  const schema = {
    properties: {
      form: { type: 'string' },
      unitId: { type: 'string', 'x-widget': 'unit', oneOf: ['a', 'b', 'c'].map(choice), default: 'a' },
    },
    allOf: [only('crossRegion', ['c'], ['a', 'b']), only('samePeriod', ['b', 'c'])],
  };
  const left = (values: Record<string, unknown>) =>
    shownFields(schema, values)
      .find((field) => field.name === 'unitId')!
      .choices.map(({ value }) => value);
  expect(left({})).toEqual(['a', 'b']);
  expect(left({ form: 'crossRegion' })).toEqual(['c']);
  // Two branches at once leave what both leave
  expect(left({ form: 'samePeriod' })).toEqual(['b']);
  expect(Object.keys(validate(schema, { form: 'samePeriod', unitId: 'a' }).fields)).toEqual(['unitId']);
  expect(validate(schema, { form: 'samePeriod', unitId: 'b' }).fields).toEqual({});
});

test('a field that only a branch describes comes and goes with it', () => {
  const schema = {
    properties: { reason: { type: 'string' } },
    if: { properties: { reason: { const: 'other' } }, required: ['reason'] },
    // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's `then` in a literal that nobody awaits
    then: { properties: { words: { type: 'string' } }, required: ['words'] },
  };
  expect(fieldsOf(schema).map((field) => field.name)).toContain('words');
  expect([...hiddenOf(schema, { reason: 'x' })]).toEqual(['words']);
  expect([...hiddenOf(schema, { reason: 'other' })]).toEqual([]);
});

test('a plain form has no conditions to follow', () => {
  expect(isConditional({ properties: { note: { type: 'string' } } })).toBe(false);
  expect(isConditional(dispatch)).toBe(true);
});

describe('beside the judge', () => {
  const judge = new Ajv2020({ strict: false, allErrors: true }).compile(dispatch);
  const anything = fc.record(
    {
      form: fc.constantFrom('single', 'several', 'flat', 'x'),
      unitId: fc.constantFrom('u', ''),
      otherIds: fc.array(fc.constantFrom('a', 'b', 'z'), { maxLength: 3 }),
      crewId: fc.constantFrom('c', ''),
    },
    { requiredKeys: [] },
  );

  test('what is sent from the screen is refused here exactly when the server refuses it', () => {
    fc.assert(
      fc.property(anything, (values) => {
        const data = answersOf(dispatch, values);
        const { fields, oneOfFields } = validate(dispatch, data);
        expect(Object.keys(fields).length === 0 && oneOfFields === null).toBe(judge(data));
      }),
    );
  });

  test('and so is whatever else could be sent', () => {
    fc.assert(
      fc.property(anything, (values) => {
        const data = withoutEmpty(values);
        expect(Object.keys(validate(dispatch, data).fields).length === 0).toBe(judge(data));
      }),
    );
  });
});
