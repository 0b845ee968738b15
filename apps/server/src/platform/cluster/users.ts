import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { giveToOwner, makeDirectories } from './place.ts';
import type { Place } from './place.ts';
import { inspect } from './processes.ts';

/*
 * Who uses a cluster: one small file per use. The last to leave stops the server; a file whose process is gone
 * counts for nothing. Callers hold the cluster's lock.
 */
let counter = 0;

/** Registers a use; the answer gives it back and says whether nobody else is left. */
export function register(place: Place): () => { last: boolean } {
  const { usersDir } = place;
  if (!existsSync(usersDir)) {
    makeDirectories(usersDir);
    giveToOwner(place, usersDir);
  }
  const file = path.join(usersDir, `${process.pid}-${counter++}`);
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: inspect(process.pid)?.startedAt }));
  giveToOwner(place, file);
  return () => leave(usersDir, file);
}

function leave(usersDir: string, own: string): { last: boolean } {
  rmSync(own, { force: true });
  return { last: !hasUsers({ usersDir }) };
}

/** Whether anybody uses the cluster; files of the dead are taken away. */
export function hasUsers({ usersDir }: Pick<Place, 'usersDir'>): boolean {
  let found = false;
  for (const name of list(usersDir)) {
    const file = path.join(usersDir, name);
    if (isLive(file)) found = true;
    else rmSync(file, { force: true });
  }
  return found;
}

function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function isLive(file: string): boolean {
  try {
    const user = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startedAt: string };
    const info = inspect(user.pid);
    return info !== undefined && !info.zombie && info.startedAt === user.startedAt;
  } catch {
    return false;
  }
}
