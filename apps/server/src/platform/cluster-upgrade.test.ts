import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { MIGRATIONS } from '../app.ts';
import { mindSpace, upgradeCluster } from './cluster-upgrade.ts';
import { ensureCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { chooseServer, defaultSearch, findServers } from './cluster/binaries.ts';
import type { ServerBinaries } from './cluster/binaries.ts';
import type { ClusterLog } from './cluster/errors.ts';
import { inspect, isAlive } from './cluster/processes.ts';
import { readPostmasterFile } from './cluster/server.ts';
import { migrate } from './migrate.ts';
import { clientConfig } from './pool.ts';
import type { Connection } from './pool.ts';

/*
 * From the oldest version that this machine has to the newest. Where there is one alone (Debian has one in a release), it is
 * moved to itself: then everything is tried but what differs between the two.
 */
const servers = findServers(defaultSearch());
const oldest = servers.findLast((one) => chooseServer([one]))?.major;
const from = chooseServer(servers, oldest)!;
const to = chooseServer(servers)!;
const TWO = from.major < to.major;
if (!TWO) {
  process.stdout.write(
    `cluster-upgrade.test.ts: PostgreSQL ${to.major} alone is installed; two major versions are not tried\n`,
  );
}

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function temporary(): string {
  const roomy =
    existsSync('/dev/shm') && statfsSync('/dev/shm').bavail * statfsSync('/dev/shm').bsize > 2 ** 30;
  const dir = mkdtempSync(path.join(roomy ? '/dev/shm' : os.tmpdir(), 'wmu-'));
  chmodSync(dir, 0o755);
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const quiet: ClusterLog = { info: () => {}, warn: () => {} };
const only = ({ binDir }: ServerBinaries): { roots: string[]; path: string } => ({
  roots: [binDir],
  path: '',
});

/** A cluster of that version, or the one that the data has. */
async function start(home: string, binaries?: ServerBinaries, log = quiet): Promise<Cluster> {
  const cluster = await ensureCluster({
    home,
    log,
    databaseUrl: null,
    settings: { shared_buffers: '16MB' },
    ...(binaries && { search: only(binaries) }),
  });
  cleanups.push(() => cluster.stop());
  return cluster;
}

async function query<T extends pg.QueryResultRow>(connection: Connection, sql: string): Promise<T[]> {
  const client = new pg.Client(clientConfig(connection, 'wanmi-test'));
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Every row of the city's tables, as one number each; `skip` is what a dump must write anew. */
async function contentOf(
  connection: Connection,
  skip: readonly string[] = [],
): Promise<Record<string, string>> {
  const tables = await query<{ name: string }>(
    connection,
    `select c.oid::regclass::text as name from pg_class c
      where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
        and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1`,
  );
  const content: Record<string, string> = {};
  for (const { name } of tables.filter((table) => !skip.includes(table.name))) {
    const [row] = await query<{ rows: string }>(
      connection,
      `select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as rows from ${name} t`,
    );
    content[name] = row!.rows;
  }
  return content;
}

const OUTBOX_ROWS = ['outbox', 'outbox_cursor'];

test.each(['files', 'dump'] as const)(
  `PostgreSQL ${from.major} to ${to.major} brings everything along, by %s`,
  async (by) => {
    const home = temporary();
    const before = await start(home, from);
    const { connection, dataDir } = before;
    await migrate(connection, MIGRATIONS);
    await query(connection, `insert into instance values ('kept', '"here"')`);
    // The trap: rows keep the transaction that wrote them, and a new server counts from the beginning.
    await query(
      connection,
      `do $$ begin for i in 1..6000 loop perform pg_current_xact_id(); commit; end loop; end $$`,
    );
    await query(
      connection,
      `with written as (insert into outbox (city_id, at, topic) values (gen_random_uuid(), now(), 'case') returning xid, pos)
       insert into outbox_cursor select 'reader', xid, pos, now() from written`,
    );
    await query(connection, 'create table place as select st_point(116.4, 39.9, 4326) as geom');
    await query(connection, 'create database second');
    const content = await contentOf(connection, by === 'dump' ? OUTBOX_ROWS : []);
    const options = { dataDir: dataDir ?? '', from, to, log: quiet, by };
    await expect(upgradeCluster(options)).rejects.toMatchObject({ code: 'cluster_upgrade_failed' }); // it runs
    await before.stop();

    const kept = await upgradeCluster(options);
    expect(readFileSync(path.join(kept, 'PG_VERSION'), 'utf8').trim()).toBe(String(from.major));
    const after = await start(home);
    expect(after.majorVersion).toBe(to.major);
    expect(await contentOf(after.connection, by === 'dump' ? OUTBOX_ROWS : [])).toEqual(content);
    expect(await query(after.connection, 'select st_x(geom) as x from place')).toEqual([{ x: 116.4 }]);
    expect(
      await query(after.connection, `select datname from pg_database where datname = 'second'`),
    ).toHaveLength(1);
    // Nothing stands before what is written from now on.
    expect(
      await query(
        after.connection,
        `select 1 from (select xid from outbox union all select xid from outbox_cursor) x
          where xid >= pg_snapshot_xmax(pg_current_snapshot())`,
      ),
    ).toEqual([]);
    expect(
      await query(
        after.connection,
        'select name from pg_available_extensions where installed_version <> default_version',
      ),
    ).toEqual([]);
    expect(
      await query(
        after.connection,
        `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples < 0`,
      ),
    ).toEqual([]);
    expect(await query(after.connection, `select indexrelid from pg_index where not indisvalid`)).toEqual([]);
    expect(await migrate(after.connection, MIGRATIONS)).toEqual([]);
    expect(readdirSync(path.dirname(after.dataDir ?? '')).filter((name) => /upgrade/.test(name))).toEqual([]);
  },
);

function migration(dataDir: string, by: 'files' | 'dump'): ChildProcess {
  const script = path.join(import.meta.dirname, 'cluster/testing-process.ts');
  const child = spawn(process.execPath, [script, JSON.stringify({ upgrade: { dataDir, by } })], {
    stdio: 'ignore',
    cwd: '/',
  });
  cleanups.push(() => void child.kill('SIGKILL'));
  return child;
}

/** How far a migration is, by what it writes down and by what runs. */
const POINTS = {
  'the old server': ({ dataDir }) => readPostmasterFile(dataDir) !== undefined,
  'a program': ({ noted }) => noted !== null,
  'the new server': ({ dataDir }) => readPostmasterFile(`${dataDir}.upgraded`) !== undefined,
} satisfies Record<string, (seen: { dataDir: string; noted: number | null }) => boolean>;

test.each(
  (['files', 'dump'] as const).flatMap((by) =>
    Object.keys(POINTS).map((point) => ({ by, point: point as keyof typeof POINTS })),
  ),
)('killed at $point, by $by: the next one ends and removes what it left', async ({ by, point }) => {
  const home = temporary();
  const before = await start(home, from);
  const dataDir = before.dataDir ?? '';
  await query({ ...before.connection, database: 'postgres' }, 'create database wanmi');
  await before.stop();
  const base = path.dirname(dataDir);
  const usual = readdirSync(base).sort();

  const child = migration(dataDir, by);
  const exited = once(child, 'exit');
  const left = new Set<number>();
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`the migration ended with ${child.exitCode} before it was killed`);
    const noted = notedProgram(base);
    for (const pid of [noted, serverOf(dataDir), serverOf(`${dataDir}.upgraded`)])
      if (pid !== null) left.add(pid);
    if (POINTS[point]({ dataDir, noted })) break;
    await sleep(2);
  }
  child.kill('SIGKILL');
  await exited;

  const warned: string[] = [];
  const after = await start(home, undefined, { info: (text) => void warned.push(text), warn: () => {} });
  expect(warned.join()).toContain('broken off');
  expect(after.majorVersion).toBe(from.major);
  expect(after.reused).toBe(false);
  await after.stop();
  for (const pid of left) expect(inspect(pid) === undefined || !isAlive(pid), `process ${pid}`).toBe(true);
  expect(readdirSync(base).sort()).toEqual(usual);
  if (point !== 'a program') return;
  await upgradeCluster({ dataDir, from, to, log: quiet, by });
  expect((await start(home)).majorVersion).toBe(to.major);
});

function notedProgram(base: string): number | null {
  try {
    const { program } = JSON.parse(readFileSync(path.join(base, 'upgrade.json'), 'utf8')) as {
      program: { pid: number } | null;
    };
    return program?.pid ?? null;
  } catch {
    return null;
  }
}

const serverOf = (dataDir: string): number | null => readPostmasterFile(dataDir)?.pid ?? null;

test('a server that a killed program left over is stopped, and not called Wanmi', async () => {
  const home = temporary();
  const script = path.join(import.meta.dirname, 'cluster/testing-process.ts');
  const child = spawn(process.execPath, [script, JSON.stringify({ home })], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const { pid, dataDir } = JSON.parse(line.toString()) as { pid: number; dataDir: string };
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(pid)).toBe(true);
  await upgradeCluster({ dataDir, from: to, to, log: quiet });
  expect(isAlive(pid)).toBe(false);
  expect((await start(home)).majorVersion).toBe(to.major);
});

test('what pg_upgrade refuses is said, its reports are kept, and the copy is not', async () => {
  const home = temporary();
  const before = await start(home, from);
  await query(
    { ...before.connection, database: 'postgres' },
    'create database closed allow_connections false',
  );
  await before.stop();
  const dataDir = before.dataDir ?? '';
  await expect(upgradeCluster({ dataDir, from, to, log: quiet })).rejects.toMatchObject({
    code: 'cluster_upgrade_failed',
    message: expect.stringContaining('upgrade-reports'),
  });
  expect(existsSync(`${dataDir}.upgraded`)).toBe(false);
  expect(readdirSync(path.join(path.dirname(dataDir), 'upgrade-reports'))).not.toEqual([]);
  expect((await start(home)).majorVersion).toBe(from.major);
});

test('one that is told to end puts everything back', async () => {
  const home = temporary();
  const before = await start(home, from);
  await before.stop();
  const dataDir = before.dataDir ?? '';
  const usual = readdirSync(path.dirname(dataDir)).sort();
  for (const by of ['files', 'dump'] as const) {
    const ending = new AbortController();
    const upgrading = upgradeCluster({ dataDir, from, to, log: quiet, by, signal: ending.signal });
    const watch = setInterval(() => {
      if (notedProgram(path.dirname(dataDir)) !== null) ending.abort();
    }, 2);
    await expect(upgrading.finally(() => clearInterval(watch))).rejects.toMatchObject({
      message: expect.stringContaining('as it was'),
    });
    expect(readdirSync(path.dirname(dataDir)).sort()).toEqual(usual);
  }
});

test('without the room for a second copy nothing is begun', () => {
  const GIB = 2 ** 30;
  expect(() => mindSpace('/srv', 10 * GIB, 11 * GIB, 'files')).not.toThrow();
  expect(() => mindSpace('/srv', 10 * GIB, 11 * GIB, 'dump')).toThrow(
    '11.0 GiB free, and the migration takes 14.0 GiB',
  );
  expect(() => mindSpace('/srv', 10 * GIB, 10 * GIB, 'files')).toThrow(
    expect.objectContaining({ code: 'cluster_upgrade_failed' }),
  );
});

test.runIf(TWO)(
  'data of an older version goes on where that version is, and the way to the newer is named',
  async () => {
    const home = temporary();
    const before = await start(home, from);
    await before.stop();
    const said: string[] = [];
    const after = await start(home, undefined, { info: (text) => void said.push(text), warn: () => {} });
    expect(after.majorVersion).toBe(from.major);
    expect(said.join()).toContain(
      `npm exec node -- apps/server/src/platform/cluster-upgrade.ts ${after.dataDir}`,
    );
    await after.stop();
    await expect(start(home, to)).rejects.toMatchObject({ code: 'cluster_major_version' });
  },
);
