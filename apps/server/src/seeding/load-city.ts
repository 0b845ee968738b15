import path from 'node:path';
import { baseMap, generateCity, type City, type CitySize } from '@wanmi/simulator';
import { sql } from 'kysely';
import { invalidateCatalog } from '#modules/catalog';
import { seedDuty } from '#modules/duty';
import { forgetDirectory, seedRoles } from '#modules/org';
import { installRules, overlay, readRuleFolder, type RuleSet } from '#modules/publishing';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { demoPeople, type StaffedUnit } from './demo-people.ts';
import {
  insertAssets,
  insertBaseFeatures,
  insertCity,
  insertGrids,
  insertRegions,
  type BaseFile,
  type GridFile,
} from './insert-ground.ts';
import { insertPeople, insertUnits } from './insert-people.ts';
import { need, type Target } from './target.ts';
import { checkedRules, readRuleFiles, type DepartmentLine, type RuleFiles } from './rule-files.ts';

/** The shipped rules, beside the program. */
export const CONFIG_FOLDER = path.resolve(import.meta.dirname, '../../../../config');

/** The rules of one of the city models: the shipped ones with what it has otherwise. */
export async function rulesOfModel(model: string, configFolder = CONFIG_FOLDER): Promise<RuleSet> {
  const own = path.join(configFolder, 'city', model);
  return overlay(await readRuleFolder(configFolder), await readRuleFolder(own));
}

export interface LoadCityOptions {
  readonly size: CitySize;
  readonly seed?: number;
  /** Of everybody in the demo (hashPassword); null signs nobody in. */
  readonly passwordHash: string | null;
  /** Collectors at the most. Default 200. */
  readonly collectors?: number;
  /** Appended to every user name, for a second city in the same database. */
  readonly userSuffix?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly configFolder?: string;
  /** The whole rule set of the city (an archive's, an overlay's); left out: the shipped one. */
  readonly rules?: RuleSet;
  readonly timeZone?: string;
  /** Middle of the city (WGS 84). */
  readonly origin?: { readonly lon: number; readonly lat: number };
}

export interface LoadedCity {
  readonly cityId: string;
  readonly code: string;
  /** False: a city of that code was there already and was left as it is. */
  readonly created: boolean;
}

const ORIGIN = { lon: 120.1, lat: 30.2 };

/**
 * Sets up a whole demo city in one transaction: regions, grids, units, people, rules, assets, base map. A city of
 * the same code is left alone, also when two processes start at once.
 * @throws SeedError where the files of config/ do not fit together
 */
export async function loadCity(platform: Platform, options: LoadCityOptions): Promise<LoadedCity> {
  const shipped = await readRuleFiles(options.configFolder ?? CONFIG_FOLDER);
  const city = generateCity({
    seed: options.seed ?? 1,
    size: options.size,
    origin: options.origin ?? ORIGIN,
  });
  // The manual and the control areas name regions: of this city, or the row is named that is wrong
  const regions = new Set(city.regions.map((region) => region.code));
  const files = await checkedRules(options.rules ?? shipped.files, options.settings, { regions });
  return seedOnce(platform, city.regions[0]!.code, (trx) =>
    insertAll(platform, trx, city, files, shipped.files, options),
  );
}

/** Runs `make` in one transaction unless a city of that code is there; then freshens statistics and memories. */
export async function seedOnce(
  platform: Platform,
  code: string,
  make: (trx: Trx) => Promise<string>,
): Promise<LoadedCity> {
  const loaded = await platform.db.transaction().execute(async (trx): Promise<LoadedCity> => {
    await sql`select pg_advisory_xact_lock(hashtext('wanmi.seeding'))`.execute(trx);
    const known = await sql<{ id: string }>`select id from city where code = ${code}`.execute(trx);
    const id = known.rows[0]?.id;
    return id === undefined
      ? { cityId: await make(trx), code, created: true }
      : { cityId: id, code, created: false };
  });
  if (loaded.created) {
    // Without fresh statistics the planner takes partial indexes of empty tables for the cheapest of all
    await sql`analyze city, region, unit, person, post, post_grid, category, condition, manual_row, rule_version,
      grid, asset, asset_text, base_feature`.execute(platform.db);
    forgetDirectory(platform);
    invalidateCatalog(platform, loaded.cityId);
  }
  return loaded;
}

