import type { Platform } from '#platform/platform';

const LOCK = `pg_try_advisory_lock(hashtext('wanmi.transfer'), hashtext($1))`;
const UNLOCK = `pg_advisory_unlock(hashtext('wanmi.transfer'), hashtext($1))`;

/** False: another process has it. The lock falls with the connection, whatever becomes of the process. */
export async function underLock({ pool }: Platform, id: string, work: () => Promise<void>): Promise<boolean> {
  const client = await pool.connect();
  let broken = false;
  try {
    const { rows } = await client.query<{ got: boolean }>(`select ${LOCK} as got`, [id]);
    if (!rows[0]!.got) return false;
    try {
      await work();
    } finally {
      await client.query(`select ${UNLOCK}`, [id]).catch(() => (broken = true));
    }
    return true;
  } finally {
    client.release(broken);
  }
}
