import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ClusterError } from './errors.ts';
import type { ClusterLog } from './errors.ts';

export type SystemFamily = 'debian' | 'fedora' | 'alpine' | 'macos' | 'other';
export type Privilege = 'root' | 'sudo' | 'none';

export function systemFamily(platform = process.platform, osRelease = readOsRelease()): SystemFamily {
  if (platform === 'darwin') return 'macos';
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].map(
    (match) => match[1]?.replaceAll('"', '') ?? '',
  );
  const words = ids.join(' ').split(/\s+/);
  if (words.includes('debian') || words.includes('ubuntu')) return 'debian';
  if (words.includes('fedora') || words.includes('rhel')) return 'fedora';
  if (words.includes('alpine')) return 'alpine';
  return 'other';
}

/** The exact commands that put PostgreSQL with PostGIS on such a system. */
export function databaseCommands(family: SystemFamily, major?: number): string[] {
  switch (family) {
    case 'debian':
      return [
        'sudo mkdir -p /etc/postgresql-common',
        'echo "create_main_cluster = false" | sudo tee -a /etc/postgresql-common/createcluster.conf',
        'sudo apt-get update',
        `sudo apt-get install -y --no-install-recommends ${major ? `postgresql-${major} postgresql-${major}-postgis-3` : 'postgresql postgresql-postgis'}`,
      ];
    case 'fedora':
      return ['sudo dnf install -y postgresql-server postgresql-contrib postgis'];
    case 'alpine':
      return [`sudo apk add postgresql${major ?? 17} postgresql${major ?? 17}-contrib postgis`];
    case 'macos':
      return [`brew install postgresql@${major ?? 17} postgis`];
    case 'other':
      return [];
  }
}

export function missingServerMessage(family: SystemFamily, why: string, major?: number): string {
  const commands = databaseCommands(family, major);
  const wanted = major
    ? `PostgreSQL ${major} with PostGIS`
    : 'PostgreSQL 15 or later with PostGIS 3.3 or later';
  const advice =
    commands.length > 0
      ? `Run these commands, then start again:\n${commands.map((command) => `  ${command}`).join('\n')}`
      : `Install the server, its contrib modules and PostGIS with your system's packages, then start again.`;
  return `${wanted} was not found, and ${why}.\n${advice}\nOr set DATABASE_URL to a server of your own.`;
}

/** What we may do about missing packages. `WANMI_INSTALL=never` forbids it to root too. */
export function installPrivilege(environment: NodeJS.ProcessEnv = process.env): Privilege {
  if (environment['WANMI_INSTALL'] === 'never') return 'none';
  if (process.getuid?.() === 0) return 'root';
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? 'sudo' : 'none';
}

export function isInstalled(debianPackage: string): boolean {
  const { status, stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', debianPackage], {
    encoding: 'utf8',
  });
  return status === 0 && stdout.trim() === 'installed';
}

/** Installs PostgreSQL and PostGIS of one major version: the asked one, or the newest that has both. */
export async function installDatabase(log: ClusterLog, privilege: Privilege, major?: number): Promise<void> {
  await preventMainCluster(privilege);
  let packages = databasePackages(major);
  if (!packages) {
    await aptGet(['update'], privilege, log);
    packages = databasePackages(major);
  }
  if (!packages) {
    // An older release of Debian or Ubuntu, or data of a version that the release has left behind.
    const commands = [
      'sudo apt-get install -y postgresql-common',
      'sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y',
      `sudo apt-get install -y --no-install-recommends postgresql-${major ?? 17} postgresql-${major ?? 17}-postgis-3`,
    ];
    throw new ClusterError(
      'cluster_packages_missing',
      `the package sources of this system offer no PostgreSQL ${major ?? '15 or later'} with PostGIS. ` +
        `Those of postgresql.org do:\n${commands.map((command) => `  ${command}`).join('\n')}\n` +
        `Or set DATABASE_URL to a server of your own.`,
    );
  }
  await installPackages(packages, log, privilege);
}

