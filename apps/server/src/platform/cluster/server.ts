import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  globSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { clientConfig } from '../pool.ts';
import type { Connection } from '../pool.ts';
import type { ServerBinaries } from './binaries.ts';
import { ClusterError } from './errors.ts';
import type { ClusterLog } from './errors.ts';
import { giveToOwner, makePrivate } from './place.ts';
import type { Place } from './place.ts';
import {
  cleanEnvironment,
  inspect,
  isAlive,
  isServerOf,
  run,
  orphansOf,
  sleep,
  spawnIdentity,
} from './processes.ts';
import type { Account } from './processes.ts';

export const SUPERUSER = 'wanmi';
export const DATABASE = 'wanmi';
const PORT = 5432;

export interface RunningServer {
  pid: number;
  socketDir: string;
  /** Only of a server that this process started itself. */
  child?: ChildProcess;
}

export function connectionTo(socketDir: string): Connection {
  return { host: socketDir, port: PORT, user: SUPERUSER, database: DATABASE };
}

/** Makes the data directory: in a directory beside it, which gets its name when it is whole. */
export async function initialise(
  binaries: ServerBinaries,
  place: Place,
  account: Account | undefined,
  log: ClusterLog,
): Promise<void> {
  log.info(`creating a PostgreSQL ${binaries.major} cluster in ${place.dataDir}`);
  // Of an initdb whose caller was killed; it may still run, so its name is never used again.
  for (const left of globSync(`${path.basename(place.dataDir)}.new-*`, { cwd: place.base })) {
    rmSync(path.join(place.base, left), { recursive: true, force: true });
  }
  const fresh = `${place.dataDir}.new-${process.pid}-${Date.now()}`;
  makePrivate(fresh, account);
  const { code, output } = await run(
    path.join(binaries.binDir, 'initdb'),
    ['-D', fresh, '-U', SUPERUSER, '-E', 'UTF8', ...localeOf(binaries), '--data-checksums', '--auth=peer'],
    { account },
  );
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new ClusterError('cluster_init_failed', `initdb failed:\n${output.trim()}`);
  }
  await writeAs(account, path.join(fresh, 'postgresql.conf'), `include 'wanmi.conf'\n`, 'append');
  renameSync(fresh, place.dataDir);
}

/** What the environment says must not count: LANG=C would give SQL_ASCII, and no trigram of Chinese. */
function localeOf(binaries: ServerBinaries): string[] {
  if (process.platform !== 'darwin') return ['--locale=C.UTF-8'];
  return binaries.major >= 17
    ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
    : ['--locale=C', '--lc-ctype=UTF-8'];
}

/** Settings and authentication are written anew before each start, by the server's user itself. */
export async function configure(
  place: Place,
  account: Account | undefined,
  settings: string,
  users: Iterable<string>,
): Promise<void> {
  const map = [...new Set(users)].map((user) => `wanmi "${user.replaceAll('"', '""')}" ${SUPERUSER}`);
  const access = [`local all ${SUPERUSER} peer map=wanmi`, `local replication ${SUPERUSER} peer map=wanmi`];
  await writeAs(account, path.join(place.dataDir, 'wanmi.conf'), settings);
  await writeAs(account, path.join(place.dataDir, 'pg_ident.conf'), `${map.join('\n')}\n`);
  await writeAs(account, path.join(place.dataDir, 'pg_hba.conf'), `${access.join('\n')}\n`);
}

/** Root writing into another user's directory could be led astray by a link there; that user cannot. */
async function writeAs(
  account: Account | undefined,
  file: string,
  content: string,
  mode: 'replace' | 'append' = 'replace',
): Promise<void> {
  const script = mode === 'append' ? 'cat >> "$1"' : 'cat > "$1.new" && mv -f "$1.new" "$1"';
  const { code, output } = await run('/bin/sh', ['-c', `umask 077; ${script}`, 'sh', file], {
    account,
    input: content,
  });
  if (code !== 0) throw new ClusterError('cluster_not_accessible', `cannot write ${file}: ${output.trim()}`);
}

