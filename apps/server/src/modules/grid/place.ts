import type { Text } from '@wanmi/contracts';
import { sql } from 'kysely';
import { point, type LonLat } from '#platform/geo';
import type { Db, Trx } from '#platform/pool';

/** What follows from a point: the unit grid by one indexed look-up, the rest by its keys. */
export interface Place {
  readonly unitGridId: string | null;
  readonly patrolGridId: string | null;
  readonly disposalGridId: string | null;
  readonly districtId: string | null;
  readonly streetId: string | null;
  readonly communityId: string | null;
  readonly grade: 'A' | 'B' | 'C' | null;
}

/**
 * The place of a point (WGS 84); null outside the city. On a border the unit grid with the smallest id counts, so
 * that the same point always has the same answer. A city without unit grids answers with its regions.
 */
export async function placeOf(db: Db | Trx, cityId: string, at: LonLat): Promise<Place | null> {
  const { rows } = await sql<Place>`${placeSql(cityId, at)}`.execute(db);
  return rows[0] ?? regionsAt(db, cityId, at);
}

/**
 * Apart, so that its plan can be shown. `offset 0` keeps the planner from walking the primary key for the
 * smallest id: it must go to the partial GiST index, where a point touches four grids at the most.
 */
export function placeSql(cityId: string, at: LonLat) {
  return sql<Place>`/*= grid.place */
    select id as "unitGridId", patrol_grid_id as "patrolGridId", disposal_grid_id as "disposalGridId",
           district_id as "districtId", street_id as "streetId", community_id as "communityId", grade
      from (select * from grid
             where kind = 'unit' and city_id = ${cityId}::uuid and valid_to is null
               and st_intersects(geom, ${point(at)})
            offset 0) touched
     order by id limit 1`;
}

interface RegionAt {
  id: string;
  kind: string;
  parent_id: string | null;
}

/** Between the grids or in a city that has none: the smallest regions that hold the point, and their parents. */
async function regionsAt(db: Db | Trx, cityId: string, at: LonLat): Promise<Place | null> {
  const { rows } = await sql<RegionAt>`
    with recursive up as (
      (select id, kind, parent_id from region
        where city_id = ${cityId}::uuid and valid_to is null and kind in ('district', 'street', 'community')
          and st_intersects(geom, ${point(at)})
        order by array_position(array['community', 'street', 'district'], kind), id limit 1)
      union all
      select r.id, r.kind, r.parent_id from region r join up on r.id = up.parent_id
    )
    select id, kind, parent_id from up`.execute(db);
  const inside = rows.length > 0 || (await isInsideCity(db, cityId, at));
  if (!inside) return null;
  const idOf = (kind: string): string | null => rows.find((row) => row.kind === kind)?.id ?? null;
  return {
    unitGridId: null,
    patrolGridId: null,
    disposalGridId: null,
    districtId: idOf('district'),
    streetId: idOf('street'),
    communityId: idOf('community'),
    grade: null,
  };
}

async function isInsideCity(db: Db | Trx, cityId: string, at: LonLat): Promise<boolean> {
  const { rows } = await sql<{ inside: boolean }>`
    select coalesce(st_intersects(geom, ${point(at)}), false) as inside from city
     where id = ${cityId}::uuid`.execute(db);
  return rows[0]?.inside ?? false;
}

export interface Named {
  readonly id: string;
  readonly code: string;
  readonly name: Text;
}

/** Names of the regions of a place, by id. */
export async function regionNames(
  db: Db | Trx,
  ids: readonly (string | null)[],
): Promise<ReadonlyMap<string, Named>> {
  const wanted = ids.filter((id) => id !== null);
  if (wanted.length === 0) return new Map();
  const { rows } = await sql<Named>`
    select id, code, name from region where id = any(${wanted}::uuid[])`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}