/** Installs Debian packages without their recommendations; refreshes the package lists where they are too old. */
export async function installPackages(
  packages: string[],
  log: ClusterLog,
  privilege: Privilege,
): Promise<void> {
  log.info(`installing ${packages.join(' ')}`);
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (await aptGet(install, privilege, log, true)) return;
  await aptGet(['update'], privilege, log);
  await aptGet(install, privilege, log);
}

function databasePackages(major?: number): string[] | undefined {
  const { stdout } = spawnSync('apt-cache', ['pkgnames', 'postgresql-'], { encoding: 'utf8' });
  const names = new Set((stdout ?? '').split('\n'));
  const majors = [...names]
    .map((name) => Number(/^postgresql-(\d+)-postgis-3$/.exec(name)?.[1]))
    .filter((found) => found >= 15 && names.has(`postgresql-${found}`) && (!major || found === major))
    .filter((found) => hasCandidate(`postgresql-${found}`) && hasCandidate(`postgresql-${found}-postgis-3`))
    .sort((a, b) => b - a);
  return majors[0] ? [`postgresql-${majors[0]}`, `postgresql-${majors[0]}-postgis-3`] : undefined;
}

/** `pkgnames` also lists names that are only referred to. */
function hasCandidate(name: string): boolean {
  const { stdout } = spawnSync('apt-cache', ['policy', name], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return /Candidate: (?!\(none\))/.test(stdout ?? '');
}

const CREATE_CONF = '/etc/postgresql-common/createcluster.conf';
const NO_MAIN_CLUSTER = `# Wanmi runs a private cluster of its own: installing a server must not start one on port 5432.
create_main_cluster = false
`;

/** Debian's packages would make and start a cluster `main` on port 5432. */
async function preventMainCluster(privilege: Privilege): Promise<void> {
  const present = existsSync(CREATE_CONF) ? readFileSync(CREATE_CONF, 'utf8') : '';
  if (/^\s*create_main_cluster\s*=\s*['"]?false/m.test(present)) return;
  if (privilege === 'root') {
    mkdirSync('/etc/postgresql-common', { recursive: true });
    if (present) appendFileSync(CREATE_CONF, `\n${NO_MAIN_CLUSTER}`);
    else writeFileSync(CREATE_CONF, NO_MAIN_CLUSTER);
    return;
  }
  const script = 'mkdir -p /etc/postgresql-common && printf "%s" "$1" >> "$2"';
  spawnSync('sudo', ['-n', 'sh', '-c', script, 'sh', NO_MAIN_CLUSTER, CREATE_CONF], { stdio: 'ignore' });
}

/** Runs apt-get, showing its output; answers whether it succeeded, or throws unless a failure is tolerated. */
function aptGet(args: string[], privilege: Privilege, log: ClusterLog, tolerate = false): Promise<boolean> {
  const full = [
    '-q',
    '-o',
    'DPkg::Lock::Timeout=300', // another installation may be under way
    '-o',
    'Dpkg::Options::=--force-confold', // keep our createcluster.conf without asking
    ...args,
  ];
  const environment = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const [file, argv] =
    privilege === 'sudo'
      ? [
          'sudo',
          [
            '-n',
            'env',
            ...Object.entries(environment).map(([key, value]) => `${key}=${value}`),
            'apt-get',
            ...full,
          ],
        ]
      : ['apt-get', full];
  return new Promise((resolve, reject) => {
    const child = spawn(file as string, argv as string[], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let tail = '';
    const collect = (chunk: Buffer): void => {
      tail = (tail + chunk.toString('utf8')).slice(-4000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const finish = (code: number | null, error?: Error): void => {
      if (code === 0) resolve(true);
      else if (tolerate) resolve(false);
      else {
        log.warn(tail.trim());
        reject(
          new ClusterError(
            'cluster_install_failed',
            `apt-get ${args.join(' ')} failed (${error?.message ?? code})`,
          ),
        );
      }
    };
    child.on('error', (error) => finish(null, error));
    child.on('close', (code) => finish(code));
  });
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
