import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { clientConfig } from './pool.ts';
import type { Connection } from './pool.ts';

export interface MigrationFile {
  number: number;
  name: string;
  sql: string;
  checksum: string;
  /** First line `-- breaking`: it must not run under a program that still works with the old tables. */
  breaking: boolean;
}

export class MigrationError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationError';
    this.code = code;
  }
}

export interface MigrateOptions {
  /** How long a statement waits for a lock before the migration gives up. */
  lockTimeoutMs?: number;
}

const APPLICATION = 'wanmi-migrate';
const EXTENSIONS = ['postgis', 'pg_trgm', 'btree_gist'] as const;
// 'wm' 'mg' as two int4: one lock for bootstrap and migrations of a database.
const LOCK = [0x776d, 0x6d67] as const;

/** The numbered files of a directory, in order. Anything that looks like a slip is an error. */
export async function readMigrations(dir: string): Promise<MigrationFile[]> {
  const files: MigrationFile[] = [];
  for (const entry of (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort()) {
    const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(entry);
    if (!match?.[1]) {
      throw new MigrationError('migration_name', `${path.join(dir, entry)}: expected NNNN_name.sql`);
    }
    // A checkout with CRLF line ends is the same migration.
    const sql = (await readFile(path.join(dir, entry), 'utf8')).replaceAll('\r\n', '\n');
    const number = Number(match[1]);
    if (files.at(-1)?.number === number) {
      throw new MigrationError('migration_number', `two migrations have the number ${match[1]} in ${dir}`);
    }
    files.push({
      number,
      name: entry.slice(0, -4),
      sql,
      checksum: createHash('sha256').update(sql).digest('hex'),
      breaking: /^--\s*breaking\b/.test(sql),
    });
  }
  return files;
}

/**
 * Brings the database up to the directory's last migration and returns the names of those it applied.
 * Creates the database and the extensions where they are missing. Any number of processes may race.
 */
export async function migrate(
  connection: Connection,
  dir: string,
  options: MigrateOptions = {},
): Promise<string[]> {
  const files = await readMigrations(dir);
  await createDatabase(connection);
  const client = new pg.Client(clientConfig(connection, APPLICATION));
  client.on('error', () => {}); // the running query rejects with the same error
  await client.connect();
  try {
    await checkServer(client);
    await client.query('select pg_advisory_lock($1, $2)', [...LOCK]);
    for (const extension of EXTENSIONS) await createExtension(client, extension);
    await client.query(`create table if not exists schema_migration (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`);
    const pending = await pendingMigrations(client, files);
    for (const file of pending) await apply(client, file, options.lockTimeoutMs ?? 10_000);
    return pending.map((file) => file.name);
  } finally {
    await client.end(); // gives the lock back too
  }
}

async function createDatabase(connection: Connection): Promise<void> {
  const probe = new pg.Client(clientConfig(connection, APPLICATION));
  probe.on('error', () => {});
  try {
    await probe.connect();
    return;
  } catch (error) {
    if (sqlState(error) !== '3D000') throw error;
  } finally {
    await probe.end().catch(() => {});
  }
  const maintenance = new pg.Client(clientConfig({ ...connection, database: 'postgres' }, APPLICATION));
  maintenance.on('error', () => {});
  await maintenance.connect();
  try {
    await maintenance.query(
      `create database ${pg.escapeIdentifier(connection.database)} template template0 encoding 'UTF8'`,
    );
  } catch (error) {
    // Another process was first: 42P04 when it had finished, 23505 when it was at it.
    if (!['42P04', '23505'].includes(sqlState(error) ?? '')) throw error;
  } finally {
    await maintenance.end();
  }
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string; ctype: string }>(
    `select current_setting('server_version_num')::int as version, pg_encoding_to_char(encoding) as encoding,
            datctype as ctype
       from pg_database where datname = current_database()`,
  );
  const server = rows[0];
  if (!server) throw new MigrationError('database_unknown', 'the server does not name its own database');
  if (server.version < 150_000) {
    throw new MigrationError('database_version', `PostgreSQL 15 or later is needed, not ${server.version}`);
  }
  if (server.encoding !== 'UTF8') {
    throw new MigrationError('database_encoding', `the database must be UTF8, not ${server.encoding}`);
  }
}

async function createExtension(client: pg.Client, name: (typeof EXTENSIONS)[number]): Promise<void> {
  const { rowCount } = await client.query('select from pg_extension where extname = $1', [name]);
  if (rowCount) return;
  try {
    await client.query(`create extension if not exists ${name}`);
  } catch (error) {
    if (sqlState(error) === '42501') {
      throw new MigrationError(
        'database_extension',
        `the database user may not create extension ${name}; let an administrator run: create extension ${name};`,
        { cause: error },
      );
    }
    throw error;
  }
}

async function pendingMigrations(client: pg.Client, files: MigrationFile[]): Promise<MigrationFile[]> {
  const { rows } = await client.query<{ number: number; name: string; checksum: string }>(
    'select number, name, checksum from schema_migration order by number',
  );
  const byNumber = new Map(files.map((file) => [file.number, file]));
  for (const row of rows) {
    const file = byNumber.get(row.number);
    if (!file) {
      throw new MigrationError(
        'migration_unknown',
        `the database has migration ${row.name}, which this program does not know: it was migrated by a newer version`,
      );
    }
    if (file.checksum !== row.checksum) {
      throw new MigrationError(
        'migration_changed',
        `migration ${file.name} was changed after it had been applied; put the file back and write a new migration`,
      );
    }
  }
  const last = rows.at(-1)?.number ?? -1;
  const applied = new Set(rows.map((row) => row.number));
  const pending = files.filter((file) => !applied.has(file.number));
  const late = pending.find((file) => file.number < last);
  if (late) {
    throw new MigrationError(
      'migration_order',
      `migration ${late.name} comes before ${String(last).padStart(4, '0')}, which is applied already; give it a later number`,
    );
  }
  return pending;
}

async function apply(client: pg.Client, file: MigrationFile, lockTimeoutMs: number): Promise<void> {
  if (file.breaking) await refuseWhileInUse(client, file);
  await client.query('begin');
  try {
    // A lock that is not to be had soon would stop every reader that queues behind us.
    await client.query(`set local lock_timeout = ${Math.round(lockTimeoutMs)}`);
    // First the row: of two processes that got here by any way, the second waits and then fails on the key.
    await client.query('insert into schema_migration (number, name, checksum) values ($1, $2, $3)', [
      file.number,
      file.name,
      file.checksum,
    ]);
    await client.query(file.sql);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw new MigrationError('migration_failed', `migration ${file.name}: ${describe(error, file.sql)}`, {
      cause: error,
    });
  } finally {
    // A migration may have set search_path or the like for the session.
    await client.query('reset all').catch(() => {});
  }
}

async function refuseWhileInUse(client: pg.Client, file: MigrationFile): Promise<void> {
  const { rows } = await client.query<{ application_name: string }>(
    `select distinct application_name from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' and application_name <> $1`,
    [APPLICATION],
  );
  if (rows.length === 0) return;
  const names = rows.map((row) => row.application_name || '(unnamed)').join(', ');
  throw new MigrationError(
    'migration_in_use',
    `migration ${file.name} breaks running programs; stop these first: ${names}`,
  );
}

function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

function describe(error: unknown, sql: string): string {
  if (!(error instanceof Error)) return String(error);
  const position = error instanceof pg.DatabaseError ? Number(error.position) : Number.NaN;
  if (!Number.isFinite(position)) return error.message;
  return `${error.message} (line ${sql.slice(0, position).split('\n').length})`;
}
