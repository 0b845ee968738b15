import { bench as latency } from './latency.ts';
import { bench as loop } from './loop.ts';
import type { BenchOptions, Figure } from './run.ts';

/**
 * How the figures grow with a city's past: life cycles a second, the database's time a call, and what desks feel at
 * one and the same offered load, at each size; `_growth` is the last size by the first.
 */
export async function bench(options: BenchOptions): Promise<Figure[]> {
  const sizes = options.sizes.length > 2 ? options.sizes : [10_000, 100_000, 1_000_000];
  const figures: Figure[] = [];
  const bySize: Map<string, number>[] = [];
  for (const size of sizes) {
    const own = { ...options, sizes: [size] };
    const found = new Map<string, number>();
    const looped = await loop(own);
    for (const { name, value } of looped) {
      found.set(name.endsWith('_pg_cpu_per_call') ? 'pg_cpu_per_call_ms' : 'lifecycles', value);
    }
    for (const { name, value } of await latency(own)) {
      if (name.endsWith('_ms')) found.set(name, value);
    }
    for (const [name, value] of found) {
      figures.push({ name: `${name}_${labelOf(size)}`, value, unit: name.endsWith('_ms') ? 'ms' : '1/s' });
    }
    bySize.push(found);
  }
  const [first, last] = [bySize[0]!, bySize.at(-1)!];
  for (const [name, value] of last) {
    const before = first.get(name);
    if (before) figures.push({ name: `${name}_growth`, value: value / before, unit: 'ratio' });
  }
  return figures;
}

const labelOf = (size: number): string =>
  size >= 1_000_000 ? `${size / 1_000_000}m` : `${Math.round(size / 1000)}k`;
