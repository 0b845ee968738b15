import { appendFile, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Integrity, ReportReply } from '@wanmi/contracts';
import { canonicalJson, chainHash, merkleRoot } from '#platform/canonical';
import { world, type World } from '#testing/world';
import * as asset from '#modules/asset';
import * as cases from '#modules/cases';
import * as catalog from '#modules/catalog';
import * as grid from '#modules/grid';
import * as intake from '#modules/intake';
import * as media from '#modules/media';
import {
  exportRoots,
  readRootFile,
  rootFile,
  rootJob,
  verifyCity,
  verifyRoots,
  writeRoots,
} from './index.ts';
import * as integrity from './index.ts';
import { plansOf } from '#platform/jobs-testing';
import { addDays } from '#platform/clock';
import { uuidv7 } from '#platform/ids';
import { ChangingTree, type Head } from './changing-tree.ts';
import { chainedRoot, headsOfDays, treeOf } from './roots.ts';
import { GrowingTree, headLeaf } from './tree.ts';

test('the growing tree has the root of RFC 6962', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 70 }), (leaves) => {
      const tree = new GrowingTree('sha256');
      leaves.forEach((leaf) => tree.append(leaf));
      expect(tree.root().toString('hex')).toBe(merkleRoot(leaves).toString('hex'));
    }),
  );
});

