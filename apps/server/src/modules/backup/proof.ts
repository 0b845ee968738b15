import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { audit } from '#modules/audit';
import { verifyCity, verifyRoots } from '#modules/integrity';
import type { CityFaults } from '#modules/integrity';
import { openBlobStore } from '#platform/blob-store';
import { systemClock } from '#platform/clock';
import type { Config } from '#platform/config';
import { citiesOf } from '#platform/jobs-cities';
import type { Platform } from '#platform/platform';
import { createDb, createPool } from '#platform/pool';
import type { Connection, Db } from '#platform/pool';
import { BackupError } from './errors.ts';
import { copyNew, isIntact, placeOf } from './files.ts';
import type { Folder } from './folder.ts';
import { write } from './state.ts';

export interface Proof {
  readonly cases: number;
  readonly events: number;
  readonly chainsChecked: number;
  readonly rootsChecked: number;
  readonly files: number;
  /** Files that the city refers to and the backup does not have: what came in the last seconds before the end. */
  readonly missingFiles: string[];
}

interface Ground {
  readonly folder: Folder;
  readonly config: Config;
  readonly chains: boolean;
  readonly base: string;
  readonly target: number | null;
  readonly reached: Date | null;
  readonly onProgress?: (what: string) => void;
}

/**
 * What came back is proven before it takes anybody's place: each chain, each daily root against the file outside of the
 * database, each photo by its hash. Then it is marked as restored, everybody's session ends, and the record says so.
 * @throws restore_not_whole
 */
export async function prove(connection: Connection, ground: Ground): Promise<Proof> {
  const pool = createPool(connection, { max: 4, applicationName: 'wanmi-restore' });
  try {
    const db = createDb(pool);
    const staged = stagedRoots(ground.config);
    await stageRoots(db, ground, staged);
    const config = { ...ground.config, logRoot: staged };
    const platform = { pool, db, config, clock: systemClock } as Platform;
    const faults: string[] = [];
    let chainsChecked = 0;
    let rootsChecked = 0;
    for (const { id, code } of await citiesOf(db)) {
      const found = ground.chains
        ? await verifyCity(platform, id, progressOf(ground, code))
        : await rootsOf(platform, id);
      chainsChecked += found.casesChecked;
      rootsChecked += found.rootsChecked;
      faults.push(
        ...found.chains.map(({ caseNo, reason }) => `case ${caseNo}: ${reason}`),
        ...found.roots.map(({ day, reason }) => `root of ${code} ${day}: ${reason}`),
      );
    }
    if (faults.length > 0) {
      throw new BackupError(
        'restore_not_whole',
        `what was restored is not whole, and nothing that existed was changed:\n${faults.slice(0, 20).join('\n')}`,
      );
    }
    const files = await bringFiles(db, ground);
    const counts = await countsOf(db);
    await mark(platform, ground);
    return { ...counts, chainsChecked, rootsChecked, ...files };
  } finally {
    await pool.end();
  }
}

/** Where the roots lie until everything is proven: beside their place, so that one rename brings them there. */
export const stagedRoots = ({ logRoot }: Config): string => `${logRoot}.restoring`;

const progressOf =
  ({ onProgress }: Ground, code: string) =>
  (checked: number): void =>
    onProgress?.(`proving ${code}: ${checked} cases`);

async function rootsOf(platform: Platform, cityId: string): Promise<CityFaults> {
  const { faults, checked } = await verifyRoots(platform, cityId);
  return { chains: [], roots: faults, casesChecked: 0, rootsChecked: checked };
}

/**
 * The roots as they were known at the moment. Those of later days are true of a history that is being left: they stay
 * readable beside it, under a name of their own.
 */
async function stageRoots(db: Db, { folder, config }: Ground, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const { rows } = await sql<{ code: string; last: string | null }>`
    select c.code, max(r.day)::text as last from city c left join log_root r on r.city_id = c.id group by c.code`.execute(
    db,
  );
  for (const { code, last } of rows) {
    const name = `${code.replace(/[^\w.-]/g, '_')}.jsonl`;
    // The installation's own file says more than the copy, which may be a day behind.
    const from = [config.logRoot, folder.roots]
      .map((dir) => path.join(dir, name))
      .find((file) => existsSync(file));
    if (!from) continue;
    const lines = (await readFile(from, 'utf8')).split('\n').filter(Boolean);
    const kept = lines.filter((line) => dayOf(line) <= (last ?? ''));
    const later = lines.filter((line) => dayOf(line) > (last ?? ''));
    if (kept.length > 0) await writeFile(path.join(to, name), `${kept.join('\n')}\n`);
    if (later.length > 0) {
      await writeFile(path.join(to, `${name}.left-${systemClock.now()}`), `${later.join('\n')}\n`);
    }
  }
}

function dayOf(line: string): string {
  try {
    return (JSON.parse(line) as { day: string }).day;
  } catch {
    return '';
  }
}

/** Every file that the restored city refers to, from the backup into its store; each is read once more there. */
async function bringFiles(
  db: Db,
  { folder, config, onProgress }: Ground,
): Promise<Pick<Proof, 'files' | 'missingFiles'>> {
  const store = path.join(config.home, 'blobs');
  await openBlobStore(store);
  const missingFiles: string[] = [];
  let files = 0;
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const { rows } = await sql<{ id: string; names: string[] }>`
      select id, array_remove(array[encode(sha256, 'hex'), encode(served_sha256, 'hex'), encode(thumbnail_sha256, 'hex')],
        null) as names
      from media where id > ${after}::uuid order by id limit 500`.execute(db);
    const names = [...new Set(rows.flatMap((row) => row.names))];
    await copyNew(folder.files, store, names);
    for (const name of names) {
      files += 1;
      const there = await stat(placeOf(store, name)).catch(() => null);
      if (!there || !(await isIntact(store, name))) missingFiles.push(name);
    }
    onProgress?.(`files: ${files}`);
    const last = rows.at(-1);
    if (!last) return { files, missingFiles };
    after = last.id;
  }
}

async function countsOf(db: Db): Promise<Pick<Proof, 'cases' | 'events'>> {
  const { rows } = await sql<{ cases: number; events: number }>`
    select (select count(*) from "case")::int as cases, (select count(*) from case_event)::int as events`.execute(
    db,
  );
  return rows[0]!;
}

/**
 * A session that was ended after the moment would be open again: all of them end. The timers and notices of a restored
 * city rest until somebody has looked at it.
 */
async function mark(platform: Platform, { base, target, reached }: Ground): Promise<void> {
  const { db } = platform;
  const at = new Date(systemClock.now());
  await db.transaction().execute(async (trx) => {
    await sql`update session set revoked_at = ${at} where revoked_at is null`.execute(trx);
    await sql`delete from instance where key = 'backup.archive'`.execute(trx);
    await write(trx, 'restored', {
      at: at.toISOString(),
      asked: target === null ? 'latest' : new Date(target).toISOString(),
      reached: reached?.toISOString() ?? null,
      base,
      confirmedAt: null,
    });
    for (const { id } of await citiesOf(trx)) {
      await audit(trx, platform, {
        cityId: id,
        action: 'backup.restore',
        entity: 'backup',
        outcome: 'ok',
        detail: { base, asked: target, reached: reached?.getTime() ?? null },
      });
    }
  });
}
