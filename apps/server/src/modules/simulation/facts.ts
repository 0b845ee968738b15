import type { PoolClient } from 'pg';
import {
  addDaily,
  addFacts,
  deltaOf,
  touched,
  writeRows,
  type Folded,
  type Known,
} from '#modules/statistics';
import { CopyLot } from '#platform/copy';
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
  const lot = new CopyLot();
  addFacts(lot, {
    ...folded,
    cases: newCases,
    assignments: newAssignments,
    applications: newApplications,
    tasks: newTasks,
  });
  await lot.send(client);
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
