import { startProcess } from '@wanmi/process';
import type { PoolClient } from 'pg';
import { processFor } from '#modules/catalog';
import { problem } from '#platform/errors';
import { inTransaction } from '#platform/in-transaction';
import type { Platform } from '#platform/platform';
import { emptyWrites } from './command.ts';
import { applyEffects, endAssignment, surroundingsOf } from './effects.ts';
import { loadCase, writeCases, type CaseWrite } from './repo.ts';
import { appendEvent, eventAssignment, type TaskState } from './state.ts';
import { varsOf } from './vars.ts';

/**
 * Open cases that came in as history become ours, in one transaction: all of them or none. The process of each begins,
 * with the version in force, at its beginning; tasks wait and clocks run from now on. Whoever had one in the register has
 * it no longer: the centre dispatches it anew. Answers how many began; those that run already or have ended are passed
 * over. `also` is told that number.
 * @throws notFound, config.*, conflict.race
 */
export async function adoptCases(
  platform: Platform,
  cityId: string,
  caseIds: readonly string[],
  also?: (trx: PoolClient, cases: number) => Promise<void>,
): Promise<number> {
  return inTransaction(platform, async (trx) => {
    // In the order of their ids, as everybody locks several.
    await trx.query('select 1 from "case" where id = any($1::uuid[]) order by id for no key update', [
      caseIds,
    ]);
    const at = platform.clock.now();
    const all: { write: CaseWrite; processId: string }[] = [];
    for (const caseId of caseIds) {
      const begun = await beginning(platform, trx, { cityId, caseId, at });
      if (!begun) continue;
      const { state, expected, writes, processId } = begun;
      all.push({ write: { expectedSeq: expected, state, task: null, writes }, processId });
    }
    if (all.length === 0) return 0;
    const written = await writeCases(
      trx,
      all.map(({ write }) => write),
    );
    if (written.filter((one) => one === true).length !== all.length) throw problem('conflict.race');
    await trx.query(
      `update "case" c set process_id = x.process_id
         from unnest($1::uuid[], $2::uuid[]) x(id, process_id) where c.id = x.id`,
      [all.map(({ write }) => write.state.id), all.map(({ processId }) => processId)],
    );
    await also?.(trx, all.length);
    return all.length;
  });
}

interface One {
  readonly cityId: string;
  readonly caseId: string;
  readonly at: number;
}

/** The tasks with which a case would begin if it were adopted then; null: it runs already, or has ended. */
export async function tryAdopting(platform: Platform, one: One): Promise<readonly TaskState[] | null> {
  const client = await platform.pool.connect();
  try {
    const begun = await beginning(platform, client, one);
    return begun?.writes.opened ?? null;
  } finally {
    client.release();
  }
}

/** What an adoption would write; nothing is written yet. */
async function beginning(platform: Platform, trx: PoolClient, { cityId, caseId, at }: One) {
  const around = await surroundingsOf(platform, cityId);
  const loaded = await loadCase(trx, caseId, cityId);
  if (!loaded) throw problem('notFound');
  const { state, assignments, others } = loaded;
  const standing = (state.tokens as { t: readonly unknown[] }).t.length;
  if (state.endedAt !== null || standing > 0 || others.length > 0) return null;
  const expected = state.seq;
  const { stage } = state;
  const process = await processFor(platform, cityId, state.source);
  state.processId = process.id;
  const writes = emptyWrites();
  const ended = assignments.filter((a) => a.endedAt === null);
  for (const a of ended) endAssignment(a, 'withdrawn', at);
  writes.assignments.push(...ended);
  state.departmentId = null;
  const payload = ended.length > 0 ? { assignments: ended.map((a) => eventAssignment(a)) } : {};
  const { vars, itemVars } = varsOf({ catalog: around.catalog, state, assignments });
  const started = startProcess(process.graph, vars, { itemVars });
  await applyEffects(
    { platform, around, state, assignments, others: [], application: null, at, payload, writes },
    started,
  );
  writes.events.push(
    appendEvent(state, { type: 'case.adopted', at, author: null, from: stage, to: state.stage, payload }),
  );
  return { state, expected, writes, processId: process.id };
}
