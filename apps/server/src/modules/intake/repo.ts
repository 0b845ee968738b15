import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import type { Report, ReportQuery, SimilarCase } from '@wanmi/contracts';
import { newestReports } from './newest.ts';
import { BLIND_ROLES, caseScopeSql, type KeptSimilar } from '#modules/cases';
import { catalogOf, type Catalog, type CatalogCategory } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { uuidv7Floor, uuidv7Since } from '#platform/ids';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import type { Db } from '#platform/pool';

const SIMILAR_LIMIT = 10;

/** A degree of latitude in metres; a box first, so that the GiST index serves, then the true distance. */
const METRES_PER_DEGREE = 111_320;

/** Open cases of the category within its metres and hours, nearest first; only those in the actor's scope. */
export async function similarCases(
  platform: Platform,
  actor: Actor,
  category: CatalogCategory,
  point: { lon: number; lat: number },
): Promise<SimilarCase[]> {
  const { lon, lat } = point;
  const dLat = category.similarMetres / METRES_PER_DEGREE;
  const dLon = dLat / Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  const since = uuidv7Floor(platform.clock.now() - category.similarHours * 3600_000);
  const here = sql`st_setsrid(st_makepoint(${lon}::float8, ${lat}::float8), 4326)`;
  const found = await sql<SimilarRow>`
    select c.id, c.case_no, c.stage, c.category_id, c.address, c.reported_at,
      st_distance(c.geom::geography, ${here}::geography)::float8 as distance
    from "case" c
    where c.geom && st_makeenvelope(${lon - dLon}::float8, ${lat - dLat}::float8, ${lon + dLon}::float8,
        ${lat + dLat}::float8, 4326)
      and c.ended_at is null and c.category_id = ${category.id}::uuid and c.id >= ${since}::uuid
      and st_dwithin(c.geom::geography, ${here}::geography, ${category.similarMetres}::float8)
      and ${caseScopeSql(actor.scope, actor.cityId)}
    order by distance, c.id limit ${SIMILAR_LIMIT}`.execute(platform.db);
  const catalog = await catalogOf(platform, actor.cityId);
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
    select c.id, c.case_no, c.stage, c.category_id, c.address, c.reported_at, k.distance
    from jsonb_to_recordset(${JSON.stringify(kept)}::jsonb) as k(id uuid, distance float8)
    join "case" c on c.id = k.id
    where ${caseScopeSql(actor.scope, actor.cityId)} order by k.distance, c.id`.execute(platform.db);
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
  };
}

/** 王**, 138****5678: enough to recognise a caller who is on the line, too little to find anybody. */
export function maskName(name: string | null): string | null {
  return name === null || name === '' ? null : `${[...name][0]}**`;
}

export function maskPhone(phone: string | null): string | null {
  if (phone === null || phone === '') return null;
  const digits = phone.replace(/\D/g, '');
  return digits.length < 8 ? '****' : `${digits.slice(0, 3)}****${digits.slice(-4)}`;
}

const Cursor = z.object({ i: z.uuid() });

interface Row {
  id: string;
  case_id: string;
  case_no: string;
  kind: Report['kind'];
  source: Report['source'];
  category_id: string | null;
  description: string;
  address: string | null;
  lon: number | null;
  lat: number | null;
  reported_at: Date;
  received_at: Date;
  external_ref: string | null;
  reporter_id: string | null;
  name: string | null;
  phone: string | null;
  outcome: Report['outcome'];
}

/** Reports of the cases in scope, newest first. */
export async function listReports(
  platform: Platform,
  actor: Actor,
  query: z.output<typeof ReportQuery>,
): Promise<{ items: Report[]; next: string | null }> {
  const catalog = await catalogOf(platform, actor.cityId);
  const parts: RawBuilder<unknown>[] = [];
  if (query.kind) parts.push(sql`r.kind = ${query.kind}`);
  if (query.source) parts.push(sql`r.source = ${query.source}`);
  if (query.caseId) parts.push(sql`r.case_id = ${query.caseId}::uuid`);
  if (query.from) parts.push(sql`r.id >= ${uuidv7Since(query.from)}::uuid`);
  if (query.to) parts.push(sql`r.id < ${uuidv7Since(query.to)}::uuid`);
  if (query.cursor) parts.push(sql`r.id < ${decodeCursor(query.cursor, Cursor)!.i}::uuid`);
  const found = await sql<Row>`
    select r.id, r.case_id, c.case_no, r.kind, r.source, r.category_id, r.description, r.address,
      st_x(r.geom) as lon, st_y(r.geom) as lat, r.reported_at, r.received_at, r.external_ref, r.reporter_id,
      p.name, p.phone, c.outcome
    from (${newestReports(actor, parts, query.limit + 1)}) r join "case" c on c.id = r.case_id
      left join reporter p on p.id = r.reporter_id
    order by r.id desc`.execute(platform.db);
  const page = pageOf(found.rows, query.limit, (row) => ({ i: row.id }));
  const blind = BLIND_ROLES.has(actor.role);
  return {
    next: page.next,
    items: page.items.map((row) => {
      const category = catalog.categoryById.get(row.category_id ?? '');
      return {
        id: row.id,
        caseId: row.case_id,
        caseNo: row.case_no,
        kind: row.kind,
        source: row.source,
        category: category ? { id: category.id, code: category.code, name: category.name } : null,
        description: row.description,
        address: row.address,
        point: row.lon === null || row.lat === null ? null : { lon: row.lon, lat: row.lat },
        reportedAt: row.reported_at.toISOString(),
        receivedAt: row.received_at.toISOString(),
        externalRef: row.external_ref,
        reporter:
          blind || row.reporter_id === null
            ? null
            : { name: maskName(row.name), phone: maskPhone(row.phone), masked: true },
        outcome: row.outcome,
      };
    }),
  };
}

/** The reporters of a case, unmasked. The caller has checked permission and scope and writes the audit. */
export async function reportersOf(
  db: Db,
  cityId: string,
  caseId: string,
): Promise<{ reportId: string; name: string | null; phone: string | null }[]> {
  const found = await sql<{ reportId: string; name: string | null; phone: string | null }>`
    select r.id as "reportId", p.name, p.phone from report r join reporter p on p.id = r.reporter_id
    where r.case_id = ${caseId}::uuid and r.city_id = ${cityId}::uuid and p.erased_at is null
    order by r.id limit 100`.execute(db);
  return found.rows;
}
