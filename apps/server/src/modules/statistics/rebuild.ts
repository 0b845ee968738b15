import { sql, type RawBuilder } from 'kysely';
import { timeZoneOf } from '#platform/jobs-cities';
import { lockReader } from '#platform/outbox';
import type { Platform } from '#platform/platform';
import type { Trx } from '#platform/pool';
import { foldAll, write } from './apply.ts';
import {
  applicationDays,
  assignmentDays,
  caseDays,
  CATEGORY_COUNTS,
  DEPARTMENT_COUNTS,
  reopeningDays,
  SOURCE_COUNTS,
} from './counts.ts';
import { NO_CATEGORY } from './daily.ts';
import { booksOf, writeOpenDays } from './open-day.ts';
import { loadEvents, loadKnown, loadReopenings, READER } from './repo.ts';
import { deleteFacts } from './write-repo.ts';

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
  await rewriteOpen(platform, cityId);
  return { cases };
}

/** What was open at the end of each day whose books are closed, anew out of the log. */
async function rewriteOpen(platform: Platform, cityId: string): Promise<void> {
  const books = await booksOf(platform.db, cityId);
  if (books) await writeOpenDays(platform, cityId, books);
}

async function nextCases({ db }: Platform, cityId: string, after: string | null): Promise<string[]> {
  let query = db.selectFrom('case').select('id').where('city_id', '=', cityId);
  if (after !== null) query = query.where('id', '>', after);
  return (await query.orderBy('id').limit(CHUNK).execute()).map((row) => row.id);
}

async function replace(trx: Trx, ids: readonly string[], zone: string): Promise<void> {
  const known = [...(await loadKnown(trx, ids)).values()];
  const before = {
    cases: known.flatMap((one) => (one.case ? [one.case] : [])),
    assignments: known.flatMap((one) => [...one.assignments.values()]),
    applications: known.flatMap((one) => [...one.applications.values()]),
    reopenings: await loadReopenings(trx, ids),
  };
  await deleteFacts(trx, ids);
  const stretches = ids.map((caseId) => ({ caseId, after: 0, upTo: 2 ** 31 - 1 }));
  const folded = foldAll(new Map(), await loadEvents(trx, stretches), () => zone);
  await write(trx, before, folded);
}

/** Facts of cases that the city does not have. */
async function deleteOrphans(trx: Trx, cityId: string): Promise<void> {
  for (const table of [
    'fact_report',
    'fact_case',
    'fact_assignment',
    'fact_task',
    'fact_application',
    'fact_reopening',
    'fact_open',
  ]) {
    await sql`delete from ${sql.table(table)} f
      where f.city_id = ${cityId}::uuid and not exists (select 1 from "case" c where c.id = f.case_id)`.execute(
      trx,
    );
  }
}

const names = (counts: readonly string[]): RawBuilder<unknown> => sql.join(counts.map((one) => sql.ref(one)));

/** Counts the rollups anew from the facts, in SQL: after a bulk load, and as the check on the counting by steps. */
export async function rebuildDaily(trx: Trx, cityId: string): Promise<void> {
  for (const grain of ['source', 'category', 'department']) {
    for (const table of [`daily_${grain}`, `monthly_${grain}`]) {
      await sql`delete from ${sql.table(table)} where city_id = ${cityId}::uuid`.execute(trx);
    }
  }
  await rollUp(trx, sql`f.city_id = ${cityId}::uuid`);
}

const added = (counts: readonly string[]): RawBuilder<unknown> =>
  sql.join(counts.map((one) => sql`${sql.ref(one)} = t.${sql.ref(one)} + excluded.${sql.ref(one)}`));

/**
 * Counts the facts `f` that `which` picks into the rollups, all at once: `by` -1 takes them out again. Rows come in the
 * order of the key, as every writer of these tables takes its locks.
 */
