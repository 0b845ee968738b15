import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { systemClock } from '#platform/clock';
import type { Background } from '#platform/http';
import { citiesOf } from '#platform/jobs-cities';
import { startLoop } from '#platform/jobs-loop';
import type { Loop } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { clientConfig } from '#platform/pool';
import type { Connection } from '#platform/pool';
import { ensureStretch, packSegments, startReceiver } from './archive.ts';
import type { Receiver, Stretch } from './archive.ts';
import { copyRoots, inWords, makeBackup, noteFailure, openOwn, reserve } from './base.ts';
import { BackupError } from './errors.ts';
import { copyNew, storedFiles } from './files.ts';
import { freeBytes, listBackups } from './folder.ts';
import type { Folder, Manifest } from './folder.ts';
import { lastDue } from './plan.ts';
import { pruneBackups } from './retention.ts';
import { changeState, readPlan } from './state.ts';
import { serverOf } from './tools.ts';

const TURN_MS = 1000;
const MAX_RETRY_MS = 60_000;
/** A round over a hundred thousand folders of photos takes half a second: it must not be all that this core does. */
const FILES_EVERY_MS = 10_000;
const FILES_SHARE = 20;
const REMIND_MS = 10 * 60_000;

/**
 * Keeps the archive and makes the backups of this installation: one process at a time, whichever holds the lock. Every part
 * fails by itself, is tried again by itself, and says so until it works: in the log, in the metrics, in the state.
 */
export function backupWorker(platform: Platform): Background {
  let loop: Loop | null = null;
  let keeper: Keeper | null = null;
  return {
    start() {
      loop ??= startLoop(platform.log, 'backup', async () => {
        keeper ??= await Keeper.begin(platform);
        if (!keeper) return TURN_MS * 5;
        if (keeper.lost) {
          await keeper.end();
          keeper = null;
          return TURN_MS;
        }
        await keeper.turn();
        return TURN_MS;
      });
    },
    async stop() {
      const ended = loop?.stop();
      await keeper?.end();
      await ended;
      loop = keeper = null;
    },
  };
}

class Keeper {
  /** The database ended this process's lock: somebody else may hold it by now. */
  lost = false;
  readonly #platform: Platform;
  readonly #client: pg.Client;
  #folder: Folder | null = null;
  #stretch: Stretch | null = null;
  #receiver: Receiver | null = null;
  readonly #retry = new Map<string, { at: number; wait: number }>();
  readonly #told = new Map<string, number>();
  readonly #failing = new Set<string>();
  #filesSince = 0;
  #filesNext = 0;
  #backup: Promise<void> | null = null;
  #ending = false;

  private constructor(platform: Platform, client: pg.Client) {
    this.#platform = platform;
    this.#client = client;
  }

