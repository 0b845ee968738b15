import type { PoolClient } from 'pg';
import type { Platform } from './platform.ts';

/** For work by statements of one's own, on one connection; a connection that was lost is not given back. */
export async function inTransaction<T>(
  { pool }: Platform,
  work: (trx: PoolClient) => Promise<T>,
): Promise<T> {
  const trx = await pool.connect();
  let lost = true;
  try {
    await trx.query('begin');
    const done = await work(trx);
    await trx.query('commit');
    lost = false;
    return done;
  } catch (error) {
    await trx.query('rollback').then(
      () => (lost = false),
      () => {},
    );
    throw error;
  } finally {
    trx.release(lost);
  }
}
