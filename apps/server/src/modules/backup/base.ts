import { existsSync } from 'node:fs';
import { cp, link, mkdir, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { z } from 'zod';
import { audit } from '#modules/audit';
import { systemClock } from '#platform/clock';
import { citiesOf } from '#platform/jobs-cities';
import type { Platform } from '#platform/platform';
import { clientConfig } from '#platform/pool';
import type { Connection } from '#platform/pool';
import { ensureStretch } from './archive.ts';
import { BackupError } from './errors.ts';
import { copyNew, storedFiles } from './files.ts';
import { claim, freeBytes, listBackups, openFolder, syncFolder, writeDurably, writeJson } from './folder.ts';
import type { Folder, Manifest } from './folder.ts';
import { changeState, readArchive } from './state.ts';
import { FOREIGN, ask, connectionArgs, serverOf, tool } from './tools.ts';
import { segmentOf } from './wal.ts';

export interface BackupOptions {
  readonly cause: Manifest['cause'];
  /** Takes over the directory of an installation that is no more. */
  readonly adopt?: boolean;
}

export function backupRoot({ config }: Pick<Platform, 'config'>): string {
  if (config.databaseUrl !== null) throw new BackupError('backup_foreign_database', FOREIGN);
  if (config.backupDir === null) {
    throw new BackupError(
      'backup_off',
      'no backup directory is set: WANMI_BACKUP_DIR names it, best on another disk or machine',
    );
  }
  return config.backupDir;
}

/** Makes one backup: base, files, keys, roots. What a crash leaves of it is no backup and is removed by the next. */
export async function makeBackup(platform: Platform, options: BackupOptions): Promise<Manifest> {
  try {
    const folder = await openOwn(platform, options.adopt);
    const manifest = await alone(platform, 'base', () => backUp(platform, folder, options.cause));
    await changeState(platform.db, (state) => {
      const { backup: _gone, ...failures } = state.failures;
      return {
        ...state,
        last: { id: manifest.id, endedAt: manifest.endedAt, bytes: manifest.bytes },
        failures,
      };
    });
    await auditAll(platform, 'backup.make', 'ok', { id: manifest.id, cause: manifest.cause });
    return manifest;
  } catch (error) {
    const code = error instanceof BackupError ? error.code : 'backup_failed';
    if (code !== 'backup_busy') {
      await noteFailure(platform, 'backup', error).catch(() => {});
      await auditAll(platform, 'backup.make', 'failed', { code, cause: options.cause }).catch(() => {});
    }
    throw error;
  }
}

/**
 * The backup directory as ours. A disk that is not mounted looks like an empty directory: filling the mount point beneath
 * it would be no backup at all.
 */
export async function openOwn(platform: Platform, adopt = false): Promise<Folder> {
  const root = backupRoot(platform);
  const known = await readArchive(platform.db);
  if (known?.dir === root && !adopt && !existsSync(path.join(root, 'owner.json'))) {
    throw new BackupError(
      'backup_folder',
      `the backup directory ${root} cannot be used: it held backups and is empty now. Is its disk mounted? If it was ` +
        'emptied on purpose, say so with: wanmi backup now --adopt',
    );
  }
  const folder = await openFolder(root);
  await claim(folder, platform.config.home, adopt);
  return folder;
}

/** The record of every city: a backup holds all of them. */
export async function auditAll(
  platform: Platform,
  action: string,
  outcome: 'ok' | 'failed',
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const { id } of await citiesOf(platform.db)) {
    await audit(platform.db, platform, { cityId: id, action, entity: 'backup', outcome, detail });
  }
}

/** Keeps since when something fails, and how; the operator sees it until it works again. */
export async function noteFailure({ db }: Platform, what: string, error: unknown): Promise<void> {
  const at = new Date(systemClock.now()).toISOString();
  const code =
    error instanceof BackupError ? error.code : ((error as { code?: string }).code ?? 'backup_failed');
  const message = error instanceof Error ? error.message.slice(0, 1000) : String(error);
  await changeState(db, (state) => ({
    ...state,
    failures: {
      ...state.failures,
      [what]: { since: state.failures[what]?.since ?? at, at, code, message },
    },
  }));
}

/** Holds a lock of this name for as long as the work takes; its connection's end gives it back. */
export async function alone<T>({ pool }: Platform, name: string, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client(clientConfig(pool.options as Connection, 'wanmi-backup'));
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ got: boolean }>(
      `select pg_try_advisory_lock(hashtext('wanmi.backup'), hashtext($1)) as got`,
      [name],
    );
    if (!rows[0]!.got) throw new BackupError('backup_busy', 'another process is at it just now');
    return await work();
  } finally {
    await client.end().catch(() => {});
  }
}

