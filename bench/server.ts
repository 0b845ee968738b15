import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { MIGRATIONS } from '../apps/server/src/app.ts';
import { openBlobStore } from '../apps/server/src/platform/blob-store.ts';
import { systemClock } from '../apps/server/src/platform/clock.ts';
import { ensureCluster } from '../apps/server/src/platform/cluster.ts';
import { parseConfig } from '../apps/server/src/platform/config.ts';
import { createLogger } from '../apps/server/src/platform/log.ts';
import { migrate } from '../apps/server/src/platform/migrate.ts';
import { hashPassword } from '../apps/server/src/platform/password.ts';
import type { Platform } from '../apps/server/src/platform/platform.ts';
import { createDb, createPool, type Connection } from '../apps/server/src/platform/pool.ts';
import { createHub } from '../apps/server/src/platform/sse.ts';
import { loadCity } from '../apps/server/src/seeding/load-city.ts';
import { RawClient } from './client.ts';
import { ensureHistory, prepareHistory } from './history.ts';
import type { BenchOptions } from './run.ts';

export interface BenchServer {
  port: number;
  nodePid: number;
  postgresPid: number;
  connection: Connection;
  cityId: string;
  /** What is found, all kinds of it, as it is filed. */
  matters: { categoryId: string; conditionId: string }[];
  unitId: string;
  tokens: { operator: string; shiftLeader: string; dispatcher: string; department: string };
  /** Places all over the beats of 16 collectors, each with its collector. */
  beats: { token: string; lon: number; lat: number }[];
  walAndTransactions(): Promise<{ wal: number; transactions: number }>;
  /** Tiles `z/x/y` over the middle of the city. */
  map: string[];
  endedCases(): Promise<number>;
  /** Waits until facts and notices have seen everything: what one run left behind is no part of the next. */
  settled(): Promise<void>;
  /** The statements that cost the database most since the last call, for `--statements`. */
  statements(cycles: number): Promise<string[]>;
  stop(): Promise<void>;
}

const PASSWORD = 'bench-password-2026';

