import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { ClusterError } from './errors.ts';
import { inspect, sleep } from './processes.ts';

/**
 * A lock file that dies with its holder. Node has no flock, so the file names the holder (pid and start time)
 * and whoever finds the holder gone takes it away. The server's own postmaster.pid and the rename at the end of
 * initdb guard the data all the same; the lock spares the losers of a race the work and the error.
 */
export interface Lock {
  release(): void;
}

let counter = 0;

export async function acquireLock(file: string, timeoutMs = 15 * 60_000): Promise<Lock> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const lock = tryLock(file);
    if (lock) return lock;
    if (Date.now() > deadline) {
      throw new ClusterError(
        'cluster_locked',
        `${file} is held by process ${holder(file)?.pid ?? 'unknown'}`,
      );
    }
    await sleep(50);
  }
}

/** For exit handlers, which cannot wait asynchronously. */
export function acquireLockSync(file: string, timeoutMs: number): Lock | undefined {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const lock = tryLock(file);
    if (lock || Date.now() > deadline) return lock;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  }
}

function tryLock(file: string): Lock | undefined {
  const own = `${file}.${process.pid}.${counter++}`;
  const content = JSON.stringify({ pid: process.pid, startedAt: inspect(process.pid)?.startedAt });
  try {
    writeFileSync(own, content);
    // A link appears with its content in one step; an exclusive create would show an empty file first.
    linkSync(own, file);
    return { release: () => releaseOwn(file, content) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      throw new ClusterError('cluster_not_accessible', `cannot write ${file}: ${code}`, { cause: error });
    }
  } finally {
    rmSync(own, { force: true });
  }
  removeIfDead(file);
  return undefined;
}

function releaseOwn(file: string, content: string): void {
  if (read(file) === content) rmSync(file, { force: true });
}

/** Taking away a dead holder's lock is itself exclusive, or two finders could remove each other's fresh lock. */
function removeIfDead(file: string): void {
  if (!isDead(file)) return;
  const breaker = `${file}.break`;
  try {
    writeFileSync(breaker, '', { flag: 'wx' });
  } catch {
    // Someone is at it, or died in these few microseconds.
    if (age(breaker) > 10_000) rmSync(breaker, { force: true });
    return;
  }
  if (isDead(file)) rmSync(file, { force: true });
  rmSync(breaker, { force: true });
}

function isDead(file: string): boolean {
  const owner = holder(file);
  if (!owner) return read(file) !== undefined && age(file) > 10_000;
  const info = inspect(owner.pid);
  return !info || info.zombie || info.startedAt !== owner.startedAt;
}

function holder(file: string): { pid: number; startedAt: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startedAt: string };
  } catch {
    return undefined;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function age(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
