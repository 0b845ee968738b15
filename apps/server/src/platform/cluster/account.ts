import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { ClusterError } from './errors.ts';
import type { ClusterLog } from './errors.ts';
import { cleanEnvironment } from './processes.ts';
import type { Account } from './processes.ts';

/** The name of the user this process runs as, as `peer` authentication will see it. */
export function ownName(): string {
  try {
    return os.userInfo().username;
  } catch (error) {
    throw new ClusterError(
      'cluster_account',
      `the user id ${process.getuid?.()} has no name in /etc/passwd, and PostgreSQL runs under no such user; ` +
        `start with a user that exists, or set DATABASE_URL to a server of your own`,
      { cause: error },
    );
  }
}

/**
 * The user the server runs as. PostgreSQL refuses root, so a root process takes the owner of the data, else the
 * packages' `postgres`, else a user `wanmi` of our own (never `nobody`: others run things as that one).
 */
export function serverAccount(dataOwner: number | undefined, log: ClusterLog): Account | undefined {
  if (process.getuid?.() !== 0) {
    ownName();
    return undefined;
  }
  if (dataOwner !== undefined && dataOwner !== 0) {
    const owner = lookUp(String(dataOwner));
    if (owner) return owner;
  }
  return lookUp('postgres') ?? lookUp('wanmi') ?? createAccount(log);
}

function lookUp(user: string): Account | undefined {
  const [uid, gid, name] = ['-u', '-g', '-un'].map((flag) => capture('id', [flag, user]));
  return uid && gid && name ? { uid: Number(uid), gid: Number(gid), name } : undefined;
}

function createAccount(log: ClusterLog): Account {
  log.info('creating the system user wanmi, which runs the database');
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'wanmi'];
  capture('useradd', args);
  const account = lookUp('wanmi');
  if (account) return account;
  throw new ClusterError(
    'cluster_account',
    `PostgreSQL does not run as root, and there is no other user for it. Run: useradd ${args.join(' ')}`,
  );
}

function capture(file: string, args: string[]): string | undefined {
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8', cwd: '/', env: cleanEnvironment });
  return status === 0 ? stdout.trim() : undefined;
}
