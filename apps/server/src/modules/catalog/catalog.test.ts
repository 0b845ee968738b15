import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { Category, Condition, page, Phrase, SourceInfo } from '@wanmi/contracts';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createUnit } from '#modules/org';
import { testCity, world, type TestCity, type World } from '#testing/world';
import {
  catalogOf,
  decisionFor,
  formFor,
  invalidateCatalog,
  manualFor,
  noContext,
  numberFor,
  processInForce,
  processOf,
  validateForm,
} from './index.ts';
import * as catalog from './index.ts';

let w: World;
let neighbour: TestCity;
beforeAll(async () => {
  w = await world({ modules: [catalog] });
  neighbour = await testCity(w.platform, '-n');
  await w.platform.db
    .insertInto('phrase')
    .values([
      {
        city_id: w.cityId,
        action: 'file',
        sort: 0,
        text: JSON.stringify({ 'zh-CN': '予以立案', en: 'Filed' }),
      },
    ])
    .execute();
});
afterAll(() => w.close());

const get = (url: string, who?: string, headers: Record<string, string> = {}) =>
  w.app.inject({
    url: `/api/v1${url}`,
    headers: { ...(who ? w.as(who).headers : {}), ...headers },
  });
const of = () => catalogOf(w.platform, w.cityId);

describe('catalogOf', () => {
  it('indexes the city and nothing of its neighbour', async () => {
    const found = await of();
    expect(found.category(w.rules.categories.cover)).toMatchObject({ kind: 'asset', code: '0101' });
    expect(found.categoryByCode.get('event:0105')?.id).toBe(w.rules.categories.rubbish);
    expect(found.category(neighbour.rules.categories.cover)).toBeNull();
    const parent = found.categoryByCode.get('asset:01')!;
    expect(found.categoriesBelow(parent.id)).toEqual([w.rules.categories.cover]);
    expect(found.condition(w.rules.conditions.cover)?.limit).toEqual({ value: 4, unit: 'workingHour' });
    expect(found.stageLimit('file')).toEqual({
      code: 'file',
      value: 0.25,
      unit: 'workingHour',
      calendar: 'centre',
    });
    expect(found.stageLimit('nothing')).toBeNull();
    expect(found.calendar('centre')).toBeDefined();
    expect(() => found.calendar('nothing')).toThrow('config.noCalendar');
    expect(found.source('collector')).toMatchObject({ verify: false });
    expect(found.source('hotline12345')).toMatchObject({ verify: true, directFiling: false });
    expect(found.source('nothing')).toBeNull();
    expect(found.unitById.get(w.units.crew1)?.calendar).toBe('department');
    expect(found.crewsOf.get(w.units.department1)?.map((unit) => unit.id)).toEqual([w.units.crew1]);
    expect(found.manualId).toBe(w.rules.manualId);
    expect(manualFor(found, { conditionId: w.rules.conditions.rubbish, regionIds: [] })).toEqual({
      departmentId: w.units.department2,
      manualId: w.rules.manualId,
    });
  });

  it('is the same object until somebody writes, whoever it is', async () => {
    const before = await of();
    expect(await of()).toBe(before);
    // As another process would: past every function of ours
    await sql`insert into setting (city_id, key, value, updated_at)
      values (${w.cityId}, 'autoAccept', 'true', ${new Date(w.platform.clock.now())})`.execute(w.platform.db);
    await expect.poll(async () => (await of()).setting('autoAccept', false), { timeout: 3000 }).toBe(true);
    const after = await of();
    expect(after.version).toBeGreaterThan(before.version);
    expect(before.setting('autoAccept', false)).toBe(false);
    // In the same process at once
    await sql`update setting set value = 'false' where city_id = ${w.cityId} and key = 'autoAccept'`.execute(
      w.platform.db,
    );
    invalidateCatalog(w.platform, w.cityId);
    expect((await of()).setting('autoAccept', true)).toBe(false);
  });

  it('is not renewed by what another city writes', async () => {
    const before = await of();
    await sql`update source set verify = verify where city_id = ${neighbour.cityId}`.execute(w.platform.db);
    invalidateCatalog(w.platform, w.cityId);
    expect((await of()).version).toBe(before.version);
  });

  it('gives a setting of the kind that was asked for', async () => {
    await sql`insert into setting (city_id, key, value, updated_at)
      values (${w.cityId}, 'ownLimit', '5', ${new Date(w.platform.clock.now())})`.execute(w.platform.db);
    invalidateCatalog(w.platform, w.cityId);
    const found = await of();
    expect(found.setting('ownLimit', 1)).toBe(5);
    expect(found.setting('ownLimit', 'text')).toBe('text');
    expect(found.setting('unset', true)).toBe(true);
  });

  it('lets a manual come into force by the clock, without a write', async () => {
    const { cityId, rules, units } = neighbour;
    const soon = new Date(w.platform.clock.now() + 3_600_000);
    await sql`
      with m as (insert into manual (id, city_id, version, valid_from)
                 values (gen_random_uuid(), ${cityId}, 2, ${soon}) returning id)
      insert into manual_row (manual_id, city_id, condition_id, department_id)
      select id, ${cityId}, ${rules.conditions.rubbish}, ${units.department1} from m`.execute(w.platform.db);
    invalidateCatalog(w.platform, cityId);
    const answer = async () =>
      manualFor(await catalogOf(w.platform, cityId), {
        conditionId: rules.conditions.rubbish,
        regionIds: [],
      })?.departmentId;
    expect(await answer()).toBe(units.department2);
    w.platform.clock.advance(3_600_001);
    expect(await answer()).toBe(units.department1);
  });

  it('has no rules for a city that is not there', async () => {
    await expect(catalogOf(w.platform, '00000000-0000-7000-8000-000000000000')).rejects.toThrow('notFound');
  });
});

