// What the launchers share. Plain JavaScript that Node 20 runs; everything of ours runs on the Node of node_modules.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = path.join(root, 'node_modules', '.bin');

export const log = {
  info: (message) => console.log(message),
  warn: (message) => console.warn(message),
};

export class SetupError extends Error {}

/** Ends with the message alone: a stack says nothing to somebody who only started the product. */
export async function main(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    const expected = error instanceof SetupError || error?.name === 'ClusterError';
    console.error(expected ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/** Runs the calling script again on Node 24 where it was started by an older one; answers whether it did. */
export async function rerunOnOwnNode(script) {
  if (Number(process.versions.node.split('.')[0]) >= 24) return undefined;
  return run(ownNode(), [fileURLToPath(script), ...process.argv.slice(2)]);
}

export function ownNode() {
  const installed = path.join(bin, 'node');
  if (existsSync(installed)) return installed;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new SetupError('The packages are not installed. Run `npm ci` first.');
}

export function requirePackages(...names) {
  const missing = names.filter((name) => !existsSync(path.join(root, 'node_modules', name)));
  if (missing.length) throw new SetupError(`Not installed: ${missing.join(', ')}. Run \`npm ci\` first.`);
}

export function ownEnvironment(extra = {}) {
  return { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`, ...extra };
}

/**
 * Runs a program to its end and answers its exit code. It gets signals from us alone (it is in a group of its own:
 * Ctrl-C would reach it twice, and a second one means "at once").
 */
export function run(file, args, options = {}) {
  const child = spawn(file, args, {
    cwd: options.cwd ?? root,
    env: ownEnvironment(options.env),
    stdio: options.stdio ?? 'inherit',
    detached: process.platform !== 'win32',
  });
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      stopForwarding();
      reject(error);
    });
    child.on('exit', (code, signal) => {
      stopForwarding();
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

export function forwardSignals(child) {
  const last = new Map();
  const forward = (signal) => {
    // The terminal and npm may both pass one Ctrl-C on.
    if (Date.now() - (last.get(signal) ?? 0) < 500) return;
    last.set(signal, Date.now());
    child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

/** Installs what is missing of the named Debian packages, or says which commands would. */
export async function ensureDebianPackages(list, log) {
  const packages = await import('../apps/server/src/platform/cluster/packages.ts');
  const missing = list.filter((name) => !packages.isInstalled(name));
  if (missing.length === 0) return;
  const privilege = packages.installPrivilege();
  if (packages.systemFamily() !== 'debian' || privilege === 'none') {
    throw new SetupError(missingMessage(missing, packages.systemFamily()));
  }
  await packages.installPackages(missing, log, privilege);
}

const BROWSER_COMMANDS = {
  fedora: ['sudo dnf install -y chromium google-noto-sans-cjk-fonts'],
  alpine: ['sudo apk add chromium font-noto-cjk'],
  macos: ['brew install --cask chromium'],
};

function missingMessage(missing, family) {
  const commands =
    family === 'debian'
      ? ['sudo apt-get update', `sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`]
      : (BROWSER_COMMANDS[family] ?? []);
  const advice = commands.length
    ? `Run these commands, then start again:\n${commands.map((command) => `  ${command}`).join('\n')}`
    : 'Install them with the packages of this system, then start again.';
  return `Not installed, and this user may not install packages here: ${missing.join(', ')}.\n${advice}`;
}

/** The browser of the tests: WANMI_CHROMIUM, or one that is installed. */
export function findChromium() {
  const wanted = process.env.WANMI_CHROMIUM;
  if (wanted) {
    if (isExecutable(wanted)) return wanted;
    throw new SetupError(`WANMI_CHROMIUM=${wanted} is no program that can be run.`);
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const candidates = [
    ...(process.env.PATH ?? '')
      .split(path.delimiter)
      .flatMap((dir) => names.map((name) => path.join(dir, name))),
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  return candidates.find(isExecutable);
}

/** Chromium, and a font that has Chinese: without one every label is a row of boxes. */
export async function ensureBrowser(log) {
  const missing = [];
  if (!findChromium()) missing.push('chromium');
  if (!hasChineseFont()) missing.push('fonts-noto-cjk');
  if (missing.length) await ensureDebianPackages(missing, log);
  const chromium = findChromium();
  if (!chromium) throw new SetupError(missingMessage(['chromium'], 'other'));
  return chromium;
}

function hasChineseFont() {
  if (process.platform === 'darwin') return true;
  const { status, stdout } = spawnSync('fc-list', [':lang=zh-cn', 'family'], { encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '';
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const WEB = path.join(root, 'apps/web');
const DIST = path.join(WEB, 'dist');
const MARK = path.join(DIST, '.sources');

/** Builds the web app where its build is missing or is not of today's sources. */
export async function buildWeb(log) {
  if (!existsSync(path.join(WEB, 'index.html'))) return;
  const sources = hashOfWebSources();
  if (existsSync(MARK) && readFileSync(MARK, 'utf8') === sources) return;
  if (!existsSync(path.join(root, 'node_modules/vite'))) {
    if (existsSync(path.join(DIST, 'index.html'))) return; // installed without the tools, with a finished build
    throw new SetupError('The web app is not built, and its tools are not installed. Run `npm ci` first.');
  }
  log.info('building the web app');
  // Beside it, then exchanged: a running server goes on serving a whole build.
  const fresh = path.join(root, 'node_modules/.cache/wanmi', `web-${process.pid}`);
  mkdirSync(path.dirname(fresh), { recursive: true });
  const args = ['build', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'];
  const code = await run(path.join(bin, 'vite'), args, { cwd: WEB });
  if (code !== 0) throw new SetupError(`The web app does not build (vite ended with ${code}).`);
  writeFileSync(path.join(fresh, '.sources'), sources);
  const old = `${fresh}-old`;
  if (existsSync(DIST)) renameSync(DIST, old);
  renameSync(fresh, DIST);
  rmSync(old, { recursive: true, force: true });
}

/** By content: times say little after a checkout or a copy. */
function hashOfWebSources() {
  const hash = createHash('sha256');
  const add = (file) => hash.update(`${path.relative(root, file)}\0`).update(readFileSync(file));
  for (const dir of ['apps/web', 'packages/contracts']) {
    for (const file of filesBelow(path.join(root, dir))) add(file);
  }
  add(path.join(root, 'package-lock.json'));
  return hash.digest('hex');
}

const IGNORED = /^(node_modules|dist|test|test-results|.*\.test\.tsx?)$/;

function filesBelow(dir) {
  const files = [];
  for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (IGNORED.test(entry.name)) continue;
    const full = path.join(dir, entry.name);
    if (entry.isDirectory()) files.push(...filesBelow(full));
    else if (entry.isFile()) files.push(full);
  }
  return files;
}
