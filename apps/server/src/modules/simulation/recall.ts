import type { EventBody } from '@wanmi/contracts';
import { loadCases, type TaskState } from '#modules/cases';
import { loadEvents, loadKnown } from '#modules/statistics';
import { addDays, cityDayStart } from '#platform/clock';
import { uuidv7Floor } from '#platform/ids';
import type { Platform } from '#platform/platform';
import { LiveCase } from './life.ts';
import { REMEMBERED_MS } from './places.ts';
import type { Year } from './year.ts';

/** Cases that have ended are looked back on for so long: their callers may speak once more. */
const AFTER_END = 4 * 24 * 3_600_000;

interface OpenTaskRow {
  case_id: string;
  task: TaskState;
}

/** Brings what is open, or ended only just now, back into memory, as it stood at the end of the last whole day. */
export async function recall(
  platform: Platform,
  cityId: string,
  year: Year,
  timeZone: string,
  doneDay: string,
): Promise<void> {
  const { pool, db } = platform;
  const from = cityDayStart(addDays(doneDay, 1), timeZone);
  const { rows: seen } = await pool.query<{
    caseId: string;
    unitGridId: string;
    categoryId: string | null;
    reportedAt: Date;
    filedAt: Date | null;
  }>(
    `select id as "caseId", unit_grid_id as "unitGridId", category_id as "categoryId", reported_at as "reportedAt",
            filed_at as "filedAt"
       from "case" where city_id = $1 and id >= $2 and unit_grid_id is not null and kind = 'problem' order by id`,
    [cityId, uuidv7Floor(from - REMEMBERED_MS)],
  );
  for (const { reportedAt, filedAt, ...one } of seen) {
    year.remember({ ...one, reportedAt: reportedAt.getTime(), filedAt: filedAt?.getTime() ?? null });
  }
  const { rows: ids } = await pool.query<{ id: string }>(
    // Beside a case that has ended there may be work all the same: a place is patrolled, a reopening decided.
    `select id from "case" where city_id = $1 and (ended_at is null or ended_at >= $2)
      union select case_id from task where city_id = $1 and done_at is null order by id`,
    [cityId, new Date(from - AFTER_END)],
  );
  for (let at = 0; at < ids.length; at += 500) {
    const chunk = ids.slice(at, at + 500).map((row) => row.id);
    await recallSome(pool, db, cityId, year, chunk, from, addDays(doneDay, 1));
  }
}

async function recallSome(
  pool: Platform['pool'],
  db: Platform['db'],
  cityId: string,
  year: Year,
  ids: readonly string[],
  from: number,
  nextDay: string,
): Promise<void> {
  const loaded = await loadCases(pool, ids, cityId);
  const { rows: words } = await pool.query<{
    id: string;
    description: string;
    address: string | null;
    lon: number | null;
    lat: number | null;
  }>(
    'select id, description, address, st_x(geom) as lon, st_y(geom) as lat from "case" where id = any($1::uuid[])',
    [ids],
  );
  const { rows: tasks } = await pool.query<OpenTaskRow>(SQL_TASKS_OF, [ids]);
  const { rows: timers } = await pool.query<{
    task_id: string;
    fire: string;
    case_id: string;
    due_at: Date;
    since: Date | null;
  }>('select task_id, fire, case_id, due_at, since from simulation_timer where case_id = any($1::uuid[])', [
    ids,
  ]);
  const known = await loadKnown(db, ids);
  const events = await loadEvents(
    db,
    ids.map((caseId) => ({ caseId, after: 0, upTo: 2 ** 31 - 1 })),
  );
  const eventsOf: Map<string, EventBody[]> = Map.groupBy(events, (event) => event.caseId);
  const wordsOf = new Map(words.map((row) => [row.id, row]));
  for (const { state, assignments, applications } of loaded) {
    const { description, address, lon, lat } = wordsOf.get(state.id)!;
    const c = new LiveCase(state, { description, address, lon, lat }, false);
    for (const row of assignments) c.assignments.set(row.id, { row, isNew: false, changed: false });
    for (const row of applications) c.applications.set(row.id, { row, isNew: false, changed: false });
    for (const { task } of tasks.filter((one) => one.case_id === state.id)) {
      c.ordinals.set(task.id, c.ordinals.size);
      c.tasks.set(task.id, { row: task, isNew: false, changed: false });
    }
    for (const t of timers.filter((one) => one.case_id === state.id)) {
      const armed = {
        taskId: t.task_id,
        fire: t.fire,
        dueAt: t.due_at.getTime(),
        since: t.since?.getTime() ?? null,
      };
      c.timers.set(`${armed.taskId} ${armed.fire}`, armed);
    }
    c.bodies.push(...(eventsOf.get(state.id) ?? []));
    c.known = known.get(state.id) ?? c.known;
    c.openUntil = nextDay;
    await year.resume(c, from);
  }
}

const MS = (column: string): string => `(extract(epoch from t.${column}) * 1000)::bigint`;
const SQL_TASKS_OF = `
select t.case_id, jsonb_build_object('id', t.id, 'caseId', t.case_id, 'assignmentId', t.assignment_id,
  'applicationId', t.application_id, 'node', t.node, 'token', t.token, 'scope', t.scope, 'step', t.step, 'role', t.role,
  'unitId', t.unit_id, 'postId', t.post_id, 'claimedPostId', t.claimed_post_id, 'claimedAt', ${MS('claimed_at')},
  'openedAt', ${MS('opened_at')}, 'notBefore', ${MS('not_before')}, 'warnAt', ${MS('warn_at')}, 'dueAt', ${MS('due_at')},
  'limitValue', t.limit_value, 'limitUnit', t.limit_unit, 'calendar', t.calendar, 'doneAt', ${MS('done_at')},
  'donePostId', t.done_post_id, 'doneAction', t.done_action, 'overdue', t.overdue) as task
from task t where t.case_id = any($1::uuid[]) order by t.id`;
