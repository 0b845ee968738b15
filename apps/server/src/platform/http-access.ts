import { createHash } from 'node:crypto';
import { PERMISSIONS } from '@wanmi/contracts';
import type { Permission } from '@wanmi/contracts';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { Actor } from './actor.ts';
import { problem } from './errors.ts';
import { addressKey } from './http-limits.ts';
import type { Limiter } from './http-limits.ts';
import { csrfToken, fromOwnPage, isUnsafe, sameText } from './security.ts';

/** A session that is alive, and who acts through it. */
export interface SignedOn {
  readonly actor: Actor;
  readonly expiresAt: number;
}

/** Offered by the one module that knows people; throws `auth.invalid` or `auth.expired`. */
export type SignOn = (tokenHash: Buffer) => Promise<SignedOn>;

export interface RequestSession {
  /** Names the session to others of this process (live streams); not the token. */
  readonly id: string;
  readonly tokenHash: Buffer;
  readonly presentedBy: 'cookie' | 'bearer';
  readonly expiresAt: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Anybody may call it. */
    public?: true;
    /** Anybody who has signed in. */
    authenticated?: true;
    /** Who holds this permission in the post of the session. */
    permission?: Permission;
    /** Changes nothing of the city, whatever its method: may be called where it can only be looked at. */
    reads?: true;
  }
  interface FastifyRequest {
    /** Who acts. Asking for it on a public route is `auth.required`. */
    readonly actor: Actor;
    readonly session: RequestSession;
    signedOn: { actor: Actor; session: RequestSession } | null;
  }
  interface FastifyInstance {
    csrfToken(tokenHash: Buffer): string;
  }
}

export const SESSION_COOKIE = 'wanmi_session';

/** 256 random bits; only their hash is stored, so that a stolen database signs nobody in. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export function sessionId(tokenHash: Buffer): string {
  return tokenHash.toString('base64url');
}

/** Every route says who may call it, or the server does not start. */
export function checkRoute(route: RouteOptions): void {
  const config = route.config ?? {};
  const said = [config.public === true, config.authenticated === true, config.permission !== undefined];
  const name = `${String(route.method)} ${route.url}`;
  if (said.filter(Boolean).length !== 1) {
    throw new Error(
      `route ${name} must say who may call it: public, authenticated or permission (one of them)`,
    );
  }
  if (config.permission !== undefined && !PERMISSIONS.includes(config.permission)) {
    throw new Error(`route ${name} asks for permission ${config.permission as string}, which does not exist`);
  }
}

export interface AccessOptions {
  signOn: SignOn | undefined;
  secret: Buffer;
  sessions: Limiter;
  addresses: Limiter;
  /** True while the city may only be looked at. */
  held: () => boolean;
}

/** Sign-on, permission, forgery checks and rate limits: before a body is read. */
export function guardAccess(app: FastifyInstance, options: AccessOptions): void {
  app.decorate('csrfToken', (tokenHash: Buffer) => csrfToken(options.secret, tokenHash));
  app.decorateRequest('signedOn', null);
  app.decorateRequest('actor', {
    getter(this: FastifyRequest) {
      return requireSignedOn(this).actor;
    },
  });
  app.decorateRequest('session', {
    getter(this: FastifyRequest) {
      return requireSignedOn(this).session;
    },
  });
  app.addHook('onRoute', checkRoute);
  app.addHook('onRequest', async (request) => {
    const { config } = request.routeOptions;
    const byCookie = request.headers.authorization === undefined;
    // Without a cookie to ride on too: nobody else's page may sign a visitor in.
    if (byCookie && isUnsafe(request.method) && !fromOwnPage(request.headers, request.host)) {
      throw problem('csrf');
    }
    if (request.is404 || config.public) {
      await options.addresses(request, addressKey(request));
    } else {
      await signIn(request, options);
      if (config.permission !== undefined && !request.actor.permissions.has(config.permission)) {
        throw problem('permission.denied', { permission: config.permission });
      }
    }
    if (isUnsafe(request.method) && !config.reads && !request.is404 && options.held()) {
      throw problem('restore.unconfirmed');
    }
  });
}

function requireSignedOn(request: FastifyRequest): NonNullable<FastifyRequest['signedOn']> {
  if (!request.signedOn) throw problem('auth.required');
  return request.signedOn;
}

/** Fills in who acts, for a route that decides by itself too (`/metrics`). */
export async function signIn(request: FastifyRequest, options: AccessOptions): Promise<void> {
  try {
    request.signedOn = await resolve(request, options);
  } catch (error) {
    await options.addresses(request, addressKey(request));
    throw error;
  }
  const { session } = request.signedOn;
  await options.sessions(request, session.id);
  if (session.presentedBy === 'cookie' && isUnsafe(request.method)) {
    const sent = request.headers['x-csrf-token'];
    if (typeof sent !== 'string' || !sameText(sent, csrfToken(options.secret, session.tokenHash)))
      throw problem('csrf');
  }
}

async function resolve(request: FastifyRequest, { signOn }: AccessOptions) {
  const presented = credentials(request);
  if (!presented || !signOn) throw problem('auth.required');
  if (!TOKEN.test(presented.token)) throw problem('auth.invalid');
  const tokenHash = hashToken(presented.token);
  const { actor, expiresAt } = await signOn(tokenHash);
  const id = sessionId(tokenHash);
  return { actor, session: { id, tokenHash, presentedBy: presented.by, expiresAt } };
}

/** 32 bytes in base64url. */
const TOKEN = /^[\w-]{43}$/;

function credentials(request: FastifyRequest): { token: string; by: 'cookie' | 'bearer' } | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    return token === undefined ? null : { token, by: 'bearer' };
  }
  const token = request.cookies[SESSION_COOKIE];
  return token === undefined ? null : { token, by: 'cookie' };
}
