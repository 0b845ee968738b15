import { sql } from 'kysely';
import type { NewPerson, NewPost, SCOPE_KINDS } from '@wanmi/contracts';
import { ROLE_NAMES } from '@wanmi/contracts';
import type { z } from 'zod';
import { audit } from '#modules/audit';
import type { Actor } from '#platform/actor';
import { invalid, problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { hashPassword } from '#platform/password';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { tellOrgChange } from './changes.ts';
import { createPerson, createPost } from './create.ts';
import { directoryOf } from './directory.ts';
import { forgetFailures } from './failures.ts';
import { checkPassword } from './password-rule.ts';
import { managesPost } from './policy.ts';
import type { Reach } from './policy.ts';
import { regionTree } from './scope.ts';
import { endSessions, forgetSessions } from './sessions.ts';
import type { Ending } from './sessions.ts';

type PersonInput = z.output<typeof NewPerson>;
type PostInput = z.output<typeof NewPost>;

/** A new person, with posts. @throws auth.weakPassword, conflict.taken (user name), permission.denied, notFound */
export async function addPerson(
  platform: Platform,
  actor: Actor,
  input: PersonInput,
  meta: CommandMeta,
): Promise<string> {
  checkPassword(input.password, [input.username, input.name]);
  // A person without a post belongs to no unit: only the city's administrator sees such people.
  if (input.posts.length === 0 && actor.scope.kind !== 'city') {
    throw problem('permission.denied', { reason: 'scope' });
  }
  for (const post of input.posts) await checkPost(platform, actor, post);
  const passwordHash = await hashPassword(input.password);
  return platform.db.transaction().execute(async (trx) => {
    const personId = await createPerson(trx, platform, {
      cityId: actor.cityId,
      username: input.username,
      name: input.name,
      phone: input.phone ?? null,
      locale: input.locale,
      passwordHash,
    });
    for (const post of input.posts) await insertPost(trx, platform, actor, personId, post, meta);
    await record(trx, platform, actor, 'person.create', 'person', personId, meta);
    return personId;
  });
}

/** Another post for somebody. */
export async function addPost(
  platform: Platform,
  actor: Actor,
  personId: string,
  input: PostInput,
  meta: CommandMeta,
): Promise<string> {
  await requirePerson(platform, actor, personId);
  await checkPost(platform, actor, input);
  return platform.db.transaction().execute((trx) => insertPost(trx, platform, actor, personId, input, meta));
}

/** The post ends now; sessions that act through it end too. */
export async function endPost(
  platform: Platform,
  actor: Actor,
  postId: string,
  meta: CommandMeta,
): Promise<void> {
  const post = await readPost(platform.db, actor, postId, platform.clock.now());
  if (!post || !managesPost(actor, await directoryOf(platform, actor.cityId), post))
    throw problem('notFound');
  if (postId === actor.postId) throw problem('permission.denied', { reason: 'self' });
  const ended = await platform.db.transaction().execute(async (trx) => {
    await closePosts(trx, platform, actor, [postId]);
    await record(trx, platform, actor, 'post.end', 'post', postId, meta);
    return endSessions(trx, platform, { postId });
  });
  forgetSessions(platform, ended);
}

/** The person leaves: posts and sessions end, nothing is removed. */
export async function disablePerson(
  platform: Platform,
  actor: Actor,
  personId: string,
  meta: CommandMeta,
): Promise<void> {
  if (personId === actor.personId) throw problem('permission.denied', { reason: 'self' });
  const posts = await requirePerson(platform, actor, personId);
  await withSessionsEnded(platform, { personId }, async (trx) => {
    await closePosts(
      trx,
      platform,
      actor,
      posts.map((post) => post.id),
    );
    await trx
      .updateTable('person')
      .set({ valid_to: new Date(platform.clock.now()) })
      .where('id', '=', personId)
      .execute();
    await record(trx, platform, actor, 'person.disable', 'person', personId, meta);
  });
}

/** A new password from the administrator; the person is signed out everywhere and no longer locked. */
export async function resetPassword(
  platform: Platform,
  actor: Actor,
  personId: string,
  password: string,
  meta: CommandMeta,
): Promise<void> {
  await requirePerson(platform, actor, personId);
  checkPassword(password, []);
  const hash = await hashPassword(password);
  await withSessionsEnded(platform, { personId }, async (trx) => {
    await writePassword(trx, platform, personId, hash);
    await record(trx, platform, actor, 'person.resetPassword', 'person', personId, meta);
  });
}

/** From the machine itself: for the first administrator, or one who is locked out. @throws notFound, auth.weakPassword */
export async function setPassword(platform: Platform, username: string, password: string): Promise<void> {
  checkPassword(password, [username]);
  const hash = await hashPassword(password);
  const person = await platform.db
    .selectFrom('person')
    .select(['id', 'city_id'])
    .where(sql<boolean>`lower(username) = lower(${username})`)
    .executeTakeFirst();
  if (!person) throw problem('notFound');
  await withSessionsEnded(platform, { personId: person.id }, async (trx) => {
    await writePassword(trx, platform, person.id, hash);
    const entity = { entity: 'person', entityId: person.id };
    await audit(trx, platform, {
      cityId: person.city_id,
      action: 'person.resetPassword',
      ...entity,
      outcome: 'ok',
    });
  });
}

async function writePassword(trx: Trx, platform: Platform, personId: string, hash: string): Promise<void> {
  const { username } = await trx
    .updateTable('person')
    .set({ password_hash: hash })
    .where('id', '=', personId)
    .returning('username')
    .executeTakeFirstOrThrow();
  await forgetFailures(trx, platform, username);
}

async function withSessionsEnded(
  platform: Platform,
  ending: Ending,
  work: (trx: Trx) => Promise<void>,
): Promise<void> {
  const ended = await platform.db.transaction().execute(async (trx) => {
    await work(trx);
    return endSessions(trx, platform, ending);
  });
  forgetSessions(platform, ended);
}

interface PostRow extends Reach {
  id: string;
}

/**
 * The person's posts, all of which must be the administrator's to give: whoever has a wider one is another's to
 * manage, or a district's administrator could sign in as the city's.
 */
async function requirePerson(platform: Platform, actor: Actor, personId: string): Promise<PostRow[]> {
  const now = platform.clock.now();
  const person = await platform.db
    .selectFrom('person')
    .select('id')
    .where('id', '=', personId)
    .where('city_id', '=', actor.cityId)
    .where((eb) => eb.or([eb('valid_to', 'is', null), eb('valid_to', '>', new Date(now))]))
    .executeTakeFirst();
  if (!person) throw problem('notFound');
  const posts = await heldReaches(platform.db, personId, now);
  const ground = await directoryOf(platform, actor.cityId);
  const managed = posts.filter((post) => managesPost(actor, ground, post));
  if (actor.scope.kind !== 'city' && managed.length === 0) throw problem('notFound');
  if (managed.length < posts.length) throw problem('permission.denied', { reason: 'scope' });
  return posts;
}

async function heldReaches(db: Db | Trx, personId: string, at: number): Promise<PostRow[]> {
  const time = new Date(at);
  const { rows } = await sql<PostRow>`
    select id, unit_id as "unitId", scope, scope_region_id as "scopeRegionId" from post
     where person_id = ${personId}::uuid and valid_from <= ${time}
       and (valid_to is null or valid_to > ${time})
     order by id`.execute(db);
  return rows;
}

async function readPost(
  db: Db | Trx,
  actor: Actor,
  postId: string,
  at: number,
): Promise<PostRow | undefined> {
  const { rows } = await sql<PostRow>`
    select id, unit_id as "unitId", scope, scope_region_id as "scopeRegionId" from post
     where id = ${postId}::uuid and city_id = ${actor.cityId}::uuid
       and (valid_to is null or valid_to > ${new Date(at)})`.execute(db);
  return rows[0];
}

/** @throws notFound (unit, region, grid), permission.denied (wider than one's own reach), validation.failed */
async function checkPost(platform: Platform, actor: Actor, input: PostInput): Promise<void> {
  const ground = await directoryOf(platform, actor.cityId);
  const unit = ground.units.get(input.unitId);
  if (!unit || unit.closed) throw problem('notFound', { what: 'unit' });
  const scopeRegionId = input.scopeRegionId ?? null;
  if ((input.scope === 'region') !== (scopeRegionId !== null)) {
    throw invalid([
      { path: '/scopeRegionId', code: 'scope_region', message: 'belongs to scope `region`', in: 'body' },
    ]);
  }
  const region = ground.regions.get(scopeRegionId ?? '');
  if (scopeRegionId !== null && (!region || region.closed)) throw problem('notFound', { what: 'region' });
  if (!managesPost(actor, ground, { ...input, scopeRegionId })) {
    throw problem('permission.denied', { reason: 'scope' });
  }
  await checkBeats(platform, actor, input.patrolGridIds);
}

/** Beats are patrol grids of today, on the administrator's own ground. */
async function checkBeats(platform: Platform, actor: Actor, gridIds: readonly string[]): Promise<void> {
  if (gridIds.length === 0) return;
  const { rows } = await sql<{ id: string; regions: (string | null)[] }>`
    select id, array[district_id, street_id, community_id] as regions from grid
     where id = any(${[...gridIds]}::uuid[]) and city_id = ${actor.cityId}::uuid and kind = 'patrol'
       and valid_to is null`.execute(platform.db);
  if (rows.length < new Set(gridIds).size) throw problem('notFound', { what: 'grid' });
  if (actor.scope.kind === 'city') return;
  const ground = await directoryOf(platform, actor.cityId);
  const own = actor.scope.kind === 'region' ? regionTree(actor.scope.regionIds, ground) : new Set<string>();
  if (!rows.every((grid) => grid.regions.some((id) => id !== null && own.has(id)))) {
    throw problem('permission.denied', { reason: 'scope' });
  }
}

async function insertPost(
  trx: Trx,
  platform: Platform,
  actor: Actor,
  personId: string,
  input: PostInput,
  meta: CommandMeta,
): Promise<string> {
  const role = await trx
    .selectFrom('role')
    .select('id')
    .where('city_id', '=', actor.cityId)
    .where('code', '=', input.role)
    .executeTakeFirst();
  if (!role) throw problem('notFound', { what: 'role' });
  const postId = await createPost(trx, platform, {
    cityId: actor.cityId,
    personId,
    unitId: input.unitId,
    roleId: role.id,
    name: input.name ?? ROLE_NAMES[input.role],
    scope: input.scope satisfies (typeof SCOPE_KINDS)[number],
    scopeRegionId: input.scopeRegionId ?? null,
    patrolGridIds: [...new Set(input.patrolGridIds)],
  });
  const detail = { personId, unitId: input.unitId, role: input.role, scope: input.scope };
  await record(trx, platform, actor, 'post.create', 'post', postId, meta, detail);
  return postId;
}

async function closePosts(
  trx: Trx,
  platform: Platform,
  actor: Actor,
  postIds: readonly string[],
): Promise<void> {
  if (postIds.length === 0) return;
  const at = platform.clock.now();
  const valid_to = new Date(at);
  await trx.updateTable('post').set({ valid_to }).where('id', 'in', postIds).execute();
  await trx
    .updateTable('post_grid')
    .set({ valid_to })
    .where('post_id', 'in', postIds)
    .where('valid_to', 'is', null)
    .execute();
  await tellOrgChange(trx, platform, {
    actor,
    at,
    units: [],
    posts: postIds.map((from) => ({ from, to: null })),
  });
}

export function record(
  trx: Trx,
  platform: Platform,
  actor: Actor,
  action: string,
  entity: string,
  entityId: string,
  meta: CommandMeta,
  detail: Record<string, unknown> | null = null,
): Promise<void> {
  const { requestId, ip } = meta;
  return audit(trx, platform, { actor, action, entity, entityId, outcome: 'ok', requestId, ip, detail });
}
