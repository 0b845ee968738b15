import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const MAIN = path.resolve(import.meta.dirname, '../apps/server/src/main.ts');
const PATIENCE_MS = 120_000;

export interface DemoServer {
  readonly url: string;
  readonly password: string;
  /** Folder of all it keeps; gone when it stops. */
  readonly home: string;
  /** What it said, for the message of a test that failed. */
  output(): string;
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** Days that lie behind the city. */
  readonly past?: number;
  readonly pace?: number;
}

/**
 * The real program with a demo city of its own, in a home of its own, on a free port. Nobody plays the city: what
 * happens in it is what the test does.
 */
export async function startDemoServer({ past = 0, pace = 0 }: DemoOptions = {}): Promise<DemoServer> {
  const home = await mkdtemp(path.join(tmpdir(), 'wanmi-e2e-'));
  await chmod(home, 0o755); // the database server may run as a user of its own
  const password = `e2e-${crypto.randomUUID()}`;
  const child = spawn(process.execPath, [MAIN, '--services=web,worker', '--demo', '--size', 'S'], {
    env: {
      ...process.env,
      DATABASE_URL: '',
      WANMI_HOME: home,
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      WANMI_DEMO_PASSWORD: password,
      WANMI_DEMO_PAST: String(past),
      WANMI_DEMO_PACE: String(pace),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  async function stop(): Promise<void> {
    child.kill('SIGTERM');
    const gone = await Promise.race([ended.then(() => true), delay(30_000, false, { ref: false })]);
    if (!gone) child.kill('SIGKILL');
    await ended;
    await rm(home, { recursive: true, force: true });
    if (!gone) throw new Error(`the server did not stop:\n${output}`);
  }

  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    const url = /Wanmi is ready[^\n]*\n {2}(http:\S+)\/\n/.exec(output)?.[1];
    if (url) return { url, password, home, output: () => output, stop };
    await delay(50);
  }
  await stop();
  throw new Error(`the server did not start:\n${output}`);
}
