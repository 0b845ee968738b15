import { sql } from 'kysely';
import type { Trx } from '#platform/pool';
import type { MultiPolygon, Polygon } from './bulk.ts';

export interface Tile {
  readonly code: string;
  readonly area: MultiPolygon;
}

/**
 * Squares of so many metres over an area, cut to it, numbered west to east and north to south (GB/T 30428.1). They
 * are drawn in the UTM zone of the area's middle, so that a metre is a metre; neighbours share their corners.
 */
export async function tilesOf(trx: Trx, area: Polygon | MultiPolygon, metres: number): Promise<Tile[]> {
  const { rows } = await sql<{ area: string }>`
    with given as (
      select st_setsrid(st_geomfromgeojson(${JSON.stringify(area)}), 4326) as geom),
    zone as (
      select geom, (case when st_y(c) < 0 then 32700 else 32600 end
        + least(60, floor((st_x(c) + 180) / 6) + 1))::int as srid
      from given, lateral st_centroid(geom) c),
    plan as (select st_transform(geom, srid) as geom from zone),
    cut as (
      select sq.i, sq.j, st_collectionextract(st_intersection(st_makevalid(plan.geom), sq.geom), 3) as geom
      from plan, lateral st_squaregrid(${metres}::float8, plan.geom) sq
      where st_intersects(plan.geom, sq.geom))
    select st_asgeojson(st_multi(st_transform(geom, 4326)), 9) as area
    from cut where st_area(geom) > 1 order by j desc, i`.execute(trx);
  return rows.map((row, at) => ({
    code: String(at + 1).padStart(3, '0'),
    area: JSON.parse(row.area) as MultiPolygon,
  }));
}
