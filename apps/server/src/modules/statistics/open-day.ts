import { sql, type RawBuilder } from 'kysely';
import type { EventBody } from '@wanmi/contracts';
import { addDays, cityDay, cityDayStart } from '#platform/clock';
import { timeZoneOf } from '#platform/jobs-cities';
import { lockReader } from '#platform/outbox';
import type { Platform } from '#platform/platform';
import type { Db, Trx } from '#platform/pool';
import type { AssignmentFact } from './facts.ts';
import { fold, follow, NOTHING, waiting, type Known } from './fold.ts';
import { loadEvents, READER } from './repo.ts';

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

interface Days {
  readonly from: string;
  readonly to: string;
}

/** In daily_job beside the job's own row: up to which day the books are closed, or just being closed. */
const CLOSING = 'statistics.books';

/**
 * Says that the books are closed up to a day, before they are: from then on the relay looks after entries of those days
 * that are still to come (a clock was set back), and none can fall between the two.
 */
export async function beginClosing({ db, clock }: Platform, cityId: string, to: string): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockReader(trx, READER);
    await sql`insert into daily_job as j (city_id, job, day, at)
      values (${cityId}::uuid, ${CLOSING}, ${to}::date, ${new Date(clock.now())})
      on conflict (city_id, job) do update set day = excluded.day, at = excluded.at where j.day < excluded.day`.execute(
      trx,
    );
  });
}

/** The days whose books are closed; null before the first. */
export async function booksOf(db: Db | Trx, cityId: string): Promise<Days | null> {
  const { rows } = await sql<{ from: string | null; to: string | null }>`
    select coalesce(min(o.day), j.day)::text as "from", greatest(max(o.day), j.day)::text as "to"
      from (select (select day from daily_job where city_id = ${cityId}::uuid and job = ${CLOSING}) as day) j
      left join fact_open o on o.city_id = ${cityId}::uuid group by j.day`.execute(db);
  const { from = null, to = null } = rows[0] ?? {};
  return from === null || to === null ? null : { from, to };
}

/** Brings entries that are of closed days into their books: the log says how a day ended, whenever it was written. */
export async function correctBooks(
  trx: Trx,
  events: readonly EventBody[],
  zones: ReadonlyMap<string, string>,
): Promise<void> {
  const { rows } = await sql<{ cityId: string; to: string }>`
    select city_id as "cityId", day::text as "to" from daily_job
     where job = ${CLOSING} and city_id = any(${[...zones.keys()]}::uuid[])`.execute(trx);
  for (const { cityId, to } of rows) {
    const zone = zones.get(cityId)!;
    const late = events
      .filter((event) => event.cityId === cityId)
      .map(({ caseId, at }) => ({ caseId, day: cityDay(Date.parse(at), zone) }))
      .filter(({ day }) => day <= to);
    const books = late.length === 0 ? null : await booksOf(trx, cityId);
    if (books === null) continue;
    const first = late.map(({ day }) => day).sort()[0]!;
    const from = first < books.from ? books.from : first;
    await writeChunk(trx, [...new Set(late.map(({ caseId }) => caseId))], zone, { ...books, from });
  }
}

/** Writes the days [from, to] of a city, replacing what was there; the facts must hold the log up to then. */
export async function writeOpenDays(
  platform: Platform,
  cityId: string,
  { from, to }: Days,
): Promise<{ rows: number }> {
  const { db } = platform;
  const zone = await timeZoneOf(platform, cityId);
  const ids = await db.transaction().execute(async (trx) => {
    await lockReader(trx, READER);
    const ids = await openWithin(trx, cityId, from, to);
    await sql`delete from fact_open where city_id = ${cityId}::uuid and day between ${from}::date and ${to}::date
      and not case_id = any(${ids}::uuid[])`.execute(trx);
    return ids;
  });
  return writeCases(db, ids, zone, { from, to });
}

async function writeCases(
  db: Db,
  ids: readonly string[],
  zone: string,
  days: Days,
): Promise<{ rows: number }> {
  let rows = 0;
  for (let at = 0; at < ids.length; at += CHUNK) {
    const chunk = ids.slice(at, at + CHUNK);
    rows += await db.transaction().execute(async (trx) => {
      // The relay corrects the same rows: whoever reads a log first must not write last.
      await lockReader(trx, READER);
      return writeChunk(trx, chunk, zone, days);
    });
  }
  return { rows };
}

async function writeChunk(
  trx: Trx,
  ids: readonly string[],
  zone: string,
  { from, to }: Days,
): Promise<number> {
  const byCase = Map.groupBy(
    await loadEvents(
      trx,
      ids.map((caseId) => ({ caseId, after: 0, upTo: 2 ** 31 - 1 })),
    ),
    (event) => event.caseId,
  );
  const facts = [...byCase.values()].flatMap((events) => openDays(events, zone, from, to));
  await replaceOpen(trx, ids, from, to, facts);
  return facts.length;
}

/** Puts cases that were brought in as history into the books of the days that the city has closed already. */
export async function writeOpenDaysOf(
  platform: Platform,
  cityId: string,
  caseIds: RawBuilder<unknown>,
): Promise<void> {
  const { db } = platform;
  const books = await booksOf(db, cityId);
  if (books === null) return;
  const { from, to } = books;
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
async function openWithin(db: Trx, cityId: string, from: string, to: string): Promise<string[]> {
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