  /** Null where another process is the keeper. */
  static async begin(platform: Platform): Promise<Keeper | null> {
    const client = new pg.Client(clientConfig(platform.pool.options as Connection, 'wanmi-backup'));
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ got: boolean }>(
      `select pg_try_advisory_lock(hashtext('wanmi.backup'), hashtext('keeper')) as got`,
    );
    if (!rows[0]!.got) {
      await client.end();
      return null;
    }
    const keeper = new Keeper(platform, client);
    client.once('end', () => (keeper.lost = true));
    return keeper;
  }

  async end(): Promise<void> {
    this.#ending = true;
    await this.#receiver?.stop();
    this.#receiver = null;
    // One that is under way is broken off by the database's end; waiting for it could take an hour.
    await this.#client.end().catch(() => {});
  }

  async turn(): Promise<void> {
    await this.#part('archive', () => this.#archive());
    await this.#part('files', () => this.#files());
    await this.#part('pack', () => this.#pack());
    await this.#part('schedule', () => this.#schedule());
  }

  /** One part's turn: what fails rests for a while, and is reminded of until it works. */
  async #part(name: string, work: () => Promise<void>): Promise<void> {
    const rest = this.#retry.get(name);
    if (this.#ending || this.lost || (rest && rest.at > performance.now())) return;
    try {
      await work();
      this.#retry.delete(name);
      await this.#works(name);
    } catch (error) {
      const wait = Math.min((rest?.wait ?? TURN_MS / 2) * 2, MAX_RETRY_MS);
      this.#retry.set(name, { at: performance.now() + wait, wait });
      await this.#fails(name, error);
    }
  }

  async #fails(name: string, error: unknown): Promise<void> {
    if (this.#ending || this.lost) return;
    this.#failing.add(name);
    const { log } = this.#platform;
    if ((this.#told.get(name) ?? -Infinity) < performance.now() - REMIND_MS) {
      this.#told.set(name, performance.now());
      log.error({ err: error, part: name }, 'the backup does not work');
    }
    await noteFailure(this.#platform, name, error);
  }

  /** The first success of a process looks too: its forerunner may have left a failure behind. */
  async #works(name: string): Promise<void> {
    if (!this.#failing.delete(name) && this.#told.has(name)) return;
    this.#told.set(name, -Infinity);
    await changeState(this.#platform.db, (state) => {
      const { [name]: _gone, ...failures } = state.failures;
      return { ...state, failures };
    });
  }

  async #archive(): Promise<void> {
    const platform = this.#platform;
    if (this.#receiver && !this.#receiver.running) {
      const { said } = this.#receiver;
      this.#receiver = null;
      // A slot that is gone begins a new stretch; anything else goes on in the old one.
      this.#stretch = null;
      // Its directory may be gone, or another one.
      this.#folder = null;
      throw new BackupError('backup_failed', `the WAL's receiver ended: ${said || 'no message'}`);
    }
    const folder = (this.#folder ??= await this.#open());
    const free = await freeBytes(folder.root);
    if (free < (await reserve(folder.root))) {
      await this.#receiver?.stop();
      this.#receiver = null;
      throw new BackupError(
        'backup_no_space',
        `${folder.root} has only ${inWords(free)} free: the archive rests`,
      );
    }
    if (this.#receiver) return;
    this.#stretch = await ensureStretch(platform, folder);
    const server = await serverOf(platform);
    const receiver = await startReceiver(platform.pool, server, this.#stretch);
    // `end` may have come while it was being started.
    if (this.#ending) await receiver.stop();
    else this.#receiver = receiver;
  }

  async #open(): Promise<Folder> {
    const { config, db, log } = this.#platform;
    const folder = await openOwn(this.#platform);
    const sameDisk = statSync(folder.root).dev === statSync(config.home).dev;
    if (sameDisk && !this.#told.has('sameDisk')) {
      this.#told.set('sameDisk', performance.now());
      log.warn(
        { dir: folder.root },
        'backups lie on the disk of the data, and will be lost with it: WANMI_BACKUP_DIR names another place',
      );
    }
    await changeState(db, (state) => ({ ...state, sameDisk }));
    return folder;
  }

  /** Photos as they come, and the daily roots. */
  async #files(): Promise<void> {
    const folder = this.#folder;
    if (!folder || performance.now() < this.#filesNext) return;
    const { config } = this.#platform;
    const began = performance.now();
    const since = systemClock.now();
    await copyNew(
      path.join(config.home, 'blobs'),
      folder.files,
      storedFiles(path.join(config.home, 'blobs'), this.#filesSince),
    );
    await copyRoots(config.logRoot, folder.roots);
    // A file whose folder was looked at in the instant before it came is seen by the next round.
    this.#filesSince = since - 5000;
    this.#filesNext = performance.now() + Math.max(FILES_EVERY_MS, (performance.now() - began) * FILES_SHARE);
  }

  async #pack(): Promise<void> {
    if (this.#stretch) await packSegments(this.#stretch.dir);
  }

  /** A backup takes minutes, and the archive goes on meanwhile. */
  async #schedule(): Promise<void> {
    const { db } = this.#platform;
    const folder = this.#folder;
    if (!folder || !this.#stretch || this.#backup) return;
    // Without its disk every backup seems to be missing: one that is begun now fails, and its alarm would stay till night.
    if (!existsSync(folder.base)) {
      throw new BackupError('backup_folder', `the backup directory ${folder.root} is not there`);
    }
    const backups = await listBackups(folder);
    const plan = await readPlan(db);
    const [city] = await citiesOf(db);
    // A new installation has nothing to lose before its city is there.
    if (!city) return;
    const due = lastDue(plan, systemClock.now(), city.timeZone);
    const last = Date.parse(backups.at(-1)?.startedAt ?? '1970-01-01T00:00:00Z');
    const stretch = this.#stretch.name;
    const missing = !backups.some((one) => one.stretch === stretch);
    if (!missing && (due === null || due <= last)) return;
    this.#backup = this.#run(missing ? 'gap' : 'schedule')
      .catch((error: unknown) => {
        this.#retry.set('schedule', { at: performance.now() + MAX_RETRY_MS, wait: MAX_RETRY_MS });
        this.#failing.add('schedule');
        if (!this.#ending && !this.lost) {
          this.#platform.log.error({ err: error, part: 'schedule' }, 'the backup was not made');
        }
      })
      .finally(() => (this.#backup = null));
  }

  async #run(cause: Manifest['cause']): Promise<void> {
    const { log } = this.#platform;
    const manifest = await makeBackup(this.#platform, { cause });
    log.info({ id: manifest.id, bytes: manifest.bytes, cause }, 'backup made');
    const pruned = await pruneBackups(this.#platform);
    if (pruned.backups.length > 0) log.info(pruned, 'backups that are too old were removed');
  }
}
