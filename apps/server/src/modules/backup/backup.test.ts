import { createHash, randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BackupItem, BackupReport } from '@wanmi/contracts';
import * as intake from '#modules/intake';
import * as org from '#modules/org';
import type { Page } from '#platform/paging';
import { PASSWORD, world, type World } from '#testing/world';
import { packSegments } from './archive.ts';
import { checkFolder } from './check.ts';
import { openFolder } from './folder.ts';
import type { Manifest } from './folder.ts';
import * as backup from './index.ts';
import { DEFAULT_PLAN, lastDue, longestWait, momentText, nextDue, parseAt, parseMoment } from './plan.ts';
import { layOut } from './restore.ts';
import { expired } from './retention.ts';
import { changeState, write as keep } from './state.ts';
import { alarmsOf } from './status.ts';
import { SEGMENT_BYTES, gapsOf, inOrder, segmentAt, segmentName, segmentOf } from './wal.ts';

const DAY = 86_400_000;
const ZONE = 'Asia/Shanghai';
const NOW = Date.parse('2026-03-04T12:00:00+08:00');

describe('WAL', () => {
  test('the name of a segment says which comes next', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.integer({ min: 0, max: 2 ** 32 }),
        (timeline, number) => {
          const read = segmentOf(segmentName(timeline, number));
          expect(read).toMatchObject({ timeline, number, state: 'whole' });
          expect(segmentName(timeline, number) < segmentName(timeline, number + 1)).toBe(true);
        },
      ),
    );
    expect(segmentName(1, 255)).toBe('0000000100000000000000FF');
    expect(segmentName(1, 256)).toBe('000000010000000100000000');
    expect(segmentAt(2, '1A/2B000028')).toBe('000000020000001A0000002B');
    expect(segmentOf('00000002.history')).toBeNull();
  });

  test('of two states of one segment the finished one counts, and what is missing is named', () => {
    const all = inOrder([
      '000000010000000000000003.partial',
      '000000010000000000000001.gz',
      '000000010000000000000001',
      '000000010000000000000003',
      'something else',
    ]);
    expect(all.map(({ file }) => file)).toEqual(['000000010000000000000001', '000000010000000000000003']);
    expect(gapsOf(all, '000000010000000000000001')).toEqual(['000000010000000000000002']);
    expect(gapsOf(all, '000000010000000000000003')).toEqual([]);
  });
});

test('a segment that is packed while a restore reads is read packed', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'wanmi-wal-'));
  try {
    const [first, second] = [segmentName(1, 7), segmentName(1, 8)];
    await writeFile(path.join(dir, first), 'the first');
    await writeFile(path.join(dir, second), 'the second');
    const seen = inOrder(await readdir(dir));
    expect(await packSegments(dir)).toBe(1);
    await mkdir(path.join(dir, 'to'));
    for (const segment of seen) await layOut(dir, segment, path.join(dir, 'to'));
    expect(await readFile(path.join(dir, 'to', first), 'utf8')).toBe('the first');
    await rm(path.join(dir, second));
    await expect(layOut(dir, seen[1]!, path.join(dir, 'to'))).rejects.toMatchObject({ code: 'ENOENT' });
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a segment that a backup lets go of while it is packed is no failure', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'wanmi-wal-'));
  try {
    const names = [7, 8, 9].map((number) => segmentName(1, number));
    // Packing takes long enough for somebody to come between.
    for (const name of names) await writeFile(path.join(dir, name), randomBytes(SEGMENT_BYTES));
    const packing = packSegments(dir);
    while (!(await readdir(dir)).some((name) => name.endsWith('.new'))) await setImmediate();
    await rm(path.join(dir, names[0]!));
    expect(await packing).toBe(1);
    expect((await readdir(dir)).filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(await readdir(dir)).toContain(`${names[1]}.gz`);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('a backup of a version that is not installed any more is checked by its sums', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'wanmi-backup-'));
  try {
    const folder = await openFolder(root);
    const one: Manifest = {
      id: '20260301T000000000Z',
      startedAt: '2026-03-01T00:00:00Z',
      endedAt: '2026-03-01T00:01:00Z',
      stretch: 's',
      timeline: 1,
      startWal: segmentName(1, 7),
      postgres: 8,
      migration: 1,
      bytes: 6,
      files: 0,
      cities: [],
      cause: 'schedule',
    };
    const data = path.join(folder.base, one.id, 'data');
    await mkdir(path.join(data, 'global'), { recursive: true });
    await writeFile(path.join(data, 'global/1260'), 'people');
    const sum = createHash('sha256').update('people').digest('hex');
    await writeFile(
      path.join(data, 'backup_manifest'),
      JSON.stringify({ Files: [{ Path: 'global/1260', Size: 6, Checksum: sum }] }),
    );
    await writeFile(path.join(folder.base, one.id, 'backup.json'), JSON.stringify(one));
    await mkdir(path.join(folder.wal, one.stretch), { recursive: true });
    await writeFile(path.join(folder.wal, one.stretch, one.startWal), Buffer.alloc(SEGMENT_BYTES));
    expect(await checkFolder(folder)).toMatchObject({ backups: 1, segments: 1, faults: [], absent: [8] });
    await writeFile(path.join(data, 'global/1260'), 'peoplE');
    expect(await checkFolder(folder)).toMatchObject({
      damaged: [one.id],
      faults: [{ what: 'base', name: one.id }],
    });
    await rm(path.join(data, 'global/1260'));
    expect(await checkFolder(folder)).toMatchObject({ damaged: [one.id] });
  } finally {
    await rm(root, { recursive: true });
  }
});