test('a tree that changes has the root of one that is made anew, after every day', () => {
  const head = fc.record({
    caseId: fc.nat(60).map((n) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`),
    seq: fc.nat(1000),
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  });
  const day = fc.uniqueArray(head, { maxLength: 20, selector: ({ caseId }) => caseId });
  fc.assert(
    fc.property(fc.array(day, { maxLength: 12 }), (days) => {
      const tree = new ChangingTree('sha256');
      const all = new Map<string, Head>();
      for (const heads of days) {
        tree.put(heads);
        for (const one of heads) all.set(one.caseId, one);
        const anew = new GrowingTree('sha256');
        const ordered = [...all.values()].sort((a, b) => (a.caseId < b.caseId ? -1 : 1));
        for (const { caseId, seq, hash } of ordered) anew.append(headLeaf(caseId, seq, hash));
        expect(tree.leaves).toBe(all.size);
        expect(tree.root().equals(anew.root())).toBe(true);
      }
    }),
  );
});

describe('many days', () => {
  const DAYS = 60;
  const FIRST = '2026-01-01';
  let w: World;
  beforeAll(async () => {
    w = await world({ modules: [integrity] });
  });
  afterAll(() => w.close());

  test('are checked with one look at each head, by its index; a changed head is found on its day and after', async () => {
    const { db, pool } = w.platform;
    const start = Date.parse(FIRST);
    // Each day 20 new cases, some of them with ids of an earlier moment, and 10 that move on.
    const ids: string[] = [];
    const heads: { day: string; id: string; seq: number; hash: string }[] = [];
    for (let n = 0; n < DAYS; n += 1) {
      const day = addDays(FIRST, n);
      const moved = new Set(Array.from({ length: 10 }, (_x, i) => ids[(n * 37 + i * 13) % ids.length]));
      for (let i = 0; i < 20; i += 1) {
        const id = uuidv7(start + (n - (i % 3)) * 86_400_000 + i);
        ids.push(id);
        moved.add(id);
      }
      for (const id of moved)
        if (id !== undefined) heads.push({ day, id, seq: n + 1, hash: uuidv7(start + n) });
    }
    await pool.query(
      `insert into log_head (city_id, case_id, day, seq, hash)
       select $1, id, day, seq, sha256(hash::bytea)
         from jsonb_to_recordset($2::jsonb) as x(day date, id uuid, seq int, hash text)`,
      [w.cityId, JSON.stringify(heads)],
    );
    let previous: string | null = null;
    for (let n = 0; n < DAYS; n += 1) {
      const day = addDays(FIRST, n);
      const tree = await treeOf(db, w.cityId, day, 'sha256');
      const root = chainedRoot(tree.root(), previous, 'sha256');
      await pool.query(
        `insert into log_root (city_id, day, algorithm, cases, root, previous, at) values ($1, $2, 'sha256', $3, $4, $5, $6)`,
        [
          w.cityId,
          day,
          tree.leaves,
          Buffer.from(root, 'hex'),
          previous === null ? null : Buffer.from(previous, 'hex'),
          new Date(start),
        ],
      );
      previous = root;
    }
    expect(await verifyRoots(w.platform, w.cityId)).toEqual({ faults: [], checked: DAYS });
    const seen = new Map<string, number>();
    for await (const { day, heads: some } of headsOfDays(db, w.cityId, 7)) {
      seen.set(day, (seen.get(day) ?? 0) + some.length);
    }
    expect([...seen.values()].reduce((sum, one) => sum + one, 0)).toBe(heads.length);
    await pool.query('analyze log_head');
    const [plan] = await plansOf(pool, (some) => headsOfDays(some, w.cityId, 10).next());
    expect(plan).toMatch(/Index Scan using log_head_day/);

    const client = await pool.connect();
    try {
      await client.query('set session_replication_role = replica');
      await client.query(`update log_head set seq = 9999 where day = $1 and case_id = $2`, [
        addDays(FIRST, 50),
        heads.find((one) => one.day === addDays(FIRST, 50))!.id,
      ]);
    } finally {
      await client.query('set session_replication_role = origin');
      client.release();
    }
    const { faults } = await verifyRoots(w.platform, w.cityId);
    expect(faults[0]).toEqual({ day: addDays(FIRST, 50), reason: 'root' });
    expect(faults.every((one) => one.day >= addDays(FIRST, 50))).toBe(true);
  });
});

describe('a city', () => {
  let w: World;
  let ids: string[];
  const DAY = '2026-03-03';
  beforeAll(async () => {
    media.provideCaseScope(cases.caseScopeSql);
    w = await world({ modules: [catalog, grid, asset, media, intake, cases, integrity] });
    ids = [];
    for (let i = 0; i < 5; i += 1) ids.push(await report());
    w.platform.clock.advance(20 * 3600_000);
    await writeRoots(w.platform, { cityId: w.cityId, timeZone: 'Asia/Shanghai' }, { from: DAY, to: DAY });
  });
  afterAll(() => w.close());

  async function report(): Promise<string> {
    const made = await w.app.inject({
      method: 'POST',
      url: '/api/v1/reports',
      ...w.as('operator'),
      payload: {
        categoryId: w.rules.categories.rubbish,
        description: '垃圾',
        position: w.districts[0].point,
        decision: 'accept',
      },
    });
    return made.json<ReportReply>().case.id;
  }

  const ask = async (id: string, who = 'leader') => {
    const reply = await w.app.inject({ url: `/api/v1/cases/${id}/integrity`, ...w.as(who) });
    return { status: reply.statusCode, body: reply.json<Integrity>() };
  };

  /** Somebody who owns the database: the triggers do not stop him, the proof must. */
  async function tamper(...statements: string[]): Promise<void> {
    const client = await w.platform.pool.connect();
    try {
      await client.query('set session_replication_role = replica');
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.query('set session_replication_role = origin');
      client.release();
    }
  }

  test('is whole, is closed once a day, and says so outside the database and in public', async () => {
    expect(await verifyCity(w.platform, w.cityId)).toMatchObject({
      chains: [],
      roots: [],
      casesChecked: 5,
      rootsChecked: 1,
    });
    expect((await ask(ids[0]!)).body).toMatchObject({
      whole: true,
      events: 2,
      lastRoot: { day: DAY, included: true },
    });
    const day = { cityId: w.cityId, timeZone: 'Asia/Shanghai', from: DAY, to: DAY };
    await rootJob.run(w.platform, day as never);
    const listed = await w.app.inject({ url: '/api/v1/roots' });
    const city = listed.json<{ items: { city: string; root: string; cases: number }[] }>().items[0]!;
    expect(city.cases).toBe(5);
    expect(await readRootFile(w.platform, city.city)).toMatchObject([
      { day: DAY, root: city.root, cases: 5 },
    ]);
    expect((await w.app.inject({ url: `/api/v1/roots/${city.city}` })).json()).toMatchObject({ next: null });
    expect((await w.app.inject({ url: '/api/v1/roots/nowhere' })).statusCode).toBe(404);
  });

  test('a second day is chained to the first, and a crash in the middle of a line loses none', async () => {
    ids.push(await report());
    w.platform.clock.advance(24 * 3600_000);
    const code = (await w.platform.pool.query<{ code: string }>('select code from city')).rows[0]!.code;
    await appendFile(rootFile(w.platform, code), '{"day":"2026-');
    await writeRoots(
      w.platform,
      { cityId: w.cityId, timeZone: 'Asia/Shanghai' },
      { from: '2026-03-04', to: '2026-03-04' },
    );
    await exportRoots(w.platform, w.cityId);
    const [first, second] = await readRootFile(w.platform, code);
    expect(second).toMatchObject({ day: '2026-03-04', previous: first!.root, cases: 6 });
    expect((await readFile(rootFile(w.platform, code), 'utf8')).match(/2026-03-04/g)).toHaveLength(1);
    expect(await verifyCity(w.platform, w.cityId)).toMatchObject({ chains: [], roots: [] });
  });

  test('what is written to a case that has ended is covered too; heads without their root are taken up again', async () => {
    const ended = ids[0]!;
    await w.platform.pool.query(`update "case" set ended_at = $2 where id = $1`, [ended, new Date(0)]);
    const { rows } = await w.platform.pool.query<{ seq: number; body: string; hash: Buffer }>(
      'select seq, body, hash from case_event where case_id = $1 order by seq desc limit 1',
      [ended],
    );
    const at = new Date(w.platform.clock.now());
    const body = canonicalJson({ ...(JSON.parse(rows[0]!.body) as object), seq: 3, type: 'case.rated', at });
    const hash = chainHash(rows[0]!.hash, body, 'sha256');
    await w.platform.pool.query(
      `insert into case_event select case_id, 3, city_id, 'case.rated', $2, post_id, person_id, $3, $4, algorithm
         from case_event where case_id = $1 and seq = 2`,
      [ended, at, body, hash],
    );
    await w.platform.pool.query('update "case" set seq = 3, head = $2 where id = $1', [ended, hash]);
    w.platform.clock.advance(24 * 3600_000);
    // As if the process had ended after this page of heads.
    await w.platform.pool.query(
      `insert into log_head select city_id, case_id, '2026-03-05', 3, hash from case_event where case_id = $1 and seq = 3`,
      [ended],
    );
    const day = { from: '2026-03-05', to: '2026-03-05' };
    await rootJob.run(w.platform, { cityId: w.cityId, timeZone: 'Asia/Shanghai', ...day } as never);
    expect(await verifyCity(w.platform, w.cityId)).toMatchObject({ chains: [], roots: [], rootsChecked: 3 });
    const heads = await w.platform.pool.query(`select seq from log_head where case_id = $1 order by day`, [
      ended,
    ]);
    expect(heads.rows).toEqual([{ seq: 2 }, { seq: 3 }]);
    expect((await ask(ended)).body).toMatchObject({ whole: true, events: 3, lastRoot: { included: true } });
  });

  test('nobody without the right, and nobody out of scope, may ask', async () => {
    expect((await ask(ids[0]!, 'operator')).status).toBe(403);
    expect((await ask(ids[0]!, 'districtLeader')).status).toBe(404);
    expect((await w.app.inject({ url: `/api/v1/cases/${ids[0]}/integrity` })).statusCode).toBe(401);
  });

  test('the log refuses to be changed', async () => {
    await expect(w.platform.pool.query('delete from case_event')).rejects.toThrow(/append-only/);
    await expect(w.platform.pool.query(`update log_head set seq = 1`)).rejects.toThrow(/append-only/);
  });

  // The last in the file: each leaves its damage behind.
  test('a changed entry, a hole, a column, a cut tail and a lost case are each named', async () => {
    const [changed, holed, column, cut, lost] = ids as [string, string, string, string, string];
    await tamper(
      `update case_event set body = replace(body, 'hotline12319', 'hotline12345') where case_id = '${changed}'`,
    );
    expect((await ask(changed)).body).toMatchObject({ whole: false, reason: 'hash', brokenAt: 1 });
    await tamper(`delete from case_event where case_id = '${holed}' and seq = 1`);
    expect((await ask(holed)).body).toMatchObject({ whole: false, reason: 'gap', brokenAt: 1 });
    await tamper(`update case_event set person_id = null where case_id = '${column}' and seq = 2`);
    expect((await ask(column)).body).toMatchObject({ whole: false, reason: 'columns', brokenAt: 2 });
    // A tail cut off so well that the chain itself is whole.
    await tamper(
      `delete from case_event where case_id = '${cut}' and seq = 2`,
      `update "case" set seq = 1, head = (select hash from case_event where case_id = '${cut}') where id = '${cut}'`,
    );
    expect((await ask(cut)).body).toMatchObject({ whole: false, reason: 'dailyHead', brokenAt: 2 });
    await tamper(
      `delete from case_event where case_id = '${lost}'`,
      `delete from "case" where id = '${lost}'`,
    );
    const faults = await verifyCity(w.platform, w.cityId);
    expect(new Map(faults.chains.map((f) => [f.caseId, f.reason]))).toEqual(
      new Map([
        [changed, 'hash'],
        [holed, 'gap'],
        [column, 'columns'],
        [cut, 'dailyHead'],
        [lost, 'noCase'],
      ]),
    );
    expect(faults.roots).toEqual([]);
    // Whoever takes the heads away too is found by the root, and whoever makes a new root by the file outside.
    await tamper(`delete from log_head where case_id = '${lost}'`);
    expect((await verifyCity(w.platform, w.cityId)).roots).toContainEqual({ day: DAY, reason: 'root' });
    await tamper(`update log_root set root = '\\x00' where day = '${DAY}'`);
    expect((await verifyCity(w.platform, w.cityId)).roots).toContainEqual({ day: DAY, reason: 'file' });
    await tamper(`delete from log_root where day = '${DAY}'`);
    expect((await verifyCity(w.platform, w.cityId)).roots).toContainEqual({ day: DAY, reason: 'lost' });
  });
});