describe('decisions and numbering', () => {
  it('are those in force, compiled once', async () => {
    const found = await of();
    expect(decisionFor(found, 'failures', { count: 3 })).toEqual({ inspector: true });
    expect(decisionFor(found, 'failures', { count: 2 })).toEqual({ inspector: false });
    const at = Date.parse('2026-03-04T00:00:00Z');
    expect(numberFor(found, 'case', at)).toMatchObject({ period: '20260304', before: '20260304-', width: 5 });
    await sql`update setting set value = value where city_id = ${w.cityId}`.execute(w.platform.db);
    invalidateCatalog(w.platform, w.cityId);
    expect((await of()).decisions.get('failures')).toBe(found.decisions.get('failures'));
  });

  it("follow a new version from the moment of its effect, and leave the neighbour's alone", async () => {
    const content = JSON.stringify({ series: 'case', pattern: 'W{yyyy}-{serial:6}' });
    const hash = Buffer.alloc(32);
    const from = new Date(w.platform.clock.now());
    await sql`
      insert into rule_version (id, city_id, kind, code, version, content, content_hash, state, valid_from, created_at)
      values (gen_random_uuid(), ${neighbour.cityId}, 'numbering', 'case', 2, ${content}, ${hash}, 'published',
              ${from}, ${from})`.execute(w.platform.db);
    invalidateCatalog(w.platform, neighbour.cityId);
    const at = Date.parse('2026-03-04T00:00:00Z');
    const theirs = numberFor(await catalogOf(w.platform, neighbour.cityId), 'case', at);
    expect(theirs).toMatchObject({ period: '2026', before: 'W2026-', width: 6 });
    expect(numberFor(await of(), 'case', at).before).toBe('20260304-');
  });
});

describe('processes', () => {
  it('compiles a version once and knows which one is in force', async () => {
    const inForce = await processInForce(w.platform, w.cityId, 'case');
    expect(inForce.id).toBe(w.rules.processId);
    expect(await processOf(w.platform, inForce.id)).toBe(inForce.graph);
    await expect(processInForce(w.platform, w.cityId, 'nothing')).rejects.toThrow('internal');
    const form = (await of()).rules.get('form:file')!;
    await expect(processOf(w.platform, form.id)).rejects.toThrow('notFound');
  });
});

interface FilledForm {
  properties: Record<
    string,
    { oneOf?: { const: string; title: string }[]; default?: string } & Record<string, unknown>
  >;
}
const form = async (action: string, over: Partial<catalog.FormContext> = {}): Promise<FilledForm> =>
  (await formFor(w.platform, w.cityId, action, { ...noContext, ...over })) as unknown as FilledForm;

