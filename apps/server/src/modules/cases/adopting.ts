import { startProcess } from '@wanmi/process';
import type { PoolClient } from 'pg';
import { processFor } from '#modules/catalog';
import { problem } from '#platform/errors';
import { inTransaction } from '#platform/in-transaction';
import type { Platform } from '#platform/platform';
import { emptyWrites } from './command.ts';
import { applyEffects, endAssignment, surroundingsOf } from './effects.ts';
import { loadCase, writeCase } from './repo.ts';
import { appendEvent, eventAssignment, type TaskState } from './state.ts';
import { varsOf } from './vars.ts';

/**
 * An open case that came in as history becomes one of ours: its process begins, with the version in force, at its
 * beginning; tasks wait and clocks run from now on. Whoever had it in the register has it no longer: the centre
 * dispatches it anew. False: it runs already, or has ended. `also` belongs to the same transaction.
 * @throws notFound, config.*
 */
export async function adoptCase(
  platform: Platform,
  cityId: string,
  caseId: string,
  also?: (trx: PoolClient) => Promise<void>,
): Promise<boolean> {
  return inTransaction(platform, async (trx) => {
    await trx.query('select 1 from "case" where id = $1 for no key update', [caseId]);
    const begun = await beginning(platform, trx, { cityId, caseId, at: platform.clock.now() });
    if (!begun) return false;
    const { state, expected, writes, processId } = begun;
    if (!(await writeCase(trx, expected, state, null, writes))) throw problem('conflict.race');
    await trx.query('update "case" set process_id = $2 where id = $1', [caseId, processId]);
    await also?.(trx);
    return true;
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
