import type { ControlGeometry, ControlHours, ControlKind, Text } from '@wanmi/contracts';
import { sql, type RawBuilder } from 'kysely';
import { asGeoJson, box, point, type Bbox, type LonLat } from '#platform/geo';
import type { Db, Trx } from '#platform/pool';

type At = Db | Trx;

export interface ControlRow {
  readonly id: string;
  readonly code: string;
  readonly kind: ControlKind;
  readonly name: Text;
  readonly region: { readonly id: string; readonly code: string; readonly name: Text } | null;
  readonly drawn: boolean;
  readonly categoryIds: readonly string[] | null;
  readonly hours: ControlHours | null;
  readonly weekdays: readonly number[] | null;
  readonly validFrom: Date;
  readonly validTo: Date | null;
}

const COLUMNS = sql`c.id, c.code, c.kind, c.name, c.geom is not null as drawn, c.category_ids as "categoryIds",
  case when c.from_time is not null then json_build_object('from', to_char(c.from_time, 'HH24:MI'),
    'to', to_char(c.to_time, 'HH24:MI')) end as hours,
  c.weekdays::int[] as weekdays, c.valid_from as "validFrom", c.valid_to as "validTo"`;
const REGION = sql`case when r.id is not null then json_build_object('id', r.id, 'code', r.code, 'name', r.name) end as region`;

const inForce = (at: Date) => sql`c.valid_from <= ${at} and (c.valid_to is null or c.valid_to > ${at})`;
const speaksOf = (categoryIds: readonly string[]) =>
  sql`(c.category_ids is null or c.category_ids && ${[...categoryIds]}::uuid[])`;

/** Where something is: a point, or the unit grid in which it lies; and the regions that are known already. */
export interface ControlPlace {
  readonly point?: LonLat | null;
  readonly unitGridId?: string | null;
  readonly regionIds?: readonly (string | null)[];
}

export interface SpokenQuestion {
  readonly cityId: string;
  readonly place: ControlPlace;
  /** The category and those above it; none: only what speaks of every category. */
  readonly categoryIds: readonly string[];
  readonly at: Date;
}

/**
 * Controls in force that speak of a place and category, whatever the hour. One look by index for each way in which
 * they may: drawn around the point, of a region that holds it (by key up the tree, or by its area: zones, and regions
 * that were renamed since), of the whole city. Apart, so that its plan can be shown.
 */
export function spokenSql({ cityId, place, categoryIds, at }: SpokenQuestion): RawBuilder<ControlRow> {
  const here = place.point
    ? point(place.point)
    : sql`(select st_pointonsurface(geom) from grid where id = ${place.unitGridId ?? null}::uuid)`;
  const known = (place.regionIds ?? []).filter((id) => id !== null);
  return sql<ControlRow>`/*= control.spoken */
    with recursive up as (
      select r.id, r.parent_id from region r where r.id = any(${known}::uuid[]) and r.city_id = ${cityId}::uuid
      union
      select r.id, r.parent_id from region r join up on r.id = up.parent_id
    ), holding as (
      select id from up
      union
      select r.id from region r where r.city_id = ${cityId}::uuid and st_intersects(r.geom, ${here})
    ), found as (
      select c.* from control_area c join holding h on h.id = c.region_id
      union all
      select c.* from control_area c where c.geom is not null and st_intersects(c.geom, ${here})
      union all
      select c.* from control_area c where c.region_id is null and c.geom is null and c.city_id = ${cityId}::uuid
    )
    select ${COLUMNS}, null as region from found c
     where c.city_id = ${cityId}::uuid and ${inForce(at)} and ${speaksOf(categoryIds)}
     order by c.code, c.id`;
}

export async function readSpoken(db: At, question: SpokenQuestion): Promise<ControlRow[]> {
  return (await spokenSql(question).execute(db)).rows;
}

export interface ListQuestion {
  readonly cityId: string;
  readonly kind: ControlKind | undefined;
  readonly categoryIds: readonly string[] | null;
  readonly regionId: string | undefined;
  readonly at: Date | null;
  readonly before: string | undefined;
  readonly limit: number;
}

/** The newest first. */
export async function listControls(db: At, ask: ListQuestion): Promise<ControlRow[]> {
  const parts = [sql`c.city_id = ${ask.cityId}::uuid`];
  if (ask.kind) parts.push(sql`c.kind = ${ask.kind}`);
  if (ask.categoryIds) parts.push(speaksOf(ask.categoryIds));
  if (ask.regionId) parts.push(sql`c.region_id = ${ask.regionId}::uuid`);
  if (ask.at) parts.push(inForce(ask.at));
  if (ask.before) parts.push(sql`c.id < ${ask.before}::uuid`);
  const { rows } = await sql<ControlRow>`
    select ${COLUMNS}, ${REGION} from control_area c left join region r on r.id = c.region_id
     where ${sql.join(parts, sql` and `)} order by c.id desc limit ${ask.limit}`.execute(db);
  return rows;
}

export async function readControl(
  db: At,
  cityId: string,
  id: string,
): Promise<(ControlRow & { geometry: ControlGeometry | null }) | undefined> {
  const { rows } = await sql<ControlRow & { geometry: ControlGeometry | null }>`
    select ${COLUMNS}, ${REGION}, ${asGeoJson(sql.ref('c.geom'))} as geometry
      from control_area c left join region r on r.id = c.region_id
     where c.id = ${id}::uuid and c.city_id = ${cityId}::uuid`.execute(db);
  return rows[0];
}

