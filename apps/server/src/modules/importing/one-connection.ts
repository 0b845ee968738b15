import { Kysely, PostgresDialect } from 'kysely';
import type { PoolClient } from 'pg';
import type { DB } from '#platform/db-types';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';

/**
 * A transaction in which COPY and the modules' own queries share one connection: the builder has no COPY, and a bulk
 * write must not be torn apart. A connection that was lost is not given back.
 */
export async function onOneConnection<T>(
  { pool }: Pick<Platform, 'pool'>,
  work: (client: PoolClient, trx: Trx) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let lost: Error | undefined;
  const onError = (error: Error): void => void (lost = error);
  client.on('error', onError);
  const same = { query: client.query.bind(client), release: () => {} };
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({ pool: { connect: async () => same, end: async () => {} } as never }),
  });
  try {
    return await db.transaction().execute((trx) => work(client, trx));
  } finally {
    client.off('error', onError);
    client.release(lost);
  }
}
