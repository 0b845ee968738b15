import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { exchange, finishExchange, isHalfExchanged, type Move } from './exchange.ts';
import { placeOf } from './place.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const log = { info: () => {}, warn: () => {} };

/** Old data and new, old roots and new, each a directory with one file that says what it is. */
function ground() {
  const base = mkdtempSync(path.join(os.tmpdir(), 'wmx-'));
  dirs.push(base);
  const at = (name: string): string => path.join(base, name);
  for (const name of ['data', 'data.restoring', 'roots', 'roots.restoring']) {
    mkdirSync(at(name));
    writeFileSync(path.join(at(name), 'what'), name);
  }
  const moves: Move[] = [
    { from: at('data'), to: at('data.before') },
    { from: at('data.restoring'), to: at('data') },
    { from: at('roots'), to: at('roots.before') },
    { from: at('roots.restoring'), to: at('roots') },
  ];
  const whats = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(base)
        .filter((name) => existsSync(path.join(at(name), 'what')))
        .sort()
        .map((name) => [name, readFileSync(path.join(at(name), 'what'), 'utf8')]),
    );
  return { place: placeOf(at('data')), moves, whats };
}

const BEFORE = {
  data: 'data',
  'data.restoring': 'data.restoring',
  roots: 'roots',
  'roots.restoring': 'roots.restoring',
};
const AFTER = {
  data: 'data.restoring',
  'data.before': 'data',
  roots: 'roots.restoring',
  'roots.before': 'roots',
};

test('all of them change places', async () => {
  const { place, moves, whats } = ground();
  exchange(place, moves);
  expect(whats()).toEqual(AFTER);
  expect(isHalfExchanged(place)).toBe(false);
  await finishExchange(place, log);
  expect(whats()).toEqual(AFTER);
});

test.each([0, 1, 2, 3, 4])(
  'whoever is killed after %i renames, the next one does the rest',
  async (renames) => {
    const { place, moves, whats } = ground();
    const { signal, stderr } = spawnSync(
      process.execPath,
      [
        '--import',
        path.resolve(import.meta.dirname, '../../testing/kill-at-rename.ts'),
        '--input-type=module',
        '-e',
        `const { exchange } = await import(process.argv[1]); exchange(...JSON.parse(process.argv[2]));`,
        path.join(import.meta.dirname, 'exchange.ts'),
        JSON.stringify([place, moves]),
      ],
      { env: { ...process.env, WANMI_TEST_RENAMES: String(renames) }, encoding: 'utf8' },
    );
    expect(signal, stderr).toBe('SIGKILL');
    expect(isHalfExchanged(place)).toBe(true);
    if (renames < moves.length) expect(whats()).not.toEqual(AFTER);
    await Promise.all([finishExchange(place, log), finishExchange(place, log)]);
    expect(whats()).toEqual(AFTER);
    expect(isHalfExchanged(place)).toBe(false);
  },
);

test('where one cannot be renamed all are taken back', () => {
  const { place, moves, whats } = ground();
  rmSync(moves[3]!.from, { recursive: true });
  const { 'roots.restoring': _gone, ...left } = BEFORE;
  expect(() => exchange(place, moves)).toThrow('ENOENT');
  expect(whats()).toEqual(left);
  expect(isHalfExchanged(place)).toBe(false);
});

test('a disk that is not there is said, and nothing else is done', async () => {
  const { place, moves } = ground();
  writeFileSync(path.join(place.base, 'exchange.json'), JSON.stringify(moves));
  rmSync(moves[0]!.from, { recursive: true });
  await expect(finishExchange(place, log)).rejects.toMatchObject({ code: 'cluster_exchange' });
  expect(isHalfExchanged(place)).toBe(true);
});