describe('the plan', () => {
  test('is written as people write it', () => {
    expect(parseAt('02:30')).toEqual({ at: '02:30', days: [] });
    expect(parseAt('thu,Mon 23:05')).toEqual({ at: '23:05', days: ['Mon', 'Thu'] });
    expect(parseAt('off')).toEqual({ at: null, days: [] });
    for (const wrong of ['24:00', '2:30', 'Mo 02:30', '', 'off 02:30']) {
      expect(() => parseAt(wrong), wrong).toThrow(expect.objectContaining({ code: 'backup_plan' }));
    }
  });

  test("knows its days in the city's time, daylight saving included", () => {
    const daily = { ...DEFAULT_PLAN, at: '02:30' };
    expect(momentText(nextDue(daily, NOW, ZONE)!, ZONE)).toBe('2026-03-05 02:30:00 +08:00 (Asia/Shanghai)');
    expect(momentText(lastDue(daily, NOW, ZONE)!, ZONE)).toBe('2026-03-04 02:30:00 +08:00 (Asia/Shanghai)');
    const weekly = { ...daily, days: ['Mon' as const] };
    expect(momentText(nextDue(weekly, NOW, ZONE)!, ZONE)).toContain('2026-03-09 02:30:00');
    expect([longestWait(daily), longestWait(weekly), longestWait({ ...daily, at: null })]).toEqual([
      DAY,
      7 * DAY,
      null,
    ]);
    // New York has no 02:30 on this day
    const spring = Date.parse('2026-03-08T05:00:00Z');
    expect(momentText(nextDue(daily, spring, 'America/New_York')!, 'America/New_York')).toContain(
      '2026-03-08 03:30',
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * 24 * 60 }), (minutes) => {
        const now = NOW + minutes * 60_000;
        const [before, after] = [lastDue(daily, now, ZONE)!, nextDue(daily, now, ZONE)!];
        expect(before <= now && now < after).toBe(true);
        expect(after - before).toBe(DAY);
      }),
    );
  });

  test('a moment says its zone, or the cities say it', () => {
    const at = Date.parse('2026-03-04T14:37:00+08:00');
    expect(parseMoment('2026-03-04 14:37', null, [ZONE, ZONE])).toBe(at);
    expect(parseMoment('2026-03-04T14:37:00', ZONE, ['Europe/Berlin'])).toBe(at);
    expect(parseMoment('2026-03-04T06:37Z', null, [])).toBe(at);
    expect(parseMoment('2026-03-04 14:37+08:00', null, [])).toBe(at);
    const codeOf = (...args: Parameters<typeof parseMoment>): unknown => {
      try {
        return parseMoment(...args);
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(codeOf('2026-03-04 14:37', null, [ZONE, 'Europe/Berlin'])).toBe('restore_time');
    expect(codeOf('2026-03-04 14:37', null, [])).toBe('restore_time');
    expect(codeOf('2026-03-04 14:37', 'Mars/Base', [])).toBe('restore_time');
    expect(codeOf('yesterday', ZONE, [])).toBe('restore_time');
    expect(codeOf('2026-13-44 14:37', ZONE, [])).toBe('restore_time');
  });
});

