import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { createHash } from 'node:crypto';
import type { HashAlgorithm } from '#platform/canonical';
import { addDays, cityDayStart } from '#platform/clock';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import type { Head } from './changing-tree.ts';
import { GrowingTree, headLeaf } from './tree.ts';

export interface DailyRoot {
  /** The city's day. */
  readonly day: string;
  readonly algorithm: HashAlgorithm;
  readonly cases: number;
  /** Hex. */
  readonly root: string;
  /** Hex of the root before it; null for the first. */
  readonly previous: string | null;
}

const ALGORITHM: HashAlgorithm = 'sha256';
const PAGE = 20_000;
/** Before every id. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** What stands in the log: the Merkle root over all heads, hashed onto the root of the day before. */
export function chainedRoot(tree: Buffer, previous: string | null, algorithm: HashAlgorithm): string {
  const before = previous === null ? Buffer.alloc(32) : Buffer.from(previous, 'hex');
  return createHash(algorithm).update(before).update(tree).digest('hex');
}

/** Closes the log of each day in turn; a day that has its root is left alone. */
export async function writeRoots(
  platform: Platform,
  city: { cityId: string; timeZone: string },
  days: { from: string; to: string },
): Promise<void> {
  for (let day = days.from; day <= days.to; day = addDays(day, 1)) {
    await writeRoot(platform, city, day);
  }
  await exportRoots(platform, city.cityId);
}

/**
 * Heads first, page by page, then the root over them: no transaction is long, because readers of the outbox wait
 * for every one. A crash in between is no harm: heads that are there stay, and the root is made from them.
 */
async function writeRoot(
  { db, clock }: Platform,
  { cityId, timeZone }: { cityId: string; timeZone: string },
  day: string,
): Promise<void> {
  const before = await lastRoot(db, cityId);
  if (before !== null && before.day >= day) return;
  const end = new Date(cityDayStart(addDays(day, 1), timeZone));
  for (let after: string | null = NO_ID; after !== null;)
    after = await writeHeads(db, cityId, day, end, after);
  const tree = await treeOf(db, cityId, day, ALGORITHM);
  const root = chainedRoot(tree.root(), before?.root ?? null, ALGORITHM);
  await sql`
    insert into log_root (city_id, day, algorithm, cases, root, previous, at)
    values (${cityId}::uuid, ${day}::date, ${ALGORITHM}, ${tree.leaves}, ${Buffer.from(root, 'hex')},
      ${before ? Buffer.from(before.root, 'hex') : null}, ${new Date(clock.now())})`.execute(db);
}

/**
 * Of one page of cases, those that have moved since their last head, ended ones too; answers with the page's last
 * id, null after the last page.
 */
async function writeHeads(
  db: Db,
  cityId: string,
  day: string,
  end: Date,
  after: string,
): Promise<string | null> {
  const { rows } = await sql<{ id: string | null; n: number }>`
    with page as (
      select id, seq from "case" where city_id = ${cityId}::uuid and id > ${after}::uuid order by id limit ${PAGE}
    ), written as (
      insert into log_head (city_id, case_id, day, seq, hash)
      select ${cityId}::uuid, c.id, ${day}::date, e.seq, e.hash
      from page c
      left join lateral (select h.seq from log_head h where h.case_id = c.id order by h.day desc limit 1) last on true
      cross join lateral (select x.seq, x.hash from case_event x
        where x.case_id = c.id and x.at < ${end} and last.seq is distinct from c.seq
        order by x.seq desc limit 1) e
      where last.seq is distinct from e.seq
      on conflict (case_id, day) do nothing
    )
    select (select id from page order by id desc limit 1) as id, (select count(*)::int from page) as n`.execute(
    db,
  );
  const { id, n } = rows[0]!;
  return n < PAGE ? null : id;
}

