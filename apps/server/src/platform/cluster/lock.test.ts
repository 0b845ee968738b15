import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireLock, acquireLockSync } from './lock.ts';
import { inspect } from './processes.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'wm-lock-'));
  file = path.join(dir, 'lock');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const hold = (pid: number, startedAt: string): void =>
  writeFileSync(file, JSON.stringify({ pid, startedAt }));

test('one holder at a time', async () => {
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const lock = await acquireLock(file);
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
      lock.release();
    }),
  );
  expect(most).toBe(1);
  expect(existsSync(file)).toBe(false);
});

test('a living holder is waited for, and named when patience ends', async () => {
  const lock = await acquireLock(file);
  await expect(acquireLock(file, 100)).rejects.toMatchObject({
    code: 'cluster_locked',
    message: expect.stringContaining(String(process.pid)),
  });
  expect(acquireLockSync(file, 50)).toBeUndefined();
  lock.release();
  acquireLockSync(file, 50)?.release();
});

test('a dead holder’s lock is taken over', async () => {
  const { pid } = spawnSync('true');
  hold(pid, 'then');
  (await acquireLock(file, 1000)).release();
});

test('a pid that came back as another process holds nothing', async () => {
  hold(process.pid, 'before the last boot');
  (await acquireLock(file, 1000)).release();
  hold(process.pid, inspect(process.pid)?.startedAt ?? '');
  await expect(acquireLock(file, 100)).rejects.toMatchObject({ code: 'cluster_locked' });
});

test('a taking over that was broken off does not block for ever', async () => {
  const { pid } = spawnSync('true');
  hold(pid, 'then');
  writeFileSync(`${file}.break`, '');
  await expect(acquireLock(file, 100)).rejects.toMatchObject({ code: 'cluster_locked' });
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(`${file}.break`, longAgo, longAgo);
  (await acquireLock(file, 1000)).release();
});
