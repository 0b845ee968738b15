import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateCity } from '@wanmi/simulator';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { catalogOf, formFor, manualFor, noContext, processInForce } from '#modules/catalog';
import { placeOf } from '#modules/grid';
import { collectorOfGrid } from '#modules/org';
import { DEMO_MODELS } from '#platform/config';
import { testPlatform, type TestPlatform } from '../testing/platform.ts';
import { readControls } from '#modules/control';
import { checkRules, readRuleFolder } from '#modules/publishing';
import { SeedError } from './target.ts';
import { CONFIG_FOLDER, loadCity, rulesOfModel, type LoadedCity } from './load-city.ts';

let platform: TestPlatform;
let city: LoadedCity;
beforeAll(async () => {
  platform = await testPlatform();
  city = await loadCity(platform, { size: 'S', passwordHash: null });
});
afterAll(() => platform.close());

const count = async (table: string): Promise<number> => {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from ${sql.table(table)} where city_id = ${city.cityId}`.execute(platform.db);
  return rows[0]!.n;
};

describe('loadCity', () => {
  it('sets up a small city', async () => {
    expect(city).toMatchObject({ code: '990100', created: true });
    const plan = generateCity({ seed: 1, size: 'S', origin: { lon: 120.1, lat: 30.2 } });
    expect(await count('region')).toBe(plan.regions.length);
    expect(await count('grid')).toBe(
      plan.unitGrids.length + plan.patrolGrids.length + plan.disposalGrids.length,
    );
    expect(await count('asset')).toBe(plan.assets.length);
    expect(await count('base_feature')).toBeGreaterThan(1000);
  });

  it('leaves a city that is there as it is, also when two start at once', async () => {
    const people = await count('person');
    const again = await Promise.all([
      loadCity(platform, { size: 'S', passwordHash: null }),
      loadCity(platform, { size: 'M', passwordHash: null }),
    ]);
    for (const one of again) expect(one).toEqual({ cityId: city.cityId, code: '990100', created: false });
    expect(await count('person')).toBe(people);
  });

  it('staffs every role, every beat, every department and crew', async () => {
    const { rows } = await sql<{ username: string; role: string; scope: string; name: string }>`
      select p.username, r.code as role, o.scope, f.name
        from person p join person_profile f on f.person_id = p.id
        join post o on o.person_id = p.id join role r on r.id = o.role_id
       where p.city_id = ${city.cityId}`.execute(platform.db);
    const byName = new Map(rows.map((row) => [row.username, row]));
    const expected = {
      operator1: ['operator', 'city'],
      shift1: ['shiftLeader', 'city'],
      dispatcher1: ['dispatcher', 'city'],
      collector1: ['collector', 'own'],
      'dept-hw': ['department', 'unit'],
      'crew-hw-01': ['crew', 'unit'],
      inspector1: ['inspector', 'city'],
      assessor1: ['assessor', 'city'],
      leader1: ['leader', 'city'],
      leader2: ['leader', 'region'],
      admin: ['admin', 'city'],
    };
    for (const [username, [role, scope]] of Object.entries(expected)) {
      expect(byName.get(username), username).toMatchObject({ role, scope });
    }
    for (const row of rows) expect(row.name).toMatch(/^\p{Script=Han}{2,3}$/u);
    const beats = await sql<{ id: string; district_id: string }>`
      select id, district_id from grid where kind = 'patrol' and city_id = ${city.cityId}`.execute(
      platform.db,
    );
    for (const beat of beats.rows) {
      const holder = await collectorOfGrid(platform, beat.id, platform.clock.now());
      const team = (await catalogOf(platform, city.cityId)).unitById.get(holder!.unitId);
      expect(team?.kind).toBe('patrolTeam');
      const { rows: units } = await sql<{ region_id: string }>`
        select region_id from unit where id = ${holder!.unitId}`.execute(platform.db);
      expect(units[0]?.region_id).toBe(beat.district_id);
    }
  });

  it('knows the place of every point as the drawing board does', async () => {
    const plan = generateCity({ seed: 1, size: 'S', origin: { lon: 120.1, lat: 30.2 } });
    const codes = await sql<{ id: string; code: string }>`
      select id, code from grid where city_id = ${city.cityId}
      union all select id, code from region where city_id = ${city.cityId}`.execute(platform.db);
    const codeOf = new Map(codes.rows.map((row) => [row.id, row.code]));
    // The middle of every seventh grid: no border in it
    for (const grid of plan.unitGrids.filter((_, index) => index % 7 === 0)) {
      const [west, south, east, north] = grid.bbox;
      const at = { lon: (west + east) / 2, lat: (south + north) / 2 };
      const place = await placeOf(platform.db, city.cityId, at);
      expect(codeOf.get(place!.unitGridId!)).toBe(grid.code);
      expect(codeOf.get(place!.patrolGridId!)).toBe(grid.patrolGridKey);
      expect(codeOf.get(place!.disposalGridId!)).toBe(grid.disposalGridKey);
      expect(codeOf.get(place!.communityId!)).toBe(grid.communityKey);
      expect(place!.grade).toBe(grid.grade);
    }
    expect(await placeOf(platform.db, city.cityId, { lon: 0, lat: 0 })).toBeNull();
  });

  it('brings a whole law: each condition has a department, each action its form', async () => {
    const catalog = await catalogOf(platform, city.cityId);
    expect(catalog.conditionById.size).toBeGreaterThan(300);
    for (const condition of catalog.conditionById.values()) {
      const answer = manualFor(catalog, { conditionId: condition.id, regionIds: [] });
      expect(answer, condition.code).not.toBeNull();
      expect(catalog.unitById.get(answer!.departmentId)).toMatchObject({ kind: 'department', inForce: true });
    }
    for (const conditions of catalog.conditionsOfCategory.values()) {
      expect(conditions.filter((condition) => condition.isDefault)).toHaveLength(1);
      expect(conditions[0]?.isDefault).toBe(true);
    }
    const { graph } = await processInForce(platform, city.cityId, 'case');
    for (const node of graph.nodes) {
      if (node.kind !== 'task') continue;
      if (node.limit !== null && node.limit !== 'dispose') {
        expect(() => catalog.calendar(catalog.stageLimit(node.limit!)!.calendar), node.limit).not.toThrow();
      }
    }
    const category = catalog.categoryByCode.get('event:0105') ?? [...catalog.categoryByCode.values()].at(-1)!;
    const form = await formFor(platform, city.cityId, 'file', { ...noContext, categoryId: category.id });
    expect(JSON.stringify(form)).toContain('oneOf');
  });
});

describe('a city of each model', () => {
  it.each(DEMO_MODELS)('%s has its own rules, and somebody for every step of them', async (model) => {
    const own = await testPlatform();
    try {
      const rules = await rulesOfModel(model);
      const { cityId } = await loadCity(own, { size: 'S', passwordHash: null, rules });
      const { rows } = await sql<{ unit: string; kind: string; role: string; region: string | null }>`
        select u.code as unit, u.kind, r.code as role, o.scope_region_id::text as region
          from post o join role r on r.id = o.role_id join unit u on u.id = o.unit_id
         where o.city_id = ${cityId}`.execute(own.db);
      const roles = new Set(rows.map((row) => row.role));
      expect(await checkRules(rules, { roles })).toEqual([]);
      // Each unit that a task can wait for has somebody of its kind
      const staffed = new Set(rows.map((row) => row.unit));
      const units = await sql<{ code: string; region: string | null; kind: string }>`
        select code, kind, region_id::text as region from unit where city_id = ${cityId}`.execute(own.db);
      expect(units.rows.filter((unit) => !staffed.has(unit.code))).toEqual([]);
      for (const { code, kind, region } of units.rows) {
        if (kind !== 'commandCentre') continue;
        const dispatchers = rows.filter((row) => row.unit === code && row.role === 'dispatcher');
        expect(dispatchers.map((row) => row.region)).toEqual(dispatchers.map(() => region));
        expect(dispatchers.length, code).toBeGreaterThan(0);
      }
      const districts = units.rows.filter((unit) => unit.kind === 'commandCentre' && unit.region !== null);
      expect(districts).toHaveLength(model === 'twoLevels' ? 2 : 0);
    } finally {
      await own.close();
    }
  });
});

describe('the control areas of a new city', () => {
  it('are those of control.csv, all of them', async () => {
    const text = await readFile(path.join(CONFIG_FOLDER, 'catalog/control.csv'), 'utf8');
    const { rows } = await sql<{ code: string; region: string | null }>`
      select c.code, r.code as region from control_area c left join region r on r.id = c.region_id
       where c.city_id = ${city.cityId}`.execute(platform.db);
    const lines = readControls(text);
    expect(lines.length).toBeGreaterThan(5);
    expect(rows.toSorted((a, b) => a.code.localeCompare(b.code))).toEqual(
      lines.map(({ code, region }) => ({ code, region })).toSorted((a, b) => a.code.localeCompare(b.code)),
    );
  });

  it.each(['S', 'M', 'L'] as const)('name regions that a demo of size %s has', async (size) => {
    const plan = generateCity({ seed: 1, size, origin: { lon: 120.1, lat: 30.2 } });
    const regions = new Set(plan.regions.map((region) => region.code));
    expect(await checkRules(await readRuleFolder(CONFIG_FOLDER), { regions })).toEqual([]);
  });
});

describe('loadCity with files that do not fit', () => {
  let fresh: TestPlatform;
  let folder: string;
  beforeAll(async () => {
    fresh = await testPlatform();
  });
  afterAll(() => fresh.close());
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'wanmi-config-'));
    await cp(CONFIG_FOLDER, folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each([
    [
      'catalog/manual.csv',
      (t: string) => t.replace(',SW', ',NOBODY'),
      /manual.csv:2\/department department.unknown NOBODY/,
    ],
    [
      'catalog/condition.csv',
      (t: string) => t.replace('urgentHour', 'fortnight'),
      /condition.csv:2\/limit_unit limit.unknownUnit/,
    ],
    [
      'catalog/condition.csv',
      (t: string) => t.replace('A0101-02', 'A0101-01'),
      /condition.csv:3 code.twice A0101-01/,
    ],
    [
      'catalog/department.csv',
      (t: string) => t.replace('SZ-01,crew,SZ', 'SZ-01,crew,XX'),
      /department.csv:\d+\/parent department.unknown XX/,
    ],
    [
      'catalog/stage_limit.csv',
      (t: string) => t.replace('accept,0.25', 'accept,soon'),
      /stage_limit.csv:2\/value csv.number/,
    ],
    [
      'catalog/control.csv',
      (t: string) => t.replace('0402,990101002', '0402,990109999'),
      /control.csv:12\/region area.unknown 990109999/,
    ],
    [
      'form/file.schema.json',
      (t: string) => t.replace('"x-widget"', '"x-widge"'),
      /file.schema.json:\/properties\/\w+\/x-widge /,
    ],
    ['form/file.schema.json', (t: string) => t.slice(0, 100), /file.schema.json/],
    ['calendar/centre.json', (t: string) => t.replace('Asia/Shanghai', 'Asia/Nowhere'), /centre.json/],
    ['process/case.bpmn', (t: string) => t.replace('</bpmn:process>', ''), /case.bpmn/],
    ['phrase/file.json', (t: string) => t.replace('"action"', '"verb"'), /file.json/],
  ])('%s: says what is wrong and leaves nothing behind', async (name, change, message) => {
    const file = path.join(folder, name);
    await writeFile(file, change(await readFile(file, 'utf8')));
    const load = loadCity(fresh, { size: 'S', passwordHash: null, configFolder: folder });
    await expect(load).rejects.toThrow(message);
    await expect(load).rejects.toBeInstanceOf(SeedError);
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from city`.execute(fresh.db);
    expect(rows[0]?.n).toBe(0);
  });
});
