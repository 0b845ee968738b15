import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { replayLive } from '#modules/notify';
import { MIGRATIONS, tellPublished } from './app.ts';
import { openBlobStore } from './platform/blob-store.ts';
import { VirtualClock, systemClock } from './platform/clock.ts';
import type { Clock } from './platform/clock.ts';
import { ensureCluster } from './platform/cluster.ts';
import type { Cluster } from './platform/cluster.ts';
import type { Config } from './platform/config.ts';
import { guardPool } from './platform/jobs-loop.ts';
import { migrate } from './platform/migrate.ts';
import { PastClock } from './platform/past-clock.ts';
import type { Platform } from './platform/platform.ts';
import { createDb, createPool } from './platform/pool.ts';
import type { Connection } from './platform/pool.ts';
import { createHub } from './platform/sse.ts';

export interface Booted {
  readonly platform: Platform;
  /** Names of the migrations that this start applied. */
  readonly applied: readonly string[];
  /** Closes the pool and gives up the database server. */
  close(): Promise<void>;
}

/** Database server, migrations, pool, files and clock: what every service and command stands on. */
export async function bootPlatform(config: Config, log: Logger, name: string): Promise<Booted> {
  const server = await openCluster(config, log);
  tellPublished();
  try {
    const applied = await migrate(server.cluster.connection, MIGRATIONS);
    let closing = false;
    // The server may end before it has read that we left.
    const lost = (error: Error): void => {
      if (!closing) log.warn({ err: error }, 'a database connection was lost');
    };
    const pool = openPool(config, server.cluster.connection, name, lost);
    server.onBack((connection) => Object.assign(pool.options, connection));
    const { clock, close: closeClock } = await openClock(config, log, pool);
    const db = createDb(pool);
    const platform: Platform = {
      pool,
      db,
      clock,
      config,
      log,
      blobs: await openBlobStore(path.join(config.home, 'blobs')),
      // A client that was away asks for what it missed, also of before this start.
      hub: createHub({ replay: (id, limit) => replayLive(db, id, limit) }),
    };
    const close = async (): Promise<void> => {
      closing = true;
      platform.hub.close();
      await closeClock();
      await pool.end();
      await server.close();
    };
    return { platform, applied, close };
  } catch (error) {
    await server.close();
    throw error;
  }
}

function openPool(
  config: Config,
  connection: Connection,
  applicationName: string,
  lost: (error: Error) => void,
): Pool {
  const pool = createPool(connection, { max: config.dbPool, applicationName, onError: lost });
  guardPool(pool, lost);
  return pool;
}

interface Server {
  readonly cluster: Cluster;
  /** Told where the server listens after it was started again. */
  onBack(tell: (connection: Connection) => void): void;
  close(): Promise<void>;
}

/**
 * The database server, brought back when it ends without our doing. Until it is, requests are answered with
 * `db.unavailable`; the pool connects anew by itself.
 */
async function openCluster(config: Config, log: Logger): Promise<Server> {
  const stopping = new AbortController();
  let tell: ((connection: Connection) => void) | undefined;
  const bringBack = async (): Promise<void> => {
    for (let wait = 200; !stopping.signal.aborted; wait = Math.min(wait * 2, 10_000)) {
      try {
        await cluster.restart();
        tell?.(cluster.connection);
        log.info('the database server is back');
        return;
      } catch (error) {
        log.error({ err: error, retryMs: wait }, 'the database server does not start');
        await delay(wait);
      }
    }
  };
  const cluster = await ensureCluster({
    home: config.home,
    databaseUrl: config.databaseUrl ?? '',
    log: { info: (message) => log.info(message), warn: (message) => log.warn(message) },
    onExit: (cause) => {
      log.error({ cause }, 'the database server ended');
      void bringBack();
    },
  });
  return {
    cluster,
    onBack: (told) => void (tell = told),
    close: async () => {
      stopping.abort();
      await cluster.stop();
    },
  };
}

const SAVE_MS = 2000;
/** A new demo city has lived so long before anybody looks at it. */
const PAST_MS = 3 * 86_400_000;

/** One process that serves and plays: only there somebody moves the clock through the past. */
async function hasPast({ demo, services }: Config, pool: Pool): Promise<boolean> {
  if (demo === null || !services.has('web') || !services.has('worker')) return false;
  const { rowCount } = await pool.query('select 1 from city limit 1');
  return rowCount === 0;
}

/** A demo's virtual clock goes on where it was: time never goes back under the cases. */
async function openClock(
  config: Config,
  log: Logger,
  pool: Pool,
): Promise<{ clock: Clock; close: () => Promise<void> }> {
  const past = await hasPast(config, pool);
  const start = systemClock.now() - (past ? PAST_MS : 0);
  if (config.virtualClock === null) {
    return { clock: past ? new PastClock(start) : systemClock, close: async () => {} };
  }
  // Whoever was killed between two savings wrote with a later time than the saved one.
  const { rows } = await pool.query<{ at: number | null }>(
    `select greatest(
       (select (value #>> '{}')::int8 from instance where key = 'clock'),
       (select (extract(epoch from max(at)) * 1000)::int8 + 1
          from (select at from outbox order by xid desc, pos desc limit 100) last)) as at`,
  );
  const clock = new VirtualClock({
    start: Math.max(rows[0]?.at ?? 0, start),
    rate: past ? 0 : config.virtualClock.rate,
  });
  const save = async (): Promise<void> => {
    await pool.query(
      `insert into instance (key, value) values ('clock', to_jsonb($1::int8))
       on conflict (key) do update set value = excluded.value`,
      [clock.now()],
    );
  };
  const timer = setInterval(() => {
    save().catch((error: unknown) => log.warn({ err: error }, 'the clock was not saved'));
  }, SAVE_MS);
  timer.unref();
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await save().catch((error: unknown) => log.warn({ err: error }, 'the clock was not saved'));
  };
  return { clock, close };
}
