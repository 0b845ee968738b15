import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { folderAt, listBackups } from '../../apps/server/src/modules/backup/index.ts';
import { connectionTo } from '../../apps/server/src/platform/cluster/server.ts';
import { createPool } from '../../apps/server/src/platform/pool.ts';
import { castOf, Load, type Acknowledged, type Cast } from './load.ts';
import { Program } from './program.ts';
import { brokenChains, faultsOf, settled } from './proof.ts';

/** The restore drill: a city at work is killed, and brought back from its backups alone. */
const CLI = path.resolve(import.meta.dirname, '../../apps/server/src/cli.ts');

export interface Said {
  readonly code: number | null;
  readonly output: string;
}

/** `wanmi …`, as an operator types it. */
export function wanmi(args: readonly string[], env: Record<string, string>): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, DATABASE_URL: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

export class Drill {
  readonly program: Program;
  readonly dir: string;
  readonly #copies: Program[] = [];
  cast: Cast | undefined;

  private constructor(program: Program, dir: string) {
    this.program = program;
    this.dir = dir;
  }

  /** A city with backups: the first is made by itself. */
  static async begin(): Promise<Drill> {
    const program = await Program.make();
    const drill = new Drill(program, await mkdtemp(path.join(tmpdir(), 'wanmi-backups-')));
    program.env['WANMI_BACKUP_DIR'] = drill.dir;
    program.start();
    await program.ready();
    await drill.untilBackup(1);
    const pool = drill.open();
    drill.cast = await castOf(pool, program.url, program.password);
    await pool.end();
    return drill;
  }

  get env(): Record<string, string> {
    return { WANMI_HOME: this.program.home, WANMI_BACKUP_DIR: this.dir };
  }

  open(program = this.program): Pool {
    return createPool(connectionTo(program.postmaster!.socketDir), { max: 3, applicationName: 'drill' });
  }

  async untilBackup(count: number): Promise<void> {
    for (let tries = 0; tries < 600; tries += 1) {
      if ((await listBackups(folderAt(this.dir))).length >= count) return;
      await delay(200);
    }
    throw new Error(`no backup was made:\n${this.program.output}`);
  }

  /** Kills the program and its database, as a machine that loses its power does. */
  async kill(): Promise<void> {
    this.program.killPostmaster();
    await this.program.killServer();
    for (const { pid } of this.program.family()) process.kill(pid, 'SIGKILL');
  }

  /** A new home from the backups, and the program on it, not yet confirmed. */
  async restore(args: readonly string[]): Promise<{ copy: Program; said: Said }> {
    const home = await mkdtemp(path.join(tmpdir(), 'wanmi-drill-'));
    await chmod(home, 0o755); // the database server may run as a user of its own
    const said = await wanmi(['restore', ...args, '--into', home], this.env);
    if (said.code !== 0) throw new Error(`restore ${args.join(' ')}:\n${said.output}`);
    const copy = await Program.at(home);
    this.#copies.push(copy);
    return { copy, said };
  }

  async clear(): Promise<void> {
    for (const program of [this.program, ...this.#copies]) await program.clear();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** The next full second, waited for: what was answered before it must be in a restore to it, what is asked after it must not. */
export async function noteMoment(): Promise<number> {
  const moment = Math.ceil((Date.now() + 1) / 1000) * 1000;
  await delay(moment - Date.now() + 20);
  return moment;
}

export interface Compared {
  /** Acknowledged before the moment and not there. */
  readonly lost: number;
  /** Asked after the moment and there. */
  readonly early: number;
  readonly doubled: number;
  readonly there: number;
  /** How long before the end the oldest lost one was acknowledged, in milliseconds. */
  readonly oldestLost: number;
}

/** Which commands a restored city knows, by the keys that the clients gave them. */
export async function compare(
  pool: Pool,
  commands: readonly Acknowledged[],
  moment: number,
): Promise<Compared> {
  const { rows } = await pool.query<{ key: string; n: number }>(
    'select key, count(*)::int as n from command group by key',
  );
  const there = new Map(rows.map(({ key, n }) => [key, n]));
  const lost = commands.filter(({ key, answeredAt }) => answeredAt <= moment && !there.has(key));
  return {
    lost: lost.length,
    early: commands.filter(({ key, askedAt }) => askedAt > moment && there.has(key)).length,
    doubled: [...there.values()].filter((n) => n > 1).length,
    there: there.size,
    oldestLost: lost.length === 0 ? 0 : moment - Math.min(...lost.map(({ answeredAt }) => answeredAt)),
  };
}

/** What is wrong with a restored city's books, once its readers have caught up. */
export async function faultsOfCopy(pool: Pool): Promise<string[]> {
  await settled(pool, 60_000);
  return [...(await brokenChains(pool)), ...(await faultsOf(pool))];
}

export { Load };
