import type { Asset } from '@wanmi/contracts';
import { catalogOf } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import { parseBbox, type LonLat } from '#platform/geo';
import { decodeCursor, pageOf, type Page } from '#platform/paging';
import type { Platform } from '#platform/platform';
import { z } from 'zod';
import { listAssets, nearAssets, readAsset, type AssetRow } from './repo.ts';

export const MAX_NEAR = 50;

/** One asset of the city, also one that is no longer there: old cases name it. */
export async function assetById(platform: Platform, cityId: string, id: string): Promise<Asset | null> {
  const row = await readAsset(platform.db, cityId, { id });
  return row ? toAsset(row) : null;
}

/** The asset in place that carries this 16-digit code. */
export async function assetByCode(platform: Platform, cityId: string, code: string): Promise<Asset | null> {
  const row = await readAsset(platform.db, cityId, { code });
  return row ? toAsset(row) : null;
}

export interface AssetAsk {
  readonly bbox?: string | undefined;
  readonly categoryId?: string | undefined;
  readonly q?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export async function findAssets(platform: Platform, actor: Actor, ask: AssetAsk): Promise<Page<Asset>> {
  const bbox = ask.bbox === undefined ? null : parseBbox(ask.bbox);
  if (ask.bbox !== undefined && !bbox) {
    throw invalid([
      { path: '/bbox', code: 'bbox', message: 'west,south,east,north in degrees', in: 'query' },
    ]);
  }
  const rows = await listAssets(
    platform.db,
    actor.cityId,
    {
      bbox,
      categoryIds: await categoryIdsOf(platform, actor, ask.categoryId),
      q: ask.q ?? null,
      afterId: decodeCursor(ask.cursor, z.uuid()) ?? null,
    },
    ask.limit + 1,
  );
  return pageOf(
    rows.map((row) => toAsset(row)),
    ask.limit,
    (last) => last.id,
  );
}

export async function findNear(
  platform: Platform,
  actor: Actor,
  at: LonLat,
  metres: number,
  categoryId: string | undefined,
): Promise<Asset[]> {
  const categoryIds = await categoryIdsOf(platform, actor, categoryId);
  const rows = await nearAssets(platform.db, actor.cityId, at, metres, categoryIds, MAX_NEAR);
  return rows.map((row) => toAsset(row));
}

/** A big class stands for its small ones. */
async function categoryIdsOf(
  platform: Platform,
  actor: Actor,
  categoryId: string | undefined,
): Promise<string[] | null> {
  if (categoryId === undefined) return null;
  const catalog = await catalogOf(platform, actor.cityId);
  if (!catalog.category(categoryId)) throw problem('notFound');
  return [categoryId, ...catalog.categoriesBelow(categoryId)];
}

function toAsset(row: AssetRow): Asset {
  return {
    id: row.id,
    code: row.code,
    category: row.category,
    point: { lon: row.lon, lat: row.lat },
    address: row.address,
    owner: row.owner,
    state: row.state,
    ...(row.metres === null ? {} : { distance: Math.round(row.metres * 10) / 10 }),
  };
}