async function backUp(platform: Platform, folder: Folder, cause: Manifest['cause']): Promise<Manifest> {
  const { pool, config, db } = platform;
  const server = await serverOf(platform);
  await removeRests(folder);
  const size =
    (await ask<number>(pool, 'select sum(pg_database_size(oid))::float8 as value from pg_database')) ?? 0;
  const free = await freeBytes(folder.root);
  if (free < size + (await reserve(folder.root))) {
    throw new BackupError(
      'backup_no_space',
      `${folder.root} has ${inWords(free)} free, and the database alone has ${inWords(size)}: no backup was begun`,
    );
  }
  const stretch = await ensureStretch(platform, folder);
  const began = systemClock.now();
  const id = new Date(began).toISOString().replace(/[-:.]/g, '');
  const unfinished = path.join(folder.base, `${id}.unfinished`);
  await mkdir(unfinished, { mode: 0o700 });
  try {
    const data = path.join(unfinished, 'data');
    await tool(server.binDir, 'pg_basebackup', [
      ...connectionArgs(server),
      '-D',
      data,
      '-X',
      'stream',
      '--manifest-checksums=SHA256',
      '--label',
      `wanmi ${id}`,
      // A spread one takes most of checkpoint_timeout, in which nobody could ask for another backup.
      '--checkpoint=fast',
    ]);
    const endedAt = systemClock.now();
    await shareWithLast(folder, data);
    const files = await copyFiles(platform, folder);
    await copyKeys(config.home, unfinished);
    await copyRoots(config.logRoot, folder.roots);
    const label = await readFile(path.join(data, 'backup_label'), 'utf8');
    const startWal = /\(file ([0-9A-F]{24})\)/.exec(label)?.[1] ?? '';
    const manifest: Manifest = {
      id,
      startedAt: new Date(began).toISOString(),
      endedAt: new Date(endedAt).toISOString(),
      stretch: stretch.name,
      timeline: segmentOf(startWal)?.timeline ?? 1,
      startWal,
      postgres: server.major,
      migration: (await ask<number>(pool, 'select max(number)::int as value from schema_migration')) ?? 0,
      bytes: await sizeOf(data),
      files,
      cities: (await citiesOf(db)).map(({ code, timeZone }) => ({ code, timeZone })),
      cause,
    };
    await writeJson(path.join(unfinished, 'backup.json'), manifest);
    await rename(unfinished, path.join(folder.base, id));
    await syncFolder(folder.base);
    return manifest;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** So much stays free: a disk that is full to the brim stops whatever else lives on it. */
export async function reserve(dir: string): Promise<number> {
  const { blocks, bsize } = await statfs(dir);
  return Math.min(512 * 2 ** 20, (blocks * bsize) / 20);
}

async function removeRests(folder: Folder): Promise<void> {
  for (const name of await readdir(folder.base)) {
    if (name.endsWith('.unfinished'))
      await rm(path.join(folder.base, name), { recursive: true, force: true });
  }
}

const FileList = z.object({
  Files: z.array(
    z.object({ Path: z.string().optional(), Size: z.number(), Checksum: z.string().optional() }),
  ),
});

/** What lies in a backup: each file's size and SHA-256. */
export async function fileList(data: string): Promise<Map<string, string>> {
  const text = await readFile(path.join(data, 'backup_manifest'), 'utf8');
  return new Map(
    FileList.parse(JSON.parse(text)).Files.flatMap(({ Path: name, Size, Checksum }) =>
      name && Checksum ? [[name, `${Size} ${Checksum}`] as const] : [],
    ),
  );
}

const WORTH_SHARING = 64 * 1024;

/** What has not changed since the backup before (by SHA-256) is kept once: closed months are most of a city's data. */
async function shareWithLast(folder: Folder, data: string): Promise<void> {
  const last = (await listBackups(folder)).at(-1);
  if (!last) return;
  const before = path.join(folder.base, last.id, 'data');
  const known = await fileList(before).catch(() => new Map<string, string>());
  for (const [name, content] of await fileList(data)) {
    if (known.get(name) !== content || Number(content.split(' ')[0]) < WORTH_SHARING) continue;
    const fresh = path.join(data, `${name}.shared`);
    try {
      await link(path.join(before, name), fresh);
      await rename(fresh, path.join(data, name));
    } catch {
      // a file system without links: then each has its own
      await rm(fresh, { force: true });
      return;
    }
  }
}

/** Whatever is missing in the directory's store, of all that is there: what the archive's rounds missed too. */
export async function copyFiles({ config }: Platform, folder: Folder): Promise<number> {
  const store = path.join(config.home, 'blobs');
  await copyNew(store, folder.files, storedFiles(store));
  let count = 0;
  for await (const _name of storedFiles(folder.files)) count += 1;
  return count;
}

/** Keys of the certificate authority, which phones trust. */
async function copyKeys(home: string, to: string): Promise<void> {
  const tls = path.join(home, 'tls');
  if (existsSync(tls))
    await cp(tls, path.join(to, 'keys/tls'), { recursive: true, preserveTimestamps: true });
}

/** The daily roots; lines are only ever added, so that a copy that is longer or differs is news, and both are kept. */
export async function copyRoots(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of await readdir(from)) {
    if (!name.endsWith('.jsonl')) continue;
    const content = await readFile(path.join(from, name));
    const copy = path.join(to, name);
    const known = await readFile(copy).catch(() => Buffer.alloc(0));
    if (known.equals(content)) continue;
    if (!content.subarray(0, known.length).equals(known)) {
      await rename(
        copy,
        path.join(to, `${name}.until-${new Date(systemClock.now()).toISOString().replace(/[:.]/g, '')}`),
      );
    }
    await writeDurably(copy, content);
  }
}

async function sizeOf(dir: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

export function inWords(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
