import { constants, existsSync, realpathSync } from 'node:fs';
import { cp, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '#platform/clock';
import { ownName, serverAccount } from '#platform/cluster/account';
import { chooseServer, defaultSearch, findServers } from '#platform/cluster/binaries';
import type { ServerBinaries } from '#platform/cluster/binaries';
import { ClusterError } from '#platform/cluster/errors';
import type { ClusterLog } from '#platform/cluster/errors';
import { exchange, finishExchange, isHalfExchanged } from '#platform/cluster/exchange';
import type { Move } from '#platform/cluster/exchange';
import { clearBrokenUpgrade, isInUse } from '#platform/cluster/leftovers';
import { acquireLock } from '#platform/cluster/lock';
import { databaseCommands, systemFamily } from '#platform/cluster/packages';
import {
  existingData,
  keepPlace,
  makeDirectories,
  newPlace,
  possiblePlaces,
  socketDirectory,
} from '#platform/cluster/place';
import type { Place } from '#platform/cluster/place';
import { run } from '#platform/cluster/processes';
import type { Account } from '#platform/cluster/processes';
import { configure, connectionTo, launch, stopServer } from '#platform/cluster/server';
import { serverSettings, settingsFile } from '#platform/cluster/settings';
import type { Config } from '#platform/config';
import { createPool } from '#platform/pool';
import type { Connection } from '#platform/pool';
import { inWords } from './base.ts';
import { BackupError } from './errors.ts';
import { folderAt, freeBytes, listBackups } from './folder.ts';
import type { Folder, Manifest } from './folder.ts';
import { momentText, parseMoment } from './plan.ts';
import { prove, stagedRoots } from './proof.ts';
import type { Proof } from './proof.ts';
import { SEGMENT_BYTES, gapsOf, inOrder, segmentOf } from './wal.ts';
import type { Segment } from './wal.ts';

export interface RestoreOptions {
  /** The backup directory. */
  readonly from: string;
  /** A moment as the operator wrote it, or null for everything there is. */
  readonly to: string | null;
  readonly zone: string | null;
  /** Settings of the installation that comes out of it: its home, its log roots. */
  readonly config: Config;
  /** What is in the home already is set aside; without it the home must be empty. */
  readonly inPlace: boolean;
  /** Every chain is recomputed; without it the daily roots alone. */
  readonly chains: boolean;
  readonly log: ClusterLog;
  readonly onProgress?: (what: string) => void;
}

export interface RestoreReport {
  readonly base: string;
  /** What was asked, with its zone; null: everything. */
  readonly asked: string | null;
  /** Moment of the last commit that is in it. */
  readonly reached: string | null;
  /** The archive ended before the moment that was asked for. */
  readonly short: boolean;
  readonly dataDir: string;
  /** Where the data of before lies now. */
  readonly aside: string | null;
  readonly proof: Proof;
}

/**
 * Brings a city back to a minute: the last backup before it, rolled forward by the WAL, proven whole, and only then put in
 * its place. Until that moment nothing that existed is touched; a restore that was killed is simply begun again.
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const folder = folderAt(options.from);
  const backups = await listBackups(folder);
  const { base, target } = chooseBase(folder, backups, options);
  const segments = await segmentsFor(folder, base, target);
  const { home } = options.config;
  if (!options.inPlace && existsSync(home) && (await readdir(home)).length > 0) {
    throw new BackupError('restore_target', `${home} is not empty: name a new directory, or say --in-place`);
  }
  const binaries = chooseServer(findServers(defaultSearch()), base.postgres);
  if (!binaries) {
    throw new BackupError(
      'backup_tools',
      `the backup is of PostgreSQL ${base.postgres}, which must be installed beside any other:\n` +
        databaseCommands(systemFamily(), base.postgres).join('\n'),
    );
  }
  makeDirectories(home);
  const real = realpathSync(home);
  for (const possible of possiblePlaces(real, 'main')) {
    await finishExchange(possible, options.log);
    await clearBrokenUpgrade(possible, options.log);
  }
  const existing = existingData(real, 'main');
  const account = serverAccount(existing?.owner, options.log);
  const place = existing ? keepPlace(existing, account) : newPlace(real, 'main', account, options.log);
  const lock = await acquireLock(place.lockFile, 5000);
  try {
    if (await isInUse(place, options.log)) {
      throw new BackupError(
        'restore_running',
        `the database in ${place.dataDir} is running: stop Wanmi first`,
      );
    }
    return await bringBack({ ...options, folder, base, target, segments, binaries, place, account });
  } finally {
    lock.release();
  }
}

interface Work extends RestoreOptions {
  readonly folder: Folder;
  readonly base: Manifest;
  readonly target: number | null;
  readonly segments: Segment[];
  readonly binaries: ServerBinaries;
  readonly place: Place;
  readonly account: Account | undefined;
}

function chooseBase(
  { root }: Folder,
  backups: readonly Manifest[],
  { to, zone }: RestoreOptions,
): { base: Manifest; target: number | null } {
  const last = backups.at(-1);
  if (!last) throw new BackupError('restore_no_backup', `${root} holds no backup`);
  if (to === null) return { base: last, target: null };
  const target = parseMoment(
    to,
    zone,
    last.cities.map(({ timeZone }) => timeZone),
  );
  if (target > systemClock.now() + 60_000) {
    throw new BackupError('restore_time', `${textOf(target, last)} has not come yet`);
  }
  const base = backups.findLast((one) => Date.parse(one.endedAt) <= target);
  if (!base) {
    throw new BackupError(
      'restore_no_backup',
      `the oldest backup is of ${textOf(Date.parse(backups[0]!.endedAt), last)}: ${textOf(target, last)} lies before it`,
    );
  }
  return { base, target };
}

const textOf = (ms: number, { cities }: Manifest): string => momentText(ms, cities[0]?.timeZone ?? 'UTC');

/** What commits before the target is received long before so much later; a clock may be a little wrong. */
const LATE_MS = 10 * 60_000;

/** WAL from the backup's first segment to the target; received well after it, a segment is of no use. */
async function segmentsFor(folder: Folder, base: Manifest, target: number | null): Promise<Segment[]> {
  const dir = path.join(folder.wal, base.stretch);
  const first = segmentOf(base.startWal)?.number ?? 0;
  const wanted: Segment[] = [];
  const all = inOrder(await readdir(dir).catch(() => [])).filter((one) => one.number >= first);
  for (const segment of all) {
    wanted.push(segment);
    if (target === null) continue;
    // One that has just been filled or packed has another name by now; it is read by that one.
    const received = await stat(path.join(dir, segment.file)).catch(() => null);
    if (received && received.mtimeMs > target + LATE_MS) break;
  }
  const missing = gapsOf(wanted, base.startWal);
  if (missing.length > 0) {
    throw new BackupError(
      'restore_gap',
      `the WAL after backup ${base.id} has a gap at ${missing[0]} (${missing.length} segments): name a moment before it`,
    );
  }
  return wanted;
}

async function bringBack(work: Work): Promise<RestoreReport> {
  const { base, place, account, config, onProgress = () => {} } = work;
  const fresh: Place = { ...place, dataDir: `${place.dataDir}.restoring` };
  await rm(fresh.dataDir, { recursive: true, force: true });
  await rm(stagedRoots(config), { recursive: true, force: true });
  await mindSpace(work);
  try {
    onProgress(`copying backup ${base.id} (${inWords(base.bytes)})`);
    await cp(path.join(work.folder.base, base.id, 'data'), fresh.dataDir, {
      recursive: true,
      mode: constants.COPYFILE_FICLONE,
      preserveTimestamps: true,
    });
    onProgress(`reading ${work.segments.length} segments of WAL`);
    await stage(work, path.join(fresh.dataDir, 'pg_wal'));
    await own(fresh.dataDir, account);
    onProgress('rolling forward');
    const { reached, short, proof } = await rollForward(work, fresh, async (connection, last) => {
      onProgress('proving');
      return prove(connection, { ...work, base: base.id, reached: last });
    });
    const aside = await putInPlace(work, fresh);
    const asked = work.target === null ? null : textOf(work.target, base);
    return {
      base: base.id,
      asked,
      reached: reached?.toISOString() ?? null,
      short,
      dataDir: place.dataDir,
      aside,
      proof,
    };
  } catch (error) {
    const half = isHalfExchanged(place);
    if (!half) await rm(stagedRoots(config), { recursive: true, force: true });
    if (error instanceof BackupError) throw error;
    const left = half
      ? 'in the last step, which the next start takes up again'
      : 'and nothing that existed was changed';
    throw new BackupError('restore_failed', `the restore failed, ${left}: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    // What could be neither finished nor taken back is not made worse.
    if (!isHalfExchanged(place)) await rm(fresh.dataDir, { recursive: true, force: true });
  }
}

async function mindSpace({ base, segments, place }: Work): Promise<void> {
  const needed = base.bytes + segments.length * SEGMENT_BYTES;
  const free = await freeBytes(place.base);
  if (free < needed * 1.05) {
    throw new BackupError(
      'backup_no_space',
      `${place.base} has ${inWords(free)} free, and the restore takes ${inWords(needed)}: nothing was begun`,
    );
  }
}

/** Puts the archive's WAL where the server looks for it: it runs as a user who may not read the backups. */
async function stage({ folder, base, segments }: Work, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const dir = path.join(folder.wal, base.stretch);
  for (const segment of segments) await layOut(dir, segment, to);
}

/** One segment, unpacked, below its own name. A city at work fills and packs them meanwhile: then it is looked for anew. */
export async function layOut(dir: string, segment: Segment, to: string): Promise<void> {
  try {
    await copySegment(dir, segment, to);
  } catch (error) {
    const now = inOrder(await readdir(dir)).find(({ name }) => name === segment.name);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !now || now.file === segment.file) throw error;
    await layOut(dir, now, to);
  }
}

async function copySegment(dir: string, { file, name, state }: Segment, to: string): Promise<void> {
  const from = path.join(dir, file);
  const target = path.join(to, name);
  const { atime, mtime } = await stat(from);
  // The backup brought the end of its own WAL along, which may be further than what the archive had received.
  if (state === 'partial' && existsSync(target) && (await filled(target)) >= (await filled(from))) return;
  const source = createReadStream(from);
  const sink = createWriteStream(`${target}.staged`, { mode: 0o600 });
  if (state === 'packed') await pipeline(source, createGunzip(), sink);
  else await pipeline(source, sink);
  await rename(`${target}.staged`, target);
  await utimes(target, atime, mtime);
}

/** Bytes up to the last that is not zero. */
async function filled(file: string): Promise<number> {
  const content = await readFile(file);
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end -= 1;
  return end;
}

async function own(dataDir: string, account: Account | undefined): Promise<void> {
  const commands: [string, string[]][] = [['chmod', ['-R', 'u=rwX,go=', dataDir]]];
  if (account) commands.push(['chown', ['-R', `${account.uid}:${account.gid}`, dataDir]]);
  for (const [program, args] of commands) {
    const { code, output } = await run(program, args);
    if (code !== 0) throw new Error(`${program}: ${output.trim()}`);
  }
}

interface Rolled {
  readonly reached: Date | null;
  readonly short: boolean;
  readonly proof: Proof;
}

async function rollForward(
  work: Work,
  place: Place,
  look: (connection: Connection, reached: Date | null) => Promise<Proof>,
): Promise<Rolled> {
  const { binaries, account, log, target } = work;
  const socketDir = socketDirectory(place, account);
  const start = async (to: number | null): ReturnType<typeof launch> => {
    const settings = serverSettings({
      name: 'restore',
      socketDir,
      lz4: binaries.lz4,
      overrides: {
        // All of it has been laid out already.
        restore_command: 'false',
        recovery_target_action: 'promote',
        // Nobody is let in before everything is there.
        hot_standby: 'off',
        archive_mode: 'off',
        ...(to === null
          ? {}
          : { recovery_target_time: new Date(to).toISOString().replace('T', ' ').replace('Z', '+00') }),
      },
    });
    await configure(place, account, settingsFile(settings), [
      'root',
      'postgres',
      ownName(),
      account?.name ?? ownName(),
    ]);
    return launch(binaries, place, account, socketDir, log);
  };
  const signal = await open(path.join(place.dataDir, 'recovery.signal'), 'w', 0o600);
  await signal.close();
  await own(path.join(place.dataDir, 'recovery.signal'), account);
  let short = false;
  let server: Awaited<ReturnType<typeof launch>>;
  try {
    server = await start(target);
  } catch (error) {
    // No commit after the moment is in the archive: then all that is in it lies before.
    const ended =
      error instanceof ClusterError && /recovery ended before configured recovery target/.test(error.message);
    if (!ended) throw error;
    short = true;
    server = await start(null);
  }
  try {
    const connection = connectionTo(socketDir);
    const reached = await lastCommit(connection);
    return { reached, short, proof: await look(connection, reached) };
  } finally {
    await stopServer(server.pid, place.dataDir);
  }
}

async function lastCommit(connection: Connection): Promise<Date | null> {
  const pool = createPool(connection, { max: 1, applicationName: 'wanmi-restore' });
  try {
    const { rows } = await pool.query<{ at: Date | null }>('select pg_last_xact_replay_timestamp() as at');
    return rows[0]?.at ?? null;
  } finally {
    await pool.end();
  }
}

/** All that was proven takes its place together: database, roots and, where there are none, the keys. */
async function putInPlace({ place, config, base, folder }: Work, fresh: Place): Promise<string | null> {
  const stamp = new Date(systemClock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const moves: Move[] = [];
  const aside = existsSync(place.dataDir) ? `${place.dataDir}.before-${stamp}` : null;
  if (aside) moves.push({ from: place.dataDir, to: aside });
  moves.push({ from: fresh.dataDir, to: place.dataDir });
  if (existsSync(config.logRoot)) {
    moves.push({ from: config.logRoot, to: `${config.logRoot}.before-${stamp}` });
  }
  moves.push({ from: stagedRoots(config), to: config.logRoot });
  const keys = path.join(folder.base, base.id, 'keys/tls');
  const tls = path.join(config.home, 'tls');
  if (existsSync(keys) && !existsSync(tls)) {
    await rm(`${tls}.restoring`, { recursive: true, force: true });
    await cp(keys, `${tls}.restoring`, { recursive: true, preserveTimestamps: true });
    moves.push({ from: `${tls}.restoring`, to: tls });
  }
  exchange(place, moves);
  return aside;
}
