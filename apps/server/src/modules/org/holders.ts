import { sql, type RawBuilder } from 'kysely';
import type { Ref, Role } from '@wanmi/contracts';
import type { Actor, Scope } from '#platform/actor';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { directoryOf, held, type PostHolder } from './directory.ts';
import { managesUnit } from './policy.ts';
import { regionTree, scopeOf } from './scope.ts';

/** A post that is held, with who holds it and how far it reaches. */
export interface Holder extends PostHolder {
  readonly name: string;
  readonly username: string;
  readonly role: Role;
  readonly unit: Ref;
  readonly scope: Scope;
}

export interface HolderFilter {
  readonly postIds?: readonly string[];
  readonly unitIds?: readonly string[];
  readonly role?: string;
  readonly usernames?: readonly string[];
}

/** The posts of a city that are held at a moment, by post (personal data: never for logs, events or facts). */
export async function holdersOf(
  platform: Pick<Platform, 'db' | 'clock'>,
  cityId: string,
  filter: HolderFilter,
  at: number,
  db: Db | Trx = platform.db,
): Promise<ReadonlyMap<string, Holder>> {
  const parts: RawBuilder<unknown>[] = [sql`p.city_id = ${cityId}::uuid`, held(at)];
  if (filter.postIds) parts.push(sql`p.id = any(${[...filter.postIds]}::uuid[])`);
  if (filter.unitIds) parts.push(sql`p.unit_id = any(${[...filter.unitIds]}::uuid[])`);
  if (filter.role !== undefined) parts.push(sql`r.code = ${filter.role}`);
  if (filter.usernames) {
    parts.push(sql`lower(q.username) = any(${filter.usernames.map((one) => one.toLowerCase())}::text[])`);
  }
  const { rows } = await sql<Omit<Holder, 'scope'> & { kind: string; scopeRegionId: string | null }>`
    select p.id as "postId", p.unit_id as "unitId", p.person_id as "personId", f.name, q.username, r.code as role,
           p.scope as kind, p.scope_region_id as "scopeRegionId",
           jsonb_build_object('id', u.id, 'code', u.code, 'name', u.name) as unit
      from post p
      join role r on r.id = p.role_id
      join person q on q.id = p.person_id
      join person_profile f on f.person_id = q.id
      join unit u on u.id = p.unit_id
     where ${sql.join(parts, sql` and `)}
     order by p.id`.execute(db);
  const ground = await directoryOf(platform, cityId);
  return new Map(
    rows.map(({ kind, scopeRegionId, ...one }) => [
      one.postId,
      { ...one, scope: scopeOf({ ...one, scope: kind, scopeRegionId }, ground, []) },
    ]),
  );
}

/** Whether a unit of the city is this actor's to plan for; false for one of another city or nobody's. */
export async function runsUnit(platform: Platform, actor: Actor, unitId: string): Promise<boolean> {
  return managesUnit(actor, await directoryOf(platform, actor.cityId), unitId);
}

/** The units that an actor's scope reaches, with one's own; without it, those that `runsUnit` says yes to. Null: all. */
export async function unitsInReach(
  platform: Platform,
  { scope, cityId, unitId }: Actor,
  withOwn = true,
): Promise<ReadonlySet<string> | null> {
  const own = withOwn ? [unitId] : [];
  switch (scope.kind) {
    case 'city':
      return null;
    case 'region': {
      const ground = await directoryOf(platform, cityId);
      const tree = regionTree(scope.regionIds, ground);
      const there = [...ground.units.values()].filter(
        ({ regionId }) => regionId !== null && tree.has(regionId),
      );
      return new Set([...own, ...there.map((unit) => unit.id)]);
    }
    case 'unit':
      return new Set([...own, ...scope.unitIds]);
    default:
      return new Set(own);
  }
}
