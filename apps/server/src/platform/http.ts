import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import fastifyCookie from '@fastify/cookie';
import fastifyMultipart from '@fastify/multipart';
import fastifyRateLimit from '@fastify/rate-limit';
import { serializerCompiler, validatorCompiler } from '@fastify/type-provider-zod';
import type { ZodTypeProvider } from '@fastify/type-provider-zod';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from './config.ts';
import type { Language } from './error-text.ts';
import { asJson, invalid, problem, problemHeaders, toProblem } from './errors.ts';
import type { Problem } from './errors.ts';
import { guardAccess } from './http-access.ts';
import type { AccessOptions, SignOn } from './http-access.ts';
import { registerHealth, registerMetrics } from './http-health.ts';
import { knownMethods } from './http-methods.ts';
import { redirectToHttps, serveCa } from './http-tls.ts';
import { createLimiter, limitsOf } from './http-limits.ts';
import { answerUnreadable, hasTwoHosts, limitConnections, refuseSlowBodies, WIRE } from './http-wire.ts';
import type { Limits } from './http-limits.ts';
import { createMetrics } from './metrics.ts';
import type { Metrics } from './metrics.ts';
import { registerOpenApi } from './openapi.ts';
import type { Platform } from './platform.ts';
import { instanceSecret, securityHeaders } from './security.ts';
import { serveWebApp } from './static.ts';

export type App = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Something that runs besides answering requests: a relay, a timer loop, a queue's worker. */
export interface Background {
  start(): void | Promise<void>;
  stop(): Promise<void>;
}

/** A room of the house, as its index.ts exports it. */
export interface Module {
  /** Registers its routes; they stand under /api/v1. */
  routes?(app: App, platform: Platform): void;
  /** Registers routes that stand at the root of the server (map tiles). */
  rootRoutes?(app: App, platform: Platform): void;
  /** Offered by the one module that knows sessions. */
  signOn?(platform: Platform): SignOn;
  /** Told of every request that is answered with a problem, before the answer goes out. */
  onRefused?(platform: Platform, request: FastifyRequest, problem: Problem): Promise<void>;
  /** What each process that answers requests runs too (live fan-out). */
  webBackground?(platform: Platform): readonly Background[];
  /** What worker processes run (relays, timers, jobs). */
  workerBackground?(platform: Platform): readonly Background[];
}

export interface HttpOptions {
  /** Folder of the built web app; null serves the API alone. */
  webRoot?: string | null;
  limits?: Partial<Limits>;
  /** False while what it serves is still being made; left out: at once. */
  ready?: () => boolean;
  /** True while the city may only be looked at; left out: never. */
  held?: () => boolean;
  /** Number of the last migration that this program knows, for /readyz. */
  migration?: number | null;
  /** Where plain requests from other machines are sent; null answers them. */
  httpsPort?: number | null;
  /** The local CA's certificate, for phones to trust; null where the certificate is one's own. */
  caPem?: string | null;
  /** Memory, event loop and the like in /metrics: once per process. */
  processMetrics?: boolean;
}

declare module 'fastify' {
  interface FastifyInstance {
    limits: Limits;
    metrics: Metrics;
  }
}

const MEGABYTE = 1024 * 1024;
const MINUTE = 60_000;

/** The HTTP server of a platform with its modules, ready to listen or to be injected into. */
export async function buildApp(
  platform: Platform,
  modules: readonly Module[],
  options: HttpOptions = {},
): Promise<App> {
  let stopping = false;
  const app = createServer(platform);
  app.decorate('limits', limitsOf(platform.config, options.limits));
  app.decorate('metrics', createMetrics({ processMetrics: options.processMetrics ?? false }));
  app.metrics.watchPool(platform.pool);
  app.metrics.watchStreams(platform.hub);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders(request.protocol === 'https'));
    reply.header('x-request-id', request.id);
    // RFC 9112 §3.2: a proxy may go by one of them, and we by the other.
    if (hasTwoHosts(request.raw.rawHeaders)) throw problem('request.malformed');
  });
  refuseSlowBodies(app, app.limits.bodyMs);
  if (platform.config.trustProxy === false) limitConnections(app.server, app.limits.connections);
  handleErrors(app, platform, modules);
  if (options.httpsPort) redirectToHttps(app, options.httpsPort);
  // Live streams never end by themselves: they are closed first, so that closing does not wait for them.
  app.addHook('preClose', async () => {
    stopping = true;
    platform.hub.close();
  });

  await app.register(fastifyCookie);
  await app.register(fastifyRateLimit, { global: false });
  await app.register(fastifyMultipart, { limits: multipartLimits(platform) });
  const access = await accessOptions(app, platform, modules, options.held ?? (() => false));
  guardAccess(app, access);
  await registerOpenApi(app);

  registerHealth(app, platform, {
    migration: options.migration ?? null,
    ready: options.ready ?? (() => true),
    stopping: () => stopping,
  });
  registerMetrics(app, access);
  if (options.caPem) serveCa(app, options.caPem);
  for (const module of modules) module.rootRoutes?.(app as unknown as App, platform);
  await app.register(
    async (api) => {
      for (const module of modules) module.routes?.(api as unknown as App, platform);
      serveOpenApi(api as unknown as App);
    },
    { prefix: '/api/v1' },
  );
  if (options.webRoot) await serveWebApp(app, options.webRoot);
  await app.ready();
  return app as unknown as App;
}

