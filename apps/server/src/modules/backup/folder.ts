import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { BACKUP_CAUSES } from '@wanmi/contracts';
import { BackupError } from './errors.ts';

/**
 * A backup directory:
 *   owner.json                     whose it is
 *   base/<id>/                     one backup: data/ (as pg_basebackup left it), keys/, files.txt, backup.json
 *   wal/<stretch>/                 WAL without a gap
 *   files/sha256/aa/bb/<sha256>    every file that any backup needs, once
 *   log-roots/                     the daily roots
 */
export interface Folder {
  readonly root: string;
  readonly base: string;
  readonly wal: string;
  readonly files: string;
  readonly roots: string;
}

export function folderAt(root: string): Folder {
  return {
    root,
    base: path.join(root, 'base'),
    wal: path.join(root, 'wal'),
    files: path.join(root, 'files'),
    roots: path.join(root, 'log-roots'),
  };
}

export const Manifest = z.object({
  id: z.string(),
  /** By the machine's clock, as the commits are. */
  startedAt: z.iso.datetime(),
  /** From this moment on it can be restored. */
  endedAt: z.iso.datetime(),
  stretch: z.string(),
  timeline: z.int(),
  startWal: z.string(),
  postgres: z.int(),
  migration: z.int(),
  bytes: z.number(),
  /** Photos and other files beside the database. */
  files: z.int(),
  cities: z.array(z.object({ code: z.string(), timeZone: z.string() })),
  cause: z.enum(BACKUP_CAUSES),
});
export type Manifest = z.infer<typeof Manifest>;

const Owner = z.object({ installation: z.uuid() });

/** Makes the directory, for this user alone: keys and the whole city lie in it. */
export async function openFolder(root: string): Promise<Folder> {
  const folder = folderAt(root);
  try {
    for (const dir of [folder.base, folder.wal, path.join(folder.files, 'sha256'), folder.roots]) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    throw new BackupError(
      'backup_folder',
      `the backup directory ${root} cannot be used: ${(error as Error).message}`,
      { cause: error },
    );
  }
  return folder;
}

/**
 * Two installations in one directory would each take the other's newest backup for its own. A copy that was restored
 * elsewhere is another installation until somebody says that it takes over.
 */
export async function claim(folder: Folder, home: string, adopt = false): Promise<void> {
  const mine = path.join(home, 'installation.json');
  let own = await readJson(mine, Owner);
  if (!own) {
    own = { installation: randomUUID() };
    await writeJson(mine, own);
  }
  const file = path.join(folder.root, 'owner.json');
  const owner = await readJson(file, Owner);
  if (owner?.installation === own.installation) return;
  if (owner && !adopt) {
    throw new BackupError(
      'backup_other_installation',
      `${folder.root} holds the backups of another installation. If this one takes its place (the other will never run ` +
        `again), say so with: wanmi backup now --adopt; otherwise give it a directory of its own (WANMI_BACKUP_DIR)`,
    );
  }
  await writeJson(file, own);
}

/** Every whole backup, the oldest first. One whose description cannot be read is none. */
export async function listBackups(folder: Folder): Promise<Manifest[]> {
  if (!existsSync(folder.base)) return [];
  const found: Manifest[] = [];
  for (const name of await readdir(folder.base)) {
    const manifest = await manifestOf(folder, name);
    if (manifest) found.push(manifest);
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** So many of them before an id, the newest first: each is a file to be read, so no more than a page is. */
export async function newestBackups(
  folder: Folder,
  before: string | null,
  limit: number,
): Promise<Manifest[]> {
  const names = (await readdir(folder.base)).filter((name) => before === null || name < before);
  const found: Manifest[] = [];
  for (const name of names.sort().reverse()) {
    if (found.length === limit) break;
    const manifest = await manifestOf(folder, name);
    if (manifest) found.push(manifest);
  }
  return found;
}

async function manifestOf(folder: Folder, name: string): Promise<Manifest | null> {
  const manifest = await readJson(path.join(folder.base, name, 'backup.json'), Manifest).catch(() => null);
  return manifest?.id === name ? manifest : null;
}

export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : schema.parse(JSON.parse(text));
}

/** Whole or not at all, and on the disk when it returns. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeDurably(file, `${JSON.stringify(value, null, 1)}\n`);
}

export async function writeDurably(file: string, content: string | Buffer): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  try {
    const handle = await open(fresh, 'w', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await syncFolder(path.dirname(file));
}

export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

/** All files below a directory, as paths from it. */
export async function* filesBelow(dir: string): AsyncGenerator<string> {
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) yield path.relative(dir, path.join(entry.parentPath, entry.name));
  }
}
