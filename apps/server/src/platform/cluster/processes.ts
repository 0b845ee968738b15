import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** The unprivileged user that runs the server; undefined where we are one ourselves. */
export interface Account {
  uid: number;
  gid: number;
  name: string;
}

export interface ProcessInfo {
  /** A zombie answers `kill(pid, 0)` but holds nothing any more. */
  zombie: boolean;
  /** With the pid it names one process for ever: pids come back, in containers soon. */
  startedAt: string;
}

/** What the process table says of a pid; undefined where there is no such process. */
export function inspect(pid: number): ProcessInfo | undefined {
  if (process.platform !== 'linux') return inspectByPs(pid);
  const fields = statFields(pid);
  if (!fields) return undefined;
  const state = fields[0];
  return { zombie: state === 'Z' || state === 'X', startedAt: `${bootId()}/${fields[19] ?? ''}` };
}

/** /proc/PID/stat from the state on. The command before it may hold spaces and parentheses itself. */
function statFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function inspectByPs(pid: number): ProcessInfo | undefined {
  const { stdout, status } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
  });
  const match = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? '');
  if (status !== 0 || !match) return undefined;
  return { zombie: match[1]?.startsWith('Z') ?? false, startedAt: match[2] ?? '' };
}

let boot: string | undefined;
function bootId(): string {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    boot = '';
  }
  return boot;
}

export function isAlive(pid: number): boolean {
  const info = inspect(pid);
  return info !== undefined && !info.zombie;
}

/** Is this pid the PostgreSQL server of the data directory? */
export function isServerOf(pid: number, dataDir: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return commandOf(pid).includes(dataDir);
  // A server works in its data directory. Root in a container may not look at another user's process that closely:
  // then its owner (PostgreSQL insists that it owns the data) and its command line have to do.
  const cwd = workingDirectory(pid);
  if (cwd !== undefined) return cwd === dataDir;
  return ownsBoth(pid, dataDir) && commandOf(pid).split('\0').includes(dataDir);
}

/** Backends of the data directory whose postmaster is gone. */
export function orphansOf(dataDir: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isAlive(pid) && commandOf(pid).startsWith('postgres:') && !hasPostmaster(pid))
    .filter((pid) => (workingDirectory(pid) ?? dataDir) === dataDir && ownsBoth(pid, dataDir));
}

function hasPostmaster(pid: number): boolean {
  const parent = Number(statFields(pid)?.[1]);
  return parent > 1 && /(^|\/)(postgres|postmaster)\0/.test(commandOf(parent));
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function ownsBoth(pid: number, dataDir: string): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === statSync(dataDir).uid;
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  } catch {
    return '';
  }
}

/** The environment of every server program: nothing of ours may change its language, paths or time zone. */
export const cleanEnvironment: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
};

export function spawnIdentity(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

export interface RunResult {
  code: number | null;
  output: string;
}

/** Runs a program to its end with the clean environment, from `/`, as the account. */
export function run(
  file: string,
  args: string[],
  options: {
    account?: Account | undefined;
    cwd?: string;
    input?: string;
    /** Leads a process group of its own, and its number is told. */
    onGroup?: (pid: number) => void;
  } = {},
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd ?? '/',
      env: cleanEnvironment,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: options.onGroup !== undefined,
      ...spawnIdentity(options.account),
    });
    if (child.pid !== undefined) options.onGroup?.(child.pid);
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
