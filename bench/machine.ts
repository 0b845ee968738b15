import { readFileSync, readdirSync } from 'node:fs';

/** CPU that processes have used, in milliseconds (USER_HZ is 100 on Linux). */
export function cpuOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // utime, stime and those of children that were waited for (backends that ended)
      ticks += Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
    } catch {
      // gone meanwhile: its time is in its parent's
    }
  }
  return ticks * 10;
}

/** A process and all below it. */
export function familyOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // ended while we looked
    }
  }
  const family = [root];
  for (let i = 0; i < family.length; i += 1) {
    for (const [pid, parent] of parents) if (parent === family[i]) family.push(pid);
  }
  return family;
}

export interface MachineCpu {
  busy: number;
  steal: number;
  total: number;
}

export function machineCpu(): MachineCpu {
  const [user, nice, system, idle, iowait, irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .trim()
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) * 10) as [number, number, number, number, number, number, number, number];
  const busy = user + nice + system + irq + softirq;
  return { busy, steal, total: busy + steal + idle + iowait };
}

/** Millions of a fixed integer loop a second on this core now: tells a slow minute from a slow program. */
export function calibrate(): number {
  const started = performance.now();
  let x = 1;
  for (let i = 0; i < 30_000_000; i += 1) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
  const took = performance.now() - started;
  return Math.round(30_000 / took + (x === 0 ? 1 : 0));
}

export function percentile(sorted: readonly number[], p: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))]!;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return percentile(sorted, 0.5);
}
