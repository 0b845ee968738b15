import { createHash, randomInt } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { ensureCluster } from './cluster.ts';
import { migrate, readMigrations } from './migrate.ts';
import { clientConfig } from './pool.ts';
import type { Connection } from './pool.ts';
import { CLONE_PREFIX, TEMPLATE_PREFIX, asAdmin, clonePrefix, dropDatabase } from './testing.ts';
import type { TestServer } from './testing.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
const MIGRATIONS = path.join(ROOT, 'apps/server/migrations');

// 'wm' 'tt': one at a time makes templates and clears up.
const SETUP_LOCK = [0x776d, 0x7474] as const;
// 'wm' 'tr' leads the lock of a run, which lives as long as the run's connection does.
const RUN_CLASS = 0x7472;

const say = (message: string): void => void process.stderr.write(`${message}\n`);

/** Starts or finds the test server, makes the template of today's migrations, and clears up behind ended runs. */
export async function openTestServer(): Promise<{ testServer: TestServer; close: () => Promise<void> }> {
  const cluster = await ensureCluster({
    home: path.resolve(ROOT, process.env['WANMI_HOME'] ?? '.wanmi'),
    name: 'test',
    log: { info: say, warn: say },
  });
  const server = cluster.connection;
  const run = randomInt(1, 2 ** 31 - 1);
  // Whoever can take this lock knows that the run is over, however it ended and on whichever machine.
  const alive = new pg.Client(clientConfig({ ...server, database: 'postgres' }, 'wanmi-test-run'));
  alive.on('error', () => {});
  await alive.connect();
  await alive.query('select pg_advisory_lock($1, $2)', [RUN_CLASS, run]);

  const template = `${TEMPLATE_PREFIX}${await migrationsHash()}`;
  await asAdmin(server, async (admin) => {
    await admin.query('select pg_advisory_lock($1, $2)', [...SETUP_LOCK]);
    await dropStale(admin, template);
    await ensureTemplate(admin, server, template);
  });

  const close = async (): Promise<void> => {
    await asAdmin(server, async (admin) => {
      for (const name of await databases(admin, clonePrefix(String(run)))) await dropDatabase(server, name);
    });
    await alive.end();
    await cluster.stop();
  };
  return { testServer: { connection: server, template, run: String(run) }, close };
}

async function migrationsHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of await readMigrations(MIGRATIONS)) hash.update(`${file.name} ${file.checksum}\n`);
  return hash.digest('hex').slice(0, 16);
}

async function ensureTemplate(admin: pg.Client, server: Connection, template: string): Promise<void> {
  const { rows } = await admin.query<{ ready: boolean }>(
    'select datistemplate as ready from pg_database where datname = $1',
    [template],
  );
  if (rows[0]?.ready) return;
  // Left by a set-up that failed or was killed half way.
  if (rows[0]) await dropDatabase(server, template);
  await migrate({ ...server, database: template }, MIGRATIONS);
  await admin.query(
    `alter database ${pg.escapeIdentifier(template)} is_template true allow_connections false`,
  );
}

/** Clones of runs that ended, and templates of other migrations that no living run may still clone. */
async function dropStale(admin: pg.Client, template: string): Promise<void> {
  for (const name of await databases(admin, CLONE_PREFIX)) {
    const run = Number(name.slice(CLONE_PREFIX.length).split('_')[0]);
    const { rows } = await admin.query<{ ended: boolean }>('select pg_try_advisory_lock($1, $2) as ended', [
      RUN_CLASS,
      run,
    ]);
    if (!rows[0]?.ended) continue;
    await admin.query('select pg_advisory_unlock($1, $2)', [RUN_CLASS, run]);
    await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
  }
  const { rows } = await admin.query<{ runs: number }>(
    `select count(*)::int as runs from pg_locks where locktype = 'advisory' and classid = $1`,
    [RUN_CLASS],
  );
  if ((rows[0]?.runs ?? 0) > 1) return;
  for (const name of await databases(admin, TEMPLATE_PREFIX)) {
    if (name === template) continue;
    const quoted = pg.escapeIdentifier(name);
    await admin.query(`alter database ${quoted} is_template false`);
    await admin.query(`drop database if exists ${quoted} with (force)`);
  }
}

async function databases(admin: pg.Client, prefix: string): Promise<string[]> {
  const { rows } = await admin.query<{ datname: string }>(
    'select datname from pg_database where starts_with(datname, $1)',
    [prefix],
  );
  return rows.map((row) => row.datname);
}
