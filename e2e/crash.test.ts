import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rebuildFacts } from '../apps/server/src/modules/statistics/index.ts';
import { systemClock } from '../apps/server/src/platform/clock.ts';
import { connectionTo } from '../apps/server/src/platform/cluster/server.ts';
import type { Platform } from '../apps/server/src/platform/platform.ts';
import { createDb, createPool } from '../apps/server/src/platform/pool.ts';
import { changedTables, fingerprint } from '../apps/server/src/testing/fingerprint.ts';
import { randomOf } from '../apps/server/src/testing/fuzz.ts';
import { again, castOf, Load } from './lib/load.ts';
import { Program } from './lib/program.ts';
import { brokenChains, faultsOf, settled } from './lib/proof.ts';

/**
 * The program is killed, its database is killed, both are killed, at moments nobody chose, while people work. What
 * they were told was done is done, once; and all that follows from it follows.
 */
const ROUNDS = Number(process.env['WANMI_CRASH_ROUNDS'] ?? 10);
const SEED = Number(process.env['WANMI_CRASH_SEED'] ?? Date.now() % 1_000_000);
const CLIENTS = 6;
const VICTIMS = ['server', 'postmaster', 'both', 'backend'] as const;

const random = randomOf(SEED);
let program: Program;

beforeAll(async () => {
  program = await Program.make();
  program.start();
  await program.ready();
});
afterAll(() => program?.clear());

/** Connections of our own to its database; to be made anew after each crash. */
function open(): Pool {
  return createPool(connectionTo(program.postmaster!.socketDir), { max: 4, applicationName: 'crash-test' });
}

async function strike(victim: (typeof VICTIMS)[number]): Promise<void> {
  switch (victim) {
    case 'server':
      await program.killServer();
      break;
    case 'postmaster':
      program.killPostmaster();
      break;
    case 'backend':
      program.killBackend(random);
      break;
    case 'both':
      program.killPostmaster();
      await program.killServer();
      break;
  }
  if (victim === 'server' || victim === 'both') program.start();
}

