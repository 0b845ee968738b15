import type { GridKind, Text } from '@wanmi/contracts';
import { sql } from 'kysely';
import { asGeoJson, within, type Bbox } from '#platform/geo';
import type { Db, Trx } from '#platform/pool';

export interface GridRow {
  id: string;
  kind: GridKind;
  code: string;
  name: Text;
}

export async function readGrids(
  db: Db | Trx,
  ids: readonly (string | null)[],
): Promise<ReadonlyMap<string, GridRow>> {
  const wanted = ids.filter((id) => id !== null);
  if (wanted.length === 0) return new Map();
  const { rows } = await sql<GridRow>`/*= grid.byId */
    select id, kind, code, name from grid where id = any(${wanted}::uuid[])`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
}

export interface GridFeatureRow extends GridRow {
  grade: 'A' | 'B' | 'C' | null;
  patrol_grid_id: string | null;
  geometry: Record<string, unknown>;
}

/** Grids of a kind that touch the box, at most `limit`, in the order of their codes. */
export async function listGrids(
  db: Db | Trx,
  cityId: string,
  kind: GridKind,
  bbox: Bbox,
  limit: number,
): Promise<GridFeatureRow[]> {
  // Written out for each partial GiST index: the planner proves `kind <> 'unit'` only from a constant.
  const ofKind = kind === 'unit' ? sql`kind = 'unit'` : sql`kind <> 'unit' and kind = ${kind}`;
  const { rows } = await sql<GridFeatureRow>`
    select id, kind, code, name, grade, patrol_grid_id, ${asGeoJson(sql.ref('geom'))} as geometry
      from (select * from grid
             where ${ofKind} and city_id = ${cityId}::uuid and valid_to is null and ${within(sql.ref('geom'), bbox)}
             limit ${limit}) touched
     order by code`.execute(db);
  return rows;
}