describe('formFor', () => {
  it('offers the conditions of the category, the default first', async () => {
    const { properties } = await form('file', { categoryId: w.rules.categories.rubbish });
    expect(properties['conditionId']).toMatchObject({
      oneOf: [
        { const: w.rules.conditions.rubbish, title: 'E0105-01', 'x-limit': { value: 2, unit: 'urgentHour' } },
      ],
      default: w.rules.conditions.rubbish,
    });
    expect(properties['note']?.['x-phrases']).toEqual([{ 'zh-CN': '予以立案', en: 'Filed' }]);
  });

  it('offers one condition of each category where the case has none, and proposes nothing', async () => {
    const { properties } = await form('file');
    expect(properties['conditionId']?.oneOf?.map((choice) => choice.const).toSorted()).toEqual(
      Object.values(w.rules.conditions).toSorted(),
    );
    expect(properties['conditionId']?.default).toBeUndefined();
  });

  it('proposes the department of the manual, first in the list', async () => {
    const { properties } = await form('dispatch', { conditionId: w.rules.conditions.cover });
    expect(properties['unitId']).toMatchObject({ default: w.units.department1 });
    expect(properties['unitId']?.oneOf?.map((choice) => choice.const)).toEqual([
      w.units.department1,
      w.units.department2,
    ]);
  });

  it('does not offer the department that has it already', async () => {
    const { properties } = await form('redispatch', {
      conditionId: w.rules.conditions.cover,
      departmentId: w.units.department1,
    });
    expect(properties['unitId']?.oneOf?.map((choice) => choice.const)).toEqual([w.units.department2]);
    expect(properties['unitId']?.default).toBeUndefined();
  });

  it("offers a department's own crews, and no empty list where it has none", async () => {
    const own = await form('assign', { unitId: w.units.department1 });
    expect(own.properties['unitId']?.oneOf?.map((choice) => choice.const)).toEqual([w.units.crew1]);
    const none = await form('assign', { unitId: w.units.crew1 });
    expect(none.properties['unitId']).not.toHaveProperty('oneOf');
  });

  it('offers the choices of a list in its entries', async () => {
    const { properties } = await form('dispatch', { conditionId: w.rules.conditions.cover });
    const others = properties['otherIds'] as unknown as {
      oneOf?: unknown;
      items: { oneOf: { const: string }[] };
    };
    expect(others.oneOf).toBeUndefined();
    expect(others.items.oneOf.map((choice) => choice.const)).toEqual([
      w.units.department1,
      w.units.department2,
    ]);
    // Anybody may be asked for advice, also the department that has the case
    const consult = (await form('consult', { departmentId: w.units.department1 })).properties['unitIds'];
    expect((consult as unknown as typeof others).items.oneOf).toHaveLength(2);
  });

  it('offers all crews where it goes past the departments, those of the likeliest first', async () => {
    const { properties } = await form('dispatch', { conditionId: w.rules.conditions.rubbish });
    expect(properties['crewId']?.oneOf).toEqual([
      { const: w.units.crew2, title: 'D2 · D2-1', 'x-label': { 'zh-CN': 'D2 · D2-1', en: 'D2 · D2-1' } },
      { const: w.units.crew1, title: 'D1 · D1-1', 'x-label': { 'zh-CN': 'D1 · D1-1', en: 'D1 · D1-1' } },
    ]);
  });

  it('asks for a follow-up only where a condition follows', async () => {
    const next = async () =>
      (await form('close', { conditionId: neighbour.rules.conditions.cover })).properties['fileNext'];
    const of = (cityId: string) =>
      formFor(w.platform, cityId, 'close', { ...noContext, conditionId: neighbour.rules.conditions.cover });
    expect(await next()).toBeUndefined();
    await sql`update condition set next_id = ${neighbour.rules.conditions.rubbish}
      where id = ${neighbour.rules.conditions.cover}`.execute(w.platform.db);
    invalidateCatalog(w.platform, neighbour.cityId);
    expect(((await of(neighbour.cityId)) as unknown as FilledForm).properties['fileNext']).toMatchObject({
      'x-widget': 'switch',
      'x-help': { en: 'E0105-01' },
      default: true,
    });
    // Still not in a city that has no such condition
    expect(await next()).toBeUndefined();
  });

  it('proposes the command centre of the place, and offers a centre the departments below it', async () => {
    const [west] = neighbour.districts;
    const centre = await createUnit(w.platform.db, w.platform, {
      cityId: neighbour.cityId,
      kind: 'commandCentre',
      code: 'CC-W',
      name: { 'zh-CN': '西区', en: 'West' },
      regionId: west.id,
      parentId: neighbour.units.commandCentre,
    });
    const filled = async (action: string, over: Partial<catalog.FormContext>) =>
      (await formFor(w.platform, neighbour.cityId, action, {
        ...noContext,
        ...over,
      })) as unknown as FilledForm;
    invalidateCatalog(w.platform, neighbour.cityId);
    // The city's own centre is no district
    expect((await filled('sendDistrict', { regionIds: [west.id] })).properties['unitId']).toMatchObject({
      oneOf: [{ const: centre }],
      default: centre,
    });
    const elsewhere = (await filled('sendDistrict', {})).properties['unitId'];
    expect(elsewhere?.oneOf).toHaveLength(1);
    expect(elsewhere?.default).toBeUndefined();
    // Which departments the schema accepts with each way of dispatching. Ajv knows nothing of us: whoever reads JSON
    // Schema comes to the same answer. All, while none is below the centre; then those below it, or across regions the others.
    const offered = async (form = 'single') => {
      const schema = await filled('dispatch', { unitId: centre, regionIds: [west.id] });
      const judge = new Ajv2020({ strict: false });
      addFormats.default(judge);
      const takes = judge.compile(schema);
      const ids = schema.properties['unitId']?.oneOf?.map((choice) => choice.const) ?? [];
      return ids.filter((unitId) => takes({ form, unitId }));
    };
    const both = [neighbour.units.department1, neighbour.units.department2];
    expect(await offered()).toEqual(both);
    expect(await offered('crossRegion')).toEqual(both);
    await sql`update unit set parent_id = ${centre} where id = ${both[1]}`.execute(w.platform.db);
    invalidateCatalog(w.platform, neighbour.cityId);
    expect(await offered()).toEqual([both[1]]);
    expect(await offered('samePeriod')).toEqual([both[1]]);
    expect(await offered('crossRegion')).toEqual([both[0]]);
  });

  it('is empty for an action without a form', async () => {
    expect(await form('claim')).toEqual({ type: 'object', properties: {}, additionalProperties: false });
  });

  it('leaves the rule itself as it was', async () => {
    await form('file', { categoryId: w.rules.categories.rubbish });
    expect(JSON.stringify((await of()).forms.get('file')?.schema)).not.toContain(w.rules.conditions.rubbish);
  });
});

