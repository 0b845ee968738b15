import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogOf, manualFor, processInForce } from '#modules/catalog';
import { controlsAt } from '#modules/control';
import { placeOf } from '#modules/grid';
import { collectorOfGrid } from '#modules/org';
import { testPlatform, type TestPlatform } from '../testing/platform.ts';
import { SeedError } from './target.ts';
import { loadDescribedCity, regionsFromGeoJson, type CityDescription } from './load-rules.ts';

const both = (text: string) => ({ 'zh-CN': text, en: text });
const square = (x: number) => ({
  type: 'Polygon' as const,
  coordinates: [
    [
      [x, 42],
      [x + 1, 42],
      [x + 1, 43],
      [x, 43],
      [x, 42],
    ],
  ],
});

const town: CityDescription = {
  code: 'town',
  name: both('Town'),
  timeZone: 'America/New_York',
  regions: [
    { code: 'town', parent: null, kind: 'city', name: both('Town') },
    ...regionsFromGeoJson(
      {
        features: [
          { geometry: square(-72), properties: { name: 'Allston' } },
          { geometry: square(-71), properties: { name: 'Back Bay' } },
          // An island of the first one
          { geometry: square(-60), properties: { name: 'Allston' } },
        ],
      },
      {
        kind: 'district',
        parent: 'town',
        code: (properties) => String(properties['name']),
        name: (properties) => both(String(properties['name'])),
      },
    ),
  ],
  units: [
    { code: 'S', parent: null, kind: 'supervisionCentre', name: both('311'), calendar: 'centre' },
    { code: 'C', parent: null, kind: 'commandCentre', name: both('Dispatch'), calendar: 'centre' },
    { code: 'P', parent: null, kind: 'patrolTeam', name: both('Inspectors'), calendar: 'patrol' },
    { code: 'PWD', parent: null, kind: 'department', name: both('Public Works'), calendar: 'department' },
    { code: 'BTD', parent: null, kind: 'department', name: both('Transport'), calendar: 'department' },
  ],
  scheme: { code: '311', name: both('311 types') },
  categories: [
    { kind: 'event', code: '01', level: 1, parent: null, name: both('Street') },
    { kind: 'event', code: '0101', level: 2, parent: '01', name: both('Pothole') },
  ],
  conditions: [
    {
      code: 'POTHOLE',
      category: 'event:0101',
      name: both('Pothole'),
      closing: both('Filled'),
      limit: { value: 1, unit: 'workingDay' },
      isDefault: true,
    },
  ],
  manual: [
    { condition: 'POTHOLE', department: 'PWD' },
    { condition: 'POTHOLE', department: 'BTD', region: 'Back Bay' },
  ],
  settings: { autoAccept: true },
  controls: [
    {
      code: 'QUIET',
      kind: 'noCollect',
      name: both('Not collected'),
      categories: ['event:0101'],
      scheme: '311',
      region: 'Back Bay',
      geometry: null,
      hours: null,
      weekdays: null,
      validFrom: null,
      validTo: null,
    },
  ],
};

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