test(
  `nothing is lost and nothing doubled in ${ROUNDS} crashes (seed ${SEED})`,
  { timeout: 60_000 + ROUNDS * 20_000 },
  async () => {
    const before = open();
    const cast = await castOf(before, program.url, program.password);
    // Short enough that clocks ring while the server is down.
    await before.query(
      `update stage_limit set value = 0.03, unit = 'urgentMinute' where code in ('file', 'close', 'sign')`,
    );
    await before.end();

    const load = new Load(program.url, cast, random);
    let failure: unknown;
    const running = load.run(CLIENTS).catch((error: unknown) => {
      failure = error;
      load.stop();
    });
    const recoveries: string[] = [];
    for (let round = 0; round < ROUNDS && failure === undefined; round += 1) {
      await delay(200 + random() * 1500);
      // The first rounds strike each in turn, the others whomever chance names.
      const victim = VICTIMS[round < VICTIMS.length ? round : Math.floor(random() * VICTIMS.length)]!;
      const began = performance.now();
      await strike(victim);
      // Some blows fall while it still recovers from the one before.
      if (random() < 0.3) continue;
      // A moment, so that a server that has not yet noticed is not taken for one that has recovered.
      await delay(30);
      await program.ready();
      recoveries.push(`${victim} ${Math.round(performance.now() - began)} ms`);
    }
    await program.ready();
    await delay(500);
    load.stop();
    await running;
    expect(failure, program.output).toBeUndefined();

    const pool = open();
    await settled(pool);
    const count = async (table: string): Promise<number> =>
      (await pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]!.n;
    const reports = load.acknowledged.filter(({ path }) => path === '/reports');
    const opened = reports.filter(({ answer }) => !('joined' in answer && answer.joined));
    const acts = load.acknowledged.length - reports.length;

    // Each acknowledged command is there exactly once.
    expect({
      commands: await count('command'),
      cases: await count('"case"'),
      reports: await count('report'),
      acts: await count(
        `case_event where post_id is not null and type <> 'case.reported' and type <> 'case.reportJoined'`,
      ),
      audited: await count(`audit where outcome = 'ok' and action like 'case.%'`),
    }).toEqual({
      commands: load.acknowledged.length,
      cases: opened.length,
      reports: reports.length,
      // An operator's decision is in the same command as the report.
      acts: acts + reports.filter(({ body }) => 'decision' in (body as object)).length,
      audited: load.acknowledged.length,
    });
    expect(new Set(opened.map(({ answer }) => answer.case.id)).size).toBe(opened.length);
    expect(new Set(opened.map(({ answer }) => answer.case.caseNo)).size).toBe(opened.length);

    // Its key gives the same answer again.
    const different: string[] = [];
    for (const command of load.acknowledged) {
      const reply = await again(program.url, command);
      const { similar: _now, ...answer } = (await reply.json()) as Record<string, unknown>;
      const { similar: _then, ...first } = command.answer as unknown as Record<string, unknown>;
      if (!reply.ok || JSON.stringify(sorted(answer)) !== JSON.stringify(sorted(first))) {
        different.push(`${command.path}: ${JSON.stringify(answer)} instead of ${JSON.stringify(first)}`);
      }
    }
    expect(different).toEqual([]);
    expect(await count('command')).toBe(load.acknowledged.length);

    // So are photos, as they were sent.
    for (const { id, token, sent } of load.photos) {
      const reply = await fetch(`${program.url}/api/v1/media/${id}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect([reply.status, Buffer.from(await reply.arrayBuffer()).length > 0, sent.length > 0]).toEqual([
        200,
        true,
        true,
      ]);
    }

    expect(await brokenChains(pool)).toEqual([]);
    expect(await faultsOf(pool)).toEqual([]);

    // Figures that followed the log step by step are those that the whole log gives.
    await settled(pool);
    const facts = (name: string): boolean => name.startsWith('fact_') || name.startsWith('daily_');
    const followed = await fingerprint(pool, facts);
    await rebuildFacts({ pool, db: createDb(pool), clock: systemClock } as unknown as Platform, cast.cityId);
    expect(changedTables(followed, await fingerprint(pool, facts))).toEqual([]);
    expect(await count('fact_case')).toBe(opened.length);

    const rang = await count(`case_event where type in ('task.warned', 'task.overdue')`);
    await pool.end();
    expect(await program.stop(), program.output).toBe(0);
    expect(program.family()).toEqual([]);
    console.log(
      [
        `${ROUNDS} crashes, seed ${SEED}: ${load.acknowledged.length} commands acknowledged (${opened.length} cases, ` +
          `${reports.length} reports, ${acts} actions, ${load.photos.length} photos), ${rang} clocks rang`,
        `without an answer at first: ${[...load.unanswered].map(([why, n]) => `${why} ${n}`).join(', ')}`,
        `back after: ${recoveries.join(', ')}; starts that were tried again: ${program.restarts}`,
      ].join('\n'),
    );
  },
);

test('a clock of its own does not go back when the program is killed', { timeout: 120_000 }, async () => {
  const fast = await Program.make('--virtual-clock=3600');
  try {
    fast.start();
    await fast.ready();
    const pool = createPool(connectionTo(fast.postmaster!.socketDir), { max: 2 });
    const cast = await castOf(pool, fast.url, fast.password);
    const load = new Load(fast.url, cast, random);
    const running = load.run(2);
    await delay(3000);
    // A busy machine may have answered nobody yet
    for (let n = 0; n < 120 && load.acknowledged.length < 10; n += 1) await delay(250);
    await fast.killServer();
    const { rows } = await pool.query<{ at: Date }>('select max(at) as at from case_event');
    fast.start();
    await fast.ready();
    load.stop();
    await running;
    const reply = await fetch(`${fast.url}/api/v1/me`, {
      headers: { authorization: `Bearer ${cast.operator}` },
    });
    const { now } = (await reply.json()) as { now: string };
    expect(Date.parse(now)).toBeGreaterThan(rows[0]!.at.getTime());
    // What came after the crash came later, in each case's log.
    const back = await pool.query(
      `select 1 from case_event a join case_event b on b.case_id = a.case_id and b.seq = a.seq + 1 where b.at < a.at`,
    );
    expect([load.acknowledged.length > 0, back.rows]).toEqual([true, []]);
    await pool.end();
    expect(await fast.stop(), fast.output).toBe(0);
  } finally {
    await fast.clear();
  }
});

/** JSON in the database has no order of keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  );
}
