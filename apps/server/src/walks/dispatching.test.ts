import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invalidateCatalog } from '../modules/catalog/index.ts';
import { createUnit } from '../modules/org/index.ts';
import { testPerson } from '../testing/people.ts';
import { walk, type Walk } from '../testing/walk.ts';

let k: Walk;
let units: Walk['w']['units'];
beforeAll(async () => {
  k = await walk();
  units = k.w.units;
});
afterAll(() => k.w.close());

/** Department and crew, part and whether it has signed, one line for each assignment. */
async function assigned(caseId: string): Promise<string[]> {
  const { assignments } = await k.detail(caseId);
  return assignments
    .map(
      ({ unit, crew, part, form, state }) =>
        `${form} ${part} ${unit.code}${crew ? `/${crew.code}` : ''} ${state}`,
    )
    .toSorted();
}

describe('forms of dispatch', () => {
  const one = () => ({ unitId: units.department1 });
  const two = () => ({ unitId: units.department1, otherIds: [units.department2] });
  test.each([
    ['single', one, ['single main D1 dispatched']],
    ['crossRegion', one, ['crossRegion main D1 dispatched']],
    ['samePeriod', one, ['samePeriod main D1 dispatched']],
    ['flat', () => ({ crewId: units.crew2 }), ['flat main D2/D2-1 signed']],
    ['several', two, ['several main D1 dispatched', 'several main D2 dispatched']],
    ['mainAssist', two, ['mainAssist assist D2 dispatched', 'mainAssist main D1 dispatched']],
    ['doubleFlow', two, ['doubleFlow main D1 dispatched', 'doubleFlow safe D2 dispatched']],
  ] as const)('%s', async (form, data, expected) => {
    const made = await k.filed();
    await k.hiddenFromNeighbours(made.id, 'dispatch');
    await k.twice('dispatcher', made.id, 'dispatch', { form, ...data() });
    expect(await assigned(made.id)).toEqual(expected);
  });

  test.each([
    ['nobody named', () => ({}), 'form.invalid /unitId required'],
    ['a crew for a department', () => ({ unitId: units.crew1 }), 'form.invalid /unitId unknown'],
    ['flat without a crew', () => ({ form: 'flat' }), 'form.invalid /crewId required'],
    [
      'flat to a department',
      () => ({ form: 'flat', crewId: units.department1 }),
      'form.invalid /crewId unknown',
    ],
    ['several of one', () => ({ form: 'several', ...one() }), 'form.invalid /otherIds required'],
    [
      'several, twice the same',
      () => ({ form: 'several', unitId: units.department1, otherIds: [units.department1] }),
      'form.invalid /otherIds sameDepartment',
    ],
    ['one with others', () => ({ form: 'single', ...two() }), 'form.invalid /otherIds notAllowed'],
    ['no such form', () => ({ form: 'byMoon', ...one() }), 'form.invalid /form oneOf'],
  ])('is refused: %s', async (_what, data, expected) => {
    const made = await k.filed();
    expect(await k.refused('dispatcher', made.id, 'dispatch', data())).toBe(expected);
  });

  test('is the dispatcher’s, once', async () => {
    const made = await k.filed();
    expect(await k.refused('operator', made.id, 'dispatch', one())).toBe('action.notAllowed');
    expect(await k.refused('department1', made.id, 'dispatch', one())).toBe('notFound');
    await k.go('dispatcher', made.id, 'dispatch', one());
    expect(await k.refused('dispatcher', made.id, 'dispatch', one())).toBe('action.notAllowed');
  });

  test('flat: the crew begins at once, its department sees it', async () => {
    const made = await k.filed();
    await k.go('dispatcher', made.id, 'dispatch', { form: 'flat', crewId: units.crew2 });
    expect(await k.offered('crew2', made.id)).toContain('respond');
    expect((await k.detail(made.id, 'department2')).id).toBe(made.id);
    expect(await k.refused('crew1', made.id, 'respond', { result: '已清理' })).toBe('notFound');
  });

  test('several: each is checked, and only then the case is closed', async () => {
    const made = await k.filed();
    await k.go('dispatcher', made.id, 'dispatch', { form: 'several', ...two() });
    for (const who of ['department1', 'department2']) {
      expect(await k.offered('shiftLeader', made.id)).not.toContain('close');
      await k.go(who, made.id, 'sign');
      await k.go(who, made.id, 'respond', { result: '已处置' });
      await k.go('operator', made.id, 'sendCheck');
      await k.go('collector1', made.id, 'pass');
    }
    await k.go('shiftLeader', made.id, 'close');
    expect(await assigned(made.id)).toEqual(['several main D1 passed', 'several main D2 passed']);
    await k.whole(made.id);
  });

  test('main and assisting: who assists is done with the response and not checked', async () => {
    const made = await k.filed();
    await k.go('dispatcher', made.id, 'dispatch', { form: 'mainAssist', ...two() });
    await k.go('department2', made.id, 'sign');
    await k.go('department2', made.id, 'respond', { result: '已协助' });
    expect(await k.offered('operator', made.id)).not.toContain('sendCheck');
    expect(await assigned(made.id)).toContain('mainAssist assist D2 done');
  });

  test('double flow: making safe has a limit of its own, in urgent time', async () => {
    const made = await k.filed();
    await k.go('dispatcher', made.id, 'dispatch', {
      form: 'doubleFlow',
      unitId: units.department1,
      otherIds: [units.department1],
    });
    const { assignments } = await k.detail(made.id);
    const safe = assignments.find(({ part }) => part === 'safe');
    expect(safe?.clock.limit?.unit).toBe('urgentHour');
  });
});

