import type { Ref, Text } from '@wanmi/contracts';
import { sql, type RawBuilder } from 'kysely';
import { bigrams, likePattern, normaliseText, queryTerms } from '#platform/bigrams';
import { problem } from '#platform/errors';
import { box, point, type Bbox, type LonLat } from '#platform/geo';
import type { Db, Trx } from '#platform/pool';

type At = Db | Trx;

export interface AssetRow {
  id: string;
  code: string;
  name: Text;
  category: Ref;
  owner: Ref | null;
  lon: number;
  lat: number;
  address: string | null;
  state: string;
  unit_grid_id: string | null;
  metres: number | null;
}

// A line or an area is shown at a point on it, so that a pin always lies on the thing.
const columns = sql`
  a.id, a.code, a.name, a.address, a.state, a.unit_grid_id,
  json_build_object('id', c.id, 'code', c.code, 'name', c.name) as category,
  case when o.id is not null then json_build_object('id', o.id, 'code', o.code, 'name', o.name) end as owner,
  st_x(p.at) as lon, st_y(p.at) as lat`;

const joins = sql`
  join category c on c.id = a.category_id
  left join unit o on o.id = a.owner_id
  cross join lateral (
    select case when st_dimension(a.geom) = 0 then st_centroid(a.geom) else st_pointonsurface(a.geom) end as at) p`;

/** One asset, taken down or not. */
export async function readAsset(
  db: At,
  cityId: string,
  by: { id: string } | { code: string },
): Promise<AssetRow | undefined> {
  const match = 'id' in by ? sql`a.id = ${by.id}::uuid` : sql`a.code = ${by.code} and a.valid_to is null`;
  const { rows } = await sql<AssetRow>`
    select ${columns}, null::float8 as metres from asset a ${joins}
     where a.city_id = ${cityId}::uuid and ${match}`.execute(db);
  return rows[0];
}

export interface AssetFilter {
  readonly bbox: Bbox | null;
  readonly categoryIds: readonly string[] | null;
  /** Digits: the beginning of a code; else words of name and address. */
  readonly q: string | null;
  readonly afterId: string | null;
}

/** Assets in place, by id. */
export async function listAssets(
  db: At,
  cityId: string,
  filter: AssetFilter,
  limit: number,
): Promise<AssetRow[]> {
  const parts: RawBuilder<unknown>[] = [sql`a.city_id = ${cityId}::uuid`, sql`a.valid_to is null`];
  if (filter.bbox) parts.push(sql`a.geom && ${box(filter.bbox)}`);
  if (filter.categoryIds) parts.push(sql`a.category_id = any(${[...filter.categoryIds]}::uuid[])`);
  if (filter.q !== null) parts.push(searchSql(filter.q));
  if (filter.afterId !== null) parts.push(sql`a.id > ${filter.afterId}::uuid`);
  const { rows } = await sql<AssetRow>`
    select ${columns}, null::float8 as metres
      from (select * from asset a where ${sql.join(parts, sql` and `)} order by a.id limit ${limit}) a
      ${joins} order by a.id`.execute(db);
  return rows;
}

/** Digits are the beginning of a code (a range of the code's index), anything else are words. */
function searchSql(q: string): RawBuilder<unknown> {
  if (/^\d+$/.test(q)) return sql`a.code >= ${q} and a.code < ${`${q}:`}`;
  const terms = queryTerms(q);
  if (terms.bigrams.length === 0) throw problem('search.tooShort');
  const parts = [
    sql`x.bigrams @> ${[...terms.bigrams]}::text[]`,
    ...terms.phrases.map((phrase) => sql`x.text like ${likePattern(phrase)}`),
  ];
  return sql`exists (select 1 from asset_text x where x.asset_id = a.id and ${sql.join(parts, sql` and `)})`;
}

/** What of an asset is searched: the columns of its row in asset_text. */
export function assetWords(asset: { name: Text; address: string | null }): {
  text: string;
  bigrams: string[];
} {
  const text = normaliseText([asset.name['zh-CN'], asset.name.en, asset.address ?? ''].join(' '));
  return { text, bigrams: bigrams(text) };
}

/** The nearest assets first, by metres on the spheroid, within `metres`. */
export async function nearAssets(
  db: At,
  cityId: string,
  at: LonLat,
  metres: number,
  categoryIds: readonly string[] | null,
  limit: number,
): Promise<AssetRow[]> {
  const { rows } = await sql<AssetRow>`${nearSql(cityId, at, metres, categoryIds, limit)}`.execute(db);
  return rows;
}

/**
 * Apart, so that its plan can be shown. The box of the circle goes through the GiST index in degrees; exact metres
 * are computed for what lies in it. (`order by geom <-> point` in degrees would rank east and north unequally.)
 */
export function nearSql(
  cityId: string,
  at: LonLat,
  metres: number,
  categoryIds: readonly string[] | null,
  limit: number,
) {
  const dLat = metres / 110_500;
  const dLon = metres / (111_320 * Math.max(0.01, Math.cos((at.lat * Math.PI) / 180)));
  const around: Bbox = [at.lon - dLon, at.lat - dLat, at.lon + dLon, at.lat + dLat];
  const ofCategory = categoryIds ? sql`and a.category_id = any(${[...categoryIds]}::uuid[])` : sql``;
  return sql<AssetRow>`
    select ${columns}, a.metres
      from (select b.*
              from (select a.*, st_distance(a.geom::geography, ${point(at)}::geography) as metres
                      from asset a
                     where a.city_id = ${cityId}::uuid and a.valid_to is null and a.geom && ${box(around)}
                           ${ofCategory}) b
             where b.metres <= ${metres}
             order by b.metres, b.id limit ${limit}) a
      ${joins} order by a.metres, a.id`;
}
