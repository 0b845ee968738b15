import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mountDisk } from './lib/crash.ts';
import { Drill, wanmi } from './lib/drill.ts';

/** The archive under everything that happens to it: its receiver dies, its disk is gone or full, another city comes. */
let drill: Drill;

beforeAll(async () => {
  drill = await Drill.begin();
});
afterAll(async () => {
  if (drill) await rm(`${drill.dir}-gone`, { recursive: true, force: true });
  await drill?.clear();
});

async function alarms(): Promise<string[]> {
  const text = await (await fetch(`${drill.program.url}/metrics`)).text();
  return [...text.matchAll(/wanmi_backup_alarm\{alarm="([\w.]+)"\} 1/g)].map(([, name]) => name!);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 240; n += 1) {
    if (await holds().catch(() => false)) return;
    await delay(250);
  }
  throw new Error(
    `${what} did not come true; alarms ${(await alarms()).join(', ')}\n${drill.program.output}`,
  );
}

const receiver = (): number | undefined =>
  drill.program.family().find(({ title }) => title.includes('pg_receivewal'))?.pid;

/** Alarms that are not of the machine the tests run on. */
const wrong = async (): Promise<string[]> => (await alarms()).filter((one) => one !== 'sameDisk');

async function write(rows: number): Promise<void> {
  const pool = drill.open();
  try {
    await pool.query(`create table if not exists filler (text text)`);
    await pool.query(
      `insert into filler select repeat(md5(n::text), 30) from generate_series(1, $1::int) n`,
      [rows],
    );
    await pool.query('truncate filler');
  } finally {
    await pool.end();
  }
}

test('a receiver that is killed is replaced, and the archive has no gap', { timeout: 180_000 }, async () => {
  await until('no alarm', async () => (await wrong()).length === 0);
  const before = receiver();
  expect(before).toBeDefined();
  process.kill(before!, 'SIGKILL');
  await write(30_000);
  await until('another receiver', async () => receiver() !== undefined && receiver() !== before);
  await until('nothing behind', async () => (await wrong()).length === 0);
  const check = await wanmi(['backup', 'check'], drill.env);
  expect([check.code, check.output]).toEqual([0, expect.stringContaining('whole')]);
});

test(
  'a directory that is gone is an alarm, and the city works on; when it is back, so is the archive',
  {
    timeout: 300_000,
  },
  async () => {
    const gone = `${drill.dir}-gone`;
    await rename(drill.dir, gone);
    // Nobody can make it anew: something else has its name.
    spawnSync('touch', [drill.dir]);
    process.kill(receiver()!, 'SIGKILL');
    await until('an alarm', async () => (await alarms()).includes('archive.down'));
    expect((await fetch(`${drill.program.url}/readyz`)).status).toBe(200);
    const asked = await wanmi(['backup', 'now'], drill.env);
    expect([asked.code, asked.output]).toEqual([1, expect.stringContaining('cannot be used')]);
    await until('a failure', async () => (await alarms()).includes('backup.failed'));
    // A mount point without its disk is an empty directory.
    await rm(drill.dir);
    await mkdir(drill.dir);
    const unmounted = await wanmi(['backup', 'now'], drill.env);
    expect([unmounted.code, unmounted.output]).toEqual([1, expect.stringContaining('Is its disk mounted?')]);
    expect(await readdir(drill.dir)).toEqual([]);
    await rm(drill.dir, { recursive: true });
    await rename(gone, drill.dir);
    await until('the archive is back', async () => !(await alarms()).includes('archive.down'));
    expect((await wanmi(['backup', 'now'], drill.env)).code).toBe(0);
    await until('no alarm', async () => (await wrong()).length === 0);
    expect(readFileSync(path.join(drill.dir, 'owner.json'), 'utf8')).toContain('installation');
  },
);

test('a directory that was away for a moment leaves no alarm behind', { timeout: 180_000 }, async () => {
  const before = (await readdir(path.join(drill.dir, 'base'))).length;
  await rename(drill.dir, `${drill.dir}-gone`);
  await until('an alarm', async () => (await alarms()).includes('backup.failed'));
  await rename(`${drill.dir}-gone`, drill.dir);
  await until('no alarm', async () => (await wrong()).length === 0);
  expect((await readdir(path.join(drill.dir, 'base'))).length).toBe(before);
});

