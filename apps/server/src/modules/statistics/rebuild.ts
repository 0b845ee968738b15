import { sql } from 'kysely';
import { timeZoneOf } from '#platform/jobs-cities';
import { lockReader } from '#platform/outbox';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { foldAll, write } from './apply.ts';
import { assignmentDays, caseDays } from './counts.ts';
import { NO_CATEGORY } from './daily.ts';
import { deleteFacts, loadAssignmentFactsOfCases, loadCaseFacts, loadEvents } from './repo.ts';

export const READER = 'statistics';
const CHUNK = 500;

/**
 * Replays a city's whole log through the same fold. Case by case the old facts are replaced in one transaction,
 * so that readers see whole cases at any time; the relay waits in between, and finds the facts ahead of it.
 */
export async function rebuildFacts(
  platform: Platform,
  cityId: string,
  onProgress: (cases: number) => void = () => {},
): Promise<{ cases: number }> {
  const { db } = platform;
  const zone = await timeZoneOf(platform, cityId);
  let cases = 0;
  for (let after: string | null = null; ;) {
    const ids = await nextCases(platform, cityId, after);
    if (ids.length === 0) break;
    await db.transaction().execute(async (trx) => {
      await lockReader(trx, READER);
      await replace(trx, ids, zone);
    });
    cases += ids.length;
    after = ids.at(-1)!;
    onProgress(cases);
  }
  await db.transaction().execute(async (trx) => {
    await lockReader(trx, READER);
    await deleteOrphans(trx, cityId);
    await rebuildDaily(trx, cityId);
  });
  return { cases };
}

async function nextCases({ db }: Platform, cityId: string, after: string | null): Promise<string[]> {
  let query = db.selectFrom('case').select('id').where('city_id', '=', cityId);
  if (after !== null) query = query.where('id', '>', after);
  return (await query.orderBy('id').limit(CHUNK).execute()).map((row) => row.id);
}

async function replace(trx: Trx, ids: readonly string[], zone: string): Promise<void> {
  const casesBefore = await loadCaseFacts(trx, ids);
  const assignmentsBefore = await loadAssignmentFactsOfCases(trx, ids);
  await deleteFacts(trx, ids);
  const stretches = ids.map((caseId) => ({ caseId, after: 0, upTo: 2 ** 31 - 1 }));
  const folded = foldAll(new Map(), await loadEvents(trx, stretches), () => zone);
  await write(trx, casesBefore, assignmentsBefore, folded);
}

/** Facts of cases that the city does not have. */
async function deleteOrphans(trx: Trx, cityId: string): Promise<void> {
  for (const table of ['fact_report', 'fact_case', 'fact_assignment', 'fact_task', 'fact_open'] as const) {
    await sql`delete from ${sql.table(table)} f
      where f.city_id = ${cityId}::uuid and not exists (select 1 from "case" c where c.id = f.case_id)`.execute(
      trx,
    );
  }
}

/** Counts the rollups anew from the facts, in SQL: after a bulk load, and as the check on the counting by steps. */
export async function rebuildDaily(trx: Trx, cityId: string): Promise<void> {
  for (const table of ['daily_source', 'daily_category', 'daily_department']) {
    await sql`delete from ${sql.table(table)} where city_id = ${cityId}::uuid`.execute(trx);
  }
  const inCity = sql`f.city_id = ${cityId}::uuid and d.day is not null and s.scope_id is not null`;
  const caseScopes = sql`cross join lateral (values (f.city_id), (f.district_id), (f.department_id)) s(scope_id)`;
  await sql`insert into daily_source
      (scope_id, day, source, city_id, reported, filed, dispatched, closed, closed_on_time, ended)
    select s.scope_id, d.day, f.source, f.city_id, sum(d.reported), sum(d.filed), sum(d.dispatched), sum(d.closed),
      sum(d.closed_on_time), sum(d.ended)
    from fact_case f ${caseDays} ${caseScopes} where ${inCity} group by 1, 2, 3, 4`.execute(trx);
  await sql`insert into daily_category (scope_id, day, category_id, city_id, reported, filed, closed)
    select s.scope_id, d.day, coalesce(f.category_id, ${NO_CATEGORY}::uuid), f.city_id, sum(d.reported),
      sum(d.filed), sum(d.closed)
    from fact_case f ${caseDays} ${caseScopes} where ${inCity} group by 1, 2, 3, 4
    having sum(d.reported) > 0 or sum(d.filed) > 0 or sum(d.closed) > 0`.execute(trx);
  await sql`insert into daily_department
      (scope_id, day, unit_id, city_id, dispatched, overdue, responded, responded_on_time)
    select s.scope_id, d.day, f.unit_id, f.city_id, sum(d.dispatched), sum(d.overdue), sum(d.responded),
      sum(d.responded_on_time)
    from fact_assignment f ${assignmentDays}
    cross join lateral (values (f.city_id), (f.district_id), (f.unit_id)) s(scope_id)
    where ${inCity} group by 1, 2, 3, 4`.execute(trx);
}
