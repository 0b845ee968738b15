import type { Pool } from 'pg';
import { SimulationError } from './scenario.ts';

/** Two runs of one city at once would write the same days: the second is told. Held by a connection, so never left over. */
export async function createLocker(pool: Pool, cityId: string): Promise<() => Promise<void>> {
  const client = await pool.connect();
  const { rows } = await client.query<{ got: boolean }>(
    `select pg_try_advisory_lock(hashtext('wanmi.simulation'), hashtext($1)) as got`,
    [cityId],
  );
  if (!rows[0]!.got) {
    client.release();
    throw new SimulationError('another run is generating this city');
  }
  return async () => {
    await client.query(`select pg_advisory_unlock(hashtext('wanmi.simulation'), hashtext($1))`, [cityId]);
    client.release();
  };
}
