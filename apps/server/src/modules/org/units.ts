import { sql } from 'kysely';
import type { NewUnit, RenameUnitBody, UnitMoved } from '@wanmi/contracts';
import type { z } from 'zod';
import type { Actor } from '#platform/actor';
import { problem } from '#platform/errors';
import type { CommandMeta } from '#platform/http';
import { uuidv7 } from '#platform/ids';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { tellOrgChange } from './changes.ts';
import type { OrgChange } from './changes.ts';
import { createUnit } from './create.ts';
import { directoryOf, forgetDirectory } from './directory.ts';
import type { UnitInfo } from './directory.ts';
import { managesUnit } from './policy.ts';
import { forgetAllSessions } from './sessions.ts';
import { record } from './staff.ts';

/** A unit that was not there before. @throws notFound (parent, region), permission.denied, conflict.taken (code) */
export async function addUnit(
  platform: Platform,
  actor: Actor,
  input: z.output<typeof NewUnit>,
  meta: CommandMeta,
): Promise<string> {
  const ground = await directoryOf(platform, actor.cityId);
  if (input.parentId !== undefined) await requireUnit(platform, actor, input.parentId);
  const region = ground.regions.get(input.regionId ?? '');
  if (input.regionId !== undefined && (!region || region.closed))
    throw problem('notFound', { what: 'region' });
  // Below a unit of one's own, or anywhere for who has the whole city.
  if (input.parentId === undefined && actor.scope.kind !== 'city') {
    throw problem('permission.denied', { reason: 'scope' });
  }
  const id = await platform.db.transaction().execute(async (trx) => {
    const made = await createUnit(trx, platform, {
      cityId: actor.cityId,
      kind: input.kind,
      code: input.code,
      name: input.name,
      parentId: input.parentId ?? null,
      regionId: input.regionId ?? null,
    });
    await record(trx, platform, actor, 'unit.create', 'unit', made, meta, { kind: input.kind });
    return made;
  });
  forgetOrg(platform);
  return id;
}

/** The unit goes on under another name: a successor with its posts, sub-units and open work. */
export async function renameUnit(
  platform: Platform,
  actor: Actor,
  unitId: string,
  input: z.output<typeof RenameUnitBody>,
  meta: CommandMeta,
): Promise<UnitMoved> {
  await requireUnit(platform, actor, unitId);
  return change(platform, actor, async (move) => {
    const changes = { name: input.name, ...(input.code === undefined ? {} : { code: input.code }) };
    const to = await move.succeed(unitId, changes, 'rename');
    await record(move.trx, platform, actor, 'unit.rename', 'unit', unitId, meta, { to });
    return { from: unitId, to };
  });
}

/**
 * The unit ends. Its successor takes over; without one it must have no posts, sub-units or open work.
 * @throws conflict.reference where it has, notFound, permission.denied
 */
export async function closeUnit(
  platform: Platform,
  actor: Actor,
  unitId: string,
  successorId: string | null,
  meta: CommandMeta,
): Promise<UnitMoved> {
  const { units } = await directoryOf(platform, actor.cityId);
  await requireUnit(platform, actor, unitId);
  if (successorId !== null) {
    await requireUnit(platform, actor, successorId);
    // One of its own sub-units cannot take over what it stands on.
    for (let at: UnitInfo | undefined = units.get(successorId); at; at = units.get(at.parentId ?? '')) {
      if (at.id === unitId) throw problem('conflict.reference', { what: 'successor' });
    }
  }
  return change(platform, actor, async (move) => {
    await move.close(unitId, successorId);
    await record(move.trx, platform, actor, 'unit.close', 'unit', unitId, meta, { to: successorId });
    return { from: unitId, to: successorId };
  });
}

async function requireUnit(platform: Platform, actor: Actor, unitId: string): Promise<void> {
  const ground = await directoryOf(platform, actor.cityId);
  const unit = ground.units.get(unitId);
  if (!unit || unit.closed || !managesUnit(actor, ground, unitId))
    throw problem('notFound', { what: 'unit' });
}

async function change(
  platform: Platform,
  actor: Actor,
  work: (move: Move) => Promise<{ from: string; to: string | null }>,
): Promise<UnitMoved> {
  const done = await platform.db.transaction().execute(async (trx) => {
    const move = new Move(trx, platform, actor);
    const moved = await work(move);
    await tellOrgChange(trx, platform, move.change);
    return { ...moved, posts: move.change.posts.length, units: move.change.units.length };
  });
  forgetOrg(platform);
  const { units } = await directoryOf(platform, actor.cityId);
  const to = done.to === null ? undefined : units.get(done.to);
  return { ...done, to: to ? { id: to.id, code: to.code, name: to.name } : null };
}

/** After a change is committed, so that this process sees it at once. */
export function forgetOrg(platform: Platform): void {
  forgetDirectory(platform);
  forgetAllSessions(platform);
}

export type How = 'rename' | 'merge' | 'move';

/** One recorded change of units and posts: rows end and get successors, nothing is changed in place. */
export class Move {
  readonly trx: Trx;
  readonly #actor: Actor;
  readonly #at: number;
  readonly #units: { from: string; to: string | null }[] = [];
  readonly #posts: { from: string; to: string | null }[] = [];

