import type { FastifyInstance } from 'fastify';
import { problem } from './errors.ts';
import type { Platform } from './platform.ts';

export interface HealthOptions {
  /** Number of the last migration that this program knows; null where nobody asks. */
  migration: number | null;
  /** True once the process is told to stop: balancers then send no more. */
  stopping: () => boolean;
}

/** `/healthz`: this process answers. `/readyz`: it can serve, with its database and all migrations. */
export function registerHealth(app: FastifyInstance, platform: Platform, options: HealthOptions): void {
  const route = { config: { public: true }, logLevel: 'silent' } as const;
  app.get('/healthz', route, async (_request, reply) => {
    return reply.header('cache-control', 'no-store').send({ status: 'ok' });
  });
  app.get('/readyz', route, async (_request, reply) => {
    if (options.stopping()) throw problem('service.stopping');
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
