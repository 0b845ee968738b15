import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomOf } from '../apps/server/src/testing/fuzz.ts';
import { compare, Drill, faultsOfCopy, Load, noteMoment, wanmi } from './lib/drill.ts';
import { castOf } from './lib/load.ts';

/** A city at work is killed and brought back from its backups, to a second of its life and to its end. */
const SEED = Number(process.env['WANMI_CRASH_SEED'] ?? Date.now() % 1_000_000);
const ZONE = 'Asia/Shanghai';

let drill: Drill;
let load: Load;
let moment: number;
let killedAt: number;

beforeAll(async () => {
  drill = await Drill.begin();
  load = new Load(drill.program.url, drill.cast!, randomOf(SEED));
  const running = load.run(3).catch(() => {});
  await delay(3000);
  for (let n = 0; n < 200 && load.acknowledged.length < 60; n += 1) await delay(100);
  moment = await noteMoment();
  const before = load.acknowledged.length;
  for (let n = 0; n < 200 && load.acknowledged.length < before + 40; n += 1) await delay(100);
  killedAt = Date.now();
  await drill.kill();
  load.stop();
  // Whoever asks a server that is gone asks for a minute.
  void running;
});
afterAll(() => drill?.clear());

const acknowledged = (): typeof load.acknowledged =>
  load.acknowledged.filter((one) => one.answeredAt <= killedAt);

/** As an operator of that city writes it. */
const cityTime = (ms: number): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short', timeStyle: 'medium' }).format(ms);

test(`to a second, in a new home (seed ${SEED})`, { timeout: 300_000 }, async () => {
  const { copy, said } = await drill.restore(['--to', cityTime(moment)]);
  expect(said.output).toContain(`${cityTime(moment)} +08:00 (${ZONE})`);
  copy.start();
  await copy.ready();
  const pool = drill.open(copy);
  try {
    // Nothing speaks to people before somebody has looked.
    await pool.query(`insert into outbox (city_id, at, topic) select id, now(), 'test' from city`);
    await delay(1500);
    const unread = await pool.query(
      `select 1 from outbox o, outbox_cursor c where o.topic = 'test' and (o.xid, o.pos) > (c.xid, c.pos)`,
    );
    expect(unread.rowCount).toBeGreaterThanOrEqual(2);
    // Nor does anybody write into what may be the wrong city; who was signed in signs in anew.
    const before = await castOf(pool, copy.url, copy.password);
    const report = (): Promise<Response> =>
      fetch(`${copy.url}/api/v1/reports`, {
        method: 'POST',
        headers: { authorization: `Bearer ${before.operator}`, 'content-type': 'application/json' },
        body: '{}',
      });
    const refused = await report();
    expect([refused.status, await refused.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'restore.unconfirmed' }),
    ]);
    expect((await wanmi(['restore', 'confirm'], { WANMI_HOME: copy.home })).code).toBe(0);
    for (let n = 0; n < 100 && (await report()).status === 503; n += 1) await delay(100);
    expect((await report()).status).toBe(400);
    const found = await compare(pool, acknowledged(), moment);
    expect(found).toMatchObject({ lost: 0, early: 0, doubled: 0 });
    expect(found.there).toBeLessThan(acknowledged().length);
    expect(await faultsOfCopy(pool)).toEqual([]);
    const files = await pool.query<{ n: number }>('select count(*)::int as n from media');
    const photos = load.photos.length;
    expect(files.rows[0]!.n).toBeGreaterThan(0);
    expect(files.rows[0]!.n).toBeLessThanOrEqual(photos);
  } finally {
    await pool.end();
  }
  expect(await copy.stop(), copy.output).toBe(0);
});

test('to the end of the archive', { timeout: 300_000 }, async () => {
  const { copy } = await drill.restore(['--latest']);
  copy.start();
  await copy.ready();
  const pool = drill.open(copy);
  try {
    const found = await compare(pool, acknowledged(), killedAt);
    console.log(
      `${acknowledged().length} commands acknowledged, ${found.lost} of the last ${found.oldestLost} ms not yet archived`,
    );
    expect([found.early, found.doubled]).toEqual([0, 0]);
    expect(found.oldestLost).toBeLessThan(60_000);
    await wanmi(['restore', 'confirm'], { WANMI_HOME: copy.home });
    expect(await faultsOfCopy(pool)).toEqual([]);
  } finally {
    await pool.end();
  }
  expect(await copy.stop(), copy.output).toBe(0);
});

test('in place, with the old data set aside', { timeout: 300_000 }, async () => {
  const said = await wanmi(['restore', '--to', cityTime(moment), '--in-place'], drill.env);
  expect(said.code, said.output).toBe(0);
  const kept = await readdir(path.join(drill.program.home, 'postgres-main'));
  expect(kept.filter((name) => name.startsWith('data.before-'))).toHaveLength(1);
  drill.program.start();
  await drill.program.ready();
  const pool = drill.open();
  try {
    expect(await compare(pool, acknowledged(), moment)).toMatchObject({ lost: 0, early: 0, doubled: 0 });
    await wanmi(['restore', 'confirm'], drill.env);
    expect(await faultsOfCopy(pool)).toEqual([]);
  } finally {
    await pool.end();
  }
  // It is a history of its own from here on, with a backup of its own.
  await drill.untilBackup(2);
  expect(await drill.program.stop(), drill.program.output).toBe(0);
  const check = await wanmi(['backup', 'check'], drill.env);
  expect([check.code, check.output]).toEqual([0, expect.stringContaining('2 backups')]);
});

test('what is damaged is found, and no damaged backup is restored', { timeout: 300_000 }, async () => {
  const { output } = await wanmi(['backup', 'list', '--json'], drill.env);
  const backups = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; stretch: string });
  const wal = path.join(drill.dir, 'wal', backups[0]!.stretch);
  const [first] = (await readdir(wal)).filter((name) => name.endsWith('.gz')).sort();
  const victim = first ?? (await readdir(wal)).sort()[0]!;
  const whole = await readFile(path.join(wal, victim));
  await writeFile(path.join(wal, victim), whole.subarray(0, whole.length - 1000));
  const checked = await wanmi(['backup', 'check'], drill.env);
  expect([checked.code, checked.output]).toEqual([1, expect.stringContaining('damaged')]);
  const refused = await wanmi(
    ['restore', '--to', '2020-01-01 00:00', '--into', path.join(drill.dir, 'none')],
    drill.env,
  );
  expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('the oldest backup is of')]);
  await writeFile(path.join(wal, victim), whole);
});

test(
  'killed in the last step of an in-place restore, the next start finishes it',
  { timeout: 300_000 },
  async () => {
    const data = path.join(drill.program.home, 'postgres-main/data');
    const said = await wanmi(['restore', '--to', cityTime(moment), '--in-place'], {
      ...drill.env,
      NODE_OPTIONS: `--import ${path.resolve(import.meta.dirname, '../apps/server/src/testing/kill-at-rename.ts')}`,
      WANMI_TEST_RENAMES: '1',
    });
    // Between the two: the old data has gone aside, the new has not come.
    expect([said.code, existsSync(data)], said.output).toEqual([null, false]);
    drill.program.start();
    await drill.program.ready();
    const pool = drill.open();
    try {
      expect(await compare(pool, acknowledged(), moment)).toMatchObject({ lost: 0, early: 0, doubled: 0 });
      await wanmi(['restore', 'confirm'], drill.env);
      expect(await faultsOfCopy(pool)).toEqual([]);
    } finally {
      await pool.end();
    }
    expect(await drill.program.stop(), drill.program.output).toBe(0);
  },
);
