import { Kysely, PostgresDialect } from 'kysely';
import type { PoolClient } from 'pg';
import { CopyLot } from '#platform/copy';
import type { Trx } from '#platform/pool';
import { writeFacts } from './facts.ts';
import type { Stretch } from './freeze.ts';
import { COLUMNS, ORDER } from './rows.ts';
import { SimulationError } from './scenario.ts';

// By key, and only where nobody was faster: a case that somebody has touched meanwhile is not written over.
const SQL_CASES = `
update "case" c set seq = x.seq, head = decode(x.head, 'hex'), stage = x.stage, outcome = x.outcome, tokens = x.tokens,
  category_id = x.category_id, condition_id = x.condition_id, manual_id = x.manual_id, department_id = x.department_id,
  report_count = x.report_count, filed_at = x.filed_at, ended_at = x.ended_at, self_handled = x.self_handled,
  rating = x.rating, merged_into_id = x.merged_into_id, grade = x.grade
from json_to_recordset($1::json) as x(id uuid, expected int, seq int, head text, stage text, outcome text, tokens jsonb,
  category_id uuid, condition_id uuid, manual_id uuid, department_id uuid, report_count int, filed_at timestamptz,
  ended_at timestamptz, self_handled boolean, rating smallint, merged_into_id uuid, grade text)
where c.id = x.id and c.seq = x.expected`;
const SQL_TASKS = `
update task t set unit_id = x.unit_id, post_id = x.post_id, claimed_post_id = x.claimed_post_id,
  claimed_at = x.claimed_at, warn_at = x.warn_at, due_at = x.due_at, due_key = x.due_key, done_at = x.done_at,
  done_post_id = x.done_post_id, done_action = x.done_action, overdue = x.overdue
from json_populate_recordset(null::task, $1::json) x where t.id = x.id`;
const SQL_ASSIGNMENTS = `
update assignment a set crew_id = x.crew_id, crew_post_id = x.crew_post_id, state = x.state, clock = x.clock,
  due_at = x.due_at, signed_at = x.signed_at, responded_at = x.responded_at, passed_at = x.passed_at,
  ended_at = x.ended_at, failed_count = x.failed_count, extensions = x.extensions, overdue = x.overdue,
  exempt = x.exempt
from json_populate_recordset(null::assignment, $1::json) x where a.id = x.id`;
const SQL_APPLICATIONS = `
update application a set state = x.state, level = x.level, granted = x.granted, decided_at = x.decided_at,
  decided_post_id = x.decided_post_id
from json_populate_recordset(null::application, $1::json) x where a.id = x.id`;
const SQL_NUMBERS = `
insert into numbering (city_id, series, period, last)
select $1, x.series, x.period, x.last
  from json_to_recordset($2::json) as x(series text, period text, last int)
on conflict (city_id, series, period) do update set last = greatest(numbering.last, excluded.last)`;

/** Writes a stretch within the transaction that the client is in. @throws SimulationError where a case was touched */
export async function writeStretch(client: PoolClient, cityId: string, stretch: Stretch): Promise<void> {
  const { copies, cases, tasks, assignments, applications, clocksOf } = stretch;
  if (clocksOf.length > 0) {
    await client.query('delete from simulation_timer where case_id = any($1::uuid[])', [clocksOf]);
  }
  const lot = new CopyLot();
  for (const table of ORDER) lot.add(table, COLUMNS[table].split(' '), copies.get(table)!);
  await lot.send(client);
  if (cases.length > 0) {
    const { rowCount } = await client.query(SQL_CASES, [JSON.stringify(cases)]);
    if (rowCount !== cases.length) {
      throw new SimulationError(
        'somebody works on cases that are still being generated: nothing of this day is written',
      );
    }
  }
  const changes = [
    [SQL_ASSIGNMENTS, assignments],
    [SQL_TASKS, tasks],
    [SQL_APPLICATIONS, applications],
  ] as const;
  for (const [text, rows] of changes) if (rows.length > 0) await client.query(text, [JSON.stringify(rows)]);
  await client.query(SQL_NUMBERS, [cityId, JSON.stringify(stretch.numbers)]);
  await writeFacts(client, trxOn(client), stretch.before, stretch.folded);
}

/** The same connection, in the same transaction, for statements of the query builder. */
function trxOn(client: PoolClient): Trx {
  const one = { query: client.query.bind(client), release(): void {} };
  const pool = { connect: () => Promise.resolve(one), end: () => Promise.resolve() };
  return new Kysely({ dialect: new PostgresDialect({ pool: pool as never }) }) as unknown as Trx;
}