describe('retention', () => {
  const made = (daysAgo: number): Manifest =>
    ({ id: String(daysAgo), endedAt: new Date(NOW - daysAgo * DAY).toISOString() }) as Manifest;

  test('whatever goes, any moment that is promised can still be restored', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 10 }),
        (ages, keepDays, keep) => {
          const all = ages.sort((a, b) => b - a).map(made);
          const gone = expired(all, { keepDays, keep }, NOW);
          const kept = all.filter((one) => !gone.includes(one));
          expect(kept.length).toBeGreaterThanOrEqual(Math.min(keep, all.length));
          for (let day = 0; day <= keepDays; day += 1) {
            const before = (one: Manifest): boolean => Date.parse(one.endedAt) <= NOW - day * DAY;
            expect(kept.findLast(before)).toEqual(all.findLast(before));
          }
        },
      ),
    );
    expect(expired([made(40), made(20), made(10), made(1)], { keepDays: 14, keep: 1 }, NOW)).toEqual([
      made(40),
    ]);
  });
});

test('what is wrong has a name', () => {
  const good = {
    foreign: false,
    on: true,
    plan: DEFAULT_PLAN,
    state: {
      last: { id: 'x', endedAt: new Date(NOW - 3600_000).toISOString(), bytes: 1 },
      check: null,
      failures: {},
      sameDisk: false,
    },
    lag: { connected: true, bytes: 0, seconds: 0 },
    restored: null,
  };
  expect(alarmsOf(good, NOW)).toEqual([]);
  expect(alarmsOf(good, NOW + 2 * DAY)).toEqual(['backup.old']);
  expect(alarmsOf({ ...good, lag: null }, NOW)).toEqual(['archive.down']);
  expect(alarmsOf({ ...good, lag: { connected: true, bytes: 1e9, seconds: 1 } }, NOW)).toEqual([
    'archive.behind',
  ]);
  expect(alarmsOf({ ...good, lag: { connected: true, bytes: 1, seconds: 90 } }, NOW)).toEqual([
    'archive.behind',
  ]);
  const failed = { since: '', at: '', code: 'backup_no_space', message: '' };
  expect(alarmsOf({ ...good, state: { ...good.state, failures: { backup: failed } } }, NOW)).toEqual([
    'backup.failed',
  ]);
  expect(alarmsOf({ ...good, state: { ...good.state, last: null, sameDisk: true } }, NOW)).toEqual([
    'backup.none',
    'sameDisk',
  ]);
  expect(alarmsOf({ ...good, on: false }, NOW)).toEqual(['backup.off']);
  expect(alarmsOf({ ...good, on: false, foreign: true }, NOW)).toEqual(['backup.foreign']);
});

