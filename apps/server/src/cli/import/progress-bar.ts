import type { ImportProgress } from '#modules/importing';

const WIDTH = 30;

/** A bar on a terminal, else a line now and then: rows, rows a second, time left. */
export function progressBar(): ((progress: ImportProgress) => void) & { end: () => void } {
  const { stderr } = process;
  const started = performance.now();
  let first: { read: number; share: number } | null = null;
  let last = 0;
  const show = (progress: ImportProgress): void => {
    const { read, accepted, already, rejected, share } = progress;
    const now = performance.now();
    const seconds = (now - started) / 1000;
    // What was read before a kill was not read now.
    first ??= { read: Math.max(0, read - 1000), share: 0 };
    const rate = (read - first.read) / seconds;
    const left = share > 0 ? (seconds * (1 - share)) / share : 0;
    const counts = `${read} read · ${accepted} accepted · ${already} known · ${rejected} rejected`;
    const pace = `${Math.round(rate)} rows/s · ${share >= 1 ? 0 : Math.ceil(left)} s left`;
    if (stderr.isTTY) {
      const full = Math.round(share * WIDTH);
      stderr.write(
        `\r${'#'.repeat(full)}${'.'.repeat(WIDTH - full)} ${(share * 100).toFixed(0)} % · ${counts} · ${pace}  `,
      );
    } else if (now - last > 5000) {
      last = now;
      stderr.write(`${(share * 100).toFixed(0)} % · ${counts} · ${pace}\n`);
    }
  };
  return Object.assign(show, { end: () => void (stderr.isTTY && stderr.write('\n')) });
}
