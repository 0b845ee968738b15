import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Pool } from 'pg';
import { cleanEnvironment } from '#platform/cluster/processes';
import { systemClock } from '#platform/clock';
import type { Platform } from '#platform/platform';
import { syncFolder } from './folder.ts';
import type { Folder } from './folder.ts';
import { readArchive, write } from './state.ts';
import { connectionArgs } from './tools.ts';
import type { Server } from './tools.ts';
import { inOrder } from './wal.ts';

/*
 * WAL comes by streaming replication: what is committed lies in the archive within a fraction of a second, and not when a
 * segment of 16 MiB is full or a minute is over. The server keeps what has not been received yet behind a slot, up to
 * max_slot_wal_keep_size: past that the slot is lost, not the disk, and a new stretch begins.
 */
const SLOT = 'wanmi_archive';

export interface Stretch {
  readonly name: string;
  readonly dir: string;
  /** It has just begun: no backup can be rolled forward by it yet. */
  readonly fresh: boolean;
}

interface Slot {
  readonly status: string | null;
  readonly pid: number | null;
}

async function slotOf(pool: Pool): Promise<Slot | null> {
  const { rows } = await pool.query<Slot>(
    `select wal_status as status, active_pid as pid from pg_replication_slots where slot_name = $1`,
    [SLOT],
  );
  return rows[0] ?? null;
}

/**
 * The stretch that this server's WAL goes to. A new one begins where the slot is missing (a new installation, a restored
 * one, a server of another version) or was lost because nobody read it for too long, and where its directory is gone.
 */
export async function ensureStretch(platform: Platform, folder: Folder): Promise<Stretch> {
  const { db, pool, log } = platform;
  const slot = await slotOf(pool);
  const known = await readArchive(db);
  if (slot && slot.status !== 'lost' && known?.dir === folder.root) {
    const dir = path.join(folder.wal, known.stretch);
    if (await stat(dir).catch(() => null)) return { name: known.stretch, dir, fresh: false };
  }
  if (slot) {
    log.error(
      { status: slot.status },
      'the archive of the WAL has a gap: a new stretch begins, and a backup is made',
    );
    await evict(pool);
    await pool.query('select pg_drop_replication_slot($1)', [SLOT]);
  }
  const { rows } = await pool.query<{ system: string; timeline: number }>(
    `select system_identifier::text as system, timeline_id as timeline from pg_control_system(), pg_control_checkpoint()`,
  );
  const { system, timeline } = rows[0]!;
  const begun = new Date(systemClock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const name = `${begun}-${timeline}-${BigInt(system).toString(36)}`;
  const dir = path.join(folder.wal, name);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await syncFolder(folder.wal);
  // Named before the slot is there: a crash between the two begins one more stretch, and loses none.
  await write(db, 'backup.archive', { stretch: name, dir: folder.root });
  await pool.query('select pg_create_physical_replication_slot($1, true)', [SLOT]);
  return { name, dir, fresh: true };
}

/** A receiver whose supervisor was killed goes on; there must be one at a time. */
async function evict(pool: Pool): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const slot = await slotOf(pool);
    if (!slot || slot.pid === null) return;
    await pool.query('select pg_terminate_backend($1, 1000)', [slot.pid]);
  }
}

export interface Receiver {
  readonly running: boolean;
  /** What it said at its end. */
  readonly said: string;
  stop(): Promise<void>;
}

/**
 * It finishes the block that it writes and ends within milliseconds. One that hangs at a dead disk would keep the whole
 * program from ending (which has ten seconds for its requests): what it had not flushed the slot still holds.
 */
const PATIENCE_MS = 5000;

/** Starts pg_receivewal, which ends at the first error: whoever supervises it starts it again and tells. */
export async function startReceiver(pool: Pool, server: Server, stretch: Stretch): Promise<Receiver> {
  await evict(pool);
  const child: ChildProcess = spawn(
    path.join(server.binDir, 'pg_receivewal'),
    [...connectionArgs(server), '-D', stretch.dir, '-S', SLOT, '--synchronous', '--no-loop'],
    { cwd: '/', env: { ...cleanEnvironment, PGAPPNAME: SLOT }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  let running = true;
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-2000)));
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      said += error.message;
      running = false;
      resolve();
    });
    child.once('exit', (code, signal) => {
      said ||= `it ended by ${signal ?? `code ${code}`}`;
      running = false;
      resolve();
    });
  });
  return {
    get running() {
      return running;
    },
    get said() {
      return said.trim();
    },
    async stop() {
      child.kill('SIGINT');
      const kill = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await ended;
      clearTimeout(kill);
    },
  };
}

export interface Lag {
  /** A receiver is connected. */
  readonly connected: boolean;
  /** Written on the server and not yet safe in the archive. */
  readonly bytes: number;
  /** How long the oldest of it has waited; null where the server does not know (nobody is connected). */
  readonly seconds: number | null;
}

/** Null where there is no archive. */
export async function lagOf(pool: Pool): Promise<Lag | null> {
  const { rows } = await pool.query<{ connected: boolean; bytes: number; seconds: number | null }>(
    `select s.active as connected,
        greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(r.flush_lsn, s.restart_lsn)))::float8 as bytes,
        case when s.active then coalesce(extract(epoch from r.flush_lag), 0)::float8 end as seconds
       from pg_replication_slots s left join pg_stat_replication r on r.pid = s.active_pid where s.slot_name = $1`,
    [SLOT],
  );
  return rows[0] ?? null;
}

/**
 * Packs finished segments, which are mostly air after a quiet hour. The newest stays as it is: the receiver looks at it to
 * know where to go on. The file keeps its time, which says when the segment was full.
 */
export async function packSegments(dir: string): Promise<number> {
  const whole = inOrder(await readdir(dir)).filter(({ state }) => state === 'whole');
  let packed = 0;
  for (const { file } of whole.slice(0, -1)) {
    // A backup that has just been made lets go of the WAL before it, this segment perhaps.
    if (await packSegment(path.join(dir, file))) packed += 1;
  }
  return packed;
}

/** False where it was removed meanwhile. */
async function packSegment(from: string): Promise<boolean> {
  const fresh = `${from}.gz.new`;
  try {
    const { atime, mtime } = await stat(from);
    await pipeline(
      createReadStream(from),
      createGzip({ level: 6 }),
      createWriteStream(fresh, { mode: 0o600 }),
    );
    await utimes(fresh, atime, mtime);
    const handle = await open(fresh, 'r');
    await handle.sync();
    await handle.close();
    await rename(fresh, `${from}.gz`);
    await syncFolder(path.dirname(from));
    await rm(from);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(from)) throw error;
    // What is packed already goes with the next backup; another keeper may have been the one who packed it.
    await rm(fresh, { force: true });
    return false;
  }
}

/** Removes the slot of a server that archives no more: it would hold WAL for nobody. */
export async function dropArchive(pool: Pool): Promise<void> {
  if ((await slotOf(pool)) === null) return;
  await evict(pool);
  await pool.query('select pg_drop_replication_slot($1)', [SLOT]);
}
