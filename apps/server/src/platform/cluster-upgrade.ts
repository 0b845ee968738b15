import { existsSync, lstatSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { ownName, serverAccount } from './cluster/account.ts';
import { chooseServer, defaultSearch, findServers } from './cluster/binaries.ts';
import type { ServerBinaries } from './cluster/binaries.ts';
import { ClusterError } from './cluster/errors.ts';
import type { ClusterLog } from './cluster/errors.ts';
import { exchange, finishExchange } from './cluster/exchange.ts';
import { acquireLock } from './cluster/lock.ts';
import { installDatabase, installPrivilege, systemFamily } from './cluster/packages.ts';
import { dataMajor, keepPlace, makePrivate, placeOf, socketDirectory } from './cluster/place.ts';
import type { Place } from './cluster/place.ts';
import { run } from './cluster/processes.ts';
import type { Account } from './cluster/processes.ts';
import {
  SUPERUSER,
  configure,
  connectionTo,
  findRunning,
  initialise,
  launch,
  stopServer,
} from './cluster/server.ts';
import { serverSettings, settingsFile } from './cluster/settings.ts';
import { clientConfig } from './pool.ts';

export interface UpgradeOptions {
  dataDir: string;
  from: ServerBinaries;
  to: ServerBinaries;
  log: ClusterLog;
  /**
   * `files` (pg_upgrade) takes minutes whatever the size; `dump` writes everything out and in again, takes hours for a large
   * city, and works where pg_upgrade refuses (another PostGIS, another locale provider).
   */
  by?: 'files' | 'dump';
}

/**
 * Moves a data directory to another major version of PostgreSQL and returns where the old one is kept.
 * The new one is made beside it and takes its name when it is whole: a failure changes nothing.
 */
export async function upgradeCluster(options: UpgradeOptions): Promise<string> {
  const { from, to, log, by = 'files' } = options;
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
    if (await findRunning(place, log)) {
      throw new ClusterError(
        'cluster_upgrade_failed',
        `the database in ${dataDir} is running; stop Wanmi first`,
      );
    }
    const fresh: Place = { ...place, dataDir: `${dataDir}.upgraded` };
    rmSync(fresh.dataDir, { recursive: true, force: true });
    // pg_upgrade takes only a server that was shut down in order, which a start and a stop make sure of.
    const dump = path.join(place.base, 'upgrade');
    await withServer(from, place, account, log, async (socketDir) => {
      if (by === 'dump') await writeOut(to, socketDir, dump, account);
    });
    log.info(`copying the data of PostgreSQL ${from.major} to PostgreSQL ${to.major}`);
    await initialise(to, fresh, account, log);
    if (by === 'files') await pgUpgrade(from, to, place, fresh, account);
    await withServer(to, fresh, account, log, async (socketDir) => {
      if (by === 'dump') await readIn(to, socketDir, dump, account);
      await renewExtensionsAndStatistics(socketDir);
    });
    rmSync(dump, { recursive: true, force: true });
    exchange(place, [
      { from: dataDir, to: kept },
      { from: fresh.dataDir, to: dataDir },
    ]);
    return kept;
  } finally {
    lock.release();
  }
}

