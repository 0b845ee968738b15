import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SRC = import.meta.dirname;
const run = promisify(execFile);
let home: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'wanmi-serve-'));
  await chmod(home, 0o755); // the database server runs as a user of its own
});
afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  await rm(home, { recursive: true, force: true });
});

const env = (extra: Record<string, string> = {}) => ({
  ...process.env,
  DATABASE_URL: '',
  WANMI_HOME: home,
  ...extra,
});

interface Started {
  url: string;
  output: () => string;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** The real program as an operator starts it, until it says where it listens. */
async function start(extra: Record<string, string> = {}): Promise<Started> {
  const child = spawn(process.execPath, [path.join(SRC, 'main.ts'), '--services=web,worker'], {
    env: env({ PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...extra }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  for (let n = 0; n < 300; n += 1) {
    const url = /Wanmi is ready[^\n]*\n {2}(http:\S+)\/\n/.exec(output)?.[1];
    if (url) {
      const stop = (signal: NodeJS.Signals) => {
        child.kill(signal);
        return ended;
      };
      return { url, output: () => output, stop };
    }
    if (child.exitCode !== null) break;
    await delay(100);
  }
  throw new Error(`did not start:\n${output}`);
}

const status = async (url: string): Promise<number> => {
  const reply = await fetch(url).catch(() => null);
  await reply?.arrayBuffer();
  return reply?.status ?? 0;
};

describe('the program', () => {
  it('starts from nothing, outlives its database, and stops in order', { timeout: 400_000 }, async () => {
    const first = await start();
    expect(await status(`${first.url}/readyz`)).toBe(200);
    expect(await status(`${first.url}/api/v1/me`)).toBe(401);
    expect(await status(`${first.url}/api/v1/demo/accounts`)).toBe(404);

    const pid = Number(
      readFileSync(path.join(home, 'postgres-main/data/postmaster.pid'), 'utf8').split('\n')[0],
    );
    process.kill(pid, 'SIGKILL');
    const seen = new Set<number>();
    for (let n = 0; n < 200 && !(seen.has(503) && (await status(`${first.url}/readyz`)) === 200); n += 1) {
      seen.add(await status(`${first.url}/readyz`));
      await delay(50);
    }
    expect([...seen]).toContain(503);
    expect(await status(`${first.url}/readyz`)).toBe(200);

    expect(await first.stop('SIGTERM')).toBe(0);
    expect(await status(`${first.url}/healthz`)).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it('says in a sentence why it does not start', { timeout: 400_000 }, async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(start({ PORT: String(port) })).rejects.toThrow(/EADDRINUSE[^\n]*\n?$/);
    await expect(start({ PORT: 'x' })).rejects.toThrow('PORT must be a whole number');
    other.close();
  });

  it(
    'told to stop while a demo lives through its year, ends quietly and goes on at the next start',
    {
      timeout: 400_000,
    },
    async () => {
      const own = path.join(home, 'demo');
      const begin = () => {
        const child = spawn(
          process.execPath,
          [path.join(SRC, 'main.ts'), '--services=web,worker', '--demo', '--size', 'S'],
          {
            env: env({
              WANMI_HOME: own,
              PORT: '0',
              HOST: '127.0.0.1',
              WANMI_DEMO_PAST: '100000',
              WANMI_DEMO_PACE: '0',
            }),
            stdio: ['ignore', 'pipe', 'pipe'],
          },
        );
        children.push(child);
        let output = '';
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk) => (output += String(chunk)));
        const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
        const until = async (said: RegExp): Promise<void> => {
          while (!said.test(output) && child.exitCode === null) await delay(50);
          expect(output).toMatch(said);
        };
        return { child, until, ended, output: () => output };
      };
      await mkdir(own, { mode: 0o755 });
      let reached = '';
      for (const resumed of [false, true]) {
        const demo = begin();
        // Two days, of which one is played to its end
        await demo.until(/the year before is generated[^]* cases, [^]* cases, /);
        demo.child.kill('SIGINT');
        expect(await demo.ended).toBe(130);
        const output = demo.output();
        expect(output).toContain('ended before it was ready; the same command goes on where it stopped');
        expect(output).not.toMatch(/"level":"(warn|error|fatal)"(?!.*is not built)|\n +at |Error/);
        const days = [...output.matchAll(/% {2}(\d{4}-\d\d-\d\d) {2}\d+ cases/g)].map(([, day]) => day!);
        if (resumed) expect(days[0]! >= reached, `${days[0]} after ${reached}`).toBe(true);
        reached = days.at(-1)!;
        expect(days.at(-1)! > /"from":"(\d{4}-\d\d-\d\d)","reports"/.exec(output)![1]!).toBe(true);
      }
      expect(() => readFileSync(path.join(own, 'postgres-main/data/postmaster.pid'))).toThrow('ENOENT');
    },
  );

  it('serves HTTPS on a second door with its own CA', { timeout: 400_000 }, async () => {
    const server = await start({ HTTPS_PORT: '0' });
    const port = /https:\/\/127\.0\.0\.1:(\d+)\//.exec(server.output())?.[1];
    const ca = await (await fetch(`${server.url}/ca.crt`)).text();
    expect(ca).toContain('BEGIN CERTIFICATE');
    const file = path.join(home, 'trusted.pem');
    await writeFile(file, ca);
    const script = `fetch('https://127.0.0.1:${port}/api/v1/me').then((reply) =>
      console.log(reply.status, reply.headers.get('strict-transport-security')))`;
    const trusting = { env: { ...process.env, NODE_EXTRA_CA_CERTS: file } };
    const { stdout } = await run(process.execPath, ['-e', script], trusting);
    expect(stdout.trim()).toBe('401 max-age=31536000');
    expect(await server.stop('SIGINT')).toBe(0);
  });
});

describe('wanmi', () => {
  const wanmi = (...args: string[]) =>
    run(process.execPath, [path.join(SRC, 'cli.ts'), ...args], { env: env() });

  it('migrates, and says what is not there', { timeout: 400_000 }, async () => {
    expect((await wanmi('migrate')).stdout).toBe('nothing to do\n');
    expect((await wanmi('roots')).stdout).toBe('');
    await expect(wanmi('user', 'passwd', 'nobody')).rejects.toMatchObject({
      code: 1,
      stderr: 'nobody has this user name\n',
    });
    await expect(wanmi('case', '1')).rejects.toMatchObject({ code: 1, stderr: 'there is no case 1\n' });
    await expect(wanmi('dance')).rejects.toMatchObject({ code: 1 });
    expect((await wanmi('--help')).stdout).toContain('serve');
  });

  it('does its work to the end for who reads no further', async () => {
    const file = path.join(home, 'few.csv');
    await writeFile(file, 'id,opened,type\n1,2024-01-02 10:00,路灯\n');
    const child = spawn(process.execPath, [path.join(SRC, 'cli.ts'), 'import', 'inspect', file], {
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    const [code] = (await once(child, 'exit')) as [number];
    expect([code, stderr]).toEqual([0, '']);
  });
});
