import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from './folder.ts';

const NAME = /^[0-9a-f]{64}$/;

/** Where a file of this content lies below a store's root. */
export function placeOf(root: string, sha256: string): string {
  return path.join(root, 'sha256', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
}

const list = (dir: string): Promise<string[]> =>
  readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });

/** Every stored file, folder by folder; `changedSince`: only of folders that something was put into since. */
export async function* storedFiles(root: string, changedSince = 0): AsyncGenerator<string> {
  const base = path.join(root, 'sha256');
  for (const first of (await list(base)).sort()) {
    for (const second of (await list(path.join(base, first))).sort()) {
      const dir = path.join(base, first, second);
      if (changedSince > 0) {
        const info = await stat(dir).catch(() => null);
        if (!info || info.mtimeMs < changedSince) continue;
      }
      for (const name of (await list(dir)).sort()) if (NAME.test(name)) yield name;
    }
  }
}

export interface Copied {
  readonly count: number;
  readonly bytes: number;
}

/** Copies what the other store does not have. Content never changes under a name, so a name that is there is done. */
export async function copyNew(
  from: string,
  to: string,
  names: AsyncIterable<string> | Iterable<string>,
  onCopied: (sha256: string) => void = () => {},
): Promise<Copied> {
  let count = 0;
  let bytes = 0;
  for await (const sha256 of names) {
    const size = await copyOne(placeOf(from, sha256), placeOf(to, sha256));
    if (size === null) continue;
    onCopied(sha256);
    count += 1;
    bytes += size;
  }
  return { count, bytes };
}

async function copyOne(from: string, to: string): Promise<number | null> {
  const source = await stat(from).catch(() => null);
  // Erased meanwhile: whoever erases it does not want a copy.
  if (!source) return null;
  const target = await stat(to).catch(() => null);
  if (target?.size === source.size) return null;
  const dir = path.dirname(to);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const fresh = path.join(dir, `.${randomUUID()}.new`);
  try {
    await copyFile(from, fresh, constants.COPYFILE_FICLONE);
    const handle = await open(fresh, 'r');
    await handle.sync();
    await handle.close();
    await rename(fresh, to);
  } catch (error) {
    await rm(fresh, { force: true });
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  await syncFolder(dir);
  return source.size;
}

/** Whether a file's content is what its name says. */
export async function isIntact(root: string, sha256: string): Promise<boolean> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(placeOf(root, sha256))) hash.update(chunk as Buffer);
  } catch {
    return false;
  }
  return hash.digest('hex') === sha256;
}
