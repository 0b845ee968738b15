import type { Role, ScopeKind, Text, UnitKind } from '@wanmi/contracts';
import { sql } from 'kysely';
import { uuidv7 } from '#platform/ids';
import type { Trx } from '#platform/pool';
import { insertRows } from './bulk.ts';
import { idsOf, iso, need, SeedError, type Target } from './target.ts';

export interface UnitFile {
  readonly code: string;
  readonly parent: string | null;
  readonly kind: UnitKind;
  readonly name: Text;
  /** What a department answers for; what conditions and manual name. */
  readonly duty?: string | null;
  readonly calendar?: string | null;
  readonly regionId?: string | null;
}

export async function insertUnits(
  target: Target,
  units: readonly UnitFile[],
): Promise<ReadonlyMap<string, string>> {
  const ids = idsOf(target, units);
  await insertRows(
    target.trx,
    'unit',
    units.map((unit) => ({
      id: need(ids, unit.code, 'unit'),
      city_id: target.cityId,
      parent_id: unit.parent === null ? null : need(ids, unit.parent, 'unit'),
      region_id: unit.regionId ?? null,
      kind: unit.kind,
      code: unit.code,
      name: unit.name,
      duty: unit.duty ?? null,
      calendar: unit.calendar ?? null,
      valid_from: iso(target.at),
    })),
    { oneStatement: true },
  );
  return ids;
}

export interface PersonFile {
  readonly username: string;
  readonly name: string;
  readonly locale?: string;
  readonly post: {
    readonly role: Role;
    readonly unitId: string;
    readonly name: Text;
    readonly scope: ScopeKind;
    readonly scopeRegionId?: string | null;
    readonly patrolGridIds?: readonly string[];
  };
}

/**
 * People with one post each; `passwordHash` is that of all of them, null signs nobody in. User names are unique in
 * the whole database.
 */
export async function insertPeople(
  target: Target,
  roleIds: ReadonlyMap<string, string>,
  people: readonly PersonFile[],
  passwordHash: string | null,
): Promise<ReadonlyMap<string, string>> {
  const { trx, cityId, at } = target;
  await refuseTaken(trx, people);
  const rows = people.map((person) => ({ person, personId: uuidv7(at), postId: uuidv7(at) }));
  await insertRows(
    trx,
    'person',
    rows.map(({ person, personId }) => ({
      id: personId,
      city_id: cityId,
      username: person.username,
      password_hash: passwordHash,
      locale: person.locale ?? 'zh-CN',
      failed_logins: 0,
      valid_from: iso(at),
    })),
  );
  await insertRows(
    trx,
    'person_profile',
    rows.map(({ person, personId }) => ({ person_id: personId, city_id: cityId, name: person.name })),
  );
  await insertRows(
    trx,
    'post',
    rows.map(({ person: { post }, personId, postId }) => ({
      id: postId,
      city_id: cityId,
      person_id: personId,
      unit_id: post.unitId,
      role_id: need(roleIds, post.role, 'role'),
      name: post.name,
      scope: post.scope,
      scope_region_id: post.scopeRegionId ?? null,
      valid_from: iso(at),
    })),
  );
  await insertRows(
    trx,
    'post_grid',
    rows.flatMap(({ person: { post }, postId }) =>
      (post.patrolGridIds ?? []).map((gridId) => ({
        post_id: postId,
        grid_id: gridId,
        city_id: cityId,
        valid_from: iso(at),
      })),
    ),
  );
  return new Map(rows.map(({ person, postId }) => [person.username, postId]));
}

async function refuseTaken(trx: Trx, people: readonly PersonFile[]): Promise<void> {
  const names = people.map((person) => person.username.toLowerCase());
  const { rows } = await sql<{ username: string }>`
    select username from person where lower(username) = any(${names}::text[]) limit 1`.execute(trx);
  if (rows[0]) throw new SeedError(`the user name ${rows[0].username} is taken: give this city a userSuffix`);
}
