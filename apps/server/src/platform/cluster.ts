import { existsSync, realpathSync, statfsSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { ownName, serverAccount } from './cluster/account.ts';
import { chooseServer, defaultSearch, findServers } from './cluster/binaries.ts';
import type { Search, ServerBinaries } from './cluster/binaries.ts';
import { ClusterError } from './cluster/errors.ts';
import type { ClusterLog } from './cluster/errors.ts';
import { clearBrokenUpgrade } from './cluster/leftovers.ts';
import { acquireLock, acquireLockSync } from './cluster/lock.ts';
import {
  databaseCommands,
  installDatabase,
  installPrivilege,
  missingServerMessage,
  systemFamily,
} from './cluster/packages.ts';
import { finishExchange } from './cluster/exchange.ts';
import {
  existingData,
  keepPlace,
  makeDirectories,
  newPlace,
  possiblePlaces,
  socketDirectory,
} from './cluster/place.ts';
import type { ExistingData, Place } from './cluster/place.ts';
import { isAlive } from './cluster/processes.ts';
import type { Account } from './cluster/processes.ts';
import {
  configure,
  connectionTo,
  findRunning,
  initialise,
  launch,
  readPostmasterFile,
  stopServer,
  stopServerSoon,
} from './cluster/server.ts';
import type { RunningServer } from './cluster/server.ts';
import { serverSettings, settingsFile } from './cluster/settings.ts';
import { register } from './cluster/users.ts';
import { clientConfig, connectionFromUrl } from './pool.ts';
import type { Connection } from './pool.ts';

export { ClusterError } from './cluster/errors.ts';
export type { ClusterErrorCode, ClusterLog } from './cluster/errors.ts';
export type { Connection } from './pool.ts';

export interface ClusterOptions {
  /** WANMI_HOME. */
  home: string;
  name?: 'main' | 'test';
  /** Server settings over the measured ones. */
  settings?: Record<string, string>;
  log: ClusterLog;
  /** A server of one's own instead of a cluster; by default the environment's DATABASE_URL; null means none. */
  databaseUrl?: string | null;
  /** Told when the server ends without our doing; `cluster.restart()` brings it back. */
  onExit?: (cause: string) => void;
  /** Where server programs are looked for. */
  search?: Search;
}

export interface Cluster {
  connection: Connection;
  /** Null with DATABASE_URL, as the next one. */
  readonly pid: number | null;
  dataDir: string | null;
  majorVersion: number;
  /** Somebody else had started the server. */
  readonly reused: boolean;
  /** Starts the server again, or finds that another user of the cluster has done so. */
  restart(): Promise<void>;
  /** Gives up the use of the cluster; the last one to do so stops the server. */
  stop(): Promise<void>;
}

/**
 * The product's database server: found running, or started, or made, or installed. Every process may call it for the
 * same home at the same time; they share one server, which stops with the last of them.
 */
export async function ensureCluster(options: ClusterOptions): Promise<Cluster> {
  const url = options.databaseUrl === undefined ? process.env['DATABASE_URL'] : options.databaseUrl;
  if (url) return foreignServer(url);

  const name = options.name ?? 'main';
  makeDirectories(path.resolve(options.home));
  const home = realpathSync(options.home);
  for (const place of possiblePlaces(home, name)) {
    await finishExchange(place, options.log);
    await clearBrokenUpgrade(place, options.log);
  }
  const existing = existingData(home, name);
  // Packages first: on a fresh machine they bring the user that the server runs as.
  const binaries = await ensureBinaries(options, existing);
  const account = serverAccount(existing?.owner, options.log);
  const place = existing ? keepPlace(existing, account) : newPlace(home, name, account, options.log);
  const cluster = new SharedCluster(options, name, place, account, binaries);
  await cluster.begin();
  return cluster;
}

/** The server programs alone: found, or installed where that is possible. */
export async function ensureServerPrograms(log: ClusterLog): Promise<void> {
  await ensureBinaries({ log }, undefined);
}

async function ensureBinaries(
  options: Pick<ClusterOptions, 'log' | 'search'>,
  existing: ExistingData | undefined,
): Promise<ServerBinaries> {
  const search = options.search ?? defaultSearch();
  const servers = findServers(search);
  const found = chooseServer(servers, existing?.major);
  const newest = chooseServer(servers);
  if (found && newest && existing && newest.major > found.major) {
    // A system's update brings a newer one at night: the city goes on, and whoever looks after it chooses the hour.
    options.log.info(
      `the database goes on with PostgreSQL ${found.major}, by which it was made; this machine has PostgreSQL ` +
        `${newest.major} too: stop Wanmi, then migrate it with: ${migration(existing.place)}`,
    );
  }
  if (found) return found;
  const other = chooseServer(servers);
  if (existing && other) throw majorVersionError(existing, other);

  const family = systemFamily();
  const privilege = installPrivilege();
  const refuse = (why: string): ClusterError =>
    new ClusterError('cluster_packages_missing', missingServerMessage(family, why, existing?.major));
  if (family !== 'debian') throw refuse('Wanmi installs packages on Debian and Ubuntu only');
  if (privilege === 'none') throw refuse('this user may not install packages');
  await installDatabase(options.log, privilege, existing?.major);
  const installed = chooseServer(findServers(search), existing?.major);
  if (!installed) throw refuse('installing the packages did not change that');
  return installed;
}

const migration = ({ dataDir }: Place): string =>
  `npm exec node -- apps/server/src/platform/cluster-upgrade.ts ${dataDir}`;

function majorVersionError(existing: ExistingData, server: ServerBinaries): ClusterError {
  const { place, major } = existing;
  const advice =
    major < server.major
      ? `migrate it with: ${migration(place)}`
      : `install PostgreSQL ${major} again:\n${databaseCommands(systemFamily(), major).join('\n')}`;
  return new ClusterError(
    'cluster_major_version',
    `${place.dataDir} was made by PostgreSQL ${major}; this machine has PostgreSQL ${server.major}. ` +
      `Nothing was changed; ${advice}`,
  );
}

class SharedCluster implements Cluster {
  readonly majorVersion: number;
  readonly dataDir: string;
  connection: Connection;
  reused = false;
  #options: ClusterOptions;
  #name: string;
  #place: Place;
  #account: Account | undefined;
  #binaries: ServerBinaries;
  #server: RunningServer | undefined;
  #leave: (() => { last: boolean }) | undefined;
  #watch: NodeJS.Timeout | undefined;
  #stopped = false;
  #holdsLock = false;

  constructor(
    options: ClusterOptions,
    name: string,
    place: Place,
    account: Account | undefined,
    binaries: ServerBinaries,
  ) {
    this.#options = options;
    this.#name = name;
    this.#place = place;
    this.#account = account;
    this.#binaries = binaries;
    this.majorVersion = binaries.major;
    this.dataDir = place.dataDir;
    this.connection = connectionTo('');
  }

  get pid(): number | null {
    return this.#server?.pid ?? null;
  }

  async begin(): Promise<void> {
    process.on('exit', this.#onProcessExit);
    clusterListeners.add(this.#onSignal);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    try {
      await this.restart();
    } catch (error) {
      this.#leave?.();
      this.#leave = undefined;
      this.#forget();
      throw error;
    }
  }

  async restart(): Promise<void> {
    await this.#locked(async () => {
      if (this.#stopped) return;
      // Registered before looking, so that a user who leaves just now does not stop what we find.
      this.#leave ??= register(this.#place);
      const running = await findRunning(this.#place, this.#options.log);
      this.reused = running !== undefined;
      const server = running ?? (await this.#start());
      this.#server = server;
      this.connection = connectionTo(server.socketDir);
      this.#watchServer(server);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#locked(async () => {
      const last = this.#leave?.().last ?? false;
      this.#leave = undefined;
      if (last && this.#server) await stopServer(this.#server.pid, this.#place.dataDir);
    });
    this.#forget();
  }

  async #locked(work: () => Promise<void>): Promise<void> {
    const lock = await acquireLock(this.#place.lockFile);
    this.#holdsLock = true;
    try {
      await work();
    } finally {
      this.#holdsLock = false;
      lock.release();
    }
  }

  async #start(): Promise<RunningServer> {
    const { log, settings } = this.#options;
    if (!existsSync(this.#place.dataDir)) await initialise(this.#binaries, this.#place, this.#account, log);
    const socketDir = socketDirectory(this.#place, this.#account);
    const wanted = serverSettings({
      name: this.#name,
      socketDir,
      lz4: this.#binaries.lz4,
      disk: freeBytes(this.#place.base),
      ...(settings && { overrides: settings }),
    });
    const users = ['root', 'postgres', ownName(), this.#account?.name ?? ownName()];
    await configure(this.#place, this.#account, settingsFile(wanted), users);
    return launch(this.#binaries, this.#place, this.#account, socketDir, log);
  }

  /** Our own child tells us when it ends; a server that another process started is looked at each second. */
  #watchServer(server: RunningServer): void {
    clearInterval(this.#watch);
    const ended = (cause: string): void => {
      if (this.#server !== server || !this.#leave) return;
      clearInterval(this.#watch);
      this.#server = undefined;
      this.#options.onExit?.(cause);
    };
    if (server.child) {
      server.child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
      return;
    }
    this.#watch = setInterval(() => {
      if (!isAlive(server.pid)) ended('gone');
    }, 1000);
    this.#watch.unref();
  }

  #forget(): void {
    clearInterval(this.#watch);
    process.off('exit', this.#onProcessExit);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  /** The process ends without `stop()`: an uncaught error, `process.exit()`. */
  #onProcessExit = (): void => {
    const lock = this.#holdsLock ? undefined : acquireLockSync(this.#place.lockFile, 3000);
    const last = this.#leave?.().last ?? false;
    // By its file: it may be starting just now.
    const pid = readPostmasterFile(this.#place.dataDir)?.pid;
    if (last && pid) stopServerSoon(pid, this.#place.dataDir);
    lock?.release();
  };

  /** Only where the program has no handler of its own, which would call `stop()` or exit when it is ready. */
  #onSignal = (signal: NodeJS.Signals): void => {
    if (process.listeners(signal).some((listener) => !clusterListeners.has(listener))) return;
    void this.stop().finally(() => process.kill(process.pid, signal));
  };
}

/** Ours among a signal's listeners: any other means that the program shuts down by itself. */
const clusterListeners = new WeakSet<NodeJS.SignalsListener | ((...args: never[]) => void)>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

async function foreignServer(url: string): Promise<Cluster> {
  const connection = connectionFromUrl(url);
  const nothing = async (): Promise<void> => {};
  return {
    connection,
    pid: null,
    dataDir: null,
    majorVersion: await foreignMajor(connection),
    reused: true,
    restart: nothing,
    stop: nothing,
  };
}

/** Asks before anything else does, so that a wrong DATABASE_URL is said once and clearly. */
async function foreignMajor(connection: Connection): Promise<number> {
  // The database itself may be still to be created.
  for (const database of [connection.database, 'postgres']) {
    const client = new pg.Client({
      ...clientConfig({ ...connection, database }, 'wanmi-probe'),
      connectionTimeoutMillis: 10_000,
    });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ version: number }>(
        `select current_setting('server_version_num')::int as version`,
      );
      return Math.floor((rows[0]?.version ?? 0) / 10_000);
    } catch (error) {
      if ((error as { code?: string }).code === '3D000' && database !== 'postgres') continue;
      throw new ClusterError(
        'database_unreachable',
        `the server of DATABASE_URL (${connection.host}:${connection.port}, database ${connection.database}) ` +
          `cannot be used: ${(error as Error).message}`,
        { cause: error },
      );
    } finally {
      await client.end().catch(() => {});
    }
  }
  throw new ClusterError('database_unreachable', 'DATABASE_URL names no database');
}
