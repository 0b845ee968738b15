import { createHash } from 'node:crypto';
import type {
  CategoryKind,
  GridKind,
  LimitUnit,
  RegionKind,
  Role,
  ScopeKind,
  Text,
  UnitKind,
} from '@wanmi/contracts';
import { sql } from 'kysely';
import { assetWords } from '#modules/asset';
import { uuidv7 } from '#platform/ids';
import type { Trx } from '#platform/pool';
import { insertRows, multiPolygon, type MultiPolygon, type Polygon } from './bulk.ts';

/** Whose rows, and since when they hold. */
export interface Target {
  readonly trx: Trx;
  readonly cityId: string;
  /** Milliseconds since 1970; ids carry it too. */
  readonly at: number;
}

/** Something is named that is not there: the files do not fit together. */
export class SeedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SeedError';
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Looks up by code; what is missing stops the load and is named. */
export function need<T>(map: ReadonlyMap<string, T>, code: string, what: string): T {
  const found = map.get(code);
  if (found === undefined) throw new SeedError(`there is no ${what} ${JSON.stringify(code)}`);
  return found;
}

export interface CityFile {
  readonly code: string;
  readonly name: Text;
  readonly timeZone: string;
  readonly area?: Polygon | MultiPolygon | null;
}

export async function insertCity(trx: Trx, at: number, city: CityFile): Promise<Target> {
  const cityId = uuidv7(at);
  await insertRows(trx, 'city', [
    {
      id: cityId,
      code: city.code,
      name: city.name,
      time_zone: city.timeZone,
      geom: multiPolygon(city.area),
      created_at: iso(at),
    },
  ]);
  return { trx, cityId, at };
}

/** The city's area where none was given: all of its regions together. */
export async function areaFromRegions({ trx, cityId }: Target): Promise<void> {
  await sql`
    update city set geom = (select st_multi(st_union(geom)) from region where city_id = ${cityId}::uuid)
     where id = ${cityId}::uuid and geom is null`.execute(trx);
}

/** Published areas often cross themselves: they are mended, since PostGIS answers wrongly or not at all for them. */
export async function mendAreas({ trx, cityId }: Target, table: 'region' | 'grid'): Promise<void> {
  await sql`
    update ${sql.table(table)} set geom = st_multi(st_collectionextract(st_makevalid(geom), 3))
     where city_id = ${cityId}::uuid and geom is not null and not st_isvalid(geom)`.execute(trx);
}

export interface RegionFile {
  readonly code: string;
  /** Code of the region that holds it, among those given. */
  readonly parent: string | null;
  readonly kind: RegionKind;
  readonly name: Text;
  readonly area?: Polygon | MultiPolygon | null;
}

/** Regions by code → id. Codes are unique in a city. */
export async function insertRegions(
  target: Target,
  regions: readonly RegionFile[],
): Promise<ReadonlyMap<string, string>> {
  const ids = idsOf(target, regions);
  await insertRows(
    target.trx,
    'region',
    regions.map((region) => ({
      id: need(ids, region.code, 'region'),
      city_id: target.cityId,
      parent_id: region.parent === null ? null : need(ids, region.parent, 'region'),
      kind: region.kind,
      code: region.code,
      name: region.name,
      geom: multiPolygon(region.area),
      valid_from: iso(target.at),
    })),
    { oneStatement: true },
  );
  return ids;
}

export interface UnitFile {
  readonly code: string;
  readonly parent: string | null;
  readonly kind: UnitKind;
  readonly name: Text;
  /** What a department answers for; what conditions and manual name. */
  readonly duty?: string | null;
  readonly calendar?: string | null;
  readonly regionId?: string | null;
}

export async function insertUnits(
  target: Target,
  units: readonly UnitFile[],
): Promise<ReadonlyMap<string, string>> {
  const ids = idsOf(target, units);
  await insertRows(
    target.trx,
    'unit',
    units.map((unit) => ({
      id: need(ids, unit.code, 'unit'),
      city_id: target.cityId,
      parent_id: unit.parent === null ? null : need(ids, unit.parent, 'unit'),
      region_id: unit.regionId ?? null,
      kind: unit.kind,
      code: unit.code,
      name: unit.name,
      duty: unit.duty ?? null,
      calendar: unit.calendar ?? null,
      valid_from: iso(target.at),
    })),
    { oneStatement: true },
  );
  return ids;
}

