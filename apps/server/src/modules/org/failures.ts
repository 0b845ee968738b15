import { createHmac } from 'node:crypto';
import { isIP } from 'node:net';
import { sql } from 'kysely';
import { problem } from '#platform/errors';
import type { Problem } from '#platform/errors';
import { networkOf } from '#platform/http-limits';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import { instanceSecret } from '#platform/security';
import { perPlatform } from '#platform/ttl-cache';

/** Wrong passwords for one name from one network, before that network is shut out of the name. */
export const MAX_FAILURES = 5;
/** Altogether, from wherever; then the name opens only where its owner signed in before. */
export const MAX_FAILURES_ANYWHERE = 20;
export const LOCK_MS = 15 * 60_000;
const FORGOTTEN_MS = 24 * 3600_000;
/** Where somebody signed in within this time, a stranger's guesses do not shut him out. */
const KNOWN_MS = 30 * 24 * 3600_000;

/** A name as it is typed, and from where; nobody need have it. */
export interface Attempt {
  readonly username: string;
  readonly ip: string;
  /** Whose name it is, where it is somebody's. */
  readonly personId: string | null;
}

interface Keys {
  readonly name: Buffer;
  readonly network: Buffer;
}

const secrets = perPlatform((): { key?: Promise<Buffer> } => ({}));

async function hashed(platform: Platform, kind: string, text: string): Promise<Buffer> {
  const secret = await (secrets(platform).key ??= instanceSecret(platform.db));
  return createHmac('sha256', secret).update(`${kind}\0${text}`).digest().subarray(0, 16);
}

async function keysOf(platform: Platform, { username, ip }: Attempt): Promise<Keys> {
  return {
    name: await hashed(platform, 'name', username.toLowerCase()),
    network: await hashed(platform, 'network', networkOf(ip)),
  };
}

/**
 * How long this name stays shut from here; 0: it is open. The count of one network shuts out that network. The count
 * of all shuts out whoever comes from where the person never was, so that nobody can be kept out of his work by others.
 */
export async function lockedFor(platform: Platform, attempt: Attempt): Promise<number> {
  const now = platform.clock.now();
  const { name, network } = await keysOf(platform, attempt);
  const { rows } = await sql<{ here: boolean; until: Date }>`
    select network_key <> ''::bytea as here, locked_until as until from sign_in_failure
     where name_key = ${name} and network_key in (${network}, ''::bytea)
       and locked_until > ${new Date(now)}`.execute(platform.db);
  const untilOf = (here: boolean): number =>
    Math.max(0, ...rows.filter((row) => row.here === here).map(({ until }) => until.getTime() - now));
  if (untilOf(false) > untilOf(true) && !(await wasHere(platform, attempt))) return untilOf(false);
  return untilOf(true);
}

async function wasHere({ db, clock }: Platform, { personId, ip }: Attempt): Promise<boolean> {
  if (personId === null || isIP(ip) === 0) return false;
  // Whole networks of IPv6; but all of IPv4 lies in one of them (::ffff:0:0).
  const bits = isIP(ip) === 4 ? 32 : ip.includes('.') ? 128 : 64;
  const { rows } = await sql`
    select from session
     where person_id = ${personId}::uuid and created_at > ${new Date(clock.now() - KNOWN_MS)}
       and ip <<= set_masklen(${ip}::inet, ${bits}::int)::cidr
     limit 1`.execute(db);
  return rows.length > 0;
}

/** Counts a wrong password; returns the problem to throw. */
export async function failed(platform: Platform, attempt: Attempt): Promise<Problem> {
  const now = platform.clock.now();
  const { name, network } = await keysOf(platform, attempt);
  const { rows } = await sql<{ locked: boolean }>`
    insert into sign_in_failure as f (name_key, network_key, failures, failed_at)
    values (${name}, ${network}, 1, ${new Date(now)}), (${name}, ''::bytea, 1, ${new Date(now)})
    on conflict (name_key, network_key) do update set
      failed_at = excluded.failed_at,
      failures = case when f.failures + 1 >= ${allowed()} then 0 else f.failures + 1 end,
      locked_until = case when f.failures + 1 >= ${allowed()} then ${new Date(now + LOCK_MS)}::timestamptz
                          else f.locked_until end
    returning network_key <> ''::bytea and failures = 0 as locked`.execute(platform.db);
  // Now and then is enough: only failures make rows.
  await sql`delete from sign_in_failure where failed_at < ${new Date(now - FORGOTTEN_MS)}`.execute(
    platform.db,
  );
  return rows.some((row) => row.locked) ? locked(LOCK_MS) : problem('auth.invalid');
}

function allowed() {
  return sql`case when f.network_key = ''::bytea then ${MAX_FAILURES_ANYWHERE}::int else ${MAX_FAILURES}::int end`;
}

export function locked(ms: number): Problem {
  return problem('auth.locked', { retryAfter: Math.ceil(ms / 1000) });
}

/** After the right password from here: what others failed at elsewhere stays counted. */
export async function succeeded(platform: Platform, attempt: Attempt): Promise<void> {
  const { name, network } = await keysOf(platform, attempt);
  await sql`delete from sign_in_failure where name_key = ${name} and network_key = ${network}`.execute(
    platform.db,
  );
}

/** After a new password was given: the guesses were at the old one. */
export async function forgetFailures(db: Db | Trx, platform: Platform, username: string): Promise<void> {
  const name = await hashed(platform, 'name', username.toLowerCase());
  await sql`delete from sign_in_failure where name_key = ${name}`.execute(db);
}

/** Until when a name is shut somewhere, for who helps its owner. */
export async function lockOf(platform: Platform, username: string): Promise<Date | null> {
  const name = await hashed(platform, 'name', username.toLowerCase());
  const { rows } = await sql<{ until: Date | null }>`
    select max(locked_until) as until from sign_in_failure
     where name_key = ${name} and locked_until > ${new Date(platform.clock.now())}`.execute(platform.db);
  return rows[0]?.until ?? null;
}
