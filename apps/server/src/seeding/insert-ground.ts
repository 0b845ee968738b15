import type { GridKind, RegionKind, Text } from '@wanmi/contracts';
import { sql } from 'kysely';
import { assetWords } from '#modules/asset';
import { uuidv7 } from '#platform/ids';
import type { Trx } from '#platform/pool';
import { insertRows, multiPolygon, type MultiPolygon, type Polygon } from './bulk.ts';
import { idsOf, iso, need, type Target } from './target.ts';

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