export type DrawnRow = Pick<ControlRow, 'id' | 'code' | 'kind' | 'name' | 'hours'> & {
  geometry: Record<string, unknown>;
};

/** Controls in force whose area, drawn or a region's, touches the box; at most `limit`. */
export async function controlsInBox(
  db: At,
  cityId: string,
  bbox: Bbox,
  at: Date,
  limit: number,
): Promise<DrawnRow[]> {
  const touches = (geom: string) =>
    sql`${sql.ref(geom)} && ${box(bbox)} and st_intersects(${sql.ref(geom)}, ${box(bbox)})`;
  const { rows } = await sql<DrawnRow>`
    select ${COLUMNS}, ${asGeoJson(sql.ref('c.area'))} as geometry from (
      select c.*, c.geom as area from control_area c where c.geom is not null and ${touches('c.geom')}
      union all
      select c.*, r.geom from control_area c join region r on r.id = c.region_id where ${touches('r.geom')}
    ) c where c.city_id = ${cityId}::uuid and ${inForce(at)} order by c.code, c.id limit ${limit}`.execute(
    db,
  );
  return rows;
}

export interface NewRow {
  readonly id: string;
  readonly cityId: string;
  readonly code: string;
  readonly kind: ControlKind;
  readonly name: Text;
  readonly regionId: string | null;
  readonly geometry: ControlGeometry | null;
  readonly categoryIds: readonly string[] | null;
  readonly hours: ControlHours | null;
  readonly weekdays: readonly number[] | null;
  readonly validFrom: Date;
  readonly validTo: Date | null;
}

export async function insertControl(trx: At, row: NewRow): Promise<void> {
  await sql`
    insert into control_area (id, city_id, code, kind, name, region_id, geom, category_ids, from_time, to_time,
      weekdays, valid_from, valid_to)
    values (${row.id}, ${row.cityId}, ${row.code}, ${row.kind}, ${JSON.stringify(row.name)}::jsonb, ${row.regionId},
      ${geometryOf(row.geometry)}, ${row.categoryIds && [...row.categoryIds]}::uuid[], ${row.hours?.from ?? null}::time,
      ${row.hours?.to ?? null}::time, ${row.weekdays && [...row.weekdays]}::smallint[], ${row.validFrom},
      ${row.validTo})`.execute(trx);
}

function geometryOf(geometry: ControlGeometry | null): RawBuilder<unknown> {
  return sql`st_multi(st_setsrid(st_geomfromgeojson(${geometry && JSON.stringify(geometry)}::text), 4326))`;
}

/** Writers of one city's controls wait for each other, so that no two rows of a code overlap. */
export async function lockControls(trx: Trx, cityId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('wanmi.control'), hashtext(${cityId}::text))`.execute(trx);
}

/** Whether a row of that code is in force at any moment from one to another (null: for ever). */
export async function isCodeTaken(
  trx: Trx,
  { cityId, code, validFrom, validTo }: Pick<NewRow, 'cityId' | 'code' | 'validFrom' | 'validTo'>,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from control_area c
     where c.city_id = ${cityId}::uuid and c.code = ${code} and tstzrange(c.valid_from, c.valid_to)
       && tstzrange(${validFrom}, ${validTo}) limit 1`.execute(trx);
  return rows.length > 0;
}

export async function endControl(trx: Trx, id: string, at: Date): Promise<void> {
  await sql`update control_area set valid_to = ${at} where id = ${id}::uuid`.execute(trx);
}

export interface AreaFacts {
  /** Null: it is sound; else what is wrong with it. */
  readonly fault: string | null;
  readonly insideCity: boolean;
  /** Lies in one of the writer's regions. */
  readonly within: boolean;
}

/** What is to be known of a drawn area before it is kept; `regionIds` are those of its writer. */
export async function areaFacts(
  db: At,
  cityId: string,
  geometry: ControlGeometry,
  regionIds: readonly string[],
): Promise<AreaFacts> {
  // What crosses itself is not asked further: PostGIS would answer wrongly, or not at all.
  const { rows } = await sql<AreaFacts>`
    select case when sound then null else st_isvalidreason(g) end as fault,
      sound and coalesce((select st_intersects(geom, g) from city where id = ${cityId}::uuid), true) as "insideCity",
      sound and coalesce((select st_coveredby(g, st_union(geom)) from region
        where id = any(${[...regionIds]}::uuid[])), false) as within
    from (select g, st_isvalid(g) as sound from (select ${geometryOf(geometry)} as g) a) b`.execute(db);
  return rows[0]!;
}

export interface RegionFacts {
  readonly open: boolean;
  readonly within: boolean;
}

/** A region of the city, and whether it is one of the writer's or below one of them. */
export async function regionFacts(
  db: At,
  cityId: string,
  regionId: string,
  regionIds: readonly string[],
): Promise<RegionFacts | undefined> {
  const { rows } = await sql<RegionFacts>`
    with recursive up as (
      select id, parent_id from region where id = ${regionId}::uuid
      union
      select r.id, r.parent_id from region r join up on r.id = up.parent_id
    )
    select r.valid_to is null as open, exists (select 1 from up where id = any(${[...regionIds]}::uuid[])) as within
      from region r where r.id = ${regionId}::uuid and r.city_id = ${cityId}::uuid`.execute(db);
  return rows[0];
}