describe('validateForm', () => {
  const check = (action: string, data: unknown) => validateForm(w.platform, w.cityId, action, data);
  it('takes what fits', async () => {
    await check('file', { conditionId: w.rules.conditions.cover });
    await check('claim', {});
  });
  it('refuses ids of another city, of nothing, and of the wrong kind', async () => {
    for (const conditionId of [
      neighbour.rules.conditions.cover,
      '00000000-0000-7000-8000-000000000000',
      w.units.department1,
    ]) {
      await expect(check('file', { conditionId })).rejects.toMatchObject({
        code: 'form.invalid',
        errors: [{ path: '/conditionId', code: 'unknown' }],
      });
    }
    for (const unitId of [neighbour.units.department1, w.units.crew1, w.units.commandCentre]) {
      await expect(check('dispatch', { unitId })).rejects.toMatchObject({
        errors: [{ path: '/unitId', code: 'unknown' }],
      });
    }
    const { department1, department2, crew1 } = w.units;
    await check('dispatch', { form: 'several', unitId: department1, otherIds: [department2] });
    await expect(
      check('dispatch', { form: 'several', unitId: department1, otherIds: [department2, crew1] }),
    ).rejects.toMatchObject({ errors: [{ path: '/otherIds/1', code: 'unknown' }] });
    await check('dispatch', { form: 'flat', crewId: crew1 });
    await expect(check('dispatch', { form: 'flat', crewId: department1 })).rejects.toMatchObject({
      errors: [{ path: '/crewId', code: 'unknown' }],
    });
  });
  it('refuses what the form refuses', async () => {
    await expect(check('file', {})).rejects.toMatchObject({
      code: 'form.invalid',
      errors: [{ path: '/conditionId', code: 'required' }],
    });
    await expect(check('claim', { a: 1 })).rejects.toMatchObject({ code: 'form.invalid' });
  });
});

