import { sql } from 'kysely';
import type { REGION_KINDS, Ref, Role, Text, UNIT_KINDS } from '@wanmi/contracts';
import type { Db, Trx } from '#platform/pool';
import type { Platform } from '#platform/platform';
import { TtlCache, perPlatform } from '#platform/ttl-cache';
import type { Succession } from './reach.ts';
import { readCity, readRegions, readSuccessions, readUnits } from './repo.ts';

export interface RegionInfo {
  readonly id: string;
  readonly kind: (typeof REGION_KINDS)[number];
  readonly parentId: string | null;
  readonly code: string;
  readonly name: Text;
  readonly closed: boolean;
}

export interface UnitInfo {
  readonly id: string;
  readonly kind: (typeof UNIT_KINDS)[number];
  readonly parentId: string | null;
  readonly regionId: string | null;
  readonly code: string;
  readonly name: Text;
  /** What a department answers for, as the rules' table of units has it. */
  readonly duty: string | null;
  readonly closed: boolean;
}

export interface CityInfo {
  readonly id: string;
  readonly code: string;
  readonly name: Text;
  readonly timeZone: string;
  /** west, south, east, north */
  readonly bounds: readonly [number, number, number, number] | null;
}

export interface Directory {
  readonly city: CityInfo;
  /** Closed ones too: old rows name them. */
  readonly regions: ReadonlyMap<string, RegionInfo>;
  readonly units: ReadonlyMap<string, UnitInfo>;
  readonly regionSuccessions: readonly Succession[];
  readonly unitSuccessions: readonly Succession[];
}

type Reader = Pick<Platform, 'db' | 'clock'>;

/** How long another process's change may stay unknown. */
const TTL = 5000;
const caches = perPlatform(() => new TtlCache<Directory>(TTL, 500));

/** Regions and units of a city, as of now; from memory for some seconds. */
export function directoryOf(platform: Reader, cityId: string): Promise<Directory> {
  return caches(platform).get(cityId, () => readDirectory(platform, cityId));
}

/** After a write (when it is committed), so that the writer sees it at once. */
export function forgetDirectory(platform: Reader): void {
  caches(platform).clear();
}

async function readDirectory({ db, clock }: Reader, cityId: string): Promise<Directory> {
  const at = new Date(clock.now());
  const [city, regions, units, successions] = await Promise.all([
    readCity(db, cityId),
    readRegions(db, cityId, at),
    readUnits(db, cityId, at),
    readSuccessions(db, cityId),
  ]);
  return {
    city,
    regions: new Map(regions.map((region) => [region.id, region])),
    units: new Map(units.map((unit) => [unit.id, unit])),
    regionSuccessions: successions.filter((one) => one.kind === 'region'),
    unitSuccessions: successions.filter((one) => one.kind === 'unit'),
  };
}

/** Every unit of a city by id, closed ones too. */
export async function unitsOf(platform: Reader, cityId: string): Promise<ReadonlyMap<string, UnitInfo>> {
  return (await directoryOf(platform, cityId)).units;
}

/** Where the work of a unit is done now: itself, or who took over; null where nobody did. */
export async function currentUnitId(
  platform: Reader,
  cityId: string,
  unitId: string,
): Promise<string | null> {
  const { units, unitSuccessions } = await directoryOf(platform, cityId);
  const seen = new Set<string>();
  for (let id = unitId; !seen.has(id);) {
    if (units.get(id)?.closed === false) return id;
    seen.add(id);
    // A split has no one heir: a person decides.
    const heirs = unitSuccessions.filter((one) => one.from === id && one.how !== 'split');
    if (heirs.length !== 1) return null;
    id = heirs[0]!.to;
  }
  return null;
}

/** Every region of a city by id, closed ones too. */
export async function regionsOf(platform: Reader, cityId: string): Promise<ReadonlyMap<string, RegionInfo>> {
  return (await directoryOf(platform, cityId)).regions;
}

/** Code, name, time zone and bounds of a city. */
export async function cityOf(platform: Reader, cityId: string): Promise<CityInfo> {
  return (await directoryOf(platform, cityId)).city;
}

export interface PostName {
  /** Of the person who holds or held it. */
  readonly name: string;
  readonly role: Role;
  readonly unit: Ref;
}

/** Who is behind posts, for screens (personal data: never for logs, events or facts). */
export async function postNames(
  db: Db | Trx,
  postIds: readonly string[],
): Promise<ReadonlyMap<string, PostName>> {
  if (postIds.length === 0) return new Map();
  const { rows } = await sql<{ id: string; name: string; role: Role; unit: Ref }>`/*= org.postNames */
    select p.id, f.name, r.code as role,
           jsonb_build_object('id', u.id, 'code', u.code, 'name', u.name) as unit
      from post p
      join person_profile f on f.person_id = p.person_id
      join role r on r.id = p.role_id
      join unit u on u.id = p.unit_id
     where p.id = any(${[...postIds]}::uuid[])`.execute(db);
  return new Map(rows.map(({ id, ...post }) => [id, post]));
}

export interface PostHolder {
  readonly postId: string;
  readonly unitId: string;
  readonly personId: string;
}

/** The posts of a unit and role that are held at a moment. */
export async function postsFor(
  db: Db | Trx,
  { unitId, role, at }: { unitId: string; role: string; at: number },
): Promise<PostHolder[]> {
  const { rows } = await sql<PostHolder>`
    select p.id as "postId", p.unit_id as "unitId", p.person_id as "personId"
      from post p join role r on r.id = p.role_id join person q on q.id = p.person_id
     where p.unit_id = ${unitId}::uuid and r.code = ${role} and ${held(at)}
     order by p.id`.execute(db);
  return rows;
}

/** Whether somebody holds a post at a moment. */
export async function isHeld(db: Db | Trx, postId: string, at: number): Promise<boolean> {
  const { rows } = await sql`
    select 1 from post p join person q on q.id = p.person_id
     where p.id = ${postId}::uuid and ${held(at)}`.execute(db);
  return rows.length > 0;
}

/** The post `p` is held, by a person `q` who is not disabled. */
export function held(at: number) {
  const time = new Date(at);
  return sql`p.valid_from <= ${time} and (p.valid_to is null or p.valid_to > ${time})
    and (q.valid_to is null or q.valid_to > ${time})`;
}
