import type { Source } from '@wanmi/contracts';
import type { Random } from '@wanmi/simulator';
import type { Episode, Scenario } from './scenario.ts';

export interface Arrival {
  /** Milliseconds after the day began. */
  readonly after: number;
  readonly source: Source;
}

const HOUR = 3_600_000;

/** How many reports are expected on a day, before chance has its say. */
export function expectedOn(
  { volume }: Scenario,
  day: string,
  episodes: readonly Episode[],
  holiday: boolean,
): number {
  const date = new Date(`${day}T00:00:00Z`);
  const weekday = (date.getUTCDay() + 6) % 7;
  return (
    (volume.perYear / 365) *
    volume.weekdays[weekday]! *
    volume.months[date.getUTCMonth()]! *
    (holiday ? volume.holiday : 1) *
    episodes.reduce((all, one) => all * one.volume, 1)
  );
}

/** The reports of one day, in their order: how many, when, and by which way. */
export function arrivalsOf(
  scenario: Scenario,
  expected: number,
  episodes: readonly Episode[],
  random: Random,
): Arrival[] {
  const mean = Math.max(0, expected * (1 + scenario.volume.noise * normal(random)));
  const count = Math.floor(mean) + (random.chance(mean % 1) ? 1 : 0);
  const cells: { source: Source; hour: number; upTo: number }[] = [];
  let sum = 0;
  for (const [source, { share, hours }] of Object.entries(scenario.sources)) {
    const ofDay = hours.reduce((all, one) => all + one, 0);
    const more = episodes.reduce((all, one) => all * (one.sources[source as Source] ?? 1), 1);
    if (ofDay === 0) continue;
    for (const [hour, busy] of hours.entries()) {
      if (busy === 0) continue;
      sum += (share * more * busy) / ofDay;
      cells.push({ source: source as Source, hour, upTo: sum });
    }
  }
  if (cells.length === 0) return [];
  return Array.from({ length: count }, (): Arrival => {
    const mark = random.next() * sum;
    const { source, hour } = cells[firstAbove(cells, mark)]!;
    return { source, after: Math.floor((hour + random.next()) * HOUR) };
  }).sort((a, b) => a.after - b.after);
}

function firstAbove(cells: readonly { upTo: number }[], mark: number): number {
  let low = 0;
  let high = cells.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cells[middle]!.upTo > mark) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Box–Muller, cut off where a day would be absurd. */
function normal(random: Random): number {
  const z = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.min(3, Math.max(-3, z));
}
