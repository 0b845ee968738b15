import path from 'node:path';
import type { Pool } from 'pg';
import { chooseServer, defaultSearch, findServers } from '#platform/cluster/binaries';
import { run } from '#platform/cluster/processes';
import type { Platform } from '#platform/platform';
import { BackupError } from './errors.ts';

/** The running private server, as PostgreSQL's own programs reach it. */
export interface Server {
  readonly binDir: string;
  readonly major: number;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly dataDir: string;
}

export const FOREIGN =
  'this installation uses a server of its own (DATABASE_URL). Its backup belongs to whoever runs that server: ' +
  'Wanmi can neither reach its data directory nor its WAL, and a copy of the tables alone would not go back to a minute. ' +
  'Use its own means (pgBackRest, Barman, the provider’s point-in-time recovery), and back up WANMI_HOME beside it';

/** @throws backup_foreign_database where DATABASE_URL is set */
export async function serverOf({ config, pool }: Pick<Platform, 'config' | 'pool'>): Promise<Server> {
  if (config.databaseUrl !== null) throw new BackupError('backup_foreign_database', FOREIGN);
  const { rows } = await pool.query<{ version: number; dir: string }>(
    `select current_setting('server_version_num')::int as version, current_setting('data_directory') as dir`,
  );
  const major = Math.floor(rows[0]!.version / 10_000);
  const { host, port, user } = pool.options;
  return {
    binDir: binariesOf(major),
    major,
    host: host ?? '',
    port: port ?? 5432,
    user: user ?? 'wanmi',
    dataDir: rows[0]!.dir,
  };
}

const known = new Map<number, string>();

/** Looking for them starts a dozen programs: once in a process. */
export function binariesOf(major: number): string {
  let dir = known.get(major);
  if (dir === undefined) {
    dir = chooseServer(findServers(defaultSearch()), major)?.binDir;
    if (dir === undefined) {
      throw new BackupError('backup_tools', `the programs of PostgreSQL ${major} are not on this machine`);
    }
    known.set(major, dir);
  }
  return dir;
}

export function connectionArgs({ host, port, user }: Server): string[] {
  return ['-h', host, '-p', String(port), '-U', user, '--no-password'];
}

/** Runs one of PostgreSQL's programs to its end. @throws with what it said */
export async function tool(binDir: string, name: string, args: readonly string[]): Promise<string> {
  const { code, output } = await run(path.join(binDir, name), [...args]);
  if (code !== 0) throw new BackupError('backup_failed', `${name} failed: ${output.trim().slice(-2000)}`);
  return output;
}

/** One value of the database, for questions that no room owns. */
export async function ask<T>(pool: Pool, text: string, values: unknown[] = []): Promise<T | null> {
  const { rows } = await pool.query<{ value: T }>(text, values);
  return rows[0]?.value ?? null;
}
