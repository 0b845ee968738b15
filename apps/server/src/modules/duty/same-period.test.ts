import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CaseDetail } from '@wanmi/contracts';
import { office, today, type Office } from './duty.testing.ts';
import { plannedDepartments } from './on-duty.ts';

let o: Office;
let units: Office['w']['units'];
beforeAll(async () => {
  o = await office();
  units = o.w.units;
  // Department 1 and its crew keep a roster; department 2 keeps none: its calendar says when it is there
  const night = await o.shift('night', '20:00', '04:00');
  const evening = await o.shift('evening', '17:00', '20:00');
  await o.roster('department1', night, ['department1']);
  await o.roster('crew1', evening, ['crew1']);
});
afterAll(() => o.close());

const at = (time: string, day?: string) => o.w.platform.clock.set(Date.parse(today(time, day)));

async function filed(): Promise<string> {
  const { case: made } = await o.report(0, { source: 'superior' });
  await o.act('shiftLeader', made.id, 'file', { conditionId: o.w.rules.conditions.rubbish });
  return made.id;
}

interface Form {
  readonly properties: Record<'form' | 'unitId', { readonly oneOf: readonly { readonly const: string }[] }>;
  readonly allOf: readonly {
    if: { properties: { form: { const?: string } } };
    then: { properties?: { unitId?: { enum?: string[] } } };
  }[];
}

/** Whom the form leaves to same-period dispatch; null: it is not offered now. */
async function offered(caseId: string): Promise<string[] | null> {
  const { body } = await o.call<CaseDetail>('dispatcher', 'GET', `/cases/${caseId}`);
  const action = body.tasks.flatMap((task) => task.actions).find((one) => one.action === 'dispatch')!;
  const form = action.form as unknown as Form;
  if (form.properties.form.oneOf.every((one) => one.const !== 'samePeriod')) return null;
  const rule = form.allOf.find((one) => one.if.properties.form.const === 'samePeriod');
  return rule?.then.properties?.unitId?.enum ?? form.properties.unitId.oneOf.map((one) => one.const);
}

async function dispatch(caseId: string, unitId: string): Promise<string> {
  const task = await o.openTask('dispatcher', caseId);
  const { status, body } = await o.call<{ code?: string; errors?: { path: string; code: string }[] }>(
    'dispatcher',
    'POST',
    `/tasks/${task.id}/actions/dispatch`,
    { data: { form: 'samePeriod', unitId } },
  );
  return status === 200 ? 'ok' : `${body.code} ${body.errors?.[0]?.path} ${body.errors?.[0]?.code}`;
}

describe('same-period dispatch', () => {
  test('goes to a department that is on duty then: by its roster, else by its calendar', async () => {
    const id = await filed();
    expect(await offered(id)).toEqual([units.department2]);
    expect(await dispatch(id, units.department1)).toBe('form.invalid /unitId notOnDuty');
    expect(await dispatch(id, units.department2)).toBe('ok');
  });

  test('by a crew of it too, not by who is absent, past midnight, and by nobody', async () => {
    const id = await filed();
    await o.away('department1', { from: today('20:30'), to: today('22:00') });
    // The crew's shift; offices are closed
    at('18:00');
    expect(await offered(id)).toEqual([units.department1]);
    expect(await dispatch(id, units.department2)).toBe('form.invalid /unitId notOnDuty');
    at('20:15');
    expect(await offered(id)).toEqual([units.department1]);
    at('21:00');
    expect(await offered(id)).toBeNull();
    for (const unit of [units.department1, units.department2]) {
      expect(await dispatch(id, unit)).toBe('form.invalid /unitId notOnDuty');
    }
    at('03:59', '2026-03-04');
    expect(await dispatch(id, units.department1)).toBe('ok');
  });

  test('shifts of long ago say nothing', async () => {
    const duty = async () => plannedDepartments(o.w.platform, o.w.cityId, o.w.platform.clock.now());
    expect(await duty()).toEqual([{ unitId: units.department1, onDuty: true }]);
    at('04:00', '2026-03-04');
    expect(await duty()).toEqual([{ unitId: units.department1, onDuty: false }]);
    at('12:00', '2026-03-20');
    expect(await duty()).toEqual([]);
  });
});