interface PostmasterFile {
  pid: number;
  socketDir: string;
  status: string;
}

export function readPostmasterFile(dataDir: string): PostmasterFile | undefined {
  let lines: string[];
  try {
    lines = readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10));
  if (!pid) return undefined;
  return { pid, socketDir: lines[4]?.trim() ?? '', status: lines[7]?.trim() ?? '' };
}

type Answer = 'ready' | 'starting' | 'stopping' | 'silent';

/** A real connect: a pid file and a socket file may both outlive their server. */
async function ask(connection: Connection, dataDir: string): Promise<Answer> {
  const client = new pg.Client({
    ...clientConfig({ ...connection, database: 'postgres' }, 'wanmi-probe'),
    connectionTimeoutMillis: 5000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ dir: string }>(`select current_setting('data_directory') as dir`);
    return rows[0]?.dir === dataDir ? 'ready' : 'silent';
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === '57P03') {
      return error instanceof Error && error.message.includes('shutting down') ? 'stopping' : 'starting';
    }
    if (code === '28000' || code === '28P01') {
      throw new ClusterError(
        'cluster_not_accessible',
        `the running database server in ${dataDir} does not let this user in: ${(error as Error).message}`,
        { cause: error },
      );
    }
    return 'silent';
  } finally {
    await client.end().catch(() => {});
  }
}

/** The server that already runs on the data, once it is ready; undefined where none runs. */
export async function findRunning(place: Place, log: ClusterLog): Promise<RunningServer | undefined> {
  const slow = slowNotice(log, `waiting for the running database server in ${place.dataDir}`);
  const silentUntil = Date.now() + 60_000;
  for (;;) {
    const file = readPostmasterFile(place.dataDir);
    if (!file) return undefined;
    if (!isServerOf(file.pid, place.dataDir)) {
      clearStale(place, file.pid, log);
      return undefined;
    }
    if (file.socketDir) {
      const answer = await ask(connectionTo(file.socketDir), place.dataDir);
      if (answer === 'ready') return { pid: file.pid, socketDir: file.socketDir };
      if (answer === 'silent' && Date.now() > silentUntil) {
        throw new ClusterError(
          'cluster_start_failed',
          `process ${file.pid} runs on ${place.dataDir} but does not answer; see ${place.logFile}`,
        );
      }
    }
    slow();
    await sleep(100);
  }
}

/**
 * A postmaster.pid whose process is gone, is a zombie that nobody reaps, or is some other program by now (pids come
 * back, in containers at once). PostgreSQL would take the latter two for a running server.
 */
function clearStale(place: Place, pid: number, log: ClusterLog): void {
  const info = inspect(pid);
  if (!info) return; // PostgreSQL sees that itself
  log.warn(
    `postmaster.pid in ${place.dataDir} names process ${pid}, which is ${info.zombie ? 'a zombie' : 'another program'}`,
  );
  // Its backends, should there be any, still hold the shared memory; the start waits for them.
  rmSync(path.join(place.dataDir, 'postmaster.pid'), { force: true });
}

/** Starts `postgres` as our direct child, which we reap, in a session of its own, so that Ctrl-C does not reach it. */
export async function launch(
  binaries: ServerBinaries,
  place: Place,
  account: Account | undefined,
  socketDir: string,
  log: ClusterLog,
): Promise<RunningServer> {
  rotateLog(place.logFile);
  const orphans = orphanPatience(place, log);
  const slow = slowNotice(log, `the database server is recovering, see ${place.logFile}`);
  for (;;) {
    const attempt = spawnServer(binaries, place, account);
    const ready = await untilReady(attempt, place, socketDir, slow);
    if (ready) return { pid: attempt.pid, socketDir, child: attempt.child };
    const said = readFrom(place.logFile, attempt.logStart).trim();
    const blocked = /pre-existing shared memory block|lock file ".*" already exists/.test(said);
    if (!blocked || !(await orphans())) {
      throw new ClusterError(
        'cluster_start_failed',
        `PostgreSQL did not start:\n${said || `see ${place.logFile}`}`,
      );
    }
  }
}

