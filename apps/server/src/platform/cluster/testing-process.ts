/**
 * Another process that uses a cluster, for the tests: takes its orders as JSON in argv, says what it got on the
 * first line of stdout, and keeps the cluster until it reads `stop` or `crash`, or gets a signal.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { upgradeCluster } from '../cluster-upgrade.ts';
import { ClusterError, ensureCluster } from '../cluster.ts';
import { MigrationError, migrate } from '../migrate.ts';
import type { Connection } from '../pool.ts';
import { chooseServer, defaultSearch, findServers } from './binaries.ts';
import { dataMajor } from './place.ts';

interface Orders {
  home: string;
  umask?: number;
  /** Only migrate this database. */
  migrate?: { connection: Connection; dir: string };
  /** Only move this data directory to the newest version there is. */
  upgrade?: { dataDir: string; by: 'files' | 'dump' };
}

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders;
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const log = { info: () => {}, warn: () => {} };

if (orders.umask !== undefined) process.umask(orders.umask);
try {
  if (orders.migrate) {
    say({ applied: await migrate(orders.migrate.connection, orders.migrate.dir) });
  } else if (orders.upgrade) {
    const servers = findServers(defaultSearch());
    const [from, to] = [chooseServer(servers, dataMajor(orders.upgrade.dataDir)), chooseServer(servers)];
    if (!from || !to) throw new Error('no server programs');
    say({ kept: await upgradeCluster({ ...orders.upgrade, from, to, log }) });
  } else {
    const cluster = await ensureCluster({ home: orders.home, log, settings: { shared_buffers: '16MB' } });
    const { pid, dataDir, connection, reused } = cluster;
    say({ pid, dataDir, connection, reused });
    const input = createInterface({ input: process.stdin });
    const [line] = (await once(input, 'line')) as [string];
    if (line === 'crash') process.exit(3);
    input.close();
    await cluster.stop();
  }
} catch (error) {
  if (!(error instanceof ClusterError || error instanceof MigrationError)) throw error;
  say({ error: { code: error.code, message: error.message } });
}
