import type { RegionKind, Text } from '@wanmi/contracts';
import { insertControls, type ControlFile } from '#modules/control';
import { seedRoles } from '#modules/org';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import type { MultiPolygon, Polygon } from './bulk.ts';
import { demoPeople } from './demo-people.ts';
import {
  areaFromRegions,
  insertCity,
  insertGrids,
  insertRegions,
  mendAreas,
  type RegionFile,
} from './insert-ground.ts';
import {
  insertCategories,
  insertConditions,
  insertManual,
  insertPhrases,
  insertRules,
  insertScheme,
  insertSettings,
  insertSources,
  insertStageLimits,
  type CategoryFile,
  type ConditionFile,
  type RuleFile,
  type SourceFile,
  type StageLimitFile,
} from './insert-law.ts';
import { insertPeople, insertUnits, type UnitFile } from './insert-people.ts';
import { need, SeedError, type Target } from './target.ts';
import { CONFIG_FOLDER, seedOnce, type LoadedCity } from './load-city.ts';
import { readRuleFiles } from './rule-files.ts';
import { tilesOf } from './tiles.ts';

/** A city in its own words: what is not said is taken from the shipped rules. */
export interface CityDescription {
  readonly code: string;
  readonly name: Text;
  /** IANA; calendars that are not given count in it. */
  readonly timeZone: string;
  readonly regions: readonly RegionFile[];
  readonly units: readonly (Omit<UnitFile, 'regionId'> & { readonly region?: string | null })[];
  readonly scheme: { readonly code: string; readonly name: Text };
  readonly categories: readonly CategoryFile[];
  readonly conditions: readonly ConditionFile[];
  /** By codes; no region: everywhere. */
  readonly manual: readonly {
    readonly condition: string;
    readonly department: string;
    readonly region?: string | null;
  }[];
  readonly sources?: readonly SourceFile[];
  readonly stageLimits?: readonly StageLimitFile[];
  readonly calendars?: readonly RuleFile[];
  readonly settings?: Readonly<Record<string, unknown>>;
  /** 采集控制, as `readControls` reads them from a file; left out: none, for the shipped ones name the shipped categories. */
  readonly controls?: readonly ControlFile[];
}

export interface DescribedCityOptions {
  readonly passwordHash: string | null;
  readonly collectors?: number;
  /** Appended to every user name, for a second city in the same database. */
  readonly userSuffix?: string;
  readonly configFolder?: string;
  /** Side of the squares that each beat is cut into as its unit grids; left out: a beat is one unit grid. */
  readonly unitGridMetres?: number;
  /** Since when all of it holds; for history, before its first report. Default: now. */
  readonly validFrom?: number;
}

/**
 * Sets up a city that is described by files of its own, in one transaction. It has no grids: each smallest region
 * becomes a beat (patrol grid), cut into unit grids, so that everything follows from a point by key.
 * @throws SeedError where the description does not fit together
 */
export async function loadDescribedCity(
  platform: Platform,
  city: CityDescription,
  options: DescribedCityOptions,
): Promise<LoadedCity> {
  return seedOnce(platform, city.code, (trx) => insertDescribed(platform, trx, city, options));
}

async function insertDescribed(
  platform: Platform,
  trx: Trx,
  city: CityDescription,
  options: DescribedCityOptions,
): Promise<string> {
  const at = options.validFrom ?? platform.clock.now();
  const target = await insertCity(trx, at, city);
  const regionIds = await insertRegions(target, city.regions);
  await mendAreas(target, 'region');
  await areaFromRegions(target);
  const units = city.units.map(({ region, ...unit }) => ({
    ...unit,
    regionId: region ? need(regionIds, region, 'region') : null,
  }));
  const unitIds = await insertUnits(target, units);
  await insertLaw(target, city, options, regionIds, unitIds);
  const beats = await gridsOfRegions(target, city.regions, regionIds, options.unitGridMetres ?? null);
  await mendAreas(target, 'grid');
  const districts = city.regions.filter((region) => region.kind === 'district');
  const people = demoPeople({
    units: units.map((unit) => ({ ...unit, id: need(unitIds, unit.code, 'unit') })),
    districts: districts.map((region) => ({ id: need(regionIds, region.code, 'region'), name: region.name })),
    beats,
    maxCollectors: options.collectors ?? 200,
    seed: 1,
    userSuffix: options.userSuffix,
  });
  const roleIds = await seedRoles(trx, { clock: { now: () => at }, db: platform.db }, target.cityId);
  await insertPeople(target, roleIds, people, options.passwordHash);
  return target.cityId;
}

