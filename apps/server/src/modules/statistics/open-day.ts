import { sql, type RawBuilder } from 'kysely';
import type { EventBody } from '@wanmi/contracts';
import { addDays, cityDayStart } from '#platform/clock';
import { timeZoneOf } from '#platform/jobs-cities';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import type { AssignmentFact } from './facts.ts';
import { fold, follow, NOTHING, waiting, type Known } from './fold.ts';
import { loadEvents } from './repo.ts';

/** One case that was open when a day of its city ended. */
export interface OpenFact {
  cityId: string;
  day: string;
  caseId: string;
  stage: string;
  districtId: string | null;
  streetId: string | null;
  departmentId: string | null;
  categoryId: string | null;
  overdue: boolean;
}

/**
 * A case's rows for the days [from, to], from its log alone: how it stood at each midnight. Pure and exact, for
 * yesterday and for days long gone alike.
 */
export function openDays(
  events: readonly EventBody[],
  timeZone: string,
  from: string,
  to: string,
): OpenFact[] {
  const rows: OpenFact[] = [];
  const due = new Map<string, string | null>();
  let known = NOTHING;
  let stage = '';
  let next = 0;
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const midnight = cityDayStart(addDays(day, 1), timeZone);
    for (; next < events.length && Date.parse(events[next]!.at) < midnight; next += 1) {
      const event = events[next]!;
      known = follow(known, fold(known, event, timeZone));
      stage = event.to;
      // A disposal's limit is its assignment's.
      for (const task of waiting(event)) if (task.step !== 'dispose') due.set(task.id, task.dueAt);
      for (const task of event.payload.closed ?? []) due.delete(task.id);
    }
    const fact = known.case;
    // Not yet reported, or ended; what has ended may be opened again.
    if (fact === null || fact.outcome !== null) continue;
    rows.push({
      cityId: fact.cityId,
      day,
      caseId: fact.caseId,
      stage,
      districtId: fact.districtId,
      streetId: fact.streetId,
      departmentId: fact.departmentId,
      categoryId: fact.categoryId,
      overdue:
        [...due.values()].some((at) => at !== null && Date.parse(at) < midnight) ||
        [...known.assignments.values()].some((one) => isLate(known, one, midnight)),
    });
  }
  return rows;
}

/** Still running and past its limit at that moment, or answered past it: overdue is kept for ever. */
function isLate(
  { applications }: Known,
  { assignmentId, overdue, dueAt, respondedAt, endedAt, suspended }: AssignmentFact,
  at: number,
): boolean {
  if (endedAt !== null) return false;
  if (overdue || dueAt === null) return overdue;
  // Its clock stands.
  if (suspended) return false;
  for (const one of applications.values()) {
    if (one.assignmentId === assignmentId && one.kind === 'return' && one.state === 'pending') return false;
  }
  return Date.parse(dueAt) < (respondedAt === null ? at : Date.parse(respondedAt));
}

const CHUNK = 500;

/** Writes the days [from, to] of a city, replacing what was there; the facts must hold the log up to then. */
export async function writeOpenDays(
  platform: Platform,
  cityId: string,
  { from, to }: { from: string; to: string },
): Promise<{ rows: number }> {
  const { db } = platform;
  const zone = await timeZoneOf(platform, cityId);
  const ids = await openWithin(db, cityId, from, to);
  await db.transaction().execute(async (trx) => {
    await sql`delete from fact_open where city_id = ${cityId}::uuid and day between ${from}::date and ${to}::date
      and not case_id = any(${ids}::uuid[])`.execute(trx);
  });
  return writeCases(db, ids, zone, { from, to });
}

async function writeCases(
  db: Db,
  ids: readonly string[],
  zone: string,
  { from, to }: { from: string; to: string },
): Promise<{ rows: number }> {
  let rows = 0;
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    const byCase = Map.groupBy(
      await loadEvents(
        db,
        chunk.map((caseId) => ({ caseId, after: 0, upTo: 2 ** 31 - 1 })),
      ),
      (event) => event.caseId,
    );
    const facts = [...byCase.values()].flatMap((events) => openDays(events, zone, from, to));
    await db.transaction().execute((trx) => replaceOpen(trx, chunk, from, to, facts));
    rows += facts.length;
  }
  return { rows };
}

/** Puts cases that were brought in as history into the books of the days that the city has closed already. */
export async function writeOpenDaysOf(
  platform: Platform,
  cityId: string,
  caseIds: RawBuilder<unknown>,
): Promise<void> {
  const { db } = platform;
  const { rows: books } = await sql<{ from: string | null; to: string | null }>`
    select min(day)::text as "from", max(day)::text as "to" from fact_open
     where city_id = ${cityId}::uuid`.execute(db);
  const { from = null, to = null } = books[0] ?? {};
  if (from === null || to === null) return;
  const { rows } = await sql<{ id: string }>`
    select f.case_id as id from fact_case f
     where f.city_id = ${cityId}::uuid and f.reported_day <= ${to}::date
       and (f.ended_day is null or f.ended_day > ${from}::date) and f.case_id in (${caseIds})
     order by f.case_id`.execute(db);
  await writeCases(
    db,
    rows.map((row) => row.id),
    await timeZoneOf(platform, cityId),
    { from, to },
  );
}

/** Cases that may have been open at the end of one of the days: by index, whatever has been closed before. */
async function openWithin(db: Db, cityId: string, from: string, to: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select case_id as id from fact_case
     where city_id = ${cityId}::uuid and ended_at is null and reported_day <= ${to}::date
    union all
    select case_id from fact_case
     where city_id = ${cityId}::uuid and ended_day > ${from}::date and reported_day <= ${to}::date
     order by id`.execute(db);
  return rows.map((row) => row.id);
}

async function replaceOpen(
  trx: Trx,
  caseIds: readonly string[],
  from: string,
  to: string,
  facts: readonly OpenFact[],
): Promise<void> {
  await sql`delete from fact_open where case_id = any(${[...caseIds]}::uuid[])
    and day between ${from}::date and ${to}::date`.execute(trx);
  await sql`insert into fact_open
      (city_id, day, case_id, stage, district_id, street_id, department_id, category_id, overdue)
    select "cityId", day, "caseId", stage, "districtId", "streetId", "departmentId", "categoryId", overdue
      from jsonb_to_recordset(${JSON.stringify(facts)}::jsonb) as x("cityId" uuid, day date, "caseId" uuid,
        stage text, "districtId" uuid, "streetId" uuid, "departmentId" uuid, "categoryId" uuid, overdue boolean)`.execute(
    trx,
  );
}
