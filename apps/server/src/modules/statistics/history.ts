import type { PoolClient } from 'pg';
import type { EventBody } from '@wanmi/contracts';
import { copyRows, type CopyValue } from '#platform/copy';
import type { Trx } from '#platform/pool';
import { foldAll } from './apply.ts';
import { DailyDelta } from './daily.ts';
import { addDaily, snake } from './write-repo.ts';

/**
 * The facts of cases that were brought in whole, folded from the same entries as their logs hold and written in the
 * transaction of these: the outbox hears nothing, and a rebuild from the log gives the same rows. `client` and `trx`
 * are one connection.
 */
export async function writeHistoryFacts(
  client: PoolClient,
  trx: Trx,
  events: readonly EventBody[],
  timeZone: string,
): Promise<void> {
  const folded = foldAll(new Map(), events, () => timeZone);
  const delta = new DailyDelta();
  for (const fact of folded.cases.values()) delta.addCase(fact, 1);
  for (const fact of folded.assignments.values()) delta.addAssignment(fact, 1);
  for (const fact of folded.applications.values()) delta.addApplication(fact, 1);
  for (const fact of folded.reopenings) delta.addReopening(fact, 1);
  await copyFacts(client, 'fact_report', folded.reports);
  await copyFacts(client, 'fact_case', [...folded.cases.values()]);
  await copyFacts(client, 'fact_assignment', [...folded.assignments.values()]);
  await copyFacts(client, 'fact_application', [...folded.applications.values()]);
  await copyFacts(client, 'fact_reopening', folded.reopenings);
  await copyFacts(client, 'fact_task', [...folded.tasks.values()]);
  await addDaily(trx, delta);
}

async function copyFacts(client: PoolClient, table: string, facts: readonly object[]): Promise<void> {
  const first = facts[0];
  if (!first) return;
  const names = Object.keys(first);
  await copyRows(
    client,
    table,
    names.map((name) => snake(name)),
    facts.map((fact) => names.map((name) => (fact as Record<string, CopyValue>)[name]!)),
  );
}