export interface GridFile {
  readonly code: string;
  readonly kind: GridKind;
  readonly name: Text;
  readonly area: Polygon | MultiPolygon;
  readonly districtId?: string | null;
  readonly streetId?: string | null;
  readonly communityId?: string | null;
  readonly patrolGridId?: string | null;
  readonly disposalGridId?: string | null;
  readonly grade?: 'A' | 'B' | 'C' | null;
}

/** Grids of one call by code → id; patrol and disposal grids before the unit grids that name them. */
export async function insertGrids(
  target: Target,
  grids: readonly GridFile[],
): Promise<ReadonlyMap<string, string>> {
  const ids = idsOf(target, grids);
  await insertRows(
    target.trx,
    'grid',
    grids.map((grid) => ({
      id: need(ids, grid.code, 'grid'),
      city_id: target.cityId,
      kind: grid.kind,
      code: grid.code,
      name: grid.name,
      district_id: grid.districtId ?? null,
      street_id: grid.streetId ?? null,
      community_id: grid.communityId ?? null,
      patrol_grid_id: grid.patrolGridId ?? null,
      disposal_grid_id: grid.disposalGridId ?? null,
      grade: grid.grade ?? null,
      geom: multiPolygon(grid.area),
      valid_from: iso(target.at),
    })),
  );
  return ids;
}

export interface CategoryFile {
  readonly kind: CategoryKind;
  readonly code: string;
  readonly level: number;
  readonly parent: string | null;
  readonly name: Text;
  readonly geometry?: 'point' | 'line' | 'polygon' | null;
}

/** Categories of a scheme, by `kind:code` → id. */
export async function insertCategories(
  target: Target,
  schemeId: string,
  categories: readonly CategoryFile[],
): Promise<ReadonlyMap<string, string>> {
  const keyOf = (kind: string, code: string): string => `${kind}:${code}`;
  const ids = new Map(categories.map((category) => [keyOf(category.kind, category.code), uuidv7(target.at)]));
  await insertRows(
    target.trx,
    'category',
    categories.map((category) => ({
      id: need(ids, keyOf(category.kind, category.code), 'category'),
      city_id: target.cityId,
      scheme_id: schemeId,
      kind: category.kind,
      code: category.code,
      level: category.level,
      parent_id:
        category.parent === null ? null : need(ids, keyOf(category.kind, category.parent), 'category'),
      name: category.name,
      similar_metres: 50,
      similar_hours: 24,
      geometry: category.geometry ?? null,
      valid_from: iso(target.at),
    })),
    { oneStatement: true },
  );
  return ids;
}

export async function insertScheme(target: Target, scheme: { code: string; name: Text }): Promise<string> {
  const id = uuidv7(target.at);
  await insertRows(target.trx, 'scheme', [{ id, city_id: target.cityId, ...scheme }]);
  return id;
}

export interface ConditionFile {
  readonly code: string;
  /** `kind:code` of its small class. */
  readonly category: string;
  readonly name: Text;
  readonly closing: Text;
  readonly limit: { readonly value: number; readonly unit: LimitUnit };
  readonly gradeLimits?: { readonly A: number | null; readonly B: number | null; readonly C: number | null };
  readonly departmentKind?: string | null;
  readonly isDefault: boolean;
  /** Code of the condition to file when this one closes. */
  readonly next?: string | null;
}

export async function insertConditions(
  target: Target,
  categoryIds: ReadonlyMap<string, string>,
  conditions: readonly ConditionFile[],
): Promise<ReadonlyMap<string, string>> {
  const ids = idsOf(target, conditions);
  await insertRows(
    target.trx,
    'condition',
    conditions.map((condition) => ({
      id: need(ids, condition.code, 'condition'),
      city_id: target.cityId,
      category_id: need(categoryIds, condition.category, 'category'),
      code: condition.code,
      name: condition.name,
      closing: condition.closing,
      limit_value: condition.limit.value,
      limit_unit: condition.limit.unit,
      limit_a: condition.gradeLimits?.A ?? null,
      limit_b: condition.gradeLimits?.B ?? null,
      limit_c: condition.gradeLimits?.C ?? null,
      department_kind: condition.departmentKind ?? null,
      is_default: condition.isDefault,
      next_id: condition.next ? need(ids, condition.next, 'condition') : null,
      valid_from: iso(target.at),
    })),
    { oneStatement: true },
  );
  return ids;
}

