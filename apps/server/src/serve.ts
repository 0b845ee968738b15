import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { backupWorker, holdUntilConfirmed, watchRestored } from '#modules/backup';
import { warmUp } from '#modules/catalog';
import { MIGRATIONS, WEB_ROOT, buildServer, modules } from './app.ts';
import { bootPlatform } from './boot.ts';
import { bootDemo, type DemoPerson } from './demo.ts';
import { ensurePartitions } from './partitions.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { App, Background } from './platform/http.ts';
import { answerUnreadable, limitConnections, WIRE } from './platform/http-wire.ts';
import { readMigrations } from './platform/migrate.ts';
import type { Platform } from './platform/platform.ts';
import { ensureTls } from './platform/tls.ts';
import type { Tls } from './platform/tls.ts';
import { workerBackground } from './worker.ts';

export interface Running {
  readonly platform: Platform;
  /** Where it listens: http first, then https. Empty without the service `web`. */
  readonly urls: readonly string[];
  /** The common password of a demo's people. */
  readonly demoPassword: string | null;
  /** One account of each role in a demo. */
  readonly demoAccounts: readonly DemoPerson[];
  readonly caFingerprint: string | null;
  /** Takes no more requests, finishes those under way, and stops everything that was started. */
  stop(): Promise<void>;
}

/** What is started goes on this pile, and comes off it in the opposite order. */
class Pile {
  readonly #stops: { name: string; stop: () => Promise<void> }[] = [];

  push(name: string, stop: () => Promise<void>): void {
    this.#stops.push({ name, stop });
  }

  async unwind(log: Logger): Promise<void> {
    for (const { name, stop } of this.#stops.splice(0).reverse()) {
      await stop().catch((error: unknown) => log.error({ err: error, part: name }, 'did not stop well'));
    }
  }
}

/**
 * Starts the chosen services. What had been started is stopped again when a later part fails, or when the signal says
 * so before all of it runs.
 * @throws the signal's reason
 */
export async function serve(config: Config, log: Logger, signal: AbortSignal): Promise<Running> {
  const pile = new Pile();
  try {
    return await start(config, log, pile, signal);
  } catch (error) {
    await pile.unwind(log);
    throw error;
  }
}

async function start(config: Config, log: Logger, pile: Pile, signal: AbortSignal): Promise<Running> {
  const booted = await bootPlatform(config, log, `wanmi-${[...config.services].sort().join('+')}`);
  pile.push('platform', () => booted.close());
  const { platform, applied } = booted;
  if (applied.length > 0) log.info({ migrations: applied.length }, 'database migrated');
  await ensurePartitions(platform);
  // Before anybody asks: nobody's request stands still while a city's drawings are compiled
  await warmUp(platform);
  signal.throwIfAborted();

  let ready = config.demo === null;
  const web = config.services.has('web') ? await startWeb(platform, pile, () => ready) : null;
  for (const background of backgrounds(platform)) {
    await background.start();
    pile.push('background', () => background.stop());
  }
  signal.throwIfAborted();
  const demo = config.demo === null ? null : await bootDemo(platform, web?.urls[0] ?? null, signal);
  if (demo) pile.push('demo', () => demo.stop());
  ready = true;
  return {
    platform,
    urls: web?.urls ?? [],
    demoPassword: demo?.password ?? null,
    demoAccounts: demo?.accounts ?? [],
    caFingerprint: web?.tls?.caFingerprint ?? null,
    stop: () => pile.unwind(log),
  };
}

function backgrounds(platform: Platform): Background[] {
  const { services, backupDir } = platform.config;
  const work = services.has('worker')
    ? [...modules.flatMap((module) => module.workerBackground?.(platform) ?? []), workerBackground(platform)]
    : [];
  return [
    ...(services.has('web') ? modules.flatMap((module) => module.webBackground?.(platform) ?? []) : []),
    ...work.map((background) => holdUntilConfirmed(platform, background)),
    ...(services.has('worker') && backupDir !== null ? [backupWorker(platform)] : []),
  ];
}

async function startWeb(
  platform: Platform,
  pile: Pile,
  ready: () => boolean,
): Promise<{ urls: string[]; tls: Tls | null }> {
  const { config, log } = platform;
  const tls = config.https
    ? await ensureTls({ ...config.https, home: config.home, clock: systemClock })
    : null;
  const built = existsSync(path.join(WEB_ROOT, 'index.html'));
  if (!built) log.warn('the web app is not built: the API is served alone');
  const hold = await watchRestored(platform);
  pile.push('hold', () => hold.stop());
  const app = await buildServer(platform, {
    webRoot: built ? WEB_ROOT : null,
    ready,
    held: () => hold.held,
    migration: (await readMigrations(MIGRATIONS)).at(-1)?.number ?? null,
    // A demo hears this machine alone; there is nobody to send on.
    httpsPort: config.demo === null ? (config.https?.port ?? null) : null,
    caPem: tls?.caPem ?? null,
    processMetrics: true,
  });
  pile.push('http', () => drain(app));
  await app.listen({
    host: config.host,
    port: config.port,
    listenTextResolver: (address) => `listening at ${address}`,
  });
  const urls = [urlOf('http', config.host, app.server.address() as AddressInfo)];
  if (tls && config.https) {
    const server = await listenTls(app, tls, config, config.https.port);
    pile.push('https', () => closeServer(server));
    pile.push('certificate', renewal(platform, server));
    urls.push(urlOf('https', config.host, server.address() as AddressInfo));
  }
  return { urls, tls };
}

/** The same server on a second door. */
async function listenTls(
  app: App,
  tls: Tls,
  { host, trustProxy }: Config,
  port: number,
): Promise<HttpsServer> {
  const server = createHttpsServer(
    { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2', ...WIRE },
    (request, response) => app.routing(request, response),
  );
  server.on('clientError', answerUnreadable);
  if (trustProxy === false) limitConnections(server, app.limits.connections);
  server.requestTimeout = app.server.requestTimeout;
  server.headersTimeout = app.server.headersTimeout;
  server.keepAliveTimeout = app.server.keepAliveTimeout;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

const HALF_A_DAY = 12 * 3_600_000;

/** Certificates end: looked at twice a day, exchanged without a restart. */
function renewal({ config, log }: Platform, server: HttpsServer): () => Promise<void> {
  const timer = setInterval(() => {
    ensureTls({ ...config.https, home: config.home, clock: systemClock })
      .then(({ key, cert }) => server.setSecureContext({ key, cert, minVersion: 'TLSv1.2' }))
      .catch((error: unknown) => log.error({ err: error }, 'the certificate was not renewed'));
  }, HALF_A_DAY);
  timer.unref();
  return async () => clearInterval(timer);
}

const DRAIN_MS = 10_000;

/** Requests under way get ten seconds; then their connections are cut. */
async function drain(app: App): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}

async function closeServer(server: HttpsServer): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  server.closeIdleConnections();
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(cut);
}

function urlOf(scheme: string, host: string, { port }: AddressInfo): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${name}:${port}`;
}
