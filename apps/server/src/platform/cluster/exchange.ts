import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ClusterError } from './errors.ts';
import type { ClusterLog } from './errors.ts';
import { acquireLock } from './lock.ts';
import type { Place } from './place.ts';

/** One rename; nothing lies at `to` before it. */
const Move = z.object({ from: z.string(), to: z.string() });
export type Move = z.infer<typeof Move>;

const fileOf = ({ base }: Pick<Place, 'base'>): string => path.join(base, 'exchange.json');

/**
 * Puts directories in each other's place. One rename happens or does not, several may stop in the middle: so they are
 * written down first, and whoever comes after a kill does the rest before he looks for data. Where a rename fails, those
 * before it are taken back. The caller holds the place's lock.
 */
export function exchange(place: Place, moves: readonly Move[]): void {
  writeDown(fileOf(place), moves);
  const done: Move[] = [];
  try {
    for (const move of moves) {
      renameDurably(move.from, move.to);
      done.push(move);
    }
  } catch (error) {
    for (const { from, to } of done.reverse()) renameDurably(to, from);
    forget(place);
    throw error;
  }
  forget(place);
}

/** An exchange of this place that somebody was killed in. */
export const isHalfExchanged = (place: Pick<Place, 'base'>): boolean => existsSync(fileOf(place));

/** Does what a killed exchange left to do; with none there it does nothing. */
export async function finishExchange(
  place: Pick<Place, 'base' | 'lockFile'>,
  log: ClusterLog,
): Promise<void> {
  if (!isHalfExchanged(place)) return;
  const lock = await acquireLock(place.lockFile);
  try {
    // Whoever held the lock may have been in the middle of it.
    if (!isHalfExchanged(place)) return;
    for (const { from, to } of z.array(Move).parse(JSON.parse(readFileSync(fileOf(place), 'utf8')))) {
      if (existsSync(to)) continue;
      if (!existsSync(from)) {
        throw new ClusterError(
          'cluster_exchange',
          `${fileOf(place)} says that ${from} becomes ${to}, and neither is there: is a disk not mounted? ` +
            'Nothing was changed; remove that file only when you know what became of them',
        );
      }
      renameDurably(from, to);
    }
    forget(place);
    log.warn(`finished what was broken off: see ${place.base}`);
  } finally {
    lock.release();
  }
}

function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(path.dirname(to));
}

function writeDown(file: string, moves: readonly Move[]): void {
  const fresh = `${file}.new`;
  const handle = openSync(fresh, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(moves, null, 1)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameDurably(fresh, file);
}

function forget(place: Pick<Place, 'base'>): void {
  rmSync(fileOf(place), { force: true });
  syncDirectory(place.base);
}

function syncDirectory(dir: string): void {
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
