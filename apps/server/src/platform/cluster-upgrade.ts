import { existsSync, lstatSync, readdirSync, realpathSync, renameSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { systemClock } from './clock.ts';
import { ownName, serverAccount } from './cluster/account.ts';
import { chooseServer, defaultSearch, findServers } from './cluster/binaries.ts';
import type { ServerBinaries } from './cluster/binaries.ts';
import { ClusterError } from './cluster/errors.ts';
import type { ClusterLog } from './cluster/errors.ts';
import { exchange, finishExchange } from './cluster/exchange.ts';
import { clearUpgrade, isInUse, killGroup, noteUpgrade, upgradedDir, workDir } from './cluster/leftovers.ts';
import { acquireLock } from './cluster/lock.ts';
import { installDatabase, installPrivilege, systemFamily } from './cluster/packages.ts';
import { dataMajor, keepPlace, makePrivate, placeOf, socketDirectory } from './cluster/place.ts';
import type { Place } from './cluster/place.ts';
import { run } from './cluster/processes.ts';
import type { Account, RunResult } from './cluster/processes.ts';
import { SUPERUSER, configure, connectionTo, initialise, launch, stopServer } from './cluster/server.ts';
import { serverSettings, settingsFile } from './cluster/settings.ts';
import { rebaseOutbox } from './outbox-care.ts';
import { clientConfig, createDb, createPool } from './pool.ts';

export interface UpgradeOptions {
  dataDir: string;
  from: ServerBinaries;
  to: ServerBinaries;
  log: ClusterLog;
  /**
   * `files` (pg_upgrade) takes as long as copying the files; `dump` writes everything out and in again, takes hours for a
   * large city, and works where pg_upgrade refuses (another locale provider, a PostGIS that it cannot load).
   */
  by?: 'files' | 'dump';
  /** Breaks it off: then everything is as it was. */
  signal?: AbortSignal;
}

/** What the steps share. */
interface Migration {
  readonly from: ServerBinaries;
  readonly to: ServerBinaries;
  readonly log: ClusterLog;
  readonly place: Place;
  /** The new data directory, until it takes the old one's name. */
  readonly fresh: Place;
  readonly account: Account | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Moves a data directory to another major version of PostgreSQL and returns where the old one is kept.
 * The new one is made beside it and takes its name when it is whole: a failure changes nothing.
 */
export async function upgradeCluster(options: UpgradeOptions): Promise<string> {
  const { from, to, log, signal, by = 'files' } = options;
  const dataDir = realpathSync(options.dataDir);
  const place = placeOf(dataDir);
  const owner = lstatSync(dataDir).uid;
  const account = serverAccount(owner, log);
  keepPlace({ place, owner, major: from.major }, account);
  const kept = `${dataDir}.${from.major}`;
  if (existsSync(kept)) {
    throw new ClusterError('cluster_upgrade_failed', `${kept} exists already; move it away first`);
  }

  const lock = await acquireLock(place.lockFile);
  try {
    await clearUpgrade(place, log);
    if (await isInUse(place, log)) {
      throw new ClusterError(
        'cluster_upgrade_failed',
        `the database in ${dataDir} is running; stop Wanmi first`,
      );
    }
    const { bavail, bsize } = statfsSync(place.base);
    mindSpace(place.base, sizeOf(dataDir), bavail * bsize, by);
    const fresh: Place = { ...place, dataDir: upgradedDir(place) };
    noteUpgrade(place, null);
    rmSync(reportsOf(place), { recursive: true, force: true });
    await build({ from, to, log, place, fresh, account, signal }, by);
    exchange(place, [
      { from: dataDir, to: kept },
      { from: fresh.dataDir, to: dataDir },
    ]);
    return kept;
  } finally {
    // What came to its end has nothing left to clear but its tools; an exchange that got stuck is finished by the next.
    await clearUpgrade(place, quiet);
    lock.release();
  }
}

const quiet: ClusterLog = { info: () => {}, warn: () => {} };

/** The whole new data directory; a step that was broken off is not followed by another. */
async function build(migration: Migration, by: 'files' | 'dump'): Promise<void> {
  const { from, to, log, place, fresh, account } = migration;
  rmSync(fresh.dataDir, { recursive: true, force: true });
  rmSync(workDir(place), { recursive: true, force: true });
  makePrivate(workDir(place), account);
  // pg_upgrade takes only a server that was shut down in order, which a start and a stop make sure of.
  await withServer(migration, from, place, async (socketDir) => {
    if (by === 'dump') await writeOut(migration, socketDir);
  });
  log.info(`copying the data of PostgreSQL ${from.major} to PostgreSQL ${to.major}`);
  await initialise(to, fresh, account, log);
  if (by === 'files') await pgUpgrade(migration);
  await withServer(migration, to, fresh, async (socketDir) => {
    if (by === 'dump') await readIn(migration, socketDir);
    await renewExtensionsAndStatistics(migration, socketDir, by);
  });
  minded(migration.signal);
}

/** @throws where the migration is to be broken off */
function minded(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new ClusterError('cluster_upgrade_failed', 'broken off; the database is as it was');
}

/** The second copy, and with `dump` what is written out too, which is packed. */
export function mindSpace(dir: string, bytes: number, free: number, by: 'files' | 'dump'): void {
  const needed = bytes * (by === 'files' ? 1.05 : 1.4);
  if (free >= needed) return;
  const gib = (n: number): string => `${(n / 2 ** 30).toFixed(1)} GiB`;
  throw new ClusterError(
    'cluster_upgrade_failed',
    `${dir} has ${gib(free)} free, and the migration takes ${gib(needed)}: nothing was begun`,
  );
}

function sizeOf(dir: string): number {
  let bytes = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += lstatSync(path.join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}

/** Where pg_upgrade's own reports stay when it refuses. */
const reportsOf = ({ base }: Place): string => path.join(base, 'upgrade-reports');

async function withServer(
  { account, log, signal }: Migration,
  binaries: ServerBinaries,
  place: Place,
  work: (socketDir: string) => Promise<void>,
): Promise<void> {
  minded(signal);
  const socketDir = socketDirectory(place, account);
  const settings = settingsFile(serverSettings({ name: 'upgrade', socketDir, lz4: binaries.lz4 }));
  await configure(place, account, settings, [ownName(), account?.name ?? ownName()]);
  const server = await launch(binaries, place, account, socketDir, log);
  try {
    await work(socketDir);
  } finally {
    await stopServer(server.pid, place.dataDir);
  }
}

async function pgUpgrade(migration: Migration): Promise<void> {
  const { from, to, place, fresh, account } = migration;
  const socketDir = socketDirectory(fresh, account);
  const settings = settingsFile(serverSettings({ name: 'upgrade', socketDir, lz4: to.lz4 }));
  await configure(fresh, account, settings, [ownName(), account?.name ?? ownName()]);
  const args = ['-b', from.binDir, '-B', to.binDir, '-d', place.dataDir, '-D', fresh.dataDir];
  const { code, output } = await program(migration, 'pg_upgrade', [
    ...args,
    '-U',
    SUPERUSER,
    '-s',
    socketDir,
  ]);
  if (code === 0) return;
  const said = path.join(fresh.dataDir, 'pg_upgrade_output.d');
  if (existsSync(said)) renameSync(said, reportsOf(place));
  throw new ClusterError(
    'cluster_upgrade_failed',
    `pg_upgrade failed; ${place.dataDir} is as it was, and its reports are in ${reportsOf(place)}\n${output.trim()}`,
  );
}

/** Every database into a directory of its own, by the newer programs, which read both versions. */
async function writeOut(migration: Migration, socketDir: string): Promise<void> {
  for (const name of await databases(socketDir, 'datallowconn and not datistemplate')) {
    const to = path.join(workDir(migration.place), name);
    await tool(migration, 'pg_dump', ['-Fd', '-j2', '-f', to, name], socketDir);
  }
}

async function readIn(migration: Migration, socketDir: string): Promise<void> {
  const dump = workDir(migration.place);
  for (const name of readdirSync(dump)) {
    // The database `postgres` is there; every other is made as it was.
    const create = name === 'postgres' ? [] : ['--create'];
    const args = ['--exit-on-error', ...create, '-j2', '-d', 'postgres', path.join(dump, name)];
    await tool(migration, 'pg_restore', args, socketDir);
  }
}

async function tool(migration: Migration, name: string, args: string[], socketDir: string): Promise<void> {
  const connection = ['-h', socketDir, '-U', SUPERUSER, '--no-password'];
  const { code, output } = await program(migration, name, [...connection, ...args]);
  if (code !== 0) throw new ClusterError('cluster_upgrade_failed', `${name} failed:\n${output.trim()}`);
}

/** One of the newer version's programs, which ends with us: at once where we are told to, else by whoever comes next. */
async function program(
  { to, place, account, signal }: Migration,
  name: string,
  args: string[],
): Promise<RunResult> {
  minded(signal);
  let end = (): void => {};
  try {
    return await run(path.join(to.binDir, name), args, {
      account,
      cwd: workDir(place),
      onGroup: (pid) => {
        noteUpgrade(place, pid);
        end = () => killGroup(pid, 'SIGKILL');
        signal?.addEventListener('abort', end);
      },
    });
  } finally {
    signal?.removeEventListener('abort', end);
    noteUpgrade(place, null);
    minded(signal);
  }
}

/** pg_upgrade brings neither the planner's statistics nor the newer SQL side of an extension. */
async function renewExtensionsAndStatistics(
  { signal }: Migration,
  socketDir: string,
  by: 'files' | 'dump',
): Promise<void> {
  for (const database of await databases(socketDir, 'datallowconn')) {
    minded(signal);
    const pool = createPool(
      { ...connectionTo(socketDir), database },
      { max: 2, applicationName: 'wanmi-upgrade' },
    );
    try {
      const outdated = await pool.query<{ name: string }>(
        `select name from pg_available_extensions where installed_version <> default_version`,
      );
      for (const { name } of outdated.rows) {
        await pool.query(`alter extension ${pg.escapeIdentifier(name)} update`);
      }
      if (by === 'dump') await rebase(pool);
      minded(signal);
      await pool.query('analyze');
    } finally {
      await pool.end();
    }
  }
}

/** Now, while nothing new has been written: later a row of the new server could stand before what was read of the old. */
async function rebase(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ there: boolean }>(
    `select to_regclass('public.outbox_cursor') is not null as there`,
  );
  if (!rows[0]!.there) return;
  await rebaseOutbox({ db: createDb(pool), clock: systemClock, log: quiet });
}

async function databases(socketDir: string, which: string): Promise<string[]> {
  const client = new pg.Client(
    clientConfig({ ...connectionTo(socketDir), database: 'postgres' }, 'wanmi-upgrade'),
  );
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      `select datname from pg_database where ${which} order by datname`,
    );
    return rows.map(({ datname }) => datname);
  } finally {
    await client.end();
  }
}