async function insertLaw(
  target: Target,
  city: CityDescription,
  options: DescribedCityOptions,
  regionIds: ReadonlyMap<string, string>,
  unitIds: ReadonlyMap<string, string>,
): Promise<void> {
  const shipped = await readRuleFiles(options.configFolder ?? CONFIG_FOLDER);
  const calendars =
    city.calendars ?? shipped.versioned.filter(isCalendar).map((rule) => inZone(rule, city.timeZone));
  const rules = shipped.versioned.filter(
    // Sources of its own say themselves which of them are verified
    (rule) =>
      !isCalendar(rule) && !(city.sources && rule.kind === 'decision' && rule.code === 'verification'),
  );
  await insertRules(target, [...rules, ...calendars]);
  await insertSources(target, city.sources ?? shipped.sources);
  await insertStageLimits(target, city.stageLimits ?? shipped.stageLimits);
  await insertPhrases(target, shipped.phrases);
  await insertSettings(target, { ...city.settings, scheme: city.scheme.code });
  const schemeId = await insertScheme(target, city.scheme);
  const categoryIds = await insertCategories(target, schemeId, city.categories);
  const conditionIds = await insertConditions(target, categoryIds, city.conditions);
  await insertManual(
    target,
    1,
    'described',
    city.manual.map((row) => ({
      conditionId: need(conditionIds, row.condition, 'condition'),
      departmentId: need(unitIds, row.department, 'department'),
      regionId: row.region ? need(regionIds, row.region, 'region') : null,
    })),
  );
  await insertControls(target, city.controls ?? []).catch((error: unknown) => {
    throw error instanceof Error && error.message.startsWith('control ')
      ? new SeedError(error.message)
      : error;
  });
}

const isCalendar = (rule: RuleFile): boolean => rule.kind === 'calendar';

/** The same hours of the week in another zone; the holidays of another country are left out. */
function inZone(rule: RuleFile, timeZone: string): RuleFile {
  const calendar = JSON.parse(rule.content) as Record<string, unknown>;
  return {
    ...rule,
    content: `${JSON.stringify({ ...calendar, timeZone, holidays: [], workdays: [] }, null, 2)}\n`,
  };
}

const DEPTH: Readonly<Record<RegionKind, number>> = {
  city: 0,
  zone: 0,
  district: 1,
  street: 2,
  community: 3,
};

/** A patrol grid and its unit grids for each region that holds no smaller one; answers the beats. */
async function gridsOfRegions(
  target: Target,
  regions: readonly RegionFile[],
  regionIds: ReadonlyMap<string, string>,
  metres: number | null,
): Promise<{ gridId: string; districtId: string | null }[]> {
  const byCode = new Map(regions.map((region) => [region.code, region]));
  const parents = new Set(regions.map((region) => region.parent));
  const leaves = regions.filter(
    (region) => region.area && DEPTH[region.kind] > 0 && !parents.has(region.code),
  );
  const above = (region: RegionFile, kind: RegionKind): string | null => {
    let at: RegionFile | undefined = region;
    while (at && at.kind !== kind) at = at.parent === null ? undefined : byCode.get(at.parent);
    return at ? need(regionIds, at.code, 'region') : null;
  };
  const plans = leaves.map((region) => ({
    region,
    area: areaOf(region),
    districtId: above(region, 'district'),
    streetId: above(region, 'street'),
    communityId: above(region, 'community'),
  }));
  const patrolIds = await insertGrids(
    target,
    plans.map(({ region, ...place }) => ({
      ...place,
      kind: 'patrol' as const,
      code: `${region.code}P1`,
      name: region.name,
    })),
  );
  for (const { region, area, ...place } of plans) {
    const cells = metres === null ? [{ code: '001', area }] : await tilesOf(target.trx, area, metres);
    await insertGrids(
      target,
      cells.map((cell) => ({
        ...place,
        kind: 'unit' as const,
        code: region.code + cell.code,
        name: region.name,
        area: cell.area,
        patrolGridId: need(patrolIds, `${region.code}P1`, 'patrol grid'),
      })),
    );
  }
  return plans.map(({ region, districtId }) => ({
    gridId: need(patrolIds, `${region.code}P1`, 'patrol grid'),
    districtId,
  }));
}

function areaOf(region: RegionFile): Polygon | MultiPolygon {
  if (!region.area) throw new SeedError(`the region ${region.code} has no area`);
  return region.area;
}

export interface AreaCollection {
  readonly features: readonly {
    readonly geometry:
      | Polygon
      | MultiPolygon
      | { readonly type: string; readonly coordinates?: unknown }
      | null;
    readonly properties: Readonly<Record<string, unknown>> | null;
  }[];
}

/**
 * Regions out of a GeoJSON collection: features of the same code become one region. What has no area is refused.
 */
export function regionsFromGeoJson(
  collection: AreaCollection,
  as: {
    kind: RegionKind;
    parent: string | null;
    code: (properties: Readonly<Record<string, unknown>>) => string;
    name: (properties: Readonly<Record<string, unknown>>) => Text;
  },
): RegionFile[] {
  const parts = new Map<string, { name: Text; polygons: unknown[] }>();
  for (const { geometry, properties } of collection.features) {
    const code = as.code(properties ?? {});
    const entry = parts.get(code) ?? { name: as.name(properties ?? {}), polygons: [] };
    if (geometry?.type === 'Polygon') entry.polygons.push(geometry.coordinates);
    else if (geometry?.type === 'MultiPolygon') entry.polygons.push(...(geometry.coordinates as unknown[]));
    else throw new SeedError(`the region ${code} has no area`);
    parts.set(code, entry);
  }
  return [...parts].map(([code, { name, polygons }]) => ({
    code,
    name,
    kind: as.kind,
    parent: as.parent,
    area: { type: 'MultiPolygon', coordinates: polygons },
  }));
}
