import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

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
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command in parentheses may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  return { zombie: state === 'Z' || state === 'X', startedAt: `${bootId()}/${fields[19] ?? ''}` };
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

/** Is this pid a PostgreSQL server process whose working directory is the data directory? */
export function isServerOf(pid: number, dataDir: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return /postgres/.test(stdout ?? '');
  }
  try {
    // Every process of a server, postmaster and backends, works in its data directory.
    return readlinkSync(`/proc/${pid}/cwd`) === dataDir;
  } catch {
    // Another user's process: not to be read, so not one that we or our account run.
    return false;
  }
}

/** Processes that still work in the data directory, as backends do whose postmaster was killed. */
export function serversOf(dataDir: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isServerOf(pid, dataDir) && isPostgres(pid));
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres');
  } catch {
    return false;
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
  options: { account?: Account | undefined; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: '/',
      env: options.env ?? cleanEnvironment,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...spawnIdentity(options.account),
    });
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
