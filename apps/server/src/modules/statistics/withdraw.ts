import { sql } from 'kysely';
import type { Trx } from '#platform/pool';
import { DailyDelta } from './daily.ts';
import { loadKnown, loadReopenings } from './repo.ts';
import { addDaily, deleteFacts } from './write-repo.ts';

/** Takes the facts of cases away that never were the city's, and what the rollups and the days' books say of them. */
export async function withdrawFacts(trx: Trx, caseIds: readonly string[]): Promise<void> {
  const delta = new DailyDelta();
  for (const known of (await loadKnown(trx, caseIds)).values()) {
    if (known.case) delta.addCase(known.case, -1);
    for (const fact of known.assignments.values()) delta.addAssignment(fact, -1);
    for (const fact of known.applications.values()) delta.addApplication(fact, -1);
  }
  for (const fact of await loadReopenings(trx, caseIds)) delta.addReopening(fact, -1);
  await deleteFacts(trx, caseIds);
  await sql`delete from fact_open where case_id = any(${[...caseIds]}::uuid[])`.execute(trx);
  await addDaily(trx, delta);
  await dropEmpty(trx, delta);
}

/** Cells that say nothing any more would still be listed. */
async function dropEmpty(trx: Trx, delta: DailyDelta): Promise<void> {
  for (const [grain, key, cells] of [
    ['source', 'source', delta.source.changed()],
    ['category', 'category_id', delta.category.changed()],
    ['department', 'unit_id', delta.department.changed()],
  ] as const) {
    const rows = JSON.stringify(
      cells.map(({ scopeId, day, key: value }) => ({ scope_id: scopeId, day, [key]: value })),
    );
    for (const [table, at] of [
      [`daily_${grain}`, sql`d.day = x.day`],
      [`monthly_${grain}`, sql`d.month = date_trunc('month', x.day)::date`],
    ] as const) {
      await sql`delete from ${sql.table(table)} d
        using (select distinct scope_id, day, ${sql.ref(key)} as key
          from jsonb_populate_recordset(null::${sql.table(`daily_${grain}`)}, ${rows}::jsonb)) x
        where d.scope_id = x.scope_id and ${at} and d.${sql.ref(key)} = x.key
          and not exists (select 1 from jsonb_each_text(to_jsonb(d)
              - 'scope_id' - 'day' - 'month' - ${key}::text - 'city_id') n where n.value <> '0')`.execute(
        trx,
      );
    }
  }
}