async function withServer(
  binaries: ServerBinaries,
  place: Place,
  account: Account | undefined,
  log: ClusterLog,
  work: (socketDir: string) => Promise<void>,
): Promise<void> {
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

async function pgUpgrade(
  from: ServerBinaries,
  to: ServerBinaries,
  old: Place,
  fresh: Place,
  account: Account | undefined,
): Promise<void> {
  const socketDir = socketDirectory(fresh, account);
  const settings = settingsFile(serverSettings({ name: 'upgrade', socketDir, lz4: to.lz4 }));
  await configure(fresh, account, settings, [ownName(), account?.name ?? ownName()]);
  const work = path.join(old.base, 'upgrade');
  rmSync(work, { recursive: true, force: true });
  makePrivate(work, account);
  const args = ['-b', from.binDir, '-B', to.binDir, '-d', old.dataDir, '-D', fresh.dataDir];
  const { code, output } = await run(
    path.join(to.binDir, 'pg_upgrade'),
    [...args, '-U', SUPERUSER, '-s', socketDir],
    { account, cwd: work },
  );
  if (code !== 0) {
    throw new ClusterError(
      'cluster_upgrade_failed',
      `pg_upgrade failed; ${old.dataDir} is as it was, and its reports are in ${fresh.dataDir}/pg_upgrade_output.d\n${output.trim()}`,
    );
  }
  rmSync(work, { recursive: true, force: true });
}

/** Every database into a directory of its own, by the newer programs, which read both versions. */
async function writeOut(
  to: ServerBinaries,
  socketDir: string,
  dump: string,
  account: Account | undefined,
): Promise<void> {
  rmSync(dump, { recursive: true, force: true });
  makePrivate(dump, account);
  const client = new pg.Client(
    clientConfig({ ...connectionTo(socketDir), database: 'postgres' }, 'wanmi-upgrade'),
  );
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client
    .query<{ datname: string }>('select datname from pg_database where datallowconn and not datistemplate')
    .finally(() => void client.end());
  for (const { datname } of rows) {
    await tool(to, 'pg_dump', ['-Fd', '-j2', '-f', path.join(dump, datname), datname], socketDir, account);
  }
}

async function readIn(
  to: ServerBinaries,
  socketDir: string,
  dump: string,
  account: Account | undefined,
): Promise<void> {
  for (const name of readdirSync(dump)) {
    // The database `postgres` is there; every other is made as it was.
    const create = name === 'postgres' ? [] : ['--create'];
    const args = ['--exit-on-error', ...create, '-j2', '-d', 'postgres', path.join(dump, name)];
    await tool(to, 'pg_restore', args, socketDir, account);
  }
}

async function tool(
  { binDir }: ServerBinaries,
  name: string,
  args: string[],
  socketDir: string,
  account: Account | undefined,
): Promise<void> {
  const { code, output } = await run(
    path.join(binDir, name),
    ['-h', socketDir, '-U', SUPERUSER, '--no-password', ...args],
    { account },
  );
  if (code !== 0) throw new ClusterError('cluster_upgrade_failed', `${name} failed:\n${output.trim()}`);
}

/** pg_upgrade brings neither the planner's statistics nor the newer SQL side of an extension. */
async function renewExtensionsAndStatistics(socketDir: string): Promise<void> {
  const connect = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client(clientConfig({ ...connectionTo(socketDir), database }, 'wanmi-upgrade'));
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const maintenance = await connect('postgres');
  const { rows } = await maintenance.query<{ datname: string }>(
    'select datname from pg_database where datallowconn',
  );
  await maintenance.end();
  for (const { datname } of rows) {
    const client = await connect(datname);
    try {
      const outdated = await client.query<{ name: string }>(
        `select name from pg_available_extensions where installed_version <> default_version`,
      );
      for (const { name } of outdated.rows) {
        await client.query(`alter extension ${pg.escapeIdentifier(name)} update`);
      }
      await client.query('analyze');
    } finally {
      await client.end();
    }
  }
}

const say = (message: string): void => void process.stdout.write(`${message}\n`);

async function main(dataDir: string | undefined, by: 'files' | 'dump'): Promise<void> {
  const log = { info: say, warn: say };
  if (dataDir) await finishExchange(placeOf(path.resolve(dataDir)), log);
  if (!dataDir || !existsSync(dataDir)) {
    throw new ClusterError('cluster_upgrade_failed', 'name the data directory that is to be migrated');
  }
  const major = dataMajor(realpathSync(dataDir));
  if (major === undefined) throw new ClusterError('cluster_upgrade_failed', `${dataDir} holds no database`);
  let servers = findServers(defaultSearch());
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
  const kept = await upgradeCluster({ dataDir, from, to, log, by });
  say(
    `The database is now PostgreSQL ${to.major}. The old one is kept in ${kept}; remove it when all is well.`,
  );
}

if (import.meta.main) {
  try {
    const args = process.argv.slice(2).filter((one) => one !== '--dump');
    await main(args[0], process.argv.includes('--dump') ? 'dump' : 'files');
  } catch (error) {
    process.stderr.write(`${error instanceof ClusterError ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