describe('across regions', () => {
  let centre: string;
  beforeAll(async () => {
    // Department 1 serves the west, department 2 the whole city; the east has a centre with a department of its own
    const { platform, cityId, districts, roleIds, people } = k.w;
    const unit = async (kind: 'commandCentre' | 'department', code: string, parentId: string) =>
      createUnit(platform.db, platform, {
        cityId,
        kind,
        code,
        name: { 'zh-CN': code, en: code },
        parentId,
        regionId: districts[1].id,
      });
    centre = await unit('commandCentre', 'CC-E', units.commandCentre);
    (units as Record<string, string>)['departmentE'] = await unit('department', 'DE', centre);
    await serves('department1', districts[0].id);
    const person = await testPerson(platform, cityId, {
      username: 'dispatcherE',
      role: 'dispatcher',
      roleId: roleIds.get('dispatcher')!,
      unitId: centre,
      scope: 'region',
      scopeRegionId: districts[1].id,
    });
    (people as Map<string, unknown>).set('dispatcherE', person);
  });
  afterAll(async () => {
    const { platform } = k.w;
    await serves('department1', null);
    await platform.db
      .updateTable('unit')
      .set({ valid_to: new Date(platform.clock.now()) })
      .where('region_id', '=', k.w.districts[1].id)
      .where('code', 'in', ['CC-E', 'DE'])
      .execute();
    invalidateCatalog(platform, k.w.cityId);
  });

  async function serves(name: 'department1', regionId: string | null): Promise<void> {
    const { platform, cityId } = k.w;
    await platform.db
      .updateTable('unit')
      .set({ region_id: regionId })
      .where('id', '=', units[name])
      .execute();
    invalidateCatalog(platform, cityId);
  }
  const to = (unit: string) => ({ form: 'crossRegion', unitId: (units as Record<string, string>)[unit] });

  test('the city names a department of another region, not the place’s own, nor one that serves all', async () => {
    const made = await k.filed(0);
    expect(await left('dispatcher', made.id)).toEqual({ across: ['DE'], others: ['D1', 'D2', 'DE'] });
    for (const here of ['department1', 'department2']) {
      expect(await k.refused('dispatcher', made.id, 'dispatch', to(here))).toBe(
        'form.invalid /unitId servesHere',
      );
    }
    await k.go('dispatcher', made.id, 'dispatch', to('departmentE'));
    expect(await assigned(made.id)).toEqual(['crossRegion main DE dispatched']);
    const east = await k.filed(0);
    await k.go('dispatcher', east.id, 'dispatch', { unitId: units.department1 });
  });

  test('a district’s centre has its own departments, and beyond them by this form alone', async () => {
    const made = await k.filed(1);
    expect(await left('dispatcherE', made.id)).toEqual({ across: ['D1', 'D2'], others: ['DE'] });
    for (const data of [
      { unitId: units.department1 },
      { form: 'samePeriod', unitId: units.department1 },
      { form: 'several', unitId: units.department2, otherIds: [units.department1] },
    ]) {
      expect(await k.refused('dispatcherE', made.id, 'dispatch', data)).toBe(
        'form.invalid /unitId otherRegion',
      );
    }
    const more = { ...to('departmentE'), otherIds: [units.department1] };
    expect(await k.refused('dispatcherE', made.id, 'dispatch', { ...more, form: 'mainAssist' })).toBe(
      'form.invalid /otherIds/0 otherRegion',
    );
    expect(await k.refused('dispatcherE', made.id, 'dispatch', { form: 'flat', crewId: units.crew1 })).toBe(
      'form.invalid /crewId otherRegion',
    );
    expect(await k.refused('dispatcherE', made.id, 'dispatch', to('departmentE'))).toBe(
      'form.invalid /unitId servesHere',
    );
    await k.go('dispatcherE', made.id, 'dispatch', to('department1'));
    // Whoever serves the other region works it like any other, and nobody else finds it there
    await k.go('department1', made.id, 'sign');
    expect(await k.offered('department2', made.id)).toEqual([]);
  });

  test('a district’s centre adds one of its own departments, and none beyond', async () => {
    const made = await k.filed(1);
    await k.go('dispatcherE', made.id, 'dispatch', to('department2'));
    const { actions } = await k.detail(made.id, 'dispatcherE');
    const form = actions.find(({ action }) => action === 'addDepartment')!.form as unknown as {
      properties: { unitId: { oneOf: { title: string }[] } };
    };
    expect(form.properties.unitId.oneOf.map(({ title }) => title)).toEqual(['DE']);
    for (const part of ['main', 'assist', 'safe']) {
      const beyond = { unitId: units.department1, part };
      expect(await k.refused('dispatcherE', made.id, 'addDepartment', beyond)).toBe(
        'form.invalid /unitId otherRegion',
      );
    }
    expect(await assigned(made.id)).toEqual(['crossRegion main D2 dispatched']);
    expect(await k.offered('department1', made.id)).toEqual([]);
    await k.go('dispatcherE', made.id, 'addDepartment', { unitId: to('departmentE').unitId });
    // The city's own dispatcher has all of them
    await k.go('dispatcher', made.id, 'addDepartment', { unitId: units.department1, part: 'assist' });
    expect(await assigned(made.id)).toEqual([
      'crossRegion main D2 dispatched',
      'several assist D1 dispatched',
      'several main DE dispatched',
    ]);
  });

  /** Codes of the departments that the form leaves to this form of dispatch and to all others. */
  async function left(who: string, caseId: string): Promise<Record<'across' | 'others', string[]>> {
    const { tasks } = await k.detail(caseId, who);
    const form = tasks.flatMap((task) => task.actions).find((one) => one.action === 'dispatch')!
      .form as unknown as {
      properties: { unitId: { oneOf: { const: string; title: string }[] } };
      allOf: { if: { properties: { form: { const?: string } } }; then: Named; else: Named }[];
    };
    const rule = form.allOf.find((one) => one.if.properties.form.const === 'crossRegion')!;
    const codes = (named: Named) =>
      named.properties.unitId.enum
        .map((id) => form.properties.unitId.oneOf.find((one) => one.const === id)!.title)
        .toSorted();
    return { across: codes(rule.then), others: codes(rule.else) };
  }
});

