import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ClusterError } from './errors.ts';
import type { ClusterLog } from './errors.ts';
import { acquireLock } from './lock.ts';
import { giveToOwner } from './place.ts';
import type { Place } from './place.ts';
import { renameDurably, syncDirectory, writeDurablySync } from './write.ts';

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
  writeDurablySync(fileOf(place), `${JSON.stringify(moves, null, 1)}\n`);
  giveToOwner(place, fileOf(place));
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

/** Does what a killed exchange left to do and says whether there was one. */
export async function finishExchange(
  place: Pick<Place, 'base' | 'lockFile'>,
  log: ClusterLog,
): Promise<boolean> {
  if (!isHalfExchanged(place)) return false;
  const lock = await acquireLock(place.lockFile);
  try {
    // Whoever held the lock may have been in the middle of it.
    if (!isHalfExchanged(place)) return false;
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
    return true;
  } finally {
    lock.release();
  }
}

function forget(place: Pick<Place, 'base'>): void {
  rmSync(fileOf(place), { force: true });
  syncDirectory(place.base);
}