describe('loadDescribedCity', () => {
  it('sets up a city in its own words, at its own time, once', async () => {
    const validFrom = Date.UTC(2011, 0, 1);
    const loaded = await loadDescribedCity(platform, town, { passwordHash: null, validFrom });
    expect(loaded.created).toBe(true);
    expect(await loadDescribedCity(platform, town, { passwordHash: null })).toEqual({
      ...loaded,
      created: false,
    });
    const { cityId } = loaded;
    const { rows } = await sql<{ west: number; at: Date }>`
      select st_xmin(geom) as west, created_at as at from city where id = ${cityId}`.execute(platform.db);
    expect(rows[0]).toEqual({ west: -72, at: new Date(validFrom) });

    const catalog = await catalogOf(platform, cityId);
    expect(catalog.city.timeZone).toBe('America/New_York');
    expect(catalog.setting('autoAccept', false)).toBe(true);
    expect(catalog.categoryByCode.get('event:0101')).toBeDefined();
    // The hours of the shipped calendars in the city's own zone, without another country's holidays
    const rule = catalog.rules.get('calendar:department')!;
    const content = await sql<{ content: string }>`
      select content from rule_version where id = ${rule.id}`.execute(platform.db);
    expect(JSON.parse(content.rows[0]!.content)).toMatchObject({
      timeZone: 'America/New_York',
      holidays: [],
    });
    await processInForce(platform, cityId, 'case');

    const controlled = async (lon: number): Promise<string[]> => {
      const place = (await placeOf(platform.db, cityId, { lon, lat: 42.5 }))!;
      const { id } = catalog.categoryByCode.get('event:0101')!;
      const at = platform.clock.now();
      const spoken = { unitGridId: place.unitGridId, regionIds: [place.districtId] };
      return (await controlsAt(platform, cityId, spoken, id, at)).map(({ code }) => code);
    };
    expect([await controlled(-71.5), await controlled(-70.5)]).toEqual([[], ['QUIET']]);

    const condition = catalog.conditionByCode.get('POTHOLE')!;
    for (const [lon, department] of [
      [-71.5, 'PWD'],
      [-70.5, 'BTD'],
      [-59.5, 'PWD'],
    ] as const) {
      const place = await placeOf(platform.db, cityId, { lon, lat: 42.5 });
      const answer = manualFor(catalog, { conditionId: condition.id, regionIds: [place!.districtId] });
      expect(catalog.unitById.get(answer!.departmentId)?.code, String(lon)).toBe(department);
      const holder = await collectorOfGrid(platform, place!.patrolGridId!, platform.clock.now());
      expect(catalog.unitById.get(holder!.unitId)?.code).toBe('P');
    }
    expect(await placeOf(platform.db, cityId, { lon: -65, lat: 42.5 })).toBeNull();
  });

  it.each<[string, Partial<CityDescription>, RegExp]>([
    ['a region without its parent', { regions: town.regions.slice(1) }, /no region "town"/],
    [
      'a control of no region',
      { controls: [{ ...town.controls![0]!, region: 'Nowhere' }] },
      /no region Nowhere/,
    ],
    ['a unit in no region', { units: [{ ...town.units[0]!, region: 'Nowhere' }] }, /no region "Nowhere"/],
    ['nobody to supervise', { units: town.units.slice(1) }, /no unit of kind supervisionCentre/],
    ['beats without a team', { units: town.units.filter((unit) => unit.code !== 'P') }, /no patrol team/],
    ['a condition of no category', { categories: town.categories.slice(0, 1) }, /no category "event:0101"/],
    [
      'a manual that names nobody',
      { manual: [{ condition: 'POTHOLE', department: 'X' }] },
      /no department "X"/,
    ],
    [
      'two rows of the manual for the same place',
      { manual: [town.manual[0]!, { condition: 'POTHOLE', department: 'BTD' }] },
      /manual_row_key/,
    ],
  ])('refuses %s and leaves nothing behind', async (_, wrong, message) => {
    const city = { ...town, ...wrong, code: `wrong-${String(message)}` };
    await expect(loadDescribedCity(platform, city, { passwordHash: null })).rejects.toThrow(message);
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from city where code = ${city.code}`.execute(platform.db);
    expect(rows[0]?.n).toBe(0);
  });
});

describe('what published files bring', () => {
  it('a second city needs user names of its own', async () => {
    const second = { ...town, code: 'second' };
    await expect(loadDescribedCity(platform, second, { passwordHash: null })).rejects.toThrow(/userSuffix/);
    const loaded = await loadDescribedCity(platform, second, { passwordHash: null, userSuffix: '.second' });
    expect(loaded.created).toBe(true);
  });

  it('areas that cross themselves are mended', async () => {
    const bow = {
      type: 'Polygon' as const,
      coordinates: [
        [
          [0, 0],
          [1, 1],
          [1, 0],
          [0, 1],
          [0, 0],
        ],
      ],
    };
    const crossed = {
      ...town,
      controls: [],
      code: 'crossed',
      regions: [
        town.regions[0]!,
        { code: 'bow', parent: 'town', kind: 'district' as const, name: both('Bow'), area: bow },
      ],
      manual: [],
    };
    const { cityId } = await loadDescribedCity(platform, crossed, {
      passwordHash: null,
      userSuffix: '.crossed',
    });
    const { rows } = await sql<{ valid: boolean }>`
      select bool_and(st_isvalid(geom)) as valid from (
        select geom from region where city_id = ${cityId} and geom is not null
        union all select geom from grid where city_id = ${cityId}) g`.execute(platform.db);
    expect(rows[0]?.valid).toBe(true);
    expect(await placeOf(platform.db, cityId, { lon: 0.1, lat: 0.5 })).not.toBeNull();
    expect(await placeOf(platform.db, cityId, { lon: 0.5, lat: 0.1 })).toBeNull();
  });
});

describe('regionsFromGeoJson', () => {
  it('refuses what has no area', () => {
    const as = { kind: 'district', parent: null, code: () => 'x', name: () => both('x') } as const;
    for (const geometry of [null, { type: 'Point', coordinates: [1, 2] }]) {
      expect(() => regionsFromGeoJson({ features: [{ geometry, properties: {} }] }, as)).toThrow(SeedError);
    }
  });
});
