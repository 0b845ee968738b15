import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { verifyRoots } from '../../apps/server/src/modules/integrity/index.ts';
import { rebuildFacts } from '../../apps/server/src/modules/statistics/index.ts';
import { systemClock } from '../../apps/server/src/platform/clock.ts';
import { connectionTo } from '../../apps/server/src/platform/cluster/server.ts';
import type { Platform } from '../../apps/server/src/platform/platform.ts';
import { createDb, createPool } from '../../apps/server/src/platform/pool.ts';
import { changedTables, fingerprint } from '../../apps/server/src/testing/fingerprint.ts';
import { again, castOf, Load, sameAnswer, type Cast } from './load.ts';
import type { Program } from './program.ts';
import { brokenChains, faultsOf, settled } from './proof.ts';

/** Who is struck. `both` is the machine; `restart` is an operator. */
export const VICTIMS = ['server', 'postmaster', 'worker', 'both', 'backend', 'restart'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface CrashPlan {
  readonly rounds: number;
  readonly clients: number;
  readonly random: () => number;
  readonly victims: readonly Victim[];
  /** Every command is sent twice at once, and again. */
  readonly twice?: boolean;
  readonly log?: (line: string) => void;
}

export interface Verdict {
  readonly acknowledged: number;
  readonly cases: number;
  readonly reports: number;
  readonly acts: number;
  readonly photos: number;
  /** What was acknowledged and is not there. */
  readonly lost: string[];
  /** What is there more often than it was asked for. */
  readonly doubled: string[];
  /** Chains, roots, timers, outbox, books that are not whole. */
  readonly faults: string[];
  readonly rang: number;
  /** Milliseconds from each blow until it served again. */
  readonly recoveries: number[];
  readonly unanswered: string;
  readonly blows: Record<string, number>;
}

/** Connections of our own to its database; to be made anew after each crash. */
export function openDatabase(program: Program): Pool {
  return createPool(connectionTo(program.postmaster!.socketDir), { max: 4, applicationName: 'crash-test' });
}

/** Signs everybody in, and makes the limits short enough that clocks ring while the server is down. */
export async function prepare(program: Program): Promise<Cast> {
  const pool = openDatabase(program);
  try {
    await pool.query(
      `update stage_limit set value = 0.03, unit = 'urgentMinute' where code in ('file', 'close', 'sign')`,
    );
    return await castOf(pool, program.url, program.password);
  } finally {
    await pool.end();
  }
}

async function strike(program: Program, victim: Victim, random: () => number): Promise<void> {
  if (victim === 'server') await program.killServer();
  if (victim === 'postmaster') program.killPostmaster();
  if (victim === 'backend') program.killBackend(random);
  if (victim === 'restart') program.restartPostmaster();
  if (victim === 'worker') {
    await program.killWorker();
    program.startWorker();
  }
  if (victim === 'both') {
    program.killPostmaster();
    await program.killServer();
  }
  if (victim === 'server' || victim === 'both') program.start();
}

/** People at work while `during` does its worst; then what they were told is compared with what is there. */
export async function underLoad(
  program: Program,
  cast: Cast,
  plan: Pick<CrashPlan, 'clients' | 'random' | 'twice'>,
  during: (
    load: Load,
    failed: () => boolean,
  ) => Promise<{ recoveries: number[]; blows: Record<string, number> }>,
): Promise<Verdict> {
  const load = new Load(program.url, cast, plan.random, { twice: plan.twice ?? false });
  let failure: unknown;
  const running = load.run(plan.clients).catch((error: unknown) => {
    failure = error;
    load.stop();
  });
  let done: { recoveries: number[]; blows: Record<string, number> };
  try {
    done = await during(load, () => failure !== undefined);
    await program.ready();
    await delay(500);
  } finally {
    load.stop();
    await running;
  }
  if (failure !== undefined) throw new Error(`the load failed:\n${program.output}`, { cause: failure });
  return { ...(await judge(program, load, cast)), ...done };
}

/** `kill -9` at moments nobody chose. Each victim is struck once in turn, then whomever chance names. */
export async function crashRun(program: Program, cast: Cast, plan: CrashPlan): Promise<Verdict> {
  const { rounds, random, victims, log = () => {} } = plan;
  return underLoad(program, cast, plan, async (load, failed) => {
    const recoveries: number[] = [];
    const blows: Record<string, number> = {};
    for (let round = 0; round < rounds && !failed(); round += 1) {
      await delay(200 + random() * 1500);
      const victim = victims[round < victims.length ? round : Math.floor(random() * victims.length)]!;
      const began = performance.now();
      await strike(program, victim, random);
      blows[victim] = (blows[victim] ?? 0) + 1;
      // Some blows fall while it still recovers from the one before.
      if (random() < 0.3) continue;
      // A moment, so that a server that has not yet noticed is not taken for one that has recovered.
      await delay(30);
      await program.ready();
      recoveries.push(performance.now() - began);
      log(`${round + 1}/${rounds} ${victim}, ${load.acknowledged.length} commands acknowledged`);
    }
    return { recoveries, blows };
  });
}

async function judge(
  program: Program,
  load: Load,
  cast: Cast,
): Promise<Omit<Verdict, 'recoveries' | 'blows'>> {
  const pool = openDatabase(program);
  try {
    await settled(pool, 120_000);
    const lost: string[] = [];
    const doubled: string[] = [...load.contradictions];
    const reports = load.acknowledged.filter(({ path }) => path === '/reports');
    const opened = reports.filter(({ answer }) => !('joined' in answer && answer.joined));
    const acts = load.acknowledged.length - reports.length;
    const count = async (table: string): Promise<number> =>
      (await pool.query<{ n: number }>(`select count(*)::int as n from ${table}`)).rows[0]!.n;
    const compare = (what: string, there: number, told: number): void => {
      if (there < told) lost.push(`${told - there} ${what}`);
      if (there > told) doubled.push(`${there - told} ${what}`);
    };
    compare('commands', await count('command'), load.acknowledged.length);
    compare('cases', await count('"case"'), opened.length);
    compare('reports', await count('report'), reports.length);
    compare(
      'actions',
      await count(
        `case_event where post_id is not null and type <> 'case.reported' and type <> 'case.reportJoined'`,
      ),
      // An operator's decision is in the same command as the report.
      acts + reports.filter(({ body }) => 'decision' in (body as object)).length,
    );
    compare(
      'audit rows',
      await count(`audit where outcome = 'ok' and action like 'case.%'`),
      load.acknowledged.length,
    );
    compare('case numbers', new Set(opened.map(({ answer }) => answer.case.caseNo)).size, opened.length);
    await askAgain(program, load, lost);
    await lookAtPhotos(program, load, lost);
    const commands = await count('command');
    if (commands > load.acknowledged.length) doubled.push('commands that were asked again');

    const faults = [
      ...(await brokenChains(pool)),
      ...(await faultsOf(pool)),
      ...(await rootFaults(program, pool, cast)),
    ];
    // Figures that followed the log step by step are those that the whole log gives.
    await settled(pool, 120_000);
    const facts = (name: string): boolean => name.startsWith('fact_') || name.startsWith('daily_');
    const followed = await fingerprint(pool, facts);
    await rebuildFacts({ pool, db: createDb(pool), clock: systemClock } as unknown as Platform, cast.cityId);
    faults.push(
      ...changedTables(followed, await fingerprint(pool, facts)).map((table) => `figures of ${table}`),
    );
    return {
      acknowledged: load.acknowledged.length,
      cases: opened.length,
      reports: reports.length,
      acts,
      photos: load.photos.length,
      lost,
      doubled,
      faults,
      rang: await count(`case_event where type in ('task.warned', 'task.overdue')`),
      unanswered: [...load.unanswered].map(([why, n]) => `${why} ${n}`).join(', '),
    };
  } finally {
    await pool.end();
  }
}

/** Each command's key gives the same answer again. */
async function askAgain(program: Program, load: Load, lost: string[]): Promise<void> {
  for (const command of load.acknowledged) {
    const reply = await again(program.url, command);
    const text = await reply.text();
    if (!reply.ok || !sameAnswer(text, JSON.stringify(command.answer))) {
      lost.push(`${command.path}: ${text} instead of ${JSON.stringify(command.answer)}`);
    }
  }
}

async function lookAtPhotos(program: Program, load: Load, lost: string[]): Promise<void> {
  for (const { id, token } of load.photos) {
    const reply = await fetch(`${program.url}/api/v1/media/${id}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (reply.status !== 200 || (await reply.arrayBuffer()).byteLength === 0)
      lost.push(`photo ${id}: ${reply.status}`);
  }
}

async function rootFaults(program: Program, pool: Pool, { cityId }: Cast): Promise<string[]> {
  const platform = { pool, db: createDb(pool), config: { logRoot: path.join(program.home, 'log-roots') } };
  const { faults } = await verifyRoots(platform as unknown as Platform, cityId);
  return faults.map(({ day, reason }) => `root of ${day}: ${reason}`);
}

/** The machine's clock goes forward by a day and back again, by hours, by minutes, while people work. */
export async function clockRun(
  program: Program,
  cast: Cast,
  plan: Pick<CrashPlan, 'clients' | 'random' | 'rounds'>,
): Promise<Verdict> {
  const hour = 3_600_000;
  const jumps = [26 * hour, -2 * hour, 60_000, -30 * hour, 0, 3 * hour, -60_000, 0];
  const set = (ms: number): void => writeFileSync(program.env['WANMI_TEST_CLOCK']!, String(ms));
  return underLoad(program, cast, plan, async (_load, failed) => {
    const blows = { 'clock jumps': 0 };
    for (let round = 0; round < plan.rounds && !failed(); round += 1) {
      set(jumps[round % jumps.length]!);
      blows['clock jumps'] += 1;
      await delay(1000 + plan.random() * 1000);
    }
    set(0);
    await delay(1500);
    return { recoveries: [], blows };
  });
}

/** A disk of its own for the program's home, small enough to be filled; null where this user may not mount one. */
export function mountDisk(dir: string, megabytes: number): { unmount(): void } | null {
  if (process.getuid?.() !== 0) return null;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', dir]);
  if (mounted.status !== 0) return null;
  return { unmount: () => void spawnSync('umount', ['-l', dir]) };
}

/** The disk fills up under their hands, database, WAL and photos alike; after a while somebody makes room. */
export async function diskRun(
  program: Program,
  cast: Cast,
  plan: Pick<CrashPlan, 'clients' | 'random' | 'rounds'>,
): Promise<Verdict> {
  const ballast = path.join(program.home, 'ballast');
  return underLoad(program, cast, plan, async (load, failed) => {
    const recoveries: number[] = [];
    const blows = { 'full disks': 0 };
    for (let round = 0; round < plan.rounds && !failed(); round += 1) {
      await delay(1500);
      // All that is left, so that the next page, segment or photo finds nothing.
      spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64k']);
      const before = load.acknowledged.length;
      for (let n = 0; n < 40 && ![...load.unanswered.keys()].includes('storage.full'); n += 1)
        await delay(250);
      await delay(2000 + plan.random() * 2000);
      const began = performance.now();
      await rm(ballast);
      blows['full disks'] += 1;
      await delay(30);
      await program.ready();
      for (let n = 0; n < 240 && load.acknowledged.length <= before + 5; n += 1) await delay(250);
      recoveries.push(performance.now() - began);
    }
    return { recoveries, blows };
  });
}
