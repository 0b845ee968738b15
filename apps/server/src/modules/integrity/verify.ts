import { sql } from 'kysely';
import type { Platform } from '#platform/platform';
import { type ChainFault, verifyChain } from './chain.ts';
import { ChangingTree } from './changing-tree.ts';
import { chainedRoot, headsOfDays, listRoots, readRootFile } from './roots.ts';

export interface CityFaults {
  readonly chains: { caseId: string; caseNo: string; reason: ChainFault; brokenAt: number | null }[];
  readonly roots: { day: string; reason: 'root' | 'previous' | 'count' | 'file' | 'lost' }[];
  readonly casesChecked: number;
  readonly rootsChecked: number;
}

const PAGE = 1000;

/**
 * Checks a whole city: every case's chain, every head that a root covered (a case that is gone shows here),
 * every daily root from its heads, and the file outside the database line by line.
 */
export async function verifyCity(
  platform: Platform,
  cityId: string,
  onProgress: (checked: number) => void = () => {},
): Promise<CityFaults> {
  const { db } = platform;
  const faults: CityFaults['chains'] = [];
  let after = '00000000-0000-0000-0000-000000000000';
  let checked = 0;
  for (;;) {
    // Cases that are, and cases that a root has seen: the difference is what was lost.
    const { rows } = await sql<{ id: string }>`
      select id from (
        select id from "case" where city_id = ${cityId}::uuid and id > ${after}::uuid
        union
        select case_id from log_head where city_id = ${cityId}::uuid and case_id > ${after}::uuid) x
      order by id limit ${PAGE}`.execute(db);
    const withdrawn = await withdrawnOf(
      platform,
      rows.map(({ id }) => id),
    );
    for (const { id } of rows) {
      const chain = withdrawn.has(id) ? ({ reason: null } as const) : await verifyChain(db, cityId, id);
      if (chain.reason) {
        faults.push({ caseId: id, caseNo: chain.caseNo, reason: chain.reason, brokenAt: chain.brokenAt });
      }
      checked += 1;
    }
    onProgress(checked);
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) break;
    after = last.id;
  }
  const { faults: roots, checked: rootsChecked } = await verifyRoots(platform, cityId);
  return { chains: faults, roots, casesChecked: checked, rootsChecked };
}

/**
 * Cases of an import that was undone after a root had covered them: that they are gone is on record, and the head on
 * record is the last one that a root has seen.
 */
async function withdrawnOf({ db }: Platform, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select w.case_id as id from import_withdrawn w
      join import_batch b on b.id = w.batch_id and b.state in ('undoing', 'undone')
     where w.case_id = any(${[...ids]}::uuid[])
       and not exists (select 1 from "case" c where c.id = w.case_id)
       and exists (select 1 from log_head h where h.case_id = w.case_id and h.seq = w.seq and h.hash = w.head)`.execute(
    db,
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * Recomputes each daily root from its heads and compares the chain of roots with the file outside. Each head is read
 * once, in the order of the days: what a day changed is put into the tree of the day before.
 */
export async function verifyRoots(
  platform: Platform,
  cityId: string,
): Promise<{ faults: CityFaults['roots']; checked: number }> {
  const { db } = platform;
  const faults: CityFaults['roots'] = [];
  const { rows } = await sql<{ code: string }>`select code from city where id = ${cityId}::uuid`.execute(db);
  const outside = new Map(
    (await readRootFile(platform, rows[0]?.code ?? '')).map((root) => [root.day, root]),
  );
  const roots = (await listRoots(db, cityId, null, 100_000)).reverse();
  // A city may change its algorithm: each has a tree of its own over all days.
  const trees = new Map(
    [...new Set(roots.map((root) => root.algorithm))].map((one) => [one, new ChangingTree(one)]),
  );
  const days = headsOfDays(db, cityId);
  let next = await days.next();
  let previous: string | null = null;
  for (const root of roots) {
    for (; !next.done && next.value.day <= root.day; next = await days.next()) {
      for (const tree of trees.values()) tree.put(next.value.heads);
    }
    const tree = trees.get(root.algorithm)!;
    if (root.previous !== previous) faults.push({ day: root.day, reason: 'previous' });
    if (tree.leaves !== root.cases) faults.push({ day: root.day, reason: 'count' });
    if (chainedRoot(tree.root(), root.previous, root.algorithm) !== root.root) {
      faults.push({ day: root.day, reason: 'root' });
    }
    const kept = outside.get(root.day);
    if (kept && kept.root !== root.root) faults.push({ day: root.day, reason: 'file' });
    outside.delete(root.day);
    previous = root.root;
  }
  await days.return(undefined);
  // Roots that are outside and no longer in the database.
  for (const day of outside.keys()) faults.push({ day, reason: 'lost' });
  return { faults, checked: roots.length };
}