export interface ManualFileRow {
  readonly conditionId: string;
  readonly departmentId: string;
  readonly regionId?: string | null;
  readonly ownerId?: string | null;
}

/** A version of the manual; two rows for the same condition, region and owner are refused by the database. */
export async function insertManual(
  target: Target,
  version: number,
  reason: string,
  rows: readonly ManualFileRow[],
): Promise<string> {
  const id = uuidv7(target.at);
  await insertRows(target.trx, 'manual', [
    { id, city_id: target.cityId, version, valid_from: iso(target.at), reason },
  ]);
  await insertRows(
    target.trx,
    'manual_row',
    rows.map((row) => ({
      manual_id: id,
      city_id: target.cityId,
      condition_id: row.conditionId,
      region_id: row.regionId ?? null,
      owner_id: row.ownerId ?? null,
      department_id: row.departmentId,
    })),
  );
  return id;
}

export interface SourceFile {
  readonly code: string;
  readonly name: Text;
  readonly verify: boolean;
  readonly directFiling: boolean;
  readonly group?: { readonly code: string; readonly name: Text } | null;
}

export async function insertSources(target: Target, sources: readonly SourceFile[]): Promise<void> {
  await insertRows(
    target.trx,
    'source',
    sources.map((source, sort) => ({
      city_id: target.cityId,
      code: source.code,
      name: source.name,
      verify: source.verify,
      direct_filing: source.directFiling,
      group_code: source.group?.code ?? null,
      group_name: source.group?.name ?? null,
      sort,
    })),
  );
}

export interface StageLimitFile {
  readonly code: string;
  readonly value: number;
  readonly unit: LimitUnit;
  readonly calendar: string;
}

export async function insertStageLimits(target: Target, limits: readonly StageLimitFile[]): Promise<void> {
  await insertRows(
    target.trx,
    'stage_limit',
    limits.map((limit) => ({ city_id: target.cityId, ...limit })),
  );
}

export async function insertPhrases(
  target: Target,
  phrases: readonly { readonly action: string; readonly texts: readonly Text[] }[],
): Promise<void> {
  await insertRows(
    target.trx,
    'phrase',
    phrases.flatMap(({ action, texts }) =>
      texts.map((text, sort) => ({ city_id: target.cityId, action, sort, text })),
    ),
  );
}

export async function insertSettings(
  target: Target,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  await insertRows(
    target.trx,
    'setting',
    Object.entries(settings).map(([key, value]) => ({
      city_id: target.cityId,
      key,
      value,
      updated_at: iso(target.at),
    })),
  );
}

export interface RuleFile {
  readonly kind: 'process' | 'decision' | 'form' | 'calendar' | 'numbering';
  readonly code: string;
  readonly content: string;
}

