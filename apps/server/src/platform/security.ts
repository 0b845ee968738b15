import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from './pool.ts';

/** Pages of our own web app: nothing from outside the server, styles only with this reply's nonce. */
export function pagePolicy(nonce: string): string {
  return [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "worker-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/**
 * Scripts of our own web app. A page does not look at it, a worker made from one lives by it: the map's worker asks
 * for the tiles.
 */
export const SCRIPT_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";

/** Everything that is no page (JSON, photos, tiles): were it opened as one, it may load and run nothing. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox";

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': DATA_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Collectors need camera and position on our own pages; nobody needs the rest.
  'permissions-policy':
    'camera=(self), geolocation=(self), microphone=(), payment=(), usb=(), serial=(), display-capture=()',
};
const HTTPS_HEADERS: Readonly<Record<string, string>> = {
  ...HEADERS,
  'strict-transport-security': 'max-age=31536000',
};

export function securityHeaders(https: boolean): Readonly<Record<string, string>> {
  return https ? HTTPS_HEADERS : HEADERS;
}

export function newNonce(): string {
  return randomBytes(16).toString('base64');
}

/** The secret of this installation, made by whichever process asks first. */
export async function instanceSecret(db: Db): Promise<Buffer> {
  const made = randomBytes(32).toString('hex');
  await sql`insert into instance (key, value) values ('secret', to_jsonb(${made}::text))
    on conflict (key) do nothing`.execute(db);
  const { rows } = await sql<{ secret: string }>`
    select value #>> '{}' as secret from instance where key = 'secret'`.execute(db);
  const secret = Buffer.from(rows[0]?.secret ?? '', 'hex');
  if (secret.length !== 32) throw new Error('the installation has no usable secret (table instance)');
  return secret;
}

/** Bound to the session, so that a token stolen from one user's page is of no use in another's. */
export function csrfToken(secret: Buffer, tokenHash: Buffer): string {
  return createHmac('sha256', secret).update('csrf\0').update(tokenHash).digest('base64url');
}

export function sameText(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

interface OriginHeaders {
  'sec-fetch-site'?: string | string[] | undefined;
  origin?: string | undefined;
}

/**
 * False when a browser says that another site's page sends this. Browsers send at least one of the two headers
 * with every unsafe request; programs send neither, and hold no cookie that somebody could ride on.
 */
export function fromOwnPage(headers: OriginHeaders, host: string): boolean {
  // The browser's own word where it gives it; under no-referrer it may send `Origin: null` for our own pages too.
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (headers.origin === undefined) return true;
  // Only the host: a proxy may end TLS, so that the scheme seen here is another.
  return URL.canParse(headers.origin) && new URL(headers.origin).host === host.toLowerCase();
}

export function isUnsafe(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

interface Caller {
  ip: string;
  headers: Readonly<Record<string, unknown>>;
}

/** A program on this machine itself: not one that a proxy on this machine speaks for. */
export function isLoopback({ ip, headers }: Caller): boolean {
  const forwarded = headers['x-forwarded-for'] ?? headers['forwarded'] ?? headers['via'];
  return LOOPBACK.test(ip) && forwarded === undefined;
}
