import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectionTo } from '../apps/server/src/platform/cluster/server.ts';
import { createPool } from '../apps/server/src/platform/pool.ts';
import { randomOf } from '../apps/server/src/testing/fuzz.ts';
import { crashRun, prepare } from './lib/crash.ts';
import { castOf, Load } from './lib/load.ts';
import { Program } from './lib/program.ts';

/**
 * The program is killed, its database is killed, both are killed, at moments nobody chose, while people work. What
 * they were told was done is done, once; and all that follows from it follows. `npm run bench -- crash` is the long form.
 */
const ROUNDS = Number(process.env['WANMI_CRASH_ROUNDS'] ?? 10);
const SEED = Number(process.env['WANMI_CRASH_SEED'] ?? Date.now() % 1_000_000);
const random = randomOf(SEED);
let program: Program;

beforeAll(async () => {
  program = await Program.make();
  program.start();
  await program.ready();
});
afterAll(() => program?.clear());

test(
  `nothing is lost and nothing doubled in ${ROUNDS} crashes (seed ${SEED})`,
  { timeout: 120_000 + ROUNDS * 30_000 },
  async () => {
    const cast = await prepare(program);
    program.startWorker();
    const verdict = await crashRun(program, cast, {
      rounds: ROUNDS,
      clients: 6,
      random,
      victims: ['server', 'postmaster', 'worker', 'both', 'backend'],
    });
    expect({ lost: verdict.lost, doubled: verdict.doubled, faults: verdict.faults }).toEqual({
      lost: [],
      doubled: [],
      faults: [],
    });
    expect(verdict.acknowledged).toBeGreaterThan(0);
    expect(await program.stop(), program.output).toBe(0);
    expect(program.family()).toEqual([]);
    const { acknowledged, cases, reports, acts, photos, rang, unanswered, recoveries } = verdict;
    console.log(
      [
        `${ROUNDS} crashes, seed ${SEED}: ${acknowledged} commands acknowledged (${cases} cases, ${reports} reports, ` +
          `${acts} actions, ${photos} photos), ${rang} clocks rang`,
        `without an answer at first: ${unanswered}`,
        `back after ${recoveries.map(Math.round).join(', ')} ms; starts that were tried again: ${program.restarts}`,
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
