import { describe, expect, test } from 'vitest';
import { fillForm, type FormSchema } from '../fill.ts';
import { createRandom } from '../geo/random.ts';
import { dispatchChoice, type DispatchShares } from './dispatch.ts';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const id = (n: number): string => `019ab2c4-7f00-7abc-8def-01234567890${n}`;
const [ROADS, GREENS, WATER, CREW, OTHERS_CREW] = [id(1), id(2), id(3), id(4), id(5)];
const units = [
  { const: ROADS, title: '市政' },
  { const: GREENS, title: '园林' },
  { const: WATER, title: '水务' },
];
const crews = [
  { const: OTHERS_CREW, title: '园林 · 一队' },
  { const: CREW, title: '市政 · 一队' },
];

/** The shipped form with the choices that a case would have. */
function formOf(more: { crews?: object[]; only?: Record<string, string[]> } = {}): FormSchema {
  const file = new URL('../../../../config/form/dispatch.schema.json', import.meta.url);
  const { $id: _own, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as FormSchema;
  const properties = structuredClone(schema['properties']) as Record<string, Record<string, unknown>>;
  Object.assign(properties['unitId']!, { oneOf: units, default: ROADS });
  Object.assign(properties['crewId']!, { oneOf: more.crews ?? crews });
  Object.assign(properties['otherIds']!['items'] as object, { oneOf: units });
  // As the server says whom a form of dispatch may name
  const rules = Object.entries(more.only ?? {}).map(([form, ids]) => ({
    if: { properties: { form: { const: form } }, required: ['form'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a literal with JSON Schema's `then` is taken for a thenable; it is no function, and never awaited
    then: { properties: { unitId: { enum: ids } } },
    ...(form === 'crossRegion' && { else: { properties: { unitId: { enum: [ROADS, GREENS] } } } }),
  }));
  return { ...schema, properties, allOf: [...((schema['allOf'] ?? []) as FormSchema[]), ...rules] };
}

const NONE: DispatchShares = { together: 0, flat: 0, crossRegion: 0, samePeriod: 0 };
const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

function sent(shares: Partial<DispatchShares>, form = formOf()): Record<string, unknown> {
  const random = createRandom(7, 'dispatch');
  const values = dispatchChoice(form, random, { ...NONE, ...shares });
  const data = fillForm(form, random, { values });
  expect(ajv.validate(form, data), JSON.stringify(data)).toBe(true);
  return data;
}

describe('a dispatcher', () => {
  test('mostly does what is proposed', () => {
    expect(sent({})).toEqual({ form: 'single', unitId: ROADS });
  });

  test('flat: a crew of the department that is proposed, and no department beside it', () => {
    expect(sent({ flat: 1 })).toEqual({ form: 'flat', crewId: CREW });
  });

  test('no crew of another department is taken for it', () => {
    const without = formOf({ crews: [crews[0]!] });
    expect(sent({ flat: 1 }, without)).toEqual({ form: 'single', unitId: ROADS });
    // Nor one of a department whose name begins alike
    const alike = formOf({ crews: [{ const: OTHERS_CREW, title: '市政 二处 · 一队' }] });
    expect(sent({ flat: 1 }, alike)).toEqual({ form: 'single', unitId: ROADS });
  });

  test('across regions: a department of another one; where the departments have none, the one that is proposed', () => {
    const divided = formOf({ only: { crossRegion: [WATER] } });
    expect(sent({ crossRegion: 1 }, divided)).toEqual({ form: 'crossRegion', unitId: WATER });
    expect(sent({}, divided)).toEqual({ form: 'single', unitId: ROADS });
    expect(sent({ crossRegion: 1 })).toEqual({ form: 'crossRegion', unitId: ROADS });
  });

  test('same period: whoever is on duty then, the one that is proposed before all others', () => {
    const only = (...ids: string[]) => formOf({ only: { samePeriod: ids } });
    expect(sent({ samePeriod: 1 }, only(GREENS))).toEqual({ form: 'samePeriod', unitId: GREENS });
    expect(sent({ samePeriod: 1 }, only(ROADS, GREENS))).toEqual({ form: 'samePeriod', unitId: ROADS });
    expect(sent({ samePeriod: 1 })).toEqual({ form: 'samePeriod', unitId: ROADS });
    expect(dispatchChoice(only(), createRandom(1, 'x'), { ...NONE, samePeriod: 1 })).toEqual({});
  });

  test('several: others than the one that is proposed', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const choice = dispatchChoice(formOf(), createRandom(seed, 'x'), { ...NONE, together: 1 });
      expect(['several', 'doubleFlow', 'mainAssist']).toContain(choice['form']);
      expect(choice['otherIds']).not.toContain(ROADS);
    }
  });

  test('takes no form that the city does not offer', () => {
    const form = formOf();
    const { form: _without, ...properties } = form['properties'] as Record<string, FormSchema>;
    const plain = { type: 'object', properties, required: ['unitId'] };
    expect(dispatchChoice(plain, createRandom(1, 'x'), { ...NONE, flat: 1 })).toEqual({});
  });
});
