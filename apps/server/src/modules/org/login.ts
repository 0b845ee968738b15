import { sql } from 'kysely';
import { audit } from '#modules/audit';
import { problem } from '#platform/errors';
import { hashPassword, needsRehash, verifyPassword } from '#platform/password';
import type { Platform } from '#platform/platform';
import { perPlatform } from '#platform/ttl-cache';
import { failed, locked, lockedFor, succeeded } from './failures.ts';
import { heldPosts } from './posts.ts';
import { openSession } from './sessions.ts';

export interface LoginRequest {
  username: string;
  password: string;
  kind: 'cookie' | 'bearer';
  ip: string;
  agent: string | undefined;
  requestId: string;
}

export interface LoggedIn {
  token: string;
  tokenHash: Buffer;
  expiresAt: number;
  postId: string;
}

interface Account {
  id: string;
  cityId: string;
  passwordHash: string | null;
}

/** A name that nobody has. */
const NOBODY: Account = { id: '', cityId: '', passwordHash: null };

/**
 * Opens a session for the right password. A wrong name, a wrong password, no post and a disabled person get the
 * same answer after the same work, and names that do not exist are locked like those that do: an answer never
 * tells who exists.
 */
export async function logIn(platform: Platform, request: LoginRequest): Promise<LoggedIn> {
  // One after the other for each name: guesses sent at once cannot slip past the count of failures.
  return inTurn(platform, request.username.toLowerCase(), async () => {
    const account = (await findAccount(platform, request.username)) ?? NOBODY;
    const attempt = { ...request, personId: account.id === '' ? null : account.id };
    const shut = await lockedFor(platform, attempt);
    if (shut > 0) {
      await record(platform, account, request, 'locked');
      throw locked(shut);
    }
    if (!(await verifyPassword(request.password, account.passwordHash))) {
      await record(platform, account, request, account.id === '' ? 'unknown' : 'password');
      throw await failed(platform, attempt);
    }
    const post = (await heldPosts(platform.db, account.id, platform.clock.now()))[0];
    if (!post) {
      await record(platform, account, request, 'noPost');
      throw problem('auth.invalid');
    }
    await succeeded(platform, attempt);
    await renewHash(platform, account, request.password);
    const session = await openSession(platform.db, platform, {
      ...request,
      cityId: account.cityId,
      personId: account.id,
      postId: post.id,
    });
    await record(platform, account, request, null);
    return { ...session, postId: post.id };
  });
}

async function findAccount({ db, clock }: Platform, username: string): Promise<Account | null> {
  const { rows } = await sql<Account>`
    select id, city_id as "cityId", password_hash as "passwordHash"
      from person
     where lower(username) = lower(${username})
       and (valid_to is null or valid_to > ${new Date(clock.now())})`.execute(db);
  return rows[0] ?? null;
}

async function renewHash({ db }: Platform, account: Account, password: string): Promise<void> {
  if (account.passwordHash === null || !needsRehash(account.passwordHash)) return;
  await db
    .updateTable('person')
    .set({ password_hash: await hashPassword(password) })
    .where('id', '=', account.id)
    .where('password_hash', '=', account.passwordHash)
    .execute();
}

/** What was typed as a name stays out: it may be a password in the wrong field. */
async function record(
  platform: Platform,
  account: Account,
  request: LoginRequest,
  reason: 'locked' | 'unknown' | 'password' | 'noPost' | null,
): Promise<void> {
  const known = account.id !== '';
  const cityId = known ? account.cityId : await firstCity(platform);
  if (cityId === null) return;
  await audit(platform.db, platform, {
    cityId,
    personId: known ? account.id : null,
    action: 'auth.login',
    entity: known ? 'person' : null,
    entityId: known ? account.id : null,
    outcome: reason === null ? 'ok' : 'refused',
    requestId: request.requestId,
    ip: request.ip,
    detail: reason === null ? { kind: request.kind } : { reason },
  });
}

async function firstCity({ db }: Platform): Promise<string | null> {
  const row = await db.selectFrom('city').select('id').orderBy('id').limit(1).executeTakeFirst();
  return row?.id ?? null;
}

const queues = perPlatform(() => new Map<string, Promise<unknown>>());

/** Work on one account (by its user name, in small letters), one after the other. */
export async function inTurn<T>(platform: Platform, key: string, work: () => Promise<T>): Promise<T> {
  const queue = queues(platform);
  const mine = (queue.get(key) ?? Promise.resolve()).then(work, work);
  const settled = mine.catch(() => {});
  queue.set(key, settled);
  try {
    return await mine;
  } finally {
    if (queue.get(key) === settled) queue.delete(key);
  }
}
