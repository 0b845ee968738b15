import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ClusterError } from './errors.ts';
import type { ClusterLog } from './errors.ts';
import { cleanEnvironment, spawnIdentity } from './processes.ts';
import type { Account } from './processes.ts';

/** Where a cluster lives. Everything but `dataDir` belongs to us, so the server's user can plant nothing there. */
export interface Place {
  base: string;
  dataDir: string;
  usersDir: string;
  lockFile: string;
  logFile: string;
}

/** Bytes of a Unix socket's path that every system takes, `/.s.PGSQL.5432` included. */
const SOCKET_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;
const SOCKET_NAME = '/.s.PGSQL.5432';

/** The root process's second home, where the account cannot enter the first (a repository inside /root). */
const FALLBACK = '/var/lib/wanmi';

export function placeAt(home: string, name: string): Place {
  return placeOf(path.join(home, `postgres-${name}`, 'data'));
}

export function placeOf(dataDir: string): Place {
  const base = path.dirname(dataDir);
  return {
    base,
    dataDir,
    usersDir: path.join(base, 'users'),
    lockFile: path.join(base, 'lock'),
    logFile: path.join(base, 'postgres.log'),
  };
}

export function fallbackHome(home: string): string {
  return path.join(FALLBACK, createHash('sha256').update(home).digest('hex').slice(0, 12));
}

/** The place of data that exists, if the account can still work there. */
export function keepPlace({ place, owner }: ExistingData, account: Account | undefined): Place {
  const uid = account?.uid ?? process.getuid?.();
  if (owner !== uid) {
    throw new ClusterError(
      'cluster_not_accessible',
      `${place.dataDir} belongs to uid ${owner}, but the server would run as ${account?.name ?? `uid ${uid}`}; ` +
        `run: chown -R ${account?.name ?? uid} ${place.dataDir}`,
    );
  }
  if (account && !canEnter(place.dataDir, account)) {
    throw new ClusterError(
      'cluster_not_accessible',
      `the user ${account.name} cannot enter ${place.dataDir}: some directory above it lost its permission to pass ` +
        `(chmod o+x), or set WANMI_HOME to another directory`,
    );
  }
  return place;
}

/** Where new data goes, as the account can work there: below home, or below /var/lib/wanmi. */
export function newPlace(home: string, name: string, account: Account | undefined, log: ClusterLog): Place {
  const first = placeAt(home, name);
  makeDirectories(first.base);
  if (!account || canWorkIn(first.base, account)) return first;
  const second = placeAt(fallbackHome(home), name);
  makeDirectories(second.base);
  if (!canWorkIn(second.base, account)) {
    throw new ClusterError(
      'cluster_not_accessible',
      `the user ${account.name} can work neither in ${first.base} nor in ${second.base}; ` +
        `set WANMI_HOME to a directory that it can enter`,
    );
  }
  log.warn(`the user ${account.name} cannot enter ${first.base}; the database lives in ${second.base}`);
  return second;
}

export interface ExistingData {
  place: Place;
  major: number;
  owner: number;
}

/** Below home, or where a root process had to put it. */
export function possiblePlaces(home: string, name: string): Place[] {
  const places = [placeAt(home, name)];
  if (process.getuid?.() === 0) places.push(placeAt(fallbackHome(home), name));
  return places;
}

/** The data of this cluster; what an exchange was killed in is finished before. */
export function existingData(home: string, name: string): ExistingData | undefined {
  for (const place of possiblePlaces(home, name)) {
    const major = dataMajor(place.dataDir);
    if (major !== undefined) return { place, major, owner: statSync(place.dataDir).uid };
  }
  return undefined;
}

