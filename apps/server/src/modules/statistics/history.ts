import type { PoolClient } from 'pg';
import type { EventBody } from '@wanmi/contracts';
import { copyRows, type CopyValue } from '#platform/copy';
import { foldAll } from './apply.ts';
import { snake } from './write-repo.ts';

/**
 * The facts of cases that were brought in whole, folded from the same entries as their logs hold and written in the
 * transaction of these: the outbox hears nothing, and a rebuild from the log gives the same rows. The rollups are
 * counted once for all of them, by `rollUp`: cell by cell would cost more than the facts.
 */
export async function writeHistoryFacts(
  client: PoolClient,
  events: readonly EventBody[],
  timeZone: string,
): Promise<void> {
  const folded = foldAll(new Map(), events, () => timeZone);
  await copyFacts(client, 'fact_report', folded.reports);
  await copyFacts(client, 'fact_case', [...folded.cases.values()]);
  await copyFacts(client, 'fact_assignment', [...folded.assignments.values()]);
  await copyFacts(client, 'fact_application', [...folded.applications.values()]);
  await copyFacts(client, 'fact_reopening', folded.reopenings);
  await copyFacts(client, 'fact_task', [...folded.tasks.values()]);
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
