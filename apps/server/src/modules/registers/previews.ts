import type { AdoptWhich, CaseBatchAdoption, CaseBatchUndo } from '@wanmi/contracts';
import { tryAdopting } from '#modules/cases';
import { openCases, runningBatch, touchedCases, vanishing, type Batch } from '#modules/importing';
import { unitsOf } from '#modules/org';
import { toProblem } from '#platform/errors';
import { isTransient } from '#platform/jobs-loop';
import type { Platform } from '#platform/platform';
import { runningOrder } from './order-repo.ts';
import { toWhich } from './orders.ts';

const EXAMPLES = 10;
const ENDED: readonly string[] = ['done', 'failed', 'cancelled', 'running'];

/** What goes when a register is taken back, and what keeps it from that. */
export async function previewUndo({ db }: Platform, batch: Batch): Promise<CaseBatchUndo> {
  const { id, cityId, state } = batch;
  const [goes, touched, ordered, writing] = await Promise.all([
    vanishing(db, id),
    touchedCases(db, id, EXAMPLES),
    runningOrder(db, id),
    runningBatch(db, cityId, 'case'),
  ]);
  const why = (): CaseBatchUndo['problem'] => {
    if (ordered) return 'import.ordered';
    // One that was being taken back when its process went is gone on with.
    if (state === 'undoing') return null;
    if (!ENDED.includes(state)) return 'import.state';
    if (touched.cases > 0) return 'import.touched';
    return writing && writing.id !== id ? 'import.running' : null;
  };
  return {
    problem: why(),
    reading: state === 'running',
    ...goes,
    touched: { ...touched, examples: [...touched.examples] },
  };
}

/** What an adoption would take, where it would wait and until when; nothing is written. */
export async function previewAdoption(
  platform: Platform,
  batch: Batch,
  ask: AdoptWhich,
): Promise<CaseBatchAdoption> {
  const { db, clock } = platform;
  const { id, cityId } = batch;
  const now = clock.now();
  const [all, some, ordered, units] = await Promise.all([
    openCases(db, id, {}, now),
    openCases(db, id, toWhich(ask), now),
    runningOrder(db, id),
    unitsOf(platform, cityId),
  ]);
  const tasks = new Map<string, CaseBatchAdoption['tasks'][number]>();
  let lateAtOnce = 0;
  let fault: string | null = null;
  // Cases of one source and one kind begin alike.
  for (const { id: caseId, cases } of some.samples) {
    const opened = await tryAdopting(platform, { cityId, caseId, at: now }).catch((error: unknown) => {
      if (isTransient(error)) throw error;
      fault ??= toProblem(error).code;
      return [];
    });
    for (const { step, unitId, dueAt } of opened ?? []) {
      if (dueAt !== null && dueAt <= now) lateAtOnce += cases;
      const key = `${step} ${unitId} ${dueAt}`;
      const unit = units.get(unitId ?? '');
      const one = tasks.get(key) ?? {
        step,
        unit: unit ? { id: unit.id, name: unit.name } : null,
        cases: 0,
        dueAt: dueAt === null ? null : new Date(dueAt).toISOString(),
      };
      tasks.set(key, { ...one, cases: one.cases + cases });
    }
  }
  const { cases, late, promised, oldestAt, agencies, types } = some;
  return {
    problem: batch.state !== 'done' ? 'import.state' : ordered ? 'import.ordered' : fault,
    open: all.cases,
    cases,
    promised,
    late,
    lateAtOnce,
    oldestAt: oldestAt === null ? null : new Date(oldestAt).toISOString(),
    agencies: [...agencies],
    types: [...types],
    tasks: [...tasks.values()].toSorted((a, b) => b.cases - a.cases),
  };
}
