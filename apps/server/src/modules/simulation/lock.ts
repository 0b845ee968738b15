import type { Pool } from 'pg';
import { SimulationError } from './scenario.ts';

/** Two runs of one city at once would write the same days: the second is told. Held by a connection, so never left over. */
export async function createLocker(pool: Pool, cityId: string): Promise<() => Promise<void>> {
  const client = await pool.connect();
  const got = await client
    .query<{ got: boolean }>(
      `select pg_try_advisory_lock(hashtext('wanmi.simulation'), hashtext($1)) as got`,
      [cityId],
    )
    .catch((error: unknown) => {
      client.release(true);
      throw error;
    });
  if (!got.rows[0]!.got) {
    client.release();
    throw new SimulationError('another run is generating this city');
  }
  // Where the connection is gone, so is the lock: what the run itself failed of is what is told.
  return () =>
    client.query(`select pg_advisory_unlock(hashtext('wanmi.simulation'), hashtext($1))`, [cityId]).then(
      () => client.release(),
      () => client.release(true),
    );
}