export async function rollUp(trx: Trx, which: RawBuilder<unknown>, by: 1 | -1 = 1): Promise<void> {
  const counted = sql`(${which}) and d.day is not null and s.scope_id is not null`;
  const caseScopes = sql`cross join lateral (values (f.city_id), (f.district_id), (f.department_id)) s(scope_id)`;
  const unitScopes = sql`cross join lateral (values (f.city_id), (f.district_id), (f.unit_id)) s(scope_id)`;
  const grains = [
    {
      grain: 'source',
      key: 'source',
      counts: SOURCE_COUNTS as readonly string[],
      rows: sql`select s.scope_id, f.source, f.city_id, d.* from fact_case f ${caseDays} ${caseScopes} where ${counted}
        union all
        select s.scope_id, f.source, f.city_id, d.* from fact_reopening f ${reopeningDays} ${caseScopes}
         where ${counted}`,
    },
    {
      grain: 'category',
      key: 'category_id',
      counts: CATEGORY_COUNTS as readonly string[],
      rows: sql`select s.scope_id, coalesce(f.category_id, ${NO_CATEGORY}::uuid) as category_id, f.city_id, d.*
        from fact_case f ${caseDays} ${caseScopes} where ${counted}`,
    },
    {
      grain: 'department',
      key: 'unit_id',
      counts: DEPARTMENT_COUNTS as readonly string[],
      rows: sql`select s.scope_id, f.unit_id, f.city_id, d.* from fact_assignment f ${assignmentDays} ${unitScopes}
         where ${counted}
        union all
        select s.scope_id, f.unit_id, f.city_id, d.* from fact_application f ${applicationDays} ${unitScopes}
         where ${counted}`,
    },
  ];
  for (const { grain, key, counts, rows } of grains) {
    const says = sql.join(
      counts.map((one) => sql`sum(${sql.ref(`d.${one}`)}) <> 0`),
      sql` or `,
    );
    const cells = sql.table(`rolling_${grain}`);
    // Counted once, for the days and for the months.
    await sql`create temp table ${cells} on commit drop as
      select d.scope_id, d.day, d.${sql.ref(key)}, d.city_id, ${sql.join(
        counts.map((one) => sql`${sql.lit(by)} * sum(${sql.ref(`d.${one}`)}) as ${sql.ref(one)}`),
      )} from (${rows}) d group by 1, 2, 3, 4 having ${says}`.execute(trx);
    for (const [table, time, of] of [
      [`daily_${grain}`, 'day', sql`d.day`],
      [`monthly_${grain}`, 'month', sql`date_trunc('month', d.day)::date`],
    ] as const) {
      await sql`insert into ${sql.table(table)} as t (scope_id, ${sql.ref(time)}, ${sql.ref(key)}, city_id, ${names(counts)})
        select d.scope_id, ${of}, d.${sql.ref(key)}, d.city_id, ${sql.join(
          counts.map((one) => sql`sum(${sql.ref(`d.${one}`)})`),
        )} from ${cells} d group by 1, 2, 3, 4 order by 1, 2, 3
        on conflict (scope_id, ${sql.ref(time)}, ${sql.ref(key)}) do update set ${added(counts)}`.execute(
        trx,
      );
    }
    await sql`drop table ${cells}`.execute(trx);
  }
}

/** Cells of a city that count nothing (any more). */
export async function dropEmptyCells(trx: Trx, cityId: string): Promise<void> {
  for (const [grain, counts] of [
    ['source', SOURCE_COUNTS],
    ['category', CATEGORY_COUNTS],
    ['department', DEPARTMENT_COUNTS],
  ] as const) {
    for (const table of [`daily_${grain}`, `monthly_${grain}`]) {
      const nothing = sql.join(
        counts.map((one) => sql`${sql.ref(one)} = 0`),
        sql` and `,
      );
      await sql`delete from ${sql.table(table)} where city_id = ${cityId}::uuid and ${nothing}`.execute(trx);
    }
  }
}