describe('the administrator', () => {
  let w: World;
  let hold: backup.Hold;
  beforeAll(async () => {
    w = await world({ modules: [org, intake, backup], http: { held: () => hold.held } });
    hold = await backup.watchRestored(w.platform);
  });
  afterAll(async () => {
    await hold.stop();
    await w.close();
  });
  const ask = async (who?: string) => w.app.inject({ url: '/api/v1/backups', ...(who && w.as(who)) });

  test('sees how the backups stand, and nobody else does', async () => {
    expect((await ask()).statusCode).toBe(401);
    expect((await ask('collector')).statusCode).toBe(403);
    const report = (await ask('admin')).json<BackupReport>();
    expect(report).toMatchObject({
      on: true,
      alarms: ['backup.none', 'archive.down'],
      last: null,
      restored: null,
    });
    expect(report.plan).toEqual(DEFAULT_PLAN);
  });

  test('sees which backups there are, by pages, and what the check said of each', async () => {
    const list = async (query = '', who?: string) =>
      w.app.inject({ url: `/api/v1/backups/items${query}`, ...(who && w.as(who)) });
    expect((await list()).statusCode).toBe(401);
    expect((await list('', 'collector')).statusCode).toBe(403);
    expect((await list('?cursor=x', 'admin')).statusCode).toBe(400);
    // No directory yet, and none is made by looking.
    expect((await list('', 'admin')).json()).toEqual({ items: [], next: null });
    const { backupDir } = w.platform.config;
    const base = path.join(backupDir!, 'base');
    const at = (day: number): string => new Date(NOW + day * DAY).toISOString();
    const idOf = (day: number): string => at(day).replace(/[-:.]/g, '');
    for (const day of [0, 1, 2]) {
      const manifest: Manifest = {
        id: idOf(day),
        startedAt: at(day),
        endedAt: at(day),
        stretch: 's',
        timeline: 1,
        startWal: segmentName(1, day + 1),
        postgres: 15,
        migration: 74,
        bytes: 1000 + day,
        files: day,
        cities: [],
        cause: 'schedule',
      };
      await mkdir(path.join(base, manifest.id), { recursive: true });
      await writeFile(path.join(base, manifest.id, 'backup.json'), JSON.stringify(manifest));
    }
    await mkdir(path.join(base, `${idOf(3)}.unfinished`));
    await changeState(w.platform.db, (state) => ({
      ...state,
      last: { id: idOf(2), endedAt: at(2), bytes: 1002 },
      check: { at: at(1), faults: 1, damaged: [idOf(0)] },
    }));
    const first = (await list('?limit=2', 'admin')).json<Page<BackupItem>>();
    expect(first.items).toMatchObject([
      { id: idOf(2), bytes: 1002, files: 2, check: 'unchecked' },
      { id: idOf(1), check: 'whole' },
    ]);
    const second = (await list(`?limit=2&cursor=${first.next}`, 'admin')).json<Page<BackupItem>>();
    expect(second).toMatchObject({ items: [{ id: idOf(0), check: 'damaged' }], next: null });
    await rm(backupDir!, { recursive: true });
    const gone = await list('', 'admin');
    expect([gone.statusCode, gone.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'backup.unreachable' }),
    ]);
    expect(gone.body).not.toContain(backupDir);
    await changeState(w.platform.db, (state) => ({ ...state, last: null, check: null }));
  });

  test('sees that the city was restored until somebody confirms it', async () => {
    const write = async (who?: string, url = '/api/v1/reports') =>
      w.app.inject({ method: 'POST', url, body: {}, ...(who && w.as(who)) });
    expect((await write('operator')).statusCode).toBe(400);
    let started = 0;
    const held = backup.holdUntilConfirmed(w.platform, {
      start: () => void (started += 1),
      stop: async () => {},
    });
    await keep(w.platform.db, 'restored', {
      at: new Date(NOW).toISOString(),
      asked: 'latest',
      reached: null,
      base: 'x',
      confirmedAt: null,
    });
    await held.start();
    expect(started).toBe(0);
    hold = await backup.watchRestored(w.platform);
    // Looked at by whoever may, and written to by nobody.
    expect((await write()).statusCode).toBe(401);
    expect((await write('admin')).statusCode).toBe(403);
    const refused = await write('operator');
    expect([refused.statusCode, refused.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'restore.unconfirmed' }),
    ]);
    expect((await write('operator', '/api/v1/nothing')).statusCode).toBe(404);
    const signIn = await w.app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      body: { username: 'operator', password: PASSWORD },
    });
    expect(signIn.statusCode, signIn.body).toBe(200);
    expect((await ask('admin')).json<BackupReport>().alarms).toContain('restored');
    expect(await backup.confirmRestore(w.platform)).toBe(true);
    expect(await backup.confirmRestore(w.platform)).toBe(false);
    expect((await ask('admin')).json<BackupReport>().alarms).not.toContain('restored');
    for (let n = 0; n < 100 && started === 0; n += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(started).toBe(1);
    await held.stop();
    for (let n = 0; n < 100 && hold.held; n += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await write('operator')).statusCode).toBe(400);
  });

  test('changes the plan, which is on the record', async () => {
    expect(await backup.setPlan(w.platform, { at: '04:00', keepDays: 30 })).toMatchObject({
      at: '04:00',
      keepDays: 30,
    });
    await expect(backup.setPlan(w.platform, { keepDays: 0 })).rejects.toMatchObject({ code: 'backup_plan' });
    const { rows } = await w.platform.pool.query(
      `select action from audit where action like 'backup.%' order by id`,
    );
    expect(rows.map((row: { action: string }) => row.action)).toEqual(['backup.confirm', 'backup.plan']);
  });

  test('is told plainly where the database is somebody else’s', async () => {
    const foreign = {
      ...w.platform,
      config: { ...w.platform.config, databaseUrl: 'postgres://x/y', backupDir: '/x' },
    };
    await expect(backup.makeBackup(foreign, { cause: 'asked' })).rejects.toMatchObject({
      code: 'backup_foreign_database',
    });
  });
});