/** A city with so many cases behind it, and the product's server in front of it. Kept between runs. */
export async function startBenchServer(options: BenchOptions, size: number): Promise<BenchServer> {
  const home = path.resolve(options.home, 'bench');
  const log = createLogger({ level: 'warn' });
  const cluster = await ensureCluster({
    home,
    log,
    databaseUrl: null,
    ...(options.statements
      ? {
          settings: {
            shared_preload_libraries: 'pg_stat_statements',
            'pg_stat_statements.track_planning': 'on',
          },
        }
      : {}),
  });
  const connection = { ...cluster.connection, database: `bench_${size}` };
  await migrate(connection, MIGRATIONS);
  const pool = createPool(connection);
  const platform: Platform = {
    pool,
    db: createDb(pool),
    clock: systemClock,
    config: parseConfig({ WANMI_HOME: home }),
    log,
    blobs: await openBlobStore(path.join(home, 'blobs')),
    hub: createHub(),
  };
  const { cityId } = await loadCity(platform, {
    size: 'S',
    passwordHash: await hashPassword(PASSWORD),
    settings: { autoAccept: true, autoSendVerify: true, autoSendCheck: true },
  });
  await prepareHistory(pool, cityId);
  await ensureHistory(pool, cityId, size, options.log);
  if (options.statements) await pool.query('create extension if not exists pg_stat_statements');
  const child = await startChild(connection, home, options.profile);
  const { port } = child;
  const client = new RawClient(port);
  const signIn = async (username: string): Promise<string> => {
    const reply = await client.request('POST', '/api/v1/auth/login', null, { username, password: PASSWORD });
    if (reply.status !== 200) throw new Error(`sign-in of ${username}: ${reply.body}`);
    return (JSON.parse(reply.body) as { token: string }).token;
  };
  const law = await pool.query<{ id: string; username: string }>(
    `select u.id, p.username from unit u
     join post o on o.unit_id = u.id join role r on r.id = o.role_id and r.code = 'department'
     join person p on p.id = o.person_id
     where u.kind = 'department' and u.city_id = $1 order by u.code limit 1`,
    [cityId],
  );
  const { id: unitId, username } = law.rows[0]!;
  const matters = await pool.query<BenchServer['matters'][number]>(
    `select c.id as "categoryId", k.id as "conditionId" from category c
     join condition k on k.category_id = c.id and k.is_default
     where c.city_id = $1 and c.level = 2 and c.kind = 'event' order by c.code`,
    [cityId],
  );
  // Anywhere in a grid, as people find things: reports of one spot alone would all be like one another.
  const beats = await pool.query<{ username: string; lon: number; lat: number }>(
    `select username, lon, lat from (
       select p.username, st_x(at.geom) as lon, st_y(at.geom) as lat,
         row_number() over (partition by o.id order by (at.path)[1], g.id) as n, dense_rank() over (order by o.id) as beat
       from post_grid pg join post o on o.id = pg.post_id join person p on p.id = o.person_id
       join grid g on g.patrol_grid_id = pg.grid_id
       cross join lateral st_dump(st_generatepoints(st_buffer(g.geom, -0.00001), 10, 7)) at
       where pg.city_id = $1) b
     where beat <= 16 and n <= 600 order by n, beat`,
    [cityId],
  );
  const server: BenchServer = {
    port,
    nodePid: child.process.pid!,
    postgresPid: cluster.pid!,
    connection,
    cityId,
    matters: matters.rows,
    unitId,
    tokens: {
      operator: await signIn('operator1'),
      shiftLeader: await signIn('shift1'),
      dispatcher: await signIn('dispatcher1'),
      department: await signIn(username),
    },
    beats: [],
    map: tilesAround(beats.rows),
    endedCases: async () => {
      const { rows } = await pool.query<{ n: number }>(
        `select count(*)::int as n from "case" where outcome = 'closed' and ended_at is not null`,
      );
      return rows[0]!.n;
    },
    walAndTransactions: async () => {
      const { rows } = await pool.query<{ wal: string; transactions: number }>(
        `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as wal, xact_commit as transactions
         from pg_stat_database where datname = current_database()`,
      );
      return { wal: Number(rows[0]!.wal), transactions: rows[0]!.transactions };
    },
    settled: async () => {
      for (;;) {
        const { rows } = await pool.query<{ n: number }>(
          `select count(*)::int as n from outbox_cursor c where exists (
             select 1 from outbox o where (o.xid, o.pos) > (c.xid, c.pos))`,
        );
        if (rows[0]!.n === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    statements: async (cycles) => {
      const { rows } = await pool.query<{
        calls: number;
        ms: number;
        plan: number;
        rows: number;
        query: string;
      }>(
        `select calls::float8 / $1 as calls, total_exec_time / $1 as ms, total_plan_time / $1 as plan, rows::float8 / $1 as rows,
           regexp_replace(left(query, 4000), '\\s+', ' ', 'g') as query
         from pg_stat_statements s join pg_database d on d.oid = s.dbid
         where d.datname = current_database() order by total_exec_time + total_plan_time desc limit 40`,
        [cycles],
      );
      await pool.query('select pg_stat_statements_reset()');
      return rows.map(
        (row) =>
          `${row.ms.toFixed(3).padStart(8)} ms ${row.plan.toFixed(3).padStart(7)} plan ${row.calls.toFixed(2).padStart(7)} x ${row.rows.toFixed(1).padStart(7)} rows  ${row.query.slice(0, 110)}`,
      );
    },
    stop: async () => {
      client.close();
      // A profile is written by a process that ends in its own way.
      if (options.profile) {
        const ended = new Promise((resolve) => child.process.once('exit', resolve));
        child.process.disconnect();
        await ended;
      } else child.process.kill('SIGKILL');
      await pool.end();
      await cluster.stop();
    },
  };
  const signedIn = new Map<string, string>();
  for (const { username, lon, lat } of beats.rows) {
    const token = signedIn.get(username) ?? (await signIn(username));
    signedIn.set(username, token);
    server.beats.push({ token, lon, lat });
  }
  return server;
}

async function startChild(
  connection: Connection,
  home: string,
  profile: boolean,
): Promise<{ process: ChildProcess; port: number }> {
  const url = `postgres://${encodeURIComponent(connection.user)}@/${connection.database}?host=${encodeURIComponent(connection.host)}&port=${connection.port}`;
  const child = fork(path.join(import.meta.dirname, 'child.ts'), {
    env: { ...process.env, DATABASE_URL: url, WANMI_HOME: home, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: profile ? ['--cpu-prof', `--cpu-prof-dir=${path.join(home, 'profile')}`] : [],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', (code) => reject(new Error(`the server under measurement ended with ${code}`)));
  });
  return { process: child, port };
}

/** The tiles of three zooms that hold the first of these points, as a map shows them. */
function tilesAround(points: readonly { lon: number; lat: number }[]): string[] {
  const [first] = points;
  if (!first) return [];
  return [13, 15, 16].map((z) => {
    const n = 2 ** z;
    const lat = (first.lat * Math.PI) / 180;
    const x = Math.floor(((first.lon + 180) / 360) * n);
    const y = Math.floor(((1 - Math.log(Math.tan(lat) + 1 / Math.cos(lat)) / Math.PI) / 2) * n);
    return `${z}/${x}/${y}`;
  });
}
