import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg, { type PoolClient } from 'pg';
import { MIGRATIONS, tellPublished } from '../apps/server/src/app.ts';
import { setUpCity } from '../apps/server/src/cli/import/city.ts';
import { importCases, openFile, parseMapping } from '../apps/server/src/modules/importing/index.ts';
import { openBlobStore } from '../apps/server/src/platform/blob-store.ts';
import { systemClock } from '../apps/server/src/platform/clock.ts';
import { ensureCluster } from '../apps/server/src/platform/cluster.ts';
import { parseConfig } from '../apps/server/src/platform/config.ts';
import { copyText } from '../apps/server/src/platform/copy.ts';
import { createLogger } from '../apps/server/src/platform/log.ts';
import { migrate } from '../apps/server/src/platform/migrate.ts';
import type { Platform } from '../apps/server/src/platform/platform.ts';
import { clientConfig, createDb, createPool } from '../apps/server/src/platform/pool.ts';
import { createHub } from '../apps/server/src/platform/sse.ts';
import { calibrate, cpuOf, familyOf, machineCpu } from './machine.ts';
import type { BenchOptions, Figure } from './run.ts';

/**
 * A register of half a year, of the shape of a big city's (22 columns, one in five still open), imported into a city
 * of its own; beside it the same rows of the same tables by bare COPY, with the same indexes, from a bare client.
 */
const ROWS = 100_000;
const DATABASE = 'bench_import';

export async function bench(options: BenchOptions): Promise<Figure[]> {
  const home = path.resolve(options.home, 'bench');
  await mkdir(home, { recursive: true });
  const register = path.join(home, 'register.csv');
  await writeFile(register, madeUp(ROWS));
  const log = createLogger({ level: 'warn' });
  const cluster = await ensureCluster({ home, log, databaseUrl: null });
  const admin = new pg.Client(clientConfig({ ...cluster.connection, database: 'postgres' }, 'wanmi-bench'));
  await admin.connect();
  await admin.query(`drop database if exists ${DATABASE} with (force)`);
  await admin.end();
  const connection = { ...cluster.connection, database: DATABASE };
  await migrate(connection, MIGRATIONS);
  const pool = createPool(connection);
  tellPublished();
  const platform: Platform = {
    pool,
    db: createDb(pool),
    clock: systemClock,
    config: parseConfig({ WANMI_HOME: home }),
    log,
    blobs: await openBlobStore(path.join(home, 'blobs')),
    hub: createHub(),
  };
  try {
    const mapping = parseMapping('bench', MAPPING);
    const city = await setUpCity(platform, mapping.city!);
    const speed = calibrate();
    const cpu = () => ({
      machine: machineCpu(),
      node: cpuOf([process.pid]),
      pg: cpuOf(familyOf(cluster.pid!)),
    });
    const before = cpu();
    const began = performance.now();
    const result = await importCases(platform, {
      cityId: city.id,
      file: await openFile(register),
      mapping,
      onProgress: ({ read }) => read % 20_000 === 0 && options.log(`${read} rows`),
    });
    const seconds = (performance.now() - began) / 1000;
    const after = cpu();
    if (result.accepted !== ROWS) throw new Error(`${result.accepted} of ${ROWS} rows were taken`);
    const bare = await bareCopy(pool, options.log);
    const spent = {
      node: (after.node - before.node) / ROWS,
      pg: (after.pg - before.pg) / ROWS,
    };
    const busy = after.machine.busy - before.machine.busy;
    const total = after.machine.total - before.machine.total;
    const other = busy - (after.node - before.node) - (after.pg - before.pg);
    const both = spent.node + spent.pg;
    return [
      {
        name: 'import_rows',
        value: ROWS / seconds,
        unit: 'rows/s',
        reference: ROWS / bare.seconds,
        ratio: bare.seconds / seconds,
        goal: 3000,
        note: [
          `CPU ms/row node ${spent.node.toFixed(3)} pg ${spent.pg.toFixed(3)}, bare COPY pg ${(bare.pg / ROWS).toFixed(3)}`,
          `other CPU ${((100 * other) / total).toFixed(0)} %, steal ${((100 * (after.machine.steal - before.machine.steal)) / total).toFixed(0)} %`,
          `calibration ${speed}`,
        ].join('; '),
      },
      {
        name: 'import_rows_by_cpu',
        value: 2000 / both,
        unit: 'rows/s',
        goal: 3000,
        note: 'what the CPU per row comes to on two cores of this speed, were both free',
      },
    ];
    async function bareCopy(
      pool: pg.Pool,
      say: (line: string) => void,
    ): Promise<{ seconds: number; pg: number }> {
      const client = await pool.connect();
      try {
        const texts: [table: string, text: string][] = [];
        for (const table of TABLES) {
          await client.query(`create table bare_${table} (like "${table}" including all)`);
          texts.push([`bare_${table}`, await copyOut(client, table)]);
        }
        say('the same rows by bare COPY');
        const from = cpuOf(familyOf(cluster.pid!));
        const started = performance.now();
        for (const [table, text] of texts) await copyText(client, table, text);
        return { seconds: (performance.now() - started) / 1000, pg: cpuOf(familyOf(cluster.pid!)) - from };
      } finally {
        client.release();
      }
    }
  } finally {
    await pool.end();
    await cluster.stop();
  }
}

