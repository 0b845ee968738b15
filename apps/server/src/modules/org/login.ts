import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { audit } from '#modules/audit';
import { problem } from '#platform/errors';
import type { Problem } from '#platform/errors';
import { hashPassword, needsRehash, verifyPassword } from '#platform/password';
import type { Platform } from '#platform/platform';
import { perPlatform } from '#platform/ttl-cache';
import { heldPosts } from './posts.ts';
import { openSession } from './sessions.ts';

export const MAX_FAILURES = 5;
export const LOCK_MS = 15 * 60_000;

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
  lockedUntil: number;
}

/**
 * Opens a session for the right password. A wrong name, a wrong password, no post and a disabled person get the
 * same answer after the same work, and names that do not exist are locked like those that do: an answer never
 * tells who exists.
 */
export async function logIn(platform: Platform, request: LoginRequest): Promise<LoggedIn> {
  // One after the other for each name: guesses sent at once cannot slip past the count of failures.
  return inTurn(platform, request.username.toLowerCase(), async () => {
    const account =
      (await findAccount(platform, request.username)) ?? strangers(platform).account(request.username);
    const now = platform.clock.now();
    if (account.lockedUntil > now) {
      await record(platform, account, request, 'locked');
      throw locked(account.lockedUntil - now);
    }
    if (!(await verifyPassword(request.password, account.passwordHash))) {
      await record(platform, account, request, account.id === '' ? 'unknown' : 'password');
      throw account.id === ''
        ? strangers(platform).failed(request.username, now)
        : await wrongPassword(platform, account.id);
    }
    const post = (await heldPosts(platform.db, account.id, now))[0];
    if (!post) {
      await record(platform, account, request, 'noPost');
      throw problem('auth.invalid');
    }
    await platform.db
      .updateTable('person')
      .set({ failed_logins: 0, locked_until: null })
      .where('id', '=', account.id)
      .where((eb) => eb.or([eb('failed_logins', '>', 0), eb('locked_until', 'is not', null)]))
      .execute();
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
  const { rows } = await sql<Omit<Account, 'lockedUntil'> & { lockedUntil: Date | null }>`
    select id, city_id as "cityId", password_hash as "passwordHash", locked_until as "lockedUntil"
      from person
     where lower(username) = lower(${username})
       and (valid_to is null or valid_to > ${new Date(clock.now())})`.execute(db);
  const row = rows[0];
  return row ? { ...row, lockedUntil: row.lockedUntil?.getTime() ?? 0 } : null;
}

/** Counts a wrong password of somebody known, locks at the fifth; returns the problem to throw. */
export async function wrongPassword({ db, clock }: Platform, personId: string): Promise<Problem> {
  const until = new Date(clock.now() + LOCK_MS);
  const { rows } = await sql<{ locked: boolean }>`
    update person
       set failed_logins = case when failed_logins + 1 >= ${MAX_FAILURES}::int then 0 else failed_logins + 1 end,
           locked_until = case when failed_logins + 1 >= ${MAX_FAILURES}::int then ${until}::timestamptz end
     where id = ${personId}::uuid
     returning locked_until is not null as locked`.execute(db);
  return rows[0]?.locked ? locked(LOCK_MS) : problem('auth.invalid');
}

function locked(ms: number): Problem {
  return problem('auth.locked', { retryAfter: Math.ceil(ms / 1000) });
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

interface Stranger {
  failures: number;
  lockedUntil: number;
}

/** Names that nobody has, as far as they were tried. */
class Strangers {
  readonly #seen = new Map<string, Stranger>();

  account(username: string): Account {
    return { id: '', cityId: '', passwordHash: null, lockedUntil: this.#of(username).lockedUntil };
  }

  /** As `wrongPassword` does for those who exist. */
  failed(username: string, now: number): Problem {
    const stranger = this.#of(username);
    stranger.failures += 1;
    if (stranger.failures < MAX_FAILURES) return problem('auth.invalid');
    stranger.failures = 0;
    stranger.lockedUntil = now + LOCK_MS;
    return locked(LOCK_MS);
  }

  #of(username: string): Stranger {
    const key = createHash('sha256').update(username.toLowerCase()).digest('base64');
    let stranger = this.#seen.get(key);
    if (!stranger) {
      const oldest = this.#seen.keys().next().value;
      if (this.#seen.size >= 10_000 && oldest !== undefined) this.#seen.delete(oldest);
      this.#seen.set(key, (stranger = { failures: 0, lockedUntil: 0 }));
    }
    return stranger;
  }
}

const strangers = perPlatform(() => new Strangers());
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
