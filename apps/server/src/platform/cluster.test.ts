import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { ensureCluster } from './cluster.ts';
import type { Cluster, ClusterErrorCode, ClusterOptions } from './cluster.ts';
import { databaseCommands, systemFamily } from './cluster/packages.ts';
import { isAlive } from './cluster/processes.ts';
import { clientConfig } from './pool.ts';
import type { Connection } from './pool.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65534;

/** Everything a test leaves behind, taken away in the reverse order. */
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** In memory where there is room: 25 clusters are made here, and none of them is meant to last. */
const scratch = existsSync('/dev/shm') && freeBytes('/dev/shm') > 2 ** 30 ? '/dev/shm' : os.tmpdir();

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

function temporary(mode = 0o755): string {
  const dir = mkdtempSync(path.join(scratch, 'wmc-'));
  chmodSync(dir, mode);
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const quiet = { info: () => {}, warn: () => {} };

async function start(home: string, options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await ensureCluster({
    home,
    log: quiet,
    databaseUrl: null,
    settings: { shared_buffers: '16MB' },
    ...options,
  });
  cleanups.push(() => cluster.stop());
  return cluster;
}

async function query<T extends pg.QueryResultRow>(connection: Connection, sql: string): Promise<T[]> {
  const client = new pg.Client(clientConfig({ ...connection, database: 'postgres' }, 'wanmi-test'));
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

interface Said {
  pid: number;
  dataDir: string;
  connection: Connection;
  reused: boolean;
  error?: { code: ClusterErrorCode; message: string };
}

interface Other {
  child: ChildProcess;
  said: Promise<Said>;
  stop(): Promise<void>;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Another process with its own use of the cluster. */
function otherProcess(
  home: string,
  options: { env?: NodeJS.ProcessEnv; uid?: number; umask?: number } = {},
): Other {
  const script = path.join(import.meta.dirname, 'cluster/testing-process.ts');
  const child = spawn(process.execPath, [script, JSON.stringify({ home, umask: options.umask })], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
    env: { PATH: process.env['PATH'], TMPDIR: os.tmpdir(), ...options.env },
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
  const exited = once(child, 'exit');
  // One that is ending by itself may close its door just before we knock.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout });
  const said = Promise.race([
    once(lines, 'line').then(([line]) => JSON.parse(String(line)) as Said),
    exited.then(([code]) => Promise.reject(new Error(`the other process ended with ${String(code)}`))),
  ]);
  const other: Other = {
    child,
    said,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.stdin.write('stop\n');
      await exited;
    },
    end: async (signal) => {
      child.kill(signal);
      await exited;
    },
  };
  cleanups.push(async () => {
    await other.stop();
  });
  return other;
}

async function gone(pid: number | null): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    if (pid === null || !isAlive(pid)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

describe('a first start', () => {
  test('makes a safe UTF-8 cluster whatever the environment says', async () => {
    const home = path.join(temporary(), 'new', '.wanmi');
    const other = otherProcess(home, {
      env: { LANG: 'C', LC_ALL: 'C', PGDATA: '/nowhere', PGPORT: '1', PGUSER: 'x', PGDATABASE: 'y' },
      umask: 0o077,
    });
    const { connection, dataDir, reused } = await other.said;
    expect(reused).toBe(false);
    expect(connection).toMatchObject({ user: 'wanmi', database: 'wanmi', port: 5432 });
    const settings = await query<{ name: string; setting: string }>(
      connection,
      `select name, setting from pg_settings where name in ('server_encoding', 'data_checksums', 'fsync',
         'synchronous_commit', 'listen_addresses', 'unix_socket_permissions', 'jit', 'log_min_error_statement')
       union all select 'lc_ctype', datctype from pg_database where datname = current_database()`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      server_encoding: 'UTF8',
      lc_ctype: 'C.UTF-8',
      data_checksums: 'on',
      fsync: 'on',
      synchronous_commit: 'on',
      listen_addresses: '',
      unix_socket_permissions: '0700',
      jit: 'off',
      log_min_error_statement: 'panic',
    });
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    // The trap: `mkdir -p` with 0700 would have closed the parents to the server's user.
    for (let dir = path.dirname(dataDir); dir !== scratch; dir = path.dirname(dir)) {
      expect(statSync(dir).mode & 0o777, dir).toBe(0o755);
    }
    if (isRoot) expect(statSync(dataDir).uid).not.toBe(0);
    await other.stop();
    expect(existsSync(path.join(dataDir, 'postmaster.pid'))).toBe(false);
  });

  test('by several processes at once ends in one server', async () => {
    const home = temporary();
    const others = [otherProcess(home), otherProcess(home)];
    const mine = start(home);
    const all = [await mine, ...(await Promise.all(others.map((other) => other.said)))];
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
    expect(all.filter(({ reused }) => !reused)).toHaveLength(1);
  });
});

describe('a shared cluster', () => {
  test('stays until its last user leaves, whoever started it', async () => {
    const home = temporary();
    const first = await start(home);
    const second = otherProcess(home);
    const said = await second.said;
    expect(said).toMatchObject({ reused: true, pid: first.pid });
    await first.stop();
    expect(await query(said.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    await second.stop();
    expect(await gone(said.pid)).toBe(true);
  });

  test.each(['SIGTERM', 'SIGINT', 'process.exit()'] as const)(
    'stops with a user that ends by %s',
    async (way) => {
      const home = temporary();
      const other = otherProcess(home);
      const { pid, dataDir } = await other.said;
      if (way === 'process.exit()') other.child.stdin?.write('crash\n');
      else await other.end(way);
      expect(await gone(pid)).toBe(true);
      expect(existsSync(path.join(dataDir, 'postmaster.pid'))).toBe(false);
    },
  );

  test('outlives a killed user, and the next one takes it over', async () => {
    const home = temporary();
    const other = otherProcess(home);
    const { pid } = await other.said;
    await other.end('SIGKILL');
    const next = await start(home);
    expect(next).toMatchObject({ pid, reused: true });
    await next.stop();
    expect(await gone(pid)).toBe(true);
  });

  test('runs beside another one', async () => {
    const [one, two] = await Promise.all([start(temporary()), start(temporary())]);
    expect(one.pid).not.toBe(two.pid);
    const ask = 'select current_setting($$data_directory$$) as dir';
    expect(await query(one.connection, ask)).toEqual([{ dir: one.dataDir }]);
    expect(await query(two.connection, ask)).toEqual([{ dir: two.dataDir }]);
  });

  test('is apart from the one of the tests in the same home', async () => {
    const home = temporary();
    const [main, tests] = await Promise.all([start(home), start(home, { name: 'test' })]);
    expect(main.dataDir).not.toBe(tests.dataDir);
    await tests.stop();
    expect(isAlive(main.pid ?? 0)).toBe(true);
  });
});

describe('a killed server', () => {
  test('is told of, restarted, and has lost nothing', async () => {
    const ended = Promise.withResolvers<string>();
    const cluster = await start(temporary(), { onExit: ended.resolve });
    await query(cluster.connection, 'create table kept as select 42 as answer');
    const before = cluster.pid ?? 0;
    process.kill(before, 'SIGKILL');
    expect(await ended.promise).toBe('SIGKILL');
    await cluster.restart();
    expect(cluster.pid).not.toBe(before);
    expect(await query(cluster.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test('is told of to a user that had not started it', async () => {
    const home = temporary();
    const other = otherProcess(home);
    const { pid } = await other.said;
    const ended = Promise.withResolvers<string>();
    const cluster = await start(home, { onExit: ended.resolve });
    process.kill(pid, 'SIGKILL');
    await ended.promise;
    await cluster.restart();
    expect(await query(cluster.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('whose starter was killed with it starts again over the stale pid file', async () => {
    const home = temporary();
    const other = otherProcess(home);
    const { pid, dataDir, connection } = await other.said;
    await query(connection, 'create table kept as select 42 as answer');
    other.child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await other.end('SIGKILL');
    expect(readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8')).toContain(String(pid));
    const cluster = await start(home);
    expect(cluster.reused).toBe(false);
    expect(await query(cluster.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test(
    'with a backend that is still at work waits for it and makes it end',
    { timeout: 400_000 },
    async () => {
      const cluster = await start(temporary());
      await query(cluster.connection, 'create table kept as select 42 as answer');
      const busy = new pg.Client(clientConfig({ ...cluster.connection, database: 'postgres' }));
      busy.on('error', () => {});
      await busy.connect();
      const backend = (await busy.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0;
      // Never idle, so it does not notice that its postmaster is gone.
      busy.query('do $$ begin loop perform 1; end loop; end $$').catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 200));
      process.kill(cluster.pid ?? 0, 'SIGKILL');
      expect(await gone(cluster.pid)).toBe(true);
      expect(isAlive(backend)).toBe(true);
      await cluster.restart();
      expect(isAlive(backend)).toBe(false);
      expect(await query(cluster.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
    },
  );

  test('whose pid has gone to another program is not taken for running', async () => {
    const home = temporary();
    const cluster = await start(home);
    const file = path.join(cluster.dataDir ?? '', 'postmaster.pid');
    const content = readFileSync(file, 'utf8');
    await cluster.stop();
    writeFileSync(file, content.replace(/^\d+/, String(process.pid)));
    const again = await start(home);
    expect(again.reused).toBe(false);
    expect(await query(again.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('data that others were to take the place of', () => {
  test('when somebody was killed between the renames: the others are served, and no empty database', async () => {
    const home = temporary();
    const cluster = await start(home);
    await query(cluster.connection, 'create table kept as select 42 as answer');
    await cluster.stop();
    const data = cluster.dataDir ?? '';
    cpSync(data, `${data}.restoring`, { recursive: true, preserveTimestamps: true });
    const { uid, gid } = statSync(data);
    spawnSync('chown', ['-R', `${uid}:${gid}`, `${data}.restoring`]);
    chmodSync(`${data}.restoring`, 0o700);
    writeFileSync(
      path.join(path.dirname(data), 'exchange.json'),
      JSON.stringify([
        { from: data, to: `${data}.before` },
        { from: `${data}.restoring`, to: data },
      ]),
    );
    renameSync(data, `${data}.before`);
    const again = await start(home);
    expect(await query(again.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(existsSync(`${data}.before`)).toBe(true);
  });
});

describe('a difficult place', () => {
  test('with a path too long for a socket gets a short socket directory', async () => {
    const home = path.join(temporary(), 'x'.repeat(60), 'y'.repeat(60));
    const cluster = await start(home);
    cleanups.push(() => rmSync(cluster.connection.host, { recursive: true, force: true }));
    expect(cluster.dataDir?.startsWith(home)).toBe(true);
    expect(path.basename(cluster.connection.host)).toMatch(/^wm-[0-9a-f]{12}$/);
    expect(await query(cluster.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
    await expect(otherProcess(home).said).resolves.toMatchObject({
      reused: true,
      connection: cluster.connection,
    });
  });

  test('with spaces, quotes and Chinese in its path', async () => {
    const cluster = await start(path.join(temporary(), `城管 "one", it's`));
    expect(await query(cluster.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test.skipIf(!isRoot)(
    'inside a directory closed to the server’s user moves to /var/lib/wanmi (needs root)',
    async () => {
      const home = path.join(temporary(0o700), '.wanmi');
      const warnings: string[] = [];
      const cluster = await start(home, {
        log: { info: () => {}, warn: (message) => warnings.push(message) },
      });
      const base = path.dirname(path.dirname(cluster.dataDir ?? ''));
      cleanups.unshift(() => rmSync(base, { recursive: true, force: true }));
      expect(cluster.dataDir).toMatch(/^\/var\/lib\/wanmi\/[0-9a-f]{12}\/postgres-main\/data$/);
      expect(warnings.join()).toContain(cluster.dataDir?.replace(/\/data$/, ''));
      await query(cluster.connection, 'create table kept as select 42 as answer');
      await cluster.stop();
      const again = await start(home);
      expect(again.dataDir).toBe(cluster.dataDir);
      expect(await query(again.connection, 'select answer from kept')).toEqual([{ answer: 42 }]);
    },
  );

  test.skipIf(!isRoot)(
    'whose data became closed is an error, not an empty database (needs root)',
    async () => {
      const top = temporary();
      const cluster = await start(path.join(top, '.wanmi'));
      await cluster.stop();
      chmodSync(top, 0o700);
      await expect(start(path.join(top, '.wanmi'))).rejects.toMatchObject({ code: 'cluster_not_accessible' });
    },
  );
});

/** An ordinary user must be able to read this repository. */
const nobodyCanRead = isRoot && worldReadable(import.meta.dirname) && worldReadable(process.execPath);

function worldReadable(file: string): boolean {
  for (let at = file; ; at = path.dirname(at)) {
    if ((statSync(at).mode & 0o005) !== 0o005) return false;
    if (at === path.dirname(at)) return true;
  }
}

describe('an ordinary user (needs root, and a repository that others may read)', () => {
  test.skipIf(!nobodyCanRead)('runs a cluster of its own, which root can use after it', async () => {
    const home = temporary();
    chownSync(home, NOBODY, NOBODY);
    const other = otherProcess(home, { uid: NOBODY });
    const said = await other.said;
    expect(said.error).toBeUndefined();
    expect(statSync(said.dataDir).uid).toBe(NOBODY);
    await other.stop();
    expect(await gone(said.pid)).toBe(true);
    // Root runs it as its owner and leaves nothing that the owner could not use again.
    const asRoot = await start(home);
    expect(asRoot.dataDir).toBe(said.dataDir);
    await asRoot.stop();
    const again = otherProcess(home, { uid: NOBODY });
    expect((await again.said).error).toBeUndefined();
  });

  test.skipIf(!nobodyCanRead)('is told when the data are another user’s', async () => {
    const home = temporary();
    await start(home);
    const other = otherProcess(home, { uid: NOBODY });
    const { error } = await other.said;
    expect(error?.code).toBe('cluster_not_accessible');
    expect(error?.message).toContain('WANMI_HOME');
  });

  test.skipIf(!nobodyCanRead)('without a name in /etc/passwd is told so', async () => {
    const home = temporary();
    chownSync(home, 54321, 54321);
    const { error } = await otherProcess(home, { uid: 54321 }).said;
    expect(error?.code).toBe('cluster_account');
    expect(error?.message).toContain('54321');
  });
});

describe('server programs', () => {
  test('that are missing and may not be installed end in the exact commands', async () => {
    const before = process.env['WANMI_INSTALL'];
    process.env['WANMI_INSTALL'] = 'never';
    try {
      const failure = start(temporary(), { search: { roots: [], path: '' } });
      await expect(failure).rejects.toMatchObject({ code: 'cluster_packages_missing' });
      const commands = databaseCommands(systemFamily());
      const { message } = (await failure.catch((error: Error) => error)) as Error;
      for (const command of commands) expect(message).toContain(command);
      expect(message).toContain('DATABASE_URL');
    } finally {
      if (before === undefined) delete process.env['WANMI_INSTALL'];
      else process.env['WANMI_INSTALL'] = before;
    }
  });

  test('are named as each system names them', () => {
    const release = (id: string, like = ''): string =>
      `NAME="X"\nID=${id}\nID_LIKE="${like}"\nVERSION_ID="1"\n`;
    expect(systemFamily('linux', release('debian'))).toBe('debian');
    expect(systemFamily('linux', release('linuxmint', 'ubuntu debian'))).toBe('debian');
    expect(systemFamily('linux', release('rocky', 'rhel centos fedora'))).toBe('fedora');
    expect(systemFamily('linux', release('alpine'))).toBe('alpine');
    expect(systemFamily('darwin', '')).toBe('macos');
    expect(systemFamily('linux', '')).toBe('other');
    expect(databaseCommands('debian', 15).at(-1)).toMatch(
      /apt-get install .*postgresql-15 postgresql-15-postgis-3/,
    );
    expect(databaseCommands('fedora').join()).toContain('dnf install');
    expect(databaseCommands('macos').join()).toContain('brew install');
  });

  test('of another major version than the data are refused with the command that migrates', async () => {
    const home = temporary();
    const cluster = await start(home);
    await cluster.stop();
    const version = path.join(cluster.dataDir ?? '', 'PG_VERSION');
    const { uid, gid } = statSync(version);
    writeFileSync(version, '14\n');
    const failure = await start(home).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'cluster_major_version' });
    const command = /npm exec node -- (\S+) (\S+)$/.exec((failure as Error).message);
    expect(existsSync(path.join(import.meta.dirname, '../../../..', command?.[1] ?? ''))).toBe(true);
    expect(command?.[2]).toBe(cluster.dataDir);
    writeFileSync(version, `${cluster.majorVersion}\n`);
    chownSync(version, uid, gid);
    await start(home);
  });
});

describe('DATABASE_URL', () => {
  test('is used as it is, and no cluster is made', async () => {
    const server = await start(temporary());
    const home = path.join(temporary(), 'unused');
    const databaseUrl = `postgres://wanmi@localhost/later?host=${encodeURIComponent(server.connection.host)}&port=5432`;
    const cluster = await start(home, { databaseUrl });
    expect(cluster.connection).toEqual({ ...server.connection, database: 'later' });
    expect(cluster).toMatchObject({
      pid: null,
      dataDir: null,
      majorVersion: server.majorVersion,
      reused: true,
    });
    expect(existsSync(home)).toBe(false);
    await cluster.stop();
    expect(isAlive(server.pid ?? 0)).toBe(true);
  });

  test('that leads nowhere is said without its password', async () => {
    const home = temporary();
    mkdirSync(home, { recursive: true });
    const failure = await start(home, { databaseUrl: 'postgres://u:s3cret@127.0.0.1:1/x' }).catch(
      (error: Error) => error,
    );
    expect(failure).toMatchObject({ code: 'database_unreachable' });
    expect((failure as Error).message).toContain('127.0.0.1:1');
    expect((failure as Error).message).not.toContain('s3cret');
  });
});
