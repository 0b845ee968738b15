// The launcher on a small tree of its own: a server that only says what it got, and a web app of one page.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const here = import.meta.dirname;
let root;

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'wm-start-'));
  for (const name of ['setup.mjs', 'start.mjs'])
    cpSync(path.join(here, name), path.join(root, 'scripts', name));
  symlinkSync(path.resolve(here, '../node_modules'), path.join(root, 'node_modules'));
  write('package-lock.json', '{}');
  write('packages/contracts/src/index.ts', 'export {};');
  write('apps/web/index.html', '<!doctype html><script type="module" src="/src/page.js"></script>');
  write('apps/web/src/page.js', 'document.title = "first";');
  write(
    'apps/server/src/main.ts',
    `let signals: string[] = [];
     for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {
       signals.push(signal);
       setTimeout(() => { console.log('got ' + signals.join()); process.exit(7); }, 300);
     });
     setInterval(() => {}, 1000);
     console.log('ready ' + process.argv.slice(2).join(' '));`,
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file, content) {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), content);
}

/** Starts, waits for the server, gives it the signals, and answers what was said and the exit code. */
async function start(args = [], signals = ['SIGTERM'], env = {}) {
  const child = spawn(process.execPath, [path.join(root, 'scripts/start.mjs'), ...args], {
    env: { ...process.env, WANMI_SERVICES: '', ...env },
  });
  let output = '';
  const ready = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
        if (output.includes('ready')) resolve();
      });
    }
  });
  const exited = once(child, 'exit');
  await Promise.race([ready, exited]);
  for (const signal of signals) child.kill(signal);
  const [code] = await exited;
  return { output, code };
}

test('builds the web app once, and again when a source changes', { timeout: 30_000 }, async () => {
  const page = () => readFileSync(path.join(root, 'apps/web/dist/index.html'), 'utf8');
  expect((await start()).output).toContain('building');
  const first = page();
  expect((await start()).output).not.toContain('building');
  write('apps/web/src/page.js', 'document.title = "second";');
  expect((await start()).output).toContain('building');
  expect(page()).not.toBe(first);
});

test(
  'a web app that does not build stops the start and leaves the last build',
  { timeout: 30_000 },
  async () => {
    await start();
    write('apps/web/src/page.js', 'this is no JavaScript');
    const { output, code } = await start();
    expect(code).toBe(1);
    expect(output).toContain('does not build');
    expect(output).not.toContain('ready');
    expect(existsSync(path.join(root, 'apps/web/dist/index.html'))).toBe(true);
  },
);

test(
  'starts a demo with web and worker unless told otherwise, and passes the rest on',
  { timeout: 30_000 },
  async () => {
    expect((await start()).output).toContain('ready --services=web,worker --demo\n');
    expect((await start(['--size', 'M'])).output).toContain('ready --services=web,worker --demo --size M\n');
    expect((await start(['--no-demo', '--services=web'])).output).toContain('ready --services=web\n');
    expect((await start([], ['SIGTERM'], { WANMI_SERVICES: 'ingest' })).output).toContain('ready --demo\n');
  },
);

test('passes each signal on once, and the exit code back', { timeout: 30_000 }, async () => {
  const { output, code } = await start([], ['SIGINT', 'SIGINT']);
  expect(output).toContain('got SIGINT\n');
  expect(code).toBe(7);
});

test('says what to do where nothing is installed', async () => {
  rmSync(path.join(root, 'node_modules'));
  const { output, code } = await start();
  expect(output).toContain('npm ci');
  expect(code).toBe(1);
});
