import { statfs } from 'node:fs/promises';
import type { Config } from '#platform/config';
import { SimulationError } from './scenario.ts';

// Measured at size XL: 330,000 cases took 9.3 GB of tables and indexes and 4 GB of WAL beside them.
const BYTES_A_REPORT = 29_000;
const BYTES_BESIDE = 4e9;
/** Below it WAL is recycled before it comes to much. */
const SMALL = 50_000;

/** Disk that a run of so many reports takes, generously. */
export const roomFor = (reports: number): number =>
  reports * BYTES_A_REPORT + (reports < SMALL ? 0 : BYTES_BESIDE);

/**
 * A million cases do not fit on every disk, and one that is full stops the whole machine: said before the first of them.
 * A database server of somebody else's is his own matter.
 * @throws SimulationError
 */
export async function requireRoom(
  { home, databaseUrl }: Pick<Config, 'home' | 'databaseUrl'>,
  reports: number,
  free?: number,
): Promise<void> {
  if (databaseUrl !== null) return;
  const needed = roomFor(reports);
  let there = free;
  if (there === undefined) {
    const { bavail, bsize } = await statfs(home);
    there = bavail * bsize;
  }
  if (there >= needed) return;
  const GB = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new SimulationError(
    `${Math.round(reports)} reports take about ${GB(needed)} of disk, and in ${home} are ${GB(there)} free`,
  );
}