interface Attempt {
  child: ChildProcess;
  pid: number;
  logStart: number;
  failed: () => boolean;
}

function spawnServer(binaries: ServerBinaries, place: Place, account: Account | undefined): Attempt {
  const logFd = openSync(place.logFile, 'a', 0o640);
  try {
    giveToOwner(place, place.logFile);
    const logStart = fstatSync(logFd).size;
    const child = spawn(path.join(binaries.binDir, 'postgres'), ['-D', place.dataDir], {
      cwd: '/', // the account may not be able to stand where we stand
      env: cleanEnvironment,
      detached: true,
      stdio: ['ignore', logFd, logFd], // a pipe would break when we die before it
      ...spawnIdentity(account),
    });
    let gone = false;
    child.on('error', () => (gone = true));
    child.on('exit', () => (gone = true));
    child.unref();
    return { child, pid: child.pid ?? 0, logStart, failed: () => gone };
  } finally {
    closeSync(logFd);
  }
}

async function untilReady(
  attempt: Attempt,
  place: Place,
  socketDir: string,
  slow: () => void,
): Promise<boolean> {
  // Crash recovery of a large database takes its time: as long as the process lives, it is worth waiting.
  while (!attempt.failed()) {
    const file = readPostmasterFile(place.dataDir);
    if (file?.pid === attempt.pid && file.socketDir) {
      if ((await ask(connectionTo(socketDir), place.dataDir)) === 'ready') return true;
    }
    slow();
    await sleep(25);
  }
  return false;
}

/**
 * A killed postmaster's backends go by themselves, a busy one only when its query ends. They are waited for, asked
 * to stop after 3 s, made to after 15 s (their work is lost with the postmaster anyway), given up after 60 s.
 */
function orphanPatience(place: Place, log: ClusterLog): () => Promise<boolean> {
  const began = Date.now();
  let sent: NodeJS.Signals | undefined;
  return async () => {
    const waited = Date.now() - began;
    if (waited > 60_000) return false;
    const signal = waited > 15_000 ? 'SIGQUIT' : waited > 3000 ? 'SIGTERM' : undefined;
    if (signal && signal !== sent) {
      sent = signal;
      for (const pid of orphansOf(place.dataDir)) {
        log.warn(`ending process ${pid}, left over by a database server that was killed`);
        kill(pid, signal);
      }
    }
    await sleep(250);
    return true;
  };
}

/** Fast shutdown, immediate after half a minute; returns when the process is gone. */
export async function stopServer(pid: number, dataDir: string): Promise<void> {
  if (!isServerOf(pid, dataDir)) return;
  kill(pid, 'SIGINT');
  const began = Date.now();
  let urged = false;
  while (isAlive(pid)) {
    const waited = Date.now() - began;
    if (waited > 30_000 && !urged) {
      urged = true;
      kill(pid, 'SIGQUIT');
    }
    if (waited > 60_000)
      throw new ClusterError('cluster_stop_failed', `the database server ${pid} does not stop`);
    await sleep(15);
  }
}

/** For exit handlers: asks for the fast shutdown and leaves. */
export function stopServerSoon(pid: number, dataDir: string): void {
  if (isServerOf(pid, dataDir)) kill(pid, 'SIGINT');
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone meanwhile
  }
}

const LOG_LIMIT = 20 * 2 ** 20;

function rotateLog(file: string): void {
  try {
    if (statSync(file).size > LOG_LIMIT) renameSync(file, `${file}.1`);
  } catch {
    // no log yet
  }
}

function readFrom(file: string, start: number): string {
  const fd = openSync(file, 'r');
  try {
    const length = Math.min(fstatSync(fd).size - start, 8000);
    if (length <= 0) return '';
    const buffer = Buffer.alloc(length);
    readSync(fd, buffer, 0, length, start);
    return buffer.toString('utf8');
  } finally {
    closeSync(fd);
  }
}

function slowNotice(log: ClusterLog, message: string): () => void {
  let next = Date.now() + 5000;
  return () => {
    if (Date.now() < next) return;
    next = Date.now() + 15_000;
    log.info(message);
  };
}
