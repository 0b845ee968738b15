import type { FastifyInstance } from 'fastify';
import { problem } from './errors.ts';
import { signIn } from './http-access.ts';
import type { AccessOptions } from './http-access.ts';
import type { Platform } from './platform.ts';
import { isLoopback } from './security.ts';

export interface HealthOptions {
  /** Number of the last migration that this program knows; null where nobody asks. */
  migration: number | null;
  /** False while the city of a demo is still being built. */
  ready: () => boolean;
  /** True once the process is told to stop: balancers then send no more. */
  stopping: () => boolean;
}

/** `/healthz`: this process answers. `/readyz`: it can serve, with its database, all migrations and its city. */
export function registerHealth(app: FastifyInstance, platform: Platform, options: HealthOptions): void {
  const route = { config: { public: true }, logLevel: 'silent' } as const;
  app.get('/healthz', route, async (_request, reply) => {
    return reply.header('cache-control', 'no-store').send({ status: 'ok' });
  });
  app.get('/readyz', route, async (_request, reply) => {
    if (options.stopping()) throw problem('service.stopping');
    if (!options.ready()) throw problem('service.starting');
    if ((await lastMigration(platform)) < (options.migration ?? 0)) throw problem('db.unavailable');
    return reply.header('cache-control', 'no-store').send({ status: 'ready' });
  });
}

async function lastMigration({ pool }: Platform): Promise<number> {
  const { rows } = await pool.query<{ last: number | null }>(
    'select max(number) as last from schema_migration',
  );
  return rows[0]?.last ?? 0;
}

/** `/metrics` for a Prometheus on this machine, or one that signs in with the right to read the audit. */
export function registerMetrics(app: FastifyInstance, access: AccessOptions): void {
  app.get('/metrics', { config: { public: true }, logLevel: 'warn' }, async (request, reply) => {
    if (!isLoopback(request)) {
      await signIn(request, access);
      if (!request.actor.permissions.has('audit.read')) {
        throw problem('permission.denied', { permission: 'audit.read' });
      }
    }
    const { metrics } = app;
    return reply
      .type(metrics.contentType)
      .header('cache-control', 'no-store')
      .send(await metrics.text());
  });
}
