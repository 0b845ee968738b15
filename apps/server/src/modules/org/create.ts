import { sql } from 'kysely';
import { DEFAULT_GRANTS, ROLES, ROLE_NAMES } from '@wanmi/contracts';
import type { Permission, REGION_KINDS, Role, SCOPE_KINDS, Text, UNIT_KINDS } from '@wanmi/contracts';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { forgetDirectory } from './directory.ts';

type Maker = Pick<Platform, 'clock' | 'db'>;

/** GeoJSON of an area, EPSG:4326; a Polygon becomes a MultiPolygon of one. */
export interface Area {
  type: 'Polygon' | 'MultiPolygon';
  coordinates: unknown;
}

function area(geom: Area | null | undefined) {
  return geom
    ? sql<string>`st_multi(st_setsrid(st_geomfromgeojson(${JSON.stringify(geom)}), 4326))`
    : sql<null>`null`;
}

interface Since {
  /** Default: now; imported history gives its own time. */
  validFrom?: number;
}

export async function createCity(
  db: Db | Trx,
  platform: Maker,
  city: { code: string; name: Text; timeZone: string; geom?: Area | null },
): Promise<string> {
  const at = platform.clock.now();
  const id = uuidv7(at);
  await db
    .insertInto('city')
    .values({
      id,
      code: city.code,
      name: JSON.stringify(city.name),
      time_zone: city.timeZone,
      geom: area(city.geom),
      created_at: new Date(at),
    })
    .execute();
  return id;
}

export interface NewRegion extends Since {
  cityId: string;
  parentId: string | null;
  kind: (typeof REGION_KINDS)[number];
  code: string;
  name: Text;
  geom?: Area | null;
}

export async function createRegion(db: Db | Trx, platform: Maker, region: NewRegion): Promise<string> {
  const at = region.validFrom ?? platform.clock.now();
  const id = uuidv7(at);
  await db
    .insertInto('region')
    .values({
      id,
      city_id: region.cityId,
      parent_id: region.parentId,
      kind: region.kind,
      code: region.code,
      name: JSON.stringify(region.name),
      geom: area(region.geom),
      valid_from: new Date(at),
    })
    .execute();
  forgetDirectory(platform);
  return id;
}

export interface UnitToCreate extends Since {
  cityId: string;
  parentId?: string | null;
  regionId?: string | null;
  kind: (typeof UNIT_KINDS)[number];
  code: string;
  name: Text;
}

export async function createUnit(db: Db | Trx, platform: Maker, unit: UnitToCreate): Promise<string> {
  const at = unit.validFrom ?? platform.clock.now();
  const id = uuidv7(at);
  await db
    .insertInto('unit')
    .values({
      id,
      city_id: unit.cityId,
      parent_id: unit.parentId ?? null,
      region_id: unit.regionId ?? null,
      kind: unit.kind,
      code: unit.code,
      name: JSON.stringify(unit.name),
      valid_from: new Date(at),
    })
    .execute();
  forgetDirectory(platform);
  return id;
}

export async function createRole(
  db: Db | Trx,
  platform: Maker,
  role: { cityId: string; code: Role; name: Text; permissions: readonly Permission[] },
): Promise<string> {
  const id = uuidv7(platform.clock.now());
  await db
    .insertInto('role')
    .values({
      id,
      city_id: role.cityId,
      code: role.code,
      name: JSON.stringify(role.name),
      permissions: [...role.permissions],
    })
    .execute();
  return id;
}

/** The shipped roles with the shipped grants: role code → id. */
export async function seedRoles(db: Db | Trx, platform: Maker, cityId: string): Promise<Map<Role, string>> {
  const ids = new Map<Role, string>();
  for (const code of ROLES) {
    const role = { cityId, code, name: ROLE_NAMES[code], permissions: DEFAULT_GRANTS[code] };
    ids.set(code, await createRole(db, platform, role));
  }
  return ids;
}

export interface PersonToCreate extends Since {
  cityId: string;
  username: string;
  name: string;
  phone?: string | null;
  locale?: string;
  /** Of `hashPassword`; null signs nobody in. */
  passwordHash: string | null;
}

export async function createPerson(db: Db | Trx, platform: Maker, person: PersonToCreate): Promise<string> {
  const at = person.validFrom ?? platform.clock.now();
  const id = uuidv7(at);
  await db
    .insertInto('person')
    .values({
      id,
      city_id: person.cityId,
      username: person.username,
      password_hash: person.passwordHash,
      valid_from: new Date(at),
      ...(person.locale === undefined ? {} : { locale: person.locale }),
    })
    .execute();
  await db
    .insertInto('person_profile')
    .values({ person_id: id, city_id: person.cityId, name: person.name, phone: person.phone ?? null })
    .execute();
  return id;
}

export interface PostToCreate extends Since {
  cityId: string;
  personId: string;
  unitId: string;
  roleId: string;
  name: Text;
  scope: (typeof SCOPE_KINDS)[number];
  scopeRegionId?: string | null;
  /** Beats of a collector. */
  patrolGridIds?: readonly string[];
}

export async function createPost(db: Db | Trx, platform: Maker, post: PostToCreate): Promise<string> {
  const at = post.validFrom ?? platform.clock.now();
  const id = uuidv7(at);
  await db
    .insertInto('post')
    .values({
      id,
      city_id: post.cityId,
      person_id: post.personId,
      unit_id: post.unitId,
      role_id: post.roleId,
      name: JSON.stringify(post.name),
      scope: post.scope,
      scope_region_id: post.scopeRegionId ?? null,
      valid_from: new Date(at),
    })
    .execute();
  const beats = (post.patrolGridIds ?? []).map((gridId) => ({
    post_id: id,
    grid_id: gridId,
    city_id: post.cityId,
    valid_from: new Date(at),
  }));
  if (beats.length > 0) await db.insertInto('post_grid').values(beats).execute();
  return id;
}