function createServer(platform: Platform): FastifyInstance {
  const { config } = platform;
  const app = Fastify({
    loggerInstance: platform.log as FastifyBaseLogger,
    // Our own line per request (below): no query values, no addresses.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trusted(config.trustProxy),
    bodyLimit: MEGABYTE,
    // A slow network of a phone may take minutes for a photo; headers have no such excuse.
    requestTimeout: 5 * MINUTE,
    handlerTimeout: 6 * MINUTE,
    http: { headersTimeout: 15_000, ...WIRE },
    keepAliveTimeout: 72_000, // longer than a balancer's 60 s: the balancer is who closes
    forceCloseConnections: 'idle',
    genReqId: (request) => requestId(request.headers['x-request-id'], config.trustProxy !== false),
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket),
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  return app as unknown as FastifyInstance;
}

function trusted(
  proxies: Config['trustProxy'],
): false | string[] | ((address: string, hop: number) => boolean) {
  if (typeof proxies === 'number') return (_address, hop) => hop < proxies;
  return proxies === false ? false : [...proxies];
}

/** One's own proxy may name the request, so that its log and ours meet; nobody else may. */
function requestId(given: string | string[] | undefined, trusted: boolean): string {
  return trusted && typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : randomUUID();
}

function multipartLimits({ config }: Platform) {
  return {
    fileSize: config.mediaMaxBytes,
    files: 9,
    fields: 20,
    fieldSize: 64 * 1024,
    parts: 30,
    headerPairs: 50,
  };
}

async function accessOptions(
  app: FastifyInstance,
  platform: Platform,
  modules: readonly Module[],
  held: () => boolean,
): Promise<AccessOptions> {
  const offers = modules.flatMap((module) => (module.signOn ? [module.signOn(platform)] : []));
  if (offers.length > 1) throw new Error('two modules offer a sign-on');
  return {
    signOn: offers[0],
    secret: await instanceSecret(platform.db),
    sessions: createLimiter(app, app.limits.session),
    addresses: createLimiter(app, app.limits.address),
    held,
  };
}

function handleErrors(app: FastifyInstance, platform: Platform, modules: readonly Module[]): void {
  const observers = modules.filter((module) => module.onRefused !== undefined);
  app.setErrorHandler(async (error, request, reply) => {
    // Who went away in the middle of a body is no fault of ours, and hears no answer.
    const gone = request.raw.destroyed && !request.raw.complete;
    const found = gone ? problem('request.malformed') : toProblem(error);
    try {
      for (const module of observers) await module.onRefused?.(platform, request, found);
    } catch (failure) {
      request.log.error({ err: failure }, 'refusal was not recorded');
    }
    return sendProblem(found, request, reply);
  });
  const methodsOf = knownMethods(app);
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(request.url);
    if (allowed.length === 0 || allowed.includes(request.method)) {
      return sendProblem(problem('notFound'), request, reply);
    }
    return sendProblem(problem('request.method'), request, reply.header('allow', allowed.join(', ')));
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url;
    app.metrics.observeHttp({
      method: request.method,
      route,
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
    const line = {
      method: request.method,
      route: route ?? null,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    request.log.debug(line, 'request');
  });
}

/** The one place where anything thrown becomes an answer; what is not known stays in the log. */
function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const found = toProblem(error);
  request.server.metrics.countProblem(found.code);
  if (found.report) request.log.error({ err: found.cause ?? found, code: found.code }, 'request failed');
  else request.log.debug({ code: found.code }, 'request refused');
  return reply
    .code(found.status)
    .headers(securityHeaders(request.protocol === 'https'))
    .headers(problemHeaders(found))
    .serializer(JSON.stringify)
    .send(asJson(found, request.id, languageOf(request)));
}

/** The reader's language: what the browser asks for first, else that of the person. */
export function languageOf(request: FastifyRequest): Language {
  const asked = request.headers['accept-language'] ?? request.signedOn?.actor.locale ?? '';
  const first = /\b(zh|en)\b/i.exec(asked)?.[1]?.toLowerCase();
  return first === 'en' ? 'en' : 'zh-CN';
}

export interface CommandMeta {
  /** Idempotency-Key: makes the command repeatable. */
  readonly key: string | null;
  readonly requestId: string | null;
  readonly ip: string | null;
}

/** How a command came in: its key, and what the audit keeps of the request. */
export function commandMeta(request: FastifyRequest): CommandMeta {
  const key = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(key))) {
    throw invalid([
      {
        path: '/idempotency-key',
        code: 'invalid_format',
        message: '1 to 128 visible ASCII characters',
        in: 'headers',
      },
    ]);
  }
  return { key: key ?? null, requestId: request.id, ip: isIP(request.ip) ? request.ip : null };
}

function serveOpenApi(app: App): void {
  let text: string | undefined;
  app.get('/openapi.json', { config: { public: true } }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(text);
  });
}
