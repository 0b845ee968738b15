import { sql } from 'kysely';
import type { EventBody } from '@wanmi/contracts';
import type { Db, Trx } from '#platform/pool';
import type { ApplicationFact, AssignmentFact, CaseFact, ReopeningFact } from './facts.ts';
import type { Known } from './fold.ts';

/** Name of the relay's place in the outbox, under whose lock facts are written. */
export const READER = 'statistics';

const camels = new Map<string, string>();
function camel(name: string): string {
  let found = camels.get(name);
  if (!found)
    camels.set(name, (found = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())));
  return found;
}

/** A row of a fact table as its fact: the same names, times as the log has them. */
function toFact(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      camel(name),
      value instanceof Date ? value.toISOString() : (value as unknown),
    ]),
  );
}

async function factsOf<F>(db: Db | Trx, table: string, caseIds: readonly string[]): Promise<F[]> {
  const { rows } = await sql<object>`
    select * from ${sql.table(table)} where case_id = any(${[...caseIds]}::uuid[])`.execute(db);
  return rows.map((row) => toFact(row) as F);
}

/** The facts of cases as they stand; a case that is not known yet has none. */
export async function loadKnown(db: Db | Trx, caseIds: readonly string[]): Promise<Map<string, Known>> {
  const cases = await factsOf<CaseFact>(db, 'fact_case', caseIds);
  const known = new Map(
    cases.map((fact) => [
      fact.caseId,
      {
        case: fact,
        assignments: new Map<string, AssignmentFact>(),
        applications: new Map<string, ApplicationFact>(),
      },
    ]),
  );
  if (known.size === 0) return known;
  const ids = [...known.keys()];
  for (const one of await factsOf<AssignmentFact>(db, 'fact_assignment', ids)) {
    known.get(one.caseId)!.assignments.set(one.assignmentId, one);
  }
  for (const one of await factsOf<ApplicationFact>(db, 'fact_application', ids)) {
    known.get(one.caseId)!.applications.set(one.applicationId, one);
  }
  return known;
}

export const loadReopenings = (db: Db | Trx, caseIds: readonly string[]): Promise<ReopeningFact[]> =>
  factsOf<ReopeningFact>(db, 'fact_reopening', caseIds);

export interface Stretch {
  readonly caseId: string;
  /** The last entry that is known. */
  readonly after: number;
  /** The last entry that is wanted. */
  readonly upTo: number;
}

/** Log entries of cases, each case's in order. */
export async function loadEvents(db: Db | Trx, stretches: readonly Stretch[]): Promise<EventBody[]> {
  const ids = stretches.map((one) => one.caseId);
  const { rows } = await sql<{ body: string }>`
    select e.body
      from unnest(${ids}::uuid[], ${stretches.map((one) => one.after)}::int[],
                  ${stretches.map((one) => one.upTo)}::int[]) as k(case_id, after, up_to)
      join case_event e on e.case_id = k.case_id and e.seq > k.after and e.seq <= k.up_to
     where e.case_id = any(${ids}::uuid[])
     order by e.case_id, e.seq`.execute(db);
  return rows.map((row) => JSON.parse(row.body) as EventBody);
}
