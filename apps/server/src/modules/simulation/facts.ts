import type { PoolClient } from 'pg';
import { addDaily, deltaOf, touched, writeRows, type Folded, type Known } from '#modules/statistics';
import { copyRows, type CopyValue } from '#platform/copy';
import type { Trx } from '#platform/pool';

/**
 * The facts of a stretch, and the rollups that move by them. What no earlier stretch has written is copied in; only what
 * goes on is written row by row, as the relay does it.
 */
export async function writeFacts(
  client: PoolClient,
  trx: Trx,
  before: ReadonlyMap<string, Known>,
  folded: Folded,
): Promise<void> {
  const { cases, assignments, applications, tasks } = folded;
  const isNew = (caseId: string): boolean => before.get(caseId)?.case === null;
  const [newCases, oldCases] = parted(cases, (one) => isNew(one.caseId));
  const [newAssignments, oldAssignments] = parted(assignments, (one) => isNew(one.caseId));
  const [newApplications, oldApplications] = parted(applications, (one) => isNew(one.caseId));
  const [newTasks, oldTasks] = parted(tasks, (one) => isNew(one.caseId));
  await copyFacts(client, 'fact_report', folded.reports);
  await copyFacts(client, 'fact_case', [...newCases.values()]);
  await copyFacts(client, 'fact_assignment', [...newAssignments.values()]);
  await copyFacts(client, 'fact_application', [...newApplications.values()]);
  await copyFacts(client, 'fact_reopening', folded.reopenings);
  await copyFacts(client, 'fact_task', [...newTasks.values()]);
  await writeRows(trx, {
    ...folded,
    reports: [],
    reopenings: [],
    cases: oldCases,
    assignments: oldAssignments,
    applications: oldApplications,
    tasks: oldTasks,
  });
  await addDaily(trx, deltaOf(touched(before, folded), folded));
}

function parted<T>(
  facts: ReadonlyMap<string, T>,
  is: (fact: T) => boolean,
): [Map<string, T>, Map<string, T>] {
  const yes = new Map<string, T>();
  const no = new Map<string, T>();
  for (const [key, fact] of facts) (is(fact) ? yes : no).set(key, fact);
  return [yes, no];
}

const columns = new Map<string, string>();

/** A fact's names are those of its table's columns. */
function columnOf(name: string): string {
  let column = columns.get(name);
  if (column === undefined) {
    column = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    columns.set(name, column);
  }
  return column;
}

async function copyFacts(client: PoolClient, table: string, facts: readonly object[]): Promise<void> {
  const [first] = facts;
  if (!first) return;
  const names = Object.keys(first);
  const rows = facts.map((fact) => names.map((name) => (fact as Record<string, CopyValue>)[name] ?? null));
  await copyRows(
    client,
    table,
    names.map((name) => columnOf(name)),
    rows,
  );
}