interface Named {
  readonly properties: { readonly unitId: { readonly enum: readonly string[] } };
}

describe('what a department does with what arrives', () => {
  const HOUR = 3600_000;
  beforeAll(async () => {
    await k.w.platform.db
      .insertInto('stage_limit')
      .values({ city_id: k.w.cityId, code: 'decline', value: 1, unit: 'urgentHour', calendar: 'department' })
      .onConflict((c) => c.doNothing())
      .execute();
    invalidateCatalog(k.w.platform, k.w.cityId);
  });

  test('it is declined within its window and goes to another; after it, it is not', async () => {
    const made = await k.filed();
    await k.go('dispatcher', made.id, 'dispatch', one());
    expect(await k.refused('department1', made.id, 'decline', {})).toBe('form.invalid /reason required');
    expect(await k.refused('department2', made.id, 'decline', { reason: 'other' })).toBe('notFound');
    await k.twice('department1', made.id, 'decline', { reason: 'notResponsible' });
    expect(await k.offered('department1', made.id)).not.toContain('sign');
    await k.go('dispatcher', made.id, 'redispatch', { unitId: units.department2 });
    expect(await assigned(made.id)).toEqual(['single main D1 declined', 'single main D2 dispatched']);
    await k.wait(2 * HOUR);
    expect(await k.offered('department2', made.id)).not.toContain('decline');
    expect(await k.refused('department2', made.id, 'decline', { reason: 'notResponsible' })).toBe(
      'action.notAllowed',
    );
    await k.go('department2', made.id, 'sign');
  });

  test('it hands it to a crew of its own and to no other', async () => {
    const made = await k.signed();
    expect(await k.refused('department2', made.id, 'assign', { unitId: units.crew1 })).toBe(
      'form.invalid /unitId unknown',
    );
    await k.go('department2', made.id, 'assign', { unitId: units.crew2 });
    expect(await k.offered('crew2', made.id)).toContain('respond');
  });

  test('a department is added while the first works; the same one is not added twice', async () => {
    const made = await k.filed();
    expect(await k.offered('dispatcher', made.id)).not.toContain('addDepartment');
    expect(await k.refused('dispatcher', made.id, 'addDepartment', one())).toBe('action.notAllowed');
    await k.go('dispatcher', made.id, 'dispatch', { unitId: units.department2 });
    expect(await k.refused('department2', made.id, 'addDepartment', one())).toBe('action.notAllowed');
    expect(await k.refused('dispatcher', made.id, 'addDepartment', { unitId: units.department2 })).toBe(
      'form.invalid /unitId sameDepartment',
    );
    await k.twice('dispatcher', made.id, 'addDepartment', one());
    expect(await assigned(made.id)).toEqual(['several main D1 dispatched', 'single main D2 dispatched']);
    expect(await k.offered('department1', made.id)).toContain('sign');
  });

  const one = () => ({ unitId: units.department1 });
});
