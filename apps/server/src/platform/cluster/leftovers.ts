import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ClusterError } from './errors.ts';
import type { ClusterLog } from './errors.ts';
import { isHalfExchanged } from './exchange.ts';
import { acquireLock } from './lock.ts';
import { giveToOwner } from './place.ts';
import type { Place } from './place.ts';
import { inspect, isAlive, sleep } from './processes.ts';
import { findRunning, readPostmasterFile, stopServer } from './server.ts';
import { hasUsers } from './users.ts';
import { writeDurablySync } from './write.ts';

/*
 * A migration to another version starts programs and servers that outlive it when it is killed. So it says beforehand
 * what it is at, and whoever comes next (the next try, the next start) ends and removes what was left before he looks
 * for data. Callers hold the place's lock, so that the migration is known to be dead.
 */

const Program = z.object({ pid: z.int(), startedAt: z.string() });
const Work = z.object({
  /** Leads a process group of its own, which holds whatever it starts. */
  program: Program.nullable(),
});

const fileOf = ({ base }: Pick<Place, 'base'>): string => path.join(base, 'upgrade.json');

/** The new data directory until it takes its name. */
export const upgradedDir = ({ dataDir }: Pick<Place, 'dataDir'>): string => `${dataDir}.upgraded`;
/** What is written out, or where pg_upgrade works. */
export const workDir = ({ base }: Pick<Place, 'base'>): string => path.join(base, 'upgrade');

/** Says that a migration is at work, and which program it waits for. */
export function noteUpgrade(place: Place, pid: number | null): void {
  const startedAt = pid === null ? undefined : inspect(pid)?.startedAt;
  const program = pid === null || startedAt === undefined ? null : { pid, startedAt };
  writeDurablySync(fileOf(place), JSON.stringify({ program }));
  giveToOwner(place, fileOf(place));
}

/** Ends and removes everything of a migration that did not come to its end; the data itself is not touched. */
export async function clearUpgrade(place: Place, log: ClusterLog): Promise<void> {
  const file = fileOf(place);
  // Its last step is finished, not taken back: what was made is whole, and half in its place.
  if (!existsSync(file) || isHalfExchanged(place)) return;
  log.info('removing what is left of a migration that was broken off');
  const { program } = Work.parse(JSON.parse(readFileSync(file, 'utf8')));
  if (program) await endGroup(program);
  // pg_upgrade starts servers on both directories, in sessions of their own and on a port of its own.
  const dirs = hasUsers(place) ? [upgradedDir(place)] : [upgradedDir(place), place.dataDir];
  for (const dir of dirs) {
    const running = readPostmasterFile(dir);
    if (running) await stopServer(running.pid, dir);
  }
  const rests = globSync(`${path.basename(upgradedDir(place))}.new-*`, { cwd: place.base });
  for (const name of rests) rmSync(path.join(place.base, name), { recursive: true, force: true });
  for (const dir of [upgradedDir(place), workDir(place)]) rmSync(dir, { recursive: true, force: true });
  forgetUpgrade(place);
}

/** The migration has come to its end. */
export const forgetUpgrade = (place: Place): void => rmSync(fileOf(place), { force: true });

/** The same for whoever does not hold the lock: a migration that is at work is waited for. */
export async function clearBrokenUpgrade(place: Place, log: ClusterLog): Promise<void> {
  if (!existsSync(fileOf(place))) return;
  log.info('a migration to another version of PostgreSQL was begun: waiting for it to end');
  const lock = await acquireLock(place.lockFile);
  try {
    await clearUpgrade(place, log);
  } finally {
    lock.release();
  }
}

async function endGroup({ pid, startedAt }: z.infer<typeof Program>): Promise<void> {
  const now = inspect(pid);
  // Its number may be somebody else's by now, and after a boot the group's too.
  if (now ? now.startedAt !== startedAt : bootOf(startedAt) !== bootOf(inspect(process.pid)?.startedAt))
    return;
  killGroup(pid, 'SIGKILL');
  const deadline = Date.now() + 10_000;
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new ClusterError('cluster_stop_failed', `process ${pid} does not end`);
    await sleep(20);
  }
}

const bootOf = (startedAt = ''): string => startedAt.split('/')[0] ?? '';

/** A program that was started `detached`, with everything it started itself. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // gone meanwhile
  }
}

/**
 * Whether a server runs for somebody on the data. One that nobody uses was left over by a program that was killed: it
 * is stopped, as the last of its users would have done. The caller holds the place's lock.
 */
export async function isInUse(place: Place, log: ClusterLog): Promise<boolean> {
  const running = await findRunning(place, log);
  if (!running) return false;
  if (hasUsers(place)) return true;
  log.warn(`stopping the database server ${running.pid}, which was left over by a program that was killed`);
  await stopServer(running.pid, place.dataDir);
  return false;
}