  constructor(trx: Trx, platform: Platform, actor: Actor) {
    this.trx = trx;
    this.#actor = actor;
    this.#at = platform.clock.now();
  }

  get change(): OrgChange {
    return { actor: this.#actor, at: this.#at, units: this.#units, posts: this.#posts };
  }

  /** A new row for the unit with some fields changed; posts and sub-units follow. */
  async succeed(unitId: string, changes: Record<string, unknown>, how: How): Promise<string> {
    await this.#end(unitId);
    const to = await this.#copy('unit', unitId, changes);
    await this.#handOver(unitId, to, how);
    return to;
  }

  /** The unit ends for good, or goes into another one. */
  async close(unitId: string, successorId: string | null): Promise<void> {
    await this.#end(unitId);
    if (successorId !== null) {
      await this.#handOver(unitId, successorId, 'merge');
      return;
    }
    if ((await this.#postsOf(unitId)).length > 0) throw problem('conflict.reference', { what: 'post' });
    if ((await this.#childrenOf(unitId)).length > 0) throw problem('conflict.reference', { what: 'unit' });
    this.#units.push({ from: unitId, to: null });
  }

  /** @throws conflict.race when somebody else has just ended it */
  async #end(unitId: string): Promise<void> {
    const { rows } = await sql`update unit set valid_to = ${this.#time()}
      where id = ${unitId}::uuid and valid_to is null returning id`.execute(this.trx);
    if (rows.length === 0) throw problem('conflict.race');
  }

  async #handOver(from: string, to: string, how: How): Promise<void> {
    await this.#succession('unit', from, to, how);
    this.#units.push({ from, to });
    for (const postId of await this.#postsOf(from)) await this.#movePost(postId, to);
    for (const childId of await this.#childrenOf(from))
      await this.succeed(childId, { parent_id: to }, 'move');
  }

  async #movePost(postId: string, unitId: string): Promise<void> {
    await this.succeedPost(postId, { unit_id: unitId }, 'move');
  }

  /** A new row for the post with some fields changed; its beats, sessions and work follow. */
  async succeedPost(postId: string, changes: Record<string, unknown>, how: How): Promise<string> {
    await sql`update post set valid_to = ${this.#time()} where id = ${postId}::uuid`.execute(this.trx);
    const to = await this.#copy('post', postId, changes);
    await this.#succession('post', postId, to, how);
    await sql`
      with ended as (
        update post_grid set valid_to = ${this.#time()}
         where post_id = ${postId}::uuid and (valid_to is null or valid_to > ${this.#time()})
         returning grid_id, city_id)
      insert into post_grid (post_id, grid_id, city_id, valid_from)
      select ${to}::uuid, grid_id, city_id, ${this.#time()} from ended`.execute(this.trx);
    // Nobody is signed out because the unit has another name.
    await sql`update session set post_id = ${to}::uuid
      where post_id = ${postId}::uuid and revoked_at is null`.execute(this.trx);
    this.#posts.push({ from: postId, to });
    return to;
  }

  /** The post ends and nobody takes its place; what waits for it goes back to its unit. */
  async endPost(postId: string): Promise<void> {
    await sql`update post set valid_to = ${this.#time()} where id = ${postId}::uuid`.execute(this.trx);
    await sql`update post_grid set valid_to = ${this.#time()}
      where post_id = ${postId}::uuid and valid_to is null`.execute(this.trx);
    this.#posts.push({ from: postId, to: null });
  }

  /** Tells those who hold open work of what became of units and posts. */
  tell(platform: Platform): Promise<void> {
    return tellOrgChange(this.trx, platform, this.change);
  }

  /** All columns as they are, those that other migrations added too, but for the changed ones. */
  async #copy(table: 'unit' | 'post', id: string, changes: Record<string, unknown>): Promise<string> {
    const to = uuidv7(this.#at);
    const changed = JSON.stringify({ ...changes, id: to, valid_from: this.#time(), valid_to: null });
    await sql`insert into ${sql.table(table)}
      select (jsonb_populate_record(t, ${changed}::jsonb)).* from ${sql.table(table)} t
       where t.id = ${id}::uuid`.execute(this.trx);
    return to;
  }

  async #succession(kind: 'unit' | 'post', from: string, to: string, how: How): Promise<void> {
    await this.trx
      .insertInto('succession')
      .values({ kind, from_id: from, to_id: to, city_id: this.#actor.cityId, how, at: this.#time() })
      .execute();
  }

  async #postsOf(unitId: string): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      select id from post where unit_id = ${unitId}::uuid
         and (valid_to is null or valid_to > ${this.#time()}) order by id`.execute(this.trx);
    return rows.map((row) => row.id);
  }

  async #childrenOf(unitId: string): Promise<string[]> {
    const { rows } = await sql<{ id: string }>`
      select id from unit where parent_id = ${unitId}::uuid and valid_to is null order by id`.execute(
      this.trx,
    );
    return rows.map((row) => row.id);
  }

  #time(): Date {
    return new Date(this.#at);
  }
}
