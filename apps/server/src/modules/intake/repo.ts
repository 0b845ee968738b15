import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';
import { EVENT_OF_ACTION, type Report, type ReportQuery, type RevealedReporter } from '@wanmi/contracts';
import { newestReports } from './newest.ts';
import { BLIND_ROLES, visibleCaseSql } from '#modules/cases';
import { catalogOf, type Catalog } from '#modules/catalog';
import type { Actor } from '#platform/actor';
import { uuidv7Since } from '#platform/ids';
import { decodeCursor, pageOf } from '#platform/paging';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';

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
  erased_at: Date | null;
  outcome: Report['outcome'];
}

const COLUMNS = sql`r.id, r.case_id, c.case_no, r.kind, r.source, r.category_id, r.description, r.address,
  st_x(r.geom) as lon, st_y(r.geom) as lat, r.reported_at, r.received_at, r.external_ref, r.reporter_id,
  p.name, p.phone, p.erased_at, c.outcome`;

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
    select ${COLUMNS}
    from (${newestReports(actor, parts, query.limit + 1)}) r join "case" c on c.id = r.case_id
      left join reporter p on p.id = r.reporter_id
    order by r.id desc`.execute(platform.db);
  const page = pageOf(found.rows, query.limit, (row) => ({ i: row.id }));
  return { next: page.next, items: page.items.map((row) => toReport(catalog, actor, row)) };
}

function toReport(catalog: Catalog, actor: Actor, row: Row): Report {
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
      BLIND_ROLES.has(actor.role) || row.reporter_id === null
        ? null
        : {
            name: maskName(row.name),
            phone: maskPhone(row.phone),
            masked: true,
            erased: row.erased_at !== null,
          },
    outcome: row.outcome,
  };
}

/** One report of a case that this actor may see; null where there is none. */
export async function findReport(platform: Platform, actor: Actor, reportId: string): Promise<Report | null> {
  const found = await sql<Row>`
    select ${COLUMNS} from report r join "case" c on c.id = r.case_id left join reporter p on p.id = r.reporter_id
    where r.id = ${reportId}::uuid and ${visibleCaseSql(actor)}`.execute(platform.db);
  const [row] = found.rows;
  if (!row) return null;
  const catalog = await catalogOf(platform, actor.cityId);
  return toReport(catalog, actor, row);
}

/** Where and when a report was, for what speaks of its place; null where there is no such report. */
export async function readPlaceOf(db: Db, cityId: string, reportId: string): Promise<ReportedPlace | null> {
  const { rows } = await sql<
    Omit<ReportedPlace, 'point' | 'reportedAt'> & { lon: number | null; lat: number | null; at: Date }
  >`
    select r.kind, r.category_id as "categoryId", st_x(r.geom) as lon, st_y(r.geom) as lat, r.reported_at as at,
      r.street_id as "streetId", r.community_id as "communityId", null as "districtId"
    from report r where r.id = ${reportId}::uuid and r.city_id = ${cityId}::uuid`.execute(db);
  const [row] = rows;
  if (!row) return null;
  const { lon, lat, at, ...rest } = row;
  return { ...rest, point: lon === null || lat === null ? null : { lon, lat }, reportedAt: at.getTime() };
}

/** The district follows from the street by the tree. */
export interface ReportedPlace {
  readonly kind: string;
  readonly categoryId: string | null;
  readonly point: { readonly lon: number; readonly lat: number } | null;
  readonly reportedAt: number;
  readonly districtId: null;
  readonly streetId: string | null;
  readonly communityId: string | null;
}

export interface Told {
  action: 'answer' | 'transferOut';
  /** As the log keeps it: numbers masked. */
  text: string | null;
  to: string | null;
  at: Date;
}

/** What was told to who reported the case: the last answer or transfer in its log. */
export async function readAnswer(db: Db, caseId: string): Promise<Told | null> {
  const { rows } = await sql<Told>`
    select t.action, coalesce(t.data ->> 'result', t.data ->> 'note') as text, t.data ->> 'to' as to, e.at
    from case_event e, lateral (select e.body::jsonb #>> '{payload,task,action}' as action,
      e.body::jsonb #> '{payload,data}' as data) t
    where e.case_id = ${caseId}::uuid and e.type in (${EVENT_OF_ACTION.answer}, ${EVENT_OF_ACTION.transferOut})
    order by e.seq desc limit 1`.execute(db);
  return rows[0] ?? null;
}

/** Name and number go, at that moment; the report and the log stay. Answers when they went, if anybody was named. */
export async function eraseReporter(
  db: Db | Trx,
  cityId: string,
  reportId: string,
  at: Date,
): Promise<Date | null> {
  const { rows } = await sql<{ erased_at: Date }>`
    update reporter p set name = null, phone = null, erased_at = coalesce(p.erased_at, ${at})
      from report r
     where r.id = ${reportId}::uuid and r.city_id = ${cityId}::uuid and p.id = r.reporter_id
    returning p.erased_at`.execute(db);
  return rows[0]?.erased_at ?? null;
}

/** The reporters of a case, unmasked. The caller has checked permission and scope and writes the audit. */
export async function reportersOf(
  db: Db,
  cityId: string,
  caseId: string,
): Promise<z.output<typeof RevealedReporter>[]> {
  const found = await sql<Omit<z.output<typeof RevealedReporter>, 'erasedAt'> & { erased_at: Date | null }>`
    select r.id as "reportId", p.name, p.phone, p.erased_at
    from report r join reporter p on p.id = r.reporter_id
    where r.case_id = ${caseId}::uuid and r.city_id = ${cityId}::uuid
    order by r.id limit 100`.execute(db);
  return found.rows.map(({ erased_at, ...one }) => ({ ...one, erasedAt: erased_at?.toISOString() ?? null }));
}
