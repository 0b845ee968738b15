import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { isIP } from 'node:net';
import type { Actor } from '#platform/actor';
import { VirtualClock } from '#platform/clock';
import { problem } from '#platform/errors';
import { hashToken, sessionId } from '#platform/http-access';
import type { RequestSession, SignedOn, SignOn } from '#platform/http-access';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { TtlCache, perPlatform } from '#platform/ttl-cache';
import { directoryOf } from './directory.ts';
import { equivalents } from './reach.ts';
import { readGridSuccessions, readPatrolGrids, readSession } from './repo.ts';
import type { SessionRow } from './repo.ts';
import { rightsOf } from './rights.ts';
import { scopeOf } from './scope.ts';

/** A revocation in this process shows at once, in another one after this time. */
const TTL = 5000;
const caches = perPlatform(() => new TtlCache<SignedOn & { revoked: boolean }>(TTL, 50_000));

/** Who acts in a request, by the hash of its token. */
export function signOn(platform: Platform): SignOn {
  const cache = caches(platform);
  return async (tokenHash) => {
    const session = await cache.get(sessionId(tokenHash), () => readSignedOn(platform, tokenHash));
    if (session.revoked || session.expiresAt <= platform.clock.now()) throw problem('auth.expired');
    return session;
  };
}

async function readSignedOn(platform: Platform, tokenHash: Buffer): Promise<SignedOn & { revoked: boolean }> {
  const row = await readSession(platform.db, tokenHash);
  if (!row) throw problem('auth.invalid');
  return {
    actor: await actorOf(platform, row),
    expiresAt: row.expiresAt.getTime(),
    revoked: row.revoked,
  };
}

/** What a post may and sees. */
export async function actorOf(
  platform: Platform,
  post: Omit<SessionRow, 'expiresAt' | 'revoked'>,
): Promise<Actor> {
  const ground = await directoryOf(platform, post.cityId);
  const beats = post.scope === 'own' ? await beatsOf(platform, post.postId) : [];
  return {
    cityId: post.cityId,
    personId: post.personId,
    postId: post.postId,
    unitId: post.unitId,
    role: post.role,
    permissions: rightsOf(post.permissions, post.unitId, ground.units),
    scope: scopeOf(post, ground, beats),
    locale: post.locale,
  };
}

/** Today's beats, and those that became them: old cases name the old ones. */
async function beatsOf({ db, clock }: Platform, postId: string): Promise<string[]> {
  const now = await readPatrolGrids(db, postId, new Date(clock.now()));
  const successions = await readGridSuccessions(db, now);
  return [...new Set(now.flatMap((id) => [...equivalents(id, successions)]))];
}

export interface NewSession {
  cityId: string;
  personId: string;
  postId: string;
  kind: 'cookie' | 'bearer';
  ip: string;
  agent: string | undefined;
}

/** A token that nobody had before: whoever knew an earlier one has nothing of it. */
export async function openSession(
  db: Db | Trx,
  platform: Platform,
  session: NewSession,
): Promise<{ token: string; tokenHash: Buffer; expiresAt: number }> {
  const token = newToken();
  const tokenHash = hashToken(token);
  const now = platform.clock.now();
  const expiresAt = now + sessionLife(platform);
  await db
    .insertInto('session')
    .values({
      token_hash: tokenHash,
      city_id: session.cityId,
      person_id: session.personId,
      post_id: session.postId,
      kind: session.kind,
      created_at: new Date(now),
      expires_at: new Date(expiresAt),
      ip: isIP(session.ip) ? session.ip : null,
      agent: session.agent?.slice(0, 200) ?? null,
    })
    .execute();
  return { token, tokenHash, expiresAt };
}

const DAY = 86_400_000;

/** A demo's virtual clock runs fast and is moved by weeks: that signs nobody out. */
function sessionLife({ clock, config }: Platform): number {
  const moved = config.demo !== null && clock instanceof VirtualClock;
  return (moved ? 3650 : config.sessionDays) * DAY;
}

/** Which sessions end: one, those of a person (but for one), or those of a post. */
export type Ending = { tokenHash: Buffer } | { personId: string; except?: Buffer } | { postId: string };

/** Ends sessions; call `forgetSessions` with the answer once it is committed. */
export async function endSessions(db: Db | Trx, platform: Platform, ending: Ending): Promise<Buffer[]> {
  const at = new Date(platform.clock.now());
  let query = db.updateTable('session').set({ revoked_at: at }).where('revoked_at', 'is', null);
  if ('tokenHash' in ending) query = query.where('token_hash', '=', ending.tokenHash);
  else if ('postId' in ending) query = query.where('post_id', '=', ending.postId);
  else {
    query = query.where('person_id', '=', ending.personId);
    if (ending.except) query = query.where('token_hash', '<>', ending.except);
  }
  return (await query.returning('token_hash').execute()).map((row) => row.token_hash);
}

export function forgetSessions(platform: Platform, tokenHashes: readonly Buffer[]): void {
  const cache = caches(platform);
  for (const id of tokenHashes.map(sessionId)) {
    cache.delete(id);
    platform.hub.closeSession(id);
  }
}

/** After a change of posts, roles, units or regions: everybody's rights are read anew. */
export function forgetAllSessions(platform: Platform): void {
  caches(platform).clear();
}

/** Moves a session to another post of its person. */
export async function moveSession(db: Db | Trx, tokenHash: Buffer, postId: string): Promise<void> {
  await sql`update session set post_id = ${postId}::uuid where token_hash = ${tokenHash}`.execute(db);
}

/** Where a session is presented from now on; the token only where it is a new one. */
export interface Renewed {
  readonly tokenHash: Buffer;
  readonly token: string | null;
}

/**
 * What a cookie is worth changes (other rights, another password): it gets a new token, so that whoever planted or saw
 * the old one has nothing. A bearer token is planted by nobody; its program goes on with it.
 */
export async function renewSession(db: Db | Trx, session: RequestSession): Promise<Renewed> {
  if (session.presentedBy !== 'cookie') return { tokenHash: session.tokenHash, token: null };
  const token = newToken();
  const tokenHash = hashToken(token);
  await db
    .updateTable('session')
    .set({ token_hash: tokenHash })
    .where('token_hash', '=', session.tokenHash)
    .execute();
  return { tokenHash, token };
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}
