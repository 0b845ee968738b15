import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Actor } from '#platform/actor';
import type { Platform } from '#platform/platform';
import { perPlatform, TtlCache } from '#platform/ttl-cache';
import { visibleCase } from './case-scope.ts';
import type { TileKey } from './tile-math.ts';
import { ASSET_ZOOM, assetTile, baseTile, caseTile, gridTile } from './tile-sql.ts';

export const TILE_LAYERS = ['base', 'grid', 'asset', 'case'] as const;
export type TileLayer = (typeof TILE_LAYERS)[number];

export interface Tile {
  readonly plain: Buffer;
  /** Null where it would not be smaller by much. */
  readonly gzipped: Buffer | null;
  readonly etag: string;
}

const compress = promisify(gzip);
const SMALL = 512;

/** What changes with a publication, and what with every click: how long a tile may be shown again, in ms. */
const KEPT_FOR: Record<TileLayer, number> = { base: 300_000, grid: 60_000, asset: 30_000, case: 3000 };
// About 20 KB each: 40 MB at the most. Many desks look at the same part of the same city.
const caches = perPlatform(() => ({
  base: new TtlCache<Tile>(KEPT_FOR.base, 1000),
  grid: new TtlCache<Tile>(KEPT_FOR.grid, 500),
  asset: new TtlCache<Tile>(KEPT_FOR.asset, 300),
  case: new TtlCache<Tile>(KEPT_FOR.case, 200),
}));

/** A vector tile of what this viewer may see; the scope is part of the key under which it is kept. */
export function tileFor(platform: Platform, actor: Actor, layer: TileLayer, tile: TileKey): Promise<Tile> {
  const place = `${actor.cityId}/${tile.z}/${tile.x}/${tile.y}`;
  const key = layer === 'case' ? `${place}/${scopeKey(actor)}` : place;
  return caches(platform)[layer].get(key, async () => packed(await readTile(platform, actor, layer, tile)));
}

function scopeKey({ scope, permissions }: Actor): string {
  const text = JSON.stringify([permissions.has('case.read'), scope]);
  return createHash('sha256').update(text).digest('base64url');
}

async function readTile(platform: Platform, actor: Actor, layer: TileLayer, tile: TileKey): Promise<Buffer> {
  const { db, clock } = platform;
  const query =
    layer === 'base'
      ? baseTile(actor.cityId, tile)
      : layer === 'grid'
        ? gridTile(actor.cityId, tile)
        : layer === 'case'
          ? caseTile(visibleCase(actor), tile, new Date(clock.now()))
          : tile.z >= ASSET_ZOOM
            ? assetTile(actor.cityId, tile)
            : null;
  if (!query) return Buffer.alloc(0);
  const { rows } = await query.execute(db);
  return rows[0]?.tile ?? Buffer.alloc(0);
}

async function packed(plain: Buffer): Promise<Tile> {
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { plain, gzipped: plain.length < SMALL ? null : await compress(plain), etag };
}

/** What a browser may do with it. Tiles are the viewer's own: never in a shared cache. */
export function cacheControl(layer: TileLayer): string {
  return layer === 'case' ? 'private, no-cache' : `private, max-age=${KEPT_FOR[layer] / 1000}`;
}
