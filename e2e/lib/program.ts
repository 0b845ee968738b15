import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readPostmasterFile } from '../../apps/server/src/platform/cluster/server.ts';

const MAIN = path.resolve(import.meta.dirname, '../../apps/server/src/main.ts');
const PATIENCE_MS = 90_000;

/** The real program as an operator runs it, in a home and on a port of its own; it can be killed and comes again. */
export class Program {
  readonly home: string;
  readonly port: number;
  readonly password: string;
  /** How often it gave up while it was starting, and was started again. */
  restarts = 0;
  #child: ChildProcess | undefined;
  /** A second worker beside it, where the test wants two at the same timers. */
  #worker: ChildProcess | undefined;
  #output = '';
  #started = false;

  /** Settings over those of every test. */
  readonly env: Record<string, string> = {};
  /** Options of Node itself. */
  readonly node: string[] = [];
  readonly #options: readonly string[];

  private constructor(home: string, port: number, password: string, options: readonly string[]) {
    this.#options = options;
    this.home = home;
    this.port = port;
    this.password = password;
  }

  static async make(...options: string[]): Promise<Program> {
    const home = await mkdtemp(path.join(tmpdir(), 'wanmi-crash-'));
    await chmod(home, 0o755); // the database server may run as a user of its own
    return new Program(home, await freePort(), `crash-${crypto.randomUUID()}`, options);
  }

  /** The same program on another home: one that was restored. */
  static async at(home: string, ...options: string[]): Promise<Program> {
    return new Program(home, await freePort(), `crash-${crypto.randomUUID()}`, options);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What it said, for the message of a test that failed. */
  get output(): string {
    return this.#output;
  }

  get serverPid(): number {
    return this.#child!.pid!;
  }

  get postmaster(): { pid: number; socketDir: string } | undefined {
    return readPostmasterFile(path.join(this.home, 'postgres-main/data'));
  }

  /** Starts it with a demo city that nobody plays. */
  start(): void {
    const child = spawn(
      process.execPath,
      [...this.node, MAIN, '--services=web,worker', '--demo', '--size', 'S', ...this.#options],
      {
        env: this.#environment(),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#started = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        this.#output = (this.#output + String(chunk)).slice(-100_000);
        if (child === this.#child && String(chunk).includes('Wanmi is ready')) this.#started = true;
      });
    }
    this.#child = child;
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      DATABASE_URL: '',
      WANMI_HOME: this.home,
      PORT: String(this.port),
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      WANMI_DEMO_PASSWORD: this.password,
      WANMI_DEMO_PAST: '0',
      WANMI_DEMO_PACE: '0',
      WANMI_BACKUP_DIR: 'off',
      ...this.env,
    };
  }

  /** Starts another worker on the same city; one that ends by itself while its database is away is started again. */
  startWorker(): void {
    const child = spawn(process.execPath, [...this.node, MAIN, '--services=worker'], {
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (this.#output = (this.#output + String(chunk)).slice(-100_000)));
    }
    child.once('exit', (code) => {
      if (this.#worker === child && code !== null && code !== 0) setTimeout(() => this.startWorker(), 200);
    });
    this.#worker = child;
  }

  async killWorker(): Promise<void> {
    const child = this.#worker;
    this.#worker = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** As an operator restarts it: the server throws everybody out and ends in order. */
  restartPostmaster(): void {
    const pid = this.postmaster?.pid;
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // it has ended by itself
    }
  }

  /**
   * Resolves when it can serve. A start that fails for want of its database is tried again, as whatever runs it would
   * do; once it has started it must not end by itself.
   */
  async ready(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      if (this.#child?.exitCode !== null) {
        if (this.#started || this.restarts > 20) break;
        this.restarts += 1;
        this.start();
      }
      if (this.#started && (await this.#answers())) return;
      await delay(25);
    }
    throw new Error(`the server did not become ready:\n${this.#output}`);
  }

  async #answers(): Promise<boolean> {
    const reply = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
    await reply?.arrayBuffer().catch(() => {});
    return reply?.status === 200;
  }

  /** Ends the server's own process as `kill -9` does; one that gave up while it was starting has ended already. */
  async killServer(): Promise<void> {
    const child = this.#child!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  killPostmaster(): void {
    kill(this.postmaster?.pid);
  }

  /** One connection's process: PostgreSQL then throws out all of them and recovers. */
  killBackend(random: () => number): void {
    const parent = this.postmaster?.pid;
    const backends = processes().filter((one) => one.parent === parent && one.title.includes('[local]'));
    kill(backends[Math.floor(random() * backends.length)]?.pid);
  }

  /** As an operator stops it; answers its exit code. */
  async stop(): Promise<number | null> {
    await this.#stopWorker();
    const child = this.#child!;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const code = await ended;
    clearTimeout(timer);
    return code;
  }

  async #stopWorker(): Promise<void> {
    const child = this.#worker;
    this.#worker = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(timer);
  }

  /** Processes that live in this home or were started for it. */
  family(): { pid: number; title: string }[] {
    return processes().filter(({ title, cwd }) => title.includes(this.home) || cwd.startsWith(this.home));
  }

  /** Whatever is left of a test that failed. */
  async clear(): Promise<void> {
    await this.killWorker();
    this.#child?.kill('SIGKILL');
    for (const { pid } of this.family()) kill(pid);
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}

interface Process {
  pid: number;
  parent: number;
  title: string;
  cwd: string;
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (state === 'Z') return [];
        const title = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), parent: Number(parent), title, cwd: cwdOf(name) }];
      } catch {
        return []; // ended while we looked
      }
    });
}

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ''; // another user's
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
