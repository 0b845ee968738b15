import { setImmediate as breathe } from 'node:timers/promises';
import { SOURCES, type TryOutChange, type TryOutName, type TryOutSummary } from '@wanmi/contracts';
import { compileProcess, type Graph } from '@wanmi/process';
import type { ClientBase } from 'pg';
import { catalogOf, Heirs, MAIN_PROCESS, processInForce, readHeirs, type Catalog } from '#modules/catalog';
import { regionsOf } from '#modules/org';
import { catalogOfFiles, rulesInForce, type RuleSet } from '#modules/publishing';
import type { Platform } from '#platform/platform';
import { changesOf, nameOf, sameApproval } from './compare.ts';
import { lifeOf, type Life } from './life.ts';
import { countPast, pastOf, readPast, type PastCase, type Window } from './past.ts';
import { Recurrence } from './recurrence.ts';
import { responsibleFor, sideOf, type Side } from './side.ts';
import { Tally } from './tally.ts';

export interface Sides {
  readonly inForce: Side;
  readonly draft: Side;
  readonly base: Catalog;
  /** Nothing that decides the way through the drawing is another one: a case is walked once for both. */
  readonly sameWay: boolean;
}

/** Files that decide which way a case takes, beside whom the manual names and what is approved. */
const WAY = /^(process\/|calendar\/|catalog\/(stage_limit|source)\.csv$|setting\.json$)/;

function sameWay(before: RuleSet, after: RuleSet): boolean {
  const way = (files: RuleSet): string =>
    JSON.stringify([...files].filter(([file]) => WAY.test(file)).toSorted());
  // A drawing that asks whether a disposal is late asks for its clock too
  const late = [...after].some(
    ([file, text]) => file.startsWith('process/') && /assignment[^"<]*overdue/.test(text),
  );
  return !late && way(before) === way(after);
}

/** The rules in force and those of a set that was checked, both ready to be asked. */
export async function sidesOf(platform: Platform, cityId: string, files: RuleSet): Promise<Sides> {
  const base = await catalogOf(platform, cityId);
  const regions = await regionsOf(platform, cityId);
  const regionIds = new Map(
    [...regions.values()].filter((region) => !region.closed).map(({ code, id }) => [code, id]),
  );
  const heirs = new Heirs(await readHeirs(platform.db, cityId));
  const text = (code: string): string | undefined => files.get(`process/${code}.bpmn`);
  const inForce = new Map<string, Graph>();
  const drawn = new Map<string, Graph>();
  for (const code of [MAIN_PROCESS, ...SOURCES]) {
    if (base.rules.has(`process:${code}`)) {
      inForce.set(code, (await processInForce(platform, cityId, code)).graph);
    }
    const xml = text(code);
    if (xml !== undefined) drawn.set(code, await compileProcess(xml, { calls: text }));
  }
  return {
    inForce: sideOf(base, inForce, { base, heirs }),
    draft: sideOf(await catalogOfFiles(files, base, regionIds, heirs), drawn, { base, heirs }),
    base,
    sameWay: sameWay((await rulesInForce(platform, cityId)).files, files),
  };
}

export interface ChangedCase {
  readonly id: string;
  readonly changes: readonly TryOutChange[];
}

export interface Progress {
  readonly total: number;
  readonly done: number;
  readonly changed: number;
}

export interface Running {
  readonly now: number;
  /** Cases that change, batch by batch; waited for. */
  readonly changed?: (cases: readonly ChangedCase[]) => Promise<void>;
  readonly progress?: (progress: Progress) => void;
}

const BATCH = 100;
/** Others have their turn as often. */
const SLICE_MS = 8;

/** Both lives of a case. */
export function compare({ inForce, draft, sameWay: same }: Sides, past: PastCase, now: number): [Life, Life] {
  const own = responsibleFor(inForce, past, inForce.conditionOf(past));
  const other = responsibleFor(draft, past, draft.conditionOf(past));
  const from = lifeOf(inForce, past, own, own, now);
  if (same && own.dispatchesItself === other.dispatchesItself) {
    const to = lifeOf(draft, past, own, other, now, { ...from, automatic: { ...from.automatic } });
    if (sameApprovals(from, to)) return [from, to];
  }
  return [from, lifeOf(draft, past, own, other, now)];
}

const sameApprovals = ({ approvals }: Life, to: Life): boolean =>
  approvals.length === to.approvals.length &&
  approvals.every((asked, index) => sameApproval(asked, to.approvals[index]!));

/**
 * Runs the last cases of a window again, newest first, in one snapshot of the database that is only read. Memory
 * holds two batches and the report, however many cases there are.
 */
export async function tryOnHistory(
  client: ClientBase,
  sides: Sides,
  window: Window,
  { now, changed, progress }: Running,
): Promise<TryOutSummary> {
  await client.query('begin transaction isolation level repeatable read read only');
  try {
    const total = await countPast(client, window);
    const tally = new Tally();
    const recurrence = Recurrence.between(sides.inForce, sides.draft);
    const next = (before: string | null, left: number) => {
      const rows = readPast(client, window, before, Math.min(BATCH, left));
      // Asked for while the batch before is run; a failure is met where it is waited for
      rows.catch(() => {});
      return rows;
    };
    progress?.({ total, done: 0, changed: 0 });
    for (let rows = await next(null, total); rows.length > 0;) {
      const left = total - tally.cases - rows.length;
      const following = left > 0 ? next(rows.at(-1)!.id, left) : Promise.resolve([]);
      const found: ChangedCase[] = [];
      let since = performance.now();
      const back = await recurrence?.of(client, rows.map(pastOf));
      // A log is read when its turn comes: what lives short costs nothing
      for (const row of rows) {
        const past = pastOf(row);
        const [from, to] = compare(sides, past, now);
        const cameBack = back?.get(past.id);
        if (cameBack) [from.automatic.keyPatrol, to.automatic.keyPatrol] = cameBack;
        const changes = changesOf(sides.inForce, sides.draft, from, to);
        tally.add(past, categoryOf(sides.base, past), from, to, changes);
        if (changes.length > 0) found.push({ id: past.id, changes });
        if (performance.now() - since > SLICE_MS) {
          await breathe();
          since = performance.now();
        }
      }
      if (found.length > 0) await changed?.(found);
      progress?.({ total, done: tally.cases, changed: tally.changed });
      rows = await following;
    }
    return tally.summary();
  } finally {
    await client.query('rollback');
  }
}

/** 小类 of the case by the rules in force. */
export const categoryOf = (
  { categoryById }: Catalog,
  { categoryId }: { categoryId: string | null },
): TryOutName | null => nameOf(categoryById.get(categoryId ?? ''));
