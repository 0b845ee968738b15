import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { chainHash, type HashAlgorithm } from '../../apps/server/src/platform/canonical.ts';

/** What must hold of a city's books, whatever was killed while they were written; each answers what is wrong. */
export async function brokenChains(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{
    case_id: string;
    seq: number;
    body: string;
    hash: Buffer;
    algorithm: HashAlgorithm;
  }>('select case_id, seq, body, hash, algorithm from case_event order by case_id, seq');
  const heads = await pool.query<{ id: string; seq: number; head: Buffer }>(
    'select id, seq, head from "case"',
  );
  const wrong: string[] = [];
  const last = new Map<string, { seq: number; hash: Buffer }>();
  for (const row of rows) {
    const before = last.get(row.case_id) ?? { seq: 0, hash: null };
    const body = JSON.parse(row.body) as { seq: number; caseId: string };
    if (row.seq !== before.seq + 1) wrong.push(`case ${row.case_id}: ${row.seq} after ${before.seq}`);
    if (body.seq !== row.seq || body.caseId !== row.case_id) wrong.push(`${row.case_id} ${row.seq}: body`);
    if (!chainHash(before.hash, row.body, row.algorithm).equals(row.hash)) {
      wrong.push(`${row.case_id} ${row.seq}: hash`);
    }
    last.set(row.case_id, { seq: row.seq, hash: row.hash });
  }
  for (const { id, seq, head } of heads.rows) {
    const end = last.get(id);
    if (end?.seq !== seq || !end.hash.equals(head)) wrong.push(`case ${id}: head`);
    last.delete(id);
  }
  for (const id of last.keys()) wrong.push(`log of a case that is not there: ${id}`);
  return wrong;
}

/** Queries that find nothing in whole books. */
const FAULTS: Readonly<Record<string, string>> = {
  'two cases of one report': `select description as what from "case" group by description having count(*) > 1`,
  'two reports of one message': `select description as what from report group by description having count(*) > 1`,
  'a report without its case': `select r.id as what from report r left join "case" c on c.id = r.case_id where c.id is null`,
  'reports not counted': `select c.id as what from "case" c where report_count <> (select count(*) from report r where r.case_id = c.id)`,
  'a case without words': `select c.id as what from "case" c left join case_text t on t.case_id = c.id where t.case_id is null`,
  'a gap in the numbers': `select case_no as what from (
      select case_no, right(case_no, 5)::int - row_number() over (partition by left(case_no, 8) order by case_no) as gap
        from "case") n where gap <> 0`,
  'an open case that waits for nobody': `select c.id as what from "case" c where c.ended_at is null
      and not exists (select 1 from task t where t.case_id = c.id and t.done_at is null)`,
  // To look after a place that comes back is a strand of its own: it outlives the case that brought it about.
  'an ended case that waits': `select c.id as what from "case" c join task t on t.case_id = c.id
      where c.ended_at is not null and t.done_at is null and t.step <> 'keyPatrol'`,
  'a clock that nobody watches': `select t.id as what from task t where t.done_at is null and t.due_at is not null
      and not t.overdue and not exists (select 1 from timer x where x.task_id = t.id)`,
  'a timer of a task that is done': `select x.task_id as what from timer x
      left join task t on t.id = x.task_id and t.done_at is null where t.id is null`,
  'a clock that rang twice': `select case_id || ' ' || type || ' ' || (body::jsonb #>> '{payload,task,id}') as what
      from case_event where type in ('task.warned', 'task.overdue')
      group by case_id, type, body::jsonb #>> '{payload,task,id}' having count(*) > 1`,
  'an entry that was not sent': `select e.case_id || ' ' || e.seq as what from case_event e
      left join outbox o on o.topic = 'case' and o.case_id = e.case_id and o.seq = e.seq where o.case_id is null`,
  'an entry that was sent twice': `select case_id || ' ' || seq as what from outbox where topic = 'case'
      group by case_id, seq having count(*) > 1`,
  'an entry that a reader put aside': `select reader || ' ' || case_id || ' ' || problem as what from outbox_parked`,
  'two assignments at once': `select case_id as what from assignment where ended_at is null group by case_id having count(*) > 1`,
  'a photo of a case that is not there': `select m.case_id as what from case_media m left join "case" c on c.id = m.case_id where c.id is null`,
};

export async function faultsOf(pool: Pool): Promise<string[]> {
  const found: string[] = [];
  for (const [name, query] of Object.entries(FAULTS)) {
    const { rows } = await pool.query<{ what: string }>(query);
    if (rows.length > 0)
      found.push(
        `${name}: ${rows
          .slice(0, 3)
          .map((row) => row.what)
          .join(', ')} (${rows.length})`,
      );
  }
  return found;
}

/** Waits until every reader has passed the end of the outbox and no clock is due. */
export async function settled(pool: Pool, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { rows } = await pool.query<{ behind: number; due: number; readers: number }>(
      `select (select count(*)::int from outbox o, outbox_cursor c
                where c.reader <> '(pruned)' and (o.xid, o.pos) > (c.xid, c.pos)) as behind,
              (select count(*)::int from timer where due_at < now()) as due,
              (select count(*)::int from outbox_cursor) as readers`,
    );
    const { behind, due, readers } = rows[0]!;
    if (behind === 0 && due === 0 && readers >= 2) return;
    if (performance.now() > deadline) {
      throw new Error(`${behind} rows unread, ${due} clocks due, ${readers} readers after ${timeoutMs} ms`);
    }
    await delay(100);
  }
}
