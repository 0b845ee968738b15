import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { noContext } from './choices.ts';
import { withDispatchForms } from './dispatch-choices.ts';
import type { Catalog, CatalogUnit } from './model.ts';
import { unitChoice, withChoices, type Choice, type Property } from './unit-choices.ts';

const unit = (id: string, regionId: string | null): CatalogUnit =>
  ({ id, regionId, parentId: null, kind: 'department', name: { 'zh-CN': id, en: id } }) as CatalogUnit;

/** A form of dispatch that proposes one of its forms, filled for departments of which each serves a region. */
function formFor(
  departments: readonly CatalogUnit[],
  forms: readonly string[],
  onDuty: string[] | null = null,
) {
  const unitById = new Map(departments.map((one) => [one.id, one]));
  const catalog = { departments, unitById } as unknown as Catalog;
  const form: Property = { oneOf: forms.map((one) => ({ const: one })), default: forms.at(-1) };
  const unitId = withChoices({ 'x-widget': 'unit' }, departments.map(unitChoice));
  const schema = { type: 'object', properties: { form, unitId } };
  const filled = withDispatchForms(
    catalog,
    'dispatch',
    { ...noContext, regionIds: ['here'], onDuty },
    schema,
  );
  return { filled, shown: (filled['properties'] as Record<'form', Property>).form };
}
const consts = (property: Property): string[] => (property['oneOf'] as Choice[]).map((one) => one.const);

it('a form of dispatch that nobody can take now is neither offered nor proposed', () => {
  const here = [unit('a', 'here'), unit('b', 'here')];
  const { shown } = formFor(here, ['single', 'crossRegion', 'samePeriod'], []);
  expect(consts(shown)).toEqual(['single']);
  expect(shown['default']).toBeUndefined();
  expect(formFor(here, ['single', 'samePeriod'], ['b']).shown['default']).toBe('samePeriod');
  // An empty list of choices would be no schema
  expect(consts(formFor(here, ['samePeriod'], []).shown)).toEqual(['samePeriod']);
});

it('of more departments than a form shows, no form of dispatch is left with nobody', () => {
  const many = Array.from({ length: 200 }, (_, n) => unit(`here-${n}`, 'here'));
  const { filled, shown } = formFor([...many, unit('beyond', 'elsewhere')], ['single', 'crossRegion']);
  expect(consts(shown)).toEqual(['single']);
  const takes = new Ajv2020({ strict: false }).compile(filled);
  expect(takes({ form: 'single', unitId: 'here-199' })).toBe(true);
  expect(takes({ form: 'crossRegion', unitId: 'here-1' })).toBe(false);
});
