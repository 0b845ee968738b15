import { sql, type RawBuilder } from 'kysely';
import type { Trx } from '#platform/pool';
import { CATEGORY_COUNTS, DEPARTMENT_COUNTS, SOURCE_COUNTS } from './counts.ts';
import type { Cell, DailyDelta } from './daily.ts';
import type {
  ApplicationFact,
  AssignmentFact,
  CaseFact,
  ReopeningFact,
  ReportFact,
  TaskFact,
} from './facts.ts';

const snakes = new Map<string, string>();
export function snake(name: string): string {
  let found = snakes.get(name);
  if (!found) snakes.set(name, (found = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)));
  return found;
}

/** Rows as one parameter: `jsonb_populate_recordset(null::fact_x, …)` reads them by the table's own columns. */
function asRows(facts: readonly object[]): string {
  return JSON.stringify(
    facts.map((fact) =>
      Object.fromEntries(Object.entries(fact).map(([name, value]) => [snake(name), value as unknown])),
    ),
  );
}

const list = (columns: readonly string[]): RawBuilder<unknown> =>
  sql.join(columns.map((column) => sql.ref(column)));

/** Inserts facts; of a key that is there, everything is what the later entry of the log says. */
async function upsert(
  trx: Trx,
  table: string,
  key: readonly string[],
  facts: readonly (object & { lastSeq: number })[],
): Promise<void> {
  if (facts.length === 0) return;
  const columns = Object.keys(facts[0]!).map((name) => snake(name));
  const changing = columns.filter((column) => !key.includes(column));
  await sql`insert into ${sql.table(table)} as f (${list(columns)})
    select ${list(columns)} from jsonb_populate_recordset(null::${sql.table(table)}, ${asRows(facts)}::jsonb)
    on conflict (${list(key)}) do update set (${list(changing)}) =
      (${sql.join(changing.map((column) => sql`excluded.${sql.ref(column)}`))})
    where f.last_seq < excluded.last_seq`.execute(trx);
}

export const upsertCaseFacts = (trx: Trx, facts: readonly CaseFact[]): Promise<void> =>
  upsert(trx, 'fact_case', ['case_id'], facts);
export const upsertAssignmentFacts = (trx: Trx, facts: readonly AssignmentFact[]): Promise<void> =>
  upsert(trx, 'fact_assignment', ['assignment_id'], facts);
export const upsertApplicationFacts = (trx: Trx, facts: readonly ApplicationFact[]): Promise<void> =>
  upsert(trx, 'fact_application', ['case_id', 'application_id'], facts);

export async function insertReportFacts(trx: Trx, facts: readonly ReportFact[]): Promise<void> {
  if (facts.length === 0) return;
  await sql`insert into fact_report
    select * from jsonb_populate_recordset(null::fact_report, ${asRows(facts)}::jsonb)
    on conflict (report_id) do nothing`.execute(trx);
}

export async function insertReopeningFacts(trx: Trx, facts: readonly ReopeningFact[]): Promise<void> {
  if (facts.length === 0) return;
  await sql`insert into fact_reopening
    select * from jsonb_populate_recordset(null::fact_reopening, ${asRows(facts)}::jsonb)
    on conflict (case_id, seq) do nothing`.execute(trx);
}

export async function upsertTaskFacts(trx: Trx, facts: readonly TaskFact[]): Promise<void> {
  if (facts.length === 0) return;
  await sql`insert into fact_task as f
    select * from jsonb_populate_recordset(null::fact_task, ${asRows(facts)}::jsonb)
    on conflict (task_id) do update set unit_id = excluded.unit_id, post_id = excluded.post_id,
      action = excluded.action, due_at = excluded.due_at, done_at = excluded.done_at,
      done_day = excluded.done_day, overdue = f.overdue or excluded.overdue`.execute(trx);
}

export async function markTasksOverdue(trx: Trx, taskIds: readonly string[]): Promise<void> {
  if (taskIds.length === 0) return;
  await sql`update fact_task set overdue = true where task_id = any(${[...taskIds]}::uuid[])`.execute(trx);
}

function cellRows(cells: readonly Cell<object>[], key: string): string {
  return JSON.stringify(
    cells.map(({ cityId, scopeId, day, key: value, counts }) => ({
      city_id: cityId,
      scope_id: scopeId,
      day,
      [key]: value,
      ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [snake(name), count as number])),
    })),
  );
}

/** Moves the cells of a daily rollup, and those of the months that the days lie in. */
async function addCells(
  trx: Trx,
  grain: 'source' | 'category' | 'department',
  key: string,
  counts: readonly string[],
  cells: readonly Cell<object>[],
): Promise<void> {
  if (cells.length === 0) return;
  const rows = cellRows(cells, key);
  const daily = sql.table(`daily_${grain}`);
  const added = sql.join(
    counts.map((one) => sql`${sql.ref(one)} = d.${sql.ref(one)} + excluded.${sql.ref(one)}`),
  );
  await sql`insert into ${daily} as d (scope_id, day, ${sql.ref(key)}, city_id, ${list(counts)})
    select scope_id, day, ${sql.ref(key)}, city_id,
      ${sql.join(counts.map((one) => sql`coalesce(${sql.ref(one)}, 0)`))}
    from jsonb_populate_recordset(null::${daily}, ${rows}::jsonb)
    on conflict (scope_id, day, ${sql.ref(key)}) do update set ${added}`.execute(trx);
  await sql`insert into ${sql.table(`monthly_${grain}`)} as d (scope_id, month, ${sql.ref(key)}, city_id, ${list(counts)})
    select scope_id, date_trunc('month', day)::date, ${sql.ref(key)}, city_id,
      ${sql.join(counts.map((one) => sql`coalesce(sum(${sql.ref(one)}), 0)`))}
    from jsonb_populate_recordset(null::${daily}, ${rows}::jsonb) group by 1, 2, 3, 4 order by 1, 2, 3
    on conflict (scope_id, month, ${sql.ref(key)}) do update set ${added}`.execute(trx);
}

export async function addDaily(trx: Trx, delta: DailyDelta): Promise<void> {
  await addCells(trx, 'source', 'source', SOURCE_COUNTS, delta.source.changed());
  await addCells(trx, 'category', 'category_id', CATEGORY_COUNTS, delta.category.changed());
  await addCells(trx, 'department', 'unit_id', DEPARTMENT_COUNTS, delta.department.changed());
}

/** All facts of these cases but what was open on past days. */
export async function deleteFacts(trx: Trx, caseIds: readonly string[]): Promise<void> {
  for (const table of [
    'fact_report',
    'fact_case',
    'fact_assignment',
    'fact_task',
    'fact_application',
    'fact_reopening',
  ]) {
    await sql`delete from ${sql.table(table)} where case_id = any(${[...caseIds]}::uuid[])`.execute(trx);
  }
}
