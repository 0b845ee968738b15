import { sql, type RawBuilder } from 'kysely';
import type { SimilarCase } from '@wanmi/contracts';
import { caseScopeSql, type KeptSimilar } from '#modules/cases';
import { catalogOf, decisionFor, type Catalog, type CatalogCategory } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import { uuidv7Floor } from '#platform/ids';
import type { Platform } from '#platform/platform';

const SIMILAR_LIMIT = 10;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A case that took longer than this from report to close is not looked for among those that came back. */
const LONGEST_LIFE = 366 * DAY;
/** What a table may say at the most: a slip of the pen must not make every case of a city like every other. */
const MOST = { metres: 5000, hours: 24 * 366, days: 366 } as const;

/** A degree of latitude in metres; a box first, so that the GiST index serves, then the true distance. */
const METRES_PER_DEGREE = 111_320;

/** How near in place and time two reports of a category are probably the same, and how soon one has come back. */
export interface Similarity {
  readonly metres: number;
  readonly hours: number;
  /** 0: what has ended is not shown. */
  readonly days: number;
}

/** By the city's tables `similarity` and `recurrence` where they speak of the category, else by the category. */
export function similarityOf(
  catalog: Pick<Catalog, 'decisions'>,
  category: Pick<CatalogCategory, 'kind' | 'code' | 'similarMetres' | 'similarHours'>,
): Similarity {
  const input = { kind: category.kind, category: category.code };
  const near = decisionFor(catalog, 'similarity', input);
  const back = decisionFor(catalog, 'recurrence', input);
  return {
    metres: within(near?.['metres'], MOST.metres) ?? category.similarMetres,
    hours: within(near?.['hours'], MOST.hours) ?? category.similarHours,
    days: within(back?.['days'], MOST.days) ?? 0,
  };
}

function within(value: unknown, most: number): number | null {
  const number = value === null || value === undefined ? Number.NaN : Number(value);
  return number >= 0 ? Math.min(number, most) : null;
}

/** Cases like a problem of that category there. @throws notFound where there is no such category */
export async function similarTo(
  platform: Platform,
  actor: Actor,
  catalog: Catalog,
  categoryId: string,
  point: { lon: number; lat: number },
): Promise<SimilarCase[]> {
  const category = catalog.categoryById.get(categoryId);
  if (!category) throw problem('notFound');
  return similarCases(platform, actor, category, point);
}

/**
 * Open problems near in place, time and category that this actor may see: probably the same, nearest first. After
 * them those that were solved there not long ago: it has come back.
 */
export async function similarCases(
  platform: Platform,
  actor: Actor,
  category: CatalogCategory,
  point: { lon: number; lat: number },
): Promise<SimilarCase[]> {
  const catalog = await catalogOf(platform, actor.cityId);
  const { metres, hours, days } = similarityOf(catalog, category);
  const now = platform.clock.now();
  const { lon, lat } = point;
  const dLat = metres / METRES_PER_DEGREE;
  const dLon = dLat / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  const here = sql`st_setsrid(st_makepoint(${lon}::float8, ${lat}::float8), 4326)`;
  const near = (ended: RawBuilder<unknown>, since: number) => sql`
    select c.id, c.case_no, c.stage, c.category_id, c.address, c.reported_at, c.ended_at is not null as recurrence,
      st_distance(c.geom::geography, ${here}::geography)::float8 as distance
    from "case" c
    where c.geom && st_makeenvelope(${lon - dLon}::float8, ${lat - dLat}::float8, ${lon + dLon}::float8,
        ${lat + dLat}::float8, 4326)
      and ${ended} and c.kind = 'problem' and c.category_id = ${category.id}::uuid
      and c.id >= ${uuidv7Floor(since)}::uuid
      and st_dwithin(c.geom::geography, ${here}::geography, ${metres}::float8)
      and ${caseScopeSql(actor.scope, actor.cityId)}`;
  // Two queries in one: open cases have an index of their own, and a place's past may be long.
  const open = near(sql`c.ended_at is null`, now - hours * HOUR);
  const cameBack = near(
    sql`c.outcome = 'closed' and c.ended_at >= ${new Date(now - days * DAY)}`,
    now - days * DAY - LONGEST_LIFE,
  );
  const found = await sql<SimilarRow>`/*= intake.similar */
    select * from (${open} ${days > 0 ? sql`union all ${cameBack}` : sql``}) s
    order by recurrence, distance, id limit ${SIMILAR_LIMIT}`.execute(platform.db);
  return found.rows.map((row) => toSimilar(catalog, row));
}

/** The same cases once more, as they are now, for a repeated answer; only those still in the actor's scope. */
export async function similarAgain(
  platform: Platform,
  actor: Actor,
  kept: readonly KeptSimilar[],
): Promise<SimilarCase[]> {
  if (kept.length === 0) return [];
  const found = await sql<SimilarRow>`
    select c.id, c.case_no, c.stage, c.category_id, c.address, c.reported_at, k.distance,
      c.ended_at is not null as recurrence
    from jsonb_to_recordset(${JSON.stringify(kept)}::jsonb) as k(id uuid, distance float8)
    join "case" c on c.id = k.id
    where ${caseScopeSql(actor.scope, actor.cityId)} order by recurrence, k.distance, c.id`.execute(
    platform.db,
  );
  const catalog = await catalogOf(platform, actor.cityId);
  return found.rows.map((row) => toSimilar(catalog, row));
}

interface SimilarRow {
  id: string;
  case_no: string;
  stage: string;
  category_id: string | null;
  address: string | null;
  reported_at: Date;
  distance: number;
  recurrence: boolean;
}

function toSimilar(catalog: Catalog, row: SimilarRow): SimilarCase {
  const category = catalog.categoryById.get(row.category_id ?? '');
  return {
    id: row.id,
    caseNo: row.case_no,
    stage: row.stage,
    category: category ? { id: category.id, code: category.code, name: category.name } : null,
    address: row.address,
    reportedAt: row.reported_at.toISOString(),
    distance: Math.round(row.distance * 10) / 10,
    recurrence: row.recurrence,
  };
}