const say = (message: string): void => void process.stdout.write(`${message}\n`);

const DONE = 'The old one is kept beside it; remove it when all is well.';

async function main(given: string | undefined, by: 'files' | 'dump', signal: AbortSignal): Promise<void> {
  const log = { info: say, warn: say };
  if (!given)
    throw new ClusterError('cluster_upgrade_failed', 'name the data directory that is to be migrated');
  const finished = await finishExchange(placeOf(path.resolve(given)), log);
  if (!existsSync(given)) throw new ClusterError('cluster_upgrade_failed', `there is no directory ${given}`);
  const dataDir = realpathSync(given);
  const major = dataMajor(dataDir);
  if (major === undefined) throw new ClusterError('cluster_upgrade_failed', `${dataDir} holds no database`);
  let servers = findServers(defaultSearch());
  if (finished && !servers.some((one) => one.major > major)) {
    return say(`The database is now PostgreSQL ${major}. ${DONE}`);
  }
  if (!chooseServer(servers, major)) {
    // The programs that made the data must read it once more.
    const privilege = installPrivilege();
    if (systemFamily() === 'debian' && privilege !== 'none') await installDatabase(log, privilege, major);
    servers = findServers(defaultSearch());
  }
  const from = chooseServer(servers, major);
  const to = chooseServer(servers);
  if (!from) {
    throw new ClusterError(
      'cluster_upgrade_failed',
      `PostgreSQL ${major} with PostGIS must be installed beside the new version until the data is migrated`,
    );
  }
  if (!to || to.major <= major) {
    throw new ClusterError('cluster_upgrade_failed', `no newer PostgreSQL than ${major} is installed`);
  }
  const began = performance.now();
  const kept = await upgradeCluster({ dataDir, from, to, log, by, signal });
  say(
    `The database is now PostgreSQL ${to.major} (${Math.round((performance.now() - began) / 1000)} s). ` +
      `The old one is kept in ${kept}; remove it when all is well.`,
  );
}

if (import.meta.main) {
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
  try {
    const args = process.argv.slice(2).filter((one) => one !== '--dump');
    await main(args[0], process.argv.includes('--dump') ? 'dump' : 'files', ending.signal);
  } catch (error) {
    process.stderr.write(`${error instanceof ClusterError ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