test(
  'another installation does not mix its backups in, unless it takes over',
  { timeout: 180_000 },
  async () => {
    const owner = path.join(drill.dir, 'owner.json');
    const kept = readFileSync(owner, 'utf8');
    const { copy } = await drill.restore(['--latest']);
    const env = { WANMI_HOME: copy.home, WANMI_BACKUP_DIR: drill.dir };
    const refused = await wanmi(['backup', 'now'], env);
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('another installation')]);
    expect(readFileSync(owner, 'utf8')).toBe(kept);
    // The machine that it was on is no more, and then it is back after all.
    expect((await wanmi(['backup', 'now', '--adopt'], env)).code).toBe(0);
    expect((await wanmi(['backup', 'now'], drill.env)).code).toBe(1);
    expect((await wanmi(['backup', 'now', '--adopt'], drill.env)).code).toBe(0);
    expect(readFileSync(owner, 'utf8')).toBe(kept);
  },
);

test(
  'what is too old is removed with its WAL, and what is left can be restored',
  { timeout: 300_000 },
  async () => {
    expect(
      (await wanmi(['backup', 'schedule', '--keep', '1', '--keep-days', '1'], drill.env)).output,
    ).toContain('kept 1 days and at least 1 backups');
    const before = (await readdir(path.join(drill.dir, 'base'))).length;
    expect(before).toBeGreaterThan(1);
    // All of them are of today: nothing may go.
    expect((await wanmi(['backup', 'prune'], drill.env)).output).toMatch(/^0 backups/);
    expect((await readdir(path.join(drill.dir, 'base'))).length).toBe(before);
    // Ten days later: the last one from before the promised day is still needed, and so is the newest.
    const ids = (await readdir(path.join(drill.dir, 'base'))).sort();
    for (const [index, id] of ids.slice(0, -1).entries()) {
      const file = path.join(drill.dir, 'base', id, 'backup.json');
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
      const endedAt = new Date(Date.now() - 10 * 86_400_000 + index * 1000).toISOString();
      await writeFile(file, JSON.stringify({ ...manifest, endedAt }));
    }
    const pruned = await wanmi(['backup', 'prune'], drill.env);
    expect(pruned.output).toMatch(new RegExp(`^${ids.length - 2} backups, [1-9]\\d* segments`));
    expect((await readdir(path.join(drill.dir, 'base'))).sort()).toEqual(ids.slice(-2));
    const check = await wanmi(['backup', 'check'], drill.env);
    expect([check.code, check.output]).toEqual([0, expect.stringContaining('2 backups')]);
    const { said } = await drill.restore(['--latest']);
    expect(said.output).toContain(`restored from backup ${ids.at(-1)}`);
  },
);

test('a full backup disk stops the backups and not the city', { timeout: 300_000 }, async (context) => {
  const small = `${drill.dir}-small`;
  await mkdir(small);
  const disk = mountDisk(small, 64);
  if (!disk) {
    context.skip('only root mounts a small disk');
    return;
  }
  try {
    expect(await drill.program.stop(), drill.program.output).toBe(0);
    drill.program.env['WANMI_BACKUP_DIR'] = small;
    drill.program.start();
    await drill.program.ready();
    await until('an alarm', async () => (await alarms()).includes('backup.failed'));
    for (let n = 0; n < 6; n += 1) await write(30_000);
    expect((await fetch(`${drill.program.url}/readyz`)).status).toBe(200);
    expect(existsSync(small)).toBe(true);
    const said = await wanmi(['backup', 'now'], { ...drill.env, WANMI_BACKUP_DIR: small });
    expect([said.code, said.output]).toEqual([1, expect.stringContaining('no backup was begun')]);
    expect(await drill.program.stop(), drill.program.output).toBe(0);
  } finally {
    disk.unmount();
    await rm(small, { recursive: true, force: true });
  }
});
