import { z } from 'zod';
import {
  ChangePasswordBody,
  LoginBody,
  LoginReply,
  Me,
  page,
  Region,
  RegionQuery,
  SwitchPostBody,
  Unit,
  UnitQuery,
} from '@wanmi/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { audit } from '#modules/audit';
import type { App } from '#platform/http';
import { commandMeta } from '#platform/http';
import { SESSION_COOKIE } from '#platform/http-access';
import { addressKey, createLimiter } from '#platform/http-limits';
import type { Platform } from '#platform/platform';
import { adminRoutes } from './admin-routes.ts';
import { demoRoutes } from './demo.ts';
import { listRegions, listUnits } from './lists.ts';
import { logIn } from './login.ts';
import { changePassword, meOf, switchPost } from './me.ts';
import { endSessions, forgetSessions, signOn } from './sessions.ts';

const Done = z.object({ done: z.literal(true) });
const PasswordChanged = Done.extend({ csrf: z.string() });

export function routes(app: App, platform: Platform): void {
  authRoutes(app, platform);
  meRoutes(app, platform);
  app.get(
    '/regions',
    {
      config: { authenticated: true },
      schema: {
        tags: ['org'],
        summary: 'Districts, streets, communities, zones by code',
        querystring: RegionQuery,
        response: { 200: page(Region) },
      },
    },
    (request) => listRegions(platform, request.actor, request.query),
  );
  app.get(
    '/units',
    {
      config: { authenticated: true },
      schema: {
        tags: ['org'],
        summary: 'Centres, departments, crews, teams by code',
        querystring: UnitQuery,
        response: { 200: page(Unit) },
      },
    },
    (request) => listUnits(platform, request.actor, request.query),
  );
  adminRoutes(app, platform);
  demoRoutes(app, platform);
}

function authRoutes(app: App, platform: Platform): void {
  const perName = createLimiter(app, app.limits.login);
  const perAddress = createLimiter(app, app.limits.loginAddress);
  const sessions = signOn(platform);

  app.post(
    '/auth/login',
    {
      config: { public: true, reads: true },
      schema: {
        tags: ['auth'],
        summary: 'Sign in: a bearer token, and the same session as a cookie',
        body: LoginBody,
        response: { 200: LoginReply },
      },
    },
    async (request, reply) => {
      const { username, password } = request.body;
      await perAddress(request, addressKey(request));
      await perName(request, `${addressKey(request)} ${username.toLowerCase()}`);
      const session = await logIn(platform, {
        username,
        password,
        kind: isBrowser(request) ? 'cookie' : 'bearer',
        ip: request.ip,
        agent: request.headers['user-agent'],
        requestId: request.id,
      });
      setCookie(platform, request, reply, session.token);
      const { actor } = await sessions(session.tokenHash);
      return {
        token: session.token,
        expiresAt: new Date(session.expiresAt).toISOString(),
        me: await meOf(platform, actor, app.csrfToken(session.tokenHash)),
      };
    },
  );

  app.post(
    '/auth/logout',
    {
      config: { authenticated: true, reads: true },
      schema: { tags: ['auth'], summary: 'End this session', response: { 200: Done } },
    },
    async (request, reply) => {
      const { actor, session } = request;
      const ended = await endSessions(platform.db, platform, { tokenHash: session.tokenHash });
      forgetSessions(platform, ended);
      await audit(platform.db, platform, {
        actor,
        action: 'auth.logout',
        outcome: 'ok',
        ...commandMeta(request),
      });
      reply.clearCookie(SESSION_COOKIE, { path: '/' });
      return { done: true as const };
    },
  );
}

/** Programs send neither; what kind of session it is decides nothing, it is shown to its owner. */
function isBrowser({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-site'] !== undefined || headers.origin !== undefined;
}

function setCookie(platform: Platform, request: FastifyRequest, reply: FastifyReply, token: string): void {
  reply.setCookie(SESSION_COOKIE, token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    maxAge: platform.config.sessionDays * 86_400,
  });
}

function meRoutes(app: App, platform: Platform): void {
  const config = { authenticated: true } as const;
  const sessions = signOn(platform);
  app.get(
    '/me',
    { config, schema: { tags: ['me'], summary: 'Who is signed in, and as what', response: { 200: Me } } },
    (request) => meOf(platform, request.actor, app.csrfToken(request.session.tokenHash)),
  );
  app.post(
    '/me/post',
    {
      config: { authenticated: true, reads: true },
      schema: {
        tags: ['me'],
        summary: 'Act through another of my posts',
        body: SwitchPostBody,
        response: { 200: Me },
      },
    },
    async (request, reply) => {
      const { actor, session, body } = request;
      const renewed = await switchPost(platform, actor, session, body.postId, commandMeta(request));
      if (renewed.token !== null) setCookie(platform, request, reply, renewed.token);
      const now = await sessions(renewed.tokenHash);
      return meOf(platform, now.actor, app.csrfToken(renewed.tokenHash));
    },
  );
  app.post(
    '/me/password',
    {
      config,
      schema: {
        tags: ['me'],
        summary: 'Change my password; my other sessions end',
        body: ChangePasswordBody,
        response: { 200: PasswordChanged },
      },
    },
    async (request, reply) => {
      const { actor, session, body } = request;
      const renewed = await changePassword(platform, actor, session, body, commandMeta(request));
      if (renewed.token !== null) setCookie(platform, request, reply, renewed.token);
      return { done: true as const, csrf: app.csrfToken(renewed.tokenHash) };
    },
  );
}