const TABLES = [
  'case',
  'case_text',
  'report',
  'assignment',
  'case_event',
  'import_row',
  'fact_case',
  'fact_report',
  'fact_assignment',
] as const;

/** All rows of a table as COPY's text. */
function copyOut(client: PoolClient, table: string): Promise<string> {
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    let failure: Error | null = null;
    client.query({
      submit: (wire: { query(text: string): void }) =>
        wire.query(`copy (select * from "${table}") to stdout`),
      handleCopyData: ({ chunk }: { chunk: Buffer }) => void parts.push(Buffer.from(chunk)),
      handleError: (error: Error) => (failure = error),
      handleReadyForQuery: () => (failure ? reject(failure) : resolve(Buffer.concat(parts).toString())),
      handleCommandComplete: () => {},
      handleRowDescription: () => {},
      handleDataRow: () => {},
    } as never);
  });
}

const MAPPING = JSON.stringify({
  format: 'wanmi-import/1',
  kind: 'case',
  register: 'bench',
  city: { code: 'BENCH', name: { 'zh-CN': '测试市', en: 'Bench' }, timeZone: 'America/New_York' },
  dateFormats: ['yyyy-MM-dd HH:mm:ss'],
  fields: {
    id: 'id',
    reportedAt: 'opened',
    closedAt: 'closed',
    dueAt: 'due',
    status: 'status',
    onTime: 'flag',
    source: 'channel',
    group: 'group',
    type: 'type',
    agency: 'agency',
    title: 'title',
    address: 'address',
    latitude: 'lat',
    longitude: 'lon',
  },
  values: {
    status: { map: { Closed: 'closed', Open: 'open' } },
    onTime: { map: { ONTIME: true, OVERDUE: false } },
    source: { map: { Phone: 'hotline12345', App: 'publicApp', Web: 'website' }, otherwise: 'reject' },
  },
  position: { nowhere: [[-71.0587, 42.3594]] },
});

/** Pure: the same numbers every time. */
function madeUp(rows: number): string {
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
  const from = Date.UTC(2024, 6, 1);
  const half = 184 * 24 * 3600_000;
  const streets = ['Main St', 'Washington St', 'Commonwealth Ave', 'Blue Hill Ave', 'Centre St', 'River St'];
  const lines = [
    'id,opened,due,closed,flag,status,reason,title,subject,group,type,queue,agency,address,area,ward,precinct,street,zip,lat,lon,channel',
  ];
  for (let i = 0; i < rows; i += 1) {
    const opened = from + Math.floor((i / rows) * half);
    const type = next(140);
    const isOpen = next(5) === 0;
    const due = opened + (1 + next(20)) * 24 * 3600_000;
    const closed = opened + next(30 * 24 * 3600) * 1000;
    const street = streets[next(streets.length)]!;
    const number = 1 + next(900);
    const nowhere = next(15) === 0;
    lines.push(
      [
        101_000_000_000 + i,
        time(opened),
        next(5) === 0 ? '' : time(due),
        isOpen ? '' : time(closed),
        closed > due ? 'OVERDUE' : 'ONTIME',
        isOpen ? 'Open' : 'Closed',
        `Case Closed Case Resolved item ${next(9000)} done`,
        `Request of type ${type}`,
        'Public Works Department',
        `Group ${type % 20}`,
        `Request of type ${type}`,
        `PWDx_District ${type % 12}`,
        `AG${type % 14}`,
        `${number} ${street}  Boston  MA  02131`,
        'Roslindale',
        `Ward ${1 + next(22)}`,
        String(1000 + next(1200)),
        `${number} ${street}`,
        '02131',
        nowhere ? '42.3594' : (42.24 + next(16_000) / 100_000).toFixed(4),
        nowhere ? '-71.0587' : (-71.18 + next(17_000) / 100_000).toFixed(4),
        ['Phone', 'Phone', 'App', 'Web'][next(4)],
      ].join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}
