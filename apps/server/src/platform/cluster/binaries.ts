import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, globSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment } from './processes.ts';

/** PostGIS 3.3 and `lz4` WAL need it; so does the product. */
export const OLDEST_MAJOR = 15;

export interface ServerBinaries {
  binDir: string;
  major: number;
  /** postgis, pg_trgm and btree_gist are there. */
  complete: boolean;
  lz4: boolean;
}

export interface Search {
  /** Directories (globs) that may hold `postgres` and `initdb`. */
  roots: string[];
  /** Searched after them, as PATH. */
  path: string;
}

export function defaultSearch(): Search {
  return {
    roots: [
      '/usr/lib/postgresql/*/bin', // Debian, Ubuntu
      '/usr/pgsql-*/bin', // packages of postgresql.org for Fedora, RHEL
      '/usr/libexec/postgresql*', // Alpine
      '/opt/homebrew/opt/postgresql@*/bin',
      '/usr/local/opt/postgresql@*/bin',
      '/Applications/Postgres.app/Contents/Versions/*/bin',
    ],
    path: process.env['PATH'] ?? '',
  };
}

/** Every PostgreSQL server on this machine, the newest first. */
export function findServers(search: Search): ServerBinaries[] {
  const dirs = [...search.roots.flatMap((root) => globSync(root)), ...search.path.split(path.delimiter)];
  const seen = new Set<string>();
  const found: ServerBinaries[] = [];
  for (const dir of dirs) {
    if (!dir || !isExecutable(path.join(dir, 'postgres')) || !isExecutable(path.join(dir, 'initdb')))
      continue;
    const binDir = realpathSync(dir);
    if (seen.has(binDir)) continue;
    seen.add(binDir);
    const major = majorOf(binDir);
    if (major === undefined) continue;
    const config = output(path.join(binDir, 'pg_config'), ['--sharedir', '--configure']).split('\n');
    const extensions = [config[0]?.trim(), `/usr/share/postgresql/${major}`, '/usr/share/pgsql']
      .filter((share): share is string => Boolean(share))
      .map((share) => path.join(share, 'extension'));
    const has = (name: string): boolean =>
      extensions.some((at) => existsSync(path.join(at, `${name}.control`)));
    found.push({
      binDir,
      major,
      complete: ['postgis', 'pg_trgm', 'btree_gist'].every(has),
      lz4: config.some((line) => line.includes('--with-lz4')),
    });
  }
  return found.sort((a, b) => b.major - a.major);
}

/** The newest complete server, or the one of the major version that the data was made by. */
export function chooseServer(servers: ServerBinaries[], dataMajor?: number): ServerBinaries | undefined {
  const fit = servers.filter((server) => server.complete && server.major >= OLDEST_MAJOR);
  return dataMajor === undefined ? fit[0] : fit.find((server) => server.major === dataMajor);
}

function majorOf(binDir: string): number | undefined {
  const match = /\(PostgreSQL\) (\d+)/.exec(output(path.join(binDir, 'postgres'), ['--version']));
  return match ? Number(match[1]) : undefined;
}

function output(file: string, args: string[]): string {
  return spawnSync(file, args, { encoding: 'utf8', env: cleanEnvironment, cwd: '/' }).stdout ?? '';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