/** The major version the data directory was made by; undefined where there is none. */
export function dataMajor(dataDir: string): number | undefined {
  // The directory gets its name when initdb has finished, so one that exists is whole.
  if (!existsSync(dataDir)) return undefined;
  try {
    return Number.parseInt(readFileSync(path.join(dataDir, 'PG_VERSION'), 'utf8'), 10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new ClusterError(
        'cluster_not_accessible',
        `${dataDir} holds no database; move it away, then start again`,
      );
    }
    throw new ClusterError(
      'cluster_not_accessible',
      `${dataDir} belongs to another user (uid ${ownerOf(dataDir) ?? 'unknown'}); run as that user or as root, ` +
        `or set WANMI_HOME to a directory of your own`,
      { cause: error },
    );
  }
}

function ownerOf(file: string): number | undefined {
  try {
    return statSync(file).uid;
  } catch {
    return undefined;
  }
}

/** `mkdir -p` where every new parent can be passed by others, whatever the umask is. */
export function makeDirectories(dir: string): void {
  if (existsSync(dir)) return;
  makeDirectories(path.dirname(dir));
  try {
    mkdirSync(dir);
    chmodSync(dir, 0o755);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return; // another process was first
    throw new ClusterError('cluster_not_accessible', `cannot make the directory ${dir}: ${code}`, {
      cause: error,
    });
  }
}

/** Root at work in somebody's home leaves nothing there that its owner could not use later. */
export function giveToOwner(place: Place, file: string): void {
  if (process.getuid?.() !== 0) return;
  const owner = statSync(place.base);
  chownSync(file, owner.uid, owner.gid);
}

/** A private directory of the account, made in a directory of ours. */
export function makePrivate(dir: string, account: Account | undefined): void {
  mkdirSync(dir);
  chmodSync(dir, 0o700);
  if (account) chownSync(dir, account.uid, account.gid);
}

/** A directory for the socket: beside the data, or a short one where that path is too long. */
export function socketDirectory(place: Place, account: Account | undefined): string {
  const short = `wm-${createHash('sha256').update(place.dataDir).digest('hex').slice(0, 12)}`;
  const candidates = [path.join(place.base, 'run'), path.join(os.tmpdir(), short), path.join('/tmp', short)];
  const uid = account?.uid ?? process.getuid?.();
  const refused: string[] = [];
  for (const dir of candidates) {
    if (Buffer.byteLength(dir + SOCKET_NAME) > SOCKET_PATH_BYTES) continue;
    try {
      makePrivate(dir, account);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        refused.push(dir);
        continue;
      }
    }
    // In a shared directory somebody else may have made it to listen in our place.
    const stat = lstatSync(dir);
    if (stat.isDirectory() && stat.uid === uid && (!account || canEnter(dir, account))) {
      chmodSync(dir, 0o700);
      return dir;
    }
    refused.push(dir);
  }
  throw new ClusterError(
    'cluster_socket_path',
    `no directory for the database socket: it must be shorter than ${SOCKET_PATH_BYTES - SOCKET_NAME.length} bytes ` +
      `and belong to uid ${uid}${refused.length ? ` (tried ${refused.join(', ')})` : ''}; set TMPDIR to a short path`,
  );
}

function canEnter(dir: string, account: Account): boolean {
  return shellAs(account, 'cd "$1"', dir);
}

/** Tries what initdb will do, as the user who will do it: walk in, own a private directory, write. */
function canWorkIn(dir: string, account: Account): boolean {
  const probe = path.join(dir, `.probe-${process.pid}`);
  try {
    rmSync(probe, { recursive: true, force: true });
    makePrivate(probe, account);
    const stat = statSync(probe);
    // Some mounted file systems take chown and chmod without an effect; the server would refuse to start there.
    if (stat.uid !== account.uid || (stat.mode & 0o777) !== 0o700) return false;
    return shellAs(account, 'cd "$1" && : > probe', probe);
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

function shellAs(account: Account, script: string, argument: string): boolean {
  const { status } = spawnSync('/bin/sh', ['-c', script, 'sh', argument], {
    cwd: '/',
    env: cleanEnvironment,
    stdio: 'ignore',
    ...spawnIdentity(account),
  });
  return status === 0;
}
