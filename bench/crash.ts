import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { randomOf } from '../apps/server/src/testing/fuzz.ts';
import { clockRun, crashRun, diskRun, mountDisk, prepare, VICTIMS, type Verdict } from '../e2e/lib/crash.ts';
import type { Cast } from '../e2e/lib/load.ts';
import { Program } from '../e2e/lib/program.ts';
import { median } from './machine.ts';
import type { BenchOptions, Figure } from './run.ts';

/**
 * `npm run bench -- crash [--kills 30] [--seed N]`: server, worker and PostgreSQL are killed at random while people work;
 * then a full disk, a clock that jumps, clients that send everything twice. What counts is 0 lost and 0 doubled.
 */
export async function bench({ kills, seed, log }: BenchOptions): Promise<Figure[]> {
  log(`seed ${seed}: the same blows again with --seed ${seed}`);
  const scenes: { name: string; verdict: Verdict }[] = [];
  const skipped: string[] = [];
  const play = async (
    name: string,
    scene: (random: () => number) => Promise<Verdict | null>,
  ): Promise<void> => {
    log(`${name} …`);
    const verdict = await scene(randomOf(seed + scenes.length));
    if (verdict === null) {
      skipped.push(name);
      log(`${name}: skipped, this user may not mount a disk`);
      return;
    }
    scenes.push({ name, verdict });
    log(textOf(name, verdict));
  };
  await play('kills', (random) =>
    onCity({}, (program, cast) => {
      program.startWorker();
      return crashRun(program, cast, { rounds: kills, clients: 6, random, victims: VICTIMS, log });
    }),
  );
  await play('everything twice', (random) =>
    onCity({}, (program, cast) => {
      program.startWorker();
      const rounds = Math.max(3, Math.round(kills / 5));
      return crashRun(program, cast, { rounds, clients: 3, random, victims: VICTIMS, twice: true, log });
    }),
  );
  await play('jumping clock', (random) =>
    onCity({ clock: true }, (program, cast) => clockRun(program, cast, { rounds: 9, clients: 4, random })),
  );
  await play('full disk', (random) =>
    onCity({ megabytes: 600 }, (program, cast) => diskRun(program, cast, { rounds: 3, clients: 4, random })),
  );
  return figuresOf(scenes, skipped, kills);
}

interface Ground {
  readonly megabytes?: number;
  readonly clock?: boolean;
}

async function onCity(
  { megabytes, clock }: Ground,
  work: (program: Program, cast: Cast) => Promise<Verdict>,
): Promise<Verdict | null> {
  const program = await Program.make();
  const disk = megabytes === undefined ? undefined : mountDisk(program.home, megabytes);
  try {
    if (disk === null) return null;
    if (clock) {
      const file = path.join(program.home, 'clock');
      writeFileSync(file, '0');
      program.env['WANMI_TEST_CLOCK'] = file;
      program.node.push('--import', path.resolve(import.meta.dirname, '../e2e/lib/jumping-clock.ts'));
    }
    program.start();
    await program.ready();
    const verdict = await work(program, await prepare(program));
    await program.stop();
    return verdict;
  } finally {
    disk?.unmount();
    await program.clear();
  }
}

function textOf(name: string, verdict: Verdict): string {
  const { acknowledged, cases, photos, rang, lost, doubled, faults, unanswered, blows } = verdict;
  const wrong = [...lost, ...doubled, ...faults].slice(0, 10);
  return [
    `${name}: ${acknowledged} commands acknowledged (${cases} cases, ${photos} photos), ${rang} clocks rang; ` +
      Object.entries(blows)
        .map(([what, n]) => `${what} ${n}`)
        .join(', '),
    `  without an answer at first: ${unanswered || 'none'}`,
    ...wrong.map((one) => `  WRONG: ${one}`),
  ].join('\n');
}

function figuresOf(
  scenes: readonly { name: string; verdict: Verdict }[],
  skipped: readonly string[],
  kills: number,
): Figure[] {
  const sum = (of: (verdict: Verdict) => number): number =>
    scenes.reduce((total, { verdict }) => total + of(verdict), 0);
  const recoveries = scenes[0]?.verdict.recoveries ?? [];
  const note = `${kills} kills; ${scenes.map(({ name }) => name).join(', ')}`;
  return [
    { name: 'lost', value: sum(({ lost }) => lost.length), unit: 'commands', goal: 0, note },
    { name: 'doubled', value: sum(({ doubled }) => doubled.length), unit: 'commands', goal: 0 },
    {
      name: 'faults',
      value: sum(({ faults }) => faults.length),
      unit: 'faults',
      goal: 0,
      note: 'chains, roots, timers, outbox, figures',
    },
    { name: 'acknowledged', value: sum(({ acknowledged }) => acknowledged), unit: 'commands' },
    { name: 'clocks_rang', value: sum(({ rang }) => rang), unit: 'timers' },
    ...(recoveries.length > 0
      ? [{ name: 'recovery_p50', value: median(recoveries), unit: 'ms', note: 'from a kill until it serves' }]
      : []),
    ...(skipped.length > 0
      ? [{ name: 'skipped', value: skipped.length, unit: 'scenes', note: skipped.join(', ') }]
      : []),
  ];
}