/** The first published version of each rule, by `kind:code` → id. */
export async function insertRules(
  target: Target,
  rules: readonly RuleFile[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map(rules.map((rule) => [`${rule.kind}:${rule.code}`, uuidv7(target.at)]));
  await insertRows(
    target.trx,
    'rule_version',
    rules.map((rule) => ({
      id: need(ids, `${rule.kind}:${rule.code}`, 'rule'),
      city_id: target.cityId,
      kind: rule.kind,
      code: rule.code,
      version: 1,
      content: rule.content,
      content_hash: `\\x${createHash('sha256').update(rule.content).digest('hex')}`,
      state: 'published',
      valid_from: iso(target.at),
      reason: 'shipped',
      created_at: iso(target.at),
    })),
  );
  return ids;
}

export interface PersonFile {
  readonly username: string;
  readonly name: string;
  readonly locale?: string;
  readonly post: {
    readonly role: Role;
    readonly unitId: string;
    readonly name: Text;
    readonly scope: ScopeKind;
    readonly scopeRegionId?: string | null;
    readonly patrolGridIds?: readonly string[];
  };
}

/**
 * People with one post each; `passwordHash` is that of all of them, null signs nobody in. User names are unique in
 * the whole database.
 */
export async function insertPeople(
  target: Target,
  roleIds: ReadonlyMap<string, string>,
  people: readonly PersonFile[],
  passwordHash: string | null,
): Promise<ReadonlyMap<string, string>> {
  const { trx, cityId, at } = target;
  await refuseTaken(trx, people);
  const rows = people.map((person) => ({ person, personId: uuidv7(at), postId: uuidv7(at) }));
  await insertRows(
    trx,
    'person',
    rows.map(({ person, personId }) => ({
      id: personId,
      city_id: cityId,
      username: person.username,
      password_hash: passwordHash,
      locale: person.locale ?? 'zh-CN',
      failed_logins: 0,
      valid_from: iso(at),
    })),
  );
  await insertRows(
    trx,
    'person_profile',
    rows.map(({ person, personId }) => ({ person_id: personId, city_id: cityId, name: person.name })),
  );
  await insertRows(
    trx,
    'post',
    rows.map(({ person: { post }, personId, postId }) => ({
      id: postId,
      city_id: cityId,
      person_id: personId,
      unit_id: post.unitId,
      role_id: need(roleIds, post.role, 'role'),
      name: post.name,
      scope: post.scope,
      scope_region_id: post.scopeRegionId ?? null,
      valid_from: iso(at),
    })),
  );
  await insertRows(
    trx,
    'post_grid',
    rows.flatMap(({ person: { post }, postId }) =>
      (post.patrolGridIds ?? []).map((gridId) => ({
        post_id: postId,
        grid_id: gridId,
        city_id: cityId,
        valid_from: iso(at),
      })),
    ),
  );
  return new Map(rows.map(({ person, postId }) => [person.username, postId]));
}

async function refuseTaken(trx: Trx, people: readonly PersonFile[]): Promise<void> {
  const names = people.map((person) => person.username.toLowerCase());
  const { rows } = await sql<{ username: string }>`
    select username from person where lower(username) = any(${names}::text[]) limit 1`.execute(trx);
  if (rows[0]) throw new SeedError(`the user name ${rows[0].username} is taken: give this city a userSuffix`);
}

export interface AssetFile {
  readonly code: string;
  readonly categoryId: string;
  readonly name: Text;
  readonly ownerId: string | null;
  readonly unitGridId: string | null;
  readonly address: string | null;
  readonly geometry: object;
}

export async function insertAssets(target: Target, assets: readonly AssetFile[]): Promise<void> {
  const { trx, cityId, at } = target;
  const rows = assets.map((asset) => ({ asset, id: uuidv7(at) }));
  await insertRows(
    trx,
    'asset',
    rows.map(({ asset, id }) => ({
      id,
      city_id: cityId,
      category_id: asset.categoryId,
      code: asset.code,
      name: asset.name,
      owner_id: asset.ownerId,
      unit_grid_id: asset.unitGridId,
      address: asset.address,
      state: 'normal',
      attributes: {},
      geom: JSON.stringify(asset.geometry),
      valid_from: iso(at),
    })),
  );
  await insertRows(
    trx,
    'asset_text',
    rows.map(({ asset, id }) => ({ asset_id: id, city_id: cityId, ...assetWords(asset) })),
  );
}

export interface BaseFile {
  readonly layer: 'water' | 'park' | 'road' | 'building' | 'label';
  readonly name: Text | null;
  readonly rank: number;
  readonly geometry: object;
}

export async function insertBaseFeatures(target: Target, features: readonly BaseFile[]): Promise<void> {
  await insertRows(
    target.trx,
    'base_feature',
    features.map((feature) => ({
      id: uuidv7(target.at),
      city_id: target.cityId,
      layer: feature.layer,
      name: feature.name,
      rank: feature.rank,
      geom: JSON.stringify(feature.geometry),
    })),
  );
}

function idsOf(target: Target, rows: readonly { readonly code: string }[]): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const { code } of rows) {
    if (ids.has(code)) throw new SeedError(`the code ${JSON.stringify(code)} is given twice`);
    ids.set(code, uuidv7(target.at));
  }
  return ids;
}
