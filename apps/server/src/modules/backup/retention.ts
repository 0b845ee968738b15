import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { systemClock } from '#platform/clock';
import type { Platform } from '#platform/platform';
import { alone, auditAll, backupRoot } from './base.ts';
import { placeOf, storedFiles } from './files.ts';
import { claim, listBackups, openFolder, readJson, writeJson } from './folder.ts';
import type { Folder, Manifest } from './folder.ts';
import type { Plan } from './plan.ts';
import { readArchive, readPlan } from './state.ts';
import { segmentOf } from './wal.ts';

const DAY = 86_400_000;

/**
 * Which backups may go: every moment of the last `keepDays` must stay restorable, which takes the newest backup from
 * before them too, and `keep` backups stay in any case. `all` is in order of age, the oldest first.
 */
export function expired(
  all: readonly Manifest[],
  plan: Pick<Plan, 'keepDays' | 'keep'>,
  now: number,
): Manifest[] {
  const from = now - plan.keepDays * DAY;
  const older = all.filter((one) => Date.parse(one.endedAt) < from);
  const needed = older.at(-1);
  return older.filter((one) => one !== needed && all.indexOf(one) < all.length - plan.keep);
}

export interface Pruned {
  readonly backups: string[];
  readonly segments: number;
  readonly files: number;
}

/** Removes what the plan no longer keeps: backups, then WAL that no backup needs, then files that are erased for good. */
export async function pruneBackups(platform: Platform): Promise<Pruned> {
  const folder = await openFolder(backupRoot(platform));
  await claim(folder, platform.config.home);
  return alone(platform, 'base', async () => {
    const all = await listBackups(folder);
    const gone = expired(all, await readPlan(platform.db), systemClock.now());
    for (const { id } of gone) {
      // Its description first: half a backup is none.
      await rm(path.join(folder.base, id, 'backup.json'), { force: true });
      await rm(path.join(folder.base, id), { recursive: true, force: true });
    }
    const kept = all.filter((one) => !gone.includes(one));
    const current = (await readArchive(platform.db))?.stretch ?? null;
    const pruned = {
      backups: gone.map(({ id }) => id),
      segments: kept.length === 0 ? 0 : await pruneWal(folder, kept, current),
      files: kept.length === 0 ? 0 : await pruneFiles(folder, path.join(platform.config.home, 'blobs'), kept),
    };
    if (gone.length > 0) await auditAll(platform, 'backup.prune', 'ok', { ...pruned });
    return pruned;
  });
}

async function pruneWal(folder: Folder, kept: readonly Manifest[], current: string | null): Promise<number> {
  let removed = 0;
  for (const stretch of await readdir(folder.wal)) {
    const first = kept
      .filter((one) => one.stretch === stretch)
      .map((one) => segmentOf(one.startWal)?.number ?? 0)
      .reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const dir = path.join(folder.wal, stretch);
    // A stretch that has just begun has no backup yet, and its first is being made.
    if (first === Number.POSITIVE_INFINITY) {
      if (stretch === current) continue;
      removed += (await readdir(dir)).length;
      await rm(dir, { recursive: true, force: true });
      continue;
    }
    for (const file of await readdir(dir)) {
      const segment = segmentOf(file);
      if (!segment || segment.number >= first) continue;
      await rm(path.join(dir, file), { force: true });
      removed += 1;
    }
  }
  return removed;
}

const Erased = z.record(z.string(), z.string());

/**
 * A file that the city erased is kept as long as a moment can be restored at which it was there, and no longer: erased is
 * erased, in the backups too.
 */
async function pruneFiles(folder: Folder, store: string, kept: readonly Manifest[]): Promise<number> {
  const file = path.join(folder.root, 'erased.json');
  const known = (await readJson(file, Erased)) ?? {};
  const now = new Date(systemClock.now()).toISOString();
  const oldest = kept[0]!.endedAt;
  const live = new Set<string>();
  for await (const name of storedFiles(store)) live.add(name);
  const erased: Record<string, string> = {};
  let removed = 0;
  for await (const name of storedFiles(folder.files)) {
    if (live.has(name)) continue;
    const since = known[name] ?? now;
    if (since < oldest) {
      await rm(placeOf(folder.files, name), { force: true });
      removed += 1;
    } else {
      erased[name] = since;
    }
  }
  await writeJson(file, erased);
  return removed;
}
