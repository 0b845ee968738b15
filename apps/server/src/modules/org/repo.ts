import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { problem } from '#platform/errors';
import type { Db, Trx } from '#platform/pool';
import type { CityInfo, RegionInfo, UnitInfo } from './directory.ts';
import type { Succession } from './reach.ts';

export async function readCity(db: Db | Trx, cityId: string): Promise<CityInfo> {
  const { rows } = await sql<CityInfo & { box: CityInfo['bounds'] }>`
    with extent as (
      select coalesce(c.geom::box3d,
                      (select st_3dextent(r.geom) from region r where r.city_id = c.id and r.valid_to is null)) as b
        from city c where c.id = ${cityId}::uuid)
    select c.id, c.code, c.name, c.time_zone as "timeZone",
           case when b is not null then array[st_xmin(b), st_ymin(b), st_xmax(b), st_ymax(b)]::float8[] end as box
      from city c, extent where c.id = ${cityId}::uuid`.execute(db);
  const row = rows[0];
  if (!row) throw problem('notFound');
  return {
    id: row.id,
    code: row.code,
    name: row.name,
    timeZone: row.timeZone,
    bounds: row.box,
  };
}

export async function readRegions(db: Db | Trx, cityId: string, at: Date): Promise<RegionInfo[]> {
  const { rows } = await sql<RegionInfo>`
    select id, kind, parent_id as "parentId", code, name, coalesce(valid_to <= ${at}, false) as closed
      from region where city_id = ${cityId}::uuid order by code, id`.execute(db);
  return rows;
}

export async function readUnits(db: Db | Trx, cityId: string, at: Date): Promise<UnitInfo[]> {
  const { rows } = await sql<UnitInfo>`
    select id, kind, parent_id as "parentId", region_id as "regionId", code, name, duty,
           coalesce(valid_to <= ${at}, false) as closed
      from unit where city_id = ${cityId}::uuid order by code, id`.execute(db);
  return rows;
}

type KindSuccession = Succession & { readonly kind: 'region' | 'unit' };

export async function readSuccessions(db: Db | Trx, cityId: string): Promise<KindSuccession[]> {
  const { rows } = await sql<KindSuccession>`
    select s.kind, s.from_id as "from", s.to_id as "to", s.how,
           coalesce(r.valid_from, u.valid_from) >= s.at as born
      from succession s
      left join region r on s.kind = 'region' and r.id = s.to_id
      left join unit u on s.kind = 'unit' and u.id = s.to_id
     where s.city_id = ${cityId}::uuid and s.kind in ('region', 'unit')`.execute(db);
  return rows;
}

/** All successions that hang together with these grids: there are too many grids to keep them all in mind. */
export function gridSuccessionsQuery(gridIds: readonly string[]): RawBuilder<Succession> {
  return sql<Succession>`
    with recursive kin(id) as (
      select unnest(${[...gridIds]}::uuid[])
      union
      select next.id from kin cross join lateral (
        select to_id as id from succession where kind = 'grid' and from_id = kin.id
        union all
        select from_id from succession where kind = 'grid' and to_id = kin.id) next)
    select s.from_id as "from", s.to_id as "to", s.how, g.valid_from >= s.at as born
      from succession s join grid g on g.id = s.to_id
     where s.kind = 'grid' and s.from_id in (select id from kin)`;
}

export async function readGridSuccessions(db: Db | Trx, gridIds: readonly string[]): Promise<Succession[]> {
  return gridIds.length === 0 ? [] : (await gridSuccessionsQuery(gridIds).execute(db)).rows;
}

/** The beats of a post at a moment. */
export async function readPatrolGrids(db: Db | Trx, postId: string, at: Date): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`/*= org.beats */
    select grid_id as id from post_grid
     where post_id = ${postId}::uuid and valid_from <= ${at} and (valid_to is null or valid_to > ${at})
     order by grid_id`.execute(db);
  return rows.map((row) => row.id);
}

export interface SessionRow {
  cityId: string;
  personId: string;
  postId: string;
  unitId: string;
  role: string;
  permissions: string[];
  scope: string;
  scopeRegionId: string | null;
  locale: string;
  /** The first of: end of the session, of the post, of the person. */
  expiresAt: Date;
  revoked: boolean;
}

/** Runs for every session each five seconds, on the primary key. */
export function sessionQuery(tokenHash: Buffer): RawBuilder<SessionRow> {
  return sql<SessionRow>`/*= org.session */
    select s.city_id as "cityId", s.person_id as "personId", s.post_id as "postId", p.unit_id as "unitId",
           r.code as role, r.permissions, p.scope, p.scope_region_id as "scopeRegionId", q.locale,
           least(s.expires_at, p.valid_to, q.valid_to) as "expiresAt", s.revoked_at is not null as revoked
      from session s
      join person q on q.id = s.person_id
      join post p on p.id = s.post_id
      join role r on r.id = p.role_id
     where s.token_hash = ${tokenHash}`;
}

export async function readSession(db: Db | Trx, tokenHash: Buffer): Promise<SessionRow | null> {
  const { rows } = await sessionQuery(tokenHash).execute(db);
  return rows[0] ?? null;
}