describe('routes', () => {
  it.each(['/categories', '/sources', '/phrases', '/calendar/centre', '/rules', `/conditions?categoryId=x`])(
    '%s: not without signing in',
    async (url) => {
      expect((await get(url)).statusCode).toBe(401);
    },
  );

  it.each(['/rules', '/rules/00000000-0000-7000-8000-000000000000'])(
    '%s: for the keepers of rules',
    async (url) => {
      expect((await get(url, 'operator')).json()).toMatchObject({ status: 403, code: 'permission.denied' });
    },
  );

  it.each([
    '/categories?kind=thing',
    '/categories?level=x',
    '/conditions',
    '/conditions?categoryId=1',
    '/rules/1',
  ])('%s: refuses what it cannot read', async (url) => {
    expect((await get(url, 'admin')).statusCode).toBe(400);
  });

  it('lists categories by kind, level and words, and says when nothing changed', async () => {
    const all = await get('/categories', 'collector');
    expect(page(Category).parse(all.json()).items).toHaveLength(4);
    const events = await get('/categories?kind=event&level=2', 'collector');
    expect(events.json().items.map((one: Category) => one.code)).toEqual(['0105']);
    for (const [q, codes] of [
      ['井盖', ['0101']],
      ['0101', ['0101']],
      ['没有', []],
    ] as const) {
      const found = await get(`/categories?q=${encodeURIComponent(q)}`, 'collector');
      expect(
        found.json().items.map((one: Category) => one.code),
        q,
      ).toEqual(codes);
    }
    const etag = String(all.headers['etag']);
    const again = await get('/categories', 'collector', { 'if-none-match': etag });
    expect(again.statusCode).toBe(304);
    expect(again.body).toBe('');
    expect((await get('/categories', 'collector', { 'if-none-match': '"old"' })).statusCode).toBe(200);
  });

  it('lists the conditions of a category with the department that is certain', async () => {
    const found = await get(`/conditions?categoryId=${w.rules.categories.cover}`, 'operator');
    const [condition] = page(Condition).parse(found.json()).items;
    expect(condition).toMatchObject({ id: w.rules.conditions.cover, department: { code: 'D1' } });
    expect(
      (await get(`/conditions?categoryId=${neighbour.rules.categories.cover}`, 'operator')).statusCode,
    ).toBe(404);
  });

  it('lists sources and phrases', async () => {
    expect(page(SourceInfo).parse((await get('/sources', 'crew')).json()).items.length).toBeGreaterThan(5);
    expect(page(Phrase).parse((await get('/phrases?action=file', 'crew')).json()).items).toHaveLength(1);
    expect((await get('/phrases?action=none', 'crew')).json().items).toEqual([]);
  });

  it('shows a calendar as it counts', async () => {
    const found = await get('/calendar/department', 'crew');
    expect(found.json()).toMatchObject({ code: 'department', version: 1, calendar: { hoursPerDay: 8 } });
    expect((await get('/calendar/nothing', 'crew')).statusCode).toBe(404);
  });

  it('shows rules of the own city only', async () => {
    const list = (await get('/rules?kind=form', 'admin')).json().items;
    expect(list.length).toBeGreaterThan(10);
    expect(list.every((one: { kind: string; inForce: boolean }) => one.kind === 'form' && one.inForce)).toBe(
      true,
    );
    const one = (await get(`/rules/${list[0].id}`, 'admin')).json();
    expect(JSON.parse(one.content)).toMatchObject({ type: 'object' });
    const theirs = await catalogOf(w.platform, neighbour.cityId);
    const foreign = theirs.rules.get('form:file')!.id;
    expect((await get(`/rules/${foreign}`, 'admin')).statusCode).toBe(404);
  });
});
