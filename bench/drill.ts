import { setTimeout as delay } from 'node:timers/promises';
import { randomOf } from '../apps/server/src/testing/fuzz.ts';
import { compare, Drill, faultsOfCopy, Load, noteMoment, wanmi } from '../e2e/lib/drill.ts';
import type { BenchOptions, Figure } from './run.ts';

/**
 * `npm run bench -- drill [--seconds 180] [--seed N]`: a city works for so long, moments are noted, backups are made
 * meanwhile; then the machine loses its power, and the city is brought back to each moment, and to the end.
 */
export async function bench({ seconds, seed, log }: BenchOptions): Promise<Figure[]> {
  const length = Math.max(60, seconds);
  log(`seed ${seed}, ${length} s of work`);
  const drill = await Drill.begin();
  try {
    const load = new Load(drill.program.url, drill.cast!, randomOf(seed));
    void load.run(4).catch(() => {});
    const moments: number[] = [];
    const backups: number[] = [];
    for (let third = 0; third < 3; third += 1) {
      await delay((length * 1000) / 6);
      moments.push(await noteMoment());
      await delay((length * 1000) / 6);
      if (third === 2) break;
      const began = performance.now();
      const { code, output } = await wanmi(['backup', 'now'], drill.env);
      if (code !== 0) throw new Error(output);
      backups.push(performance.now() - began);
    }
    const end = Date.now();
    await drill.kill();
    load.stop();
    const told = load.acknowledged.filter(({ answeredAt }) => answeredAt <= end);
    log(`killed after ${told.length} acknowledged commands`);
    const check = await wanmi(['backup', 'list'], drill.env);
    log(check.output.trim());

    let lost = 0;
    let early = 0;
    let doubled = 0;
    let faults = 0;
    let atEnd = { lost: 0, oldestLost: 0 };
    const restores: number[] = [];
    for (const moment of [...moments, null]) {
      const began = performance.now();
      const args = moment === null ? ['--latest'] : ['--to', new Date(moment).toISOString()];
      const { copy, said } = await drill.restore(args);
      restores.push(performance.now() - began);
      copy.start();
      await copy.ready();
      const pool = drill.open(copy);
      const found = await compare(pool, told, moment ?? end);
      await wanmi(['restore', 'confirm'], { WANMI_HOME: copy.home });
      const wrong = await faultsOfCopy(pool);
      await pool.end();
      await copy.stop();
      if (moment === null) atEnd = found;
      else lost += found.lost;
      early += found.early;
      doubled += found.doubled;
      faults += wrong.length;
      log(
        `${args.join(' ')}: ${JSON.stringify(found)} ${wrong.join('; ')}\n  ${said.output.trim().split('\n').join('\n  ')}`,
      );
    }
    const longest = (all: readonly number[]): number => Math.max(...all) / 1000;
    return [
      { name: 'drill_lost', value: lost, unit: 'commands', goal: 0, note: `${moments.length} moments` },
      { name: 'drill_early', value: early, unit: 'commands', goal: 0, note: 'of after the moment' },
      { name: 'drill_doubled', value: doubled, unit: 'commands', goal: 0 },
      { name: 'drill_faults', value: faults, unit: 'faults', goal: 0, note: 'chains, books, timers, outbox' },
      {
        name: 'drill_end_lost',
        value: atEnd.lost,
        unit: 'commands',
        note: '--latest, after kill -9 of everything',
      },
      { name: 'drill_end_seconds', value: atEnd.oldestLost / 1000, unit: 's', goal: 60 },
      { name: 'backup_seconds', value: longest(backups), unit: 's' },
      { name: 'restore_seconds', value: longest(restores), unit: 's', note: 'proof included' },
      { name: 'drill_commands', value: told.length, unit: 'commands' },
    ];
  } finally {
    await drill.clear();
  }
}
