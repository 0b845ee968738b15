import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { systemClock } from '#platform/clock';
import { chooseServer, defaultSearch, findServers } from '#platform/cluster/binaries';
import type { ServerBinaries } from '#platform/cluster/binaries';
import type { Platform } from '#platform/platform';
import { auditAll, backupRoot, fileList } from './base.ts';
import { BackupError } from './errors.ts';
import { isIntact, placeOf, storedFiles } from './files.ts';
import { listBackups, openFolder } from './folder.ts';
import type { Folder, Manifest } from './folder.ts';
import { changeState } from './state.ts';
import { tool } from './tools.ts';
import { SEGMENT_BYTES, gapsOf, inOrder } from './wal.ts';

export interface Fault {
  readonly what: 'base' | 'wal' | 'file' | 'missing' | 'none';
  readonly name: string;
  readonly detail: string;
}

export interface CheckResult {
  readonly backups: number;
  readonly segments: number;
  readonly files: number;
  readonly faults: Fault[];
  /** Backups that are damaged themselves, or whose WAL is before the next one. */
  readonly damaged: string[];
  /** Major versions of PostgreSQL that a restore of some backup takes and this machine does not have. */
  readonly absent: number[];
}

/** Reads everything that a restore would read: each backup by its manifest, each segment, each file by its hash. */
export async function checkFolder(
  folder: Folder,
  onProgress: (what: string) => void = () => {},
): Promise<CheckResult> {
  const faults: Fault[] = [];
  const damaged = new Set<string>();
  const absent = new Set<number>();
  const servers = findServers(defaultSearch());
  const backups = await listBackups(folder);
  if (backups.length === 0) faults.push({ what: 'none', name: folder.root, detail: 'there is no backup' });
  for (const backup of backups) {
    onProgress(`backup ${backup.id}`);
    await checkBase(path.join(folder.base, backup.id, 'data'), backup.postgres, servers).catch(
      (error: Error) => {
        if (error instanceof BackupError && error.code === 'backup_tools')
          return void absent.add(backup.postgres);
        faults.push({ what: 'base', name: backup.id, detail: error.message });
        damaged.add(backup.id);
      },
    );
  }
  let segments = 0;
  for (const stretch of new Set(backups.map((one) => one.stretch))) {
    onProgress(`WAL ${stretch}`);
    const own = backups.filter((one) => one.stretch === stretch);
    const checked = await checkWal(path.join(folder.wal, stretch), own);
    segments += checked.segments;
    faults.push(...checked.faults);
    for (const { name } of checked.faults) damaged.add(own.findLast((one) => one.startWal <= name)!.id);
  }
  let files = 0;
  for await (const name of storedFiles(folder.files)) {
    if (files % 1000 === 0) onProgress(`files ${files}`);
    files += 1;
    if (!(await isIntact(folder.files, name))) {
      faults.push({ what: 'file', name, detail: 'its content is not what its name says' });
    }
  }
  return { backups: backups.length, segments, files, faults, damaged: [...damaged], absent: [...absent] };
}

/**
 * By pg_verifybackup of the version that made it. After a move to another version that one may be gone: then by the sums
 * alone, which do not hang on a version.
 * @throws backup_tools where all is well but for the programs that could bring it back
 */
async function checkBase(data: string, major: number, servers: ServerBinaries[]): Promise<void> {
  const server = chooseServer(servers, major);
  if (server) return void (await tool(server.binDir, 'pg_verifybackup', ['--quiet', data]));
  for (const [name, sum] of await fileList(data)) {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(path.join(data, name))) {
      bytes += (chunk as Buffer).length;
      hash.update(chunk as Buffer);
    }
    if (`${bytes} ${hash.digest('hex')}` !== sum)
      throw new BackupError('backup_failed', `${name} is damaged`);
  }
  throw new BackupError('backup_tools', `the programs of PostgreSQL ${major} are not on this machine`);
}

async function checkWal(
  dir: string,
  backups: readonly Manifest[],
): Promise<{ segments: number; faults: Fault[] }> {
  const faults: Fault[] = [];
  const segments = inOrder(await readdir(dir).catch(() => []));
  const first = backups.map((one) => one.startWal).sort()[0]!;
  for (const name of gapsOf(segments, first)) {
    faults.push({ what: 'wal', name, detail: 'this segment is missing' });
  }
  for (const { file, name, state } of segments) {
    const bytes = await lengthOf(path.join(dir, file), state === 'packed').catch(() => -1);
    if (bytes !== SEGMENT_BYTES) faults.push({ what: 'wal', name, detail: 'this segment is damaged' });
  }
  return { segments: segments.length, faults };
}

async function lengthOf(file: string, packed: boolean): Promise<number> {
  if (!packed) return (await stat(file)).size;
  let bytes = 0;
  for await (const chunk of createReadStream(file).pipe(createGunzip())) bytes += (chunk as Buffer).length;
  return bytes;
}

const SETTLE_MS = 60_000;

/** The same, with what only a running city can say: whether a file of today is missing. */
export async function checkBackups(
  platform: Platform,
  onProgress?: (what: string) => void,
): Promise<CheckResult> {
  const folder = await openFolder(backupRoot(platform));
  const result = await checkFolder(folder, onProgress);
  const store = path.join(platform.config.home, 'blobs');
  for await (const name of storedFiles(store)) {
    if (await stat(placeOf(folder.files, name)).catch(() => null)) continue;
    const info = await stat(placeOf(store, name)).catch(() => null);
    if (!info || systemClock.now() - info.mtimeMs < SETTLE_MS) continue;
    result.faults.push({ what: 'missing', name, detail: 'this file was never copied' });
  }
  await changeState(platform.db, (state) => ({
    ...state,
    check: {
      at: new Date(systemClock.now()).toISOString(),
      faults: result.faults.length,
      damaged: result.damaged,
    },
  }));
  await auditAll(platform, 'backup.check', result.faults.length === 0 ? 'ok' : 'failed', {
    backups: result.backups,
    segments: result.segments,
    files: result.files,
    faults: result.faults.length,
  });
  return result;
}
