import { sql } from 'kysely';
import type { DB } from '#platform/db-types';
import type { Trx } from '#platform/pool';

/** A row by column; a mistyped column does not compile, types of values are PostgreSQL's to check. */
export type Row<T extends keyof DB> = Partial<Record<keyof DB[T] & string, unknown>>;

const CHUNK = 5000;

/**
 * Inserts many rows, a few thousand per statement: one JSON parameter instead of 65,535 single ones. Geometries
 * are GeoJSON, times ISO 8601. Rows that refer to each other must fit into one statement (`oneStatement`).
 */
export async function insertRows<T extends keyof DB>(
  trx: Trx,
  table: T,
  rows: readonly Row<T>[],
  { oneStatement = false }: { oneStatement?: boolean } = {},
): Promise<void> {
  const first = rows[0];
  if (!first) return;
  const columns = sql.join(Object.keys(first).map((column) => sql.ref(column)));
  const step = oneStatement ? rows.length : CHUNK;
  for (let from = 0; from < rows.length; from += step) {
    const json = JSON.stringify(rows.slice(from, from + step));
    await sql`
      insert into ${sql.table(table)} (${columns})
      select ${columns} from json_populate_recordset(null::${sql.table(table)}, ${json}::json)`.execute(trx);
  }
}

export interface Polygon {
  readonly type: 'Polygon';
  readonly coordinates: unknown;
}
export interface MultiPolygon {
  readonly type: 'MultiPolygon';
  readonly coordinates: unknown;
}

/** Columns hold MultiPolygons. As text: PostGIS reads GeoJSON (EPSG:4326) as any other form of a geometry. */
export function multiPolygon(area: Polygon | MultiPolygon | null | undefined): string | null {
  if (!area) return null;
  return JSON.stringify(
    area.type === 'MultiPolygon' ? area : { type: 'MultiPolygon', coordinates: [area.coordinates] },
  );
}
