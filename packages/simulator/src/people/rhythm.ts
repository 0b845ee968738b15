import type { Source } from '@wanmi/contracts';
import type { Random } from '../geo/random.ts';
import { localTime } from './local-time.ts';

/** Reports of each hour of a city's day, 1 = the day's mean: two peaks on patrol, an evening of callers. */
const PATROL = [
  0, 0, 0, 0, 0, 0.1, 0.4, 1.1, 2.2, 3, 2.9, 2.2, 1.2, 1.2, 2.2, 2.6, 2.3, 1.7, 0.8, 0.4, 0.1, 0, 0, 0,
];
const PUBLIC = [
  0.2, 0.1, 0.1, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 1.8, 1.8, 1.6, 1.2, 1.1, 1.4, 1.5, 1.5, 1.5, 1.6, 1.7, 1.6, 1.2,
  0.7, 0.35,
];

/** Where reports come from: in a patrolled city four of five from the collectors. */
const SOURCES: readonly (readonly [source: Source, weight: number])[] = [
  ['collector', 78],
  ['hotline12319', 6],
  ['hotline12345', 7],
  ['publicApp', 5],
  ['website', 1.2],
  ['video', 1.2],
  ['otherPlatform', 0.6],
  ['superior', 0.4],
  ['leader', 0.3],
  ['media', 0.3],
];

const curve = (source: Source): readonly number[] => (source === 'collector' ? PATROL : PUBLIC);

/** How busy the hour is, 1 = the day's mean. */
export function pace(at: number, timeZone: string): number {
  const { hour } = localTime(at, timeZone);
  const total = SOURCES.reduce((sum, [, weight]) => sum + weight, 0);
  return SOURCES.reduce((sum, [source, weight]) => sum + (weight / total) * (curve(source)[hour] ?? 1), 0);
}

/** The source of the next report; `awake`: collectors patrol at every hour (a demo that somebody watches). */
export function chooseSource(at: number, timeZone: string, random: Random, awake: boolean): Source {
  const { hour } = localTime(at, timeZone);
  const weighed = SOURCES.map(
    ([source, weight]) => [source, weight * (awake ? 1 : (curve(source)[hour] ?? 1))] as const,
  );
  const total = weighed.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random.next() * total;
  for (const [source, weight] of weighed) {
    left -= weight;
    if (left < 0) return source;
  }
  return 'hotline12345';
}

/** `count` moments between two times, as busy hours have them, in order. */
export function moments(from: number, to: number, count: number, timeZone: string, random: Random): number[] {
  const MINUTE = 60_000;
  const steps = Math.max(1, Math.floor((to - from) / (10 * MINUTE)));
  const sums: number[] = [];
  let sum = 0;
  for (let i = 0; i < steps; i += 1) {
    sum += pace(from + ((i + 0.5) * (to - from)) / steps, timeZone);
    sums.push(sum);
  }
  return Array.from({ length: count }, () => {
    const mark = random.next() * sum;
    const i = sums.findIndex((s) => s > mark);
    return Math.floor(from + ((i < 0 ? steps - 1 : i) + random.next()) * ((to - from) / steps));
  }).sort((a, b) => a - b);
}