/** The tree over the heads as they stood at the end of a day, page by page in the order of the ids. */
export async function treeOf(
  db: Db | Trx,
  cityId: string,
  day: string,
  algorithm: HashAlgorithm,
): Promise<GrowingTree> {
  const tree = new GrowingTree(algorithm);
  let after = NO_ID;
  for (;;) {
    const { rows } = await sql<{ case_id: string; seq: number; hash: Buffer }>`
      select distinct on (case_id) case_id, seq, hash from log_head
      where city_id = ${cityId}::uuid and day <= ${day}::date and case_id > ${after}::uuid
      order by case_id, day desc limit ${PAGE}`.execute(db);
    for (const row of rows) tree.append(headLeaf(row.case_id, row.seq, row.hash));
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return tree;
    after = last.case_id;
  }
}

/** All heads, day by day, a day in pages: each head once, by an index of its own. */
export async function* headsOfDays(
  db: Db | Trx,
  cityId: string,
  page = PAGE,
): AsyncGenerator<{ day: string; heads: readonly Head[] }, undefined> {
  let after = { day: '0001-01-01', caseId: NO_ID };
  for (;;) {
    const { rows } = await sql<Head & { day: string }>`
      select day, case_id as "caseId", seq, hash from log_head
      where city_id = ${cityId}::uuid and (day, case_id) > (${after.day}::date, ${after.caseId}::uuid)
      order by day, case_id limit ${page}`.execute(db);
    for (const [day, heads] of Map.groupBy(rows, (row) => row.day)) yield { day, heads };
    const last = rows.at(-1);
    if (!last || rows.length < page) return undefined;
    after = last;
  }
}

interface RootRow {
  day: string;
  algorithm: HashAlgorithm;
  cases: number;
  root: Buffer;
  previous: Buffer | null;
}

const toRoot = (row: RootRow): DailyRoot => ({
  day: row.day,
  algorithm: row.algorithm,
  cases: row.cases,
  root: row.root.toString('hex'),
  previous: row.previous?.toString('hex') ?? null,
});

export async function lastRoot(db: Db | Trx, cityId: string): Promise<DailyRoot | null> {
  const { rows } = await sql<RootRow>`
    select day, algorithm, cases, root, previous from log_root where city_id = ${cityId}::uuid
    order by day desc limit 1`.execute(db);
  return rows[0] ? toRoot(rows[0]) : null;
}

/** Roots of a city, the latest first; `before` is a day that is not included. */
export async function listRoots(
  db: Db | Trx,
  cityId: string,
  before: string | null,
  limit: number,
): Promise<DailyRoot[]> {
  const { rows } = await sql<RootRow>`
    select day, algorithm, cases, root, previous from log_root
    where city_id = ${cityId}::uuid and (${before}::date is null or day < ${before}::date)
    order by day desc limit ${limit}`.execute(db);
  return rows.map(toRoot);
}

async function cityCode(db: Db | Trx, cityId: string): Promise<string> {
  const { rows } = await sql<{ code: string }>`select code from city where id = ${cityId}::uuid`.execute(db);
  return rows[0]?.code ?? cityId;
}

export function rootFile(platform: Platform, code: string): string {
  return path.join(platform.config.logRoot, `${code.replace(/[^\w.-]/g, '_')}.jsonl`);
}

/** What stands in the file outside the database, oldest first; a line that was cut off by a crash is left out. */
export async function readRootFile(platform: Platform, code: string): Promise<DailyRoot[]> {
  const text = await readFile(rootFile(platform, code), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as DailyRoot];
    } catch {
      return [];
    }
  });
}

/** Appends the roots that the file does not have yet, and flushes it: also after a crash between the two. */
export async function exportRoots(platform: Platform, cityId: string): Promise<void> {
  const code = await cityCode(platform.db, cityId);
  const known = new Set((await readRootFile(platform, code)).map((root) => root.day));
  const roots = (await listRoots(platform.db, cityId, null, 100_000)).reverse();
  const lines = roots.filter((root) => !known.has(root.day)).map((root) => `${JSON.stringify(root)}\n`);
  if (lines.length === 0) return;
  await mkdir(platform.config.logRoot, { recursive: true });
  const file = await open(rootFile(platform, code), 'a', 0o644);
  try {
    // A crash may have left half a line: what follows must not be glued to it.
    const { size } = await file.stat();
    await file.appendFile((size > 0 ? '\n' : '') + lines.join(''));
    await file.sync();
  } finally {
    await file.close();
  }
}