async function insertAll(
  platform: Platform,
  trx: Trx,
  city: City,
  files: RuleFiles,
  shipped: RuleSet,
  options: LoadCityOptions,
): Promise<string> {
  const root = city.regions[0]!;
  const target = await insertCity(trx, platform.clock.now(), {
    code: root.code,
    name: root.name,
    timeZone: options.timeZone ?? 'Asia/Shanghai',
    area: root.geometry,
  });
  const regionIds = await insertRegions(
    target,
    city.regions.map((region) => ({ ...region, parent: region.parentKey, area: region.geometry })),
  );
  const districts = city.regions.filter((region) => region.kind === 'district');
  const units = withTeams(files.departments, districts.length);
  const unitIds = await insertUnits(
    target,
    units.map((unit) => ({ ...unit, regionId: districtId(unit, districts, regionIds) })),
  );
  await installRules({ ...target, files: files.files, reason: 'shipped' }, shipped);
  const categoryIds = await categoriesOf(target);
  const grids = await insertCityGrids(target, city, regionIds);
  const departments = new Map(
    units.filter((unit) => unit.duty !== null).map((unit) => [unit.duty!, need(unitIds, unit.code, 'unit')]),
  );
  await insertAssets(
    target,
    city.assets.map((asset) => ({
      code: asset.code,
      categoryId: need(categoryIds, `asset:${asset.category}`, 'category'),
      name: asset.name,
      ownerId: departments.get(asset.departmentKind) ?? null,
      unitGridId: need(grids.unit, asset.unitGridKey, 'unit grid'),
      address: asset.address['zh-CN'],
      geometry: asset.geometry,
    })),
  );
  await insertBaseFeatures(target, baseFeatures(city));
  const people = demoPeople({
    units: units.map((unit): StaffedUnit => ({
      ...unit,
      id: need(unitIds, unit.code, 'unit'),
      regionId: districtId(unit, districts, regionIds),
    })),
    districts: districts.map((region) => ({ id: need(regionIds, region.code, 'region'), name: region.name })),
    beats: city.patrolGrids.map((grid) => ({
      gridId: need(grids.patrol, grid.key, 'patrol grid'),
      districtId: need(regionIds, grid.districtKey, 'region'),
    })),
    maxCollectors: options.collectors ?? 200,
    seed: options.seed ?? 1,
    userSuffix: options.userSuffix,
  });
  const roleIds = await seedRoles(trx, { clock: { now: () => target.at }, db: platform.db }, target.cityId);
  await insertPeople(target, roleIds, people, options.passwordHash);
  await seedDuty(trx, { ...target, timeZone: options.timeZone ?? 'Asia/Shanghai' });
  return target.cityId;
}

async function categoriesOf({ trx, cityId }: Target): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ id: string; key: string }>`
    select id, kind || ':' || code as key from category where city_id = ${cityId}`.execute(trx);
  return new Map(rows.map((row) => [row.key, row.id]));
}

/** The files name teams for the first districts; a larger city gets one for each of the others. */
function withTeams(units: readonly DepartmentLine[], districts: number): DepartmentLine[] {
  const teams = units.filter((unit) => unit.kind === 'patrolTeam');
  const staffed = units.filter((unit) => unit.district === null || unit.district <= districts);
  const pattern = teams[0];
  if (!pattern) return staffed;
  for (let district = 1; district <= districts; district += 1) {
    if (teams.some((team) => team.district === district)) continue;
    staffed.push({
      ...pattern,
      district,
      code: `${pattern.parent ?? 'JD'}-${String(district).padStart(2, '0')}`,
      name: { 'zh-CN': `信息采集${NUMERALS[district] ?? district}队`, en: `Patrol Team ${district}` },
    });
  }
  return staffed;
}

const NUMERALS = ['', '一', '二', '三', '四', '五', '六', '七', '八', '九', '十'];

function districtId(
  unit: DepartmentLine,
  districts: readonly { code: string }[],
  regionIds: ReadonlyMap<string, string>,
): string | null {
  const district = unit.district === null ? undefined : districts[unit.district - 1];
  return district ? need(regionIds, district.code, 'region') : null;
}

interface CityGrids {
  readonly unit: ReadonlyMap<string, string>;
  readonly patrol: ReadonlyMap<string, string>;
}

async function insertCityGrids(
  target: Target,
  city: City,
  regionIds: ReadonlyMap<string, string>,
): Promise<CityGrids> {
  const parents = (grid: { districtKey: string; streetKey: string; communityKey: string }) => ({
    districtId: need(regionIds, grid.districtKey, 'region'),
    streetId: need(regionIds, grid.streetKey, 'region'),
    communityId: need(regionIds, grid.communityKey, 'region'),
  });
  const disposal = await insertGrids(
    target,
    city.disposalGrids.map((grid): GridFile => ({ ...grid, area: grid.geometry })),
  );
  const patrol = await insertGrids(
    target,
    city.patrolGrids.map((grid): GridFile => ({ ...grid, area: grid.geometry, ...parents(grid) })),
  );
  const unit = await insertGrids(
    target,
    city.unitGrids.map((grid): GridFile => ({
      ...grid,
      area: grid.geometry,
      ...parents(grid),
      patrolGridId: need(patrol, grid.patrolGridKey, 'patrol grid'),
      disposalGridId: need(disposal, grid.disposalGridKey, 'disposal grid'),
    })),
  );
  return { unit, patrol };
}

function baseFeatures(city: City): BaseFile[] {
  const layers = baseMap(city);
  return (['water', 'park', 'road', 'building', 'label'] as const).flatMap((layer) =>
    layers[layer].features.map(({ geometry, properties }) => ({
      layer,
      name: properties.name,
      rank: properties.rank,
      geometry,
    })),
  );
}
