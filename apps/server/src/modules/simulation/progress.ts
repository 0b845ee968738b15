import type { SimulateProgress } from './run.ts';

/** One line that is written over on a terminal; else one every ten seconds. */
export function progressLine(began: number): { step: (progress: SimulateProgress) => void; end: () => void } {
  const terminal = process.stderr.isTTY;
  let told = 0;
  let first: { reports: number; at: number } | null = null;
  return {
    step({ day, cases, reports, share, open }) {
      const now = performance.now();
      first ??= { reports, at: now };
      if (now - told < (terminal ? 250 : 10_000)) return;
      told = now;
      const passed = (now - first.at) / 1000;
      const rate = passed > 0 ? (reports - first.reports) / passed : 0;
      const whole = share > 0 ? reports / share : 0;
      const left = rate > 0 ? Math.max(0, whole - reports) / rate : 0;
      const bar = '█'.repeat(Math.round(share * 20)).padEnd(20, '░');
      const line =
        `${bar} ${String(Math.round(share * 100)).padStart(3)} %  ${day}  ${cases} cases, ${open} open  ` +
        `${Math.round(rate)}/s  ${clockOf((now - began) / 1000)} gone, ${clockOf(left)} left`;
      process.stderr.write(terminal ? `\r\u001B[K${line}` : `${line}\n`);
    },
    end() {
      if (terminal) process.stderr.write('\r\u001B[K');
    },
  };
}

function clockOf(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
